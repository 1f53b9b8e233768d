//! `update`

use std::collections::BTreeSet;

use clap::Args;
use imagelock_core::source::nearest;
use imagelock_core::{ImageName, plan};

use super::lock::{self, Outcome};
use crate::failure::Failure;
use crate::host::{Format, Host};
use crate::report;
use crate::session::Session;

/// Find out where the followed tags point now
///
/// Asks each registry once an image whether anything moved, and locks what did. Images that follow a version rule
/// take the best tag there is now.
#[derive(Args, Debug)]
pub struct Update {
    /// The images to update; all of them where none is named
    names: Vec<ImageName>,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Update {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let (session, _held) = Session::open_alone(host)?;
        known(&session, &self.names)?;
        let old = session.lockfile()?;
        let names: BTreeSet<ImageName> = self.names.into_iter().collect();
        let plan = plan::update(&session.project, &old, (!names.is_empty()).then_some(&names));
        let new = lock::resolve(&session, &plan, &old, "Checking")?;
        let changes = report::changes(&old, &new);
        let written = if self.dry_run {
            report::print(&host.shell, &changes);
            host.shell.attention("Dry run", "images.lock is unchanged");
            false
        } else {
            lock::finish(&session, &old, &new)?
        };
        if changes.is_empty() {
            host.shell.status("Fresh", &format!("{}, nothing moved", lock::count(session.project.images.len())));
        }
        if host.global.format == Format::Json {
            let fresh = session.project.images.len().saturating_sub(changes.len());
            super::json(host, &Outcome { changes, fresh, written })?;
        }
        Ok(())
    }
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
