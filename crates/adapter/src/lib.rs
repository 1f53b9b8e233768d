//! The contract between imagelock and its adapters.
//!
//! An [`Adapter`] owns one table of the project file (`[[helm]]`), reads it into a [`Target`], and a target turns the
//! lock into whole files. Adapters do no I/O: what they may read of the repository comes through [`Tree`], what they
//! write is returned as [`Output`]. Writing, comparing and printing are the command line's, and are the same for all.
//!
//! An adapter is one folder in `integrations/`, one line in the list of adapters in the command line, its template
//! and its test.

mod context;
mod error;
mod seal;
mod target;
mod tree;

pub use context::{Context, Pinned, Rewrites};
pub use error::{Problem, RenderError};
pub use imagelock_templates::{TemplateError, Templates, purl};
pub use seal::{PLACEHOLDER, Seal, SealError};
pub use target::Common;
pub use tree::{MemoryTree, Tree, TreeError};

use camino::Utf8PathBuf;
use imagelock_core::ImageName;
use imagelock_core::project::{ProjectError, TargetTable};
use imagelock_core::source::Location;

/// What turns locked images into what one build system reads.
pub trait Adapter: Sync {
    /// The name of its table in the project file, of its folder and of its page in the documentation.
    fn id(&self) -> &'static str;

    /// One line about it, for help and documentation.
    fn about(&self) -> &'static str;

    /// Reads one of its tables. All mistakes come back, each with its place.
    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>>;
}

/// One place that an adapter writes or edits.
pub trait Target: Send + Sync {
    /// What people call it: `helm deploy/web`.
    fn title(&self) -> String;

    /// The images that it names, each with the place of the name; empty where it takes all of the lock.
    fn images(&self) -> Vec<imagelock_core::source::Spanned<ImageName>>;

    /// Renders its files.
    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError>;
}

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
}

impl Output {
    /// A file of imagelock's. `text` holds [`PLACEHOLDER`] in its head; it is replaced with the seal, by which a
    /// later change by hand is noticed.
    pub fn generated(path: impl Into<Utf8PathBuf>, text: &str, at: &Location) -> Result<Self, SealError> {
        let path = path.into();
        let content = seal::seal(&path, text)?.into_bytes();
        Ok(Self { path, content, ownership: Ownership::Generated, at: at.clone(), warnings: Vec::new() })
    }

    /// A person's file with pins changed in it.
    pub fn edited(path: impl Into<Utf8PathBuf>, content: Vec<u8>, at: &Location) -> Self {
        Self { path: path.into(), content, ownership: Ownership::Edited, at: at.clone(), warnings: Vec::new() }
    }

    /// Adds something that a person should know.
    #[must_use]
    pub fn warn(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }
}
