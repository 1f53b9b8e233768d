//! Which of a repository's tags answers a version rule.
//!
//! Tags are not versions: `16`, `16.9`, `16.9-alpine` and `16.9.0-beta1` stand side by side in one repository. So a
//! rule says which tags compete (a regular expression), what of them is compared (its named group) and how.
//! Requirements use Cargo's grammar (`16` is `^16`), applied to the first three numbers of a tag.

use std::cmp::Ordering;

use regex::Regex;
use semver::VersionReq;

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
                let regex = regex::RegexBuilder::new(text).size_limit(1 << 20).build();
                let regex = regex.map_err(|error| RuleError::Tags(regex_reason(&error)))?;
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
        tags.into_iter().filter_map(|tag| self.key(tag).map(|key| Picked { key, tag })).max()
    }

    /// Whether the rule could pick this tag, if no better one were there.
    pub fn admits(&self, tag: &Tag) -> bool {
        self.key(tag).is_some()
    }

    fn key(&self, tag: &Tag) -> Option<Key> {
        let text = match &self.tags {
            None => tag.as_str(),
            Some(regex) => regex.captures(tag.as_str())?.name(self.select.group())?.as_str(),
        };
        match self.select {
            Select::Alphabetical => Some(Key::Text(text.to_owned())),
            Select::Numeric => Key::number(text),
            Select::Semver => {
                let version = TagVersion::parse(text)?;
                // Without a regular expression to ask for them, pre-releases and flavours do not compete, nor do
                // numbers alone: days, builds and short hashes look like majors.
                if self.tags.is_none() && (version.pre.is_some() || version.numbers.len() == 1) {
                    return None;
                }
                let fits = self.requirement.as_ref().is_none_or(|(_, wanted)| version.satisfies(wanted));
                fits.then_some(Key::Version(version))
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

/// The reason of a regular expression's error on one line; the library draws the expression above it.
fn regex_reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        error => {
            let drawn = error.to_string();
            let reason = drawn.rsplit_once("error: ").map_or(&*drawn, |(_, reason)| reason);
            reason.split_whitespace().collect::<Vec<_>>().join(" ")
        }
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

/// A version as tags write them: an optional `v`, numbers joined by dots, an optional pre-release.
#[derive(Debug, PartialEq, Eq)]
struct TagVersion {
    numbers: Vec<u64>,
    pre: Option<semver::Prerelease>,
}

impl TagVersion {
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (numbers, pre) = match text.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(semver::Prerelease::new(pre).ok()?)),
            None => (text, None),
        };
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
        let numbers: Option<Vec<u64>> =
            numbers.split('.').map(|part| if digits(part) { part.parse().ok() } else { None }).collect();
        Some(Self { numbers: numbers?, pre })
    }

    fn number(&self, at: usize) -> u64 {
        self.numbers.get(at).copied().unwrap_or(0)
    }

    fn satisfies(&self, wanted: &VersionReq) -> bool {
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
    let mut versions: Vec<(TagVersion, &Tag)> = tags
        .iter()
        .filter_map(|tag| TagVersion::parse(tag.as_str()).map(|version| (version, tag)))
        .filter(|(version, _)| version.pre.is_none())
        .collect();
    versions.sort();
    let rest =
        tags.iter().rev().filter(|tag| TagVersion::parse(tag.as_str()).is_none_or(|version| version.pre.is_some()));
    versions.into_iter().rev().map(|(_, tag)| tag).chain(rest).take(count).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pick(rule: (Option<&str>, Option<&str>, Option<&str>), tags: &[&str]) -> Option<String> {
        let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
        let rule = Rule::new(rule.0, rule.1, rule.2).unwrap();
        rule.best(&tags).map(|picked| picked.tag.to_string())
    }

    #[test]
    fn a_requirement_alone_takes_plain_versions_and_the_most_exact_of_equals() {
        let tags = ["latest", "16", "16.9", "16.9.0", "16.10-alpine", "16.11.0-rc1", "17.1", "v16.8", "15.13"];
        assert_eq!(pick((Some("16"), None, None), &tags).as_deref(), Some("16.9.0"));
        assert_eq!(pick((Some("*"), None, None), &tags).as_deref(), Some("17.1"));
        assert_eq!(pick((Some("18"), None, None), &tags), None);
    }

    #[test]
    fn a_pattern_chooses_the_flavour() {
        let pattern = Some(r"^(?<version>\d+\.\d+)-alpine$");
        let tags = ["16.9-alpine", "16.10-alpine", "16.11", "17.1-alpine", "16-alpine"];
        assert_eq!(pick((Some("16"), pattern, None), &tags).as_deref(), Some("16.10-alpine"));
        assert_eq!(pick((None, pattern, None), &tags).as_deref(), Some("17.1-alpine"));
    }

    #[test]
    fn pre_releases_compete_where_both_pattern_and_requirement_ask_for_them() {
        let pattern = Some(r"^(?<version>.+)$");
        let tags = ["1.0.0", "1.1.0-rc.2", "1.1.0-rc.10"];
        assert_eq!(pick((Some(">=1.1.0-rc.1"), pattern, None), &tags).as_deref(), Some("1.1.0-rc.10"));
        assert_eq!(pick((Some("1"), pattern, None), &tags).as_deref(), Some("1.0.0"));
    }

    #[test]
    fn numbers_compare_by_value_at_any_length() {
        let pattern = Some(r"^main-[0-9a-f]{7}-(?<order>\d+)$");
        let tags = ["main-abcdef0-9", "main-abcdef0-10", "main-0abcdef-0099999999999999999999999", "main-abcdef0-x"];
        let best = pick((None, pattern, Some("numeric")), &tags);
        assert_eq!(best.as_deref(), Some("main-0abcdef-0099999999999999999999999"));
    }

    #[test]
    fn text_compares_by_bytes() {
        let pattern = Some(r"^RELEASE\.(?<order>.+)$");
        let tags = ["RELEASE.2024-01-16T16-07-38Z", "RELEASE.2025-01-01T00-00-00Z", "RELEASE.2024-12-31T00-00-00Z"];
        let best = pick((None, pattern, Some("alphabetical")), &tags);
        assert_eq!(best.as_deref(), Some("RELEASE.2025-01-01T00-00-00Z"));
    }

    #[test]
    fn a_rule_that_cannot_work_is_refused() {
        let refused = |version, tags, select| Rule::new(version, tags, select).unwrap_err();
        assert!(matches!(refused(Some("16.x.y.z"), None, None), RuleError::Requirement { .. }));
        assert!(matches!(refused(None, Some("("), None), RuleError::Tags(_)));
        assert_eq!(refused(None, Some("a"), None), RuleError::Group("version"));
        assert_eq!(refused(None, Some("(?<version>a)"), Some("numeric")), RuleError::Group("order"));
        assert_eq!(refused(None, None, Some("newer")), RuleError::Select("newer".to_owned()));
        let newest = refused(None, Some("(?<order>a)"), Some("newest")).to_string();
        assert!(newest.contains("registries do not tell when a tag was pushed"), "{newest}");
        assert_eq!(refused(Some("1"), Some("(?<order>a)"), Some("numeric")), RuleError::VersionOfOther);
        assert_eq!(refused(None, None, Some("numeric")), RuleError::SelectWithoutTags("numeric"));
    }

    #[test]
    fn the_newest_tags_are_the_highest_versions() {
        let tags: Vec<Tag> = ["8.0", "8.4", "latest", "8.2", "7"].iter().map(|tag| tag.parse().unwrap()).collect();
        let newest: Vec<&str> = newest(&tags, 3).into_iter().map(Tag::as_str).collect();
        assert_eq!(newest, ["8.4", "8.2", "8.0"]);
    }

    proptest! {
        #[test]
        fn the_order_of_the_tags_does_not_matter(
            tags in prop::collection::vec("v?[0-9]{1,3}(\\.[0-9]{1,2}){0,3}", 1..20),
            seed in any::<usize>(),
        ) {
            let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
            let mut turned = tags.clone();
            turned.rotate_left(seed % tags.len());
            turned.reverse();
            let rule = Rule::new(Some("*"), None, None).unwrap();
            prop_assert_eq!(rule.best(&tags), rule.best(&turned));
        }
    }
}
