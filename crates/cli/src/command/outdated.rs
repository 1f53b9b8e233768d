//! `outdated`

use std::collections::BTreeSet;

use clap::Args;
use imagelock_core::lockfile::LockedImage;
use imagelock_core::update::{Day, Move};
use imagelock_core::{Created, ImageName, Lockfile, escape};
use serde::Serialize;

use super::lock::{self, Attempt};
use super::looked::Looked;
use super::update::{known, nothing_to_do};
use crate::bases::{Bases, Moved, Untold, bases};
use crate::complete::image_names;
use crate::failure::Failure;
use crate::host::{Format, Host};
use crate::report::{self, Brief, Direction};
use crate::seen::{self, Found, PushedAgain, Seen};
use crate::session::Session;
use crate::shell::Shell;
use crate::snapshots::{self, Ended};
use crate::table::{Narrowing, Table};
use crate::trust::{self, Signed};
use crate::waiting::{Candidate, Said, Waits};

/// Tell which images are behind, how far, and what keeps them
///
/// Asks what `update` would, and moves nothing. An image is listed where `update` would take another answer for it, or where
/// one waits: what is locked, what may be taken, what is the latest, how big the step to that is, how old the locked image
/// is by its own word, and why the latest is not taken.
#[derive(Args, Debug)]
pub struct Outdated {
    /// The images to look at; all of them where none is named
    #[arg(add = image_names())]
    names: Vec<ImageName>,
    /// Fail if anything could be taken or waits for somebody's approval
    #[arg(long)]
    exit_code: bool,
    /// Ask registries, too, whether what images say that they were built on has moved: one HEAD for each base that is not locked
    #[arg(long)]
    bases: bool,
    /// Note in images.seen which digests are there, so that later runs know since when
    #[arg(long)]
    record: bool,
}

/// What is told to programs.
#[derive(Serialize)]
struct Document {
    outdated: Vec<Row>,
    /// How many images are what they could be.
    fresh: usize,
    #[serde(rename = "pushedAgain", skip_serializing_if = "Vec::is_empty")]
    pushed_again: Vec<PushedAgain>,
    /// The images whose releases have ended, whatever they could be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ended: Vec<Ended>,
    /// The images that stand on a base that has moved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bases: Vec<Moved>,
    /// The bases of which nobody tells.
    #[serde(rename = "basesUntold", skip_serializing_if = "Vec::is_empty")]
    untold: Vec<Untold>,
}

/// An image that is behind, or that is not locked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: ImageName,
    /// What is locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Brief>,
    /// What `update` would take, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<Brief>,
    /// The best of all.
    latest: Candidate,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<Direction>,
    /// For how many days the locked image is there, by its own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_days: Option<i64>,
    /// How far what is kept says that the locked image is signed, where it has to be.
    #[serde(flatten)]
    signed: Signed,
    /// `allowed`, `waiting` or `held`.
    state: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Said>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approve: Option<String>,
}

impl Outdated {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let (session, _held) = Session::open_for(host, self.record)?;
        known(&session, &self.names)?;
        let names: BTreeSet<ImageName> = self.names.iter().cloned().collect();
        let asked = |name: &ImageName| names.is_empty() || names.contains(name);
        let old = session.lockfile()?;
        let (now, seen) = (host.now(), Seen::read(&session)?);
        let products = snapshots::products(&session)?;
        let Looked { attempt, names: at } = Looked::at(&session, &old, &names, (&now, &seen))?;
        let Attempt { lockfile: new, rebuilt, waiting, .. } = attempt;
        let found = Found::of(&old, &new, &waiting, &rebuilt, at);
        let pushed_again = seen.pushed_again(&session, &found);
        if self.record {
            seen.record(&session, &found, &now, true)?;
        }
        let waiting = Waits::of(host, &old, waiting);
        seen::tell(&host.shell, &pushed_again);
        let looked: Vec<&ImageName> = session.project.images.keys().filter(|name| asked(name)).collect();
        let mut rows: Vec<Row> = looked.iter().filter_map(|name| Row::of(name, [&old, &new], &waiting, &now)).collect();
        say_who_signed(&session, &old, &mut rows)?;
        let moves = rows.iter().filter(|row| row.allowed.is_some()).count();
        let waits = waiting.iter().filter(|waits| waits.is_for_a_person()).count();
        let fresh = looked.len() - rows.len();
        let mut ended = Day::of(&now).map(|today| snapshots::ended(&products, &old, today)).unwrap_or_default();
        ended.retain(|ended| asked(&ended.name));
        let Bases { moved, untold } = bases(&session, &old, asked, self.bases)?;
        match host.global.format {
            Format::Json => {
                let document = Document { outdated: rows, fresh, pushed_again, ended, bases: moved, untold };
                super::json(host, &document)?;
            }
            Format::Markdown => host.shell.result(&markdown(&rows, &ended, &moved)),
            _ => {
                if !rows.is_empty() {
                    let lines = table(&rows).lines(host.shell.out.width);
                    host.shell.result(&(lines.join("\n") + "\n"));
                }
                tell_who_signed(&host.shell, &rows);
                for ended in &ended {
                    host.shell.attention("Ended", &format!("{}  {}", ended.name, ended.words()));
                }
                for moved in &moved {
                    host.shell.attention("Base", &format!("{}  {}", moved.name, moved.words()));
                }
                for untold in &untold {
                    host.shell.attention("Untold", &untold.words());
                }
                host.shell.status("Fresh", &lock::count(fresh));
            }
        }
        if self.exit_code { nothing_to_do(moves, waits) } else { Ok(()) }
    }
}

impl Row {
    /// The row of an image; none where it is what it could be.
    fn of(name: &ImageName, [old, new]: [&Lockfile; 2], waiting: &[Waits], now: &Created) -> Option<Self> {
        let (from, to) = (old.images.get(name), new.images.get(name));
        let taken = to.filter(|to| from != Some(to));
        let waits = waiting.iter().find(|waits| waits.name == *name);
        if taken.is_none() && waits.is_none() {
            return None;
        }
        let step = from.zip(taken).map(|(from, to)| Move::new(name, from, to));
        let state = match waits {
            None => "allowed",
            Some(waits) if waits.is_held() => "held",
            Some(_) => "waiting",
        };
        Some(Self {
            name: name.clone(),
            current: from.map(Brief::of),
            allowed: taken.map(Brief::of),
            latest: waits.map(|waits| waits.to.clone()).or_else(|| taken.map(Candidate::of))?,
            level: waits
                .map_or(step.map(|step| step.level), |waits| waits.level)
                .map(imagelock_core::update::Level::name),
            direction: waits
                .map_or_else(|| step.filter(|step| step.down).map(|_| Direction::Down), |waits| waits.direction),
            age_days: from.and_then(|from| age(from, now)),
            signed: Signed::default(),
            state,
            reasons: waits.map(|waits| waits.reasons.clone()).unwrap_or_default(),
            approve: waits.and_then(|waits| waits.approve.clone()),
        })
    }

    fn cells(&self) -> [String; 7] {
        let [current, allowed] = [&self.current, &self.allowed].map(|image| image.as_ref().map(Candidate::of_brief));
        let [current, allowed, latest] = shown(current.as_ref(), allowed.as_ref(), &self.latest);
        let down = if self.direction == Some(Direction::Down) { " down" } else { "" };
        let days = |days: i64| report::counted(usize::try_from(days).unwrap_or_default(), "day", "days");
        let level = self.level.map(|level| format!("{level}{down}")).unwrap_or_default();
        [
            self.name.to_string(),
            current,
            allowed,
            latest,
            level,
            self.age_days.map(days).unwrap_or_default(),
            self.why(),
        ]
    }

    fn why(&self) -> String {
        match (&self.current, self.state) {
            (None, _) => "not locked".to_owned(),
            (_, "allowed") => "may be taken".to_owned(),
            _ => Said::phrase(&self.reasons),
        }
    }
}

/// Adds how far what is locked now is signed, by what is kept: nobody is asked.
fn say_who_signed(session: &Session<'_>, old: &Lockfile, rows: &mut [Row]) -> Result<(), Failure> {
    let mut lock = old.clone();
    lock.images.retain(|name, _| rows.iter().any(|row| row.name == *name));
    let grades = trust::grades_kept(session, &lock)?;
    for row in rows {
        row.signed = grades.get(&row.name).map(Signed::of).unwrap_or_default();
    }
    Ok(())
}

fn tell_who_signed(shell: &Shell, rows: &[Row]) {
    for (row, note) in rows.iter().filter_map(|row| Some((row, row.signed.note.as_ref()?))) {
        let line = format!("{}  {note}", row.name);
        if row.signed.word == Some("signed") {
            shell.status("Signature", &line);
        } else {
            shell.attention("Signature", &line);
        }
    }
}

/// What tells the locked image, the one that may be taken and the latest apart: their tags, else their versions, else their
/// digests.
pub(super) fn shown(current: Option<&Candidate>, allowed: Option<&Candidate>, latest: &Candidate) -> [String; 3] {
    let differ = |of: fn(&Candidate) -> Option<&String>| {
        let (from, to) = (current.and_then(of), of(latest));
        from.is_some() && to.is_some() && from != to
    };
    let of: fn(&Candidate) -> Option<&String> = match () {
        () if differ(|image| image.tag.as_ref()) || current.is_none() => |image| image.tag.as_ref(),
        () if differ(|image| image.version.as_ref()) => |image| image.version.as_ref(),
        () => |image| image.digest.as_ref(),
    };
    let cell = |image: Option<&Candidate>| {
        let text = image.and_then(of).map(String::as_str).unwrap_or_default();
        report::short(text).to_owned()
    };
    [cell(current), cell(allowed), cell(Some(latest))]
}

/// For how many days an image is there, as it says itself.
pub(super) fn age(image: &LockedImage, now: &Created) -> Option<i64> {
    let created = image.created.as_ref().filter(|created| created.is_evidence() && *created <= now)?;
    Some(created.days_until(now))
}

const HEADS: [&str; 7] = ["NAME", "CURRENT", "ALLOWED", "LATEST", "LEVEL", "AGE", "WHY"];

/// The age goes first on a narrow terminal; what is locked and why stay.
const STEPS: &[Narrowing] = &[
    Narrowing::Drop(5),
    Narrowing::CutEnd(6, 24),
    Narrowing::CutStart(1, 16),
    Narrowing::CutEnd(0, 12),
    Narrowing::Drop(1),
    Narrowing::Drop(6),
    Narrowing::CutEnd(0, 1),
];

fn table(rows: &[Row]) -> Table<7> {
    Table { heads: Some(HEADS), rows: rows.iter().map(Row::cells).collect(), steps: STEPS }
}

/// A table of Markdown, and a list of who has signed what is locked, of what has ended and of what stands on a base that has moved; what people and publishers wrote is in spans of code.
fn markdown(rows: &[Row], ended: &[Ended], moved: &[Moved]) -> String {
    let mut text =
        "| image | current | allowed | latest | level | age | why |\n|---|---|---|---|---|---|---|\n".to_owned();
    for row in rows {
        let [name, current, allowed, latest, level, age, why] = row.cells();
        let code = |cell: &str| if cell.is_empty() { String::new() } else { escape::markdown(cell) };
        let approve =
            row.approve.as_ref().map(|command| format!("; {}", escape::markdown(command))).unwrap_or_default();
        let cells = [code(&name), code(&current), code(&allowed), code(&latest), level, age, code(&why) + &approve];
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    let signed = rows.iter().filter_map(|row| Some((&row.name, row.signed.note.clone()?)));
    let ended = ended.iter().map(|ended| (&ended.name, ended.words()));
    let items = signed.chain(ended).chain(moved.iter().map(|moved| (&moved.name, moved.words()))).enumerate();
    let items = items.map(|(number, (name, words))| {
        let start = if number == 0 { "\n" } else { "" };
        format!("{start}- {}: {}\n", escape::markdown(name.as_str()), escape::markdown(&words))
    });
    text.extend(items);
    text
}
