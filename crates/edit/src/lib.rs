//! What adapters share that change files of people.
//!
//! - [`Files`]: the paths and globs of `edit` and `exclude`, and the files that they name.
//! - [`Matcher`]: which locked image a written reference means, the one rule for all.
//! - [`Pinning`]: the one way from a text to the text with its images pinned; [`Spell`] says how they are written.
//! - [`Unpinning`]: the way back, to the bytes of before.
//! - [`marked`], [`ignored`]: what comments say of places, for those who only read.
//! - [`InPlace`]: a target that does so for the files of a table.
//! - [`set_values`]: values of YAML and JSON set at their paths.
//! - [`splice`]: bytes are replaced, nothing is printed anew.
//!
//! It is not for any one format: where a language has images, `imagelock-scan` knows.

mod files;
mod in_place;
mod marker;
mod matcher;
mod parts;
mod pinning;
mod spell;
mod splice;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod unpinning;
mod values;

pub use files::{File, Files, Named, glob};
pub use in_place::{InPlace, strict};
pub use marker::{Holds, Marked, ignored, marked};
pub use matcher::{Choice, Kept, Known, Matcher};
pub use pinning::{Edited, Pinning, Stuck};
pub use spell::Spell;
pub use splice::{Change, Overlap, splice};
pub use unpinning::{Unpinned, Unpinning};
pub use values::{SetError, SetValue, set_values};
