//! `pin`

use camino::Utf8PathBuf;
use clap::Args;
use imagelock_core::source::Label;
use imagelock_core::{Lockfile, plan};
use imagelock_survey::{Adoption, Surveyed};
use serde::Serialize;

use super::adopt::{self, Choices, Skipped};
use super::lock::Outcome;
use super::ready::{Additions, NewProject, Ready};
use super::render::Written;
use crate::diff::unified;
use crate::edits::{self, Edits};
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::report::counted;
use crate::session::Session;
use crate::shell::printable;
use crate::survey;

/// Pin images where they are written: declare what is new, lock it, and rewrite the places
///
/// Every place in these files that names an image becomes `repository:tag@digest`, a variable where it is defined. What
/// images.toml does not ask for yet is added to it, with the digest that is in use where there is one, and locked. Where nothing
/// is new, no registry is asked. What a file says after its change is read again before it is written.
///
/// A file that a target edits is pinned as that target says; `pin` adds no target, and tells which files no target keeps up to
/// date.
#[derive(Args, Debug)]
pub struct Pin {
    /// Files and folders; all of the project where none is named
    paths: Vec<Utf8PathBuf>,
    /// Show a diff of every file that would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Fail if anything would have to be declared or locked; no registry is asked
    #[arg(long)]
    locked: bool,
    #[command(flatten)]
    choices: Choices,
}

/// What `pin` did, for programs.
#[derive(Serialize)]
struct Pinned {
    #[serde(flatten)]
    outcome: Outcome,
    files: Vec<Written>,
    /// The files that no target keeps up to date.
    unreached: Vec<Utf8PathBuf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<Skipped>,
}

impl Pin {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let (session, _held) = Session::start_for(host, !self.dry_run)?;
        let lock = session.lockfile()?;
        let surveyed = survey::to_adopt(&session, &lock, &self.paths)?;
        let adoption = Adoption::of(&surveyed, &session.project);
        self.choices.judge(&adoption)?;
        if self.locked {
            must_hold(&session, &lock, &adoption)?;
        }
        for image in &adoption.images {
            for line in adopt::torn(&session, image).into_iter().flatten() {
                host.shell.warn(&line.replace("{command}", &host.command));
            }
        }
        let (images, built) = (adopt::new_images(&adoption), adopt::made(&adoption));
        let mut additions = Additions { images, built, ..Additions::default() };
        let project = NewProject::of(session, &additions)?;
        project.tell(&additions.images);
        let (ready, skipped) = self.choices.lock(project, &mut additions, &adoption, "pin")?;
        self.pin(&ready, &surveyed, skipped)
    }

    /// Makes the new bytes of all files, and writes them.
    fn pin(&self, ready: &Ready<'_>, surveyed: &Surveyed, skipped: Vec<Skipped>) -> Result<(), Failure> {
        let session = &ready.project.session;
        let edits = Edits::pinned(session, &ready.new, surveyed, &self.paths)?;
        edits::tell(session, &edits.outputs);
        let (outcome, files) = if self.dry_run {
            preview(ready, &edits)?
        } else {
            // The lock before the files: a run that is killed between them leaves places that are not pinned yet, which the
            // next run pins. The other way round, files would have digests that are in no lock.
            let outcome = if ready.is_fresh() { ready.outcome(false) } else { ready.write()? };
            (outcome, edits.write(session)?)
        };
        self.close(session, &edits, &files);
        if session.host.global.format == Format::Json {
            super::json(session.host, &Pinned { outcome, files, unreached: edits.unreached, skipped })?;
        }
        Ok(())
    }

    /// Says what is left to do.
    fn close(&self, session: &Session<'_>, edits: &Edits, files: &[Written]) {
        let shell = &session.host.shell;
        edits::tell_fresh(session, files, "pinned");
        if self.dry_run {
            shell.attention("Dry run", "nothing is changed");
        }
        if let Some((first, others)) = edits.unreached.split_first() {
            let shown = session.show(&session.root.join(first));
            let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
            let text = format!(
                "no target keeps {shown}{more} up to date: `[[files]]` with `edit = [\"**\"]` in {} does",
                session.project_file()
            );
            shell.warn(&text);
        }
        if edits.stale > 0 {
            let text = format!(
                "`{} render` writes {} of targets",
                session.host.command,
                counted(edits.stale, "file", "files")
            );
            shell.doing("Next", &text);
        }
    }
}

/// `--locked`: everything that is not declared, at its first place, and everything that is not locked.
fn must_hold(session: &Session<'_>, lock: &Lockfile, adoption: &Adoption<'_>) -> Result<(), Failure> {
    let plan = plan::lock(&session.project, lock);
    if adoption.images.is_empty() && plan.is_empty() {
        return Ok(());
    }
    let mut problem = Problem::new("`--locked` is given, and there is something to declare or to lock");
    for image in &adoption.images {
        let at = adopt::places(session, image.places.iter().copied());
        problem.lines.push(format!("  {}  is in no lock ({at})", printable(&image.spelling)));
    }
    for step in &plan.resolve {
        problem.labels.push(Label::primary(&step.declared.at, "images.lock does not answer this"));
    }
    Err(Failure::new(Kind::Check, problem.help("run it without `--locked`, and commit what it writes")))
}

/// Shows a diff of every file that would change.
fn preview(ready: &Ready<'_>, edits: &Edits) -> Result<(Outcome, Vec<Written>), Failure> {
    let session = &ready.project.session;
    let stream = session.host.shell.out;
    let mut diffs = String::new();
    let lock_path = session.lock_path();
    let old_lock = imagelock_files::bytes(&lock_path, crate::input::LOCK_BYTES)?.unwrap_or_default();
    let new_lock = if ready.old == ready.new { old_lock.clone() } else { ready.new.encode().into_bytes() };
    let before = ready.project.before.as_deref().unwrap_or_default();
    let ours =
        [(&ready.project.path, before.as_bytes(), ready.project.text.as_bytes()), (&lock_path, &old_lock, &new_lock)];
    for (path, old, new) in ours {
        diffs.push_str(&unified(session.show(path).as_str(), old, new, stream));
    }
    let (theirs, files) = edits.preview(session)?;
    diffs.push_str(&theirs);
    if session.host.global.format == Format::Text {
        session.host.shell.result_drawn(&diffs);
    }
    Ok((ready.outcome(false), files))
}
