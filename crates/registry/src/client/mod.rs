//! What is asked of a registry: a tag's digest, a manifest, a blob, the tags of a repository; and what is written to one.
//!
//! # Mirrors
//!
//! What a digest names is the same everywhere, so mirrors are asked for it first, in their order, and what they answer
//! is verified. What a tag points at is the registry's own word: it is asked itself, since a mirror may be behind, and
//! the lock must not depend on which mirrors a machine has. Only where the registry cannot be reached at all does the
//! first mirror that answers stand in for it, and [`Event::StandIn`] says so.

mod authorization;
mod builder;
mod copy;
mod download;
mod head;
mod kept;
mod push;
mod referrers;
mod stream;
mod tags;
mod web;

use std::sync::Arc;

use bytes::Bytes;
use imagelock_core::{Created, Digest, Repository};
use reqwest::StatusCode;
use url::Url;

pub use authorization::Authorization;
pub use builder::ClientBuilder;
pub(crate) use head::Absent;
pub use push::{BlobSource, Holding};
pub use tags::TagList;

use self::kept::Kept;
use crate::cache::Cache;
use crate::document;
use crate::error::{Context, Error, ErrorKind, Missing, NotAnImage, quoted};
use crate::event::{Event, Reporter};
use crate::transport::limits::HostState;
use crate::transport::redirect::Content;
use crate::transport::{Answer, Ask, Sink, Transport};

/// The largest manifest: what the OCI distribution specification tells registries to accept.
pub const MANIFEST_BYTES: u64 = 4 << 20;
/// The largest configuration. Builds of years of history and labels stay far below.
pub const CONFIG_BYTES: u64 = 8 << 20;

/// Reads and writes registries. Clones share connections, tokens and limits.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
    cache: Cache,
    kept: Arc<Kept>,
}

/// What a registry says about a manifest without sending it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Its digest.
    pub digest: Digest,
    /// Its media type, where the registry says one.
    pub media_type: Option<String>,
    /// Its size in bytes, where the registry says one.
    pub size: Option<u64>,
    /// Since when the registry says that it has it (`Last-Modified`; RFC 9110, section 8.8.2). A mirror's word is none.
    pub modified: Option<Created>,
}

/// A manifest whose bytes were verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The bytes, as the digest covers them.
    pub bytes: Bytes,
    /// The media type, told from the bytes.
    pub media_type: String,
}

/// A repository on a host that is asked for it: the registry itself or a mirror.
struct PlaceOfHost {
    host: Arc<HostState>,
    repository: Repository,
    is_mirror: bool,
}

/// Something with a digest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Thing {
    Manifest,
    Blob,
}

impl Client {
    /// Starts to describe a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Returns the cache.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Takes what was sent out of an error: passwords, tokens and the headers with them.
    pub(crate) fn clean(&self, error: Error) -> Error {
        self.transport.sent.clean(error)
    }

    /// Returns the listener.
    pub fn reporter(&self) -> &Arc<dyn Reporter> {
        &self.transport.reporter
    }

    /// Fetches a manifest or an index by its digest, and verifies it.
    pub async fn manifest(&self, repository: &Repository, digest: &Digest) -> Result<Manifest, Error> {
        let bytes = self.content(Thing::Manifest, repository, digest, MANIFEST_BYTES).await?;
        let (_, media_type) = document::read(&bytes)?;
        Ok(Manifest { bytes, media_type: media_type.to_owned() })
    }

    /// Fetches a blob of at most `cap` bytes by its digest, and verifies it.
    pub async fn blob(&self, repository: &Repository, digest: &Digest, cap: u64) -> Result<Bytes, Error> {
        self.content(Thing::Blob, repository, digest, cap).await
    }

    /// Fetches a manifest's bytes, whatever they are.
    pub(crate) async fn manifest_bytes(&self, repository: &Repository, digest: &Digest) -> Result<Bytes, Error> {
        self.content(Thing::Manifest, repository, digest, MANIFEST_BYTES).await
    }

    /// Fetches content from the registry itself, past the cache and the mirrors.
    pub(crate) async fn fresh_manifest(&self, repository: &Repository, digest: &Digest) -> Result<Bytes, Error> {
        self.content_at(&self.own(repository)?, Thing::Manifest, repository, digest, MANIFEST_BYTES).await
    }

    /// Likewise, for a blob.
    pub(crate) async fn fresh_blob(&self, repository: &Repository, digest: &Digest, cap: u64) -> Result<Bytes, Error> {
        self.content_at(&self.own(repository)?, Thing::Blob, repository, digest, cap).await
    }

    async fn content(&self, thing: Thing, repository: &Repository, digest: &Digest, cap: u64) -> Result<Bytes, Error> {
        if let Some(bytes) = self.kept.take(digest).or_else(|| self.cache.get(digest, cap)) {
            return Ok(bytes);
        }
        for place in self.mirrors(repository) {
            match self.content_at(&place, thing, repository, digest, cap).await {
                Ok(bytes) => {
                    self.cache.put(digest, &bytes);
                    return Ok(bytes);
                }
                Err(error) => {
                    self.reporter().event(Event::MirrorFailed { mirror: place.host.host.as_str(), error: &error });
                }
            }
        }
        let bytes = self.content_at(&self.own(repository)?, thing, repository, digest, cap).await?;
        self.cache.put(digest, &bytes);
        Ok(bytes)
    }

    async fn content_at(
        &self,
        place: &PlaceOfHost,
        thing: Thing,
        repository: &Repository,
        digest: &Digest,
        cap: u64,
    ) -> Result<Bytes, Error> {
        let ask = Ask { sink: Sink::Memory { cap }, ..place.by_digest(thing, repository, digest)? };
        let answer = self.transport.send(&place.host, &ask).await?;
        if answer.status == StatusCode::NOT_FOUND && thing == Thing::Manifest && !place.is_mirror {
            return self.by_tag(place, repository, digest, &answer).await;
        }
        expect_success(place, &ask, &answer, thing.missing())?;
        let got = Digest::of(digest.algorithm(), &answer.body);
        if got != *digest {
            // The digest of a signed schema 1 manifest is that of other bytes; what it is says more than that.
            let kind = if thing == Thing::Manifest && document::is_schema1(&answer.body) {
                ErrorKind::NotAnImage(NotAnImage::Schema1)
            } else {
                ErrorKind::DigestMismatch { host: place.name(), expected: digest.clone(), got }
            };
            return Err(place.error(&ask, &answer, kind));
        }
        // A blob's header may come from a store that knows no digests of ours.
        if thing == Thing::Manifest {
            check_header(place, &ask, &answer)?;
        }
        Ok(answer.body)
    }

    fn stands_in(&self, own: &PlaceOfHost, mirror: &PlaceOfHost) {
        if own.host.stands_in_first() {
            let event = Event::StandIn { host: own.host.host.as_str(), mirror: mirror.host.host.as_str() };
            self.reporter().event(event);
        }
    }

    fn own(&self, repository: &Repository) -> Result<PlaceOfHost, Error> {
        let host = self.transport.host(repository.host())?;
        Ok(PlaceOfHost { host, repository: repository.clone(), is_mirror: false })
    }

    /// Returns the mirrors that have not been given up. A path that is too long with its prefix is on no mirror.
    fn mirrors(&self, repository: &Repository) -> Vec<PlaceOfHost> {
        let settings = self.transport.settings.get(repository.host());
        let mirrors = settings.map(|settings| settings.mirrors.as_slice()).unwrap_or_default();
        let place = |mirror: &crate::settings::Mirror| {
            let repository = mirror.repository(repository).ok()?;
            let host = self.transport.host(&mirror.host).ok()?;
            host.dead().is_none().then_some(PlaceOfHost { host, repository, is_mirror: true })
        };
        mirrors.iter().filter_map(place).collect()
    }
}

impl Thing {
    fn missing(self) -> Missing {
        match self {
            Self::Manifest => Missing::Manifest,
            Self::Blob => Missing::Blob,
        }
    }
}

impl PlaceOfHost {
    fn name(&self) -> String {
        self.host.host.to_string()
    }

    fn url(&self, rest: &str) -> Result<Url, Error> {
        let path = format!("v2/{}/{rest}", self.repository.path());
        self.host.base.join(&path).map_err(|error| {
            ErrorKind::Network { host: self.name(), reason: format!("no address for it: {error}") }.into()
        })
    }

    fn ask(&self, doing: &'static str, reference: String, url: Url) -> Ask<'_> {
        // A mirror is not waited for: there is somebody else to ask.
        let attempts = if self.is_mirror { 1 } else { u32::MAX };
        Ask { reference, attempts, ..Ask::new(doing, self.repository.path(), url) }
    }

    fn manifest(&self, reference: String, name: &str) -> Result<Ask<'_>, Error> {
        let url = self.url(&format!("manifests/{name}"))?;
        Ok(Ask { accept: Some(document::ACCEPT), ..self.ask("read", reference, url) })
    }

    fn by_digest(&self, thing: Thing, repository: &Repository, digest: &Digest) -> Result<Ask<'_>, Error> {
        let reference = repository.with(None, Some(digest.clone())).to_string();
        match thing {
            Thing::Manifest => self.manifest(reference, digest.as_str()),
            Thing::Blob => {
                let url = self.url(&format!("blobs/{digest}"))?;
                Ok(Ask { content: Content::Blob, ..self.ask("read the blob", reference, url) })
            }
        }
    }

    fn error(&self, ask: &Ask<'_>, answer: &Answer, kind: ErrorKind) -> Error {
        self.failed(ask, Some(answer), kind)
    }

    /// An error without an answer.
    fn unanswered(&self, ask: &Ask<'_>, kind: ErrorKind) -> Error {
        self.failed(ask, None, kind)
    }

    fn failed(&self, ask: &Ask<'_>, answer: Option<&Answer>, kind: ErrorKind) -> Error {
        let context = Context {
            doing: ask.doing,
            reference: ask.reference.clone(),
            host: self.name(),
            status: answer.map(|answer| answer.status.as_u16()),
            attempts: 1,
            login: answer.map(|answer| answer.login.clone()),
        };
        self.host.sent.clean(Error { kind, context: Some(Box::new(context)) })
    }
}

fn expect_success(place: &PlaceOfHost, ask: &Ask<'_>, answer: &Answer, what: Missing) -> Result<(), Error> {
    if answer.status.is_success() {
        return Ok(());
    }
    let status = answer.status.as_u16();
    let kind = if status == 404 {
        ErrorKind::NotFound { what, newest: Vec::new() }
    } else {
        ErrorKind::Status { host: answer.from.clone(), status, message: answer.message() }
    };
    Err(place.error(ask, answer, kind))
}

/// Returns the digest that the answer's header claims; a header that is no digest is an error.
fn header_digest(place: &PlaceOfHost, ask: &Ask<'_>, answer: &Answer) -> Result<Option<Digest>, Error> {
    let Some(header) = answer.headers.get("docker-content-digest") else { return Ok(None) };
    let text = String::from_utf8_lossy(header.as_bytes());
    match text.parse() {
        Ok(digest) => Ok(Some(digest)),
        Err(_) => {
            let kind = ErrorKind::HeaderMismatch { host: place.name(), header: quoted(&text), body: None };
            Err(place.error(ask, answer, kind))
        }
    }
}

/// Refuses an answer whose header claims another digest than its bytes have.
fn check_header(place: &PlaceOfHost, ask: &Ask<'_>, answer: &Answer) -> Result<(), Error> {
    let Some(header) = header_digest(place, ask, answer)? else { return Ok(()) };
    let body = Digest::of(header.algorithm(), &answer.body);
    if body == header {
        return Ok(());
    }
    let kind = ErrorKind::HeaderMismatch { host: place.name(), header: header.to_string(), body: Some(body) };
    Err(place.error(ask, answer, kind))
}
