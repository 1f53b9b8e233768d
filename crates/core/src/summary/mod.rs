//! What an update did, as the title and the body of a pull request.
//!
//! The text has the shape of a commit's message: the title is the first line, an empty one follows, the body is Markdown. It is
//! a function of what is in a [`Summary`], and no word in it is a forge's own. What a publisher, a registry or a repository
//! wrote stands in it as code ([`escape::markdown`](crate::escape::markdown)), where it calls nobody and links to nothing.

mod body;
mod facts;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

pub use self::facts::linked;
use crate::created::Created;
use crate::digest::Digest;
use crate::lockfile::LockedImage;
use crate::name::ImageName;
use crate::reference::{Repository, Tag};
use crate::update::{Reason, approval};

/// What an update did and what it left.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// What changed in the lock, in the order of the names.
    pub changes: Vec<Changed<'a>>,
    /// What waits for somebody, likewise.
    pub waiting: Vec<Waits<'a>>,
    /// The version tags that point at something else than they did.
    pub pushed_again: Vec<PushedAgain<'a>>,
    /// Whether `images.seen` notes something that is there since today.
    pub noted: bool,
    /// Now: ages are counted to it.
    pub as_of: &'a Created,
    /// What people type in front of a command's name.
    pub command: &'a str,
    /// How the images are put together.
    pub group: Group,
}

/// One image whose entry of the lock is another now.
#[derive(Clone, Debug)]
pub struct Changed<'a> {
    /// Its name.
    pub name: &'a ImageName,
    /// What was locked.
    pub from: Option<&'a LockedImage>,
    /// What is.
    pub to: Option<&'a LockedImage>,
    /// Who uses it.
    pub users: Vec<User>,
    /// Who owns the files that use it.
    pub owners: BTreeSet<String>,
    /// What the project file calls it beside its name.
    pub labels: BTreeSet<String>,
    /// What it brings, in lines of a list in Markdown that whoever asked for it wrote: what others wrote is code in them.
    pub brings: Vec<String>,
}

/// A place that uses an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct User {
    /// The target that writes it, or the tool that reads it there.
    pub target: String,
    /// The file, from the root of the project on.
    pub file: Utf8PathBuf,
    /// The line, counted from 1, in a file that a person wrote.
    pub line: Option<usize>,
}

/// One image that could move and waits.
#[derive(Clone, Debug)]
pub struct Waits<'a> {
    /// Its name.
    pub name: &'a ImageName,
    /// What is locked.
    pub from: Option<&'a LockedImage>,
    /// The tag that it could have.
    pub tag: Option<&'a Tag>,
    /// The digest, where it is known.
    pub digest: Option<&'a Digest>,
    /// What speaks against it.
    pub reasons: &'a [Reason],
}

/// A version tag that points at something else than it did.
#[derive(Clone, Debug)]
pub struct PushedAgain<'a> {
    /// Where it is.
    pub repository: &'a Repository,
    /// The tag.
    pub tag: &'a Tag,
    /// What it pointed at.
    pub was: &'a Digest,
    /// When that was first seen.
    pub first_seen: Option<&'a Created>,
    /// What it points at now.
    pub is: &'a Digest,
}

/// How images are put together in a summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Group {
    /// All in one table.
    #[default]
    All,
    /// By who owns the files that use them.
    Owner,
    /// By the labels of the project file.
    Label,
    /// By the first folder of the files that use them.
    Directory,
}

impl Summary<'_> {
    /// The title, in one line.
    pub fn title(&self) -> String {
        let is_update = |changed: &&Changed<'_>| changed.from.is_some() && changed.to.is_some();
        let updated: Vec<&Changed<'_>> = self.changes.iter().filter(is_update).collect();
        let others = self.changes.len() - updated.len();
        let what = match (updated.as_slice(), others) {
            ([], 0) if self.noted => "Note what is there since today".to_owned(),
            ([], 0) => "Nothing to update".to_owned(),
            ([one], 0) => one_title(one),
            ([], others) => format!("Lock {} anew", images(others)),
            (updated, 0) => format!("Update {}", images(updated.len())),
            (updated, others) => format!("Update {} and lock {others} anew", images(updated.len())),
        };
        // A hold is somebody's decision already, and what only time helps waits for nobody's.
        let is_held = |waits: &Waits<'_>| waits.reasons.iter().any(|reason| matches!(reason, Reason::Held { .. }));
        let is_for_a_person = |waits: &&Waits<'_>| approval(waits.name, waits.reasons).is_some() && !is_held(waits);
        let waiting = self.waiting.iter().filter(is_for_a_person);
        match waiting.count() {
            0 => what,
            1 => format!("{what}, 1 waits for approval"),
            waiting => format!("{what}, {waiting} wait for approval"),
        }
    }

    /// Title and body.
    pub fn text(&self) -> String {
        format!("{}\n\n{}", self.title(), body::of(self)).trim_end().to_owned() + "\n"
    }

    /// The images by the groups that they belong to, in the order of the groups; those of no group are the last. Who
    /// belongs to several is in a group of these.
    fn groups(&self) -> Vec<(Option<String>, Vec<&Changed<'_>>)> {
        let mut groups: BTreeMap<(bool, String), Vec<&Changed<'_>>> = BTreeMap::new();
        for changed in &self.changes {
            let names: BTreeSet<String> = match self.group {
                Group::All => BTreeSet::new(),
                Group::Owner => changed.owners.clone(),
                Group::Label => changed.labels.clone(),
                Group::Directory => changed.users.iter().map(User::directory).collect(),
            };
            let names: Vec<String> = names.iter().map(|name| facts::code(name)).collect();
            groups.entry((names.is_empty(), names.join(", "))).or_default().push(changed);
        }
        let named = |(is_rest, name): (bool, String)| match self.group {
            Group::All => None,
            _ if !is_rest => Some(name),
            Group::Owner => Some("Owned by nobody".to_owned()),
            Group::Label => Some("Without a label".to_owned()),
            Group::Directory => Some("Used by no file".to_owned()),
        };
        groups.into_iter().map(|(group, changed)| (named(group), changed)).collect()
    }
}

impl User {
    /// The first folder of the file; `.` for one that lies in none.
    fn directory(&self) -> String {
        let mut parts = self.file.components();
        let first = parts.next().filter(|_| parts.next().is_some());
        first.map_or_else(|| ".".to_owned(), |first| first.to_string())
    }
}

/// `Update postgres to 16.9-alpine`: names and tags have no letters that mean anything to a forge.
fn one_title(changed: &Changed<'_>) -> String {
    let tag = |image: Option<&LockedImage>| image.and_then(|image| image.tag.clone());
    let (from, to) = (tag(changed.from), tag(changed.to));
    match to.filter(|to| from.as_ref() != Some(to)) {
        Some(to) => format!("Update {} to {to}", changed.name),
        None => format!("Update {}", changed.name),
    }
}

fn images(count: usize) -> String {
    format!("{count} {}", if count == 1 { "image" } else { "images" })
}
