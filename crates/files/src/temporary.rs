//! Files that take the place of another when they are whole.
//!
//! Whoever makes one holds a lock on it for as long as it lives, which the operating system takes away with the process.
//! A file that nobody holds is one that a killed run left.

use std::fs::TryLockError;
use std::io::{self, Write as _};

use camino::Utf8Path;
use fs_err as fs;
use tempfile::NamedTempFile;

const PREFIX: &str = ".imagelock-";
const SUFFIX: &str = ".tmp";

/// A file that nobody reads yet; it is removed unless it is put in its place.
#[derive(Debug)]
pub struct Temporary(NamedTempFile);

impl Temporary {
    /// Makes one in the folder of the file that it will be, with the permissions that a new file gets.
    pub fn new(folder: &Utf8Path) -> io::Result<Self> {
        Self::with(folder, 0o666)
    }

    /// Makes one that only its owner may read.
    pub fn secret(folder: &Utf8Path) -> io::Result<Self> {
        Self::with(folder, 0o600)
    }

    fn with(folder: &Utf8Path, mode: u32) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // The umask takes away what it should.
            builder.permissions(std::fs::Permissions::from_mode(mode));
        }
        #[cfg(not(unix))]
        let _ = mode;
        loop {
            let file = builder.tempfile_in(folder)?;
            match file.as_file().lock() {
                // Another run may have taken it for a dead one's before it was held; then it is gone.
                Ok(()) if !file.path().exists() => {}
                // A file system that cannot lock does not keep anyone from writing, and is not swept.
                Ok(()) | Err(_) => return Ok(Self(file)),
            }
        }
    }

    /// The file, to be written to.
    pub fn file(&self) -> &std::fs::File {
        self.0.as_file()
    }

    /// Adds bytes to its end.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Puts it in the place of `path`, in the same folder: a link there is replaced, not what it leads to. Then it is on
    /// the disk, whatever happens next.
    pub fn persist(self, path: &Utf8Path) -> io::Result<()> {
        self.0.as_file().sync_all()?;
        self.0.persist(path).map_err(|error| error.error)?;
        // The rename is only on the disk once its folder is.
        #[cfg(unix)]
        fs::File::open(parent(path))?.sync_all()?;
        Ok(())
    }
}

/// Removes what killed runs left in a folder. What a running process holds stays.
pub fn sweep(folder: &Utf8Path) {
    let Ok(entries) = folder.read_dir_utf8() else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        // A pipe with such a name would be waited for.
        if name.starts_with(PREFIX) && name.ends_with(SUFFIX) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            remove_unless_held(entry.path());
        }
    }
}

fn remove_unless_held(path: &Utf8Path) {
    let Ok(file) = fs::OpenOptions::new().read(true).write(true).open(path) else { return };
    match file.file().try_lock() {
        Ok(()) => drop(fs::remove_file(path)),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
    }
}

/// The folder of a file.
pub(crate) fn parent(path: &Utf8Path) -> &Utf8Path {
    path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_is_swept_and_what_a_run_holds_stays() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(directory.path()).unwrap();
        let names = || {
            let names = folder.read_dir_utf8().unwrap().map(|entry| entry.unwrap().file_name().to_owned());
            let mut names: Vec<_> = names.filter(|name| name != ".imagelock-pipe.tmp").collect();
            names.sort();
            names
        };
        fs::write(folder.join(".imagelock-killed.tmp"), "").unwrap();
        fs::write(folder.join("somebody.tmp"), "").unwrap();
        fs::create_dir(folder.join(".imagelock-folder.tmp")).unwrap();
        #[cfg(unix)]
        std::process::Command::new("mkfifo").arg(folder.join(".imagelock-pipe.tmp")).status().unwrap();
        let mut held = Temporary::new(folder).unwrap();
        sweep(folder);
        let left = names();
        assert_eq!(left.len(), 3, "{left:?}");
        assert!(!left.contains(&".imagelock-killed.tmp".to_owned()));

        held.write(b"whole").unwrap();
        held.persist(&folder.join("file")).unwrap();
        assert_eq!(fs::read_to_string(folder.join("file")).unwrap(), "whole");
        drop(Temporary::new(folder).unwrap());
        assert_eq!(names(), [".imagelock-folder.tmp", "file", "somebody.tmp"]);
    }

    #[test]
    fn files_that_are_made_while_others_sweep_are_whole() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(directory.path()).unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                scope.spawn(move || {
                    for round in 0..25 {
                        let mut file = Temporary::new(folder).unwrap();
                        file.write(b"whole").unwrap();
                        file.persist(&folder.join(format!("{writer}-{round}"))).unwrap();
                    }
                });
                scope.spawn(move || (0..100).for_each(|_| sweep(folder)));
            }
        });
        assert_eq!(folder.read_dir_utf8().unwrap().count(), 100);
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap().join("token");
        Temporary::secret(parent(&path)).unwrap().persist(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
