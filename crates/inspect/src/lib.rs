//! What is inside an image, and how two differ.
//!
//! - [`layers`]: a [`Search`] through layers, which are streams of bytes, for what says which packages an image has.
//! - [`database`]: the formats of what says so, one module each.
//! - [`compare_versions`]: which of two versions is the later one, by the rules of each distribution.
//! - [`Package`]: one thing that an image has installed, known by its [`Purl`], with the [`Grade`] of who says so.
//!
//! Bytes come in, descriptions go out: no network, no files, no clock. Everything that is read was written by strangers:
//! each reader has bounds in bytes, entries and depth, and what it does not read it names.

pub mod database;
pub mod layers;
mod order;
mod package;

pub use database::os_release::OsRelease;
pub use layers::{Compression, Contents, LayerError, Limits, Search};
pub use order::compare_versions;
pub use package::{Grade, Package, Purl, PurlError, Source};
