//! What a rule requires of versions, in the grammar that it says.

use std::fmt::{Display, Formatter};

use semver::{Version, VersionReq};

use super::dialect::in_ours;
use super::error::RuleError;
use super::masterminds::Constraints;

/// The grammar of a requirement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Cargo's: `16` is `^16`, comparators are joined by commas.
    #[default]
    Cargo,
    /// That of the Go library Masterminds/semver, which Flux, Helm and Argo CD Image Updater use: `16` is `16.x`,
    /// comparators are joined by spaces or commas, alternatives by `||`, and `-0` lets pre-releases in.
    Masterminds,
}

impl Dialect {
    /// The words that a project file uses.
    pub const NAMES: [&'static str; 2] = ["cargo", "masterminds"];

    pub(super) fn parse(text: &str) -> Result<Self, RuleError> {
        match text {
            "cargo" => Ok(Self::Cargo),
            "masterminds" => Ok(Self::Masterminds),
            _ => Err(RuleError::Dialect(text.to_owned())),
        }
    }
}

/// A requirement.
#[derive(Clone, Debug)]
pub(super) enum Requirement {
    Cargo(VersionReq),
    Masterminds(Constraints),
}

impl Requirement {
    pub(super) fn parse(text: &str, dialect: Dialect) -> Result<Self, RuleError> {
        let refused = |reason| RuleError::Requirement { text: text.to_owned(), reason };
        match dialect {
            Dialect::Cargo => VersionReq::parse(text)
                .map(Self::Cargo)
                .map_err(|error| refused(in_ours(text).unwrap_or_else(|| error.to_string()))),
            Dialect::Masterminds => Constraints::parse(text).map(Self::Masterminds).map_err(refused),
        }
    }

    pub(super) fn admits(&self, version: &Version) -> bool {
        match self {
            Self::Cargo(wanted) => wanted.matches(version),
            Self::Masterminds(wanted) => wanted.admit(version),
        }
    }

    /// Whether it names a pre-release.
    pub(super) fn names_pre(&self) -> bool {
        match self {
            Self::Cargo(wanted) => wanted.comparators.iter().any(|comparator| !comparator.pre.is_empty()),
            Self::Masterminds(wanted) => wanted.names_pre(),
        }
    }
}

impl Display for Requirement {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cargo(wanted) => wanted.fmt(formatter),
            Self::Masterminds(wanted) => wanted.fmt(formatter),
        }
    }
}
