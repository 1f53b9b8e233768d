//! The registry: it owns a thread with a runtime of its own, so that a synchronous test can use it.

mod answer;
mod handle;
mod listener;
mod pull;
mod push;
mod request;
mod store;
#[cfg(feature = "tls")]
mod tls;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use tokio::sync::oneshot;

pub(crate) use self::answer::Answer;
pub(crate) use self::request::{Asked, Route, Side};
pub(crate) use self::store::Store;

use self::handle::{Options, Shared};
use self::listener::{Caller, Handshake, Socket};
use crate::auth::{Auth, Gatekeeper};
use crate::content::Image;
use crate::faults::{Fault, Faults};
use crate::log::Log;
use crate::on::On;

/// A registry on the loopback interface, which stops when it is dropped.
pub struct Registry {
    shared: Arc<Shared>,
    host: String,
    second_host: String,
    ca_pem: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How a registry is to behave.
#[derive(Debug, Default)]
#[must_use = "a registry starts with `start`"]
pub struct RegistryBuilder {
    auth: Auth,
    latency: Duration,
    options: Options,
    page_size: Option<usize>,
    #[cfg(feature = "tls")]
    tls: bool,
}

impl RegistryBuilder {
    /// Asks for a password or a token.
    pub fn auth(mut self, auth: impl Into<Auth>) -> Self {
        self.auth = auth.into();
        self
    }

    /// Waits that long before every answer.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Answers 404 for OCI content whose type the `Accept` headers do not name, as `docker-registry` does.
    pub fn strict_accept(mut self) -> Self {
        self.options.strict_accept = true;
        self
    }

    /// Answers 404 for referrers, as registries from before version 1.1 of the specification do.
    pub fn no_referrers(mut self) -> Self {
        self.options.no_referrers = true;
        self
    }

    /// Lists at most that many tags or repositories at a time, whatever the client asks for.
    pub fn page_size(mut self, size: usize) -> Self {
        self.page_size = Some(size);
        self
    }

    /// Speaks HTTPS, with a certificate by an authority that is made now: [`Registry::ca_pem`].
    #[cfg(feature = "tls")]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Starts the registry.
    pub fn start(self) -> io::Result<Registry> {
        let (ca_pem, handshake) = self.handshake()?;
        let scheme = if ca_pem.is_some() { "https" } else { "http" };
        let first = bind()?;
        let second = bind()?;
        let plain = if ca_pem.is_some() { Some(bind()?) } else { None };
        let host = first.local_addr()?.to_string();
        // Another name, and not only another port, because some clients compare names alone.
        let second_host = format!("localhost:{}", second.local_addr()?.port());
        let plain_host = plain.as_ref().unwrap_or(&first).local_addr()?;
        let shared = Arc::new(Shared {
            store: Mutex::new(Store { page_size: self.page_size, ..Store::default() }),
            faults: Faults::default(),
            log: Log::default(),
            gatekeeper: Gatekeeper::new(self.auth),
            latency: Mutex::new(self.latency),
            options: self.options,
            url: format!("{scheme}://{host}"),
            second_url: format!("{scheme}://{second_host}"),
            plain_url: format!("http://{plain_host}"),
        });
        let mut sockets = vec![(first, Side::First, handshake.clone()), (second, Side::Second, handshake)];
        sockets.extend(plain.map(|plain| (plain, Side::Plain, Handshake::None)));
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let service = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("testkit registry".to_owned()).spawn(move || {
            runtime.block_on(async {
                for (socket, side, handshake) in sockets {
                    spawn(&service, socket, side, handshake);
                }
                // An error means that the registry is gone, which is a reason to stop too.
                let _ = stopped.await;
            });
        })?;
        Ok(Registry { shared, host, second_host, ca_pem, stop: Some(stop), thread: Some(thread) })
    }

    #[cfg(feature = "tls")]
    fn handshake(&self) -> io::Result<(Option<String>, Handshake)> {
        if !self.tls {
            return Ok((None, Handshake::None));
        }
        let (pem, handshake) = tls::certify()?;
        Ok((Some(pem), handshake))
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "the feature `tls` gives it more to do")]
    fn handshake(&self) -> io::Result<(Option<String>, Handshake)> {
        Ok((None, Handshake::None))
    }
}

fn bind() -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn spawn(shared: &Arc<Shared>, socket: TcpListener, side: Side, handshake: Handshake) {
    // The socket is bound and the runtime runs, so nothing is left that could fail.
    if let Ok(socket) = Socket::new(socket, side, handshake, shared.log.clone()) {
        let router = Router::new().fallback(handle::handle).with_state(Arc::clone(shared));
        tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<Caller>();
            let _ = axum::serve(socket, service).await;
        });
    }
}

impl Registry {
    /// Starts a registry that asks for nothing and holds nothing.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Starts to describe a registry.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::default()
    }

    /// Returns `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns `localhost:PORT` of another port, which serves the same content and asks for no authentication.
    pub fn second_host(&self) -> &str {
        &self.second_host
    }

    /// Returns the address of [`host`](Self::host) with its scheme.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Returns the address of [`second_host`](Self::second_host) with its scheme.
    pub fn second_url(&self) -> &str {
        &self.shared.second_url
    }

    /// Returns the certificate of the registry's authority as PEM, when it speaks HTTPS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Puts an image at `repository:tag` (or at `repository`, then without a tag) and returns its digest.
    pub fn push(&self, reference: &str, image: &Image) -> String {
        let (repository, tag) = reference.split_once(':').unwrap_or((reference, ""));
        self.shared.store().push(repository, tag, image);
        image.digest().to_owned()
    }

    /// Puts any bytes at `repository:tag` (or at `repository`, then without a tag) as a manifest of a media type, and
    /// returns their digest; nothing says that they are a manifest.
    pub fn put_manifest(&self, reference: &str, media_type: &str, bytes: impl Into<bytes::Bytes>) -> String {
        let (repository, tag) = reference.split_once(':').unwrap_or((reference, ""));
        self.shared.store().put_manifest(repository, tag, media_type, bytes.into())
    }

    /// Puts any bytes into a repository as a blob, and returns their digest.
    pub fn put_blob(&self, repository: &str, bytes: impl Into<bytes::Bytes>) -> String {
        self.shared.store().put_blob(repository, bytes.into())
    }

    /// Puts an image at many tags of one repository.
    pub fn push_tags<T: AsRef<str>>(&self, repository: &str, tags: impl IntoIterator<Item = T>, image: &Image) {
        let mut store = self.shared.store();
        store.push(repository, "", image);
        if let Some(target) = store.repositories.get_mut(repository) {
            target.tags.extend(tags.into_iter().map(|tag| (tag.as_ref().to_owned(), image.digest().to_owned())));
        }
    }

    /// Points a tag at a manifest that is there already; returns whether it is.
    pub fn move_tag(&self, repository: &str, tag: &str, digest: &str) -> bool {
        let mut store = self.shared.store();
        let target = store.repositories.get_mut(repository);
        target.filter(|target| target.manifests.contains_key(digest)).is_some_and(|target| {
            target.tags.insert(tag.to_owned(), digest.to_owned());
            true
        })
    }

    /// Takes a tag away; returns whether it was there. The manifest stays.
    pub fn delete_tag(&self, repository: &str, tag: &str) -> bool {
        let mut store = self.shared.store();
        store.repositories.get_mut(repository).is_some_and(|target| target.tags.remove(tag).is_some())
    }

    /// Takes a manifest and all its tags away; returns whether it was there.
    pub fn delete_manifest(&self, repository: &str, digest: &str) -> bool {
        let mut store = self.shared.store();
        store.repositories.get_mut(repository).is_some_and(|target| target.remove(digest))
    }

    /// Forgets all that it holds.
    pub fn clear(&self) {
        let mut store = self.shared.store();
        store.repositories.clear();
        store.uploads.clear();
    }

    /// Takes a blob away, as a store does that loses one; returns whether it was there.
    pub fn delete_blob(&self, repository: &str, digest: &str) -> bool {
        let mut store = self.shared.store();
        store.repositories.get_mut(repository).is_some_and(|target| target.blobs.remove(digest).is_some())
    }

    /// Returns what a tag points at.
    pub fn digest_of(&self, repository: &str, tag: &str) -> Option<String> {
        self.shared.store().repositories.get(repository)?.tags.get(tag).cloned()
    }

    /// Returns the bytes that a repository holds under a digest, be it a manifest or a blob.
    pub fn content(&self, repository: &str, digest: &str) -> Option<bytes::Bytes> {
        let store = self.shared.store();
        let target = store.repositories.get(repository)?;
        let manifest = target.manifests.get(digest).map(|manifest| &manifest.bytes);
        manifest.or_else(|| target.blobs.get(digest)).cloned()
    }

    /// Makes something happen to some requests, from now on. Earlier faults come first.
    pub fn fault(&self, on: On, fault: Fault) {
        self.shared.faults.add(on, fault);
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.shared.faults.clear();
    }

    /// Waits that long before every answer, from now on.
    pub fn latency(&self, latency: Duration) {
        *self.shared.latency() = latency;
    }

    /// Returns what was asked so far.
    pub fn log(&self) -> &Log {
        &self.shared.log
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // The thread ends when the sender is gone; its runtime then drops every connection.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
