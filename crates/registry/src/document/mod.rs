//! What a manifest's bytes are, told from the bytes alone.
//!
//! The `Content-Type` of an answer has no part in it: mirrors and layouts have others or none, and the lock must be
//! the same with all of them. A document that could be read in two ways is refused. Only what matters to a lock is kept:
//! a document of megabytes leaves little behind.

mod config;
mod facts;
mod index;
#[cfg(test)]
mod tests;

use imagelock_core::Digest;
use imagelock_core::oci::json::{Each, Fields, Object, text};
use imagelock_core::oci::named;
use oci_distribution::manifest::{
    IMAGE_CONFIG_MEDIA_TYPE, IMAGE_DOCKER_CONFIG_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE,
    OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE,
};
use serde::de::{IgnoredAny, MapAccess};

pub(crate) use self::config::Config;
pub(crate) use self::facts::Facts;
pub(crate) use self::index::{EntryKind, Index, IndexEntry, Named};

use self::facts::Value;
use self::index::Descriptor;
use crate::error::{ErrorKind, NotAnImage, quoted};

/// What a request for a manifest accepts. Schema 1 is among it so that it can be refused by its name.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.1";

/// What old releases of Docker and of registries wrote in place of a configuration's type (distribution/distribution#1621,
/// moby/moby#22378). Docker takes these four, and no other, for an image's; the fourth is none at all.
const LEGACY_CONFIGS: [&str; 4] = ["application/octet-stream", "application/json", "text/html", ""];

/// An image's index or manifest.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    Index(Index),
    Image(Manifest),
}

/// A manifest, of which no layer is kept: they have no part in a lock, and an image may have none.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    pub(crate) config: Digest,
    /// The size of the configuration, where one is promised.
    pub(crate) config_size: Option<u64>,
    pub(crate) facts: Facts,
    /// What the manifest calls its configuration, where that does not say whether this is an image: the configuration
    /// has to.
    pub(crate) doubt: Option<String>,
}

/// The fields of all documents.
#[derive(Default)]
struct WrittenDocument {
    schema_version: Option<i64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Object<Descriptor>>,
    layers: Option<Each<Object<Descriptor>>>,
    manifests: Option<Vec<Option<Object<Descriptor>>>>,
    fs_layers: Option<IgnoredAny>,
    annotations: Value,
}

impl Fields for WrittenDocument {
    const NAMES: &'static [&'static str] = &[
        "schemaVersion",
        "mediaType",
        "artifactType",
        "config",
        "layers",
        "manifests",
        "fsLayers",
        "annotations",
        "subject",
    ];

    fn set<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "schemaVersion" => self.schema_version = map.next_value()?,
            "mediaType" => self.media_type = named(map.next_value()?),
            "artifactType" => self.artifact_type = named(map.next_value()?),
            "config" => self.config = map.next_value()?,
            "layers" => self.layers = map.next_value()?,
            "manifests" => self.manifests = map.next_value()?,
            "fsLayers" => self.fs_layers = map.next_value()?,
            "annotations" => self.annotations = map.next_value()?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

/// Reads an index or a manifest, and its media type.
pub(crate) fn read(bytes: &[u8]) -> Result<(Document, &'static str), ErrorKind> {
    let written =
        parse(bytes).map_err(|reason| ErrorKind::Malformed { reason: format!("not a manifest: {reason}") })?;
    let media_type = media_type(&written).map_err(ErrorKind::NotAnImage)?;
    let document = if is_index(media_type) {
        Document::Index(Index::of(written.manifests.unwrap_or_default(), written.annotations.notes().facts))
    } else {
        Document::Image(manifest(written, media_type)?)
    };
    Ok((document, media_type))
}

/// Reads the entries of an OCI image layout's `index.json`, which may say no media type; or says what is wrong with it.
pub(crate) fn entries(bytes: &[u8]) -> Result<Vec<IndexEntry>, String> {
    let written = parse(bytes)?;
    Ok(Index::of(written.manifests.unwrap_or_default(), Facts::default()).entries)
}

/// Whether the bytes are a manifest of schema 1, whose digest is not that of its bytes.
pub(crate) fn is_schema1(bytes: &[u8]) -> bool {
    parse(bytes).is_ok_and(|written| written.schema_version == Some(1) || written.fs_layers.is_some())
}

fn is_index(media_type: &str) -> bool {
    matches!(media_type, OCI_IMAGE_INDEX_MEDIA_TYPE | IMAGE_MANIFEST_LIST_MEDIA_TYPE)
}

/// Whether a descriptor's media type is that of an image's manifest.
fn is_manifest(media_type: &str) -> bool {
    matches!(media_type, OCI_IMAGE_MEDIA_TYPE | IMAGE_MANIFEST_MEDIA_TYPE)
}

fn names_schema1(media_type: &str) -> bool {
    media_type.contains("distribution.manifest.v1+")
}

fn digest(text: &str) -> Result<Digest, ErrorKind> {
    text.parse().map_err(|error| {
        let shown = quoted(text);
        let shown = if shown.is_empty() { "nothing".to_owned() } else { format!("`{shown}`") };
        ErrorKind::Malformed { reason: quoted(&format!("the document holds {shown} as a digest: {error}")) }
    })
}

fn parse(bytes: &[u8]) -> Result<WrittenDocument, String> {
    let Object(written) = serde_json::from_str(&text(bytes)).map_err(|error| quoted(&error.to_string()))?;
    Ok(written)
}

fn media_type(written: &WrittenDocument) -> Result<&'static str, NotAnImage> {
    let declared = written.media_type.as_deref();
    if declared.is_some_and(names_schema1) || written.schema_version == Some(1) || written.fs_layers.is_some() {
        return Err(NotAnImage::Schema1);
    }
    let index = written.manifests.is_some() || declared.is_some_and(is_index);
    let image = written.config.is_some() || written.layers.is_some() || declared.is_some_and(is_manifest);
    // The field is optional in OCI documents, and required in Docker's.
    match (index, image, declared) {
        (true, true, _) => Err(NotAnImage::Ambiguous),
        (true, _, None | Some(OCI_IMAGE_INDEX_MEDIA_TYPE)) => Ok(OCI_IMAGE_INDEX_MEDIA_TYPE),
        (true, _, Some(IMAGE_MANIFEST_LIST_MEDIA_TYPE)) => Ok(IMAGE_MANIFEST_LIST_MEDIA_TYPE),
        (_, true, None | Some(OCI_IMAGE_MEDIA_TYPE)) => Ok(OCI_IMAGE_MEDIA_TYPE),
        (_, true, Some(IMAGE_MANIFEST_MEDIA_TYPE)) => Ok(IMAGE_MANIFEST_MEDIA_TYPE),
        (_, _, Some(other)) => Err(NotAnImage::Artifact(quoted(other))),
        (_, _, None) => Err(NotAnImage::Unknown("application/json".to_owned())),
    }
}

fn manifest(written: WrittenDocument, media_type: &str) -> Result<Manifest, ErrorKind> {
    let Some(Object(config)) = written.config else {
        return Err(ErrorKind::Malformed { reason: "not a manifest: it names no `config`".to_owned() });
    };
    let called = config.media_type.as_deref().unwrap_or_default();
    let is_image = matches!(called, IMAGE_CONFIG_MEDIA_TYPE | IMAGE_DOCKER_CONFIG_MEDIA_TYPE);
    let is_legacy = LEGACY_CONFIGS.contains(&called);
    let doubt = match &written.artifact_type {
        _ if is_image || is_legacy && media_type == IMAGE_MANIFEST_MEDIA_TYPE => None,
        // Builders of OCI images that left the type out are known too; an artifact's configuration is no image's.
        None if is_legacy => Some(called.to_owned()),
        artifact => {
            let named = artifact.as_deref().unwrap_or(called);
            return Err(ErrorKind::NotAnImage(NotAnImage::Artifact(quoted(named))));
        }
    };
    Ok(Manifest {
        config: digest(config.digest.as_deref().unwrap_or_default())?,
        config_size: config.size.and_then(|size| u64::try_from(size).ok()),
        facts: written.annotations.notes().facts,
        doubt,
    })
}
