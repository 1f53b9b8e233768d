//! One run at a time in a project; which files are nobody's to write; and what is kept of a run for its owner alone.

use std::fs::TryLockError;
use std::io;

use camino::Utf8Path;
use fs_err as fs;
use imagelock_files::{Temporary, reserved};

use crate::shell::Shell;

/// Why a file of the repository is nobody's to write: it is version control's, or Git, CI or imagelock act on it.
pub(crate) fn reserved(path: &Utf8Path) -> Option<&'static str> {
    if path.components().any(|part| reserved::is_version_control(part.as_str())) {
        return Some("is in a folder of version control");
    }
    reserved::of(path).map(reserved::Reserved::reason)
}

/// Writes a file that only its owner may read.
pub(crate) fn secret(path: &Utf8Path, new: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Utf8Path::new("."));
    fs::create_dir_all(directory)?;
    let mut file = Temporary::secret(directory)?;
    file.write(new)?;
    file.persist(path)
}

/// Holds a project for one run; dropping it lets the next one in.
#[derive(Debug)]
pub(crate) struct ProjectLock {
    _held: Option<fs::File>,
    /// Whether another run had to end first: what was read before may have changed.
    pub(crate) waited: bool,
}

/// Waits until no other run holds the project whose files lie in `root`.
///
/// The directory itself is what is locked: nothing is left behind, and it stays the same while files in it are
/// replaced. A file system that cannot lock does not keep anyone from working.
pub(crate) fn lock(root: &Utf8Path, shell: &Shell) -> io::Result<ProjectLock> {
    let Ok(directory) = fs::File::open(if cfg!(unix) { root.to_owned() } else { root.join("images.toml") }) else {
        return Ok(ProjectLock { _held: None, waited: false });
    };
    match directory.file().try_lock() {
        Ok(()) => Ok(ProjectLock { _held: Some(directory), waited: false }),
        Err(TryLockError::WouldBlock) => {
            shell.doing("Blocking", "waiting for another run in this project");
            directory.file().lock()?;
            Ok(ProjectLock { _held: Some(directory), waited: true })
        }
        Err(TryLockError::Error(_)) => Ok(ProjectLock { _held: None, waited: false }),
    }
}
