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
    /// By the time at which each image says that it was built, which no tag tells: whoever chooses has to read the images.
    Newest,
}

/// How many tags may compete where a rule selects the newest, unless the project file says another `limit`: each is read.
pub const LIMIT: u32 = 20;
/// The highest `limit`.
pub const MOST: u32 = 1000;

impl Select {
    /// The words that a project file uses.
    pub const NAMES: [&'static str; 4] = ["semver", "numeric", "alphabetical", "newest"];

    pub(super) fn parse(text: &str) -> Result<Self, RuleError> {
        match text {
            "semver" => Ok(Self::Semver),
            "numeric" => Ok(Self::Numeric),
            "alphabetical" => Ok(Self::Alphabetical),
            "newest" => Ok(Self::Newest),
            _ => Err(RuleError::Select(text.to_owned())),
        }
    }

    /// The word that a project file uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Semver => "semver",
            Self::Numeric => "numeric",
            Self::Alphabetical => "alphabetical",
            Self::Newest => "newest",
        }
    }

    /// The group of the regular expression that is compared, where anything of a tag is.
    pub(super) fn group(self) -> Option<&'static str> {
        match self {
            Self::Semver => Some("version"),
            Self::Numeric | Self::Alphabetical => Some("order"),
            Self::Newest => None,
        }
    }
}
