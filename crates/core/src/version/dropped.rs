//! Why a rule picks none of a repository's tags, counted and told with examples.

use std::fmt::{Display, Formatter};

use crate::reference::Tag;

/// Why a tag does not compete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The regular expression does not match it.
    Unmatched,
    /// It is a version that the requirement does not admit.
    Unwanted,
    /// It is no version.
    NoVersion,
    /// It is a number alone, and no regular expression asks for those.
    Number,
    /// It has something behind its numbers, and no regular expression asks for those.
    Suffix,
    /// Its pre-release has a number with leading zeros.
    Zeros,
    /// What is compared of it is no number.
    NoNumber,
}

/// In the order in which they are told.
const REASONS: [Reason; 7] = [
    Reason::Unmatched,
    Reason::Unwanted,
    Reason::Suffix,
    Reason::Number,
    Reason::Zeros,
    Reason::NoVersion,
    Reason::NoNumber,
];

/// How many tags a reason names.
const NAMED: usize = 2;

/// Why a rule did not pick the tags that it did not pick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    requirement: String,
    counts: [usize; REASONS.len()],
    examples: [Vec<Tag>; REASONS.len()],
    /// How many names of the list are no tags.
    nameless: u64,
}

impl Dropped {
    pub(super) fn new(requirement: String) -> Self {
        Self { requirement, counts: Default::default(), examples: Default::default(), nameless: 0 }
    }

    pub(super) fn count(&mut self, reason: Reason, tag: &Tag) {
        let at = REASONS.iter().position(|other| *other == reason).unwrap_or_default();
        self.counts[at] += 1;
        if self.examples[at].len() < NAMED {
            self.examples[at].push(tag.clone());
        }
    }

    /// Adds names of the list that are no tags, and so cannot be asked for.
    #[must_use]
    pub fn with_names_that_are_no_tags(self, count: u64) -> Self {
        Self { nameless: self.nameless.saturating_add(count), ..self }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }

    fn told(&self, reason: Reason, count: usize, examples: &[Tag]) -> String {
        let word = |one: &'static str, several: &'static str| if count == 1 { one } else { several };
        let examples: Vec<&str> = examples.iter().map(Tag::as_str).collect();
        let named = format!("({})", examples.join(", "));
        match reason {
            Reason::Unmatched => format!("{} not match `tags`", word("does", "do")),
            Reason::Unwanted => format!("{} not {}", word("is", "are"), self.requirement),
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
        let mut first = true;
        for (at, reason) in REASONS.into_iter().enumerate() {
            let count = self.counts[at];
            if count == 0 {
                continue;
            }
            let noun = match (first, count) {
                (false, _) => "",
                (true, 1) => " tag",
                (true, _) => " tags",
            };
            let comma = if first { "" } else { ", " };
            write!(formatter, "{comma}{count}{noun} {}", self.told(reason, count, &self.examples[at]))?;
            first = false;
        }
        if self.nameless > 0 {
            let comma = if first { "" } else { ", " };
            let names = if self.nameless == 1 { "name is no tag" } else { "names are no tags" };
            return write!(formatter, "{comma}{} {names}", self.nameless);
        }
        if first { formatter.write_str("there are no tags") } else { Ok(()) }
    }
}
