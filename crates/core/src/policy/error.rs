//! Why a rule is none.

use crate::text::quoted;

/// Why a rule is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The requirement does not parse.
    #[error("{} is not a version requirement: {reason}", quoted(.text))]
    Requirement {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The regular expression does not parse or is too large.
    #[error("`tags` is not a regular expression: {0}")]
    Tags(String),
    /// The regular expression lacks the group that is compared.
    #[error("`tags` needs a group `(?<{0}>…)`: it tells what of a tag is compared")]
    Group(&'static str),
    /// The order has no such name.
    #[error("{} is not a way to select: use `semver`, `numeric`, `alphabetical` or `newest`{}", quoted(.0), by_time(.0))]
    Select(String),
    /// The scheme has no such name.
    #[error("{} is not a scheme of versions: use `semver`, `loose`, `pep440` or `calver`", quoted(.0))]
    Scheme(String),
    /// The grammar has no such name.
    #[error("{} is not a dialect of requirements: use `cargo` or `masterminds`, which Flux and Helm use", quoted(.0))]
    Dialect(String),
    /// A regular expression of `exclude` does not parse or is too large.
    #[error("`exclude` is not a list of regular expressions: {0}")]
    Exclude(String),
    /// A key of versions with an order that has none.
    #[error("`{0}` needs `select = \"semver\"`")]
    VersionOfOther(&'static str),
    /// The grammar of a requirement that is not there.
    #[error("`dialect` says how `version` is written, and there is none")]
    DialectOfNothing,
    /// Pre-releases of what is not read.
    #[error("`prerelease` needs a `scheme`, which tells pre-releases from flavours: `loose` is for most images")]
    PrereleaseWithoutScheme,
    /// A key that changes a rule, without one.
    #[error("`{0}` alone is no rule: `version = \"*\"` beside it is any version")]
    Alone(&'static str),
    /// An order without a regular expression to say what is ordered.
    #[error("`select = \"{0}\"` needs `tags`{1}")]
    SelectWithoutTags(&'static str, &'static str),
}

impl RuleError {
    /// The key of a project file whose value is wrong.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::Requirement { .. } => "version",
            Self::Tags(_) | Self::Group(_) => "tags",
            Self::Select(_) | Self::SelectWithoutTags(..) => "select",
            Self::Scheme(_) => "scheme",
            Self::Dialect(_) | Self::DialectOfNothing => "dialect",
            Self::Exclude(_) => "exclude",
            Self::PrereleaseWithoutScheme => "prerelease",
            Self::VersionOfOther(key) | Self::Alone(key) => key,
        }
    }
}

/// Which word is meant by those who ask for an order by time.
fn by_time(word: &str) -> &'static str {
    let words = ["newest-build", "latest", "date", "created", "time", "recent"];
    if words.contains(&word.to_ascii_lowercase().as_str()) {
        "; `newest` is by the time of the build, which every competing image is read for: where tags have a date or a build's \
         number, order by that (`(?<order>…)`)"
    } else {
        ""
    }
}
