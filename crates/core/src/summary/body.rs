//! The body: a table of what changed, a section for each image, and what waits.

use super::facts::{self, brief, code};
use super::{Changed, PushedAgain, Summary, User, Waits};
use crate::compare::{self, Comparison, Verdict};
use crate::update::{Level, Move, approval};

/// The most bytes of the body: GitHub takes 65,536 characters, title not counted, and others more.
const BYTES: usize = 60_000;
/// What is kept of them for what waits and for what is left out.
const RESERVE: usize = 20_000;
/// The most places of one image that are told.
const PLACES: usize = 10;
/// The most images that wait and are told, and the most tags that were pushed again.
const WAITING: usize = 50;

const HEAD: &str = "| image | what | from | to | level |\n|---|---|---|---|---|\n";

pub(super) fn of(summary: &Summary<'_>) -> String {
    let mut body = Body { text: String::new(), left_out: 0 };
    for (group, changes) in summary.groups() {
        if let Some(group) = group {
            body.add(&format!("## {group}\n\n"));
        }
        let images: Vec<Image<'_>> = changes.into_iter().map(|changed| Image::of(changed, summary)).collect();
        body.table(&images, summary);
        for image in &images {
            body.add(&image.section(summary));
        }
    }
    let mut text = body.text;
    if body.left_out > 0 {
        text.push_str(&format!("{} more parts of this are left out: `images.lock` has all.\n\n", body.left_out));
    }
    if summary.noted && summary.changes.is_empty() {
        text.push_str("`images.seen` notes it: a cool-down is counted from then.\n\n");
    }
    text + &pushed_again(summary) + &waiting(summary)
}

/// The text so far; what does not fit is counted.
struct Body {
    text: String,
    left_out: usize,
}

impl Body {
    fn add(&mut self, part: &str) {
        if self.text.len() + part.len() > BYTES - RESERVE {
            self.left_out += 1;
        } else {
            self.text.push_str(part);
        }
    }

    fn table(&mut self, images: &[Image<'_>], summary: &Summary<'_>) {
        let before = self.left_out;
        self.add(HEAD);
        // No row stands without the head.
        if self.left_out > before {
            self.left_out += images.len();
            return;
        }
        for image in images {
            self.add(&image.row(summary));
        }
        self.text.push('\n');
    }
}

/// An image that changed, with what is known of both of it.
struct Image<'a> {
    changed: &'a Changed<'a>,
    /// Nothing for one that is new, or gone.
    comparison: Option<Comparison>,
    level: Option<Level>,
}

impl<'a> Image<'a> {
    fn of(changed: &'a Changed<'a>, summary: &Summary<'_>) -> Self {
        let both = changed.from.zip(changed.to);
        let comparison = both.map(|(from, to)| compare::images(from, to, Some(summary.as_of)));
        let level = both.map(|(from, to)| Move::new(changed.name, from, to).level);
        Self { changed, comparison, level }
    }

    fn row(&self, summary: &Summary<'_>) -> String {
        let Changed { name, from, to, .. } = self.changed;
        let cell = |image: &Option<_>| image.map_or_else(|| "–".to_owned(), |image| brief(image, summary.as_of));
        let level = self.level.map(Level::name).unwrap_or_default();
        format!("| {name} | {} | {} | {} | {level} |\n", self.what(), cell(from), cell(to))
    }

    fn what(&self) -> String {
        let Some(comparison) = &self.comparison else {
            return if self.changed.to.is_some() { "new" } else { "removed" }.to_owned();
        };
        let change = comparison.change().words();
        // That an update is newer is what people expect.
        match comparison.verdict() {
            Verdict::Same | Verdict::Newer => change.to_owned(),
            Verdict::Older => format!("{change}, **older**"),
            Verdict::Conflicting => format!("{change}, **older or newer**: its words contradict each other"),
            Verdict::Unknown => format!("{change}, nobody says that it is newer"),
        }
    }

    fn section(&self, summary: &Summary<'_>) -> String {
        let Changed { name, from, to, users, owners, brings, .. } = self.changed;
        let mut text = format!("### {name}\n\n");
        if let Some(image) = to.or(*from) {
            let wanted = code(&image.request.wanted.to_string());
            text.push_str(&format!("- asked for: {wanted}\n"));
        }
        for evidence in self.comparison.iter().flat_map(|comparison| &comparison.evidence) {
            if let Some(line) = facts::line(evidence, summary.as_of) {
                text.push_str(&format!("- {line}\n"));
            }
        }
        for line in brings {
            text.push_str(&format!("{line}\n"));
        }
        if !users.is_empty() {
            text.push_str(&format!("- used by: {}\n", places(users)));
        }
        if !owners.is_empty() {
            let owners: Vec<String> = owners.iter().map(|owner| code(owner)).collect();
            text.push_str(&format!("- owners: {}\n", owners.join(", ")));
        }
        text.push('\n');
        text
    }
}

fn places(users: &[User]) -> String {
    let mut places: Vec<String> = users
        .iter()
        .take(PLACES)
        .map(|User { target, file, line }| {
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            format!("{target} {}", code(&format!("{file}{line}")))
        })
        .collect();
    if let Some(more) = users.len().checked_sub(PLACES).filter(|more| *more > 0) {
        places.push(format!("{more} more"));
    }
    places.join(", ")
}

fn pushed_again(summary: &Summary<'_>) -> String {
    if summary.pushed_again.is_empty() {
        return String::new();
    }
    let mut text = "## Pushed again\n\nVersion tags that point at something else than they did:\n\n".to_owned();
    for PushedAgain { repository, tag, was, first_seen, is } in summary.pushed_again.iter().take(WAITING) {
        let name = code(&format!("{repository}:{tag}"));
        let since = first_seen.map(|at| format!(", first seen {}", at.day())).unwrap_or_default();
        text.push_str(&format!("- {name} was {}{since}, and is {}\n", facts::short(was), facts::short(is)));
    }
    if let Some(more) = summary.pushed_again.len().checked_sub(WAITING).filter(|more| *more > 0) {
        text.push_str(&format!("- {more} more\n"));
    }
    text + "\n"
}

fn waiting(summary: &Summary<'_>) -> String {
    if summary.waiting.is_empty() {
        return String::new();
    }
    let mut text = "## Waiting\n\n".to_owned();
    for waits in summary.waiting.iter().take(WAITING) {
        text.push_str(&line(waits, summary.command));
    }
    if let Some(more) = summary.waiting.len().checked_sub(WAITING).filter(|more| *more > 0) {
        text.push_str(&format!("- {more} more: `{} outdated` lists all\n", summary.command));
    }
    text
}

/// ```text
/// - postgres `16.9-alpine` → `17.1-alpine`: major, and `updates` is `patch`. To take it: `imagelock update …`
/// ```
fn line(waits: &Waits<'_>, command: &str) -> String {
    let Waits { name, from, tag, digest, reasons, .. } = waits;
    let old = from.map(|from| (from.tag.as_ref(), Some(&from.digest)));
    let new = (*tag, *digest);
    let tags = old.and_then(|(old, _)| old).zip(*tag).filter(|(old, new)| old != new);
    let step = match (tags, old) {
        (Some((old, new)), _) => format!(" {} → {}", code(old.as_str()), code(new.as_str())),
        (None, Some((tag, Some(digest)))) => {
            let tag = tag.map(|tag| format!(" {}", code(tag.as_str()))).unwrap_or_default();
            let to = new.1.map(|digest| format!(" → {}", facts::short(digest))).unwrap_or_default();
            format!("{tag} {}{to}", facts::short(digest))
        }
        _ => tag.map(|tag| format!(" {}", code(tag.as_str()))).unwrap_or_default(),
    };
    let reasons_told: Vec<String> = reasons.iter().map(facts::reason).collect();
    let take = approval(name, reasons).map(|arguments| format!(". To take it: `{command} {arguments}`"));
    format!("- {name}{step}: {}{}\n", reasons_told.join("; "), take.unwrap_or_default())
}
