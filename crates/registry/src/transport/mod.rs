//! HTTP as registries speak it: one attempt, its limits, its credentials, and the attempts after it.
//!
//! `oci-distribution` has a client of its own, which is not used: it loses `Retry-After`, sends credentials wherever a
//! registry says, and reads bodies of any size. What it does well (the documents and their media types) is taken from
//! it in [`crate::document`].
//!
//! Invariants: credentials and tokens are sent to the host that they were found for and to token services that
//! [`realm`] allows, never along a redirect; nothing is read into memory without a cap; an error holds no query, and
//! nothing that was [`sent`].

mod ask;
pub(crate) mod auth;
mod challenges;
pub(crate) mod delivery;
mod exchange;
pub(crate) mod feed;
pub(crate) mod limits;
mod login;
pub(crate) mod outside;
mod realm;
pub(crate) mod redirect;
pub(crate) mod retry;
mod sent;
pub(crate) mod token;
mod upload;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use imagelock_core::Host;
use imagelock_credentials::Store;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

pub(crate) use self::ask::{Answer, Ask, Payload, Sink};
pub(crate) use self::challenges::Access;
use self::limits::HostState;
use self::outside::Outside;
use self::retry::{Failure, Retry};
use self::sent::Sent;
use self::token::Tokens;
pub(crate) use self::upload::{Uploaded, session};
use crate::error::{Context, Error, ErrorKind, quoted};
use crate::event::{Event, Reporter};
use crate::settings::{Backoff, RegistrySettings, Timeouts};

/// The host that answers for `docker.io`.
const DOCKER_HUB: &str = "registry-1.docker.io";

const USER_AGENT: &str = concat!("imagelock/", env!("CARGO_PKG_VERSION"));

/// What all requests of a run share.
pub(crate) struct Transport {
    pub(crate) settings: BTreeMap<Host, RegistrySettings>,
    /// Clients with certificates of their own, by host.
    pub(crate) clients: BTreeMap<Host, reqwest::Client>,
    /// Those below are made for the first request that needs them: each reads the authorities of the system, which costs
    /// as much as many requests.
    pub(crate) http: OnceLock<reqwest::Client>,
    /// For this machine: a proxy's `localhost` would be the proxy's own.
    pub(crate) direct: OnceLock<reqwest::Client>,
    /// For this machine without TLS, and so without authorities to read.
    pub(crate) bare: OnceLock<reqwest::Client>,
    /// For hosts that a registry names.
    pub(crate) outside: OnceLock<reqwest::Client>,
    pub(crate) store: Arc<Store>,
    pub(crate) reporter: Arc<dyn Reporter>,
    pub(crate) backoff: Backoff,
    pub(crate) timeouts: Timeouts,
    /// When the run's time is over.
    pub(crate) ends: Option<Instant>,
    pub(crate) per_host: usize,
    pub(crate) overall: Semaphore,
    pub(crate) hosts: Mutex<BTreeMap<Host, Arc<HostState>>>,
    /// Hosts that a registry led to, by their origins and whether they have to be outside.
    pub(crate) others: Mutex<BTreeMap<(String, bool), Arc<HostState>>>,
    pub(crate) tokens: Tokens,
    pub(crate) sent: Arc<Sent>,
}

/// Starts a client of the HTTP library. It follows nothing and repeats nothing by itself: what is sent is ours to judge
/// and to count. Silence is measured where a request is sent: to the library, a body that is on its way up is silence.
pub(crate) fn http(timeouts: &Timeouts, per_host: usize) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(timeouts.connect)
        .pool_max_idle_per_host(per_host)
}

impl Transport {
    /// Returns what is known of a registry.
    pub(crate) fn host(&self, host: &Host) -> Result<Arc<HostState>, Error> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = hosts.get(host) {
            return Ok(Arc::clone(state));
        }
        let settings = self.settings.get(host).cloned().unwrap_or_default();
        let plain = settings.ca.is_none() && (settings.insecure || host.is_loopback());
        let scheme = if plain { "http" } else { "https" };
        let wire = if host.is_docker_hub() { DOCKER_HUB } else { host.as_str() };
        let base = Url::parse(&format!("{scheme}://{wire}/")).map_err(|error| ErrorKind::Network {
            host: host.to_string(),
            reason: format!("not the host of a URL: {error}"),
        })?;
        let state = Arc::new(self.state(host, base, settings, None)?);
        hosts.insert(host.clone(), Arc::clone(&state));
        Ok(state)
    }

    /// Returns what is known of a host that a registry led to.
    fn other(
        &self,
        registry: &HostState,
        host: &Host,
        url: &Url,
        http: Option<reqwest::Client>,
    ) -> Result<Arc<HostState>, ErrorKind> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = hosts.values().find(|state| state.base.origin() == url.origin()) {
            return Ok(Arc::clone(state));
        }
        drop(hosts);
        let outside = http.is_none() && !realm::is_loopback(&registry.base) && !self.is_named(registry, host, url);
        let http = if outside { Some(self.outside(host)?) } else { http };
        let key = (url.origin().ascii_serialization(), outside);
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = others.get(&key) {
            return Ok(Arc::clone(state));
        }
        let mut base = url.clone();
        base.set_path("/");
        base.set_query(None);
        base.set_fragment(None);
        let settings = self.settings.get(host).cloned().unwrap_or_default();
        let state = Arc::new(self.state(host, base, settings, http)?);
        others.insert(key, Arc::clone(&state));
        Ok(state)
    }

    fn outside(&self, host: &Host) -> Result<reqwest::Client, ErrorKind> {
        self.made(&self.outside, host, |http| http.dns_resolver(Outside))
    }

    /// The client that `of` keeps, made where there is none yet.
    fn made(
        &self,
        of: &OnceLock<reqwest::Client>,
        host: &Host,
        with: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<reqwest::Client, ErrorKind> {
        if let Some(client) = of.get() {
            return Ok(client.clone());
        }
        let client = with(http(&self.timeouts, self.per_host)).build();
        let client = client
            .map_err(|error| ErrorKind::Network { host: host.to_string(), reason: quoted(&error.to_string()) })?;
        Ok(of.get_or_init(|| client).clone())
    }

    /// Whether the user names a host that a registry led to.
    fn is_named(&self, registry: &HostState, host: &Host, url: &Url) -> bool {
        let name = url.host_str().unwrap_or_default();
        let RegistrySettings { token_hosts, redirect_hosts, .. } = &registry.settings;
        let allowed = |pattern: &String| redirect::fits(pattern, name) || *pattern == realm::authority(url);
        self.settings.contains_key(host) || token_hosts.iter().chain(redirect_hosts).any(allowed)
    }

    fn state(
        &self,
        host: &Host,
        base: Url,
        settings: RegistrySettings,
        http: Option<reqwest::Client>,
    ) -> Result<HostState, ErrorKind> {
        let http = match http.or_else(|| self.clients.get(host).cloned()) {
            Some(http) => http,
            None if host.is_loopback() && base.scheme() == "http" => {
                self.made(&self.bare, host, |http| http.no_proxy().tls_certs_only([]))?
            }
            None if host.is_loopback() => self.made(&self.direct, host, reqwest::ClientBuilder::no_proxy)?,
            None => self.made(&self.http, host, |http| http)?,
        };
        let mut state = HostState::new(host.clone(), base, http, settings, self.per_host);
        state.sent = Arc::clone(&self.sent);
        Ok(state)
    }

    /// Sends a request to a registry, with what the registry asks for, until there is an answer or no use in trying.
    /// The answer's status is none that may pass, and neither 401 nor 403.
    pub(crate) async fn send(&self, host: &Arc<HostState>, ask: &Ask<'_>) -> Result<Answer, Error> {
        // In a box, since what is in it is deeper than the compiler likes the futures around it to be.
        Box::pin(self.retrying(host, ask, async || self.authorized(host, ask).await)).await
    }

    /// Sends a request as it is; the answer may have any status that is not worth another attempt.
    pub(crate) async fn plain(
        &self,
        host: &Arc<HostState>,
        ask: &Ask<'_>,
        header: Option<&HeaderValue>,
    ) -> Result<Answer, Error> {
        let shown =
            async |_: &Arc<HostState>, url: &Url| Ok(header.filter(|_| url.origin() == ask.url.origin()).cloned());
        self.retrying(host, ask, async || Ok(self.exchange(host, ask, &shown).await?.answer)).await
    }

    /// Repeats an attempt until there is an answer, no use in trying, or no time left in this run.
    async fn retrying(
        &self,
        host: &HostState,
        ask: &Ask<'_>,
        attempt: impl AsyncFnMut() -> Result<Answer, Failure>,
    ) -> Result<Answer, Error> {
        let (Some(ends), Some(limit)) = (self.ends, self.timeouts.run) else {
            return self.attempts(host, ask, attempt).await;
        };
        match tokio::time::timeout_at(ends, self.attempts(host, ask, attempt)).await {
            Ok(answer) => answer,
            Err(_) => {
                let context = Context {
                    doing: ask.doing,
                    reference: ask.reference.clone(),
                    host: host.host.to_string(),
                    status: None,
                    attempts: 1,
                    login: None,
                };
                let what = "the run";
                Err(Error { kind: ErrorKind::OutOfTime { what, limit }, context: Some(Box::new(context)) })
            }
        }
    }

    async fn attempts(
        &self,
        host: &HostState,
        ask: &Ask<'_>,
        mut attempt: impl AsyncFnMut() -> Result<Answer, Failure>,
    ) -> Result<Answer, Error> {
        let started = Instant::now();
        let backoff = Backoff { attempts: self.backoff.attempts.min(ask.attempts), ..self.backoff.clone() };
        let mut attempts = 0;
        loop {
            let failure = match host.dead() {
                Some(kind) => Failure::last(kind),
                None => {
                    attempts += 1;
                    match attempt().await {
                        Ok(answer) => return Ok(answer),
                        Err(failure) => failure,
                    }
                }
            };
            let pause = retry::pause(&backoff, failure.retry, attempts, retry::random())
                .filter(|pause| started.elapsed() + *pause < self.timeouts.operation);
            let Some(pause) = pause else {
                if matches!(failure.kind, ErrorKind::Network { .. }) && failure.retry != Retry::Never {
                    host.give_up(&failure.kind);
                }
                let context = Context {
                    doing: ask.doing,
                    reference: ask.reference.clone(),
                    host: host.host.to_string(),
                    status: failure.status,
                    attempts,
                    login: None,
                };
                return Err(self.sent.clean(Error { kind: failure.kind, context: Some(Box::new(context)) }));
            };
            self.wait(host, &failure, attempts, pause).await;
        }
    }

    async fn wait(&self, host: &HostState, failure: &Failure, attempt: u32, pause: Duration) {
        if matches!(failure.retry, Retry::After(_)) {
            // The other requests to the host wait as well: the host is tired of all of them.
            let seconds = pause.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX);
            self.reporter.event(Event::Waiting { host: host.host.as_str(), seconds });
            if self.backoff.waits {
                host.shut(pause);
            }
            return;
        }
        let reason = self.sent.cut(&failure.kind.to_string());
        self.reporter.event(Event::Retrying { host: host.host.as_str(), attempt, reason: &reason });
        if self.backoff.waits {
            tokio::time::sleep(pause).await;
        }
    }
}
