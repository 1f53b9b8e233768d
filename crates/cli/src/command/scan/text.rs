//! What a scan tells people.

use std::collections::{BTreeMap, HashSet};

use camino::Utf8Path;
use imagelock_survey::{Drift, Mention, State, Surveyed, Warning, Why};

use super::{ScanFound, place};
use crate::report::counted;
use crate::shell::printable;

/// The references, a line each: place, text, state, and the locked image that they mean. Or the numbers.
pub(super) fn of(found: &ScanFound<'_>, stats: bool, show_ignored: bool) -> String {
    let mut lines: Vec<String> = Vec::new();
    if stats {
        lines.extend(numbers(found.surveyed));
    } else {
        lines.extend(found.mentions.iter().map(|mention| line(found, mention)));
        lines.extend(found.drifts.iter().flat_map(|drift| drifting(found, drift)));
    }
    if show_ignored {
        lines.extend(found.surveyed.ignored.iter().map(|ignored| {
            let line = ignored.line.map(|line| format!(":{line}")).unwrap_or_default();
            let reason = if ignored.reason.is_empty() { String::new() } else { format!(": {}", ignored.reason) };
            format!("{}{line}  ignored  {}{reason}", (found.shown)(&ignored.file), why(ignored.why))
        }));
    }
    lines.into_iter().map(|line| printable(&line) + "\n").collect()
}

fn line(found: &ScanFound<'_>, mention: &Mention) -> String {
    let image = mention.image.as_ref().map(|image| format!("  {image}")).unwrap_or_default();
    let state = mention.state.name();
    format!("{}  {}  {state}{image}", place(found, mention), mention.text)
}

/// A head, and a line for each place below.
fn drifting(found: &ScanFound<'_>, drift: &Drift<'_>) -> Vec<String> {
    let below = |what: &str, mentions: &[&Mention]| -> Vec<String> {
        mentions.iter().map(|mention| format!("  {what}  {}", place(found, mention))).collect()
    };
    match drift {
        Drift::Digests { repository, tag, places } => {
            let head = format!("{repository}:{tag} stands with {} digests", places.len());
            let rest = places.iter().flat_map(|(digest, mentions)| below(&digest.to_string(), mentions));
            std::iter::once(head).chain(rest).collect()
        }
        Drift::Tags { repository, places } => {
            let head = format!("{repository} stands with {} tags", places.len());
            let rest = places.iter().flat_map(|(tag, mentions)| below(tag.as_str(), mentions));
            std::iter::once(head).chain(rest).collect()
        }
    }
}

/// The numbers of a scan, a line each.
fn numbers(surveyed: &Surveyed) -> Vec<String> {
    let Numbers { images, states, formats, ignored } = Numbers::of(surveyed);
    let row = |what: &str, number: usize| format!("{number:>8}  {what}");
    let mut rows = vec![row("files", surveyed.files), row("files read", surveyed.read)];
    rows.push(row("references", surveyed.mentions.len()));
    rows.push(row("repositories", images));
    rows.extend(states.iter().map(|(state, number)| row(&format!("state {}", state.name()), *number)));
    rows.extend(formats.iter().map(|(format, number)| row(&format!("format {format}"), *number)));
    rows.extend(ignored.iter().map(|(reason, number)| row(&format!("ignored, {}", why(*reason)), *number)));
    rows.push(row("warnings", surveyed.warnings.len()));
    rows
}

/// What a scan counts.
pub(super) struct Numbers {
    /// Repositories that are named.
    pub(super) images: usize,
    /// References of each state, all states.
    pub(super) states: BTreeMap<State, usize>,
    /// References in each format that has any.
    pub(super) formats: BTreeMap<&'static str, usize>,
    /// What was left out for each reason that there is any of.
    pub(super) ignored: BTreeMap<Why, usize>,
}

impl Numbers {
    pub(super) fn of(surveyed: &Surveyed) -> Self {
        let mut states: BTreeMap<State, usize> = State::ALL.into_iter().map(|state| (state, 0)).collect();
        let (mut formats, mut ignored) = (BTreeMap::new(), BTreeMap::new());
        for mention in &surveyed.mentions {
            *states.entry(mention.state).or_default() += 1;
            *formats.entry(mention.format).or_default() += 1;
        }
        for left_out in &surveyed.ignored {
            *ignored.entry(left_out.why).or_default() += 1;
        }
        let repositories = surveyed.mentions.iter().filter_map(|mention| Some(&mention.means.as_ref()?.repository));
        let images = repositories.collect::<HashSet<_>>().len();
        Self { images, states, formats, ignored }
    }
}

/// `312 references in 187 files: 118 pinned, 160 by tag`
pub(super) fn summary(surveyed: &Surveyed) -> String {
    let with = surveyed.mentions.iter().map(|mention| mention.file.as_str()).collect::<HashSet<_>>().len();
    let numbers = Numbers::of(surveyed);
    let parts: Vec<String> = numbers
        .states
        .iter()
        .filter(|(_, number)| **number > 0)
        .map(|(state, number)| match state {
            State::Pinned => format!("{number} pinned"),
            State::Tag => format!("{number} by tag"),
            State::None => format!("{number} without tag and digest"),
            State::Variable => format!("{number} by variable"),
            State::Invalid => format!("{number} invalid"),
            State::Built => format!("{number} built here"),
        })
        .collect();
    let files = counted(surveyed.files, "file", "files");
    let references = counted(surveyed.mentions.len(), "reference", "references");
    if parts.is_empty() {
        return format!("{files}, and found no reference");
    }
    format!("{files}: {references} in {}, {}", counted(with, "file", "files"), parts.join(", "))
}

/// A warning with its place.
pub(super) fn warning(found: &ScanFound<'_>, warning: &Warning) -> String {
    let line = warning.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("{}{line}: {}", (found.shown)(Utf8Path::new(&warning.file)), warning.message)
}

/// Why something was left out.
fn why(why: Why) -> &'static str {
    match why {
        Why::Git => "Git ignores it",
        Why::Own => ".imagelockignore",
        Why::Vendored => "vendored",
        Why::Excluded => "excluded in [scan]",
        Why::Project => "another project",
        Why::Comment => "by a comment",
    }
}
