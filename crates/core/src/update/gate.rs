//! Whether a candidate may take the place of what is locked, asked with as little of it as it takes to tell.

use std::fmt::Debug;

use super::{Approved, Direction, Level, Move, Reason, Settings};
use crate::created::Created;
use crate::digest::Digest;
use crate::lockfile::LockedImage;
use crate::name::ImageName;
use crate::reference::Tag;
use crate::request::Wanted;

/// What is known of a candidate so far. It is found out from left to right, and no further than a gate asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Candidate<'a> {
    /// Its tag.
    pub tag: Option<&'a Tag>,
    /// What the tag points at.
    pub digest: Option<&'a Digest>,
    /// Since when its registry says that it has it.
    pub since: Option<&'a Created>,
    /// The image as it would be locked.
    pub image: Option<&'a LockedImage>,
}

/// Judges the candidates of one image, of which an answer is locked.
pub trait Gate: Debug + Sync {
    /// Says what is to be done with a candidate.
    fn judge(&self, candidate: Candidate<'_>) -> Ruling;

    /// Whether the digest of what waits by its tag is wanted all the same: who sees it now knows later how old it is.
    fn wants_digest(&self) -> bool {
        false
    }
}

/// What is to be done with a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It may be taken.
    Take,
    /// More of it has to be known. Of a whole image it means what [`Ruling::Take`] means.
    Ask,
    /// It waits.
    Wait(Held),
}

/// Why a candidate waits, and what was known of it when that was clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// How big a step it would be, where that is known.
    pub level: Option<Level>,
    /// Whether it leads to an older image.
    pub down: bool,
    /// What speaks against it.
    pub reasons: Vec<Reason>,
}

/// What waits, as far as it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its tag.
    pub tag: Option<Tag>,
    /// Its digest.
    pub digest: Option<Digest>,
    /// The image as it would be locked.
    pub image: Option<Box<LockedImage>>,
    /// Why it waits.
    pub held: Held,
    /// What waits beside it and is not as good, as far as it was looked at.
    pub others: Vec<(Tag, Digest)>,
}

/// The gate of one image, by what the project file says of its updates.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// The image.
    pub name: &'a ImageName,
    /// What is locked.
    pub from: &'a LockedImage,
    /// What the project file says.
    pub settings: &'a Settings,
    /// What somebody approves.
    pub approved: Approved,
    /// Now.
    pub as_of: &'a Created,
}

impl Gate for Policy<'_> {
    fn judge(&self, candidate: Candidate<'_>) -> Ruling {
        if let Some(to) = candidate.image {
            let step = Move::new(self.name, self.from, to);
            return self.ruling(step.level, step.down);
        }
        self.by_tags(candidate.tag).unwrap_or(Ruling::Ask)
    }
}

impl Policy<'_> {
    fn ruling(&self, level: Level, down: bool) -> Ruling {
        let reasons = self.settings.reasons(level, down, self.approved, self.as_of);
        if reasons.is_empty() { Ruling::Take } else { Ruling::Wait(Held { level: Some(level), down, reasons }) }
    }

    /// What a version rule's tags tell of the step; nothing where the images have to tell it.
    fn by_tags(&self, tag: Option<&Tag>) -> Option<Ruling> {
        let Wanted::Version { rule, .. } = &self.from.request.wanted else { return None };
        let (from, to) = self.from.tag.as_ref().zip(tag).filter(|(from, to)| from != to)?;
        let down = Direction::of_tags(rule, from, to)? == Direction::Down;
        match Level::of_tags(rule, from, to) {
            Some(level) => Some(self.ruling(level, down)),
            // Another tag is a patch at least: where that is too much, its image need not be read.
            None => Some(self.ruling(Level::Patch, down)).filter(|ruling| *ruling != Ruling::Take),
        }
    }
}

impl Waiting {
    /// What waits of what is known of a candidate.
    pub fn of(candidate: Candidate<'_>, held: Held) -> Self {
        let image = candidate.image.cloned().map(Box::new);
        let (tag, digest) = (candidate.tag.cloned(), candidate.digest.cloned());
        Self { tag, digest, image, held, others: Vec::new() }
    }

    /// Notes what waits; the first is the best.
    pub fn note(waiting: &mut Option<Self>, candidate: Candidate<'_>, held: Held) {
        match waiting {
            None => *waiting = Some(Self::of(candidate, held)),
            Some(best) => best.others.extend(candidate.tag.cloned().zip(candidate.digest.cloned())),
        }
    }
}
