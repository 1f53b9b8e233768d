//! An index's entries (OCI image-spec, `image-index.md`), of which those that nobody asks for refuse nothing.

use imagelock_core::oci::json::{Fields, Object};
use imagelock_core::oci::{DESCRIPTOR, WrittenPlatform, named};
use imagelock_core::{Digest, Platform};
use serde::de::{IgnoredAny, MapAccess};

use super::facts::{Facts, Value};
use super::{digest, is_index, is_manifest, names_schema1};
use crate::error::{ErrorKind, quoted};

/// A descriptor as it is written (OCI image-spec, `descriptor.md`).
#[derive(Default)]
pub(super) struct Descriptor {
    pub(super) media_type: Option<String>,
    artifact_type: Option<String>,
    pub(super) digest: Option<String>,
    pub(super) size: Option<i64>,
    platform: Option<Object<WrittenPlatform>>,
    annotations: Value,
}

impl Fields for Descriptor {
    const NAMES: &'static [&'static str] = DESCRIPTOR;

    fn set<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "mediaType" => self.media_type = named(map.next_value()?),
            "artifactType" => self.artifact_type = named(map.next_value()?),
            "digest" => self.digest = map.next_value()?,
            "size" => self.size = map.next_value()?,
            "platform" => self.platform = map.next_value()?,
            "annotations" => self.annotations = map.next_value()?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl Named {
    fn of(written: &WrittenPlatform) -> Self {
        let [os, architecture, variant] = written.parts();
        if os.is_empty() || architecture.is_empty() {
            return Self::Nothing;
        }
        match Platform::new(&os, &architecture, Some(&variant)) {
            Ok(platform) => Self::Platform(platform),
            Err(_) if variant.is_empty() => Self::Unreadable(quoted(&format!("{os}/{architecture}"))),
            Err(_) => Self::Unreadable(quoted(&format!("{os}/{architecture}/{variant}"))),
        }
    }
}

/// An index.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    pub(crate) entries: Vec<IndexEntry>,
    pub(crate) facts: Facts,
}

/// An entry of an index.
#[derive(Clone, Debug)]
pub(crate) struct IndexEntry {
    pub(crate) kind: EntryKind,
    pub(crate) platform: Named,
    pub(crate) facts: Facts,
    /// The name of the image, in a layout's `index.json`.
    pub(crate) ref_name: Option<String>,
    digest: String,
    size: Option<i64>,
}

/// What an entry of an index leads to, by its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Image,
    Index,
    /// What a builder says about another entry.
    Attestation,
    Schema1,
    /// Anything else, by its type; empty where it says none.
    Other(String),
}

/// The platform that an entry of an index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// None: left out, null, empty, or half of one.
    Nothing,
    Platform(Platform),
    /// One that is no platform's text.
    Unreadable(String),
}

impl Index {
    /// An index of entries as they are written. Go reads an entry that is `null` as one that says nothing.
    pub(super) fn of(entries: Vec<Option<Object<Descriptor>>>, facts: Facts) -> Self {
        Self { entries: entries.into_iter().flatten().map(|Object(written)| IndexEntry::of(written)).collect(), facts }
    }
}

impl IndexEntry {
    fn of(written: Descriptor) -> Self {
        let notes = written.annotations.notes();
        let platform = written.platform.map(|Object(platform)| platform).unwrap_or_default();
        let [os, architecture, _] = platform.parts();
        let platform = Named::of(&platform);
        let media_type = written.media_type.unwrap_or_default();
        // What a builder says about an entry for a platform does not make it less of an image; its manifest tells.
        let is_artifact = written.artifact_type.is_some() && platform == Named::Nothing;
        let kind = if notes.is_attestation || os == "unknown" || architecture == "unknown" {
            EntryKind::Attestation
        } else if is_index(&media_type) {
            EntryKind::Index
        } else if is_manifest(&media_type) && !is_artifact {
            EntryKind::Image
        } else if names_schema1(&media_type) {
            EntryKind::Schema1
        } else {
            EntryKind::Other(quoted(&written.artifact_type.unwrap_or(media_type)))
        };
        let digest = written.digest.unwrap_or_default();
        Self { kind, platform, facts: notes.facts, ref_name: notes.ref_name, digest, size: written.size }
    }

    /// Returns the entry with what an outer index says about it, where it says nothing itself.
    pub(crate) fn within(&self, facts: &Facts) -> Self {
        Self { facts: self.facts.clone().or(facts), ..self.clone() }
    }

    /// Returns the digest, where it is one: an entry that nobody asks for may hold anything.
    pub(crate) fn digest(&self) -> Result<Digest, ErrorKind> {
        digest(&self.digest)
    }

    /// Whether two entries lead to the same content.
    pub(crate) fn leads_where(&self, other: &Self) -> bool {
        self.digest == other.digest
    }

    /// Returns the size that is promised.
    pub(crate) fn size(&self) -> Result<u64, ErrorKind> {
        self.size.and_then(|size| u64::try_from(size).ok()).ok_or_else(|| {
            let size = self.size.map_or_else(|| "no".to_owned(), |size| size.to_string());
            ErrorKind::Malformed {
                reason: format!("the index gives {size} bytes as the size of {}", quoted(&self.digest)),
            }
        })
    }
}
