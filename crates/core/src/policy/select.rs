//! How competing tags are ordered.

use super::error::RuleError;

/// How competing tags are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Select {
    /// As versions: numbers by value, a pre-release before its release. Group `version`; then, where versions are equal, the
    /// groups `order` and `flavour`.
    #[default]
    Semver,
    /// As one number of any length. Group `order`.
    Numeric,
    /// As text, byte by byte. Group `order`.
    Alphabetical,
}

impl Select {
    /// The words that a project file uses.
    pub const NAMES: [&'static str; 3] = ["semver", "numeric", "alphabetical"];

    pub(super) fn parse(text: &str) -> Result<Self, RuleError> {
        match text {
            "semver" => Ok(Self::Semver),
            "numeric" => Ok(Self::Numeric),
            "alphabetical" => Ok(Self::Alphabetical),
            _ => Err(RuleError::Select(text.to_owned())),
        }
    }

    /// The word that a project file uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Semver => "semver",
            Self::Numeric => "numeric",
            Self::Alphabetical => "alphabetical",
        }
    }

    /// The group of the regular expression that is compared.
    pub(super) fn group(self) -> &'static str {
        match self {
            Self::Semver => "version",
            Self::Numeric | Self::Alphabetical => "order",
        }
    }
}
