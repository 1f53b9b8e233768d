//! `list`

use clap::Args;
use imagelock_core::lockfile::LockedImage;
use imagelock_core::{ImageName, plan};
use serde::Serialize;

use crate::failure::Failure;
use crate::host::{Format, Host};
use crate::report::day;
use crate::session::Session;
use crate::shell::printable;
use crate::users::{User, Users};

/// List the locked images
#[derive(Args, Debug)]
pub struct List {}

/// An image of the list, for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    name: &'a ImageName,
    #[serde(flatten)]
    image: &'a LockedImage,
    used_by: Vec<User>,
}

impl List {
    #[allow(clippy::unused_self, reason = "every command has this shape")]
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        let lockfile = session.lockfile()?;
        if !plan::lock(&session.project, &lockfile).is_empty() {
            let (file, command) = (session.project_file(), &host.command);
            host.shell.warn(&format!("images.lock does not answer {file}: run `{command} lock`"));
        }
        let users = Users::of(&session, &lockfile)?;
        let listed: Vec<Listed<'_>> =
            lockfile.images.iter().map(|(name, image)| Listed { name, image, used_by: users.users(name) }).collect();
        match host.global.format {
            Format::Json => super::json(host, &listed),
            Format::Text => {
                host.shell.result(&table(&listed));
                Ok(())
            }
        }
    }
}

fn table(listed: &[Listed<'_>]) -> String {
    let mut rows = vec![["NAME", "TAG", "VERSION", "DIGEST", "CREATED", "PLATFORMS", "USED BY"].map(str::to_owned)];
    rows.extend(listed.iter().map(|Listed { name, image, used_by }| {
        let platforms: Vec<String> = image.platforms.keys().map(|platform| short(&platform.to_string())).collect();
        [
            name.to_string(),
            image.tag.as_ref().map(ToString::to_string).unwrap_or_default(),
            printable(image.version.as_deref().unwrap_or_default()),
            image.digest.hex()[..12].to_owned(),
            image.created.as_ref().and_then(day).unwrap_or_default(),
            platforms.join(" "),
            some(used_by),
        ]
    }));
    // An empty column is left out, but for those that a table is read by.
    let shown: Vec<usize> =
        (0..7).filter(|&column| column < 2 || rows[1..].iter().any(|row| !row[column].is_empty())).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> = shown.iter().map(|&column| format!("{:1$}", row[column], width(column))).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// The first users, and how many more there are: `why` tells all.
fn some(users: &[User]) -> String {
    const SHOWN: usize = 3;
    let mut shown: Vec<String> = users.iter().take(SHOWN).map(ToString::to_string).collect();
    if users.len() > SHOWN {
        shown.push(format!("{} more", users.len() - SHOWN));
    }
    shown.join(", ")
}

/// Linux goes without saying.
fn short(platform: &str) -> String {
    platform.strip_prefix("linux/").unwrap_or(platform).to_owned()
}
