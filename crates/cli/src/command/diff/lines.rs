//! What differs, line by line, for text and for Markdown: what others wrote is told apart from what is said here.

use std::collections::BTreeMap;

use imagelock_core::Platform;
use imagelock_core::compare::{About, Evidence, Says, shortened};
use imagelock_inspect::advisory::{Effect, Effects};
use imagelock_inspect::{Advised, Difference, Grade, KnownBy, NotRead, Packages, Setting, Verdict, What};

use super::Compared;
use crate::report::{bytes, day};

/// How many packages are named; JSON has all.
const PACKAGES: usize = 100;
/// How many letters of what others wrote are shown; what is longer is no version and no path.
const LETTERS: usize = 160;
/// How many of the things that were not read are named.
const NOT_READ: usize = 20;

/// A piece of a line.
pub(super) enum Piece {
    /// What is said here.
    Word(String),
    /// What others wrote: hostile.
    Theirs(String),
    /// Where a forge shows what was committed between two revisions.
    Link(String),
    /// From what was to what is.
    Arrow,
}

/// A line, below what it is about.
pub(super) struct Line {
    pub(super) about: &'static str,
    /// Whether it belongs to the line before.
    pub(super) is_part: bool,
    pub(super) pieces: Vec<Piece>,
}

impl Line {
    /// Whether it says this, and nothing else.
    pub(super) fn says(&self, text: &str) -> bool {
        matches!(self.pieces.as_slice(), [Piece::Word(word)] if word == text)
    }
}

/// Platforms of which the same is to be told.
pub(super) struct Group {
    pub(super) platforms: Vec<Platform>,
    pub(super) verdict: Verdict,
    pub(super) lines: Vec<Line>,
}

pub(super) fn word(text: impl Into<String>) -> Piece {
    Piece::Word(text.into())
}

pub(super) fn theirs(text: &str) -> Piece {
    Piece::Theirs(match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    })
}

fn line(about: &'static str, pieces: Vec<Piece>) -> Line {
    Line { about, is_part: false, pieces }
}

fn part(about: &'static str, pieces: Vec<Piece>) -> Line {
    Line { about, is_part: true, pieces }
}

/// `1.24.3 -> 1.24.4`, or what was and is no more.
fn step(from: Option<&str>, to: Option<&str>) -> Vec<Piece> {
    let side = |side: Option<&str>| side.map_or_else(|| word("nothing"), theirs);
    vec![side(from), Piece::Arrow, side(to)]
}

/// What both locks know of an image.
pub(super) fn known(image: &Compared) -> Vec<Line> {
    image.evidence.iter().filter_map(fact).collect()
}

fn fact(evidence: &Evidence) -> Option<Line> {
    let Evidence { about, says, first, second, link, .. } = evidence;
    let name = match about {
        About::Version => "version",
        About::Built => "built",
        About::Revision => "revision",
        About::Base => "base",
        About::Source if *says != Says::Same => "source",
        _ => return None,
    };
    if first == second {
        return None;
    }
    let shown = |text: &Option<String>| {
        let text = text.as_ref()?;
        Some(match about {
            About::Built => text.parse().ok().and_then(|created| day(&created)).unwrap_or_else(|| text.clone()),
            About::Revision | About::Base => shortened(text).to_owned(),
            _ => text.clone(),
        })
    };
    let mut pieces = step(shown(first).as_deref(), shown(second).as_deref());
    if let Some(link) = link {
        pieces.extend([word(" "), Piece::Link(link.clone())]);
    }
    Some(line(name, pieces))
}

/// The platforms of an image, those of which the same is to be told together. Their sizes differ always.
pub(super) fn groups(image: &Compared) -> Vec<Group> {
    let mut groups: Vec<(Difference, Vec<(&Platform, &Difference)>)> = Vec::new();
    for (platform, difference) in &image.platforms {
        let alike = Difference { size: None, layers: None, ..difference.clone() };
        match groups.iter_mut().find(|(other, _)| *other == alike) {
            Some((_, platforms)) => platforms.push((platform, difference)),
            None => groups.push((alike, vec![(platform, difference)])),
        }
    }
    let group = |(alike, members): (Difference, Vec<(&Platform, &Difference)>)| {
        let mut lines = of(&alike);
        lines.extend(members.iter().filter_map(|(platform, difference)| size(platform, difference, members.len() > 1)));
        let platforms = members.into_iter().map(|(platform, _)| platform.clone()).collect();
        Group { platforms, verdict: alike.verdict, lines }
    };
    groups.into_iter().map(group).collect()
}

fn of(difference: &Difference) -> Vec<Line> {
    let mut lines = Vec::new();
    match &difference.config {
        Some(settings) if settings.is_empty() => lines.push(line("config", vec![word("unchanged")])),
        settings => lines.extend(settings.iter().flatten().filter(|setting| !is_fact(setting)).map(setting)),
    }
    lines.extend(difference.packages.iter().flat_map(packages));
    lines.extend(difference.advisories.iter().flat_map(faults));
    lines.extend(difference.provenance.iter().map(|made| {
        let mut pieces = vec![theirs(&made.what), word(" ")];
        pieces.extend(step(made.from.as_deref().map(shortened), made.to.as_deref().map(shortened)));
        pieces.push(word(graded(made.grade)));
        line("made", pieces)
    }));
    let not_read = |not_read: &NotRead| vec![theirs(&not_read.what), word(": "), theirs(&not_read.reason)];
    lines.extend(difference.not_read.iter().take(NOT_READ).map(|one| line("not read", not_read(one))));
    if let Some(more) = difference.not_read.len().checked_sub(NOT_READ).filter(|more| *more > 0) {
        lines.push(line("not read", vec![word(format!("{more} more: `--format json` has all"))]));
    }
    lines
}

fn setting(setting: &Setting) -> Line {
    let Setting { what, key, from, to, grade } = setting;
    let mut pieces = vec![word(format!("{} ", what.words()))];
    match (key, from, to) {
        // A port or a path is there or not.
        (Some(key), Some(from), None) if key == from => pieces.extend([theirs(key), word(" is gone")]),
        (Some(key), None, Some(to)) if key == to => pieces.extend([theirs(key), word(" is new")]),
        (key, from, to) => {
            pieces.extend(key.iter().flat_map(|key| [theirs(key), word(" ")]));
            pieces.extend(step(from.as_deref(), to.as_deref()));
        }
    }
    pieces.push(word(graded(*grade)));
    line("config", pieces)
}

/// Whether a label is a fact that the locks have, which is told above.
fn is_fact(setting: &Setting) -> bool {
    let fact = setting.key.as_deref().and_then(|key| key.strip_prefix("org.opencontainers.image."));
    let known = ["created", "version", "revision", "source", "base.name", "base.digest"];
    setting.what == What::Label && fact.is_some_and(|fact| known.contains(&fact))
}

/// What is verified needs no word; what is not does.
fn graded(grade: Grade) -> String {
    if grade == Grade::Verified { String::new() } else { format!(" ({})", grade.words()) }
}

fn packages(packages: &Packages) -> Vec<Line> {
    let Packages { added, removed, changed, unchanged, by, grade, .. } = packages;
    let counts = [(changed.len(), "changed"), (added.len(), "added"), (removed.len(), "removed")];
    let mut counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if counts.is_empty() {
        counts.push("none changed".to_owned());
    }
    let counts = format!("{}, {unchanged} as they were ({}, {})", counts.join(", "), grade.words(), by.words());
    let mut lines = vec![line("packages", vec![word(counts)])];
    let changed = changed.iter().map(|package| {
        let older = if package.older { word(", older") } else { word("") };
        vec![theirs(&package.name), word(" "), theirs(&package.from), Piece::Arrow, theirs(&package.to), older]
    });
    let one =
        |sign: &'static str, name: &str, version: &str| vec![word(sign), theirs(name), word(" "), theirs(version)];
    let added = added.iter().map(|package| one("+ ", &package.name, &package.version));
    let removed = removed.iter().map(|package| one("- ", &package.name, &package.version));
    let all: Vec<Vec<Piece>> = changed.chain(added).chain(removed).collect();
    let more = all.len().saturating_sub(PACKAGES);
    lines.extend(all.into_iter().take(PACKAGES).map(|pieces| part("packages", pieces)));
    if more > 0 {
        lines.push(part("packages", vec![word(format!("{more} more: `--format json` has all"))]));
    }
    lines
}

/// What a change of packages fixes and brings; what is as it was is a number.
fn faults(advised: &Advised) -> Vec<Line> {
    let Advised { effects: Effects { fixed, gone, introduced, unchanged }, snapshots } = advised;
    let counts = [(fixed.len(), "fixed"), (introduced.len(), "introduced"), (gone.len(), "gone with their package")];
    let mut counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if counts.is_empty() {
        counts.push("none fixed".to_owned());
    }
    let mut head = vec![word(format!("{}, {unchanged} as they were (", counts.join(", ")))];
    for (number, KnownBy { name, sha256, date }) in snapshots.iter().enumerate() {
        let date = date.map(|date| format!(" of {}", date.words())).unwrap_or_default();
        let (comma, sha256) = (if number > 0 { "; " } else { "" }, sha256.get(..12).unwrap_or_default());
        head.extend([word(comma), theirs(name), word(format!("{date}, sha256:{sha256}"))]);
    }
    head.push(word(")"));
    let mut lines = vec![line("faults", head)];
    let all = [("fixes ", fixed), ("brings ", introduced)];
    let all = all.into_iter().flat_map(|(what, effects)| effects.iter().map(move |effect| (what, effect)));
    let parts: Vec<Line> = all
        .map(|(what, Effect { id, package, fixed, .. })| {
            let mut pieces = vec![word(what), theirs(id), word(" in "), theirs(package)];
            pieces.extend(fixed.iter().flat_map(|fixed| [word(", by "), theirs(fixed)]));
            part("faults", pieces)
        })
        .collect();
    let more = parts.len().saturating_sub(PACKAGES);
    lines.extend(parts.into_iter().take(PACKAGES));
    if more > 0 {
        lines.push(part("faults", vec![word(format!("{more} more: `--format json` has all"))]));
    }
    lines
}

/// `size  14.1 MB -> 13.9 MB, 3 of 4 layers are shared`
fn size(platform: &Platform, difference: &Difference, several: bool) -> Option<Line> {
    let (sizes, layers) = (difference.size?, difference.layers?);
    let of = layers.shared + layers.added;
    let shared = format!(", {} of {of} layers as they were", layers.shared);
    let (from, to) = (bytes(sizes.from), bytes(sizes.to));
    let mut pieces = if from == to { vec![word(from)] } else { vec![word(from), Piece::Arrow, word(to)] };
    pieces.push(word(shared));
    if several {
        pieces.push(word(format!(" on {platform}")));
    }
    Some(line("size", pieces))
}

/// Who uses an image, and whose files those are.
pub(super) fn users(image: &Compared) -> Vec<Line> {
    let list = |texts: Vec<String>| {
        let mut pieces = Vec::new();
        for text in &texts {
            if !pieces.is_empty() {
                pieces.push(word(", "));
            }
            pieces.push(theirs(text));
        }
        pieces
    };
    let users = image.users.iter().map(ToString::to_string).collect::<Vec<_>>();
    let owners = image.owners.iter().cloned().collect::<Vec<_>>();
    let lines = [("used by", users), ("owners", owners)];
    lines.into_iter().filter(|(_, texts)| !texts.is_empty()).map(|(about, texts)| line(about, list(texts))).collect()
}

/// The verdicts of all platforms, for a table.
pub(super) fn verdict(image: &Compared) -> String {
    match (&image.from, &image.to) {
        (None, _) => return "new".to_owned(),
        (_, None) => return "removed".to_owned(),
        _ => {}
    }
    let mut verdicts: BTreeMap<Verdict, Vec<String>> = BTreeMap::new();
    for (platform, difference) in &image.platforms {
        verdicts.entry(difference.verdict).or_default().push(platform.to_string());
    }
    let one = verdicts.len() == 1;
    let words = verdicts.into_iter().map(|(verdict, platforms)| {
        if one { verdict.words().to_owned() } else { format!("{} on {}", verdict.words(), platforms.join(", ")) }
    });
    words.collect::<Vec<_>>().join("; ")
}
