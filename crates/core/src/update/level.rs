//! How big a step is.

use std::fmt;
use std::str::FromStr;

use crate::lockfile::LockedImage;
use crate::policy::Rule;
use crate::reference::Tag;
use crate::request::Wanted;
use crate::text::{quoted, serde_as_text};

/// How big a step from one image to another is, and how big a step may be. The smaller is less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// None: the bytes are the same.
    None,
    /// Other bytes for the same version, or for versions of which nothing is known.
    Digest,
    /// The third number of the version, one behind it, or what is behind the numbers.
    Patch,
    /// The second number of the version.
    Minor,
    /// The first number of the version.
    Major,
}

/// A text that is no [`Level`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is no level: use `none`, `digest`, `patch`, `minor` or `major`", quoted(.0))]
pub struct LevelError(String);

impl Level {
    /// All of them, from the smallest.
    pub const ALL: [Self; 5] = [Self::None, Self::Digest, Self::Patch, Self::Minor, Self::Major];

    /// How big the step from one locked image to another is, in either direction.
    ///
    /// Where a version rule chose both tags, what they say counts; else what both images say of their version, where both do.
    /// Where nothing is said, all that is known is that the bytes are others, and that another tag is more than that.
    pub fn between(old: &LockedImage, new: &LockedImage) -> Self {
        if old.digest == new.digest {
            return Self::None;
        }
        let said = Version::of(old).zip(Version::of(new)).map(|(from, to)| from.step(&to));
        match &new.request.wanted {
            Wanted::Version { rule, .. } if old.tag != new.tag => {
                let tags = old.tag.as_ref().zip(new.tag.as_ref());
                let by_tags = tags.and_then(|(from, to)| Self::of_tags(rule, from, to));
                by_tags.or(said).unwrap_or_default().max(Self::Patch)
            }
            _ => said.unwrap_or_default().max(Self::Digest),
        }
    }

    /// How big the step between two tags of a rule is, where they have versions.
    pub(super) fn of_tags(rule: &Rule, from: &Tag, to: &Tag) -> Option<Self> {
        let numbers = rule.numbers(from).zip(rule.numbers(to));
        numbers.map(|(from, to)| step(&from, &to).max(Self::Patch))
    }

    /// The word of a project file.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Digest => "digest",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// Nothing is said.
impl Default for Level {
    fn default() -> Self {
        Self::None
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or_else(|| LevelError(text.to_owned()))
    }
}

serde_as_text!(Level);

/// By the first number that differs; one that is not there is a zero.
fn step(from: &[u64], to: &[u64]) -> Level {
    let number = |numbers: &[u64], at| numbers.get(at).copied().unwrap_or(0);
    let first = (0..from.len().max(to.len())).find(|at| number(from, *at) != number(to, *at));
    match first {
        None => Level::None,
        Some(0) => Level::Major,
        Some(1) => Level::Minor,
        Some(_) => Level::Patch,
    }
}

/// What an image says of its own version, as far as that is one: numbers joined by dots, with a `v` before them and
/// anything behind them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Version<'a> {
    numbers: Vec<u64>,
    text: &'a str,
}

/// From this number on, a number alone is a day, a build or a part of a hash: `20260112` is the next major of nothing.
const NO_MAJOR: u64 = 10_000;

impl<'a> Version<'a> {
    pub(super) fn of(image: &'a LockedImage) -> Option<Self> {
        Self::read(image.version.as_deref()?)
    }

    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let written = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let end = written.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(written.len());
        // `1.2.rc` has two numbers; and a text that a publisher wrote has no number of numbers.
        let parts = written[..end].trim_end_matches('.').split('.').take(8);
        let numbers = parts.map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
        let alone = matches!(numbers[..], [number] if number >= NO_MAJOR);
        (!alone).then_some(Self { numbers, text: written })
    }

    pub(crate) fn numbers(&self) -> &[u64] {
        &self.numbers
    }

    fn step(&self, other: &Self) -> Level {
        match step(&self.numbers, &other.numbers) {
            // `1.2-r3` and `1.2-r4`
            Level::None if self.text != other.text => Level::Patch,
            level => level,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_and_survive_their_text() {
        assert!(Level::ALL.is_sorted());
        for level in Level::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        let error = "Major".parse::<Level>().unwrap_err().to_string();
        assert_eq!(error, "`Major` is no level: use `none`, `digest`, `patch`, `minor` or `major`");
    }

    #[test]
    fn what_an_image_says_is_a_version_where_it_begins_with_numbers() {
        let read = |text: &str| Version::read(text).map(|version| version.numbers);
        assert_eq!(read("1.24.3"), Some(vec![1, 24, 3]));
        assert_eq!(read("v2.0-rc.1"), Some(vec![2, 0]));
        assert_eq!(read("24.04"), Some(vec![24, 4]));
        assert_eq!(read("8"), Some(vec![8]));
        assert_eq!(read("2026.01.12"), Some(vec![2026, 1, 12]));
        assert_eq!(read("1.2.rc"), Some(vec![1, 2]));
        for text in ["", "v", "latest", "20260112", "1234567", "1..2", ".1", "18446744073709551616.1", "-1", "１.2"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
