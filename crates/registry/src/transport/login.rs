//! Logging in: whoever asks for a login is shown the one for it, once, and a refusal says what was shown to whom.
//!
//! A host asks by a challenge. Some refuse without one, or say that what is private is not there: where there is a login
//! for such a host, `/v2/` is asked once for its challenge, as containerd and go-containerregistry ask it first of all.

use std::sync::Arc;
use std::time::Duration;

use imagelock_core::Host;
use imagelock_credentials::{Credential, Found};
use reqwest::header::HeaderValue;

use super::auth::{self, Challenge};
use super::challenges::Access;
use super::exchange::Reply;
use super::limits::HostState;
use super::retry::Failure;
use super::token::Key;
use super::{Answer, Ask, Sink, Transport, redirect};
use crate::address::repository_path;
use crate::error::{Context, Error, ErrorKind, Login, Refusal, Refuser, Withheld};

/// What is read of the answer for `/v2/`.
const BASE_BYTES: u64 = 64 << 10;

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

/// Who answered, and what was shown to them.
struct Party {
    host: Arc<HostState>,
    /// The repository's path at that host.
    path: String,
    /// What is done to it.
    access: Access,
    shown: Presented,
    /// The registry itself, and not where it redirects to.
    is_registry: bool,
    /// Whether what was asked for at it is a repository's.
    is_repository: bool,
    /// Whether it may be logged in to.
    may_ask: bool,
}

impl Transport {
    pub(super) async fn credentials(&self, host: &HostState, path: &str) -> Result<Found, Failure> {
        let found = self.store.lookup(host.host.as_str(), path).await;
        found.map_err(|error| Failure::last(ErrorKind::Credentials { reason: error.to_string() }))
    }

    /// Sends a request with what is asked for. The answer is no refusal; a 404 stands where no login could change it.
    pub(super) async fn authorized(&self, host: &Arc<HostState>, ask: &Ask<'_>) -> Result<Answer, Failure> {
        let mut heard: Vec<Host> = Vec::new();
        loop {
            // One request goes ahead to find out whether the host wants a token; the others wait for its answer.
            let ahead = if host.is_met() { None } else { Some(host.first.lock().await) };
            let ahead = ahead.filter(|_| !host.is_met());
            let reply = self.reply(host, ask).await;
            if let Ok((answer, party)) = &reply
                && let Some(challenge) = party.challenge(answer)
            {
                party.host.challenges.learn(&challenge, &party.path, &party.access);
            }
            host.meet();
            drop(ahead);
            let (answer, mut party) = reply?;
            let status = answer.status.as_u16();
            let hidden = status == 404 && party.is_registry && party.shown.header().is_none();
            let refused = matches!(status, 401 | 403);
            if (refused || hidden) && !heard.contains(&party.host.host) {
                heard.push(party.host.host.clone());
                if let Some(next) = self.now_shown(&party, &answer).await? {
                    if next.header().is_some() && next.header() != party.shown.header() {
                        continue;
                    }
                    party.shown = next;
                }
            }
            if !refused {
                let login = match party.shown.login() {
                    Login::Unasked if hidden => self.unasked(&party, &answer).await?,
                    login => login.clone(),
                };
                return Ok(Answer { login, ..answer });
            }
            return Err(self.refusal(host, &party, &answer).await?);
        }
    }

    /// Sends a request once, with its redirects, and says who answered.
    async fn reply(&self, host: &Arc<HostState>, ask: &Ask<'_>) -> Result<(Answer, Party), Failure> {
        let home = ask.url.origin();
        let unasked = || Presented::Nothing(Login::Unasked);
        let (mut path, mut shown) = (ask.path.to_owned(), unasked());
        let (mut is_repository, mut may_ask, mut access) = (true, true, ask.access.clone());
        let header = async |at: &Arc<HostState>, url: &url::Url| {
            let is_registry = url.origin() == home;
            // A password goes over plain HTTP where that is in order for the host itself, and not because another leads there.
            let safe = url.scheme() == "https" || at.host.is_loopback() || at.settings.insecure;
            let named = safe && redirect::is_named(&host.settings.redirect_hosts, url);
            let known = if is_registry { Some(ask.path) } else { repository_path(url.path()) };
            is_repository = known.is_some();
            may_ask = is_repository && (is_registry || named);
            known.filter(|_| may_ask).unwrap_or_default().clone_into(&mut path);
            // Whoever is led to writes nothing.
            access = if is_registry { ask.access.clone() } else { Access::Read };
            shown = if may_ask { self.present(at, &path, &access).await? } else { unasked() };
            Ok(shown.header().cloned())
        };
        let Reply { answer, from } = self.exchange(host, ask, header).await?;
        let is_registry = answer.url.origin() == home;
        Ok((answer, Party { host: from, path, access, shown, is_registry, is_repository, may_ask }))
    }

    /// Finds out what a request that was refused would be sent with now.
    async fn now_shown(&self, party: &Party, answer: &Answer) -> Result<Option<Presented>, Failure> {
        let asked = party.challenge(answer).is_some();
        match &party.shown {
            Presented::Nothing(_) if !asked => self.seek(party, answer).await?,
            Presented::Nothing(_) => {}
            // Some registries say 403 where a token has run out.
            Presented::Token { header, key, is_new, .. } if !is_new || answer.status.as_u16() == 401 && asked => {
                self.tokens.forget(key, header).await;
            }
            Presented::Secret(..) if answer.status.as_u16() == 401 && asked => {}
            Presented::Secret(..) | Presented::Token { .. } => return Ok(None),
        }
        if party.may_ask { self.present(&party.host, &party.path, &party.access).await.map(Some) } else { Ok(None) }
    }

    /// Looks for what a registry, or one that it may lead to, asks for, where it does not say so with its refusal and
    /// there is a login for it.
    async fn seek(&self, party: &Party, answer: &Answer) -> Result<(), Failure> {
        let Party { host, path, .. } = party;
        if !party.may_ask || host.challenges.of(path).is_some() {
            return Ok(());
        }
        let found = self.credentials(host, path).await?;
        let credential = found.for_host(host.host.as_str());
        if credential.is_anonymous() {
            return Ok(());
        }
        match self.ask_base(host).await {
            Some(challenge) => host.challenges.learn_for(&challenge, path),
            // Whoever refuses without a word takes a password or nothing. It is sent over TLS, or where plain HTTP is
            // in order for this registry: no other address is ever made for one.
            None if is_silent(answer) && matches!(credential, Credential::Basic { .. }) => {
                host.challenges.learn(&Challenge::Basic, path, &party.access);
            }
            None => {}
        }
        Ok(())
    }

    /// Asks `/v2/` for its challenge, once in a run. Its scope is an example's or another request's, never what a
    /// repository takes.
    async fn ask_base(&self, host: &Arc<HostState>) -> Option<Challenge> {
        let asked = host.challenges.at_base.get_or_init(async || {
            let sink = Sink::Memory { cap: BASE_BYTES };
            let ask = Ask { sink, ..Ask::new("log in to", "", host.base.join("v2/").ok()?) };
            let answer = self.plain(host, &ask, None).await.ok()?;
            auth::challenge(&answer.headers).filter(|_| answer.status.as_u16() == 401).map(Challenge::without_scope)
        });
        asked.await.clone()
    }

    /// Finds out what a registry asks for, and returns the header that answers it and how long it is good for.
    pub(crate) async fn authorization(
        &self,
        host: &Arc<HostState>,
        ask: &Ask<'_>,
    ) -> Result<Option<(HeaderValue, Option<Duration>)>, Error> {
        let failed = |failure: Failure| {
            let (doing, reference, host) = (ask.doing, ask.reference.clone(), host.host.to_string());
            let context = Context { doing, reference, host, status: failure.status, attempts: 1, login: None };
            self.sent.clean(Error { kind: failure.kind, context: Some(Box::new(context)) })
        };
        if host.challenges.of(ask.path).is_none() {
            let answer = self.plain(host, ask, None).await?;
            let challenge = auth::challenge(&answer.headers).or_else(|| is_silent(&answer).then_some(Challenge::Basic));
            if let Some(challenge) = challenge.filter(|_| answer.status.as_u16() == 401) {
                host.challenges.learn(&challenge.without_scope(), ask.path, &ask.access);
            }
            host.meet();
        }
        let presented = self.present(host, ask.path, &ask.access).await.map_err(failed)?;
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
    async fn present(&self, host: &HostState, path: &str, access: &Access) -> Result<Presented, Failure> {
        let Some(challenge) = host.challenges.of(path) else { return Ok(Presented::Nothing(Login::Unasked)) };
        let found = self.credentials(host, path).await?;
        let origin = found.origin().clone();
        let unusable =
            |reason| Failure::last(ErrorKind::Credentials { reason: format!("{}: {reason}", found.origin()) });
        let secret = match (found.for_host(host.host.as_str()), &challenge) {
            (Credential::RegistryToken(token), Challenge::Bearer { .. }) => self.sent.bearer(token.expose()),
            (Credential::Basic { username, password }, Challenge::Basic) => {
                self.sent.basic(username, password.expose())
            }
            (_, Challenge::Bearer { realm, service, .. }) => {
                let key = Self::key(host, realm, service.as_deref(), host.challenges.scope(path, access));
                let (token, is_new) = self.token(host, &key, path).await?;
                return Ok(Presented::Token { header: token.header, login: token.login, key, is_new });
            }
            (Credential::Anonymous, Challenge::Basic) => return Ok(Presented::Nothing(Login::Absent(origin))),
            (_, Challenge::Basic) => {
                return Ok(Presented::Nothing(Login::Withheld { origin, why: Withheld::WrongKind }));
            }
        };
        Ok(Presented::Secret(secret.map_err(unusable)?, Login::Shown(origin)))
    }

    /// What became of the login for whoever did not ask for it, and has or shows nothing.
    async fn unasked(&self, party: &Party, answer: &Answer) -> Result<Login, Failure> {
        let name = party.host.host.as_str();
        let found = self.credentials(&party.host, &party.path).await?;
        let (origin, absent) = (found.origin().clone(), found.for_host(name).is_anonymous());
        let status = answer.status.as_u16();
        let why = match (party.may_ask, status) {
            (true, _) if absent => return Ok(Login::Absent(origin)),
            (true, 404) => Withheld::NoChallenge(String::new()),
            (true, _) => Withheld::NoChallenge(auth::as_written(&answer.headers)),
            (false, 401) if party.is_repository => Withheld::RedirectHost(name.to_owned()),
            (false, 401) if !absent => Withheld::NoRepository,
            // A store whose address carries its own permission has no use for a login.
            (false, _) => return Ok(Login::Unasked),
        };
        Ok(Login::Withheld { origin, why })
    }

    /// The failure that a 401 or a 403 is.
    async fn refusal(&self, registry: &HostState, party: &Party, answer: &Answer) -> Result<Failure, Failure> {
        let name = party.host.host.to_string();
        let login = match &party.shown {
            Presented::Nothing(Login::Unasked) => self.unasked(party, answer).await?,
            shown => shown.login().clone(),
        };
        let by = if party.is_registry { Refuser::Registry } else { Refuser::Target(name) };
        Ok(refused(answer, registry.host.to_string(), by, login))
    }
}

impl Party {
    /// What whoever answered asks for, if it has a say in it.
    fn challenge(&self, answer: &Answer) -> Option<Challenge> {
        let refused = matches!(answer.status.as_u16(), 401 | 403);
        (refused && self.may_ask).then(|| auth::challenge(&answer.headers)).flatten()
    }
}

/// Whether a 401 says nothing about how to log in.
fn is_silent(answer: &Answer) -> bool {
    answer.status.as_u16() == 401 && auth::as_written(&answer.headers).is_empty()
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
