//! Where an image's documents come from: a registry, or a directory.

use bytes::Bytes;
use imagelock_core::{Digest, Repository};

use crate::client::{CONFIG_BYTES, Client, MANIFEST_BYTES};
use crate::error::{Error, ErrorKind};
use crate::layout::Layout;

/// Where documents come from.
pub(crate) enum Source<'a> {
    /// A registry, its mirrors and the cache.
    Registry(&'a Client, &'a Repository),
    /// The registry itself, as it is now.
    Fresh(&'a Client, &'a Repository),
    /// An OCI image layout directory.
    Layout(Layout),
}

impl Source<'_> {
    /// Returns the verified bytes of a manifest, which have the size that its descriptor promises.
    pub(crate) async fn manifest(&self, digest: &Digest, size: Option<u64>) -> Result<Bytes, Error> {
        within(size, MANIFEST_BYTES)?;
        let bytes = match self {
            Self::Registry(client, repository) => client.manifest_bytes(repository, digest).await?,
            Self::Fresh(client, repository) => client.fresh_manifest(repository, digest).await?,
            Self::Layout(layout) => layout.blob(digest, MANIFEST_BYTES)?,
        };
        sized(bytes, size)
    }

    /// Likewise for a configuration.
    pub(crate) async fn config(&self, digest: &Digest, size: Option<u64>) -> Result<Bytes, Error> {
        within(size, CONFIG_BYTES)?;
        let bytes = match self {
            Self::Registry(client, repository) => client.blob(repository, digest, CONFIG_BYTES).await?,
            Self::Fresh(client, repository) => client.fresh_blob(repository, digest, CONFIG_BYTES).await?,
            Self::Layout(layout) => layout.blob(digest, CONFIG_BYTES)?,
        };
        sized(bytes, size)
    }
}

fn within(size: Option<u64>, limit: u64) -> Result<(), Error> {
    match size {
        Some(size) if size > limit => Err(ErrorKind::TooLarge { limit, unit: "bytes" }.into()),
        _ => Ok(()),
    }
}

fn sized(bytes: Bytes, size: Option<u64>) -> Result<Bytes, Error> {
    match size {
        Some(expected) if expected != bytes.len() as u64 => {
            Err(ErrorKind::SizeMismatch { expected, got: bytes.len() as u64 }.into())
        }
        _ => Ok(bytes),
    }
}
