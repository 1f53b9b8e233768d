//! `remove`

use clap::Args;
use imagelock_core::project;
use imagelock_core::source::Label;
use imagelock_core::{ImageName, plan};

use super::declare::{file_to_edit, replaced, text_to_edit};
use super::lock::{self, Outcome};
use super::update::known;
use crate::complete::image_names;
use crate::discover::Found;
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::report;
use crate::session::Session;
use crate::targets;
use crate::trust::Kept;
use crate::users::Users;

/// Remove images from images.toml and images.lock
#[derive(Args, Debug)]
pub struct Remove {
    /// The images
    #[arg(required = true, add = image_names())]
    names: Vec<ImageName>,
    /// Remove them although files of yours still use them
    #[arg(long)]
    force: bool,
}

impl Remove {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let (session, _held) = Session::open_for(host, true)?;
        known(&session, &self.names)?;
        still_named(&session, &self.names)?;
        if !self.force {
            still_used(&session, &self.names)?;
        }
        let directory = session.directory.clone();
        let found = Found { root: session.root.clone(), sources: session.sources.clone() };
        let (path, prefix) = file_to_edit(&found);
        let mut text = text_to_edit(&found, &path, &directory)?.unwrap_or_default();
        for name in &self.names {
            text = project::remove(&text, prefix, name)?;
        }
        let session = Session::of(host, directory.clone(), replaced(found, &path, &directory, &text))?;
        let old = session.lockfile()?;
        let mut new = old.clone();
        for name in &plan::lock(&session.project, &old).drop {
            new.images.remove(*name);
        }
        session.write(&path, text.as_bytes())?;
        for name in &self.names {
            host.shell.status("Removing", &format!("{name} from {}", session.show(&path)));
        }
        let written = if new == old { false } else { lock::finish(&session, &old, &new, &Kept::default())? };
        if host.global.format == Format::Json {
            let changes = report::changes(&old, &new);
            super::json(host, &Outcome { changes, fresh: new.images.len(), written })?;
        }
        Ok(())
    }
}

/// An image that a package or a target names cannot go before that does.
fn still_named(session: &Session<'_>, names: &[ImageName]) -> Result<(), Failure> {
    let targets = targets::read(&session.project)?;
    let targets: Vec<_> = targets.iter().flat_map(|rendered| rendered.target.images()).collect();
    let named = || session.project.uses.iter().map(|used| &used.image).chain(&targets);
    let problem = |name: &ImageName| {
        let places = named().filter(|image| image.value == *name);
        let labels: Vec<Label> = places.map(|image| Label::primary(&image.at, "still named here")).collect();
        let problem = Problem::new(format!("`{name}` is still used")).help("remove what names it first");
        (!labels.is_empty()).then_some(Problem { labels, ..problem })
    };
    refused(names.iter().filter_map(problem).collect())
}

/// An image that people's files have pins of would leave them behind: the next run knows nothing of them.
fn still_used(session: &Session<'_>, names: &[ImageName]) -> Result<(), Failure> {
    let users = Users::of(session, &session.lockfile()?)?;
    let problem = |name: &ImageName| {
        let users = users.users(name).into_iter().filter(|user| user.line.is_some());
        let lines: Vec<String> = users.map(|user| format!("  {user}")).collect();
        let problem = Problem::new(format!("`{name}` is still used"));
        let problem = problem.help("take it out of these places, or leave its pins as they are with `--force`");
        (!lines.is_empty()).then_some(Problem { lines, ..problem })
    };
    refused(names.iter().filter_map(problem).collect())
}

/// A failure where there is any problem.
fn refused(problems: Vec<Problem>) -> Result<(), Failure> {
    if problems.is_empty() { Ok(()) } else { Err(Failure { kind: Kind::Input, problems }) }
}
