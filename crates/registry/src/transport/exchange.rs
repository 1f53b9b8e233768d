//! One attempt at a request: a turn at the host, the request, its redirects, and its body up to a cap.

use std::error::Error as _;
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use imagelock_core::Digest;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION, RANGE};
use reqwest::{Response, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::delivery::Delivery;
use super::limits::{HostState, Meter};
use super::redirect::{self, Content};
use super::retry::{self, Failure, Retry};
use super::{Answer, Ask, Payload, Sink, Transport, outside, realm};
use crate::error::{ErrorKind, Login, quoted};
use crate::hash::Hasher;
use crate::list::{self, Page, PageError, Pieces};
use crate::settings::Pace;

/// What is read of the body of a failure.
const FAILURE_BYTES: u64 = 64 << 10;

/// How many pieces wait for their reader.
pub(crate) const PIECES: usize = 8;

/// How often others get to run before a place is given on: the connection's own task, and the pool's after it.
const POOL_TURNS: usize = 4;

/// Where a request goes next.
enum Hop {
    Done(Box<Answer>),
    On(Url),
}

/// An answer, and who gave it.
pub(super) struct Reply {
    pub(super) answer: Answer,
    pub(super) from: Arc<HostState>,
}

impl Transport {
    /// Sends a request once, with its redirects; `header` says what each host on the way is shown. A status that may pass
    /// is a failure; any other is an answer.
    pub(super) async fn exchange(
        &self,
        registry: &Arc<HostState>,
        ask: &Ask<'_>,
        mut header: impl AsyncFnMut(&Arc<HostState>, &Url) -> Result<Option<HeaderValue>, Failure>,
    ) -> Result<Reply, Failure> {
        let mut url = ask.url.clone();
        let mut left = self.timeouts.request;
        for _ in 0..=redirect::MOST {
            let at_home = url.origin() == ask.url.origin();
            let from =
                if at_home { Arc::clone(registry) } else { self.led_to(registry, &url).map_err(Failure::last)? };
            let header = header(&from, &url).await?;
            match self.step(&from, ask, &url, header.as_ref(), &mut left).await? {
                Hop::Done(answer) => return Ok(Reply { answer: *answer, from }),
                Hop::On(next) => {
                    let judged = redirect::judge(ask.content, &ask.url, &url, &next, &registry.settings.redirect_hosts);
                    judged.map_err(|reason| Failure::last(ErrorKind::Redirect { reason }))?;
                    url = next;
                }
            }
        }
        let reason =
            format!("{} redirects from one place to the next more than {} times", registry.host, redirect::MOST);
        Err(Failure::last(ErrorKind::Redirect { reason }))
    }

    fn led_to(&self, registry: &HostState, url: &Url) -> Result<Arc<HostState>, ErrorKind> {
        let authority = realm::authority(url);
        match authority.parse() {
            Ok(host) => self.other(registry, &host, url, None),
            Err(_) => {
                let reason = format!("a redirect to {} is not followed: it is not a host", quoted(&authority));
                Err(ErrorKind::Redirect { reason })
            }
        }
    }

    async fn step(
        &self,
        host: &HostState,
        ask: &Ask<'_>,
        url: &Url,
        authorization: Option<&HeaderValue>,
        left: &mut Duration,
    ) -> Result<Hop, Failure> {
        // The host's turn comes first, so that a slow host does not hold places that others could use.
        let turn = host.turn().await;
        let place = self.overall.acquire().await;
        let mut request = host.http.request(ask.method.clone(), url.clone());
        if let Some(accept) = ask.accept {
            request = request.header(ACCEPT, accept);
        }
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if let Some((first, last)) = ask.range {
            request = request.header(RANGE, format!("bytes={first}-{last}"));
        }
        let sent = Instant::now();
        let response = match &ask.payload {
            Payload::Blob(feed) => self.fed(host, request, feed).await,
            payload => {
                if let Payload::Bytes { media_type, bytes } = payload {
                    request = request.header(CONTENT_TYPE, *media_type).body(bytes.clone());
                }
                // What may be large has a pace to keep instead.
                if matches!(ask.sink, Sink::Nowhere | Sink::Memory { .. }) {
                    request = request.timeout(*left);
                }
                within(self.timeouts.read, host, request.send()).await
            }
        };
        let result = match response {
            Ok(response) => read(host, ask, url, Body::of(host, response, self.timeouts.pace)).await,
            Err(failure) => Err(failure),
        };
        *left = left.saturating_sub(sent.elapsed());
        // The connection goes back to the pool in a task of its own. Let that run before the next request takes the
        // place, or it would not find the connection and open one more than the limit allows.
        for _ in 0..POOL_TURNS {
            tokio::task::yield_now().await;
        }
        drop((place, turn));
        result
    }
}

/// Waits for an answer to begin.
async fn within(
    limit: Duration,
    host: &HostState,
    sending: impl Future<Output = reqwest::Result<Response>>,
) -> Result<Response, Failure> {
    match tokio::time::timeout(limit, sending).await {
        Ok(response) => response.map_err(|error| failed(host, &error)),
        Err(_) => Err(silent(host)),
    }
}

/// An answer whose body is still to come.
struct Body<'a> {
    host: &'a HostState,
    response: Response,
    meter: Meter,
    pace: Pace,
}

impl<'a> Body<'a> {
    fn of(host: &'a HostState, response: Response, pace: Pace) -> Self {
        Self { host, response, meter: Meter::start(pace), pace }
    }

    /// Waits for the next piece.
    async fn piece(&mut self) -> Result<Option<Bytes>, Failure> {
        let size = |piece: &Result<Option<Bytes>, _>| match piece {
            Ok(Some(bytes)) => bytes.len(),
            _ => 0,
        };
        match self.meter.next(self.response.chunk(), size).await {
            Some(piece) => piece.map_err(|error| failed(self.host, &error)),
            None => {
                let Pace { bytes, window } = self.pace;
                let kind = ErrorKind::Slow { host: self.host.host.to_string(), verb: "sends", bytes, window };
                Err(Failure { kind, status: None, retry: Retry::Once })
            }
        }
    }

    /// Refuses a body that says itself that it is larger than `cap` bytes.
    fn announced(&self, cap: u64) -> Result<(), Failure> {
        let larger = self.response.content_length().is_some_and(|length| length > cap);
        if larger { Err(too_large(cap)) } else { Ok(()) }
    }

    /// Reads a body of at most `cap` bytes; what a header promises is not believed.
    async fn memory(&mut self, cap: u64) -> Result<Bytes, Failure> {
        self.announced(cap)?;
        let mut body = BytesMut::new();
        while let Some(piece) = self.piece().await? {
            if (body.len() + piece.len()) as u64 > cap {
                return Err(too_large(cap));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }

    /// Reads a list of tags, of which no more is held at a time than a few pieces and the tags.
    async fn list(&mut self, cap: u64, most: usize) -> Result<Result<Page, PageError>, Failure> {
        self.announced(cap)?;
        let (sender, arriving) = tokio::sync::mpsc::channel(PIECES);
        let reading = tokio::task::spawn_blocking(move || list::read(Pieces::new(arriving), most));
        let mut size = 0_u64;
        while let Some(piece) = self.piece().await? {
            size += piece.len() as u64;
            if size > cap {
                return Err(too_large(cap));
            }
            if sender.send(piece).await.is_err() {
                break;
            }
        }
        drop(sender);
        let unread = |error: tokio::task::JoinError| Failure::last(ErrorKind::Malformed { reason: error.to_string() });
        reading.await.map_err(unread)
    }

    /// Writes a body of at most `cap` bytes to the start of a file; returns its size and its digest.
    async fn file(&mut self, file: &File, like: &Digest, cap: u64) -> Result<Option<(u64, Digest)>, Failure> {
        let mut hasher = Hasher::like(like);
        let unwritable = |error: std::io::Error| {
            Failure::last(ErrorKind::File { path: "the temporary file".into(), reason: error.to_string() })
        };
        (&mut &*file).seek(SeekFrom::Start(0)).and_then(|_| file.set_len(0)).map_err(unwritable)?;
        let mut size = 0_u64;
        while let Some(piece) = self.piece().await? {
            size += piece.len() as u64;
            if size > cap {
                return Err(too_large(cap));
            }
            hasher.update(&piece);
            (&mut &*file).write_all(&piece).map_err(unwritable)?;
        }
        Ok(hasher.finish().map(|digest| (size, digest)))
    }

    /// Hands a body of at most `cap` bytes to its reader.
    async fn deliver(&mut self, delivery: &Delivery, cap: u64) -> Result<(), Failure> {
        self.announced(cap)?;
        let mut size = 0_u64;
        while let Some(piece) = self.piece().await? {
            let at = size;
            size += piece.len() as u64;
            if size > cap {
                return Err(too_large(cap));
            }
            if delivery.piece(at, piece).await {
                // The time that a reader takes is not the registry's.
                self.meter = Meter::start(self.pace);
            }
        }
        Ok(())
    }
}

async fn read(host: &HostState, ask: &Ask<'_>, url: &Url, mut body: Body<'_>) -> Result<Hop, Failure> {
    host.answered();
    let status = body.response.status();
    let headers = body.response.headers().clone();
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
        && !matches!(ask.content, Content::Token | Content::Upload)
        && let Some(location) = location
    {
        let Ok(next) = url.join(location) else {
            let reason = format!("{} redirects to what is not an address", host.host);
            return Err(Failure::last(ErrorKind::Redirect { reason }));
        };
        // What little body there is must be read for the connection to be of use again.
        let _ = body.memory(FAILURE_BYTES).await;
        return Ok(Hop::On(next));
    }
    let mut answer = Answer {
        status,
        headers,
        body: Bytes::new(),
        page: None,
        written: None,
        url: url.clone(),
        from: host.host.to_string(),
        login: Login::Unasked,
    };
    if !status.is_success() {
        answer.body = body.memory(FAILURE_BYTES).await.unwrap_or_default();
        return if retry::is_transient(status) {
            Err(transient(host, &answer))
        } else {
            Ok(Hop::Done(Box::new(answer)))
        };
    }
    match ask.sink {
        // Whoever knows no ranges sends all of it, which nobody asked for.
        _ if ask.range.is_some() && status != StatusCode::PARTIAL_CONTENT => {}
        Sink::Nowhere => {}
        Sink::Memory { cap } => answer.body = body.memory(cap).await?,
        Sink::List { cap, most } => answer.page = Some(body.list(cap, most).await?),
        Sink::File { file, digest, cap } => answer.written = body.file(file, digest, cap).await?,
        Sink::Reader { delivery, cap } => body.deliver(delivery, cap).await?,
    }
    Ok(Hop::Done(Box::new(answer)))
}

fn too_large(limit: u64) -> Failure {
    Failure::last(ErrorKind::TooLarge { limit, unit: "bytes" })
}

fn transient(host: &HostState, answer: &Answer) -> Failure {
    let status = answer.status.as_u16();
    let after = retry::retry_after(&answer.headers, SystemTime::now());
    let name = host.host.to_string();
    let kind = if status == 429 {
        // A fraction of a second that is asked for is a second to people.
        let retry_after = after.map(|after| after.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX));
        ErrorKind::RateLimited { host: name, retry_after }
    } else {
        ErrorKind::Status { host: name, status, message: answer.message() }
    };
    Failure { kind, status: Some(status), retry: after.map_or(Retry::Soon, Retry::After) }
}

/// Whether TLS was refused: rustls wraps what it refuses in `InvalidData`, and nothing else on the way to a connection
/// does. An I/O error may wrap another, which its `source` passes over.
fn is_tls(cause: &(dyn std::error::Error + 'static)) -> bool {
    let Some(io) = cause.downcast_ref::<std::io::Error>() else { return false };
    io.kind() == std::io::ErrorKind::InvalidData || io.get_ref().is_some_and(|inner| is_tls(inner))
}

pub(super) fn silent(host: &HostState) -> Failure {
    let kind = ErrorKind::Network { host: host.host.to_string(), reason: "it did not answer in time".to_owned() };
    Failure { kind, status: None, retry: Retry::Once }
}

/// Tells apart what the library calls failed.
pub(super) fn failed(host: &HostState, error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        return silent(host);
    }
    let host = host.host.to_string();
    if outside::is_inside(error) {
        let reason = format!("{host} is not asked: {}", outside::Inside);
        return Failure::last(ErrorKind::Redirect { reason });
    }
    let mut tls = false;
    let mut reason = String::new();
    let mut source = error.source();
    while let Some(cause) = source {
        tls |= is_tls(cause);
        reason = cause.to_string();
        source = cause.source();
    }
    let reason = if reason.is_empty() { "the request failed".to_owned() } else { quoted(&reason) };
    if error.is_connect() && tls {
        return Failure::last(ErrorKind::Tls { host, reason });
    }
    Failure { kind: ErrorKind::Network { host, reason }, status: None, retry: Retry::Soon }
}
