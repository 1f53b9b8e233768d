//! Where an image is: a registry, or a directory.

use std::io::{Cursor, Read};

use bytes::Bytes;
use camino::Utf8Path;
use imagelock_core::lockfile::{LockedImage, Origin};
use imagelock_core::oci::{Descriptor, Document};
use imagelock_core::{Digest, Repository, Tag};
use imagelock_registry::{Client, Error, ErrorKind, Layout, MANIFEST_BYTES};

/// Where an image is.
pub(crate) enum Place {
    /// In a repository of a registry.
    Registry(Client, Repository),
    /// In an OCI image layout directory.
    Layout(Layout),
}

impl Place {
    /// Where a locked image is, in the project at `root`.
    pub(crate) fn of(image: &LockedImage, client: &Client, root: &Utf8Path) -> Result<Self, Error> {
        Ok(match &image.origin {
            Origin::Registry(repository) => {
                // A registry that forgot the digest may still have the tag.
                client.name(repository, image.tag.as_ref(), &image.digest);
                Self::Registry(client.clone(), repository.clone())
            }
            Origin::Layout(path) => Self::Layout(Layout::within(root, path)?),
        })
    }

    pub(crate) async fn document(&self, digest: &Digest) -> Result<Document, Error> {
        match self {
            Self::Registry(client, repository) => Ok(client.document(repository, digest).await?.1),
            Self::Layout(layout) => {
                let document = Document::read(&layout.blob(digest, MANIFEST_BYTES)?);
                Ok(document.map_err(|error| ErrorKind::Malformed { reason: error.to_string() })?)
            }
        }
    }

    pub(crate) async fn blob(&self, digest: &Digest, cap: u64) -> Result<Bytes, Error> {
        match self {
            Self::Registry(client, repository) => client.blob(repository, digest, cap).await,
            Self::Layout(layout) => Ok(layout.blob(digest, cap)?),
        }
    }

    /// Reads a layer as it comes, on a thread of its own, and returns what `read` makes of it once its digest is verified. What
    /// is in a directory is read whole before.
    pub(super) async fn layer<T: Send + 'static>(
        &self,
        layer: &Descriptor,
        read: impl FnOnce(&mut dyn Read) -> T + Send + 'static,
    ) -> Result<T, Error> {
        match self {
            Self::Registry(client, repository) => client.read_blob(repository, &layer.digest, layer.size, read).await,
            Self::Layout(layout) => Ok(read(&mut Cursor::new(layout.blob(&layer.digest, layer.size)?))),
        }
    }

    /// What is listed as being about a manifest. Layouts have no such list.
    pub(crate) async fn referrers(&self, digest: &Digest) -> Result<Vec<Descriptor>, Error> {
        match self {
            Self::Registry(client, repository) => client.referrers(repository, digest).await,
            Self::Layout(_) => Ok(Vec::new()),
        }
    }

    /// What a tag points at that a tool made of a digest: `sha256-<digits>.att`.
    pub(crate) async fn tagged(&self, digest: &Digest, kind: &str) -> Result<Option<(Digest, Document)>, Error> {
        let tag = format!("{}-{}.{kind}", digest.algorithm().name(), digest.hex()).parse::<Tag>();
        match (self, tag) {
            (Self::Registry(client, repository), Ok(tag)) => client.tagged(repository, tag).await,
            _ => Ok(None),
        }
    }
}
