//! `why`

use clap::Args;
use imagelock_core::ImageName;
use imagelock_core::lockfile::{Answer, LockedImage};
use imagelock_core::project::Declared;
use imagelock_core::request::Wanted;
use serde::Serialize;

use super::update::known;
use crate::complete::image_names;
use crate::failure::Failure;
use crate::host::{Format, Host};
use crate::report::day;
use crate::session::Session;
use crate::shell::printable;
use crate::table::wrapped;
use crate::users::{User, Users};

/// Tell why an image is locked as it is, and who uses it
#[derive(Args, Debug)]
pub struct Why {
    /// The image
    #[arg(add = image_names())]
    name: ImageName,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Explanation<'a> {
    name: &'a ImageName,
    declared_at: String,
    request: &'a imagelock_core::Request,
    holds: bool,
    locked: Option<&'a LockedImage>,
    used_by: Vec<User>,
}

impl Why {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        known(&session, std::slice::from_ref(&self.name))?;
        let lockfile = session.lockfile()?;
        let Some((name, declared)) = session.project.images.get_key_value(&self.name) else { return Ok(()) };
        let locked = lockfile.images.get(name);
        let holds = matches!(lockfile.answer(name, &declared.request), Answer::Holds(_));
        let used_by = Users::of(&session, &lockfile)?.users(name);
        if host.global.format == Format::Json {
            let declared_at = declared.at.to_string();
            let request = &declared.request;
            return super::json(host, &Explanation { name, declared_at, request, holds, locked, used_by });
        }
        let mut text = declaration(name, declared);
        text.push_str(&match locked {
            None => "  not locked yet: run `{command} lock`\n".replace("{command}", &host.command),
            Some(image) if !holds => {
                let was = &image.request.wanted;
                format!("  images.lock was made for another request, `{was}`: run `{} lock`\n", host.command)
            }
            Some(image) => answer(image),
        });
        if let Some(extends) = inherited(&session, name) {
            text.push_str(&format!("  taken over from {extends}\n"));
        }
        for user in &used_by {
            text.push_str(&format!("  used by {user}\n"));
        }
        let lines: Vec<String> = text.lines().map(|line| wrapped(line, host.shell.out.width)).collect();
        host.shell.result(&(lines.join("\n") + "\n"));
        Ok(())
    }
}

/// Whose lock an image is taken over from.
fn inherited(session: &Session<'_>, name: &ImageName) -> Option<String> {
    let inheritance = &session.project.inheritance;
    inheritance.answers.get(name)?;
    inheritance.extended.as_ref().map(|extended| format!("{}@{}", extended.publisher, extended.digest.short()))
}

/// `static = "cgr.dev/chainguard/static:latest"     images.toml:2:1`
fn declaration(name: &ImageName, declared: &Declared) -> String {
    let asked = match &declared.request.wanted {
        Wanted::Tag { .. } | Wanted::Digest { .. } => format!("{name} = \"{}\"", declared.request.wanted),
        wanted => format!("{name}: {wanted}"),
    };
    format!("{asked}     {}\n", declared.at)
}

fn answer(image: &LockedImage) -> String {
    let digest = image.digest.short();
    let how = match &image.request.wanted {
        Wanted::Tag { tag, .. } => format!("followed tag {tag}, locked to {digest}…"),
        Wanted::Digest { .. } => format!("pinned by hand to {digest}…"),
        Wanted::Version { rule, .. } => {
            let tag = image.tag.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("picked tag {tag} by {rule}, locked to {digest}…")
        }
        Wanted::Layout { path, .. } => format!("read from the layout {path}, locked to {digest}…"),
    };
    let version = image.version.as_deref().map(printable);
    let created = image.created.as_ref().and_then(day).map(|day| format!("created {day}"));
    let facts: Vec<String> = [version, created].into_iter().flatten().collect();
    let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
    let mut text = format!("  {how}{facts}\n");
    for (platform, locked) in &image.platforms {
        text.push_str(&format!("  {platform}  {}…\n", locked.digest.short()));
    }
    if let Some(source) = &image.source {
        text.push_str(&format!("  source {}\n", printable(source)));
    }
    if let Some(revision) = &image.revision {
        text.push_str(&format!("  revision {}\n", printable(revision)));
    }
    text
}
