//! Why a rule picks none of a repository's tags, counted and told with examples.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};

use crate::reference::Tag;

/// Why a tag does not compete. The order is the one in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The regular expression of `exclude` with this place matches it.
    Excluded(usize),
    /// The regular expression does not match it.
    Unmatched,
    /// It is a version that the requirement does not admit.
    Unwanted,
    /// It is a pre-release, and the rule does not ask for those.
    Prerelease,
    /// Tags of several kinds of flavour would compete.
    Flavours,
    /// It has something behind its numbers, and no regular expression asks for those.
    Suffix,
    /// It is a number alone, and no regular expression asks for those.
    Number,
    /// Its pre-release has a number with leading zeros.
    Zeros,
    /// It is no version.
    NoVersion,
    /// What is compared of it is no number.
    NoNumber,
}

impl Reason {
    /// A word for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Excluded(_) => "excluded",
            Self::Unmatched => "unmatched",
            Self::Unwanted => "unwanted",
            Self::Prerelease => "prerelease",
            Self::Flavours => "flavours",
            Self::Suffix => "suffix",
            Self::Number => "number",
            Self::Zeros => "leading-zeros",
            Self::NoVersion => "no-version",
            Self::NoNumber => "no-number",
        }
    }
}

/// How many tags a reason names.
const NAMED: usize = 2;
/// How many kinds of flavours are named.
const KINDS: usize = 4;

fn kind_text(kind: &str) -> String {
    if kind.is_empty() { "none".to_owned() } else { format!("{kind}*") }
}

/// Why a rule did not pick the tags that it did not pick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    requirement: String,
    exclude: Vec<String>,
    kinds: BTreeSet<String>,
    reasons: BTreeMap<Reason, Counted>,
    /// How many names of the list are no tags.
    nameless: u64,
}

/// The tags that are out for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// How many they are.
    pub count: usize,
    /// The first of them.
    pub examples: Vec<Tag>,
}

impl Dropped {
    pub(super) fn new(requirement: String, exclude: Vec<String>) -> Self {
        Self { requirement, exclude, kinds: BTreeSet::new(), reasons: BTreeMap::new(), nameless: 0 }
    }

    pub(super) fn count(&mut self, reason: Reason, tag: &Tag) {
        let counted = self.reasons.entry(reason).or_default();
        counted.count += 1;
        if counted.examples.len() < NAMED {
            counted.examples.push(tag.clone());
        }
    }

    /// Adds names of the list that are no tags, and so cannot be asked for.
    #[must_use]
    pub fn with_names_that_are_no_tags(self, count: u64) -> Self {
        Self { nameless: self.nameless.saturating_add(count), ..self }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Counts a tag of one of several kinds of flavour.
    pub(super) fn count_flavour(&mut self, kind: &str, tag: &Tag) {
        // One more than are named tells that there are more.
        if self.kinds.len() <= KINDS && !self.kinds.contains(kind) {
            self.kinds.insert(kind.to_owned());
        }
        self.count(Reason::Flavours, tag);
    }

    /// How many names of the list are no tags.
    pub fn nameless(&self) -> u64 {
        self.nameless
    }

    /// Each reason with its tags, in the order in which they are told.
    pub fn reasons(&self) -> impl Iterator<Item = (Reason, &Counted)> {
        self.reasons.iter().map(|(reason, counted)| (*reason, counted))
    }

    /// A reason in words that follow the number of its tags: `do not match …`.
    pub fn told(&self, reason: Reason, Counted { count, examples }: &Counted) -> String {
        let word = |one: &'static str, several: &'static str| if *count == 1 { one } else { several };
        let examples: Vec<&str> = examples.iter().map(Tag::as_str).collect();
        let named = format!("({})", examples.join(", "));
        match reason {
            Reason::Excluded(at) => {
                let pattern = self.exclude.get(at).map_or("exclude", String::as_str);
                format!("{} excluded by `{pattern}`", word("is", "are"))
            }
            Reason::Unmatched => format!("{} not match `tags`", word("does", "do")),
            Reason::Unwanted => format!("{} not {}", word("is", "are"), self.requirement),
            Reason::Prerelease => {
                format!(
                    "{} {named}, which `prerelease = true` would let in",
                    word("is a pre-release", "are pre-releases")
                )
            }
            Reason::Flavours => {
                let kinds = self.kinds.iter().take(KINDS).map(|kind| kind_text(kind));
                let kinds: Vec<String> = kinds.chain((self.kinds.len() > KINDS).then(|| "…".to_owned())).collect();
                format!("are of several flavours ({}), of which `tags` has to ask for one", kinds.join(", "))
            }
            Reason::NoVersion => format!("{} {named}", word("is no version", "are no versions")),
            Reason::Number => {
                format!(
                    "{} {named}, which `tags` would have to ask for",
                    word("is a number alone", "are numbers alone")
                )
            }
            Reason::Suffix => {
                format!("{} a suffix {named}, which `tags` would have to ask for", word("has", "have"))
            }
            Reason::Zeros => {
                format!("{} a pre-release with leading zeros {named}, which SemVer does not order", word("has", "have"))
            }
            Reason::NoNumber => format!("{} {named}", word("is no number", "are no numbers")),
        }
    }
}

impl Display for Dropped {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        for (at, (reason, counted)) in self.reasons().enumerate() {
            let (comma, noun) = match (at, counted.count) {
                (0, 1) => ("", " tag"),
                (0, _) => ("", " tags"),
                _ => (", ", ""),
            };
            write!(formatter, "{comma}{}{noun} {}", counted.count, self.told(reason, counted))?;
        }
        match self.nameless {
            0 if self.is_empty() => formatter.write_str("there are no tags"),
            0 => Ok(()),
            count => {
                let comma = if self.is_empty() { "" } else { ", " };
                let names = if count == 1 { "name is no tag" } else { "names are no tags" };
                write!(formatter, "{comma}{count} {names}")
            }
        }
    }
}
