//! An answer, as data until it is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};

use crate::faults::Delivery;

/// The size of the pieces in which spaces are sent.
const PIECE: usize = 64 * 1024;

/// Status, headers and body of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) delivery: Delivery,
}

impl Answer {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), delivery: Delivery::Whole }
    }

    pub(crate) fn json(status: u16, document: &Value) -> Self {
        let mut answer = Self::new(status).with("content-type", "application/json");
        answer.body = document.to_string().into();
        answer
    }

    /// Makes the error of the distribution specification.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &json!({ "errors": [{ "code": code, "message": message }] }))
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) {
        self.headers.retain(|(key, _)| key != name);
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// Turns data into what the connection sends; `sent` counts the bytes of the body.
    pub(crate) fn into_response(self, head_only: bool, sent: &Arc<AtomicU64>) -> Response {
        let status = StatusCode::from_u16(self.status);
        let Ok(status) = status else {
            return impossible("status", &self.status.to_string());
        };
        let length = match self.delivery {
            Delivery::Endless => None,
            Delivery::Padded(size) => Some(size),
            Delivery::Whole | Delivery::Trickle { .. } | Delivery::Truncated(_) => Some(self.body.len() as u64),
        };
        let bodiless = head_only || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
        let body = if bodiless { Body::empty() } else { body(self.body, self.delivery, Arc::clone(sent)) };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let length = length.filter(|_| status != StatusCode::NO_CONTENT).map(|length| length.to_string());
        let explicit = self.headers.iter().any(|(name, _)| name == "content-length");
        let length = length.filter(|_| !explicit).map(|length| ("content-length".to_owned(), length));
        for (name, value) in self.headers.into_iter().chain(length) {
            match (HeaderName::try_from(name.as_str()), HeaderValue::from_bytes(value.as_bytes())) {
                (Ok(name), Ok(value)) => drop(response.headers_mut().append(name, value)),
                _ => return impossible("header", &format!("{name}: {value:?}")),
            }
        }
        response
    }
}

/// Says what HTTP cannot carry, so that a fault that cannot happen is seen rather than left out.
fn impossible(what: &str, value: &str) -> Response {
    let mut response = Response::new(Body::from(format!("testkit: `{value}` is no {what} that HTTP can carry\n")));
    *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
    response
}

fn body(bytes: Bytes, delivery: Delivery, sent: Arc<AtomicU64>) -> Body {
    let length = bytes.len() as u64;
    match delivery {
        Delivery::Whole => {
            sent.store(length, Ordering::Relaxed);
            Body::from(bytes)
        }
        Delivery::Padded(size) => padded(bytes, Some(size), sent),
        Delivery::Endless => padded(bytes, None, sent),
        Delivery::Trickle { chunk, pause } => Body::from_stream(stream::unfold(bytes, move |mut rest| {
            let sent = Arc::clone(&sent);
            async move {
                if rest.is_empty() {
                    return None;
                }
                tokio::time::sleep(pause).await;
                let piece = rest.split_to(chunk.min(rest.len()));
                sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
                Some((Ok::<_, std::io::Error>(piece), rest))
            }
        })),
        Delivery::Truncated(after) => {
            let piece = bytes.slice(..after.min(bytes.len()));
            sent.store(piece.len() as u64, Ordering::Relaxed);
            let cut = || std::io::Error::new(std::io::ErrorKind::ConnectionAborted, "the body is cut here");
            Body::from_stream(stream::unfold(Some(Some(piece)), move |state| async move {
                if let Some(piece) = state? {
                    return Some((Ok(piece), Some(None)));
                }
                // What was sent so far leaves before the connection does.
                tokio::task::yield_now().await;
                Some((Err(cut()), None))
            }))
        }
    }
}

fn padded(bytes: Bytes, size: Option<u64>, sent: Arc<AtomicU64>) -> Body {
    let spaces = Bytes::from(vec![b' '; PIECE]);
    Body::from_stream(stream::unfold((Some(bytes), 0), move |(first, done)| {
        let left = size.map_or(u64::MAX, |size| size.saturating_sub(done));
        let whole = first.unwrap_or_else(|| spaces.clone());
        let piece = whole.slice(..whole.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
        let sent = Arc::clone(&sent);
        async move {
            if left == 0 {
                return None;
            }
            sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
            let done = done + piece.len() as u64;
            Some((Ok::<_, std::io::Error>(piece), (None, done)))
        }
    }))
}
