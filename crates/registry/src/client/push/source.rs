//! Where the bytes of a blob come from that is written.

use std::io::Read as _;

use bytes::Bytes;
use futures_util::future;
use imagelock_core::{Digest, Repository};

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::hash::Hasher;
use crate::layout::Layout;
use crate::transport::delivery::Delivery;
use crate::transport::feed::Pipe;

/// How much is read of a file at a time.
const PIECE: usize = 256 << 10;

/// Where the bytes of a blob come from. They are verified, wherever that is.
#[derive(Clone)]
pub enum BlobSource<'a> {
    /// From memory.
    Bytes(Bytes),
    /// From an OCI image layout.
    Layout(&'a Layout),
    /// From another registry, or from a mirror of it: through a client of its own, so that neither waits for what the other holds.
    Registry {
        /// Who reads.
        client: &'a Client,
        /// Where.
        repository: &'a Repository,
    },
}

impl BlobSource<'_> {
    /// Reads a blob into a pipe. Its last piece goes in only when all were verified. An end of the pipe is an end of the attempt,
    /// and no error.
    pub(super) async fn read(&self, digest: &Digest, size: u64, pipe: &Pipe) -> Result<(), Error> {
        tokio::select! {
            biased;
            read = self.pass(digest, size, pipe) => read,
            () = pipe.closed() => Ok(()),
        }
    }

    async fn pass(&self, digest: &Digest, size: u64, pipe: &Pipe) -> Result<(), Error> {
        let last = match self {
            Self::Bytes(bytes) => {
                same(digest, size, &Digest::of(digest.algorithm(), bytes), bytes.len() as u64)?;
                Some(bytes.clone())
            }
            Self::Layout(layout) => file(layout, digest, size, pipe).await?,
            Self::Registry { client, repository } => {
                let (delivery, mut arriving) = Delivery::like(digest);
                let passing = async {
                    let mut last = None;
                    while let Some(piece) = arriving.recv().await {
                        send(pipe, last.replace(piece)).await;
                    }
                    last
                };
                let reading = client.delivered(client.places(repository)?, repository, digest, size, delivery);
                let (read, last) = future::join(reading, passing).await;
                read?;
                last
            }
        };
        send(pipe, last.filter(|last| !last.is_empty())).await;
        Ok(())
    }
}

/// A pipe that nobody reads any more is noticed by whoever waits for its end.
async fn send(pipe: &Pipe, piece: Option<Bytes>) {
    if let Some(piece) = piece {
        let _ = pipe.send(piece).await;
    }
}

/// Reads a file of a layout, and returns its last piece.
async fn file(layout: &Layout, digest: &Digest, size: u64, pipe: &Pipe) -> Result<Option<Bytes>, Error> {
    let mut file = layout.open_blob(digest)?.take(size.saturating_add(1));
    let (mut hasher, mut read, mut last) = (Hasher::like(digest), 0_u64, None);
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        let count = file.by_ref().take(PIECE as u64).read_to_end(&mut piece);
        let count = count.map_err(|error| layout.unreadable(digest, &error))?;
        if count == 0 {
            break;
        }
        read += count as u64;
        hasher.update(&piece);
        send(pipe, last.replace(piece.into())).await;
    }
    let got = hasher.finish().ok_or_else(|| ErrorKind::Malformed { reason: "it has no digest".to_owned() })?;
    same(digest, size, &got, read)?;
    Ok(last)
}

fn same(digest: &Digest, size: u64, got: &Digest, read: u64) -> Result<(), Error> {
    if read != size {
        return Err(ErrorKind::SizeMismatch { expected: size, got: read }.into());
    }
    if got != digest {
        let reason = format!("the bytes of {digest} are others (got {})", got.short());
        return Err(ErrorKind::Malformed { reason }.into());
    }
    Ok(())
}
