//! `explain`

use std::collections::BTreeSet;

use clap::Args;
use imagelock_core::lockfile::{Answer, Lockfile};
use imagelock_core::policy::{Dropped, Rule};
use imagelock_core::project::Declared;
use imagelock_core::update::{Appetite, Settings};
use imagelock_core::{ImageName, Request, Tag, Wanted};
use imagelock_registry::{Built, Step, Take};
use serde::Serialize;

use super::listed;
use super::looked::Looked;
use super::update::known;
use crate::failure::Failure;
use crate::host::{Format, Host};
use crate::network;
use crate::progress::Progress;
use crate::report;
use crate::seen::Seen;
use crate::session::Session;
use crate::waiting::{Said, Waits};

/// Tell which tag a version rule chooses now, among which, and why no other
///
/// Reads the list of the repository's tags. Where the project file says how far or how young an update may be, or holds the
/// image, what waits is looked at as `update` would; and where the rule selects the newest, so is every image that competes. A
/// tag that is followed, a digest and a layout leave nothing to choose; then no registry is asked.
#[derive(Args, Debug)]
pub struct Explain {
    /// The image
    name: ImageName,
}

/// How many tags that compete are shown to people.
const SHOWN: usize = 10;
/// How many are told to programs: a repository may have a million.
const TOLD: usize = 100;

/// What a rule says of a repository's tags.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Explanation<'a> {
    name: &'a ImageName,
    request: &'a Request,
    #[serde(skip_serializing_if = "Option::is_none")]
    chosen: Option<&'a Tag>,
    because: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked: Option<&'a Tag>,
    /// The best one, where it is not chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<Waits>,
    /// How many tags compete.
    competing: usize,
    candidates: Vec<Candidate<'a>>,
    out: Vec<Out<'a>>,
    /// How many names in the list are no tags.
    invalid: u64,
}

/// A tag that competes.
#[derive(Serialize)]
struct Candidate<'a> {
    tag: &'a Tag,
    /// What of it is compared, as it was read.
    key: String,
}

/// The tags that do not compete, for one reason.
#[derive(Serialize)]
struct Out<'a> {
    reason: &'static str,
    count: usize,
    text: String,
    examples: &'a [Tag],
}

impl Explain {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        known(&session, std::slice::from_ref(&self.name))?;
        let lockfile = session.lockfile()?;
        let Some((name, declared)) = session.project.images.get_key_value(&self.name) else { return Ok(()) };
        let locked = lockfile.images.get(name).and_then(|image| image.tag.as_ref());
        let Wanted::Version { repository, rule } = &declared.request.wanted else {
            return show(host, &fixed(name, declared, locked));
        };
        let list = listed::tags(&session, name, repository, "nothing was explained")?;
        let verdicts = rule.judge(&list.tags);
        let dropped = rule.dropped(&list.tags);
        let built = if rule.asks_images() { dated(&session, name, declared)? } else { Vec::new() };
        let dates = built.iter().map(|built| (&built.tag, built.created.to_string()));
        let keys = verdicts.iter().filter_map(|verdict| Some((verdict.tag, verdict.judged.as_ref().ok()?.to_string())));
        let ranked = if built.is_empty() { keys.collect() } else { dates.collect::<Vec<_>>() };
        let Chosen { taken, waiting } = chosen(&session, &lockfile, name, declared)?;
        let best = ranked.first().map(|(tag, _)| *tag);
        let chosen = taken.as_ref().or(best).filter(|_| !ranked.is_empty());
        let because =
            if chosen == best { because(rule, &ranked) } else { format!("the {} that may be taken", rule.order()) };
        let candidates = ranked.iter().take(TOLD).map(|(tag, key)| Candidate { tag, key: key.clone() });
        show(
            host,
            &Explanation {
                name,
                request: &declared.request,
                chosen,
                because,
                locked,
                waiting,
                competing: ranked.len(),
                candidates: candidates.collect(),
                out: out(&dropped),
                invalid: list.invalid,
            },
        )
    }
}

/// What an update would do.
#[derive(Default)]
struct Chosen {
    /// The tag that it would leave locked; none where the list alone says it.
    taken: Option<Tag>,
    waiting: Option<Waits>,
}

/// Looks at an image as `update` would, where more than the list says what is taken.
fn chosen(session: &Session<'_>, old: &Lockfile, name: &ImageName, declared: &Declared) -> Result<Chosen, Failure> {
    let Settings { appetite, hold, .. } = &declared.update;
    let is_free = *appetite == Appetite::default() && hold.is_none();
    if is_free || !matches!(old.answer(name, &declared.request), Answer::Holds(_)) {
        return Ok(Chosen::default());
    }
    let (now, seen) = (session.host.now(), Seen::read(session)?);
    let names = BTreeSet::from([name.clone()]);
    let Looked { attempt, .. } = Looked::at(session, old, &names, (&now, &seen))?;
    let taken = attempt.lockfile.images.get(name).and_then(|image| image.tag.clone());
    Ok(Chosen { taken, waiting: Waits::of(session.host, old, attempt.waiting).pop() })
}

/// The tags that compete by when their images were built.
fn dated(session: &Session<'_>, name: &ImageName, declared: &Declared) -> Result<Vec<Built>, Failure> {
    let progress = Progress::start(&session.host.shell, "Reading", 1);
    let resolver = session.resolver(progress.clone())?;
    let Declared { request, limit, .. } = declared;
    let step = Step { name, request, known: None, take: Take::Newest, limit: *limit, gate: None };
    let built = network::run(resolver.dated(&step));
    progress.finish();
    built?.map_err(|error| report::unresolved(session, &[(name.clone(), error)], 1, "could not be explained"))
}

/// What is asked for without a choice.
fn fixed<'a>(name: &'a ImageName, declared: &'a Declared, locked: Option<&'a Tag>) -> Explanation<'a> {
    let (chosen, because) = match &declared.request.wanted {
        Wanted::Tag { tag, .. } => (Some(tag), "it is followed, and no other competes"),
        Wanted::Digest { tag, .. } => (tag.as_ref(), "a digest is asked for, and no tag competes"),
        Wanted::Layout { tag, .. } => (tag.as_ref(), "a layout is asked for, and no tag competes"),
        Wanted::Version { .. } => (None, "a rule chooses"),
    };
    Explanation {
        name,
        request: &declared.request,
        chosen,
        because: because.to_owned(),
        locked,
        waiting: None,
        competing: 0,
        candidates: Vec::new(),
        out: Vec::new(),
        invalid: 0,
    }
}

fn out(dropped: &Dropped) -> Vec<Out<'_>> {
    let out = dropped.reasons().map(|(reason, counted)| Out {
        reason: reason.name(),
        count: counted.count,
        text: dropped.told(reason, counted),
        examples: &counted.examples,
    });
    out.collect()
}

/// Why the first of the tags that compete is the best, by what of each is compared.
fn because(rule: &Rule, ranked: &[(&Tag, String)]) -> String {
    let order = rule.order();
    match ranked {
        [] => "no tag competes".to_owned(),
        [_] => "it is the only one that competes".to_owned(),
        [(_, best), (second, key), ..] if best == key => {
            format!("the {order} of {}, equal to {second} and behind it in the order of bytes", ranked.len())
        }
        _ => format!("the {order} of {}", ranked.len()),
    }
}

fn show(host: &Host, explanation: &Explanation<'_>) -> Result<(), Failure> {
    if host.global.format == Format::Json {
        return super::json(host, explanation);
    }
    host.shell.result(&text(explanation));
    Ok(())
}

fn text(explanation: &Explanation<'_>) -> String {
    let Explanation { name, request, chosen, because, locked, waiting, competing, candidates, out, invalid } =
        explanation;
    let asked = match &request.wanted {
        Wanted::Version { repository, rule } => format!("{repository}, {rule}"),
        wanted => wanted.to_string(),
    };
    let mut text = format!("{name}: {asked}\n");
    let shown: Vec<&Tag> = match (&candidates[..], chosen) {
        ([], chosen) => chosen.iter().copied().collect(),
        _ => candidates.iter().take(SHOWN).map(|candidate| candidate.tag).collect(),
    };
    // The locked tag is shown wherever it stands.
    let apart = locked.filter(|locked| !shown.contains(locked));
    let width = shown.iter().copied().chain(apart).map(|tag| tag.as_str().len()).max().unwrap_or(0);
    let mut line = |tag: &Tag, word: &str, note: &str| {
        text.push_str(format!("  {tag:width$}  {word:6}  {note}", tag = tag.as_str()).trim_end());
        text.push('\n');
    };
    let waits = |tag: &Tag| waiting.as_ref().filter(|waits| waits.to.tag.as_deref() == Some(tag.as_str()));
    // What is better than the chosen one and has no reason of its own waits for the same, or was not looked at.
    let mut is_above = chosen.is_some() && waiting.is_some();
    for &tag in &shown {
        let note = if Some(tag) == *locked { "locked" } else { "" };
        is_above &= Some(tag) != *chosen;
        match (Some(tag) == *chosen, note) {
            (true, "") => line(tag, "chosen", because),
            (true, note) => line(tag, "chosen", &format!("{because}; {note}")),
            (false, _) if waits(tag).is_some() => {
                line(tag, "waits", &waits(tag).map(|waits| Said::phrase(&waits.reasons)).unwrap_or_default());
            }
            (false, note) => line(tag, if is_above { "waits" } else { "older" }, note),
        }
    }
    if let Some(tag) = apart {
        line(tag, "locked", "");
    }
    if chosen.is_none() {
        text.push_str(&format!("  nothing is chosen: {because}\n"));
    }
    if let Some(command) = waiting.as_ref().and_then(|waits| waits.approve.as_ref()) {
        text.push_str(&format!("  take it: `{command}`\n"));
    }
    if *competing > shown.len() {
        text.push_str(&format!("  … {} older\n", competing - shown.len()));
    }
    let mut reasons: Vec<String> = out.iter().map(|out| format!("{} {}", out.count, out.text)).collect();
    reasons.extend((*invalid > 0).then(|| format!("{invalid} are no names of tags")));
    if !reasons.is_empty() {
        text.push_str(&format!("  out: {}\n", reasons.join(", ")));
    }
    text
}
