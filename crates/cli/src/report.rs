//! What changed in a lock, in words and in JSON.

use std::collections::BTreeMap;

use imagelock_core::lockfile::LockedImage;
use imagelock_core::project::Project;
use imagelock_core::source::Label;
use imagelock_core::{Created, ImageName, Lockfile};
use imagelock_registry::{Error, ErrorKind};
use serde::Serialize;

pub(crate) use imagelock_core::update::Direction;

use crate::failure::{FailedImage, Failure, Kind, Problem};
use crate::session::Session;
use crate::shell::{Shell, printable};
use crate::table::{Narrowing, Table};

/// What became of one image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    pub(crate) name: ImageName,
    /// `added`, `updated` or `removed`.
    pub(crate) change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) direction: Option<Direction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<Brief>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<Brief>,
}

/// What of a locked image people compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Brief {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
    pub(crate) digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<Created>,
    platforms: Vec<String>,
}

impl Brief {
    /// The platforms, in their order.
    pub(crate) fn platforms(&self) -> &[String] {
        &self.platforms
    }

    pub(crate) fn of(image: &LockedImage) -> Self {
        Self {
            tag: image.tag.as_ref().map(ToString::to_string),
            digest: image.digest.to_string(),
            version: image.version.clone(),
            created: image.created.clone(),
            platforms: image.platforms.keys().map(ToString::to_string).collect(),
        }
    }
}

/// The difference between two locks, in the order of the names.
pub(crate) fn changes(old: &Lockfile, new: &Lockfile) -> Vec<Change> {
    let brief = |lock: &Lockfile, name: &ImageName| lock.images.get(name).map(Brief::of);
    let mut names: Vec<&ImageName> = old.images.keys().chain(new.images.keys()).collect();
    names.sort();
    names.dedup();
    // Who has signed it is no move of an image.
    let image = |lock: &Lockfile, name: &ImageName| {
        lock.images.get(name).map(|image| LockedImage { signatures: Vec::new(), ..image.clone() })
    };
    let changed = names
        .into_iter()
        .filter(|name| old.images.get(*name) != new.images.get(*name) && image(old, name) != image(new, name));
    changed
        .map(|name| {
            let (from, to) = (brief(old, name), brief(new, name));
            let change = match (&from, &to) {
                (None, _) => "added",
                (_, None) => "removed",
                _ => "updated",
            };
            let images = old.images.get(name).zip(new.images.get(name));
            let direction = images.and_then(|(old, new)| Direction::between(old, new));
            Change { name: name.clone(), change, direction, from, to }
        })
        .collect()
}

/// Platforms go first on a narrow terminal, then the days; the tag that was is cut before the one that is.
const STEPS: &[Narrowing] = &[
    Narrowing::Drop(4),
    Narrowing::Drop(3),
    Narrowing::CutStart(1, 16),
    Narrowing::CutEnd(0, 12),
    Narrowing::Drop(5),
    Narrowing::Drop(1),
    Narrowing::Drop(2),
    Narrowing::CutEnd(0, 1),
];

/// Prints a line for each change.
pub(crate) fn print(shell: &Shell, changes: &[Change]) {
    let rows = changes.iter().map(row).collect();
    let lines = Table { heads: None, rows, steps: STEPS }.lines(shell.room());
    for (change, line) in changes.iter().zip(lines) {
        match (&change.from, &change.to) {
            (None, _) => shell.status("Added", &line),
            (_, None) => shell.attention("Removed", &line),
            // A newer tag that was taken back, or a tag that was moved back.
            _ if change.direction == Some(Direction::Down) => shell.attention("Downgrading", &line),
            _ => shell.status("Updating", &line),
        }
    }
}

/// `static  latest  sha256:9a3fd1c06b2e -> sha256:77c01be2d4aa  20 Nov 2026 -> 23 Nov 2026`: what stayed is said once. The
/// platforms are said of an image that is new.
fn row(change: &Change) -> [String; 6] {
    let Change { name, from, to, .. } = change;
    let arrow = |of: fn(&Brief) -> Option<String>| {
        let (from, to) = (from.as_ref().and_then(of), to.as_ref().and_then(of));
        match (from, to) {
            (Some(from), Some(to)) if from != to => format!("{from} -> {to}"),
            (from, to) => to.or(from).unwrap_or_default(),
        }
    };
    let tag = |brief: &Brief| brief.tag.clone();
    let platforms = match (from, to) {
        (None, Some(to)) => to.platforms.join(", "),
        _ => String::new(),
    };
    let stayed =
        from.as_ref().zip(to.as_ref()).is_some_and(|(from, to)| (&from.digest, &from.tag) == (&to.digest, &to.tag));
    [
        name.to_string(),
        arrow(tag),
        arrow(|brief| Some(short(&brief.digest).to_owned())),
        arrow(|brief| brief.created.as_ref().and_then(day)),
        platforms,
        if stayed { "(the request changed)".to_owned() } else { String::new() },
    ]
}

pub(crate) fn day(created: &Created) -> Option<String> {
    created.is_evidence().then(|| created.day())
}

/// `14.1 MB`
pub(crate) fn bytes(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit / (unit / 10));
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", tenths(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

/// The algorithm and twelve digits.
pub(crate) fn short(digest: &str) -> &str {
    let end = digest.find(':').map_or(digest.len(), |colon| colon + 13);
    digest.get(..end).unwrap_or(digest)
}

/// The failure of a run in which images could not be locked: a table of all of them, and where they are asked for.
pub(crate) fn unresolved(session: &Session<'_>, errors: &[(ImageName, Error)], of: usize, what: &str) -> Failure {
    failed(session, errors, of, what, unresolved_kind(errors))
}

/// The same for images that no project file has yet: where in the repository they are named.
pub(crate) fn unresolved_in(
    session: &Session<'_>,
    errors: &[(ImageName, Error)],
    of: usize,
    what: &str,
    places: &dyn Fn(&ImageName, &Error) -> Vec<String>,
) -> Failure {
    Failure::new(unresolved_kind(errors), table(session, errors, of, what, places))
}

fn unresolved_kind(errors: &[(ImageName, Error)]) -> Kind {
    let kinds = errors.iter().map(|(_, error)| if error.is_input() { Kind::Input } else { Kind::Registry });
    kinds.min().unwrap_or(Kind::Registry)
}

/// The failure of a check: what registries have is not what was locked. Where one could not be asked, nothing is known.
pub(crate) fn differs(session: &Session<'_>, errors: &[(ImageName, Error)], of: usize, what: &str) -> Failure {
    let differs = |error: &Error| {
        matches!(
            error.kind,
            ErrorKind::NotFound { .. }
                | ErrorKind::DigestMismatch { .. }
                | ErrorKind::SizeMismatch { .. }
                | ErrorKind::LockDiffers { .. }
        )
    };
    let kind = if errors.iter().all(|(_, error)| differs(error)) { Kind::Check } else { Kind::Registry };
    failed(session, errors, of, what, kind)
}

fn failed(session: &Session<'_>, errors: &[(ImageName, Error)], of: usize, what: &str, kind: Kind) -> Failure {
    let place = |name: &ImageName, _: &Error| {
        let declared = session.project.images.get(name);
        declared.map(|declared| format!("--> {}", declared.value_at)).into_iter().collect()
    };
    let problem = table(session, errors, of, what, &place);
    let [(name, error)] = errors else { return Failure::new(kind, problem) };
    Failure::new(kind, Problem { images: problem.images, ..alone(session, name, error, what) })
}

/// A line for each image that failed, and below it `places`, what was done and what to do.
fn table(
    session: &Session<'_>,
    errors: &[(ImageName, Error)],
    of: usize,
    what: &str,
    places: &dyn Fn(&ImageName, &Error) -> Vec<String>,
) -> Problem {
    let of = counted(of, "image", "images");
    let mut problem = Problem::new(format!("{} of {of} {what}", errors.len()));
    let project: &Project = &session.project;
    let wanted: BTreeMap<&ImageName, String> = errors
        .iter()
        .filter_map(|(name, _)| Some((name, project.images.get(name)?.request.wanted.to_string())))
        .collect();
    let name_width = errors.iter().map(|(name, _)| name.as_str().len()).max().unwrap_or(0);
    let wanted_width = wanted.values().map(String::len).max().unwrap_or(0).min(60);
    for (name, error) in errors {
        let asked = wanted.get(name).map_or("", String::as_str);
        let reason = printable(&error.kind.to_string());
        problem.lines.push(format!("  {name:name_width$}  {asked:wanted_width$}  {reason}"));
        let indent = " ".repeat(name_width + 4);
        problem.lines.extend(places(name, error).iter().map(|place| format!("{indent}{place}")));
        problem
            .lines
            .extend(doing(error).filter(|_| !names(asked, error)).map(|doing| format!("{indent}note: {doing}")));
        problem.lines.extend(error.help().iter().map(|help| format!("{indent}help: {help}")));
    }
    let images = errors.iter().map(|(name, error)| FailedImage {
        name: name.clone(),
        wanted: wanted.get(name).cloned().unwrap_or_default(),
        reason: error.kind.to_string(),
        notes: doing(error).into_iter().collect(),
        help: error.help(),
    });
    problem.images = images.collect();
    problem
}

/// What was being done when an image failed, and how often.
fn doing(error: &Error) -> Option<String> {
    let reason = printable(&format!(": {}", error.kind));
    let text = printable(&error.to_string());
    let (before, after) = text.split_once(&reason)?;
    Some(format!("{before}{after}"))
}

/// Whether what is asked for already says what could not be had: the request itself, or the repository of its rule.
fn names(asked: &str, error: &Error) -> bool {
    error.context.as_deref().is_none_or(|context| asked.starts_with(&context.reference))
}

/// One image that failed is shown with its line, as a compiler would.
fn alone(session: &Session<'_>, name: &ImageName, error: &Error, what: &str) -> Problem {
    let declared = session.project.images.get(name);
    let reason = printable(&error.kind.to_string());
    let mut problem = match declared {
        None => Problem::new(format!("`{name}` {what}: {reason}")),
        Some(declared) => {
            Problem::new(format!("`{name}` {what}")).label(Label::primary(&declared.value_at, reason.clone()))
        }
    };
    problem.notes.extend(doing(error));
    problem.help = error.help();
    problem
}

/// `1 file`, `2 files`
pub(crate) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(tag: &str, digit: char, created: &str) -> Brief {
        Brief {
            tag: Some(tag.to_owned()),
            digest: format!("sha256:{}", digit.to_string().repeat(64)),
            version: None,
            created: Some(created.parse().unwrap()),
            platforms: vec!["linux/amd64".to_owned()],
        }
    }

    fn lines(from: Option<Brief>, to: Option<Brief>, room: usize) -> Vec<String> {
        let change = Change { name: "web".parse().unwrap(), change: "", direction: None, from, to };
        Table { heads: None, rows: vec![row(&change)], steps: STEPS }.lines(Some(room))
    }

    #[test]
    fn what_stayed_is_said_once_and_what_moved_with_an_arrow() {
        let (old, new) = (brief("latest", 'a', "2026-11-20T00:00:00Z"), brief("latest", 'b', "2026-11-23T00:00:00Z"));
        let text = "web  latest  sha256:aaaaaaaaaaaa -> sha256:bbbbbbbbbbbb  20 Nov 2026 -> 23 Nov 2026";
        assert_eq!(lines(Some(old.clone()), Some(new), 107), [text]);
        let text = "web  latest  sha256:aaaaaaaaaaaa  20 Nov 2026  (the request changed)";
        assert_eq!(lines(Some(old.clone()), Some(old), 107), [text]);
    }

    #[test]
    fn a_narrow_terminal_loses_platforms_and_days_before_tags_and_digests() {
        let (old, new) = (brief("16.8-alpine", 'a', "2026-11-20T00:00:00Z"), brief("17", 'b', "2026-11-23T00:00:00Z"));
        let of = |room| lines(None, Some(new.clone()), room).remove(0);
        assert_eq!(of(80), "web  17  sha256:bbbbbbbbbbbb  23 Nov 2026  linux/amd64");
        assert_eq!(of(50), "web  17  sha256:bbbbbbbbbbbb  23 Nov 2026");
        assert_eq!(of(40), "web  17  sha256:bbbbbbbbbbbb");
        let of = |room| lines(Some(old.clone()), Some(new.clone()), room).remove(0);
        let digests = "sha256:aaaaaaaaaaaa -> sha256:bbbbbbbbbbbb";
        assert_eq!(of(66), format!("web  16.8-alpine -> 17  {digests}"));
        assert_eq!(of(65), format!("web  ….8-alpine -> 17  {digests}"));
        assert_eq!(of(50), format!("web  {digests}"));
        assert_eq!(of(20), "web");
    }

    #[test]
    fn a_stripped_date_is_not_shown() {
        let text = "web  1  sha256:aaaaaaaaaaaa  linux/amd64";
        assert_eq!(lines(None, Some(brief("1", 'a', "1970-01-01T00:00:00Z")), 80), [text]);
    }
}
