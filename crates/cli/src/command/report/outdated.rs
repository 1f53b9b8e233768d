//! What waits, read from the document of `outdated --format json`.

use imagelock_core::Lockfile;
use serde::{Deserialize, Serialize};

use crate::command::outdated::shown;
use crate::report::short;
use crate::waiting::Candidate;

/// The document, as far as the page tells it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    outdated: Vec<Behind>,
    fresh: usize,
    #[serde(default)]
    pushed_again: Vec<Again>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Behind {
    name: String,
    current: Option<Candidate>,
    allowed: Option<Candidate>,
    latest: Candidate,
    level: Option<String>,
    direction: Option<String>,
    age_days: Option<i64>,
    state: String,
    #[serde(default)]
    reasons: Vec<Words>,
    approve: Option<String>,
}

#[derive(Deserialize)]
struct Words {
    words: String,
}

#[derive(Deserialize)]
struct Again {
    name: String,
    tag: String,
}

/// What the page shows of it.
#[derive(Serialize)]
pub(super) struct Outdated {
    rows: Vec<Row>,
    fresh: usize,
    /// How many rows are about other digests than the locked ones.
    stale: usize,
    pushed_again: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    current: String,
    allowed: String,
    latest: String,
    level: String,
    age_days: String,
    why: String,
    approve: String,
    stale: bool,
}

impl Outdated {
    pub(super) fn of(document: Document, lock: &Lockfile) -> Self {
        let rows: Vec<Row> = document.outdated.into_iter().map(|behind| row(behind, lock)).collect();
        let again = document.pushed_again.into_iter().map(|Again { name, tag }| format!("{name} {tag}"));
        let stale = rows.iter().filter(|row| row.stale).count();
        Self { rows, fresh: document.fresh, stale, pushed_again: again.collect() }
    }

    /// How many images are behind.
    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }
}

fn row(behind: Behind, lock: &Lockfile) -> Row {
    let [current, allowed, latest] = shown(behind.current.as_ref(), behind.allowed.as_ref(), &behind.latest);
    let locked = lock.images.iter().find(|(name, _)| name.as_str() == behind.name);
    let locked = locked.map(|(_, image)| image.digest.as_str());
    let was = behind.current.as_ref().and_then(|current| current.digest.as_deref());
    let down = behind.direction.is_some_and(|direction| direction == "down");
    let level = behind.level.map(|level| if down { format!("{level} down") } else { level });
    let reasons: Vec<String> = behind.reasons.into_iter().map(|reason| reason.words).collect();
    let why = match (was, behind.state.as_str()) {
        (None, _) => "not locked".to_owned(),
        (_, "allowed") => "may be taken".to_owned(),
        _ => reasons.join("; "),
    };
    Row {
        name: behind.name,
        current: if current.is_empty() { was.map(short).unwrap_or_default().to_owned() } else { current },
        allowed,
        latest,
        level: level.unwrap_or_default(),
        age_days: behind.age_days.map(|days| days.to_string()).unwrap_or_default(),
        why,
        approve: behind.approve.unwrap_or_default(),
        stale: locked != was,
    }
}
