//! `images.lock`: what was locked, for each request of the project file.
//!
//! The format is canonical JSON, because every tool that has to read it reads JSON: UTF-8, two spaces, keys in byte
//! order, one newline at the end, what `serde_json`'s pretty printer and `jq -S .` write, with every character escaped that
//! [steers](crate::text::steers) what a reviewer sees. It holds only what is a function of the requests and of the registry's
//! content.
//!
//! # History of the format
//!
//! - Version 1: the first. Before its publication, characters that steer stood raw; such a lock is read, and written anew
//!   with its next change. `base` came to it later, where an image says what it was built on, and
//!   `signatures`, where the project demands them.
//!   So did `extends`, where images are taken over from another lock.
//! - Version 2: a request may have `scheme`, `dialect`, `exclude` and `prerelease`. A lock without them is still written, and
//!   read, as version 1, so nothing changes for who does not use them.

mod answer;
mod judge;
#[cfg(test)]
mod judge_tests;
mod keys;
mod merge;
#[cfg(test)]
mod merge_tests;
mod parse;
mod place;
#[cfg(test)]
mod schema_tests;
mod signature;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

pub use answer::Answer;
pub use judge::{Conflict, Contradiction};
pub use merge::{Clash, Known, Merged};
pub use parse::LockfileError;
pub use signature::{Signature, SignedBy};

use crate::created::Created;
use crate::digest::Digest;
use crate::extends::Extended;
use crate::name::ImageName;
use crate::oci;
use crate::platform::Platform;
use crate::reference::{Host, Reference, Repository, Tag};
use crate::request::{Request, Wanted};
use crate::text::{canonical, escape_json};

/// The file's name.
pub const FILE_NAME: &str = "images.lock";

/// The media types of an index, which has a manifest for each platform.
pub(crate) const INDEXES: [&str; 2] = ["application/vnd.docker.distribution.manifest.list.v2+json", oci::INDEX];
/// The media types of a manifest, which is an image for one platform.
pub(crate) const MANIFESTS: [&str; 2] = ["application/vnd.docker.distribution.manifest.v2+json", oci::MANIFEST];

/// The locked images of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lockfile {
    /// Another project's lock, from which images were taken over.
    pub extends: Option<Extended>,
    /// Each image by its name in the project file.
    pub images: BTreeMap<ImageName, LockedImage>,
}

/// What one request was answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenImage", into = "WrittenImage")]
pub struct LockedImage {
    /// The request that this answers.
    pub request: Request,
    /// Where the image is.
    pub origin: Origin,
    /// The tag that was followed or picked.
    pub tag: Option<Tag>,
    /// The digest of the index, or of the manifest where the image has one platform and no index.
    pub digest: Digest,
    /// The media type of what `digest` names.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// The platforms that were locked.
    pub platforms: BTreeMap<Platform, LockedPlatform>,
    /// When the image says that it was made.
    pub created: Option<Created>,
    /// `org.opencontainers.image.version`, as the publisher wrote it: hostile text wherever it is printed.
    pub version: Option<String>,
    /// `org.opencontainers.image.revision`, likewise.
    pub revision: Option<String>,
    /// `org.opencontainers.image.source`, likewise.
    pub source: Option<String>,
    /// The image that this one says it was built on.
    pub base: Base,
    /// What proves that those have signed it who had to; empty where nobody has to.
    pub signatures: Vec<Signature>,
}

/// What an image says that it was built on (OCI image-spec, `annotations.md`); empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// `org.opencontainers.image.base.digest`. A text that is no digest says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// `org.opencontainers.image.base.name`, as the publisher wrote it: hostile text wherever it is printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Where a locked image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In a registry. Mirrors do not show here: the name is the canonical one.
    Registry(Repository),
    /// In an OCI image layout directory, relative to the project file.
    Layout(Utf8PathBuf),
}

/// One platform of a locked image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LockedPlatform {
    /// The digest of the image's configuration.
    pub config: Digest,
    /// The digest of the manifest.
    pub digest: Digest,
    /// The media type of the manifest.
    #[serde(deserialize_with = "parse::manifest_media_type")]
    pub media_type: String,
    /// The size of the manifest in bytes.
    pub size: u64,
}

impl Lockfile {
    /// The newest version of the format that is written and read.
    pub const VERSION: u32 = 2;

    /// The version of the format that this lock needs: what version 1 can say is written in it, for who reads no other.
    fn version(&self) -> u32 {
        let plain = |image: &LockedImage| match &image.request.wanted {
            Wanted::Version { rule, .. } => rule.parts().is_plain(),
            Wanted::Tag { .. } | Wanted::Digest { .. } | Wanted::Layout { .. } => true,
        };
        if self.images.values().all(plain) { 1 } else { 2 }
    }

    /// Returns the canonical bytes: `parse(encode(lock)) == lock`, and `encode(parse(text)) == text` for a text that
    /// was written here.
    pub fn encode(&self) -> String {
        #[derive(Serialize)]
        struct LockDocument<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            extends: Option<&'a Extended>,
            images: &'a BTreeMap<ImageName, LockedImage>,
            version: u32,
        }
        let file = LockDocument { extends: self.extends.as_ref(), images: &self.images, version: self.version() };
        // Maps with text as keys and values that are text and numbers always have a JSON form.
        let mut text = escape_json(&serde_json::to_string_pretty(&file).unwrap_or_default());
        text.push('\n');
        text
    }
}

impl Base {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl LockedImage {
    /// The repository, unless the image comes from a directory.
    pub fn repository(&self) -> Option<&Repository> {
        match &self.origin {
            Origin::Registry(repository) => Some(repository),
            Origin::Layout(_) => None,
        }
    }

    /// The layout directory, if the image comes from one.
    pub fn layout(&self) -> Option<&Utf8Path> {
        match &self.origin {
            Origin::Registry(_) => None,
            Origin::Layout(path) => Some(path),
        }
    }

    /// Whether a digest is the image's, or that of its manifest for a platform.
    pub fn has(&self, digest: &Digest) -> bool {
        self.digest == *digest || self.platforms.values().any(|platform| platform.digest == *digest)
    }

    /// `repository@digest`, what a build that wants no tag says.
    pub fn pinned(&self) -> Option<Reference> {
        Some(self.repository()?.with(None, Some(self.digest.clone())))
    }

    /// `repository:tag@digest`, what a person can read.
    pub fn tagged(&self) -> Option<Reference> {
        Some(self.repository()?.with(self.tag.clone(), Some(self.digest.clone())))
    }
}

/// A locked image as it stands in the file: one flat object whose fields are declared in byte order.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenImage {
    #[serde(default, deserialize_with = "parse::object", skip_serializing_if = "Base::is_empty")]
    base: Base,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<Created>,
    digest: Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<Utf8PathBuf>,
    #[serde(deserialize_with = "parse::any_media_type")]
    media_type: String,
    #[serde(deserialize_with = "parse::platforms")]
    platforms: BTreeMap<Platform, LockedPlatform>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registry: Option<Host>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<String>,
    #[serde(deserialize_with = "parse::object")]
    request: Request,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(default, deserialize_with = "parse::objects", skip_serializing_if = "Vec::is_empty")]
    signatures: Vec<Signature>,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

impl From<LockedImage> for WrittenImage {
    fn from(image: LockedImage) -> Self {
        let (registry, repository, layout) = match image.origin {
            Origin::Registry(repository) => (Some(repository.host().clone()), Some(repository.path().to_owned()), None),
            Origin::Layout(path) => (None, None, Some(path)),
        };
        Self {
            base: image.base,
            created: image.created,
            digest: image.digest,
            layout,
            media_type: image.media_type,
            platforms: image.platforms,
            registry,
            repository,
            request: image.request,
            revision: image.revision,
            signatures: image.signatures,
            size: image.size,
            source: image.source,
            tag: image.tag,
            version: image.version,
        }
    }
}

impl TryFrom<WrittenImage> for LockedImage {
    type Error = String;

    fn try_from(written: WrittenImage) -> Result<Self, String> {
        let origin = match (written.registry, written.repository, written.layout) {
            (Some(host), Some(path), None) => {
                let repository = Repository::new(host, &path).map_err(|error| error.to_string())?;
                canonical(repository.path(), &path)?;
                Origin::Registry(repository)
            }
            (None, None, Some(path)) => Origin::Layout(crate::inside::checked(&path, "layout")?),
            _ => return Err("a locked image has `registry` and `repository`, or `layout`".to_owned()),
        };
        Ok(Self {
            request: written.request,
            origin,
            tag: written.tag,
            digest: written.digest,
            media_type: written.media_type,
            size: written.size,
            platforms: written.platforms,
            created: written.created,
            version: written.version,
            revision: written.revision,
            source: written.source,
            base: written.base,
            signatures: written.signatures,
        })
    }
}
