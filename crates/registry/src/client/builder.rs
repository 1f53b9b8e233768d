//! How a [`Client`] is made.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock};

use imagelock_core::Host;
use imagelock_credentials::Store;
use reqwest::Certificate;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Client;
use crate::cache::Cache;
use crate::error::BuildError;
use crate::event::{Reporter, Silent};
use crate::settings::{Backoff, RegistrySettings, Timeouts};
use crate::transport::token::Tokens;
use crate::transport::{self, Transport};

/// Eight requests at a time for one host. Registries throttle by address and by minute, not by concurrency, so more
/// would not finish sooner where it matters; and eight are what hides a delay of 50 ms behind 160 answers a second.
const PER_HOST: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// Requests at a time for all hosts: four busy registries, within the file handles that any system allows.
const OVERALL: NonZeroUsize = NonZeroUsize::new(32).unwrap();

/// Makes a [`Client`].
#[must_use]
pub struct ClientBuilder {
    settings: BTreeMap<Host, RegistrySettings>,
    store: Option<Arc<Store>>,
    cache: Cache,
    reporter: Arc<dyn Reporter>,
    per_host: NonZeroUsize,
    overall: NonZeroUsize,
    backoff: Backoff,
    timeouts: Timeouts,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            settings: BTreeMap::new(),
            store: None,
            cache: Cache::none(),
            reporter: Arc::new(Silent),
            per_host: PER_HOST,
            overall: OVERALL,
            backoff: Backoff::default(),
            timeouts: Timeouts::default(),
        }
    }
}

impl ClientBuilder {
    /// Sets how one registry is reached; the last word for a host counts.
    pub fn registry(mut self, host: Host, settings: RegistrySettings) -> Self {
        self.settings.insert(host, settings);
        self
    }

    /// Looks credentials up in a store. Without one, every request is anonymous.
    pub fn credentials(mut self, store: Arc<Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Keeps manifests and configurations. Without a cache, every run fetches them again.
    pub fn cache(mut self, cache: Cache) -> Self {
        self.cache = cache;
        self
    }

    /// Tells a listener what happens.
    pub fn reporter(mut self, reporter: Arc<dyn Reporter>) -> Self {
        self.reporter = reporter;
        self
    }

    /// Sets how many requests run at a time for one host, which is also its most connections. The default is 8.
    pub fn per_host(mut self, limit: NonZeroUsize) -> Self {
        self.per_host = limit;
        self
    }

    /// Sets how many requests run at a time for all hosts. The default is 32.
    pub fn overall(mut self, limit: NonZeroUsize) -> Self {
        self.overall = limit;
        self
    }

    /// Sets how failures that may pass are waited out.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Sets how long things may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Makes the client. Proxies come from the environment, as other tools read them; this machine is never asked
    /// through one.
    pub fn build(self) -> Result<Client, BuildError> {
        let mut clients = BTreeMap::new();
        for (host, settings) in &self.settings {
            if let Some(pem) = &settings.ca {
                clients.insert(host.clone(), self.http_with(host, pem)?);
            }
        }
        let transport = Transport {
            settings: self.settings,
            clients,
            http: OnceLock::new(),
            direct: OnceLock::new(),
            bare: OnceLock::new(),
            outside: OnceLock::new(),
            store: self.store.unwrap_or_else(|| Arc::new(Store::anonymous())),
            reporter: self.reporter,
            backoff: self.backoff,
            timeouts: self.timeouts,
            // A time that the clock cannot reach is no limit.
            ends: self.timeouts.run.and_then(|run| Instant::now().checked_add(run)),
            per_host: self.per_host.get().min(Semaphore::MAX_PERMITS),
            overall: Semaphore::new(self.overall.get().min(Semaphore::MAX_PERMITS)),
            hosts: Mutex::default(),
            others: Mutex::default(),
            tokens: Tokens::default(),
            sent: Arc::default(),
        };
        Ok(Client { transport: Arc::new(transport), cache: self.cache, kept: Arc::default() })
    }

    fn http(&self) -> reqwest::ClientBuilder {
        transport::http(&self.timeouts, self.per_host.get())
    }

    fn http_with(&self, host: &Host, pem: &[u8]) -> Result<reqwest::Client, BuildError> {
        let unreadable = |reason: String| BuildError::Certificates { host: host.to_string(), reason };
        let certificates = Certificate::from_pem_bundle(pem).map_err(|error| unreadable(error.to_string()))?;
        if certificates.is_empty() {
            return Err(unreadable("there is no certificate in it".to_owned()));
        }
        let http = if host.is_loopback() { self.http().no_proxy() } else { self.http() };
        let builder = http.tls_certs_merge(certificates);
        builder.build().map_err(|error| unreadable(error.to_string()))
    }
}
