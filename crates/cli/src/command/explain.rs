//! `explain`

use clap::Args;
use imagelock_core::policy::{Dropped, Rule, Verdict};
use imagelock_core::project::Declared;
use imagelock_core::{ImageName, Request, Tag, Wanted};
use serde::Serialize;

use super::listed;
use super::update::known;
use crate::failure::Failure;
use crate::host::{Format, Host};
use crate::session::Session;

/// Tell which tag a version rule chooses now, among which, and why no other
///
/// Reads the list of the repository's tags, and nothing else. A tag that is followed, a digest and a layout leave nothing to
/// choose; then no registry is asked.
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
        show(host, &explanation(name, declared, (rule, verdicts.as_slice(), &dropped), locked, list.invalid))
    }
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
        competing: 0,
        candidates: Vec::new(),
        out: Vec::new(),
        invalid: 0,
    }
}

fn explanation<'a>(
    name: &'a ImageName,
    declared: &'a Declared,
    (rule, verdicts, dropped): (&Rule, &[Verdict<'a>], &'a Dropped),
    locked: Option<&'a Tag>,
    invalid: u64,
) -> Explanation<'a> {
    let competing = verdicts.partition_point(|verdict| verdict.judged.is_ok());
    let candidate =
        |verdict: &Verdict<'a>| Some(Candidate { tag: verdict.tag, key: verdict.judged.as_ref().ok()?.to_string() });
    let out = dropped.reasons().map(|(reason, counted)| Out {
        reason: reason.name(),
        count: counted.count,
        text: dropped.told(reason, counted),
        examples: &counted.examples,
    });
    Explanation {
        name,
        request: &declared.request,
        chosen: verdicts.first().filter(|_| competing > 0).map(|best| best.tag),
        because: because(rule, &verdicts[..competing]),
        locked,
        competing,
        candidates: verdicts[..competing].iter().take(TOLD).filter_map(candidate).collect(),
        out: out.collect(),
        invalid,
    }
}

/// Why the first of the tags that compete is chosen.
fn because(rule: &Rule, competing: &[Verdict<'_>]) -> String {
    let order = rule.order();
    match competing {
        [] => "no tag competes".to_owned(),
        [_] => "it is the only one that competes".to_owned(),
        [best, second, ..] if best.judged == second.judged => {
            format!("the {order} of {}, equal to {} and behind it in the order of bytes", competing.len(), second.tag)
        }
        _ => format!("the {order} of {}", competing.len()),
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
    let Explanation { name, request, chosen, because, locked, competing, candidates, out, invalid } = explanation;
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
    for &tag in &shown {
        let note = if Some(tag) == *locked { "locked" } else { "" };
        match (Some(tag) == *chosen, note) {
            (true, "") => line(tag, "chosen", because),
            (true, note) => line(tag, "chosen", &format!("{because}; {note}")),
            (false, note) => line(tag, "older", note),
        }
    }
    if let Some(tag) = apart {
        line(tag, "locked", "");
    }
    if chosen.is_none() {
        text.push_str(&format!("  nothing is chosen: {because}\n"));
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
