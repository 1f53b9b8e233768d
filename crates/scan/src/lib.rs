//! Where a text names images: texts in, places out.
//!
//! - [`Format`]: one language; [`formats`] has one file for each, and [`FORMATS`] lists them.
//! - [`Site`]: a place that names an image or may, with its bytes and how [`Sure`] it is.
//! - [`Comment`]: a comment that speaks to imagelock, `# imagelock: postgres`.
//! - [`names`], [`takes_names`]: where images of the lock are taken by their names.
//! - [`makes`]: the names of the images that a text builds.
//! - [`Lines`]: the lines of a text, found once.
//!
//! It knows no lock, no adapter and no file system: which locked image a place means, and what is written there, is
//! `imagelock-edit`'s. A format is found by the name and the first bytes of a file; what it cannot read it refuses.

mod comment;
pub mod formats;
mod lines;
mod named;
mod names;

use std::ops::Range;

use imagelock_core::Reference;
use imagelock_core::reference::ReferenceError;

pub use comment::{Comment, WORD};
pub use formats::{FORMATS, HEAD, PLAIN, claiming, makes, plain, start};
pub use lines::Lines;
pub use named::Named;
pub use names::{names, takes_names};

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
    /// Whether the image only builds there, as far as the text tells: nothing is built on it that ships.
    pub builds: bool,
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
    /// Keys hold it together: Helm's values, kustomize's `images`, the arguments of `oci.pull`.
    Parts {
        /// What they hold.
        parts: Parts,
        /// The reference that this is together.
        reference: Result<Reference, ReferenceError>,
    },
    /// A variable or a template decides: told, never rewritten.
    Open {
        /// Its bytes.
        span: Range<usize>,
        /// What it is where nothing else is said, as far as the text tells.
        default: Option<Reference>,
        /// Whether everything that it may be where nothing else is said is a place of its own in the text.
        given: bool,
    },
}

/// The parts of a reference that stand apart from each other. At least one is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The registry's host.
    pub registry: Option<Piece>,
    /// The repository, behind the registry where that stands apart.
    pub repository: Option<Piece>,
    /// The tag.
    pub tag: Option<Piece>,
    /// The digest, with its algorithm.
    pub digest: Option<Piece>,
    /// Where a digest can be written.
    pub room: Room,
}

/// Where the digest of an image in parts can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Room {
    /// In the place of a digest that stands there, and nowhere else, for this reason.
    Own(&'static str),
    /// In a key of its own.
    Key {
        /// The bytes of the key and the digest, with what parts them from what is in front; none where no digest stands.
        at: Range<usize>,
        /// What stands there in front of the digest.
        before: String,
    },
    /// Nowhere, for this reason.
    Closed(&'static str),
}

impl Default for Room {
    fn default() -> Self {
        Self::Own("")
    }
}

/// One part of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The bytes that a rewrite replaces, quotes included where [`Format::quote`] writes them.
    pub span: Range<usize>,
    /// What they mean.
    pub text: String,
}

impl Parts {
    /// The parts that are there.
    pub fn pieces(&self) -> impl Iterator<Item = &Piece> {
        [&self.registry, &self.repository, &self.tag, &self.digest].into_iter().flatten()
    }

    /// What the parts say together, as people write it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let parts = [("", &self.registry), ("/", &self.repository), (":", &self.tag), ("@", &self.digest)];
        for (before, piece) in parts {
            let Some(piece) = piece.as_ref().filter(|piece| !piece.text.is_empty()) else { continue };
            if before != "/" || !text.is_empty() {
                text.push_str(before);
            }
            text.push_str(bare(&piece.text));
        }
        text
    }

    /// The bytes by which the place is called: the repository's, or those of the first part that is there.
    fn span(&self) -> &Range<usize> {
        const NONE: &Range<usize> = &(0..0);
        let mut pieces = [&self.repository, &self.registry, &self.tag, &self.digest].into_iter().flatten();
        pieces.next().map_or(NONE, |piece| &piece.span)
    }

    fn moved(self, by: usize) -> Self {
        let piece = |piece: Option<Piece>| piece.map(|piece| Piece { span: moved(piece.span, by), ..piece });
        let Self { registry, repository, tag, digest, room } = self;
        let [registry, repository, tag, digest] = [registry, repository, tag, digest].map(piece);
        let room = match room {
            Room::Key { at, before } => Room::Key { at: moved(at, by), before },
            room => room,
        };
        Self { registry, repository, tag, digest, room }
    }
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
    /// The places, in the order of their [`Site::span`]s, of which none overlaps another.
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

/// The first bytes of a file. Most files are told by their names: what is not asked for is not read.
pub trait Head {
    /// The text of the first bytes, as far as they are text.
    fn text(&self) -> &str;
}

impl Head for &str {
    fn text(&self) -> &str {
        self
    }
}

/// A language in which images are named.
pub trait Format: Send + Sync {
    /// Its name.
    fn id(&self) -> &'static str;

    /// What it is, for people: `a Dockerfile`.
    fn about(&self) -> &'static str;

    /// Whether a file is of this format, by its name and, where that is not enough, by its first bytes. The first format of
    /// a list that claims a file reads it.
    fn claims(&self, path: &Named<'_>, head: &dyn Head) -> bool;

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
        Self { says, sure, line, place: place.into(), builds: false }
    }

    /// A place whose parts stand apart.
    pub(crate) fn parts(parts: Parts, sure: Sure, lines: &Lines, place: impl Into<String>) -> Self {
        let line = lines.of(parts.span().start);
        let reference = parts.text().parse();
        Self { says: Says::Parts { parts, reference }, sure, line, place: place.into(), builds: false }
    }

    /// A place that a variable decides about.
    pub(crate) fn open(span: Range<usize>, lines: &Lines, place: impl Into<String>) -> Self {
        let line = lines.of(span.start);
        let says = Says::Open { span, default: None, given: false };
        Self { says, sure: Sure::Certain, line, place: place.into(), builds: false }
    }

    /// The same place where so many bytes stand in front of the text.
    pub(crate) fn moved(self, by: usize) -> Self {
        let says = match self.says {
            Says::Whole { span, text, reference } => Says::Whole { span: moved(span, by), text, reference },
            Says::Parts { parts, reference } => Says::Parts { parts: parts.moved(by), reference },
            Says::Open { span, default, given } => Says::Open { span: moved(span, by), default, given },
        };
        Self { says, ..self }
    }

    /// Its bytes; where parts stand apart, those of the repository or of the first that is there.
    pub fn span(&self) -> &Range<usize> {
        match &self.says {
            Says::Whole { span, .. } | Says::Open { span, .. } => span,
            Says::Parts { parts, .. } => parts.span(),
        }
    }

    /// Its text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.says {
            Says::Whole { text, .. } => Some(text),
            Says::Parts { .. } | Says::Open { .. } => None,
        }
    }

    /// What it says, in one text: where parts stand apart, what they say together.
    pub fn said(&self) -> Option<std::borrow::Cow<'_, str>> {
        match &self.says {
            Says::Whole { text, .. } => Some(text.into()),
            Says::Parts { parts, .. } => Some(parts.text().into()),
            Says::Open { .. } => None,
        }
    }

    /// Whether it names an image where no marker says so. Nearly any word could be a repository: a text that becomes an
    /// image unless something overrides it has a tag or a digest. Keys that hold one together say what it is.
    pub fn names_an_image(&self) -> bool {
        match (self.sure, &self.says) {
            (Sure::Possible, _) => false,
            (Sure::Certain, _) | (Sure::Default, Says::Open { .. }) => true,
            (Sure::Default, Says::Parts { reference, .. }) => reference.is_ok(),
            (Sure::Default, _) => self.reference().is_some_and(|found| found.digest.is_some() || is_tagged(found)),
        }
    }

    /// The reference that it is, where it is one.
    pub fn reference(&self) -> Option<&Reference> {
        match &self.says {
            Says::Whole { reference, .. } | Says::Parts { reference, .. } => reference.as_ref().ok(),
            Says::Open { .. } => None,
        }
    }
}

/// Whether a reference has a tag, and is no pair of numbers or names that looks like one: ports and owners
/// (`8080:80`, `app:app`), versions with an epoch (`1:2.53.0`).
fn is_tagged(reference: &Reference) -> bool {
    let Some(tag) = &reference.tag else { return false };
    let name = reference.repository.familiar();
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    !is_number && name != tag.as_str()
}

pub(crate) fn moved(span: Range<usize>, by: usize) -> Range<usize> {
    span.start + by..span.end + by
}

/// The reference in a text without the scheme that some tools want in front of it: `docker://`, `oci://`.
pub fn bare(text: &str) -> &str {
    ["docker://", "docker-image://", "oci://"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text)
}
