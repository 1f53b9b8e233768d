//! `images.seen`: when each tag was first seen at each digest, a small file beside the lock.
//!
//! No registry tells portably when a tag was pushed. What can be known is when somebody of ours saw it first, and that is
//! what is written down: a line `repository tag digest first-seen` for each. It is an observation and no function of what
//! is asked for, so it is not in the lock, which has to be the same on every machine.
//!
//! Every line stands by itself and the earliest time counts, so two files become one by keeping all lines of both: in any
//! order, twice, with or without what a merge leaves between them. Nothing here asks what time it is: whoever calls says so.
//!
//! # History of the format
//!
//! - Version 1: the first. The header says the version; a file without one is read as this.

mod age;
mod parse;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use age::Evidence;
pub use parse::SeenError;

use crate::created::Created;
use crate::digest::Digest;
use crate::lockfile::Lockfile;
use crate::project::Project;
use crate::reference::{Repository, Tag};
use crate::request::Wanted;

/// The file's name.
pub const FILE_NAME: &str = "images.seen";

/// How long a digest is remembered that a tag has left, in seconds: 90 days.
const REMEMBERED: i64 = 90 * 24 * 60 * 60;

/// What was seen, and when it was seen first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    repositories: BTreeMap<Repository, Sightings>,
}

/// What was seen of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sightings {
    /// When the repository was looked at first.
    first: Created,
    tags: BTreeMap<Tag, BTreeMap<Digest, Created>>,
    /// When each digest was seen first, under whichever tag.
    digests: BTreeMap<Digest, Created>,
}

/// What a tag pointed at before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// The digest.
    pub digest: Digest,
    /// When the tag was first seen there.
    pub first_seen: Created,
}

impl Ledger {
    /// The version of the format that is written, and the newest that is read.
    pub const VERSION: u32 = 1;

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.repositories.is_empty()
    }

    /// Notes that a tag was seen at a digest; the earliest time counts.
    pub fn note(&mut self, repository: &Repository, tag: &Tag, digest: &Digest, at: &Created) {
        let new = || Sightings { first: at.clone(), tags: BTreeMap::new(), digests: BTreeMap::new() };
        let sightings = self.repositories.entry(repository.clone()).or_insert_with(new);
        let of_tag = sightings.tags.entry(tag.clone()).or_default().entry(digest.clone());
        let of_digest = sightings.digests.entry(digest.clone());
        for noted in
            [&mut sightings.first, of_tag.or_insert_with(|| at.clone()), of_digest.or_insert_with(|| at.clone())]
        {
            if at < noted {
                at.clone_into(noted);
            }
        }
    }

    /// When a tag was first seen at a digest.
    pub fn first_seen(&self, repository: &Repository, tag: &Tag, digest: &Digest) -> Option<&Created> {
        self.repositories.get(repository)?.tags.get(tag)?.get(digest)
    }

    /// What a tag pointed at when it was last found somewhere new, where it was never seen at `digest`.
    pub fn before(&self, repository: &Repository, tag: &Tag, digest: &Digest) -> Option<Before> {
        let digests = self.repositories.get(repository)?.tags.get(tag)?;
        if digests.contains_key(digest) {
            return None;
        }
        let (digest, first_seen) = digests.iter().max_by_key(|(_, at)| *at)?;
        Some(Before { digest: digest.clone(), first_seen: first_seen.clone() })
    }

    /// Adds all that another ledger has.
    pub fn extend(&mut self, other: &Self) {
        for (repository, tag, digest, at) in other.entries() {
            self.note(repository, tag, digest, at);
        }
    }

    /// Drops what decides nothing any more: tags that no image of the project could have, and digests that a tag has left
    /// more than 90 days before `as_of`. The earliest sighting of a repository stays, since what came after it is
    /// judged by that; and so does what is locked.
    pub fn prune(&mut self, project: &Project, lock: &Lockfile, as_of: &Created) {
        let mut asked: BTreeMap<&Repository, Vec<&Wanted>> = BTreeMap::new();
        for declared in project.images.values() {
            let wanted = &declared.request.wanted;
            if let Some(repository) = wanted.repository() {
                asked.entry(repository).or_default().push(wanted);
            }
        }
        let locked: BTreeSet<&Digest> = lock.images.values().map(|image| &image.digest).collect();
        let oldest = as_of.after(-REMEMBERED);
        let mut kept = Self::default();
        for (repository, sightings) in &self.repositories {
            let Some(asked) = asked.get(repository) else { continue };
            let mut first = true;
            for (tag, digests) in &sightings.tags {
                let admitted = asked.iter().any(|wanted| wanted.admits(tag));
                let last = digests.values().max();
                for (digest, at) in digests {
                    let earliest = first && *at == sightings.first;
                    first &= !earliest;
                    let lives = Some(at) == last || *at >= oldest || locked.contains(digest);
                    if earliest || admitted && lives {
                        kept.note(repository, tag, digest, at);
                    }
                }
            }
        }
        *self = kept;
    }

    /// Returns the bytes of the file: `parse(encode(ledger)) == ledger`, and its lines are sorted as `LC_ALL=C sort` does.
    pub fn encode(&self) -> String {
        let line = |(repository, tag, digest, at): (&Repository, &Tag, &Digest, &Created)| {
            format!("{repository} {tag} {digest} {at}\n")
        };
        let mut lines: Vec<String> = self.entries().map(line).collect();
        lines.sort_unstable();
        format!("{}\n{}", parse::header(), lines.concat())
    }

    fn entries(&self) -> impl Iterator<Item = (&Repository, &Tag, &Digest, &Created)> {
        self.repositories.iter().flat_map(|(repository, sightings)| {
            let digests = |(tag, digests)| std::iter::repeat(tag).zip(digests);
            sightings.tags.iter().flat_map(digests).map(move |(tag, (digest, at))| (repository, tag, digest, at))
        })
    }
}
