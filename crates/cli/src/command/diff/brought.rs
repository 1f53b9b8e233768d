//! What an update brings, for the summary of it.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use imagelock_core::{ImageName, Lockfile};

use super::named::{Pair, of_locks};
use super::{AT_A_TIME, Compared, compared, fixed, markdown};
use crate::contents::Depth;
use crate::failure::Failure;
use crate::network;
use crate::progress::Progress;
use crate::session::Session;

/// What each image that moved brings, in lines of Markdown: what runs in another way, and which packages differ where their
/// builders list them, as far as few requests tell. No update fails because nobody can describe it: that is told.
pub(crate) fn brought(
    session: &Session<'_>,
    old: &Lockfile,
    new: &Lockfile,
) -> Result<BTreeMap<ImageName, Vec<String>>, Failure> {
    let pairs: Vec<Pair> = of_locks(old, new, &[])?.into_iter().filter(Pair::is_both).collect();
    if pairs.is_empty() {
        return Ok(BTreeMap::new());
    }
    let progress = Progress::start(&session.host.shell, "Comparing", pairs.len());
    let resolver = session.resolver(progress.clone())?;
    let work = stream::iter(&pairs).map(|pair| async {
        let compared = compared(session, resolver.client(), pair, &[], Depth::Attested).await;
        progress.step();
        compared.map_err(|error| format!("what `{}` brings is not told: {error}", pair.called()))
    });
    let compared = network::run(work.buffered(AT_A_TIME).collect::<Vec<Result<Compared, String>>>());
    progress.finish();
    let mut images = Vec::new();
    for compared in compared? {
        match compared {
            Ok(image) => images.push(image),
            Err(reason) => session.host.shell.warn(&reason),
        }
    }
    fixed::tell(session, &mut images)?;
    let told = images.into_iter().filter_map(|image| Some((image.name.clone()?, markdown::brought(&image))));
    Ok(told.collect())
}
