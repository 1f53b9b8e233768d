//! What was asked and how it was answered.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::server::Asked;

/// One request.
#[derive(Clone, Debug)]
pub struct Entry {
    number: u64,
    /// The method, such as `HEAD`.
    pub method: String,
    /// The path without the query, as it was sent.
    pub path: String,
    /// The query, as it was sent.
    pub query: Option<String>,
    /// The host that the request named.
    pub host: String,
    /// Whether it came to the registry's second host.
    pub second_host: bool,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The `Accept` headers.
    pub accept: Vec<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The body of a request for a token; empty for every other request.
    pub form: String,
    /// How many bytes of a body came with the request.
    pub bytes_received: u64,
    /// The status of the answer; 0 while there is none, and for good when the connection was closed without one.
    pub status: u16,
    sent: Arc<AtomicU64>,
}

impl Entry {
    /// Returns how many bytes of the answer's body were handed to the connection so far.
    pub fn bytes_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Returns the scheme of the `Authorization` header, such as `Bearer`.
    pub fn scheme(&self) -> Option<&str> {
        self.authorization.as_deref().and_then(|value| value.split(' ').next())
    }
}

/// Every request since the registry started or the log was last taken. Clones share one log.
#[derive(Clone, Debug, Default)]
pub struct Log {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: Mutex<Vec<Entry>>,
    next: AtomicU64,
    running: AtomicUsize,
    peak: AtomicUsize,
    connections: AtomicUsize,
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.state.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts requests of a method whose path starts with a text. The method `*` means any.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.lock().iter().filter(|entry| matches(entry, method, path)).count()
    }

    /// Returns the requests of a method whose path starts with a text. The method `*` means any.
    pub fn find(&self, method: &str, path: &str) -> Vec<Entry> {
        self.lock().iter().filter(|entry| matches(entry, method, path)).cloned().collect()
    }

    /// Returns all requests in the order in which they came.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    /// Returns all requests and forgets them.
    pub fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut self.lock())
    }

    /// Returns each request as `METHOD path?query status`, for a snapshot or a short assertion.
    pub fn lines(&self) -> Vec<String> {
        let line = |entry: &Entry| match &entry.query {
            Some(query) => format!("{} {}?{query} {}", entry.method, entry.path, entry.status),
            None => format!("{} {} {}", entry.method, entry.path, entry.status),
        };
        self.lock().iter().map(line).collect()
    }

    /// Returns the number of requests.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there was no request.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Returns the most requests that were being answered at one time.
    pub fn peak(&self) -> usize {
        self.state.peak.load(Ordering::SeqCst)
    }

    /// Returns the number of TCP connections that were accepted.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn connected(&self) {
        self.state.connections.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn open(&self, asked: &Asked) -> Ticket {
        let running = self.state.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.state.peak.fetch_max(running, Ordering::SeqCst);
        let number = self.state.next.fetch_add(1, Ordering::SeqCst);
        let sent = Arc::new(AtomicU64::new(0));
        self.lock().push(Entry {
            number,
            method: asked.method.clone(),
            path: asked.path.clone(),
            query: asked.query.clone(),
            host: asked.host.clone(),
            second_host: asked.side == crate::server::Side::Second,
            authorization: asked.authorization.clone(),
            accept: asked.accept.clone(),
            user_agent: asked.user_agent.clone(),
            form: String::new(),
            bytes_received: 0,
            status: 0,
            sent: Arc::clone(&sent),
        });
        Ticket { log: self.clone(), number, sent }
    }
}

fn matches(entry: &Entry, method: &str, path: &str) -> bool {
    (method == "*" || entry.method == method) && entry.path.starts_with(path)
}

/// A request that is being answered; dropping it says that it no longer is, also when the client went away.
pub(crate) struct Ticket {
    log: Log,
    number: u64,
    pub(crate) sent: Arc<AtomicU64>,
}

impl Ticket {
    fn edit(&self, edit: impl FnOnce(&mut Entry)) {
        let mut entries = self.log.lock();
        // The log may have been taken meanwhile.
        if let Some(entry) = entries.iter_mut().rev().find(|entry| entry.number == self.number) {
            edit(entry);
        }
    }

    pub(crate) fn form(&self, form: String) {
        self.edit(|entry| entry.form = form);
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.edit(|entry| entry.bytes_received = bytes as u64);
    }

    pub(crate) fn answered(&self, status: u16) {
        self.edit(|entry| entry.status = status);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.log.state.running.fetch_sub(1, Ordering::SeqCst);
    }
}
