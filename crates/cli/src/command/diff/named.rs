//! What is compared: two locks, image by image, or two images.

use std::collections::BTreeSet;

use camino::Utf8Path;
use imagelock_core::lockfile::{self, LockedImage};
use imagelock_core::{ImageName, Lockfile};

use super::Diff;
use crate::command::side::{self, Side};
use crate::failure::Failure;
use crate::input::{self, LOCK_BYTES};
use crate::session::Session;

/// Two images, or one that was or is alone.
pub(super) struct Pair {
    pub(super) name: Option<ImageName>,
    pub(super) from: Option<LockedImage>,
    pub(super) to: Option<LockedImage>,
}

impl Pair {
    /// Whether it was and is.
    pub(super) fn is_both(&self) -> bool {
        self.from.is_some() && self.to.is_some()
    }

    /// What errors call it.
    pub(super) fn called(&self) -> String {
        let image = self.to.as_ref().or(self.from.as_ref());
        let reference = || image.map(side::reference).unwrap_or_default();
        self.name.as_ref().map_or_else(reference, ToString::to_string)
    }
}

/// What an argument names.
enum Named<'a> {
    Lock(Lockfile),
    Image(&'a str),
}

/// What is compared with what; and the newer of two locks.
pub(super) fn pairs(session: &Session<'_>, diff: &Diff) -> Result<(Vec<Pair>, Option<Lockfile>), Failure> {
    let old = match &diff.old {
        None => Named::Lock(side::lock_in(session, "HEAD")?),
        Some(text) => named(session, text)?,
    };
    let new = match &diff.new {
        None => Named::Lock(session.locked(&[])?),
        Some(text) => named(session, text)?,
    };
    match (old, new) {
        (Named::Lock(old), Named::Lock(new)) => Ok((of_locks(&old, &new, &diff.names)?, Some(new))),
        (Named::Image(first), Named::Image(second)) => {
            let first = Side::read(session, first, None)?;
            let second = Side::read(session, second, first.repository())?;
            let [from, to] = side::images(session, [first, second], "could not be compared")?;
            Ok((vec![Pair { name: None, from: Some(from), to: Some(to) }], None))
        }
        (Named::Image(text), _) | (_, Named::Image(text)) => {
            let failure = Failure::input(format!("`{text}` names no lock, and an image cannot be compared with one"));
            Err(failure.help("name two revisions or locks, `{command} diff HEAD~1`, or two images"))
        }
    }
}

/// Reads what a person wrote: a lock where there is one by that name, else an image.
fn named<'a>(session: &Session<'_>, text: &'a str) -> Result<Named<'a>, Failure> {
    if let Some(lock) = side::lock(session, text)? {
        return Ok(Named::Lock(lock));
    }
    let path = session.directory.join(text);
    if path.is_file() {
        if let Some(file) = input::source(&path, &session.root, &session.directory, LOCK_BYTES)? {
            return Ok(Named::Lock(Lockfile::parse(&file)?));
        }
    } else if Utf8Path::new(text).extension() == Utf8Path::new(lockfile::FILE_NAME).extension() {
        return Err(Failure::input(format!("there is no `{text}`")));
    }
    Ok(side::lock_of_revision(session, text)?.map_or(Named::Image(text), Named::Lock))
}

/// The images whose entries differ, or those that are asked for.
pub(super) fn of_locks(old: &Lockfile, new: &Lockfile, names: &[ImageName]) -> Result<Vec<Pair>, Failure> {
    let all: BTreeSet<&ImageName> = old.images.keys().chain(new.images.keys()).collect();
    if let Some(name) = names.iter().find(|name| !all.contains(name)) {
        return Err(Failure::input(format!("`{name}` is in neither lock")));
    }
    let asked = |name: &&ImageName| names.contains(name);
    let differ = |name: &&ImageName| old.images.get(*name) != new.images.get(*name);
    let wanted = all.into_iter().filter(|name| if names.is_empty() { differ(name) } else { asked(name) });
    let pair = |name: &ImageName| {
        let (from, to) = (old.images.get(name).cloned(), new.images.get(name).cloned());
        Pair { name: Some(name.clone()), from, to }
    };
    Ok(wanted.map(pair).collect())
}
