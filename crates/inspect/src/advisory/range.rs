//! Which versions an advisory is about.

use std::cmp::Ordering;

use super::Compare;

/// Versions from one on, up to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// The first that is affected; all from the beginning where there is none.
    pub(super) introduced: Option<String>,
    pub(super) end: End,
}

/// Where a range ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nowhere yet.
    Open,
    /// Before this version, which fixes it.
    Fixed(String),
    /// With this version.
    Last(String),
}

impl Range {
    /// Everything before a version.
    pub(super) fn before(version: &str) -> Self {
        Self { introduced: None, end: End::Fixed(version.to_owned()) }
    }

    /// Whether it has a version of a package of this type.
    pub(super) fn has(&self, kind: &str, version: &str, compare: Compare<'_>) -> bool {
        let starts = |first: &String| compare(kind, version, first) != Ordering::Less;
        let starts = self.introduced.as_ref().is_none_or(starts);
        starts
            && match &self.end {
                End::Open => true,
                End::Fixed(fixed) => compare(kind, version, fixed) == Ordering::Less,
                End::Last(last) => compare(kind, version, last) != Ordering::Greater,
            }
    }
}
