//! What is copied of an image: every document, and what it refers to.

use bytes::Bytes;
use imagelock_core::{Digest, Repository};

use super::Client;
use crate::document::{Links, links};
use crate::error::Error;

impl Client {
    /// Fetches an index, a manifest, or an artifact that stands beside images in an index, by its digest, and verifies
    /// it. Returns its bytes and what it refers to.
    pub async fn document(&self, repository: &Repository, digest: &Digest) -> Result<(Bytes, Links), Error> {
        let bytes = self.manifest_bytes(repository, digest).await?;
        let links = links(&bytes)?;
        Ok((bytes, links))
    }
}
