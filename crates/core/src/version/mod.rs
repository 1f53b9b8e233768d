//! Which of a repository's tags answers a version rule.
//!
//! Tags are not versions: `16`, `16.9`, `16.9-alpine` and `16.9.0-beta1` stand side by side in one repository. So a
//! rule says which tags compete (a regular expression), what of them is compared (its named group) and how. A number alone
//! is a version only for a rule that says so with such an expression: `16` moves, `20230101` and `1234567` are none.
//! Requirements use Cargo's grammar (`16` is `^16`), applied to the first three numbers of a tag.

mod dropped;
mod tag_version;
#[cfg(test)]
mod tests;

use regex::Regex;
use semver::VersionReq;

pub use dropped::Dropped;
pub use tag_version::newest;

use self::dropped::Reason;
use self::tag_version::TagVersion;

use crate::expression;
use crate::reference::Tag;
use crate::text::quoted;

/// How competing tags are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Select {
    /// As versions: numbers by value, a pre-release before its release. Group `version`.
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

    fn parse(text: &str) -> Result<Self, RuleError> {
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
    fn group(self) -> &'static str {
        match self {
            Self::Semver => "version",
            Self::Numeric | Self::Alphabetical => "order",
        }
    }
}

/// A rule that picks one of many tags.
#[derive(Clone, Debug)]
pub struct Rule {
    requirement: Option<(String, VersionReq)>,
    tags: Option<Regex>,
    select: Select,
    select_written: bool,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.clone().into_parts() == other.clone().into_parts()
    }
}

impl Eq for Rule {}

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
    #[error("{} is not a way to select: use `semver`, `numeric` or `alphabetical`{}", quoted(.0), by_time(.0))]
    Select(String),
    /// `version` with an order that has no versions.
    #[error("`version` needs `select = \"semver\"`")]
    VersionOfOther,
    /// An order without a regular expression to say what is ordered.
    #[error("`select = \"{0}\"` needs `tags`, with a group `(?<order>…)`")]
    SelectWithoutTags(&'static str),
}

impl Rule {
    /// Makes a rule of what a project file says.
    pub fn new(version: Option<&str>, tags: Option<&str>, select: Option<&str>) -> Result<Self, RuleError> {
        let select_written = select.is_some();
        let select = select.map(Select::parse).transpose()?.unwrap_or_default();
        let requirement = match version {
            None => None,
            Some(_) if select != Select::Semver => return Err(RuleError::VersionOfOther),
            Some(text) => match VersionReq::parse(text) {
                Ok(requirement) => Some((text.to_owned(), requirement)),
                Err(error) => {
                    return Err(RuleError::Requirement { text: text.to_owned(), reason: error.to_string() });
                }
            },
        };
        let tags = match tags {
            None if select == Select::Semver => None,
            None => return Err(RuleError::SelectWithoutTags(select.name())),
            Some(text) => {
                let regex = expression::bounded(text).map_err(RuleError::Tags)?;
                if !regex.capture_names().flatten().any(|name| name == select.group()) {
                    return Err(RuleError::Group(select.group()));
                }
                Some(regex)
            }
        };
        Ok(Self { requirement, tags, select, select_written })
    }

    /// The texts that the rule was made of: requirement, regular expression, order.
    pub fn into_parts(self) -> (Option<String>, Option<String>, Option<String>) {
        (
            self.requirement.map(|(text, _)| text),
            self.tags.map(|regex| regex.as_str().to_owned()),
            self.select_written.then(|| self.select.name().to_owned()),
        )
    }

    /// Returns the best of `tags` by this rule; the same one whatever order they come in.
    pub fn best<'a>(&self, tags: impl IntoIterator<Item = &'a Tag>) -> Option<Picked<'a>> {
        tags.into_iter().filter_map(|tag| self.key(tag).ok().map(|key| Picked { key, tag })).max()
    }

    /// Whether the rule could pick this tag, if no better one were there.
    pub fn admits(&self, tag: &Tag) -> bool {
        self.key(tag).is_ok()
    }

    /// Returns the numbers of the version that the rule compares of a tag; none where it compares no versions.
    pub fn numbers(&self, tag: &Tag) -> Option<Vec<u64>> {
        match self.key(tag).ok()? {
            Key::Version(version) => Some(version.numbers().to_vec()),
            Key::Text(_) | Key::Number(..) => None,
        }
    }

    /// Returns why the rule picks none of `tags` that it does not pick.
    pub fn dropped<'a>(&self, tags: impl IntoIterator<Item = &'a Tag>) -> Dropped {
        let requirement = self.requirement.as_ref().map(|(_, wanted)| wanted.to_string());
        let mut dropped = Dropped::new(requirement.unwrap_or_default());
        for tag in tags {
            if let Err(reason) = self.key(tag) {
                dropped.count(reason, tag);
            }
        }
        dropped
    }

    /// Returns which of `tags` have a pre-release with leading zeros, and would be better than the best one if those were
    /// left out: who numbers so meant one of them, and SemVer orders none.
    pub fn unordered<'a>(&self, tags: impl IntoIterator<Item = &'a Tag>, best: &Picked<'_>) -> Option<Dropped> {
        let mut dropped = Dropped::new(String::new());
        // A list may have a million tags, and nearly none has such a number.
        for tag in tags.into_iter().filter(|tag| ["-0", ".0"].iter().any(|zero| tag.as_str().contains(zero))) {
            let meant = || self.key_of(tag, TagVersion::without_zeros);
            if self.key(tag) == Err(Reason::Zeros) && meant().is_ok_and(|key| key > best.key) {
                dropped.count(Reason::Zeros, tag);
            }
        }
        (!dropped.is_empty()).then_some(dropped)
    }

    fn key(&self, tag: &Tag) -> Result<Key, Reason> {
        self.key_of(tag, TagVersion::parse)
    }

    fn key_of(&self, tag: &Tag, read: impl Fn(&str) -> Result<TagVersion, Reason>) -> Result<Key, Reason> {
        let text = match &self.tags {
            None => tag.as_str(),
            Some(regex) => {
                let found = regex.captures(tag.as_str()).and_then(|found| found.name(self.select.group()));
                found.ok_or(Reason::Unmatched)?.as_str()
            }
        };
        match self.select {
            Select::Alphabetical => Ok(Key::Text(text.to_owned())),
            Select::Numeric => Key::number(text).ok_or(Reason::NoNumber),
            Select::Semver => {
                let version = read(text)?;
                // Without a regular expression to ask for them, pre-releases and flavours do not compete, nor do
                // numbers alone: days, builds and short hashes look like majors.
                if self.tags.is_none() && version.has_suffix() {
                    return Err(Reason::Suffix);
                }
                if self.tags.is_none() && version.is_number() {
                    return Err(Reason::Number);
                }
                let fits = self.requirement.as_ref().is_none_or(|(_, wanted)| version.satisfies(wanted));
                if fits { Ok(Key::Version(version)) } else { Err(Reason::Unwanted) }
            }
        }
    }
}

/// Why there is no order by time, for those who ask for one. A registry does not tell when a tag was pushed; what an image
/// says of itself is the publisher's word, the same for all of a reproducible build's, and every competing image would
/// have to be fetched to read it.
fn by_time(word: &str) -> &'static str {
    let words = ["newest", "newest-build", "latest", "date", "created", "time", "recent"];
    if words.contains(&word.to_ascii_lowercase().as_str()) {
        "; registries do not tell when a tag was pushed, so order by what the tags say (a date or a build's number as \
         `(?<order>…)`), or follow a tag that moves"
    } else {
        ""
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (version, tags, select) = self.clone().into_parts();
        let named = [("version", version), ("tags", tags), ("select", select)];
        let parts: Vec<String> =
            named.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?))).collect();
        formatter.write_str(&parts.join(", "))
    }
}

/// The tag that a rule picked.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Picked<'a> {
    // Declared before the tag: the derived order compares it first, and the tag breaks ties.
    key: Key,
    /// The tag.
    pub tag: &'a Tag,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Text(String),
    /// Digits without leading zeros, told apart by length first, so that no number is too long.
    Number(usize, String),
    Version(TagVersion),
}

impl Key {
    fn number(text: &str) -> Option<Self> {
        if text.is_empty() || !text.bytes().all(|c| c.is_ascii_digit()) {
            return None;
        }
        let digits = text.trim_start_matches('0');
        Some(Self::Number(digits.len(), digits.to_owned()))
    }
}
