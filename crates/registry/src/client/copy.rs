//! What is copied of an image: every document, and what it refers to.

use bytes::Bytes;
use imagelock_core::{Digest, Repository};

use super::Client;
use crate::document::{Links, links};
use crate::error::{Context, Error};

impl Client {
    /// Fetches an index, a manifest, or an artifact that stands beside images in an index, by its digest, and verifies
    /// it. Returns its bytes and what it refers to.
    pub async fn document(&self, repository: &Repository, digest: &Digest) -> Result<(Bytes, Links), Error> {
        let bytes = self.manifest_bytes(repository, digest).await?;
        match links(&bytes) {
            Ok(links) => Ok((bytes, links)),
            Err(kind) => {
                let reference = repository.with(None, Some(digest.clone())).to_string();
                let host = repository.host().to_string();
                let context = Context { doing: "copy", reference, host, status: None, attempts: 1, login: None };
                Err(Error { kind, context: Some(Box::new(context)) })
            }
        }
    }
}
