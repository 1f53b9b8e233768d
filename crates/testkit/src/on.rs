//! Which requests a fault meets.

use crate::server::{Asked, Route, Side, Store};

/// Which requests a fault meets: a kind of request, narrowed by setters. The repository `*` means any.
///
/// A fault comes after authentication, as in a registry, and so does not meet a request that is refused for want of
/// a token; [`before_auth`](Self::before_auth) changes that.
#[derive(Clone, Debug)]
pub struct On {
    kind: RequestKind,
    repository: Option<String>,
    reference: Option<String>,
    method: Option<String>,
    page: Option<usize>,
    before_auth: bool,
    second_host: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RequestKind {
    Any,
    Base,
    Manifest,
    Blob,
    Upload,
    Tags,
    Referrers,
    Catalog,
    Token,
}

impl On {
    fn new(kind: RequestKind, repository: &str) -> Self {
        Self {
            kind,
            repository: (repository != "*").then(|| repository.to_owned()),
            reference: None,
            method: None,
            page: None,
            before_auth: false,
            second_host: None,
        }
    }

    /// Meets every request.
    pub fn any() -> Self {
        Self::new(RequestKind::Any, "*")
    }

    /// Meets `/v2/` itself.
    pub fn base() -> Self {
        Self::new(RequestKind::Base, "*")
    }

    /// Meets requests for manifests, by tag and by digest.
    pub fn manifest(repository: &str) -> Self {
        Self::new(RequestKind::Manifest, repository)
    }

    /// Meets requests for configurations, layers and other blobs.
    pub fn blob(repository: &str) -> Self {
        Self::new(RequestKind::Blob, repository)
    }

    /// Meets requests that upload a blob.
    pub fn upload(repository: &str) -> Self {
        Self::new(RequestKind::Upload, repository)
    }

    /// Meets requests for a list of tags.
    pub fn tags(repository: &str) -> Self {
        Self::new(RequestKind::Tags, repository)
    }

    /// Meets requests for a list of referrers.
    pub fn referrers(repository: &str) -> Self {
        Self::new(RequestKind::Referrers, repository)
    }

    /// Meets requests for the list of repositories.
    pub fn catalog() -> Self {
        Self::new(RequestKind::Catalog, "*")
    }

    /// Meets requests for a token.
    pub fn token() -> Self {
        Self::new(RequestKind::Token, "*")
    }

    /// Meets one method only, such as `HEAD`.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_ascii_uppercase());
        self
    }

    /// Meets one tag or digest only.
    #[must_use]
    pub fn reference(mut self, reference: &str) -> Self {
        self.reference = Some(reference.to_owned());
        self
    }

    /// Meets one page of a list of tags only, where the first is 1.
    #[must_use]
    pub fn page(mut self, page: usize) -> Self {
        self.page = Some(page);
        self
    }

    /// Meets requests before they are authenticated.
    #[must_use]
    pub fn before_auth(mut self) -> Self {
        self.before_auth = true;
        self
    }

    /// Meets requests to [`second_host`](crate::Registry::second_host) only.
    #[must_use]
    pub fn second_host(mut self) -> Self {
        self.second_host = Some(true);
        self
    }

    /// Meets requests to [`host`](crate::Registry::host) only.
    #[must_use]
    pub fn first_host(mut self) -> Self {
        self.second_host = Some(false);
        self
    }

    pub(crate) fn meets(&self, asked: &Asked, store: &Store, before_auth: bool) -> bool {
        let (kind, repository, reference) = match &asked.route {
            Route::Base => (RequestKind::Base, None, None),
            Route::Manifest { repository, reference } => (RequestKind::Manifest, Some(repository), Some(reference)),
            Route::Blob { repository, digest } => (RequestKind::Blob, Some(repository), Some(digest)),
            Route::Uploads { repository } | Route::Upload { repository, .. } => {
                (RequestKind::Upload, Some(repository), None)
            }
            Route::Tags { repository } => (RequestKind::Tags, Some(repository), None),
            Route::Referrers { repository, digest } => (RequestKind::Referrers, Some(repository), Some(digest)),
            Route::Catalog => (RequestKind::Catalog, None, None),
            Route::Token => (RequestKind::Token, None, None),
            Route::Unknown => (RequestKind::Any, None, None),
        };
        let second = asked.side == Side::Second;
        self.before_auth == before_auth
            && (self.kind == RequestKind::Any || self.kind == kind)
            && self.repository.as_ref().is_none_or(|wanted| Some(wanted) == repository)
            && self.reference.as_ref().is_none_or(|wanted| Some(wanted) == reference)
            && self.method.as_ref().is_none_or(|wanted| *wanted == asked.method)
            && self.second_host.is_none_or(|wanted| wanted == second)
            && self.page.is_none_or(|wanted| store.page_of(asked) == Some(wanted))
    }
}
