//! Another project's lock, from which images are taken over: where it is, and the artifact that it is in a registry.

use std::fmt;
use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::oci::MANIFEST;
use crate::reference::{Host, Reference, ReferenceError, Repository, Tag};
use crate::text::canonical;

/// The type of a published lock: of the artifact, and of its one layer.
pub const ARTIFACT_TYPE: &str = "application/vnd.imagelock.lock.v1+json";
/// The configuration of an artifact that has none (OCI image-spec, `manifest.md`, "Guidelines for Artifact Usage").
pub const EMPTY: &[u8] = b"{}";
/// What stands in front of a reference.
const SCHEME: &str = "oci://";

/// Where another project's lock is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publisher {
    /// In a registry, under a tag unless only a digest is named.
    Registry(Repository, Option<Tag>),
    /// In a file, by its path from the project file on.
    Path(Utf8PathBuf),
}

/// What a project file asks to extend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extends {
    /// Where it is.
    pub publisher: Publisher,
    /// The digest of its manifest, where a person chose it.
    pub digest: Option<Digest>,
}

/// What a lock was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Extended {
    /// Where it is.
    pub publisher: Publisher,
    /// The digest of its manifest in a registry; of a file, that of its bytes.
    pub digest: Digest,
}

/// Why a text names no lock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtendsError {
    /// It is no reference.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// It is no path.
    #[error("what is extended is `oci://` and a reference, or the path of an images.lock from this file on")]
    Path,
}

impl Publisher {
    fn path(path: &str) -> Result<Self, ExtendsError> {
        let is_odd = |c: char| c.is_control() || matches!(c, '\\' | ':');
        let is_path = !path.is_empty() && !path.contains(is_odd) && !Utf8Path::new(path).is_absolute();
        if is_path { Ok(Self::Path(path.into())) } else { Err(ExtendsError::Path) }
    }
}

impl fmt::Display for Publisher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(repository, tag) => write!(formatter, "{SCHEME}{}", repository.with(tag.clone(), None)),
            Self::Path(path) => write!(formatter, "{path}"),
        }
    }
}

impl FromStr for Extends {
    type Err = ExtendsError;

    fn from_str(text: &str) -> Result<Self, ExtendsError> {
        let Some(reference) = text.strip_prefix(SCHEME) else {
            return Ok(Self { publisher: Publisher::path(text)?, digest: None });
        };
        let Reference { repository, tag, digest } =
            reference.parse::<Reference>().map_err(|error| error.behind(SCHEME.len()))?;
        let tag = if digest.is_none() { tag.or_else(|| Some(Tag::latest())) } else { tag };
        Ok(Self { publisher: Publisher::Registry(repository, tag), digest })
    }
}

/// As it stands in a lock, in the order of its keys.
#[derive(Serialize, Deserialize)]
struct Written {
    digest: Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registry: Option<Host>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<Tag>,
}

impl From<Extended> for Written {
    fn from(Extended { publisher, digest }: Extended) -> Self {
        match publisher {
            Publisher::Path(path) => {
                Self { digest, path: Some(path.into_string()), registry: None, repository: None, tag: None }
            }
            Publisher::Registry(repository, tag) => {
                let (registry, path) = (Some(repository.host().clone()), Some(repository.path().to_owned()));
                Self { digest, path: None, registry, repository: path, tag }
            }
        }
    }
}

impl TryFrom<Written> for Extended {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let publisher = match (written.path, written.registry, written.repository, written.tag) {
            (Some(path), None, None, None) => Publisher::path(&path).map_err(|error| error.to_string())?,
            (None, Some(host), Some(path), tag) => {
                let repository = Repository::new(host, &path).map_err(|error| error.to_string())?;
                canonical(repository.path(), &path)?;
                Publisher::Registry(repository, tag)
            }
            _ => return Err("what is extended has `registry` and `repository`, or `path`".to_owned()),
        };
        Ok(Self { publisher, digest: written.digest })
    }
}

/// The manifest of a published lock: a function of the lock's bytes, so that whoever has those knows its digest.
pub fn manifest(lock: &[u8]) -> String {
    let descriptor = |media_type: &str, bytes: &[u8]| {
        format!(r#"{{"mediaType":"{media_type}","digest":"{}","size":{}}}"#, Digest::sha256(bytes), bytes.len())
    };
    let config = descriptor("application/vnd.oci.empty.v1+json", EMPTY);
    let layer = descriptor(ARTIFACT_TYPE, lock);
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","artifactType":"{ARTIFACT_TYPE}","config":{config},"layers":[{layer}]}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_extended_is_a_reference_or_a_path() {
        let read = |text: &str| {
            text.parse::<Extends>().map(|extends| (extends.publisher.to_string(), extends.digest.is_some())).ok()
        };
        let is = |text: &str, digest| Some((text.to_owned(), digest));
        let digest = format!("sha256:{}", "a".repeat(64));
        assert_eq!(read("oci://ghcr.io/acme/images:stable"), is("oci://ghcr.io/acme/images:stable", false));
        assert_eq!(read("oci://ghcr.io/acme/images"), is("oci://ghcr.io/acme/images:latest", false));
        assert_eq!(read(&format!("oci://ghcr.io/acme/images@{digest}")), is("oci://ghcr.io/acme/images", true));
        assert_eq!(read("../platform/images.lock"), is("../platform/images.lock", false));
        for odd in ["", "/etc/images.lock", "oci://", "oci://No", "https://x/y", "C:\\x", "a\nb"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    #[test]
    fn the_manifest_is_a_function_of_the_lock() {
        let text = manifest(b"{}\n");
        let document = crate::oci::Document::read(text.as_bytes()).unwrap();
        assert_eq!(document.artifact_type.as_deref(), Some(ARTIFACT_TYPE));
        assert_eq!((document.layers.len(), &document.layers[0].digest), (1, &Digest::sha256(b"{}\n")));
        assert_eq!(document.config.unwrap().digest, Digest::sha256(EMPTY));
        assert_ne!(text, manifest(b"{ }\n"));
    }
}
