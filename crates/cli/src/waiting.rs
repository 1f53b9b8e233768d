//! What of an update waits for somebody: the gates of a run, and what they held back, in words and in JSON.

use std::collections::BTreeMap;

use imagelock_core::lockfile::{Answer, Lockfile};
use imagelock_core::plan::Plan;
use imagelock_core::seen::Ledger;
use imagelock_core::update::{Aged, Approved, Level, Policy, Reason, Waiting, approval};
use imagelock_core::{Created, ImageName, LockedImage};
use serde::{Deserialize, Serialize};

use crate::host::Host;
use crate::report::{Brief, Direction};
use crate::table::{Narrowing, Table};

/// The gates of the images that are `asked` for again and whose request is what it was: whoever changes a request approves
/// its answer.
pub(crate) fn gates<'a>(
    plan: &Plan<'a>,
    asked: impl Fn(&ImageName) -> bool,
    approved: Approved,
    as_of: &'a Created,
    ledger: &'a Ledger,
) -> BTreeMap<&'a ImageName, Aged<'a>> {
    let steps = plan.resolve.iter().filter(|step| asked(step.name));
    let gates = steps.filter_map(|step| {
        let Answer::Holds(from) = &step.answer else { return None };
        let from: &'a LockedImage = from;
        let settings = &step.declared.update;
        Some((step.name, Aged { policy: Policy { name: step.name, from, settings, approved, as_of }, ledger }))
    });
    gates.collect()
}

/// A move that waits.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Waits {
    pub(crate) name: ImageName,
    pub(crate) from: Brief,
    pub(crate) to: Candidate,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) level: Option<Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) direction: Option<Direction>,
    pub(crate) reasons: Vec<Said>,
    /// The command that takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) approve: Option<String>,
}

/// What is known of an image that waits.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Candidate {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<Created>,
}

/// A reason, and the same in words.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Said {
    #[serde(flatten)]
    pub(crate) reason: Reason,
    pub(crate) words: String,
}

impl Said {
    /// The reasons as one phrase.
    pub(crate) fn phrase(reasons: &[Self]) -> String {
        reasons.iter().map(|said| said.words.as_str()).collect::<Vec<_>>().join("; ")
    }
}

impl Candidate {
    /// What is known of an image that was looked at.
    pub(crate) fn of(image: &LockedImage) -> Self {
        Self::of_brief(&Brief::of(image))
    }

    pub(crate) fn of_brief(image: &Brief) -> Self {
        let Brief { tag, digest, version, created, .. } = image.clone();
        Self { tag, digest: Some(digest), version, created }
    }
}

impl Waits {
    /// What waits in a run, in the order of the names.
    pub(crate) fn of(host: &Host, old: &Lockfile, waiting: BTreeMap<ImageName, Waiting>) -> Vec<Self> {
        let waits = waiting.into_iter().filter_map(|(name, Waiting { tag, digest, image, held, .. })| {
            let from = Brief::of(old.images.get(&name)?);
            let digest = image.as_ref().map(|image| image.digest.clone()).or(digest).map(|digest| digest.to_string());
            let (version, created) = image.map(|image| (image.version, image.created)).unwrap_or_default();
            let to = Candidate { tag: tag.map(|tag| tag.to_string()), digest, version, created };
            let approve = approval(&name, &held.reasons).map(|arguments| format!("{} {arguments}", host.command));
            let direction = held.down.then_some(Direction::Down);
            let said = |reason: Reason| Said { words: reason.words(), reason };
            let reasons = held.reasons.into_iter().map(said).collect();
            Some(Self { name, from, to, level: held.level, direction, reasons, approve })
        });
        waits.collect()
    }

    /// Whether it waits for a person: a hold is one's decision already, and what is not there yet or too young comes by itself.
    pub(crate) fn is_for_a_person(&self) -> bool {
        self.approve.is_some() && !self.is_held() && !self.is_only_young()
    }

    fn is_only_young(&self) -> bool {
        self.reasons.iter().all(|said| matches!(said.reason, Reason::Cooldown { .. }))
    }

    /// Whether the image is held.
    pub(crate) fn is_held(&self) -> bool {
        self.reasons.iter().any(|said| matches!(said.reason, Reason::Held { .. }))
    }

    /// What tells both images apart: their tags, else their versions, else their digests.
    fn step(&self) -> String {
        let (from, to) = (&self.from, &self.to);
        let differ = |from: Option<&String>, to: Option<&String>| {
            from.zip(to).filter(|(from, to)| from != to).map(|(from, to)| format!("{from} -> {to}"))
        };
        let digests = || {
            let short = |digest: &String| crate::report::short(digest).to_owned();
            differ(Some(&short(&from.digest)), to.digest.as_ref().map(short).as_ref())
        };
        let tags = differ(from.tag.as_ref(), to.tag.as_ref());
        tags.or_else(|| differ(from.version.as_ref(), to.version.as_ref())).or_else(digests).unwrap_or_default()
    }
}

/// The reasons stay; where the images are from and to is said before.
const STEPS: &[Narrowing] = &[Narrowing::CutStart(1, 16), Narrowing::CutEnd(0, 12)];

/// Prints what waits, with the commands that take it.
pub(crate) fn print(host: &Host, waiting: &[Waits]) {
    let rows =
        waiting.iter().map(|waits| [waits.name.to_string(), waits.step(), Said::phrase(&waits.reasons)]).collect();
    let lines = Table { heads: None, rows, steps: STEPS }.lines(host.shell.room());
    for (waits, line) in waiting.iter().zip(lines) {
        host.shell.attention("Waiting", &line);
        if let Some(command) = waits.approve.as_ref().filter(|_| !waits.is_only_young()) {
            host.shell.attention("", &format!("take it: `{command}`"));
        }
    }
}
