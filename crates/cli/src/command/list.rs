//! `list`

use camino::Utf8Path;
use clap::Args;
use imagelock_core::lockfile::LockedImage;
use imagelock_core::{ImageName, plan};
use serde::Serialize;

use super::update::known;
use crate::complete::image_names;
use crate::discover;
use crate::failure::Failure;
use crate::host::{Format, Host};
use crate::projects;
use crate::report::day;
use crate::session::{self, Session};
use crate::table::{Narrowing, Table};
use crate::users::{User, Users};

/// List the locked images
#[derive(Args, Clone, Debug)]
pub struct List {
    /// The images to list; all of them where none is named
    #[arg(add = image_names())]
    names: Vec<ImageName>,
    /// Print every column whole, with whole digests and all users
    ///
    /// Without it, columns give way on a terminal until a line fits: who uses an image and its repository are cut; the
    /// version, the platforms, the users, the day and the repository go, in this order; tag and name are cut. What is not
    /// printed on a terminal is not cut.
    #[arg(long)]
    wide: bool,
    /// In every project of the repository: each images.toml in it and below it
    #[arg(long, conflicts_with = "names")]
    all: bool,
}

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
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        if self.all {
            return projects::each(host, |host| {
                if host.global.format == Format::Text {
                    let project = host.global.project.as_deref().unwrap_or(Utf8Path::new(""));
                    host.shell.result(&format!("{}\n", discover::display(project, &session::directory(host)?)));
                }
                Self { all: false, ..self.clone() }.run(host)
            });
        }
        let session = Session::open(host)?;
        let lockfile = session.lockfile()?;
        let missing: Vec<ImageName> =
            self.names.iter().filter(|name| !lockfile.images.contains_key(*name)).cloned().collect();
        if !missing.is_empty() {
            known(&session, &missing)?;
            session.locked(&missing)?;
        }
        if !plan::lock(&session.project, &lockfile).is_empty() {
            let (file, command) = (session.project_file(), &host.command);
            host.shell.warn(&format!("images.lock is out of date with {file}: run `{command} lock`"));
        }
        let users = Users::of(&session, &lockfile)?;
        let listed: Vec<Listed<'_>> = lockfile
            .images
            .iter()
            .filter(|(name, _)| self.names.is_empty() || self.names.contains(name))
            .map(|(name, image)| Listed { name, image, used_by: users.users(name) })
            .collect();
        match host.global.format {
            Format::Json => super::json(host, &listed),
            _ => {
                let room = host.shell.out.width.filter(|_| !self.wide);
                let lines = table(&listed, self.wide).lines(room);
                host.shell.result(&(lines.join("\n") + "\n"));
                Ok(())
            }
        }
    }
}

/// The order in which columns give way, as the help of the command says it.
const STEPS: &[Narrowing] = &[
    Narrowing::CutEnd(7, 24),
    Narrowing::CutStart(1, 20),
    Narrowing::Drop(3),
    Narrowing::Drop(6),
    Narrowing::Drop(7),
    Narrowing::Drop(5),
    Narrowing::Drop(1),
    Narrowing::CutEnd(2, 12),
    Narrowing::CutEnd(0, 12),
    Narrowing::Drop(2),
    Narrowing::Drop(4),
    Narrowing::CutEnd(0, 1),
];

fn table(listed: &[Listed<'_>], wide: bool) -> Table<8> {
    let heads = ["NAME", "REPOSITORY", "TAG", "VERSION", "DIGEST", "CREATED", "PLATFORMS", "USED BY"];
    let row = |Listed { name, image, used_by }: &Listed<'_>| {
        let platforms: Vec<String> = image.platforms.keys().map(|platform| short(&platform.to_string())).collect();
        let digest = image.digest.hex();
        [
            name.to_string(),
            place(image),
            image.tag.as_ref().map(ToString::to_string).unwrap_or_default(),
            image.version.clone().unwrap_or_default(),
            (if wide { digest } else { &digest[..12] }).to_owned(),
            image.created.as_ref().and_then(day).unwrap_or_default(),
            platforms.join(" "),
            some(used_by, if wide { usize::MAX } else { 3 }),
        ]
    };
    Table { heads: Some(heads), rows: listed.iter().map(row).collect(), steps: STEPS }
}

/// The repository, or the layout.
pub(super) fn place(image: &LockedImage) -> String {
    let layout = || image.layout().map(ToString::to_string).unwrap_or_default();
    image.repository().map_or_else(layout, ToString::to_string)
}

/// The first users, and how many more there are: `why` tells all.
fn some(users: &[User], most: usize) -> String {
    let mut shown: Vec<String> = users.iter().take(most).map(ToString::to_string).collect();
    if users.len() > most {
        shown.push(format!("{} more", users.len() - most));
    }
    shown.join(", ")
}

/// Linux goes without saying.
fn short(platform: &str) -> String {
    platform.strip_prefix("linux/").unwrap_or(platform).to_owned()
}
