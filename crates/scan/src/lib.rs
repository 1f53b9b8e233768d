//! Where a text names images: texts in, places out.
//!
//! - [`Format`]: one language; [`formats`] has one file for each, and [`FORMATS`] lists them.
//! - [`Site`]: a place that names an image or may, with its bytes and how [`Sure`] it is.
//! - [`Comment`]: a comment that speaks to imagelock, `# imagelock: postgres`.
//! - [`Lines`]: the lines of a text, found once.
//!
//! It knows no lock, no adapter and no file system: which locked image a place means, and what is written there, is
//! `imagelock-edit`'s. A format is found by the name and the first bytes of a file; what it cannot read it refuses.

mod comment;
pub mod formats;
mod lines;

use std::ops::Range;

use camino::Utf8Path;
use imagelock_core::Reference;
use imagelock_core::reference::ReferenceError;

pub use comment::{Comment, WORD};
pub use formats::FORMATS;
pub use lines::Lines;

/// A place in a text where an image is named, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// What stands there.
    pub says: Says,
    /// How sure it is that it is an image.
    pub sure: Sure,
    /// The line that it starts on, counted from 1.
    pub line: usize,
    /// What the place is called in its language: `FROM`, `Pod web, container main`; may be empty.
    pub place: String,
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// One text holds the whole.
    Whole {
        /// The bytes that a rewrite replaces, quotes included where [`Format::quote`] writes them.
        span: Range<usize>,
        /// What they mean.
        text: String,
        /// The reference that this is.
        reference: Result<Reference, ReferenceError>,
    },
    /// A variable or a template decides: told, never rewritten.
    Open {
        /// Its bytes.
        span: Range<usize>,
    },
}

/// How sure it is that a place names an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// Only a marker makes it one.
    Possible,
    /// A value that becomes one unless something overrides it: the default of an argument.
    Default,
    /// The language takes an image here.
    Certain,
}

/// What a format found in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The places, in the order of their bytes. None overlaps another.
    pub sites: Vec<Site>,
    /// The comments that speak to imagelock, in the order of their bytes.
    pub comments: Vec<Comment>,
}

/// Why a text cannot be read in a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unreadable {
    /// What is wrong, as a phrase.
    pub reason: String,
    /// Where.
    pub at: Range<usize>,
}

/// A language in which images are named.
pub trait Format: Send + Sync {
    /// Its name.
    fn id(&self) -> &'static str;

    /// What it is, for people: `a Dockerfile`.
    fn about(&self) -> &'static str;

    /// Whether a file is of this format, by its name and its first bytes. The first format of a list that claims a file
    /// reads it.
    fn claims(&self, path: &Utf8Path, head: &str) -> bool;

    /// The places and the comments of a text.
    fn read(&self, text: &str) -> Result<Parsed, Unreadable>;

    /// The bytes that say `new` where `before` stands; nothing where that cannot be written.
    fn quote(&self, before: &str, new: &str) -> Option<String>;
}

impl Site {
    /// A place with a text.
    pub(crate) fn whole(span: Range<usize>, text: &str, sure: Sure, lines: &Lines, place: impl Into<String>) -> Self {
        let line = lines.of(span.start);
        let says = Says::Whole { reference: bare(text).parse(), text: text.to_owned(), span };
        Self { says, sure, line, place: place.into() }
    }

    /// A place that a variable decides about.
    pub(crate) fn open(span: Range<usize>, lines: &Lines, place: impl Into<String>) -> Self {
        Self { line: lines.of(span.start), says: Says::Open { span }, sure: Sure::Certain, place: place.into() }
    }

    /// The same place where so many bytes stand in front of the text.
    pub(crate) fn moved(self, by: usize) -> Self {
        let says = match self.says {
            Says::Whole { span, text, reference } => Says::Whole { span: moved(span, by), text, reference },
            Says::Open { span } => Says::Open { span: moved(span, by) },
        };
        Self { says, ..self }
    }

    /// Its bytes.
    pub fn span(&self) -> &Range<usize> {
        match &self.says {
            Says::Whole { span, .. } | Says::Open { span } => span,
        }
    }

    /// Its text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.says {
            Says::Whole { text, .. } => Some(text),
            Says::Open { .. } => None,
        }
    }

    /// The reference that it is, where it is one.
    pub fn reference(&self) -> Option<&Reference> {
        match &self.says {
            Says::Whole { reference, .. } => reference.as_ref().ok(),
            Says::Open { .. } => None,
        }
    }
}

pub(crate) fn moved(span: Range<usize>, by: usize) -> Range<usize> {
    span.start + by..span.end + by
}

/// The reference in a text without the scheme that some tools want in front of it: `docker://`, `oci://`.
pub fn bare(text: &str) -> &str {
    ["docker://", "docker-image://", "oci://"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text)
}
