//! A request, read once and for all.

use axum::http::HeaderMap;
use axum::http::request::Parts;

/// To which of the registry's sockets a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    First,
    /// Another host with the same content, where nothing is asked: a content delivery network, or a token service.
    Second,
    /// The first host without TLS; it exists only when the first host has TLS.
    Plain,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Base,
    Manifest { repository: String, reference: String },
    Blob { repository: String, digest: String },
    Uploads { repository: String },
    Upload { repository: String, id: String },
    Tags { repository: String },
    Referrers { repository: String, digest: String },
    Catalog,
    Token,
    Unknown,
}

impl Route {
    fn parse(path: &str) -> Self {
        match path {
            "/v2" | "/v2/" => return Self::Base,
            "/v2/_catalog" => return Self::Catalog,
            "/token" => return Self::Token,
            _ => {}
        }
        let Some(rest) = path.strip_prefix("/v2/") else {
            return Self::Unknown;
        };
        let split = |mark: &str| rest.rsplit_once(mark).map(|(left, right)| (left.to_owned(), right.to_owned()));
        if let Some((repository, id)) = split("/blobs/uploads/") {
            return if id.is_empty() { Self::Uploads { repository } } else { Self::Upload { repository, id } };
        }
        if let Some(repository) = rest.strip_suffix("/blobs/uploads") {
            return Self::Uploads { repository: repository.to_owned() };
        }
        if let Some(repository) = rest.strip_suffix("/tags/list") {
            return Self::Tags { repository: repository.to_owned() };
        }
        if let Some((repository, reference)) = split("/manifests/") {
            return Self::Manifest { repository, reference };
        }
        if let Some((repository, digest)) = split("/blobs/") {
            return Self::Blob { repository, digest };
        }
        if let Some((repository, digest)) = split("/referrers/") {
            return Self::Referrers { repository, digest };
        }
        Self::Unknown
    }
}

/// A request without its body.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) host: String,
    pub(crate) authorization: Option<String>,
    pub(crate) accept: Vec<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) range: Option<String>,
    pub(crate) route: Route,
    pub(crate) side: Side,
    /// Whether this registry sent the client here.
    pub(crate) redirected: bool,
}

/// The mark by which a registry knows a request that it redirected.
pub(crate) const REDIRECTED: &str = "redirected=1";

impl Asked {
    pub(crate) fn new(parts: &Parts, side: Side) -> Self {
        let query = parts.uri.query().map(str::to_owned);
        // Over HTTP/2 the host stands in the address.
        let host = parts.uri.authority().map(ToString::to_string).or_else(|| text(&parts.headers, "host"));
        let accept = parts.headers.get_all("accept").iter();
        Self {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            redirected: query.as_deref().is_some_and(|query| query.split('&').any(|pair| pair == REDIRECTED)),
            query,
            host: host.unwrap_or_default(),
            authorization: text(&parts.headers, "authorization"),
            accept: accept.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect(),
            user_agent: text(&parts.headers, "user-agent"),
            content_type: text(&parts.headers, "content-type"),
            range: text(&parts.headers, "range"),
            route: Route::parse(parts.uri.path()),
            side,
        }
    }

    /// Returns a field of the query, decoded.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let query = self.query.as_deref()?;
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Whether the client takes a media type: it says so, says `*/*`, or says nothing.
    pub(crate) fn accepts(&self, media_type: &str) -> bool {
        let mut types = self
            .accept
            .iter()
            .flat_map(|value| value.split(','))
            .map(|item| item.split(';').next().unwrap_or_default().trim());
        self.accept.is_empty() || types.any(|item| item == media_type || item == "*/*")
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_may_have_any_number_of_parts() {
        let route = Route::parse("/v2/a/b/c/manifests/1.0");
        assert_eq!(route, Route::Manifest { repository: "a/b/c".to_owned(), reference: "1.0".to_owned() });
    }

    #[test]
    fn a_repository_may_be_called_blobs() {
        let route = Route::parse("/v2/a/blobs/tags/list");
        assert_eq!(route, Route::Tags { repository: "a/blobs".to_owned() });
    }
}
