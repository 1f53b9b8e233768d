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
mod output;
mod seal;
mod target;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
#[allow(clippy::format_collect, reason = "tests build texts of lines")]
mod tests;
mod tree;

pub use context::{Context, Pinned, Rewrites};
pub use error::{Problem, RenderError};
pub use imagelock_templates::{TemplateError, Templates, purl};
pub use output::{Left, Output, Ownership, Use};
pub use seal::{PLACEHOLDER, Seal, SealError};
pub use target::Common;
pub use tree::{MemoryTree, Tree, TreeError, Visitor, is_private};

use camino::Utf8PathBuf;
use imagelock_core::ImageName;
use imagelock_core::project::{ProjectError, TargetTable};

/// What turns locked images into what one build system reads.
pub trait Adapter: Sync {
    /// The name of its table in the project file, of its folder and of its page in the documentation.
    fn id(&self) -> &'static str;

    /// One line about it, for help and documentation.
    fn about(&self) -> &'static str;

    /// The formats of `imagelock-scan` whose references its outputs pin without changing the files that they stand in: a
    /// policy of builds pins what Dockerfiles say. What an output edits, or uses at a place, goes without saying.
    fn pins_elsewhere(&self) -> &'static [&'static str] {
        &[]
    }

    /// Reads one of its tables. All mistakes come back, each with its place.
    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>>;
}

/// One place that an adapter writes or edits.
pub trait Target: Send + Sync {
    /// What people call it: `helm deploy/web`.
    fn title(&self) -> String;

    /// The images that it names, each with the place of the name; empty where it takes all of the lock.
    fn images(&self) -> Vec<imagelock_core::source::Spanned<ImageName>>;

    /// Whether it takes what no other target edits or writes: it is rendered after those, and sees none of their files.
    fn is_wide(&self) -> bool {
        false
    }

    /// The files of people that need no pin of their own, since what it writes stands above them: what takes all that no
    /// other target does leaves them alone.
    fn covers(&self) -> Vec<Utf8PathBuf> {
        Vec::new()
    }

    /// Renders its files.
    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError>;
}
