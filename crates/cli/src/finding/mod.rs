//! What is to be mended, one place each, and the forms in which forges and build servers read it.
//!
//! It is for `scan` and `check`, which say what they find. Whatever a repository wrote into a name or a text is escaped
//! here, for each form once.

pub(crate) mod github;
pub(crate) mod junit;
pub(crate) mod sarif;

use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::source::Location;
use imagelock_survey::{Mention, Warning};

/// Something to be mended, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The rule that it breaks, one of those that the command lists.
    pub(crate) rule: &'static str,
    pub(crate) level: Level,
    pub(crate) at: Place,
    /// A phrase.
    pub(crate) message: String,
    /// What mends it: a command, or a phrase.
    pub(crate) help: Option<String>,
    /// What it is about, which stays the same when lines above it come and go.
    pub(crate) about: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// A check does not hold.
    Error,
    /// A person should look at it.
    Warning,
}

impl Level {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A rule, and what it asks for.
pub(crate) type Rule = (&'static str, &'static str);

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file, from the root on.
    pub(crate) file: Utf8PathBuf,
    /// The first line and column, from 1; columns count characters.
    pub(crate) start: (usize, usize),
    /// The line and column behind the last character.
    pub(crate) end: (usize, usize),
    /// The bytes.
    pub(crate) span: Range<usize>,
}

impl Place {
    /// A place in a file that is called `file` from the root on.
    pub(crate) fn of(file: Utf8PathBuf, at: &Location) -> Self {
        let end = Location::new(&at.file, at.span.end..at.span.end);
        let (start, end) = ((at.line(), at.column()), (end.line(), end.column()));
        Self { file, start, end, span: at.span.clone() }
    }

    /// The start of a line of which no more is known.
    pub(crate) fn line(file: impl Into<Utf8PathBuf>, line: usize) -> Self {
        Self { file: file.into(), start: (line, 1), end: (line, 1), span: 0..0 }
    }

    /// `file:line:column`, with the path as `shown` writes it.
    pub(crate) fn told(&self, shown: &dyn Fn(&Utf8Path) -> Utf8PathBuf) -> String {
        format!("{}:{}:{}", shown(&self.file), self.start.0, self.start.1)
    }
}

impl From<&Mention> for Place {
    fn from(mention: &Mention) -> Self {
        let Mention { file, start, end, span, .. } = mention;
        Self { file: file.clone(), start: *start, end: *end, span: span.clone() }
    }
}

impl Finding {
    /// The phrase, and what mends it, in one.
    pub(crate) fn whole(&self) -> String {
        self.help.as_ref().map_or_else(|| self.message.clone(), |help| format!("{}; help: {help}", self.message))
    }

    /// What stays the same when lines above the place come and go.
    pub(crate) fn fingerprint(&self) -> String {
        format!("{}:{}:{}", self.rule, self.at.file, self.about)
    }
}

/// Findings in the order of their places.
pub(crate) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| (finding.at.span.start, finding.at.start, finding.rule);
        (&one.at.file, key(one), &one.message).cmp(&(&other.at.file, key(other), &other.message))
    });
}

/// What a command found, for those who read a form of it.
pub(crate) struct Told<'f> {
    pub(crate) rules: &'f [Rule],
    pub(crate) findings: &'f [Finding],
    /// What could not be read, where that is no finding.
    pub(crate) unread: &'f [Warning],
}
