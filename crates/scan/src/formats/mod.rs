//! The formats, a file each, and the list of them.
//!
//! A new one is a file here, a line in [`FORMATS`], a case in this module's tests, a seed in `fuzz/seeds/files` under its
//! id with something to pin in it, a row in `docs/places.md`, and the adapter or the command that uses it.

pub mod compose;
pub mod dockerfile;
pub mod earthfile;
pub mod hcl;
mod hcl_quote;
pub mod kubernetes;
pub mod plain;
mod yaml;

pub use compose::Compose;
pub use dockerfile::Dockerfile;
pub use earthfile::Earthfile;
pub use hcl::{Hcl, quote};
pub use kubernetes::Manifests;
pub use plain::{Plain, Words};

use crate::Format;

/// Every format, the narrower ones before the wider: the first that claims a file reads it.
pub const FORMATS: &[&dyn Format] = &[
    &Dockerfile,
    &Earthfile,
    &Compose,
    &Hcl,
    &Manifests { paths: Vec::new() },
    &Plain { words: Words::Yaml },
    &Plain { words: Words::Typed },
    &Plain { words: Words::Text },
];

#[cfg(test)]
mod tests;
