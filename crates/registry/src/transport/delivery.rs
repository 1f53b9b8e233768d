//! A body on its way to a reader on a thread of its own, over as many attempts as it takes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use imagelock_core::Digest;
use tokio::sync::mpsc::{Receiver, Sender};

use super::exchange::PIECES;
use crate::hash::Hasher;

/// What was handed to a reader. An attempt that begins anew passes over what the reader has already: the digest is that of
/// the bytes that it got, whichever attempt they are of.
pub(crate) struct Delivery {
    to: Sender<Bytes>,
    delivered: Mutex<Delivered>,
}

struct Delivered {
    hasher: Hasher,
    size: u64,
}

impl Delivery {
    /// A delivery that is hashed as `digest` is, and where it arrives.
    pub(crate) fn like(digest: &Digest) -> (Self, Receiver<Bytes>) {
        let (to, arriving) = tokio::sync::mpsc::channel(PIECES);
        (Self { to, delivered: Mutex::new(Delivered { hasher: Hasher::like(digest), size: 0 }) }, arriving)
    }

    /// Hands on what of a piece, which is at `at` of the body, is new; returns whether the reader was waited for. One who
    /// reads no more is sent nothing, and the rest is hashed all the same.
    pub(super) async fn piece(&self, at: u64, piece: Bytes) -> bool {
        let new = {
            let mut delivered = self.delivered();
            let known = usize::try_from(delivered.size.saturating_sub(at)).unwrap_or(usize::MAX);
            let new = piece.slice(known.min(piece.len())..);
            delivered.hasher.update(&new);
            delivered.size += new.len() as u64;
            new
        };
        let waits = self.to.capacity() == 0;
        if !new.is_empty() {
            let _ = self.to.send(new).await;
        }
        waits
    }

    /// The size and the digest of what was handed on; the reader comes to its end.
    pub(crate) fn finish(self) -> Option<(u64, Digest)> {
        let Delivered { hasher, size } = self.delivered.into_inner().unwrap_or_else(PoisonError::into_inner);
        hasher.finish().map(|digest| (size, digest))
    }

    fn delivered(&self) -> MutexGuard<'_, Delivered> {
        self.delivered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_attempt_that_begins_anew_repeats_nothing() {
        let digest = Digest::sha256(b"abcdef");
        let (delivery, mut arriving) = Delivery::like(&digest);
        for (at, piece) in [(0, "ab"), (0, "a"), (1, "bcd"), (4, "ef"), (0, "abcdef")] {
            delivery.piece(at, Bytes::from(piece)).await;
        }
        assert_eq!(delivery.finish(), Some((6, digest)));
        let mut got = Vec::new();
        while let Some(piece) = arriving.recv().await {
            got.extend_from_slice(&piece);
        }
        assert_eq!(got, b"abcdef");
    }

    #[tokio::test]
    async fn who_reads_no_more_does_not_change_the_digest() {
        let digest = Digest::sha256(b"abcdef");
        let (delivery, arriving) = Delivery::like(&digest);
        delivery.piece(0, Bytes::from("abc")).await;
        drop(arriving);
        delivery.piece(3, Bytes::from("def")).await;
        assert_eq!(delivery.finish(), Some((6, digest)));
    }
}
