//! A repository's tags, for commands that tell of them.

use imagelock_core::{ImageName, Repository};
use imagelock_registry::TagList;

use crate::failure::Failure;
use crate::network;
use crate::progress::Progress;
use crate::report;
use crate::session::Session;

/// Reads the list of a repository's tags for an image; `undone` says what did not happen where it cannot be read.
pub(super) fn tags(
    session: &Session<'_>,
    name: &ImageName,
    repository: &Repository,
    undone: &str,
) -> Result<TagList, Failure> {
    let progress = Progress::start(&session.host.shell, "Listing", 1);
    let resolver = session.resolver(progress.clone())?;
    let list = network::run_or(resolver.client().tags(repository), undone);
    progress.finish();
    list?.map_err(|error| report::unresolved(session, &[(name.clone(), error)], 1, undone))
}
