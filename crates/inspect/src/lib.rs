//! What is inside an image, and how two differ.
//!
//! - [`layers`]: a [`Search`] through layers, which are streams of bytes, for what says which packages an image has.
//! - [`database`]: the formats of what says so, one module each.
//! - [`compare_versions`]: which of two versions is the later one, by the rules of each distribution.
//! - [`Package`]: one thing that an image has installed, known by its [`Purl`], with the [`Grade`] of who says so.
//! - [`Description`]: what is known of one platform of an image; [`Listing`]: its packages, and [`By`] whom they are listed.
//! - [`attested`]: what publishers say beside their images, in SPDX, CycloneDX and SLSA provenance.
//! - [`Difference`]: what two descriptions differ in, with a [`Verdict`].
//! - [`bom`]: a description as a bill of materials that other tools read.
//! - [`advisory`]: what a change of packages fixes and what it brings; [`endoflife`]: when the release that an image is of ends.
//!
//! Bytes come in, descriptions go out: no network, no files, no clock. Everything that is read was written by strangers:
//! each reader has bounds in bytes, entries and depth, and what it does not read it names.

pub mod advisory;
pub mod attested;
pub mod bom;
mod configuration;
pub mod database;
mod description;
mod difference;
pub mod endoflife;
pub mod layers;
mod order;
mod package;
#[cfg(test)]
mod tests;

pub use configuration::{Setting, What};
pub use database::os_release::OsRelease;
pub use description::{By, Description, Layer, Listing, NotRead};
pub use difference::{Advised, Changed, Difference, Installed, KnownBy, Layers, Made, Packages, Sizes, Verdict};
pub use layers::{Compression, Contents, LayerError, Limits, Search};
pub use order::compare_versions;
pub use package::{Grade, Package, Purl, PurlError, Source};
