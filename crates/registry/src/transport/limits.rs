//! What is known of one host during a run, how much is asked of it at once, and how slowly it may answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use imagelock_core::Host;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;
use url::Url;

use super::challenges::Challenges;
use super::sent::Sent;
use crate::error::ErrorKind;
use crate::settings::{Pace, RegistrySettings};

/// A host, as this run knows it.
pub(crate) struct HostState {
    /// The name in references; credentials are looked up by it and errors say it.
    pub(crate) host: Host,
    /// The address that answers: `https://registry-1.docker.io/` for `docker.io`.
    pub(crate) base: Url,
    pub(crate) http: reqwest::Client,
    pub(crate) settings: RegistrySettings,
    /// What it asks for.
    pub(crate) challenges: Challenges,
    /// The secrets of the run, which no error may repeat.
    pub(crate) sent: Arc<Sent>,
    /// Held while the first request is on its way: the answer says for all others whether a token is needed.
    pub(crate) first: tokio::sync::Mutex<()>,
    permits: Semaphore,
    met: AtomicBool,
    stood_in: AtomicBool,
    learned: Mutex<Learned>,
}

#[derive(Default)]
struct Learned {
    /// Nothing is sent before this.
    gate: Option<Instant>,
    /// Why the host cannot be reached at all.
    dead: Option<ErrorKind>,
    answered: bool,
}

impl HostState {
    pub(crate) fn new(host: Host, base: Url, http: reqwest::Client, settings: RegistrySettings, limit: usize) -> Self {
        Self {
            host,
            base,
            http,
            settings,
            challenges: Challenges::default(),
            sent: Arc::default(),
            first: tokio::sync::Mutex::new(()),
            permits: Semaphore::new(limit),
            met: AtomicBool::new(false),
            stood_in: AtomicBool::new(false),
            learned: Mutex::default(),
        }
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the first request is over.
    pub(crate) fn is_met(&self) -> bool {
        self.met.load(Ordering::Acquire)
    }

    pub(crate) fn meet(&self) {
        self.met.store(true, Ordering::Release);
    }

    /// Whether this is the first time that a mirror stands in for the host.
    pub(crate) fn stands_in_first(&self) -> bool {
        !self.stood_in.swap(true, Ordering::Relaxed)
    }

    /// Notes that the host answers.
    pub(crate) fn answered(&self) {
        self.learned().answered = true;
    }

    /// Gives the host up for this run, unless it has answered before.
    pub(crate) fn give_up(&self, kind: &ErrorKind) {
        let mut learned = self.learned();
        if !learned.answered {
            learned.dead = Some(kind.clone());
        }
    }

    /// Why the host was given up.
    pub(crate) fn dead(&self) -> Option<ErrorKind> {
        self.learned().dead.clone()
    }

    /// Sends nothing to the host for a while.
    pub(crate) fn shut(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut learned = self.learned();
        learned.gate = learned.gate.max(Some(until));
    }

    fn shut_until(&self) -> Option<Instant> {
        let mut learned = self.learned();
        let until = learned.gate?;
        if until > Instant::now() {
            return Some(until);
        }
        learned.gate = None;
        None
    }

    /// Waits for a turn: one of the host's places, while the host has not asked for a pause.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        loop {
            // A semaphore that nobody closes has no error.
            let permit = self.permits.acquire().await.ok();
            match self.shut_until() {
                None => return permit,
                Some(until) => {
                    drop(permit);
                    tokio::time::sleep_until(until).await;
                }
            }
        }
    }
}

/// Holds a body to its [`Pace`].
pub(crate) struct Meter {
    pace: Pace,
    window_ends: Instant,
    /// What has come in this window.
    bytes: u64,
}

impl Meter {
    pub(crate) fn start(pace: Pace) -> Self {
        Self { pace, window_ends: Instant::now() + pace.window, bytes: 0 }
    }

    /// Waits for the next piece, whose size `size` tells; nothing where a window has passed with too little in it.
    pub(crate) async fn next<P>(&mut self, piece: impl Future<Output = P>, size: impl Fn(&P) -> usize) -> Option<P> {
        let mut piece = std::pin::pin!(piece);
        loop {
            match tokio::time::timeout_at(self.window_ends, piece.as_mut()).await {
                Ok(piece) => {
                    self.bytes += size(&piece) as u64;
                    return Some(piece);
                }
                Err(_) if self.bytes < self.pace.bytes => return None,
                Err(_) => *self = Self::start(self.pace),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(limit: usize) -> HostState {
        let base = Url::parse("https://a.example/").unwrap();
        HostState::new("a.example".parse().unwrap(), base, reqwest::Client::new(), RegistrySettings::default(), limit)
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_asks_for_a_pause_gets_it_from_every_request() {
        let host = state(4);
        let start = Instant::now();
        host.shut(Duration::from_secs(7));
        // A shorter pause that another request was told does not open the gate.
        host.shut(Duration::from_secs(2));
        let turns = futures_util::future::join_all((0..4).map(|_| host.turn())).await;
        assert_eq!(start.elapsed().as_secs(), 7);
        drop(turns);
        drop(host.turn().await);
        assert_eq!(start.elapsed().as_secs(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_waits_at_the_gate_holds_no_place() {
        let host = state(1);
        host.shut(Duration::from_secs(7));
        let turn = host.turn();
        tokio::pin!(turn);
        assert!(futures_util::poll!(turn.as_mut()).is_pending());
        assert_eq!(host.permits.available_permits(), 1);
        drop(turn.await);
    }

    /// Reads a body of so many pieces of one size, each after a pause; the seconds that passed, and whether all came.
    async fn drip(bytes: usize, pause: u64, pieces: usize) -> (u64, bool) {
        let start = Instant::now();
        let mut meter = Meter::start(Pace { bytes: 1000, window: Duration::from_secs(10) });
        for _ in 0..pieces {
            let piece = async {
                tokio::time::sleep(Duration::from_secs(pause)).await;
                bytes
            };
            if meter.next(piece, |size| *size).await.is_none() {
                return (start.elapsed().as_secs(), false);
            }
        }
        (start.elapsed().as_secs(), true)
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_cut_when_a_window_has_passed() {
        assert_eq!(drip(1, 1, 1_000_000).await, (10, false));
        assert_eq!(drip(500, 9, 1_000_000).await, (10, false));
        assert_eq!(drip(0, 3600, 1).await, (10, false));
        // It began well.
        assert_eq!(drip(1_000_000, 60, 2).await, (10, false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_keeps_its_pace_or_ends_within_a_window_comes_whole() {
        assert_eq!(drip(100, 1, 1000).await, (1000, true));
        assert_eq!(drip(1, 3, 3).await, (9, true));
    }

    #[test]
    fn a_host_that_answered_once_is_not_given_up() {
        let kind = ErrorKind::Network { host: "a.example".to_owned(), reason: "gone".to_owned() };
        let host = state(1);
        host.give_up(&kind);
        assert!(host.dead().is_some());
        let host = state(1);
        host.answered();
        host.give_up(&kind);
        assert!(host.dead().is_none());
    }
}
