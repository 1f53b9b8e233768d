//! A blob on its way up: read anew for every attempt, held to a pace, and never longer or shorter than it says.
//!
//! Whoever reads the blob verifies it and keeps its last piece back until then: an upload of other bytes is never finished.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::stream;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, RequestBuilder, Response};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Transport;
use super::exchange::{PIECES, failed, silent};
use super::limits::HostState;
use super::retry::{Failure, Retry};
use crate::error::ErrorKind;
use crate::settings::{Pace, Timeouts};

/// Where the pieces of a blob go for one attempt. Dropping it before all were sent breaks the attempt off.
pub(crate) type Pipe = mpsc::Sender<Bytes>;

/// The attempts at sending a blob.
pub(crate) struct Feed {
    size: u64,
    opened: mpsc::UnboundedSender<Pipe>,
}

/// How far an attempt has come.
#[derive(Default)]
struct Progress {
    /// How many bytes the connection has taken.
    taken: AtomicU64,
    /// Whether the connection waits for bytes, and not the other way round.
    waits: AtomicBool,
    /// Whether it has all of them.
    whole: AtomicBool,
}

impl Feed {
    /// A feed of a blob of `size` bytes, and where its attempts arrive.
    pub(crate) fn new(size: u64) -> (Self, mpsc::UnboundedReceiver<Pipe>) {
        let (opened, attempts) = mpsc::unbounded_channel();
        (Self { size, opened }, attempts)
    }

    fn open(&self) -> (Body, Arc<Progress>) {
        let (pipe, pieces) = mpsc::channel(PIECES);
        let progress = Arc::new(Progress::default());
        progress.whole.store(self.size == 0, Ordering::Relaxed);
        // Nobody listens once the blob could not be read, and then this body ends too early, which breaks the attempt off.
        let _ = self.opened.send(pipe);
        let state = (pieces, Arc::clone(&progress), self.size);
        let body = stream::unfold(Some(state), |state| async {
            let (mut pieces, progress, left) = state?;
            progress.waits.store(true, Ordering::Relaxed);
            let piece = pieces.recv().await;
            progress.waits.store(false, Ordering::Relaxed);
            let broken = || Some((Err(std::io::Error::other("the blob ends too early or too late")), None));
            match piece {
                None if left == 0 => None,
                None => broken(),
                Some(piece) => {
                    let Some(left) = left.checked_sub(piece.len() as u64) else { return broken() };
                    progress.taken.fetch_add(piece.len() as u64, Ordering::Relaxed);
                    progress.whole.store(left == 0, Ordering::Relaxed);
                    Some((Ok(piece), Some((pieces, progress, left))))
                }
            }
        });
        (Body::wrap_stream(body), progress)
    }
}

impl Transport {
    /// Sends a request with a blob.
    pub(super) async fn fed(
        &self,
        host: &HostState,
        request: RequestBuilder,
        feed: &Feed,
    ) -> Result<Response, Failure> {
        let (body, progress) = feed.open();
        let request = request.header(CONTENT_TYPE, "application/octet-stream").header(CONTENT_LENGTH, feed.size);
        let sending = request.body(body).send();
        tokio::select! {
            response = sending => response.map_err(|error| failed(host, &error)),
            failure = stalled(host, &progress, &self.timeouts) => Err(failure),
        }
    }
}

/// Returns when an attempt does not get on.
async fn stalled(host: &HostState, progress: &Progress, timeouts: &Timeouts) -> Failure {
    let Pace { bytes, window } = timeouts.pace;
    let mut before = 0;
    let mut whole_since = None;
    loop {
        tokio::time::sleep(window).await;
        let taken = progress.taken.load(Ordering::Relaxed);
        if progress.whole.load(Ordering::Relaxed) {
            // Stores put large blobs together only now, which takes minutes.
            if whole_since.get_or_insert_with(Instant::now).elapsed() >= timeouts.operation {
                return silent(host);
            }
        } else if !progress.waits.load(Ordering::Relaxed) && taken - before < bytes {
            let kind = ErrorKind::Slow { host: host.host.to_string(), verb: "takes", bytes, window };
            return Failure { kind, status: None, retry: Retry::Once };
        }
        before = taken;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::RegistrySettings;

    fn host() -> HostState {
        let base = "https://a.example/".parse().unwrap();
        let http = reqwest::Client::new();
        HostState::new("a.example".parse().unwrap(), base, http, RegistrySettings::default(), 1)
    }

    async fn stalls(progress: &Progress) -> (Failure, u64) {
        let began = Instant::now();
        let failure = stalled(&host(), progress, &Timeouts::default()).await;
        (failure, began.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_nothing_is_waited_for_one_window() {
        let (failure, seconds) = stalls(&Progress::default()).await;
        assert_eq!((failure.kind.to_string().as_str(), seconds), ("a.example takes less than 20 KiB in 20 s", 20));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_all_of_a_blob_may_take_minutes_to_keep_it() {
        let progress = Progress::default();
        progress.whole.store(true, Ordering::Relaxed);
        let (failure, seconds) = stalls(&progress).await;
        assert!(failure.kind.to_string().contains("did not answer in time") && (180..=220).contains(&seconds));
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_of_the_source_is_not_the_targets() {
        let progress = Progress::default();
        progress.waits.store(true, Ordering::Relaxed);
        let patience = std::time::Duration::from_hours(1);
        assert!(tokio::time::timeout(patience, stalls(&progress)).await.is_err());
    }
}
