//! `lock`

use std::collections::BTreeMap;

use clap::Args;
use imagelock_core::extends::Extended;
use imagelock_core::lockfile::{Answer, Lockfile};
use imagelock_core::plan::{self, Plan};
use imagelock_core::source::Label;
use imagelock_core::update::{Gate, Waiting};
use imagelock_core::{Digest, ImageName};
use imagelock_registry::{Error, Resolved, Step, Take};
use serde::Serialize;

use crate::extends::Fetch;
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::merged::Current;
use crate::network;
use crate::progress::Progress;
use crate::projects;
use crate::report::{self, Change};
use crate::session::Session;
use crate::trust::{self, Ask, Kept};

/// Bring images.lock up to date with images.toml, keeping every pin that still holds
///
/// A pin stays as long as it is one for its request, even when its tag has moved: `update` is what moves it. Everything
/// is resolved before anything is written; one image that cannot be resolved fails the run and changes nothing.
#[derive(Args, Clone, Debug)]
pub struct Lock {
    /// In every project of the repository: each images.toml in it and below it
    #[arg(long)]
    all: bool,

    /// Fail if images.lock would change
    #[arg(long)]
    locked: bool,
    /// Fail if images.lock would change, or if anything would have to be asked of a registry
    #[arg(long)]
    frozen: bool,
}

/// What `lock` and `update` did.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    pub(crate) changes: Vec<Change>,
    pub(crate) fresh: usize,
    pub(crate) written: bool,
}

impl Lock {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        if self.all {
            return projects::each(host, |host| Self { all: false, ..self.clone() }.run(host));
        }
        let is_check = self.locked || self.frozen;
        let fetch = if is_check { Fetch::Never } else { Fetch::Missing };
        let (session, _held) = Session::open_to_lock(host, !is_check, fetch)?;
        let current =
            if is_check { Current::of(session.lockfile_of_gate()?) } else { Current::read(&session, |_| false)? };
        let old = &current.lockfile;
        let plan = plan::lock(&session.project, old);
        if is_check {
            must_hold(&session, &plan, old)?;
        }
        let choose = |name: &ImageName| current.take(name).map(Choice::from);
        let ask = if is_check { Ask::Nobody } else { Ask::Registries };
        let Attempt { lockfile: new, kept, .. } = resolve_with(&session, &plan, old, ("Locking", ask), choose)?;
        let stays =
            plan.is_empty() && current.merged.is_none() && new == *old && kept.is_empty() && session.extends.is_none();
        let written = if stays && (current.exists || is_check) {
            if !is_check {
                trust::sweep(&session, &new)?;
            }
            false
        } else {
            current.tell(&host.shell);
            finish(&session, old, &new, &kept)?
        };
        let outcome = Outcome { changes: report::changes(old, &new), fresh: plan.fresh, written };
        if outcome.changes.is_empty() && !written {
            host.shell.status("Fresh", &format!("{}, images.lock is up to date", count(plan.fresh)));
        }
        if host.global.format == Format::Json {
            super::json(host, &outcome)?;
        }
        Ok(())
    }
}

/// `1 image`, `2 images`
pub(crate) fn count(images: usize) -> String {
    report::counted(images, "image", "images")
}

/// Which answer an image gets, and what judges whether it may take the place of what is locked.
#[derive(Clone, Copy, Default)]
pub(crate) struct Choice<'a> {
    pub(crate) take: Take<'a>,
    pub(crate) gate: Option<&'a dyn Gate>,
}

impl<'a> From<Take<'a>> for Choice<'a> {
    fn from(take: Take<'a>) -> Self {
        Self { take, gate: None }
    }
}

/// Resolves what the plan asks for, and finds what has to be signed signed: all, or none. `choose` is as for [`attempt`].
pub(crate) fn resolve_with<'a>(
    session: &Session<'_>,
    plan: &Plan<'_>,
    old: &'a Lockfile,
    (verb, ask): (&str, Ask),
    choose: impl Fn(&ImageName) -> Option<Choice<'a>>,
) -> Result<Attempt, Failure> {
    let mut attempt = attempt(session, plan, old, verb, choose)?;
    must_be_locked(session, &attempt.failed)?;
    attempt.kept = trust::settle(session, old, &mut attempt.lockfile, ask)?;
    Ok(attempt)
}

/// Refuses a run in which images could not be locked.
pub(super) fn must_be_locked(session: &Session<'_>, failed: &[(ImageName, Error)]) -> Result<(), Failure> {
    if failed.is_empty() {
        return Ok(());
    }
    let what = "could not be locked; images.lock is unchanged";
    Err(report::unresolved(session, failed, session.project.images.len(), what))
}

/// What a run found out about the images of a plan.
#[derive(Default)]
pub(crate) struct Attempt {
    /// The lock with the answers that there are.
    pub(crate) lockfile: Lockfile,
    /// The images that stay as they are although they were built again, each with the digest that it has now.
    pub(crate) rebuilt: BTreeMap<ImageName, Digest>,
    /// The best answers that were not taken, since their gates keep them waiting.
    pub(crate) waiting: BTreeMap<ImageName, Waiting>,
    /// The images that could not be locked, and why.
    pub(crate) failed: Vec<(ImageName, Error)>,
    /// What proves the signatures of the lock and is not kept yet.
    pub(crate) kept: Kept,
}

/// Resolves what the plan asks for. `choose` says which answer an image gets; where it says nothing, that is what stays
/// locked although the request is another one, or the newest.
pub(crate) fn attempt<'a>(
    session: &Session<'_>,
    plan: &Plan<'_>,
    old: &'a Lockfile,
    verb: &str,
    choose: impl Fn(&ImageName) -> Option<Choice<'a>>,
) -> Result<Attempt, Failure> {
    let shell = &session.host.shell;
    let mut lockfile = old.clone();
    for name in &plan.drop {
        lockfile.images.remove(*name);
    }
    let inheritance = &session.project.inheritance;
    lockfile.extends.clone_from(&inheritance.extended);
    // What is taken over is answered already.
    let (inherited, resolve): (Vec<_>, Vec<_>) =
        plan.resolve.iter().partition(|step| inheritance.answers.contains_key(step.name));
    let taken_over = inherited.iter().filter_map(|step| inheritance.answers.get_key_value(step.name));
    lockfile.images.extend(taken_over.map(|(name, answer)| (name.clone(), answer.clone())));
    if resolve.is_empty() {
        return Ok(Attempt { lockfile, ..Attempt::default() });
    }
    shell.doing(verb, &count(resolve.len()));
    let progress = Progress::start(shell, verb, resolve.len());
    let resolver = session.resolver(progress.clone())?;
    let stays = |step: &plan::Step<'_>| {
        let image = old.stays(step.name, &step.declared.request)?;
        Some(Take::Named { tag: image.tag.as_ref(), digest: Some(&image.digest) })
    };
    let steps: Vec<Step<'_>> = resolve
        .into_iter()
        .map(|step| {
            let Choice { take, gate } = choose(step.name).or_else(|| stays(step).map(Choice::from)).unwrap_or_default();
            Step {
                name: step.name,
                request: &step.declared.request,
                known: old.images.get(step.name),
                take,
                limit: step.declared.limit,
                gate,
            }
        })
        .collect();
    let attempted = network::run(resolver.attempt(&steps));
    progress.finish();
    let (Resolved { images, rebuilt, waiting }, failed) = attempted?;
    lockfile.images.extend(images);
    Ok(Attempt { lockfile, rebuilt, waiting, failed, kept: Kept::default() })
}

/// Says what changed and writes the lock.
pub(crate) fn finish(session: &Session<'_>, old: &Lockfile, new: &Lockfile, kept: &Kept) -> Result<bool, Failure> {
    let changes = report::changes(old, new);
    report::print(&session.host.shell, &changes);
    trust::write_all(session, kept, new)
}

/// Why a step of a plan is one, as a phrase at the image's name.
pub(super) fn unanswered(step: &plan::Step<'_>) -> String {
    match &step.answer {
        Answer::RequestChanged { was } if was.wanted != step.declared.request.wanted => {
            format!("images.lock was made for `{}`", was.wanted)
        }
        Answer::RequestChanged { was } => match &was.platforms {
            None => "images.lock has every platform".to_owned(),
            Some(platforms) => {
                let platforms: Vec<String> = platforms.iter().map(ToString::to_string).collect();
                format!("images.lock has {}", platforms.join(", "))
            }
        },
        Answer::Holds(_) => "images.lock has another answer than what is extended".to_owned(),
        Answer::Missing => "not in images.lock".to_owned(),
    }
}

/// What a lock was made with, where that is not what is extended.
pub(super) fn other_extends(session: &Session<'_>, old: &Lockfile) -> String {
    let told = |extended: Option<&Extended>| {
        let told = extended.map(|extended| format!("{} ({})", extended.publisher, extended.digest.short()));
        told.unwrap_or_else(|| "nothing".to_owned())
    };
    let now = told(session.project.inheritance.extended.as_ref());
    format!("images.lock extends {}, and {} extends {now}", told(old.extends.as_ref()), session.project_file())
}

/// `--locked`: every difference, at the line that the lock does not answer.
pub(super) fn must_hold(session: &Session<'_>, plan: &Plan<'_>, old: &Lockfile) -> Result<(), Failure> {
    if plan.is_empty() {
        return Ok(());
    }
    let mut problem = Problem::new(format!("images.lock is out of date with {}", session.project_file()));
    for step in &plan.resolve {
        problem.labels.push(Label::primary(&step.declared.at, unanswered(step)));
    }
    if plan.extends {
        problem.lines.push(format!("  {}", other_extends(session, old)));
    }
    for name in &plan.drop {
        let was = old.images.get(*name).map(|image| image.request.wanted.to_string()).unwrap_or_default();
        problem.lines.push(format!("  {name}  {was}  is in images.lock and asked for nowhere"));
    }
    Err(Failure::new(Kind::Check, problem.help("run `{command} lock` and commit images.lock")))
}
