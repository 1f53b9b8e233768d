//! What a target wants written, and what it is made of.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use imagelock_core::ImageName;
use imagelock_core::source::Location;

use crate::seal::{self, SealError};

/// A file as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Where, relative to the project file.
    pub path: Utf8PathBuf,
    /// The whole content.
    pub content: Vec<u8>,
    /// Whether the whole file is imagelock's, or a person's with pins in it.
    pub ownership: Ownership,
    /// The place in the project file that asks for it, for errors.
    pub at: Location,
    /// The images that were written into it.
    pub uses: Vec<Use>,
    /// Places in it that stay as they are although they name images, and why.
    pub kept: Vec<Left>,
    /// What a person should know about the result, without it being an error.
    pub warnings: Vec<String>,
}

/// Whose file an output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// imagelock's: it is written whole, and its head says so. A file that a person changed is not overwritten.
    Generated,
    /// A person's: only pins in it are changed.
    Edited,
    /// A person's that stays as it is: the output has no content, and is there to be told of.
    Told,
}

/// An image that an output has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The image.
    pub image: ImageName,
    /// Its place, in a file of a person's.
    pub at: Option<Location>,
    /// The tag that stood there before and the one that stands there now, where they differ.
    pub moved: Option<(String, String)>,
}

/// A place that names an image and was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Where.
    pub at: Location,
    /// Why, for people: one line.
    pub reason: String,
}

impl Output {
    /// A file of imagelock's. `text` holds [`PLACEHOLDER`](crate::PLACEHOLDER) in its head; it is replaced with the
    /// seal, by which a later change by hand is noticed.
    pub fn generated(path: impl Into<Utf8PathBuf>, text: &str, at: &Location) -> Result<Self, SealError> {
        let path = path.into();
        let content = seal::seal(&path, text)?.into_bytes();
        Ok(Self { ownership: Ownership::Generated, ..Self::edited(path, content, at) })
    }

    /// A person's file with pins changed in it.
    pub fn edited(path: impl Into<Utf8PathBuf>, content: Vec<u8>, at: &Location) -> Self {
        let (path, at) = (path.into(), at.clone());
        let (uses, kept, warnings) = (Vec::new(), Vec::new(), Vec::new());
        Self { path, content, ownership: Ownership::Edited, at, uses, kept, warnings }
    }

    /// A person's file that stays as it is, and why.
    pub fn told(path: impl Into<Utf8PathBuf>, left: Left, at: &Location) -> Self {
        Self { ownership: Ownership::Told, kept: vec![left], ..Self::edited(path, Vec::new(), at) }
    }

    /// Says which images were written into the file.
    #[must_use]
    pub fn with<'n>(mut self, images: impl IntoIterator<Item = &'n ImageName>) -> Self {
        let images: BTreeSet<&ImageName> = images.into_iter().collect();
        self.uses.extend(images.into_iter().map(|image| Use { image: image.clone(), at: None, moved: None }));
        self
    }

    /// Adds something that a person should know.
    #[must_use]
    pub fn warn(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }
}
