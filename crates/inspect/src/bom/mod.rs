//! Bills of materials of one platform of an image, as other tools read them: the same description gives the same bytes, without
//! the time of the run.

mod cyclonedx;
mod spdx;

use imagelock_core::{Created, Digest, Platform};

pub use cyclonedx::cyclonedx;
pub use spdx::spdx;

use crate::description::By;

/// The image that a bill of materials is of.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its repository, or what else it is called.
    pub name: &'a str,
    /// Its tag, or its digest.
    pub version: &'a str,
    /// Its purl (purl-spec, `oci`).
    pub purl: &'a str,
    /// The digest of the platform's manifest.
    pub manifest: &'a Digest,
    /// The platform.
    pub platform: &'a Platform,
    /// When it was made, where that is known: the one time in the document.
    pub created: Option<&'a Created>,
    /// Where the list of packages was found.
    pub by: By,
}

impl Subject<'_> {
    /// Who lists the packages, for people who wonder.
    fn words(&self) -> String {
        format!("packages {} ({})", self.by.words(), self.by.grade().words())
    }
}

/// The text of a document.
fn text(document: &impl serde::Serialize) -> String {
    // Structures of text and numbers always have a JSON form.
    let json = serde_json::to_string_pretty(document).unwrap_or_default();
    imagelock_core::text::escape_json(&json) + "\n"
}
