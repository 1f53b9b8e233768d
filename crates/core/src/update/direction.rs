//! Whether a step leads to a newer image.

use serde::Serialize;

use super::level::Version;
use crate::created::Created;
use crate::lockfile::LockedImage;
use crate::policy::Rule;
use crate::reference::Tag;
use crate::request::Wanted;

/// Whether a step leads to a newer image or to an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To a newer one.
    Up,
    /// To an older one: a tag that was taken back, or moved back.
    Down,
}

impl Direction {
    /// By the rule that chose both tags; else by what both images say of their versions, where those differ; else by when
    /// they say that they were made. Images of different places are not compared, but for tags of one repository.
    pub fn between(old: &LockedImage, new: &LockedImage) -> Option<Self> {
        if let (Wanted::Version { rule, .. }, Some(from), Some(to)) = (&new.request.wanted, &old.tag, &new.tag)
            && from != to
            && old.repository() == new.repository()
            && !rule.asks_images()
        {
            return Self::of_tags(rule, from, to);
        }
        if old.digest == new.digest || old.origin != new.origin {
            return None;
        }
        let versions = Version::of(old).zip(Version::of(new));
        let by_version = versions.and_then(|(from, to)| Self::of(&from.numbers(), &to.numbers()));
        let evidence = |image: &LockedImage| image.created.clone().filter(Created::is_evidence);
        by_version.or_else(|| Self::of(&evidence(old)?, &evidence(new)?))
    }

    /// By the rule, which has chosen one tag and may choose the other.
    pub(super) fn of_tags(rule: &Rule, from: &Tag, to: &Tag) -> Option<Self> {
        let best = rule.best([from, to])?;
        Some(if best == to { Self::Up } else { Self::Down })
    }

    fn of<T: Ord>(from: &T, to: &T) -> Option<Self> {
        match from.cmp(to) {
            std::cmp::Ordering::Less => Some(Self::Up),
            std::cmp::Ordering::Greater => Some(Self::Down),
            std::cmp::Ordering::Equal => None,
        }
    }
}
