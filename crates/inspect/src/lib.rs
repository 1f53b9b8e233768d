//! What is inside an image, and how two differ.
//!
//! - [`Package`]: one thing that an image has installed, known by its [`Purl`], with the [`Grade`] of who says so.
//!
//! Bytes come in, descriptions go out: no network, no files, no clock. Everything that is read was written by strangers:
//! each reader has bounds in bytes, entries and depth, and what it does not read it names.

mod package;

pub use package::{Grade, Package, Purl, PurlError, Source};
