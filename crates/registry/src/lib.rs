//! The OCI registry client and the resolver that turns requests into locked images.
//!
//! - [`Client`] asks registries: what a tag points at, a manifest or a blob by digest, the tags of a repository. It
//!   is thin over HTTP and strict about what it believes: what a digest names is hashed, everything has a cap. It writes too:
//!   blobs of any size on their way from one registry to another, and manifests.
//! - [`Resolver`] turns requests into the images of a lock, all of them or none, and verifies a lock.
//! - [`Cache`] keeps what digests name; [`Layout`] reads an OCI image layout, a directory or a tar of one.
//! - [`Event`]s tell a listener what happens; [`Error`] says what was being done when it did not.
//!
//! What is to be written where, and in which order, is for others to say; and it knows nothing of project files or terminals.
//!
//! Invariant: what comes out is a function of the requests and of the registries' content. Neither the order of
//! answers, nor the number of requests at a time, nor a mirror or a cache can change it.

mod address;
mod cache;
mod client;
mod document;
mod error;
mod event;
mod hash;
mod layout;
mod link;
mod list;
mod resolve;
mod settings;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing;
mod transport;

pub use address::repository_path;
pub use cache::Cache;
pub use client::{
    Authorization, BlobSource, CONFIG_BYTES, Client, ClientBuilder, Descriptor, Holding, MANIFEST_BYTES, Manifest,
    TagList,
};
pub use error::{
    BuildError, Context, Error, ErrorKind, Login, Missing, NoNewest, NotAnImage, Refusal, Refuser, Withheld,
};
pub use event::{Event, Oddity, Reporter, Silent};
pub use hash::is_content_of;
pub use layout::{Layout, LayoutError};
pub use resolve::{Built, Resolved, Resolver, Shared, Step, Take};
pub use settings::{Backoff, Mirror, Pace, RegistrySettings, Timeouts};
