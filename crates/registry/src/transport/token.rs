//! Tokens: one request for all who need the same one at the same time, used until shortly before they end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use imagelock_credentials::{Credential, Found};
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use super::limits::HostState;
use super::realm::Realm;
use super::redirect::Content;
use super::retry::Failure;
use super::{Answer, Ask, Payload, Sink, Transport, login, realm};
use crate::error::{Error, ErrorKind, Login, Refuser, Withheld, colon, quoted};

/// The type of a form.
const FORM: &str = "application/x-www-form-urlencoded";
/// Tokens are small; more is no token.
const TOKEN_BYTES: u64 = 1 << 20;
/// What a token is good for where the service does not say (distribution's token specification).
const LIFETIME: Duration = Duration::from_mins(1);
/// How long before its end a token is not used any more, for requests that are slow and clocks that differ.
const SLACK: Duration = Duration::from_secs(10);

/// Which token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    registry: String,
    realm: String,
    service: Option<String>,
    scope: String,
}

/// A token, as the header that carries it.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) header: HeaderValue,
    pub(crate) login: Login,
    until: Instant,
}

#[derive(Default)]
struct Slot {
    token: Option<Token>,
    /// The last failure, for those who have waited for it.
    failed: Option<(Instant, Failed)>,
}

#[derive(Clone)]
struct Failed {
    kind: ErrorKind,
    status: Option<u16>,
}

/// All tokens of a run.
#[derive(Default)]
pub(crate) struct Tokens {
    slots: Mutex<BTreeMap<Key, Arc<tokio::sync::Mutex<Slot>>>>,
}

#[derive(Deserialize)]
struct TokenDocument {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<f64>,
}

impl Tokens {
    fn slot(&self, key: &Key) -> Arc<tokio::sync::Mutex<Slot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key.clone()).or_default())
    }

    /// How long a token is still good for.
    pub(crate) async fn left(&self, key: &Key) -> Option<Duration> {
        let slot = self.slot(key);
        let slot = slot.lock().await;
        slot.token.as_ref().map(|token| token.until.saturating_duration_since(Instant::now()))
    }

    /// Forgets a token that was refused, unless another has taken its place.
    pub(crate) async fn forget(&self, key: &Key, refused: &HeaderValue) {
        let slot = self.slot(key);
        let mut slot = slot.lock().await;
        if slot.token.as_ref().is_some_and(|token| token.header == refused) {
            slot.token = None;
        }
    }
}

impl Transport {
    pub(crate) fn key(host: &HostState, realm: &str, service: Option<&str>, scope: String) -> Key {
        Key { registry: host.host.to_string(), realm: realm.to_owned(), service: service.map(str::to_owned), scope }
    }

    /// Returns a token, of those that are there or from the service, and whether it is a new one.
    pub(crate) async fn token(&self, host: &HostState, key: &Key, path: &str) -> Result<(Token, bool), Failure> {
        let came = Instant::now();
        let slot = self.tokens.slot(key);
        let mut slot = slot.lock().await;
        if let Some(token) = slot.token.as_ref().filter(|token| token.until > Instant::now()) {
            return Ok((token.clone(), false));
        }
        if let Some((_, Failed { kind, status })) = slot.failed.as_ref().filter(|(at, _)| *at >= came) {
            return Err(Failure { status: *status, ..Failure::last(kind.clone()) });
        }
        match self.new_token(host, key, path).await {
            Ok(token) => {
                slot.token = Some(token.clone());
                Ok((token, true))
            }
            Err(failure) => {
                let failed = Failed { kind: failure.kind.clone(), status: failure.status };
                slot.failed = Some((Instant::now(), failed));
                Err(failure)
            }
        }
    }

    async fn new_token(&self, host: &HostState, key: &Key, path: &str) -> Result<Token, Failure> {
        let refused = |reason: &str| Failure::last(token_error(&key.realm, reason));
        let realm = realm::judge(&key.realm, &host.base, host.host.as_str(), &host.settings.token_hosts);
        let realm = realm.map_err(refused)?;
        let found = self.credentials(host, path).await?;
        let login = login(&found, host, &realm);
        let credential = match login {
            Login::Shown(_) => found.for_host(host.host.as_str()),
            _ => &Credential::Anonymous,
        };
        let service = self.realm_host(host, &realm.url).map_err(|reason| refused(&reason))?;
        let answer = self.ask_service(&service, &realm.url, credential, key, path).await?;
        let status = answer.status.as_u16();
        if matches!(status, 401 | 403) {
            let by = Refuser::TokenService(realm::authority(&realm.url));
            let by = if service.base.origin() == host.base.origin() {
                Refuser::TokenService(host.host.to_string())
            } else {
                by
            };
            return Err(login::refused(&answer, host.host.to_string(), by, login));
        }
        if !answer.status.is_success() {
            let with = match &login {
                Login::Shown(origin) => format!(", with {origin}"),
                Login::Withheld { origin, why } => format!(", without {origin}, {why}"),
                Login::Unasked | Login::Absent(_) => String::new(),
            };
            let reason = format!("status {status}{with}{}", colon(&answer.message()));
            let kind = ErrorKind::Token { realm: shown(&key.realm), reason, login: Box::new(login) };
            return Err(Failure { status: Some(status), ..Failure::last(kind) });
        }
        let given = parse(&answer.body).map_err(refused)?;
        let header = self.sent.bearer(&given.token).map_err(refused)?;
        Ok(Token { header, login, until: Instant::now() + given.used() })
    }

    /// Asks a token service, and shows it a credential.
    async fn ask_service(
        &self,
        service: &Arc<HostState>,
        realm: &Url,
        credential: &Credential,
        key: &Key,
        path: &str,
    ) -> Result<Answer, Failure> {
        if let Credential::IdentityToken(secret) = credential {
            self.sent.note(secret.expose());
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", secret.expose());
            form.append_pair("service", key.service.as_deref().unwrap_or_default()).append_pair("scope", &key.scope);
            form.append_pair("client_id", "imagelock");
            let ask = token_ask(Method::POST, realm.clone(), Some(form.finish()), path);
            let given = self.plain(service, &ask, None).await.map_err(|error| failed(key, realm, error))?;
            // Services from before OAuth 2 have no such method.
            if !matches!(given.status.as_u16(), 404 | 405) {
                return Ok(given);
            }
        }
        let mut url = realm.clone();
        if let Some(name) = &key.service {
            url.query_pairs_mut().append_pair("service", name);
        }
        for scope in key.scope.split_ascii_whitespace() {
            url.query_pairs_mut().append_pair("scope", scope);
        }
        let header = match credential {
            Credential::Basic { username, password } => Some(self.sent.basic(username, password.expose())),
            Credential::IdentityToken(secret) => Some(self.sent.basic("", secret.expose())),
            Credential::Anonymous | Credential::RegistryToken(_) => None,
        };
        let header = header.transpose().map_err(|reason| Failure::last(token_error(&key.realm, reason)))?;
        let ask = token_ask(Method::GET, url, None, path);
        self.plain(service, &ask, header.as_ref()).await.map_err(|error| failed(key, realm, error))
    }

    /// Returns the host of a token service. One on the registry's own host is reached as the registry is.
    fn realm_host(&self, registry: &HostState, realm: &Url) -> Result<Arc<HostState>, String> {
        let authority = realm::authority(realm);
        let host = authority.parse().map_err(|error: imagelock_core::reference::ReferenceError| error.to_string())?;
        let same_name = realm.host_str() == registry.base.host_str();
        let http = same_name.then(|| registry.http.clone());
        self.other(registry, &host, realm, http).map_err(|error| error.to_string())
    }
}

/// What becomes of the login for a registry at a token service.
fn login(found: &Found, host: &HostState, realm: &Realm) -> Login {
    let origin = found.origin().clone();
    match (found.for_host(host.host.as_str()).is_anonymous(), realm.trusted) {
        (true, _) => Login::Absent(origin),
        (false, true) => Login::Shown(origin),
        (false, false) => Login::Withheld { origin, why: Withheld::TokenHost(realm::authority(&realm.url)) },
    }
}

fn failed(key: &Key, realm: &Url, error: Error) -> Failure {
    let status = error.context.as_deref().and_then(|context| context.status);
    let unreachable =
        matches!(error.kind, ErrorKind::RateLimited { .. } | ErrorKind::Network { .. } | ErrorKind::Tls { .. });
    let kind = if Url::parse(&key.realm).is_ok_and(|written| written.scheme() != realm.scheme()) {
        let reason = format!("it speaks plain HTTP, and the registry does not; over HTTPS: {}", error.kind);
        token_error(&key.realm, &reason)
    } else if unreachable {
        error.kind
    } else {
        token_error(&key.realm, &error.kind.to_string())
    };
    Failure { status, ..Failure::last(kind) }
}

fn token_error(realm: &str, reason: &str) -> ErrorKind {
    ErrorKind::Token { realm: shown(realm), reason: reason.to_owned(), login: Box::new(Login::Unasked) }
}

/// A realm as errors show it.
fn shown(realm: &str) -> String {
    let address = realm.split(['?', '#']).next().unwrap_or_default();
    // What stands before an `@` may be a password.
    let address = address.rsplit('@').next().unwrap_or_default();
    quoted(address)
}

fn token_ask(method: Method, url: Url, form: Option<String>, path: &str) -> Ask<'_> {
    let payload = form.map_or(Payload::Nothing, |form| Payload::Bytes { media_type: FORM, bytes: form.into() });
    Ask {
        method,
        payload,
        content: Content::Token,
        sink: Sink::Memory { cap: TOKEN_BYTES },
        ..Ask::new("get a token for", path, url)
    }
}

/// What a token service answers with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Given {
    pub(crate) token: String,
    /// How long it is good for: a day at most, which is more than a run takes.
    pub(crate) lifetime: Duration,
}

impl Given {
    /// How long it is used: what is short already is not made much shorter.
    fn used(&self) -> Duration {
        self.lifetime.saturating_sub(SLACK.min(self.lifetime / 4))
    }
}

/// Reads a token document (distribution's token specification), in which some services write `access_token`.
pub(crate) fn parse(body: &[u8]) -> Result<Given, &'static str> {
    let document: TokenDocument = serde_json::from_slice(body).map_err(|_| "the answer is not a token document")?;
    let text = document.token.filter(|token| !token.is_empty()).or(document.access_token);
    let token = text.filter(|token| !token.is_empty()).ok_or("the answer has no token")?;
    let lifetime = document.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    // A token that is good for nothing is none: whoever writes 0 says nothing of its lifetime.
    let lifetime = lifetime.filter(|lifetime| !lifetime.is_zero());
    Ok(Given { token, lifetime: lifetime.unwrap_or(LIFETIME).min(Duration::from_hours(24)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_in_either_field() {
        for (body, expected) in [
            (r#"{"token":"a"}"#, Ok(("a", 60))),
            (r#"{"access_token":"b"}"#, Ok(("b", 60))),
            (r#"{"token":"","access_token":"b"}"#, Ok(("b", 60))),
            (r#"{"token":"a","access_token":"b","expires_in":300,"issued_at":"x"}"#, Ok(("a", 300))),
            (r#"{"token":"a","expires_in":1e300}"#, Ok(("a", 60))),
            (r#"{"token":"a","expires_in":1e9}"#, Ok(("a", 86400))),
            (r#"{"token":"a","expires_in":-1}"#, Ok(("a", 60))),
            (r#"{"token":"a","expires_in":0}"#, Ok(("a", 60))),
            (r#"{"token":"a","expires_in":-0.0}"#, Ok(("a", 60))),
            (r#"{"token":"a","expires_in":1e-12}"#, Ok(("a", 60))),
            (r#"{"token":""}"#, Err("the answer has no token")),
            ("{}", Err("the answer has no token")),
            ("<html>", Err("the answer is not a token document")),
        ] {
            let given = parse(body.as_bytes());
            let given = given.as_ref().map(|given| (given.token.as_str(), given.lifetime.as_secs()));
            assert_eq!(given.map_err(|error| *error), expected, "{body}");
        }
    }

    #[test]
    fn a_token_is_used_until_shortly_before_its_end() {
        for (lifetime, used) in [(4, 3), (8, 6), (40, 30), (60, 50), (300, 290)] {
            let given = parse(format!(r#"{{"token":"a","expires_in":{lifetime}}}"#).as_bytes()).unwrap();
            assert_eq!(given.used(), Duration::from_secs(used), "{lifetime}");
        }
    }

    #[test]
    fn no_secret_of_a_realm_is_in_an_error() {
        let ErrorKind::Token { realm, .. } = token_error("https://me:secret@a.example/token?key=secret", "x") else {
            panic!("not a token error");
        };
        assert_eq!(realm, "a.example/token");
    }
}
