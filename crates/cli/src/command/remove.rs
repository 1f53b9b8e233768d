//! `remove`

use clap::Args;
use imagelock_core::project;
use imagelock_core::source::Label;
use imagelock_core::{ImageName, plan};

use super::add::{file_to_edit, replaced, text_to_edit};
use super::lock::{self, Outcome};
use super::update::known;
use crate::discover::Found;
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::report;
use crate::session::Session;
use crate::targets;
use crate::users::Users;

/// Remove images from images.toml and images.lock
#[derive(Args, Debug)]
pub struct Remove {
    /// The images
    #[arg(required = true)]
    names: Vec<ImageName>,
    /// Remove them although files of yours still use them
    #[arg(long)]
    force: bool,
}

impl Remove {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let (session, _held) = Session::open_alone(host)?;
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
        let written = if new == old { false } else { lock::finish(&session, &old, &new)? };
        if host.global.format == Format::Json {
            let changes = report::changes(&old, &new);
            super::json(host, &Outcome { changes, fresh: new.images.len(), written })?;
        }
        Ok(())
    }
}

/// An image that a package or a target names cannot go before that does.
fn still_named(session: &Session<'_>, names: &[ImageName]) -> Result<(), Failure> {
    for name in names {
        let uses = session.project.uses.iter().filter(|used| used.image.value == *name).map(|used| &used.image.at);
        let targets = targets::read(&session.project)?;
        let named: Vec<_> = targets.iter().flat_map(|rendered| rendered.target.images()).collect();
        let named = named.iter().filter(|image| image.value == *name).map(|image| &image.at);
        let labels: Vec<Label> = uses.chain(named).map(|at| Label::primary(at, "still named here")).collect();
        if !labels.is_empty() {
            let mut problem = Problem::new(format!("`{name}` is still used")).help("remove what names it first");
            problem.labels = labels;
            return Err(Failure::new(Kind::Input, problem));
        }
    }
    Ok(())
}

/// An image that people's files have pins of would leave them behind: the next run knows nothing of them.
fn still_used(session: &Session<'_>, names: &[ImageName]) -> Result<(), Failure> {
    let users = Users::of(session, &session.lockfile()?)?;
    for name in names {
        let pinned: Vec<String> =
            users.users(name).iter().filter(|user| user.line.is_some()).map(|user| format!("  {user}")).collect();
        if !pinned.is_empty() {
            let problem = Problem { lines: pinned, ..Problem::new(format!("`{name}` is still used")) };
            let problem = problem.help("take it out of these places, or leave its pins as they are with `--force`");
            return Err(Failure::new(Kind::Input, problem));
        }
    }
    Ok(())
}
