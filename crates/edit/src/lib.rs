//! What adapters share that read or change files of people.
//!
//! - [`patterns`] and [`files`]: the globs of `edit = […]`, and the files that they name, as texts that errors can
//!   point into.
//! - [`Marker`]: a comment that says which image the value beside it is.
//! - [`Written`] and [`spelled`]: which locked image a written reference means, and how it is written back.
//! - [`splice`]: bytes are replaced, nothing is printed anew. [`settled`]: what was written is read again, and refused
//!   where its reader does not find its own work.
//!
//! It is not for any one format: what a value is in YAML or in a Dockerfile, each adapter knows.

mod files;
mod marker;
mod settle;
mod splice;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod written;

pub use files::{File, files, patterns};
pub use marker::{Marker, Part};
pub use settle::{Reading, settled};
pub use splice::{Change, splice};
pub use written::{Found, Written, spelled};
