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
        let delivered = self.deliver_from_any(repository, digest, size, &delivery).await;
        let got = delivery.finish();
        // The thread comes to its end whatever became of the blob; whoever waits for it leaves none behind.
        let read = reading.await;
        let (place, reference) = delivered?;
        let error =
            |kind| place.unanswered(&place.ask("read the blob", reference.clone(), place.host.base.clone()), kind);
        match got {
            Some((got, _)) if got != size => Err(error(ErrorKind::SizeMismatch { expected: size, got })),
            Some((_, got)) if got == *digest => {
                read.map_err(|panic| error(ErrorKind::Malformed { reason: format!("its reader failed: {panic}") }))
            }
            Some((_, got)) => {
                Err(error(ErrorKind::DigestMismatch { host: place.name(), expected: digest.clone(), got }))
            }
            None => Err(error(ErrorKind::Malformed { reason: "it has no digest".to_owned() })),
        }
    }

    async fn deliver_from_any(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: u64,
        delivery: &Delivery,
    ) -> Result<(PlaceOfHost, String), Error> {
        for place in self.mirrors(repository) {
            match deliver(self, place, repository, digest, size, delivery).await {
                Ok(done) => return Ok(done),
                Err((place, error)) => {
                    self.reporter().event(Event::MirrorFailed { mirror: place.host.host.as_str(), error: &error });
                }
            }
        }
        deliver(self, self.own(repository)?, repository, digest, size, delivery).await.map_err(|(_, error)| error)
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
