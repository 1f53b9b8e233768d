//! Versions as tags write them.

use std::cmp::Ordering;

use semver::VersionReq;

use super::dropped::Reason;
use crate::reference::Tag;

/// A version as tags write them: an optional `v`, numbers joined by dots, an optional pre-release.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TagVersion {
    numbers: Vec<u64>,
    pre: Option<semver::Prerelease>,
}

impl TagVersion {
    /// Reads a version, or says why the text is none.
    pub(super) fn parse(text: &str) -> Result<Self, Reason> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (numbers, pre) = match text.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(pre)),
            None => (text, None),
        };
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
        let numbers: Option<Vec<u64>> =
            numbers.split('.').map(|part| if digits(part) { part.parse().ok() } else { None }).collect();
        let numbers = numbers.ok_or(Reason::NoVersion)?;
        // SemVer, section 9: numeric identifiers have no leading zeros.
        let zeros = |pre: &str| pre.split('.').any(|part| part.len() > 1 && part.starts_with('0') && digits(part));
        let pre = pre.map(|pre| match semver::Prerelease::new(pre) {
            Ok(read) => Ok(read),
            Err(_) if zeros(pre) => Err(Reason::Zeros),
            Err(_) => Err(Reason::NoVersion),
        });
        Ok(Self { numbers, pre: pre.transpose()? })
    }

    /// Reads a version as [`Self::parse`] does, with the leading zeros of its pre-release left out.
    pub(super) fn without_zeros(text: &str) -> Result<Self, Reason> {
        let Some((numbers, pre)) = text.split_once('-') else { return Self::parse(text) };
        let part = |part: &str| match part.trim_start_matches('0') {
            "" if !part.is_empty() => "0".to_owned(),
            digits if digits.bytes().all(|c| c.is_ascii_digit()) => digits.to_owned(),
            _ => part.to_owned(),
        };
        let pre: Vec<String> = pre.split('.').map(part).collect();
        Self::parse(&format!("{numbers}-{}", pre.join(".")))
    }

    /// Whether it is a number alone, as days, builds and short hashes are.
    pub(super) fn is_number(&self) -> bool {
        self.numbers.len() == 1 && self.pre.is_none()
    }

    /// Whether something stands behind the numbers: a pre-release, or a flavour.
    pub(super) fn has_suffix(&self) -> bool {
        self.pre.is_some()
    }

    pub(super) fn numbers(&self) -> &[u64] {
        &self.numbers
    }

    fn number(&self, at: usize) -> u64 {
        self.numbers.get(at).copied().unwrap_or(0)
    }

    /// Whether it satisfies a requirement; numbers behind the third have no part in that.
    pub(super) fn satisfies(&self, wanted: &VersionReq) -> bool {
        wanted.matches(&semver::Version {
            major: self.number(0),
            minor: self.number(1),
            patch: self.number(2),
            pre: self.pre.clone().unwrap_or_default(),
            build: semver::BuildMetadata::EMPTY,
        })
    }
}

impl Ord for TagVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.numbers.len().max(other.numbers.len());
        (0..length)
            .map(|at| self.number(at).cmp(&other.number(at)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
            .then_with(|| match (&self.pre, &other.pre) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(mine), Some(theirs)) => mine.cmp(theirs),
            })
            // `16.9.0` says more than `16.9`, which moves on with the next patch.
            .then_with(|| self.numbers.len().cmp(&other.numbers.len()))
    }
}

impl PartialOrd for TagVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Returns the tags that people would call the newest, for an error that has to name some: versions first, highest
/// first.
pub fn newest(tags: &[Tag], count: usize) -> Vec<&Tag> {
    let version =
        |tag: &Tag| TagVersion::parse(tag.as_str()).ok().filter(|found| !found.is_number() && !found.has_suffix());
    let mut versions: Vec<(TagVersion, &Tag)> =
        tags.iter().filter_map(|tag| version(tag).map(|found| (found, tag))).collect();
    versions.sort();
    let rest = tags.iter().rev().filter(|tag| version(tag).is_none());
    versions.into_iter().rev().map(|(_, tag)| tag).chain(rest).take(count).collect()
}
