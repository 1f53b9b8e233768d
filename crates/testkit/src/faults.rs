//! Faults as data: which requests they meet is [`On`](crate::On), what happens then is [`Fault`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use crate::on::On;
use crate::server::{Answer, Asked, Store};

/// What happens to a request, for ever or some number of times.
#[derive(Clone, Debug)]
pub struct Fault {
    effect: Effect,
    skip: u64,
    times: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) enum Effect {
    Answer(Answer),
    Close,
    Cut(usize),
    Lost,
    Redirect(Redirect),
    Delay(Duration),
    Hold(Gate),
    Header { name: String, value: Option<String> },
    Bytes(Bytes),
    Deliver(Delivery),
}

/// How the bytes of an answer travel.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Delivery {
    #[default]
    Whole,
    Padded(u64),
    Endless,
    Trickle {
        chunk: usize,
        pause: Duration,
    },
    Truncated(usize),
}

/// Where a redirect leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// To the same path of the same host, which then answers.
    SameHost,
    /// To the same path of [`second_host`](crate::Registry::second_host), which then answers.
    SecondHost,
    /// From HTTPS to the same path over plain HTTP, which then answers.
    Plain,
    /// To where the request came from, again and again.
    Loop,
    /// To any address.
    To(String),
}

impl Fault {
    fn new(effect: Effect) -> Self {
        Self { effect, skip: 0, times: None }
    }

    /// Answers with a status and a registry's JSON error.
    pub fn status(status: u16) -> Self {
        Self::new(Effect::Answer(Answer::error(status, "TESTKIT", "this answer is a fault")))
    }

    /// Answers with 401 and one `WWW-Authenticate` header for each text.
    pub fn challenge<C: AsRef<str>>(challenges: impl IntoIterator<Item = C>) -> Self {
        let mut answer = Answer::error(401, "UNAUTHORIZED", "authentication required");
        for challenge in challenges {
            answer = answer.with("www-authenticate", challenge.as_ref());
        }
        Self::new(Effect::Answer(answer))
    }

    /// Closes the connection without an answer.
    pub fn close() -> Self {
        Self::new(Effect::Close)
    }

    /// Closes the connection when more than that many bytes of the request's body have come. A shorter one arrives.
    pub fn cut(after: usize) -> Self {
        Self::new(Effect::Cut(after))
    }

    /// Does what was asked for, and closes the connection without saying so.
    pub fn lost() -> Self {
        Self::new(Effect::Lost)
    }

    /// Answers with 307 and the place to go on.
    pub fn redirect(redirect: Redirect) -> Self {
        Self::new(Effect::Redirect(redirect))
    }

    /// Waits, then answers as usual.
    pub fn delay(duration: Duration) -> Self {
        Self::new(Effect::Delay(duration))
    }

    /// Waits until a gate opens, then answers as usual.
    pub fn hold(gate: &Gate) -> Self {
        Self::new(Effect::Hold(gate.clone()))
    }

    /// Claims another digest than the content has, or what is no digest at all.
    pub fn digest_header(digest: &str) -> Self {
        Self::set_header("docker-content-digest", digest)
    }

    /// Claims no digest.
    pub fn no_digest_header() -> Self {
        Self::new(Effect::Header { name: "docker-content-digest".to_owned(), value: None })
    }

    /// Claims another media type.
    pub fn content_type(media_type: &str) -> Self {
        Self::set_header("content-type", media_type)
    }

    /// Replaces a header of the usual answer, such as `Link`.
    pub fn set_header(name: &str, value: &str) -> Self {
        Self::new(Effect::Header { name: name.to_ascii_lowercase(), value: Some(value.to_owned()) })
    }

    /// Sends other bytes under the headers of the usual answer.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new(Effect::Bytes(bytes.into()))
    }

    /// Follows the usual bytes with spaces up to a size, which `Content-Length` announces.
    pub fn oversize(size: u64) -> Self {
        Self::new(Effect::Deliver(Delivery::Padded(size)))
    }

    /// Follows the usual bytes with spaces without end, and announces no length.
    pub fn endless() -> Self {
        Self::new(Effect::Deliver(Delivery::Endless))
    }

    /// Sends some bytes at a time, with pauses.
    pub fn trickle(chunk: usize, pause: Duration) -> Self {
        Self::new(Effect::Deliver(Delivery::Trickle { chunk: chunk.max(1), pause }))
    }

    /// Announces the whole length, sends that many bytes and cuts the connection.
    pub fn truncate(after: usize) -> Self {
        Self::new(Effect::Deliver(Delivery::Truncated(after)))
    }

    /// Adds a header to an answer made by [`status`](Self::status) or [`challenge`](Self::challenge).
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Effect::Answer(answer) = self.effect {
            self.effect = Effect::Answer(answer.with(name, value));
        }
        self
    }

    /// Adds `Retry-After`, in seconds or as a date.
    #[must_use]
    pub fn retry_after(self, value: &str) -> Self {
        self.header("retry-after", value)
    }

    /// Replaces the body of an answer made by [`status`](Self::status) or [`challenge`](Self::challenge).
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        if let Effect::Answer(answer) = &mut self.effect {
            answer.body = body.into();
        }
        self
    }

    /// Happens to that many requests only.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Spares the first requests that it meets.
    #[must_use]
    pub fn after(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }
}

/// Holds requests until a test opens it, so that a test need not guess with times.
#[derive(Clone, Debug)]
pub struct Gate {
    state: Arc<watch::Sender<GateState>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct GateState {
    open: bool,
    waiting: usize,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// Makes a gate that is shut.
    pub fn new() -> Self {
        Self { state: Arc::new(watch::Sender::new(GateState::default())) }
    }

    /// Lets through everything that waits and everything to come.
    pub fn open(&self) {
        self.state.send_modify(|state| state.open = true);
    }

    /// Blocks the calling thread until that many requests have come to the gate. Not for use inside async code.
    pub fn wait_for(&self, requests: usize) {
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() {
            runtime.block_on(self.arrived(requests));
        }
    }

    /// Waits until that many requests have come to the gate.
    pub async fn arrived(&self, requests: usize) {
        let mut state = self.state.subscribe();
        // The sender lives in `self`, so the wait ends only when the condition holds.
        let _ = state.wait_for(|state| state.waiting >= requests).await;
    }

    pub(crate) async fn pass(&self) {
        let mut state = self.state.subscribe();
        self.state.send_modify(|state| state.waiting += 1);
        let _ = state.wait_for(|state| state.open).await;
    }
}

/// When faults come into a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// While its body is read.
    Body,
    /// Before it is authenticated.
    Early,
    /// After that.
    Usual,
}

struct Rule {
    on: On,
    fault: Fault,
}

/// The rules of one registry, in the order in which they were made.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Rule>>,
}

impl Faults {
    pub(crate) fn add(&self, on: On, fault: Fault) {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).push(Rule { on, fault });
    }

    pub(crate) fn clear(&self) {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Uses up the rules that meet a request at a stage of it, up to the first that answers it.
    pub(crate) fn take(&self, asked: &Asked, store: &Store, stage: Stage) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        for rule in rules.iter_mut() {
            let effect = &rule.fault.effect;
            let arrived = asked.redirected && matches!(effect, Effect::Redirect(_));
            let is_other = matches!(effect, Effect::Cut(_)) != (stage == Stage::Body);
            if arrived || is_other || !rule.on.meets(asked, store, stage == Stage::Early) {
                continue;
            }
            if rule.fault.skip > 0 {
                rule.fault.skip -= 1;
                continue;
            }
            match &mut rule.fault.times {
                Some(0) => continue,
                Some(times) => *times -= 1,
                None => {}
            }
            let ends = matches!(effect, Effect::Answer(_) | Effect::Close | Effect::Redirect(_));
            effects.push(effect.clone());
            if ends {
                break;
            }
        }
        effects
    }
}
