//! The files of people: how they are read and how they are written, once for every part that does.
//!
//! It is for whatever a repository, a home folder or an output holds, and for where programs lie. It is not for what
//! registries send, and it knows no format.
//!
//! - [`bytes`], [`text`]: what a regular file holds, up to a bound; [`open`]: the same, piece by piece; [`Opened`] gives
//!   the first bytes before the rest. A pipe, a device or a folder in a file's place is an error at once, and never
//!   waited for. So is a stream that calls itself a file.
//! - [`Writer::replace`]: a file of a repository, whole or not touched, wherever links lead inside of it, and nowhere
//!   else.
//! - [`Writer::put`]: a file below a folder that somebody else may have filled: no link in it is followed.
//! - [`Temporary`], [`sweep`]: the file that takes another's place, and what removes it where a run was killed.
//! - [`program`]: the program that a name means, in folders that no repository chooses.
//! - [`reserved`]: the paths that no target writes: what Git and CI act on.
//!
//! Invariant: a run that ends at any moment leaves the old file or the new one, and what it leaves beside them goes with
//! the next run that writes there.

mod error;
mod program;
mod read;
pub mod reserved;
mod temporary;
mod write;

pub use error::{FileError, FileProblem};
pub use program::program;
pub use read::{Opened, bytes, open, text, utf8};
pub use temporary::{Temporary, sweep};
pub use write::Writer;
