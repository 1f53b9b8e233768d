//! Files of the web that are no registry's: what others publish of what they know.

use std::fs::File;

use imagelock_core::{Digest, Host};
use url::Url;

use super::Client;
use crate::error::{Context, Error, ErrorKind, quoted};
use crate::transport::redirect::Content;
use crate::transport::{Ask, Sink};

impl Client {
    /// Fetches a file of at most `cap` bytes from an address, without a login, and writes it to the start of `file`. Returns its
    /// size and its SHA-256. The settings of a registry of the same host hold: its authority, and whether plain HTTP will do.
    pub async fn web(&self, address: &str, file: &File, cap: u64) -> Result<(u64, Digest), Error> {
        let (host, url) = host_of(address)?;
        let state = self.transport.host(&host)?;
        if url.scheme() != "https" && state.base.scheme() != "http" {
            let reason = "it speaks plain HTTP (`insecure` of the registry allows it)".to_owned();
            return Err(ErrorKind::Network { host: host.to_string(), reason }.into());
        }
        let like = Digest::sha256(b"");
        let reference = shown(&url);
        let sink = Sink::File { file, digest: &like, cap };
        // What is fetched is pinned by its hash or told to be new: publishers keep it wherever they like.
        let ask = Ask { sink, content: Content::Blob, reference: reference.clone(), ..Ask::new("fetch", "", url) };
        let answer = self.transport.plain(&state, &ask, None).await?;
        let failed = |kind| {
            let status = Some(answer.status.as_u16());
            let host = answer.from.clone();
            let context = Context { doing: "fetch", reference, host, status, attempts: 1, login: None };
            self.clean(Error { kind, context: Some(Box::new(context)) })
        };
        if !answer.status.is_success() {
            let (host, status) = (answer.from.clone(), answer.status.as_u16());
            return Err(failed(ErrorKind::Status { host, status, message: String::new() }));
        }
        answer
            .written
            .clone()
            .ok_or_else(|| failed(ErrorKind::Malformed { reason: "the answer has no body".to_owned() }))
    }
}

/// The host of an address, and the address read.
fn host_of(address: &str) -> Result<(Host, Url), Error> {
    let network = |reason: String| ErrorKind::Network { host: quoted(address), reason };
    let url = Url::parse(address).map_err(|error| network(error.to_string()))?;
    let is_web = matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none();
    let host = url.host_str().filter(|_| is_web);
    let host = host.ok_or_else(|| network("it is no address of the web without a login".to_owned()))?;
    let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let host = authority.parse().map_err(|_| network("its host is not one".to_owned()))?;
    Ok((host, url))
}

/// An address without its query, which may hold what is nobody's.
fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    quoted(shown.as_str())
}
