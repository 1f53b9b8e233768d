//! The keys that every target has.

use camino::Utf8PathBuf;
use imagelock_core::ImageName;
use imagelock_core::project::Fields;
use imagelock_core::source::Spanned;

/// The keys that every target has: where it writes, and which images it takes.
#[derive(Clone, Debug)]
pub struct Common {
    /// The file to write, relative to the project file.
    pub output: Option<Spanned<Utf8PathBuf>>,
    /// The images to take; all of the lock where it is absent.
    pub images: Option<Vec<Spanned<ImageName>>>,
}

impl Common {
    /// Reads `output` and `images`; mistakes are noted in `fields`.
    pub fn read(fields: &mut Fields<'_>) -> Self {
        Self { output: fields.path("output"), images: fields.all_parsed("images") }
    }
}
