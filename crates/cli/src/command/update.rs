//! `update`

mod hold;

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use imagelock_core::precise::Precise;
use imagelock_core::source::{Label, nearest};
use imagelock_core::update::{Approved, Gate, Level};
use imagelock_core::{Digest, ImageName, Lockfile, plan};
use imagelock_registry::Take;
use serde::Serialize;

use super::lock::{self, Attempt, Choice, Outcome};
use crate::complete::{approvals, image_names};
use crate::extends::Fetch;
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::merged::Current;
use crate::report;
use crate::seen::{self, Found, PushedAgain, Seen};
use crate::session::Session;
use crate::summary::{self, Reviewed};
use crate::trust::Ask;
use crate::waiting::{self, Waits};

/// Find out where the followed tags point now
///
/// Asks each registry once an image whether anything moved, and locks what did. Images that follow a version rule
/// take the best tag there is now. An image that was only built again stays as it is locked: its index has another digest
/// and every locked platform's manifest is what it was. What is a bigger step than `updates` of images.toml takes waits, and
/// so does what is held, what leads back, what is younger than its `cooldown`, and what lacks a platform: each with the command
/// that takes it.
#[derive(Args, Debug)]
pub struct Update {
    /// The images to update; all of them where none is named
    #[arg(add = image_names())]
    names: Vec<ImageName>,
    /// Lock this answer for the one image that is named: a tag or a digest of its repository, or TAG@DIGEST
    ///
    /// Where it is older than what is locked, images.toml gets a `hold` for the image, which keeps the next update from
    /// undoing it.
    #[arg(long, value_name = "TAG|DIGEST")]
    precise: Option<Precise>,
    /// Take steps up to this level too: `digest`, `patch`, `minor` or `major`; with commas also `down`, which leads back,
    /// `hold`, which is held, and `cooldown`, which is too young
    ///
    /// `digest` alone also takes an index of other bytes for the same content.
    #[arg(long, value_name = "LEVEL", conflicts_with = "precise", add = approvals())]
    allow: Option<Approved>,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Fail if anything would change or waits for somebody's approval
    #[arg(long, requires = "dry_run")]
    exit_code: bool,
    #[command(flatten)]
    reviewed: Reviewed,
}

/// What `update` did.
#[derive(Serialize)]
struct Updated {
    #[serde(flatten)]
    outcome: Outcome,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unchanged: Vec<Unchanged>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<Waits>,
    #[serde(rename = "pushedAgain", skip_serializing_if = "Vec::is_empty")]
    pushed_again: Vec<PushedAgain>,
}

/// An image that was built again with the same content, and stays as it is locked.
#[derive(Serialize)]
struct Unchanged {
    name: ImageName,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    /// The digest that is locked.
    digest: String,
    /// The digest that it has now.
    rebuilt: Digest,
}

impl Update {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let (session, _held) = Session::open_to_lock(host, true, self.fetch())?;
        known(&session, &self.names)?;
        self.tell_inherited(&session);
        self.judge(&session)?;
        let names: BTreeSet<ImageName> = self.names.iter().cloned().collect();
        let current = Current::read(&session, |name| names.is_empty() || names.contains(name))?;
        let old = &current.lockfile;
        let plan = plan::update(&session.project, old, (!names.is_empty()).then_some(&names));
        let asked = |name: &ImageName| names.is_empty() || names.contains(name);
        let (now, seen) = (host.now(), Seen::read(&session)?);
        let ruled = |name: &ImageName| asked(name) && self.precise.is_none();
        let gates = waiting::gates(&plan, ruled, self.approved(), &now, seen.all());
        let gate = |name: &ImageName| gates.get(name).map(|gate| gate as &dyn Gate);
        let own = |name: &ImageName| asked(name).then(|| Choice { take: self.take(name), gate: gate(name) });
        let choose = |name: &ImageName| current.take(name).map(Choice::from).or_else(|| own(name));
        let Attempt { lockfile: new, rebuilt, waiting, kept, .. } =
            lock::resolve_with(&session, &plan, old, ("Checking", Ask::Registries), choose)?;
        let found = Found::of(old, &new, &waiting, &rebuilt, plan.resolve.iter().map(|step| step.name));
        let pushed_again = seen.pushed_again(&session, &found);
        let noted = !self.dry_run && seen.notes(&session, &found, &now);
        let told =
            summary::Found { old, new: &new, waiting: &waiting, pushed_again: &pushed_again, noted, as_of: &now };
        let summary = self.reviewed.ready(&session, &told)?;
        let changes = report::changes(old, &new);
        if let (Some(_), [name]) = (&self.precise, self.names.as_slice()) {
            // First the hold: a run that is killed here holds an image at what it is.
            hold::where_it_went_back(&session, name, [old, &new], self.dry_run)?;
        }
        let written = if self.dry_run {
            report::print(&host.shell, &changes);
            host.shell.attention("Dry run", "images.lock is unchanged");
            false
        } else {
            current.tell(&host.shell);
            let written = lock::finish(&session, old, &new, &kept)?;
            seen.record(&session, &found, &now, false)?;
            written
        };
        summary.map_or(Ok(()), |summary| summary.write(&session))?;
        let waiting = Waits::of(host, old, waiting);
        waiting::print(host, &waiting);
        seen::tell(&host.shell, &pushed_again);
        if !rebuilt.is_empty() {
            host.shell.status("Unchanged", &format!("{} rebuilt with the same content", lock::count(rebuilt.len())));
        } else if changes.is_empty() && waiting.is_empty() {
            host.shell.status("Fresh", &format!("{}, nothing moved", lock::count(session.project.images.len())));
        }
        let moves = changes.len();
        let waits = waiting.iter().filter(|waits| waits.is_for_a_person()).count();
        if host.global.format == Format::Json {
            let fresh = session.project.images.len().saturating_sub(changes.len());
            let outcome = Outcome { changes, fresh, written };
            super::json(host, &Updated { outcome, unchanged: unchanged(&new, rebuilt), waiting, pushed_again })?;
        }
        if self.exit_code { nothing_to_do(moves, waits) } else { Ok(()) }
    }

    /// What is extended moves with an update of all.
    fn fetch(&self) -> Fetch {
        if self.names.is_empty() { Fetch::Newest } else { Fetch::Missing }
    }

    /// An image that is taken over does not move by its name.
    fn tell_inherited(&self, session: &Session<'_>) {
        for name in self.names.iter().filter(|name| session.project.inheritance.answers.contains_key(*name)) {
            let text = format!("{name}, which moves with what is extended: update without a name");
            session.host.shell.attention("Inherited", &text);
        }
    }

    /// What somebody approves on the command line.
    fn approved(&self) -> Approved {
        self.allow.unwrap_or_default()
    }

    /// Refuses an answer that the one image that is named could not have.
    fn judge(&self, session: &Session<'_>) -> Result<(), Failure> {
        let Some(precise) = &self.precise else { return Ok(()) };
        let [name] = self.names.as_slice() else {
            let failure = Failure::input("`--precise` is an answer for one image, which has to be named");
            return Err(failure.help(format!("`{{command}} update NAME --precise {precise}`")));
        };
        let Some(declared) = session.project.images.get(name) else { return Ok(()) };
        precise.judge(&declared.request).map_err(|refused| {
            let problem = Problem::new(format!("`{name}` cannot be locked to {precise}"));
            let problem = problem.label(Label::primary(&declared.value_at, refused.to_string()));
            Failure::new(Kind::Input, problem.help(refused.help()))
        })
    }

    /// Which answer is taken for an image.
    fn take(&self, name: &ImageName) -> Take<'_> {
        match &self.precise {
            Some(precise) if self.names.first() == Some(name) => {
                Take::Named { tag: precise.tag(), digest: precise.digest() }
            }
            _ if self.approved().level == Level::Digest => Take::Newest,
            _ => Take::Changed,
        }
    }
}

/// Fails where anything would change or waits for somebody.
pub(super) fn nothing_to_do(moves: usize, waits: usize) -> Result<(), Failure> {
    if moves + waits == 0 {
        return Ok(());
    }
    let counted = |count: usize, one: &str, many: &str| {
        (count > 0).then(|| format!("{} {}", lock::count(count), if count == 1 { one } else { many }))
    };
    let said =
        [counted(moves, "would change", "would change"), counted(waits, "waits for approval", "wait for approval")];
    let said: Vec<String> = said.into_iter().flatten().collect();
    let problem = Problem::new(said.join(", "));
    let help =
        if moves > 0 { "run `{command} update`" } else { "approve it with `{command} update NAME --allow LEVEL`" };
    Err(Failure::new(Kind::Check, problem.help(help)))
}

fn unchanged(lock: &Lockfile, rebuilt: BTreeMap<ImageName, Digest>) -> Vec<Unchanged> {
    let locked = rebuilt.into_iter().filter_map(|(name, rebuilt)| Some((lock.images.get(&name)?, name, rebuilt)));
    let unchanged = locked.map(|(image, name, rebuilt)| {
        let tag = image.tag.as_ref().map(ToString::to_string);
        Unchanged { name, tag, digest: image.digest.to_string(), rebuilt }
    });
    unchanged.collect()
}

/// Refuses names that the project does not have, with the ones that were probably meant.
pub(crate) fn known(session: &Session<'_>, names: &[ImageName]) -> Result<(), Failure> {
    let images = &session.project.images;
    let Some(name) = names.iter().find(|name| !images.contains_key(*name)) else { return Ok(()) };
    let failure = Failure::input(format!("there is no image `{name}` in {}", session.project_file()));
    Err(match nearest(name.as_str(), images.keys().map(ImageName::as_str)) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help("the images are listed by `{command} list`"),
    })
}
