//! The model of imagelock: what a reference, a request, a project file and a lock are, and whether one answers the
//! other.
//!
//! It is for every part that has to agree on those questions. It is not for finding out anything: nothing in here
//! touches the network, the clock, the environment or a file, so the same input gives the same output everywhere.
//!
//! - [`mod@reference`], [`digest`], [`platform`], [`name`]: text from outside becomes one of these or an error that names
//!   the byte.
//! - [`naming`]: names for images that nobody named.
//! - [`policy`]: which of a repository's tags answers a version rule, and why no other does.
//! - [`project`]: `images.toml` and the same tables in a Cargo manifest, with the place of everything in them.
//! - [`request`]: what an image is asked for, in the form that the lock records.
//! - [`oci`]: what registries hold: indexes, manifests, configurations, and statements about them.
//! - [`mod@compare`]: which of two images is newer, what became of the first, and who says so; [`forge`]: where a forge shows
//!   what was committed between two revisions.
//! - [`lockfile`]: `images.lock`, read and written byte for byte, and merged; [`conflict`]: what a merge leaves in a text.
//! - [`trust`]: who has to have signed an image.
//! - [`update`]: how far a locked image may move, and what of a move waits for somebody who approves it.
//! - [`seen`]: `images.seen`, when each tag was first seen at each digest, and so how old something is at least.
//! - [`summary`]: what an update did, as the title and the body of a pull request.
//! - [`plan`]: what a run has to resolve, and why; [`precise`]: an answer that somebody names.
//! - `arbitrary`, with the feature `proptest`: strategies for property tests.
//! - [`source`]: where in a file something stands, for errors that show it.
//! - [`escape`]: text inside the strings of other languages.
//! - [`text`]: which characters steer what people see, and how JSON is written without them; times in words.

#[cfg(any(test, feature = "proptest"))]
pub mod arbitrary;
pub mod compare;
pub mod conflict;
pub mod created;
pub mod digest;
pub mod escape;
mod expression;
pub mod extends;
pub mod forge;
mod inside;
pub mod lockfile;
pub mod name;
pub mod naming;
pub mod oci;
pub mod plan;
pub mod platform;
pub mod policy;
pub mod precise;
pub mod project;
pub mod reference;
pub mod request;
pub mod seen;
pub mod source;
pub mod summary;
pub mod text;
pub mod trust;
pub mod update;

pub use created::Created;
pub use digest::Digest;
pub use lockfile::{Base, LockedImage, LockedPlatform, Lockfile, Origin};
pub use name::ImageName;
pub use platform::Platform;
pub use project::Project;
pub use reference::{Host, Reference, Repository, Tag};
pub use request::{Request, Wanted};
