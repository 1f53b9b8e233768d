//! Going back: the hold that keeps the next update from undoing it.

use imagelock_core::project::{self, EditError};
use imagelock_core::update::Direction;
use imagelock_core::{ImageName, LockedImage, Lockfile};

use crate::command::declare::{file_to_edit, text_to_edit};
use crate::discover::Found;
use crate::failure::Failure;
use crate::session::Session;

/// Holds an image in the project file, where its answer is older now than it was and nobody holds it yet.
pub(super) fn where_it_went_back(
    session: &Session<'_>,
    name: &ImageName,
    [old, new]: [&Lockfile; 2],
    dry_run: bool,
) -> Result<(), Failure> {
    let Some((from, to)) = old.images.get(name).zip(new.images.get(name)) else { return Ok(()) };
    let is_held = session.project.images.get(name).is_none_or(|declared| declared.update.hold.is_some());
    if is_held || Direction::between(from, to) != Some(Direction::Down) {
        return Ok(());
    }
    let shell = &session.host.shell;
    let reason = reason(from, to);
    let found = Found { root: session.root.clone(), sources: session.sources.clone() };
    let (path, prefix) = file_to_edit(&found);
    let shown = session.show(&path);
    if dry_run {
        shell.attention("Dry run", &format!("{shown} would hold {name}: {reason}"));
        return Ok(());
    }
    let text = text_to_edit(&found, &path, &session.directory)?.unwrap_or_default();
    match project::hold(&text, prefix, name, &reason) {
        Ok(held) => {
            session.write(&path, held.as_bytes())?;
            shell.status("Holding", &format!("{name} in {shown}: {reason}; without `hold` it moves again"));
            Ok(())
        }
        Err(EditError::Absent(_) | EditError::Unclear(_)) => {
            shell.warn(&format!(
                "`{name}` went back; write `hold = \"{reason}\"` beside it, or the next update undoes it"
            ));
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// What the image went back from.
fn reason(from: &LockedImage, to: &LockedImage) -> String {
    match &from.tag {
        Some(tag) if from.tag != to.tag => format!("back from {tag}"),
        _ => format!("back from {}", from.digest.short()),
    }
}
