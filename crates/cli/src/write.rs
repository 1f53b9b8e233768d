//! Writing files so that a killed run leaves the old or the new one, and one run at a time.

use std::fs::TryLockError;
use std::io::{self, Write};

use camino::Utf8Path;
use fs_err as fs;
use tempfile::NamedTempFile;

use crate::shell::Shell;

/// Replaces a file whole, or leaves it alone where it has these bytes already. Returns whether it was written.
pub(crate) fn replace(path: &Utf8Path, new: &[u8]) -> io::Result<bool> {
    // A link stays a link: what it points at is replaced.
    let path = if path.is_symlink() { path.canonicalize_utf8()? } else { path.to_owned() };
    let old = match fs::read(&path) {
        Ok(old) if old == new => return Ok(false),
        Ok(_) => Some(fs::metadata(&path)?.permissions()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let directory = path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    fs::create_dir_all(directory)?;
    let mut file = temporary(directory)?;
    file.write_all(new)?;
    if let Some(permissions) = old {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    // The rename is only on the disk once its directory is.
    #[cfg(unix)]
    fs::File::open(directory)?.sync_all()?;
    Ok(true)
}

/// Writes a file that only its owner may read.
pub(crate) fn secret(path: &Utf8Path, new: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Utf8Path::new("."));
    fs::create_dir_all(directory)?;
    // Temporary files are made for their owner alone.
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(new)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A file beside the one it will replace, with the permissions that a new file gets.
fn temporary(directory: &Utf8Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".imagelock-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The umask takes away what it should.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(directory)
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

/// Removes what a run that was killed between writing and renaming left in `root`.
pub(crate) fn sweep(root: &Utf8Path) {
    let Ok(entries) = root.read_dir_utf8() else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.starts_with(".imagelock-") && name.ends_with(".tmp") {
            // Another run holds no such file here: the caller holds the project.
            drop(fs::remove_file(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> (tempfile::TempDir, camino::Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap().join("images.lock");
        (directory, path)
    }

    #[test]
    fn equal_bytes_are_not_written() {
        let (_directory, path) = scratch();
        assert!(replace(&path, b"a").unwrap());
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        assert!(!replace(&path, b"a").unwrap());
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
        assert!(replace(&path, b"b").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"b");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_survive() {
        use std::os::unix::fs::PermissionsExt;
        let (_directory, path) = scratch();
        fs::write(&path, "a").unwrap();
        fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let link = path.with_file_name("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(replace(&link, b"b").unwrap());
        assert!(link.is_symlink());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read(&path).unwrap(), b"b");
    }

    #[test]
    fn nothing_is_left_beside_the_file_and_what_a_killed_run_left_is_swept() {
        let (directory, path) = scratch();
        replace(&path, b"a").unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        fs::write(root.join(".imagelock-killed.tmp"), "").unwrap();
        sweep(root);
        assert_eq!(root.read_dir_utf8().unwrap().count(), 1);
    }
}
