//! Logging in: what a registry asks for is answered with the login for it, once, and a refusal says what was shown.

use std::sync::Arc;
use std::time::Duration;

use imagelock_credentials::{Credential, Found, Origin};
use reqwest::header::HeaderValue;

use super::auth::{self, Challenge};
use super::limits::HostState;
use super::retry::Failure;
use super::token::{self, Key};
use super::{Answer, Ask, Transport, realm};
use crate::error::{Context, Error, ErrorKind, Login, Refusal, Refuser, Withheld};

/// What a request was sent with.
enum Presented {
    Nothing(Login),
    Secret(HeaderValue, Login),
    Token { header: HeaderValue, login: Login, key: Key, is_new: bool },
}

impl Presented {
    fn header(&self) -> Option<&HeaderValue> {
        match self {
            Self::Nothing(_) => None,
            Self::Secret(header, _) | Self::Token { header, .. } => Some(header),
        }
    }

    fn login(&self) -> &Login {
        match self {
            Self::Nothing(login) | Self::Secret(_, login) | Self::Token { login, .. } => login,
        }
    }
}

impl Transport {
    pub(super) async fn credentials(&self, host: &HostState, path: &str) -> Result<Found, Failure> {
        let found = self.store.lookup(host.host.as_str(), path).await;
        found.map_err(|error| Failure::last(ErrorKind::Credentials { reason: error.to_string() }))
    }

    pub(super) async fn authorized(&self, host: &Arc<HostState>, ask: &Ask<'_>) -> Result<Answer, Failure> {
        let mut presented = self.present(host, ask).await?;
        let mut again = true;
        loop {
            // One request goes ahead to find out whether the host wants a token; the others wait for its answer.
            let ahead = if host.is_met() { None } else { Some(host.first.lock().await) };
            if ahead.is_some() && host.is_met() {
                drop(ahead);
                presented = self.present(host, ask).await?;
                continue;
            }
            let answer = self.exchange(host, ask, presented.header()).await;
            let refused = answer.as_ref().is_ok_and(|answer| matches!(answer.status.as_u16(), 401 | 403));
            // Where a redirect led, somebody else answered, who has no say in where tokens come from.
            let own = answer.as_ref().ok().filter(|answer| answer.url.origin() == ask.url.origin());
            let challenge = own.and_then(|answer| auth::challenge(&answer.headers));
            if let (true, Some(challenge)) = (refused, &challenge) {
                host.learn(challenge, ask.path);
            }
            host.meet();
            drop(ahead);
            let answer = answer?;
            if !refused {
                return Ok(Answer { login: presented.login().clone(), ..answer });
            }
            let status = answer.status.as_u16();
            // Some registries say 403 where a token has run out.
            let stale = matches!(presented, Presented::Token { is_new: false, .. });
            if again && (status == 401 && challenge.is_some() || status == 403 && stale) {
                again = false;
                let old = presented;
                if let Presented::Token { header, key, .. } = &old {
                    self.tokens.forget(key, header).await;
                }
                presented = self.present(host, ask).await?;
                if presented.header().is_some() && presented.header() != old.header() {
                    continue;
                }
            }
            let login = match presented {
                Presented::Nothing(_) if status == 401 && challenge.is_none() => {
                    self.unasked(host, ask.path, &answer).await?
                }
                other => other.login().clone(),
            };
            return Err(refusal(host, ask, &answer, &login));
        }
    }

    /// What became of the login where nobody asked for it in a way that is known.
    async fn unasked(&self, host: &HostState, path: &str, answer: &Answer) -> Result<Login, Failure> {
        let found = self.credentials(host, path).await?;
        let origin = found.origin().clone();
        if found.for_host(host.host.as_str()).is_anonymous() {
            return Ok(Login::Absent(origin));
        }
        Ok(Login::Withheld { origin, why: Withheld::NoChallenge(auth::as_written(&answer.headers)) })
    }

    /// Finds out what a registry asks for, and returns the header that answers it and how long it is good for.
    pub(crate) async fn authorization(
        &self,
        host: &Arc<HostState>,
        ask: &Ask<'_>,
    ) -> Result<Option<(HeaderValue, Option<Duration>)>, Error> {
        if host.challenge().is_none() {
            let answer = self.plain(host, ask, None).await?;
            if let Some(challenge) = auth::challenge(&answer.headers).filter(|_| answer.status.as_u16() == 401) {
                host.learn(&challenge, ask.path);
            }
            host.meet();
        }
        let presented = self.present(host, ask).await.map_err(|failure| {
            let (doing, reference, host) = (ask.doing, ask.reference.clone(), host.host.to_string());
            let context = Context { doing, reference, host, status: failure.status, attempts: 1, login: None };
            Error { kind: failure.kind, context: Some(Box::new(context)) }
        })?;
        Ok(match presented {
            Presented::Nothing(_) => None,
            Presented::Secret(header, _) => Some((header, None)),
            Presented::Token { header, key, .. } => {
                let left = self.tokens.left(&key).await;
                Some((header, left))
            }
        })
    }

    /// Returns what the host is known to ask for.
    async fn present(&self, host: &HostState, ask: &Ask<'_>) -> Result<Presented, Failure> {
        let Some(challenge) = host.challenge() else { return Ok(Presented::Nothing(Login::Absent(Origin::Nowhere))) };
        let found = self.credentials(host, ask.path).await?;
        let unusable = |reason| Failure::last(ErrorKind::Credentials { reason: format!("credentials: {reason}") });
        let secret = match (found.for_host(host.host.as_str()), &challenge) {
            (Credential::RegistryToken(token), Challenge::Bearer { .. }) => Some(token::bearer(token.expose())),
            (Credential::Basic { username, password }, Challenge::Basic) => {
                Some(token::basic(username, password.expose()))
            }
            _ => None,
        };
        if let Some(header) = secret {
            return Ok(Presented::Secret(header.map_err(unusable)?, Login::Shown(found.origin().clone())));
        }
        let Challenge::Bearer { realm, service, .. } = &challenge else {
            return Ok(Presented::Nothing(Login::Absent(found.origin().clone())));
        };
        let key = Self::key(host, realm, service.as_deref(), host.scope(ask.path));
        let (token, is_new) = self.token(host, &key, ask.path).await?;
        Ok(Presented::Token { header: token.header, login: token.login, key, is_new })
    }
}

fn refusal(host: &HostState, ask: &Ask<'_>, answer: &Answer, login: &Login) -> Failure {
    let at_home = answer.url.origin() == ask.url.origin();
    let by = if at_home { Refuser::Registry } else { Refuser::Target(realm::authority(&answer.url)) };
    let login = if at_home { login.clone() } else { Login::Absent(Origin::Nowhere) };
    refused(answer, host.host.to_string(), by, login)
}

/// The failure that a 401 or a 403 is.
pub(super) fn refused(answer: &Answer, registry: String, by: Refuser, login: Login) -> Failure {
    let status = answer.status.as_u16();
    // What a registry says with a 401 is that it wants a login, in many words.
    let message = if status == 401 { String::new() } else { answer.message() };
    let refusal = Box::new(Refusal { status, registry, by, login, message });
    let kind = if status == 401 { ErrorKind::Unauthorized(refusal) } else { ErrorKind::Forbidden(refusal) };
    Failure { status: Some(status), ..Failure::last(kind) }
}
