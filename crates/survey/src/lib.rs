//! Every image reference in a repository.
//!
//! - [`Walk`]: which files of a repository are looked at, and why the others are not.
//! - [`Survey`]: what those files say, in the formats of `imagelock-scan`, and what it means in a lock.
//! - [`Mention`]: one place that names an image, with its [`State`].
//! - [`drift()`]: what is named differently in different places.
//! - [`Adoption`]: what was found, as images to declare.
//! - [`Owners`]: who owns a file, by `CODEOWNERS`.
//! - [`Base`]: what files were in a commit before; [`Past`]: what one file was in all commits before; [`top`]: where the repository that has it starts.
//!
//! It reads and writes nothing but what it finds below the root, through `imagelock-files`, and starts no Git: what is
//! tracked it reads from the index, and what was before from Git's objects. It is not for printing. Invariant: the same files give the same answer, in the same
//! order, on any number of cores, and no file keeps the others from being read.

mod adoption;
mod drift;
mod history;
mod index;
mod mention;
mod owners;
mod reader;
mod rules;
mod survey;
mod walk;

pub use adoption::{Adopted, Adoption};
pub use drift::{Drift, drift};
pub use history::{Base, HistoryError, Past, Version};
pub use mention::{Mention, State};
pub use owners::{Grammar, Owners};
pub use rules::top;
pub use survey::{Before, Ignored, Survey, Surveyed, Warning};
pub use walk::{Excluded, Seen, Walk, Why, excluded};
