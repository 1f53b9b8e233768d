//! One request from its arrival to its answer: log, latency, faults, authentication, content, faults again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use bytes::Bytes;

use super::answer::Answer;
use super::listener::Caller;
use super::request::{Asked, REDIRECTED, Route, Side};
use super::store::Store;
use super::{pull, push};
use crate::auth::{Addresses, Gatekeeper};
use crate::faults::{Effect, Faults, Redirect, Stage};
use crate::log::{Log, Ticket};

/// The largest body that a client may push.
const MAX_BODY: usize = 1 << 30;

/// What every request shares.
pub(crate) struct Shared {
    pub(crate) store: Mutex<Store>,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) gatekeeper: Gatekeeper,
    pub(crate) latency: Mutex<Duration>,
    pub(crate) options: Options,
    /// `http://host:port` of the first host, the second host, and the first without TLS.
    pub(crate) url: String,
    pub(crate) second_url: String,
    pub(crate) plain_url: String,
}

/// How a registry behaves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    pub(crate) strict_accept: bool,
    pub(crate) no_referrers: bool,
}

impl Shared {
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn latency(&self) -> MutexGuard<'_, Duration> {
        self.latency.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let asked = Asked::new(&parts, caller.side);
    let ticket = shared.log.open(&asked);
    let cut = shared.faults.take(&asked, &shared.store(), Stage::Body);
    let cut = cut.iter().find_map(|effect| if let Effect::Cut(after) = effect { Some(*after) } else { None });
    // Of a body that breaks off nothing is kept, as if the request had not come.
    let Ok(body) = axum::body::to_bytes(body, cut.unwrap_or(MAX_BODY)).await else {
        caller.close();
        return Response::new(Body::empty());
    };
    ticket.received(body.len());
    if asked.route == Route::Token {
        ticket.form(String::from_utf8_lossy(&body).into_owned());
    }
    let latency = *shared.latency();
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    if let Some(answer) = answer(&shared, &asked, &body).await {
        return send(answer, &asked, &ticket);
    }
    caller.close();
    Response::new(Body::empty())
}

fn send(answer: Answer, asked: &Asked, ticket: &Ticket) -> Response {
    let response = answer.into_response(asked.method == "HEAD", &ticket.sent);
    ticket.answered(response.status().as_u16());
    response
}

/// Returns the answer, or nothing where the connection is to be closed.
async fn answer(shared: &Shared, asked: &Asked, body: &Bytes) -> Option<Answer> {
    let early = shared.faults.take(asked, &shared.store(), Stage::Early);
    let answer = match before(shared, asked, &early).await {
        Before::Close => return None,
        Before::Answer(answer) => answer,
        Before::GoOn => match refusal(shared, asked) {
            Some(refusal) => refusal,
            None => authenticated(shared, asked, body).await?,
        },
    };
    Some(after(answer, early))
}

async fn authenticated(shared: &Shared, asked: &Asked, body: &Bytes) -> Option<Answer> {
    let effects = shared.faults.take(asked, &shared.store(), Stage::Usual);
    match before(shared, asked, &effects).await {
        Before::Close => None,
        Before::Answer(answer) => Some(answer),
        Before::GoOn => {
            let answer = usual(shared, asked, body);
            let is_lost = effects.iter().any(|effect| matches!(effect, Effect::Lost));
            (!is_lost).then(|| after(answer, effects))
        }
    }
}

fn refusal(shared: &Shared, asked: &Asked) -> Option<Answer> {
    let open = asked.side != Side::First || asked.route == Route::Token;
    let addresses = Addresses { own: &shared.url, second: &shared.second_url };
    if open { None } else { shared.gatekeeper.refusal(asked, &addresses) }
}

enum Before {
    GoOn,
    Answer(Answer),
    Close,
}

/// Applies what happens before the usual answer is made.
async fn before(shared: &Shared, asked: &Asked, effects: &[Effect]) -> Before {
    for effect in effects {
        match effect {
            Effect::Delay(duration) => tokio::time::sleep(*duration).await,
            Effect::Hold(gate) => gate.pass().await,
            Effect::Answer(answer) => return Before::Answer(answer.clone()),
            Effect::Close => return Before::Close,
            Effect::Redirect(redirect) => {
                return Before::Answer(redirected(shared, asked, redirect));
            }
            Effect::Header { .. } | Effect::Bytes(_) | Effect::Deliver(_) | Effect::Cut(_) | Effect::Lost => {}
        }
    }
    Before::GoOn
}

fn redirected(shared: &Shared, asked: &Asked, redirect: &Redirect) -> Answer {
    let query = asked.query.as_deref();
    let marked = query.map_or_else(|| REDIRECTED.to_owned(), |query| format!("{query}&{REDIRECTED}"));
    let path = &asked.path;
    let target = match redirect {
        Redirect::SameHost => format!("{}{path}?{marked}", shared.url),
        Redirect::SecondHost => format!("{}{path}?{marked}", shared.second_url),
        Redirect::Plain => format!("{}{path}?{marked}", shared.plain_url),
        Redirect::Loop => format!("{}{path}{}", shared.url, query.map(|query| format!("?{query}")).unwrap_or_default()),
        Redirect::To(address) => address.clone(),
    };
    Answer::new(307).with("location", &target)
}

/// Applies what happens to the usual answer.
fn after(mut answer: Answer, effects: Vec<Effect>) -> Answer {
    for effect in effects {
        match effect {
            Effect::Header { name, value } => answer.set(&name, value.as_deref()),
            Effect::Bytes(bytes) => answer.body = bytes,
            Effect::Deliver(delivery) => answer.delivery = delivery,
            Effect::Answer(_)
            | Effect::Close
            | Effect::Cut(_)
            | Effect::Lost
            | Effect::Redirect(_)
            | Effect::Delay(_)
            | Effect::Hold(_) => {}
        }
    }
    answer
}

fn usual(shared: &Shared, asked: &Asked, body: &Bytes) -> Answer {
    let mut store = shared.store();
    let store = &mut *store;
    let options = shared.options;
    match (&asked.route, asked.method.as_str()) {
        (Route::Base, _) => {
            Answer::json(200, &serde_json::json!({})).with("docker-distribution-api-version", "registry/2.0")
        }
        (Route::Token, _) => shared.gatekeeper.token(asked, body),
        (Route::Catalog, "GET") => pull::catalog(store, asked),
        (Route::Tags { repository }, "GET") => pull::tags(store, asked, repository),
        (Route::Referrers { repository, digest }, "GET") if !options.no_referrers => {
            pull::referrers(store, asked, repository, digest)
        }
        (Route::Manifest { repository, reference }, "GET" | "HEAD") => {
            pull::manifest(store, asked, repository, reference, options.strict_accept)
        }
        (Route::Manifest { repository, reference }, "PUT") => push::manifest(store, asked, repository, reference, body),
        (Route::Manifest { repository, reference }, "DELETE") => push::delete(store, repository, reference),
        (Route::Blob { repository, digest }, "GET" | "HEAD") => pull::blob(store, asked, repository, digest),
        (Route::Uploads { repository }, "POST") => push::begin(store, asked, repository, body),
        (Route::Upload { repository, id }, _) => push::upload(store, asked, repository, id, body),
        (Route::Unknown | Route::Referrers { .. }, _) => Answer::error(404, "NOT_FOUND", "page not found"),
        _ => Answer::error(405, "UNSUPPORTED", "the operation is unsupported"),
    }
}
