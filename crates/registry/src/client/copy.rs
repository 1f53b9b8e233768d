//! Documents of any kind, with what they refer to.

use bytes::Bytes;
use imagelock_core::oci::Document;
use imagelock_core::{Digest, Reference, Repository, Tag};

use super::Client;
use crate::error::{Context, Error, ErrorKind};

impl Client {
    /// Fetches an index, a manifest, or an artifact that stands beside images in an index, by its digest, and verifies
    /// it. Returns its bytes and what it refers to.
    pub async fn document(&self, repository: &Repository, digest: &Digest) -> Result<(Bytes, Document), Error> {
        let bytes = self.manifest_bytes(repository, digest).await?;
        match Document::read(&bytes) {
            Ok(document) => Ok((bytes, document)),
            Err(error) => {
                let reference = repository.with(None, Some(digest.clone())).to_string();
                let host = repository.host().to_string();
                let context = Context { doing: "read", reference, host, status: None, attempts: 1, login: None };
                let kind = ErrorKind::Malformed { reason: error.to_string() };
                Err(Error { kind, context: Some(Box::new(context)) })
            }
        }
    }

    /// Fetches whatever a tag points at, with its digest; nothing where there is no such tag. It is one request.
    pub async fn tagged(&self, repository: &Repository, tag: Tag) -> Result<Option<(Digest, Document)>, Error> {
        let reference: Reference = repository.with(Some(tag), None);
        let Some(pointed) = self.get(&reference).await? else { return Ok(None) };
        // The bytes that the tag gave are kept for who asks for their digest.
        let (_, document) = self.document(repository, &pointed.digest).await?;
        Ok(Some((pointed.digest, document)))
    }
}
