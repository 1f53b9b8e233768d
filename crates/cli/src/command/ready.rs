//! A project file with additions and the lock that answers it, all made before any of it is written.

use camino::Utf8PathBuf;
use imagelock_core::project::{self, NewImage};
use imagelock_core::{ImageName, Lockfile, plan};
use imagelock_registry::{Error, Take};

use super::declare::{file_to_edit, replaced, text_to_edit};
use super::lock::{self, Attempt, Choice, Outcome};
use crate::discover::Found;
use crate::failure::Failure;
use crate::report;
use crate::session::Session;
use crate::trust::{self, Ask, Kept};

/// What is added to a project file.
#[derive(Default)]
pub(super) struct Additions {
    pub(super) images: Vec<NewImage>,
    /// Patterns of images that are built here.
    pub(super) built: Vec<String>,
    /// Tables of targets: their adapters, and their lines.
    pub(super) targets: Vec<(&'static str, Vec<String>)>,
}

impl Additions {
    pub(super) fn is_empty(&self) -> bool {
        self.images.is_empty() && self.built.is_empty() && self.targets.is_empty()
    }

    /// The text of a project file with all of it.
    fn to(&self, text: &str, prefix: &[&'static str]) -> Result<String, Failure> {
        let text = project::add_built(text, prefix, &self.built)?;
        let text = project::add_all(&text, prefix, &self.images)?;
        let mut targets = self.targets.iter();
        Ok(targets.try_fold(text, |text, (adapter, lines)| project::add_target(&text, prefix, adapter, lines))?)
    }
}

/// A project with additions, as it will be.
pub(super) struct NewProject<'h> {
    pub(super) session: Session<'h>,
    /// The file that declares the images.
    pub(super) path: Utf8PathBuf,
    prefix: &'static [&'static str],
    /// What is in that file; nothing where there is none.
    pub(super) before: Option<String>,
    /// What will be in it.
    pub(super) text: String,
}

impl<'h> NewProject<'h> {
    pub(super) fn of(session: Session<'h>, additions: &Additions) -> Result<Self, Failure> {
        let found = Found { root: session.root.clone(), sources: session.sources.clone() };
        let (path, prefix) = file_to_edit(&found);
        let before = text_to_edit(&found, &path, &session.directory)?;
        Self { session, path, prefix, before, text: String::new() }.with(additions)
    }

    /// Says which images are added.
    pub(super) fn tell(&self, images: &[NewImage]) {
        for image in images {
            let text = format!("{} to {}", written(&self.session, image), self.session.show(&self.path));
            self.session.host.shell.doing("Adding", &text);
        }
    }

    /// The same with these additions alone.
    fn with(self, additions: &Additions) -> Result<Self, Failure> {
        let Self { session, path, prefix, before, .. } = self;
        let Session { host, directory, root, sources, .. } = session;
        let text = additions.to(before.as_deref().unwrap_or_default(), prefix)?;
        let found = replaced(Found { root, sources }, &path, &directory, &text);
        Ok(Self { session: Session::of(host, directory, found)?, path, prefix, before, text })
    }

    /// Locks what is not locked. `take` says which answer an image gets.
    pub(super) fn lock<'t>(self, take: impl Fn(&ImageName) -> Option<Take<'t>>) -> Result<Ready<'h>, Failure> {
        let old = self.session.lockfile()?;
        let plan = plan::lock(&self.session.project, &old);
        let fresh = plan.fresh;
        let attempt = lock::attempt(&self.session, &plan, &old, "Locking", |name| take(name).map(Choice::from))?;
        let Attempt { lockfile: mut new, failed, .. } = attempt;
        let kept = trust::settle(&self.session, &old, &mut new, Ask::Registries)?;
        Ok(Ready { project: self, old, new, kept, fresh, failed })
    }
}

/// An image as people find it in the file: its line, or its name where it has a table.
fn written(session: &Session<'_>, image: &NewImage) -> String {
    let line = format!("{} = \"{}\"", image.name, image.spelling);
    let declared = session.project.images.get(&image.name);
    match declared.map(|declared| declared.value_at.file.text()) {
        Some(text) if text.contains(&line) => line,
        _ => image.name.to_string(),
    }
}

/// A project with additions and the lock that answers it. Nothing of it is written yet.
pub(super) struct Ready<'h> {
    pub(super) project: NewProject<'h>,
    /// The lock as it is.
    pub(super) old: Lockfile,
    /// The lock as it will be, without the images that failed.
    pub(super) new: Lockfile,
    /// What proves its signatures and is not kept yet.
    kept: Kept,
    /// How many images stay as they are locked.
    pub(super) fresh: usize,
    /// The images that could not be locked, and why.
    pub(super) failed: Vec<(ImageName, Error)>,
}

impl Ready<'_> {
    /// The same without the images that could not be locked. What is left out of `additions` is asked for by nobody; an image
    /// that the project asked for before stays among the failures.
    pub(super) fn without_failed(self, additions: &mut Additions) -> Result<Self, Failure> {
        let Self { project, old, new, kept, fresh, failed } = self;
        let (left_out, failed): (Vec<_>, Vec<_>) =
            failed.into_iter().partition(|(name, _)| additions.images.iter().any(|image| image.name == *name));
        additions.images.retain(|image| left_out.iter().all(|(name, _)| *name != image.name));
        Ok(Self { project: project.with(additions)?, old, new, kept, fresh, failed })
    }

    /// Whether anything would be written.
    pub(super) fn is_fresh(&self) -> bool {
        self.project.before.as_deref() == Some(self.project.text.as_str()) && self.old == self.new
    }

    /// What is written, for programs.
    pub(super) fn outcome(&self, written: bool) -> Outcome {
        Outcome { changes: report::changes(&self.old, &self.new), fresh: self.fresh, written }
    }

    /// Writes the project file and the lock, and says what changed in it.
    pub(super) fn write(&self) -> Result<Outcome, Failure> {
        // First the project file: a run that is killed here leaves a request that is not answered, which `lock --locked`
        // tells and `lock` mends. The other way round, `lock` would drop the answer to a request that nobody made.
        let NewProject { session, path, text, .. } = &self.project;
        session.write(path, text.as_bytes())?;
        let written = lock::finish(session, &self.old, &self.new, &self.kept)?;
        Ok(self.outcome(written))
    }
}
