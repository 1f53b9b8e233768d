//! Blobs of any size, to a reader that keeps what it wants of them.

use std::io::Read;

use imagelock_core::{Digest, Repository};

use super::{Client, PlaceOfHost, Thing, expect_success};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::list::Pieces;
use crate::transport::delivery::Delivery;
use crate::transport::{Ask, Sink};

impl Client {
    /// Reads a blob of `size` bytes as it comes, on a thread of its own, and returns what `read` makes of it. Only what was
    /// made of bytes with the right digest is returned: they are hashed to their end, however early `read` has enough.
    ///
    /// What is read before that is anybody's. A reader sees a broken or a false blob end, and what it made is dropped.
    pub async fn read_blob<T: Send + 'static>(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: u64,
        read: impl FnOnce(&mut dyn Read) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (delivery, arriving) = Delivery::like(digest);
        let reading = tokio::task::spawn_blocking(move || read(&mut Pieces::new(arriving)));
        let delivered = match self.places(repository) {
            Ok(places) => self.delivered(places, repository, digest, size, delivery).await,
            Err(error) => Err(error),
        };
        // The thread comes to its end whatever became of the blob; whoever waits for it leaves none behind.
        let read = reading.await;
        let (place, reference) = delivered?;
        read.map_err(|panic| {
            let reason = format!("its reader failed: {panic}");
            place.unread(reference, ErrorKind::Malformed { reason })
        })
    }

    /// Hands a blob of `size` bytes on, and verifies it. Its receiver comes to the end before that is known.
    pub(super) async fn delivered(
        &self,
        places: Vec<PlaceOfHost>,
        repository: &Repository,
        digest: &Digest,
        size: u64,
        delivery: Delivery,
    ) -> Result<(PlaceOfHost, String), Error> {
        let delivered = self.deliver_from_any(places, repository, digest, size, &delivery).await;
        let got = delivery.finish();
        let (place, reference) = delivered?;
        let kind = match got {
            Some((got, _)) if got != size => ErrorKind::SizeMismatch { expected: size, got },
            Some((_, got)) if got == *digest => return Ok((place, reference)),
            Some((_, got)) => ErrorKind::DigestMismatch { host: place.name(), expected: digest.clone(), got },
            None => ErrorKind::Malformed { reason: "it has no digest".to_owned() },
        };
        Err(place.unread(reference, kind))
    }

    async fn deliver_from_any(
        &self,
        places: Vec<PlaceOfHost>,
        repository: &Repository,
        digest: &Digest,
        size: u64,
        delivery: &Delivery,
    ) -> Result<(PlaceOfHost, String), Error> {
        let mut places = places.into_iter().peekable();
        loop {
            // There is always one: the registry itself.
            let place = places.next().map_or_else(|| self.own(repository), Ok)?;
            match deliver(self, place, repository, digest, size, delivery).await {
                Ok(done) => return Ok(done),
                Err((_, error)) if places.peek().is_none() => return Err(error),
                Err((place, error)) => {
                    self.reporter().event(Event::MirrorFailed { mirror: place.host.host.as_str(), error: &error });
                }
            }
        }
    }

    /// Where a blob is asked for: the mirrors, and behind them the registry itself.
    pub(super) fn places(&self, repository: &Repository) -> Result<Vec<PlaceOfHost>, Error> {
        let mut places = self.mirrors(repository);
        places.push(self.own(repository)?);
        Ok(places)
    }
}

impl PlaceOfHost {
    fn unread(&self, reference: String, kind: ErrorKind) -> Error {
        self.unanswered(&self.ask("read the blob", reference, self.host.base.clone()), kind)
    }
}

/// Sends a blob on its way from one place, and says which that was.
async fn deliver(
    client: &Client,
    place: PlaceOfHost,
    repository: &Repository,
    digest: &Digest,
    size: u64,
    delivery: &Delivery,
) -> Result<(PlaceOfHost, String), (PlaceOfHost, Error)> {
    let sent = async {
        let ask =
            Ask { sink: Sink::Reader { delivery, cap: size }, ..place.by_digest(Thing::Blob, repository, digest)? };
        let answer = client.transport.send(&place.host, &ask).await?;
        expect_success(&place, &ask, &answer, Thing::Blob.missing())?;
        Ok(ask.reference.clone())
    };
    match sent.await {
        Ok(reference) => Ok((place, reference)),
        Err(error) => Err((place, error)),
    }
}
