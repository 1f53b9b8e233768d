//! `update --summary`: what the title and the body of a pull request are made of, gathered.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueEnum, ValueHint};
use imagelock_core::summary::{self, Changed, Group, Waits};
use imagelock_core::update::Waiting;
use imagelock_core::{Created, ImageName, LockedImage, Lockfile};
use imagelock_files::Writer;
use imagelock_survey::Owners;

use crate::command;
use crate::failure::Failure;
use crate::seen::PushedAgain;
use crate::session::Session;
use crate::users::{User, Users};

/// What is written beside the lock, for whoever reviews the change.
#[derive(Args, Debug)]
pub(crate) struct Reviewed {
    /// Write the title and the body of a pull request to this file: the title is its first line, the body, in Markdown,
    /// follows behind an empty one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    summary: Option<Utf8PathBuf>,
    /// Put the images of the summary together by who owns the files that use them, by their `labels`, or by the first folder
    /// of those files
    #[arg(long, value_name = "BY", value_enum, requires = "summary")]
    group_by: Option<GroupBy>,
}

/// How images are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum GroupBy {
    /// By the owners that CODEOWNERS names
    Owner,
    /// By `labels` of images.toml
    Label,
    /// By the first folder
    Directory,
}

/// What a run found out.
pub(crate) struct Found<'a> {
    pub(crate) old: &'a Lockfile,
    pub(crate) new: &'a Lockfile,
    pub(crate) waiting: &'a BTreeMap<ImageName, Waiting>,
    pub(crate) pushed_again: &'a [PushedAgain],
    /// Whether `images.seen` notes something.
    pub(crate) noted: bool,
    /// Now.
    pub(crate) as_of: &'a Created,
}

/// A summary that is ready to be written.
pub(crate) struct Ready<'s> {
    path: &'s Utf8Path,
    text: String,
}

impl Reviewed {
    /// Makes the summary, where one is asked for: who uses what is told by what the targets make of the new lock.
    pub(crate) fn ready(&self, session: &Session<'_>, found: &Found<'_>) -> Result<Option<Ready<'_>>, Failure> {
        let Some(path) = &self.summary else { return Ok(None) };
        let Found { old, new, waiting, pushed_again, noted, as_of } = *found;
        let users = Users::of(session, new)?;
        let owners = Owners::of(&session.root.canonicalize_utf8()?).unwrap_or_else(|error| {
            session.host.shell.warn(&format!("nobody is told to own a file: {error}"));
            Owners::default()
        });
        let mut brings = command::brought(session, old, new)?;
        let names: BTreeSet<&ImageName> = old.images.keys().chain(new.images.keys()).collect();
        let differ = names.into_iter().filter(|name| old.images.get(*name) != new.images.get(*name));
        let both = |name: &ImageName| (old.images.get(name), new.images.get(name));
        let changes = differ.map(|name| {
            let brings = brings.remove(name).unwrap_or_default();
            Changed { brings, ..changed(session, name, both(name), users.users(name), &owners) }
        });
        let waiting = waiting.iter().map(|(name, waiting)| Waits {
            name,
            from: old.images.get(name),
            tag: waiting.tag.as_ref(),
            digest: waiting.image.as_ref().map(|image| &image.digest).or(waiting.digest.as_ref()),
            reasons: &waiting.held.reasons,
        });
        let group = match self.group_by {
            None => Group::All,
            Some(GroupBy::Owner) => Group::Owner,
            Some(GroupBy::Label) => Group::Label,
            Some(GroupBy::Directory) => Group::Directory,
        };
        let pushed_again = pushed_again.iter().map(PushedAgain::told).collect();
        let (changes, waiting, command) = (changes.collect(), waiting.collect(), session.host.command.as_str());
        let text = summary::Summary { changes, waiting, pushed_again, noted, as_of, command, group }.text();
        Ok(Some(Ready { path, text }))
    }
}

fn changed<'a>(
    session: &'a Session<'_>,
    name: &'a ImageName,
    (from, to): (Option<&'a LockedImage>, Option<&'a LockedImage>),
    users: Vec<User>,
    owners: &Owners,
) -> Changed<'a> {
    let owned = users.iter().flat_map(|user| owners.owners(&user.file)).map(str::to_owned).collect();
    let declared = session.project.images.get(name);
    let user = |user: User| summary::User { target: user.adapter.to_owned(), file: user.file, line: user.line };
    Changed {
        name,
        from,
        to,
        users: users.into_iter().map(user).collect(),
        owners: owned,
        brings: Vec::new(),
        labels: declared.map(|declared| declared.labels.clone()).unwrap_or_default(),
    }
}

impl Ready<'_> {
    /// Writes the file, wherever it is: whoever asks for it names it.
    pub(crate) fn write(&self, session: &Session<'_>) -> Result<(), Failure> {
        let path = session.directory.join(self.path);
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Failure::input(format!("`{}` is no file that a summary could be written to", self.path)));
        };
        let written = Writer::new(folder).replace(Utf8Path::new(name), self.text.as_bytes());
        written.map_err(|error| Failure::from(error.shown(self.path)))?;
        session.host.shell.status("Wrote", self.path.as_str());
        Ok(())
    }
}
