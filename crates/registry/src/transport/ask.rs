//! What is asked of a host, and what it answers.

use bytes::Bytes;
use imagelock_core::Digest;
use oci_distribution::errors::OciEnvelope;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use url::Url;

use super::challenges::Access;
use super::delivery::Delivery;
use super::feed::Feed;
use super::redirect::Content;
use crate::error::{Login, quoted};
use crate::list::{Page, PageError};

/// Where the body of an answer goes.
#[derive(Clone, Copy)]
pub(crate) enum Sink<'a> {
    /// There is none.
    Nowhere,
    /// To memory, up to a limit.
    Memory { cap: u64 },
    /// To the reader of a list of at most `most` tags.
    List { cap: u64, most: usize },
    /// To the start of a file, hashed as `digest` is.
    File { file: &'a std::fs::File, digest: &'a Digest, cap: u64 },
    /// To a reader on a thread of its own.
    Reader { delivery: &'a Delivery, cap: u64 },
}

/// The body of a request.
#[derive(Clone)]
pub(crate) enum Payload<'a> {
    /// There is none.
    Nothing,
    /// What is in memory, with its media type.
    Bytes { media_type: &'a str, bytes: Bytes },
    /// A blob, which is read anew for every attempt.
    Blob(&'a Feed),
}

/// A request.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) accept: Option<&'static str>,
    /// The bytes of the content that are wanted, the first and the last; a host may send all of it.
    pub(crate) range: Option<(u64, u64)>,
    pub(crate) payload: Payload<'a>,
    pub(crate) content: Content,
    pub(crate) sink: Sink<'a>,
    /// The repository's path on the host that is asked, for scopes and credentials.
    pub(crate) path: &'a str,
    /// What is done to the repository.
    pub(crate) access: Access,
    pub(crate) doing: &'static str,
    /// What errors call the thing that is asked for.
    pub(crate) reference: String,
    /// The most attempts, where that is fewer than usual.
    pub(crate) attempts: u32,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(doing: &'static str, path: &'a str, url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            accept: None,
            range: None,
            payload: Payload::Nothing,
            content: Content::Word,
            sink: Sink::Nowhere,
            path,
            access: Access::Read,
            doing,
            reference: path.to_owned(),
            attempts: u32::MAX,
        }
    }
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The body, unless it went elsewhere.
    pub(crate) body: Bytes,
    /// What the reader of a list found in it.
    pub(crate) page: Option<Result<Page, PageError>>,
    /// The size and the digest of what went to a file.
    pub(crate) written: Option<(u64, Digest)>,
    pub(crate) url: Url,
    /// The host that gave it: where redirects led.
    pub(crate) from: String,
    /// What became of the login.
    pub(crate) login: Login,
}

impl Answer {
    /// What the server says about a failure, cut and cleaned.
    pub(crate) fn message(&self) -> String {
        let Ok(envelope) = serde_json::from_slice::<OciEnvelope>(&self.body) else { return String::new() };
        let messages: Vec<String> = envelope.errors.into_iter().map(|error| error.message).collect();
        quoted(&messages.join("; "))
    }

    /// Whether the server gives a failure this code (OCI distribution-spec, "Error Codes").
    pub(crate) fn code(&self, code: &str) -> bool {
        #[derive(serde::Deserialize)]
        struct Codes {
            errors: Vec<Code>,
        }
        #[derive(serde::Deserialize)]
        struct Code {
            #[serde(default)]
            code: String,
        }
        let codes = serde_json::from_slice::<Codes>(&self.body);
        codes.is_ok_and(|codes| codes.errors.iter().any(|error| error.code == code))
    }
}
