//! Versions as tags write them.

use std::cmp::Ordering;
use std::fmt::{Display, Formatter};

use super::dropped::Reason;
use super::flavour::Flavour;
use crate::reference::Tag;

/// A version as tags write them: numbers, and what stands behind them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TagVersion {
    pub(super) numbers: Vec<u64>,
    pub(super) pre: Option<semver::Prerelease>,
    /// Builds, revisions and post-releases, which are above the version that they repeat.
    pub(super) build: Vec<u64>,
    /// A development release (PEP 440), which is below what it leads to.
    pub(super) dev: Option<u64>,
}

impl TagVersion {
    /// Reads an optional `v`, numbers joined by dots and an optional pre-release, or says why the text is none.
    pub(super) fn parse(text: &str) -> Result<Self, Reason> {
        let text = without_v(text);
        let (numbers, pre) = match text.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(pre)),
            None => (text, None),
        };
        let numbers: Option<Vec<u64>> = numbers.split('.').map(number).collect();
        let numbers = numbers.ok_or(Reason::NoVersion)?;
        let pre = pre.map(prerelease).transpose()?;
        Ok(Self { numbers, pre, ..Self::default() })
    }

    /// Whether something stands behind the numbers of what [`parse`](Self::parse) read: a pre-release, or a flavour.
    pub(super) fn has_suffix(&self) -> bool {
        self.pre.is_some()
    }

    /// Whether it is no release.
    pub(super) fn is_pre(&self) -> bool {
        self.pre.is_some() || self.dev.is_some()
    }

    fn number(&self, at: usize) -> u64 {
        self.numbers.get(at).copied().unwrap_or(0)
    }

    /// What a requirement is held against: numbers behind the third, builds and development releases have no part in that.
    pub(super) fn semver(&self) -> semver::Version {
        semver::Version {
            major: self.number(0),
            minor: self.number(1),
            patch: self.number(2),
            pre: self.pre.clone().unwrap_or_default(),
            build: semver::BuildMetadata::EMPTY,
        }
    }
}

impl Ord for TagVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.numbers.len().max(other.numbers.len());
        (0..length)
            .map(|at| self.number(at).cmp(&other.number(at)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
            .then_with(|| above(self.pre.as_ref(), other.pre.as_ref()))
            .then_with(|| self.build.cmp(&other.build))
            .then_with(|| above(self.dev.as_ref(), other.dev.as_ref()))
            // `16.9.0` says more than `16.9`, which moves on with the next patch.
            .then_with(|| self.numbers.len().cmp(&other.numbers.len()))
    }
}

impl PartialOrd for TagVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A release is above what leads to it.
fn above<T: Ord>(mine: Option<&T>, theirs: Option<&T>) -> Ordering {
    match (mine, theirs) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(mine), Some(theirs)) => mine.cmp(theirs),
    }
}

impl Display for TagVersion {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let joined = |numbers: &[u64]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
        formatter.write_str(&joined(&self.numbers))?;
        self.pre.iter().try_for_each(|pre| write!(formatter, "-{pre}"))?;
        if !self.build.is_empty() {
            write!(formatter, " build {}", joined(&self.build))?;
        }
        self.dev.iter().try_for_each(|dev| write!(formatter, " dev {dev}"))
    }
}

/// A version, and the flavour that stands behind it.
pub(super) type Read = (TagVersion, Option<Flavour>);

pub(super) fn without_v(text: &str) -> &str {
    text.strip_prefix(['v', 'V']).unwrap_or(text)
}

/// Digits alone.
pub(super) fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// Whether a text is a number alone, as days, builds and short hashes are.
pub(super) fn is_number(text: &str) -> bool {
    number(without_v(text)).is_some()
}

/// Reads a pre-release as SemVer has it (section 9): numeric identifiers have no leading zeros.
pub(super) fn prerelease(text: &str) -> Result<semver::Prerelease, Reason> {
    let zeros = |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit());
    semver::Prerelease::new(text)
        .map_err(|_| if text.split('.').any(zeros) { Reason::Zeros } else { Reason::NoVersion })
}

/// Leaves out the leading zeros of a version's pre-release.
pub(super) fn without_zeros(text: &str) -> String {
    let Some((numbers, pre)) = text.split_once('-') else { return text.to_owned() };
    let part = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        digits if digits.bytes().all(|c| c.is_ascii_digit()) => digits.to_owned(),
        _ => part.to_owned(),
    };
    let pre: Vec<String> = pre.split('.').map(part).collect();
    format!("{numbers}-{}", pre.join("."))
}

/// Returns the tags that people would call the newest, for an error that has to name some: versions first, highest
/// first.
pub fn newest(tags: &[Tag], count: usize) -> Vec<&Tag> {
    let version = |tag: &Tag| {
        TagVersion::parse(tag.as_str()).ok().filter(|found| !is_number(tag.as_str()) && !found.has_suffix())
    };
    let mut versions: Vec<(TagVersion, &Tag)> =
        tags.iter().filter_map(|tag| version(tag).map(|found| (found, tag))).collect();
    versions.sort();
    let rest = tags.iter().rev().filter(|tag| version(tag).is_none());
    versions.into_iter().rev().map(|(_, tag)| tag).chain(rest).take(count).collect()
}
