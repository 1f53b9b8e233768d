//! Whether a registry has the blob that it says to have.
//!
//! A `HEAD` is answered out of a database, by a registry whose store has lost the blob just the same. So the blob itself is asked
//! for: all of it where it is small, and else a piece at a place that the registry cannot guess, which is compared with the same
//! piece of the source. It costs no more requests of the registry than asking whether the blob is there. Whoever has other bytes
//! elsewhere in a large blob is found by reading all of it.

use bytes::Bytes;
use futures_util::future;
use imagelock_core::{Digest, Repository, Tag};

use super::BlobSource;
use crate::client::{Client, MANIFEST_BYTES, PlaceOfHost, Thing, expect_success};
use crate::error::{Error, ErrorKind};
use crate::transport::delivery::Delivery;
use crate::transport::{Access, Ask, Sink, retry};

/// The size of the piece, and of the largest blob that is read whole.
const PIECE: u64 = 32 << 10;

/// What a registry has of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// It says that it has none.
    Absent,
    /// It showed it, or the piece that was asked for.
    Shown,
    /// It says that it has it, and gives something else.
    False,
}

/// What came of a piece.
enum Piece {
    Absent,
    Bytes(Bytes),
    /// There is no such piece in what is there.
    Other,
    /// Pieces are not to be had.
    Unknown,
}

impl Client {
    /// Has a registry show a blob of `size` bytes, or a piece of it that is compared with the source's.
    pub async fn holds_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: u64,
        source: &BlobSource<'_>,
    ) -> Result<Holding, Error> {
        if size <= PIECE {
            return self.reads_blob(repository, digest, size).await;
        }
        let first = retry::random() % (size - PIECE);
        let place = self.own(repository)?;
        let piece = match self.piece(&place, repository, digest, first, Access::Write).await? {
            Piece::Absent => return Ok(Holding::Absent),
            Piece::Other => return Ok(Holding::False),
            Piece::Unknown => return self.reads_blob(repository, digest, size).await,
            Piece::Bytes(piece) => piece,
        };
        match source.piece(digest, first).await {
            Some(own) if own == piece => Ok(Holding::Shown),
            Some(_) => Ok(Holding::False),
            // Its digest says as much, and costs all of its bytes.
            None => self.reads_blob(repository, digest, size).await,
        }
    }

    /// Has a registry show what a tag points at, or else what lies under the digest itself.
    pub async fn shows_manifest(
        &self,
        repository: &Repository,
        tag: Option<&Tag>,
        digest: &Digest,
    ) -> Result<Holding, Error> {
        let place = self.own(repository)?;
        let reference = repository.with(tag.cloned(), tag.is_none().then(|| digest.clone())).to_string();
        let ask = place.manifest(reference, tag.map_or(digest.as_str(), Tag::as_str))?;
        let ask = Ask { sink: Sink::Memory { cap: MANIFEST_BYTES }, access: Access::Write, ..ask };
        let answer = self.transport.send(&place.host, &ask).await?;
        match answer.status.as_u16() {
            404 => Ok(Holding::Absent),
            _ => {
                expect_success(&place, &ask, &answer, Thing::Manifest.missing())?;
                Ok(if digest.matches(&answer.body) { Holding::Shown } else { Holding::False })
            }
        }
    }

    /// Has a registry show every byte of a blob.
    pub async fn reads_blob(&self, repository: &Repository, digest: &Digest, size: u64) -> Result<Holding, Error> {
        let (delivery, mut arriving) = Delivery::like(digest);
        let reading = self.delivered(vec![self.own(repository)?], repository, digest, size, delivery);
        let dropping = async { while arriving.recv().await.is_some() {} };
        match future::join(reading, dropping).await.0 {
            Ok(_) => Ok(Holding::Shown),
            Err(Error { kind: ErrorKind::NotFound { .. }, .. }) => Ok(Holding::Absent),
            Err(Error {
                kind:
                    ErrorKind::DigestMismatch { .. }
                    | ErrorKind::SizeMismatch { .. }
                    | ErrorKind::TooLarge { unit: "bytes", .. },
                ..
            }) => Ok(Holding::False),
            Err(error) => Err(error),
        }
    }

    async fn piece(
        &self,
        place: &PlaceOfHost,
        repository: &Repository,
        digest: &Digest,
        first: u64,
        access: Access,
    ) -> Result<Piece, Error> {
        let ask = place.by_digest(Thing::Blob, repository, digest)?;
        let ask = Ask { range: Some((first, first + PIECE - 1)), sink: Sink::Memory { cap: PIECE }, access, ..ask };
        let answer = match self.transport.send(&place.host, &ask).await {
            Err(Error { kind: ErrorKind::TooLarge { .. }, .. }) => return Ok(Piece::Other),
            answer => answer?,
        };
        match answer.status.as_u16() {
            404 => Ok(Piece::Absent),
            416 => Ok(Piece::Other),
            206 => Ok(Piece::Bytes(answer.body)),
            _ => expect_success(place, &ask, &answer, Thing::Blob.missing()).map(|()| Piece::Unknown),
        }
    }
}

impl BlobSource<'_> {
    /// A piece of a blob, where it is easily had.
    async fn piece(&self, digest: &Digest, first: u64) -> Option<Bytes> {
        match self {
            Self::Bytes(bytes) => {
                let first = usize::try_from(first).ok()?;
                Some(bytes.slice(first..first.checked_add(usize::try_from(PIECE).ok()?)?))
            }
            Self::Layout(layout) => layout.piece(digest, first, PIECE).ok().map(Bytes::from),
            Self::Registry { client, repository } => {
                let place = client.mirrors(repository).into_iter().next().or_else(|| client.own(repository).ok())?;
                match client.piece(&place, repository, digest, first, Access::Read).await {
                    Ok(Piece::Bytes(bytes)) => Some(bytes),
                    _ => None,
                }
            }
        }
    }
}
