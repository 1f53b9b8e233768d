//! What the command line reads of a repository, and how much of it at most.

use std::io::{self, Read as _};
use std::sync::Arc;

use camino::Utf8Path;
use imagelock_core::source::{Label, Location, SourceFile};
use imagelock_files::{FileError, FileProblem};

use crate::discover::display;
use crate::failure::{Failure, Kind, Problem};

/// The most bytes of `images.toml`, and of a Cargo manifest.
pub(crate) const PROJECT_BYTES: u64 = 16 << 20;
/// The most bytes of `images.lock`.
pub(crate) const LOCK_BYTES: u64 = 256 << 20;
/// The most bytes of `images.seen`, and of each ledger that a project names.
pub(crate) const SEEN_BYTES: u64 = 16 << 20;
/// The most bytes of a file that an adapter reads: a chart's, a manifest, a file with pins in it.
pub(crate) const TREE_FILE_BYTES: u64 = 64 << 20;
/// The most bytes of a file with a public key.
#[cfg_attr(not(feature = "signatures"), allow(dead_code, reason = "nothing is verified without them"))]
pub(crate) const KEY_BYTES: u64 = 64 << 10;
/// The most bytes of a template.
pub(crate) const TEMPLATE_BYTES: u64 = 1 << 20;
/// The most bytes of a file of certificates.
pub(crate) const CERTIFICATE_BYTES: u64 = 1 << 20;

/// What stands for standard input among files.
pub(crate) const STDIN: &str = "-";

/// Reads standard input, and one byte more than the limit where there are more.
pub(crate) fn stdin(limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file of the project at `root`, `None` where there is none. Errors name it as a person in `directory` would.
pub(crate) fn source(
    path: &Utf8Path,
    root: &Utf8Path,
    directory: &Utf8Path,
    limit: u64,
) -> Result<Option<Arc<SourceFile>>, Failure> {
    let shown = display(path, directory);
    let unseen = leads_out(path, root);
    let Some(text) = imagelock_files::text(path, limit).map_err(|error| refused(error.shown(&shown), unseen))? else {
        return Ok(None);
    };
    Ok(Some(if unseen { SourceFile::unseen(shown, text) } else { SourceFile::new(shown, text) }))
}

/// Whether a file of the repository is somewhere else. A build in a sandbox may have it so, and a repository that wants
/// to see the secrets of whoever checks it: it is read, and its lines are not shown.
fn leads_out(path: &Utf8Path, root: &Utf8Path) -> bool {
    match (path.canonicalize_utf8(), root.canonicalize_utf8()) {
        (Ok(path), Ok(root)) => !path.starts_with(root),
        _ => false,
    }
}

fn refused(error: FileError, unseen: bool) -> Failure {
    let FileProblem::NotText { at, text, byte } = &error.problem else { return error.into() };
    let make = if unseen { SourceFile::unseen } else { SourceFile::new };
    let place = Location::new(&make(error.path.clone(), text.clone()), *at..*at + 1);
    let problem = Problem::new(format!("`{}` is not text in UTF-8", error.path));
    let label = Label::primary(&place, format!("the byte 0x{byte:02x} belongs to no character"));
    Failure::new(Kind::Input, problem.label(label))
}
