//! Writing files whole, where they belong.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::error::{FileError, FileProblem};
use crate::read::{what, without_path};
use crate::temporary::{Temporary, parent, sweep};

/// Writes the files of one run below a folder.
#[derive(Debug)]
pub struct Writer {
    root: Utf8PathBuf,
    /// The folders from which the leavings of killed runs were removed: once is enough.
    swept: Mutex<BTreeSet<Utf8PathBuf>>,
}

impl Writer {
    /// Writes below `root`.
    pub fn new(root: impl Into<Utf8PathBuf>) -> Self {
        Self { root: root.into(), swept: Mutex::default() }
    }

    /// Replaces a file of a repository whole, or leaves it alone where it has these bytes already. Returns whether it was
    /// written. Its folders are made; what killed runs left beside it is removed.
    ///
    /// A link stays a link, and what it points at is replaced, as long as that is in the repository too.
    pub fn replace(&self, path: &Utf8Path, new: &[u8]) -> Result<bool, FileError> {
        let whole = self.root.join(path);
        let real = self.destination(path)?;
        let folder = parent(&real);
        fs::create_dir_all(folder).map_err(|error| failed(&whole, &error))?;
        self.sweep(folder);
        install(&real, new).map_err(|error| failed(&whole, &error))
    }

    /// Where [`Self::replace`] writes: the file behind all links. Anything but a file there is an error, and whatever is
    /// outside of the repository.
    pub fn destination(&self, path: &Utf8Path) -> Result<Utf8PathBuf, FileError> {
        let path = self.root.join(path);
        let fail = |problem| FileError { doing: "write", path: path.clone(), problem };
        let root = self.root.canonicalize_utf8().map_err(|error| failed(&path, &error))?;
        let real = if path.is_symlink() {
            match path.canonicalize_utf8() {
                Ok(real) => real,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(fail(FileProblem::Dangling)),
                Err(error) => return Err(failed(&path, &error)),
            }
        } else {
            // What is not there yet is where the nearest folder above it is that is there.
            let there = path.ancestors().find_map(|above| Some((above, above.canonicalize_utf8().ok()?)));
            let (above, real) = there.ok_or_else(|| fail(FileProblem::Outside))?;
            let rest = path.strip_prefix(above).unwrap_or(&path);
            if rest.as_str().is_empty() { real } else { real.join(rest) }
        };
        if !real.starts_with(&root) {
            return Err(fail(FileProblem::Outside));
        }
        match real.symlink_metadata() {
            Ok(metadata) if !metadata.is_file() => Err(fail(FileProblem::NotAFile(what(metadata.file_type())))),
            _ => Ok(real),
        }
    }

    /// Puts a file into a folder that somebody else may have filled, whole, or leaves it alone where it has these bytes
    /// already. A link in its place is replaced; a link in place of one of its folders is an error.
    pub fn put(&self, path: &Utf8Path, new: &[u8]) -> Result<(), FileError> {
        let whole = self.place(path)?;
        install(&whole, new).map_err(|error| failed(&whole, &error))?;
        Ok(())
    }

    /// Puts a file as [`Self::put`] does, of what is read piece by piece, so that it may be of any size.
    pub fn copy(&self, path: &Utf8Path, mut from: impl io::Read) -> Result<(), FileError> {
        let whole = self.place(path)?;
        let mut copied = || {
            let file = Temporary::new(parent(&whole))?;
            io::copy(&mut from, &mut file.file())?;
            file.persist(&whole)
        };
        copied().map_err(|error| failed(&whole, &error))
    }

    /// Where [`Self::put`] puts a file, in a folder that is there by then. A folder in its place is an error.
    pub fn place(&self, path: &Utf8Path) -> Result<Utf8PathBuf, FileError> {
        let whole = self.root.join(path);
        self.folder(parent(path)).map_err(|error| error.shown(&whole))?;
        match whole.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => {
                let problem = FileProblem::NotAFile(what(metadata.file_type()));
                Err(FileError { doing: "write", path: whole, problem })
            }
            _ => Ok(whole),
        }
    }

    /// Makes a folder, with all above it, and removes what killed runs left in it. A link among them is an error, but for
    /// the folder that all is below.
    pub fn folder(&self, path: &Utf8Path) -> Result<(), FileError> {
        let whole = self.root.join(path);
        fs::create_dir_all(&self.root).map_err(|error| failed(&self.root, &error).shown(&whole))?;
        let mut made = self.root.clone();
        for part in path.components().map(|part| part.as_str()).filter(|part| *part != ".") {
            made.push(part);
            if made.is_symlink() {
                return Err(FileError { doing: "write", path: whole, problem: FileProblem::Linked(made) });
            }
            fs::create_dir_all(&made).map_err(|error| failed(&whole, &error))?;
        }
        self.sweep(&made);
        Ok(())
    }

    fn sweep(&self, folder: &Utf8Path) {
        if self.swept.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned()) {
            sweep(folder);
        }
    }
}

/// The one way in which a file gets its bytes.
fn install(path: &Utf8Path, new: &[u8]) -> io::Result<bool> {
    let old = path.symlink_metadata().ok().filter(std::fs::Metadata::is_file);
    let same_size = old.as_ref().is_some_and(|old| old.len() == new.len() as u64);
    if same_size && fs::read(path)? == new {
        return Ok(false);
    }
    let mut file = Temporary::new(parent(path))?;
    file.write(new)?;
    if let Some(old) = old {
        file.file().set_permissions(old.permissions())?;
    }
    file.persist(path)?;
    Ok(true)
}

fn failed(path: &Utf8Path, error: &io::Error) -> FileError {
    let blocks = matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory);
    let other = |above: &Utf8Path| Some((above.to_owned(), above.metadata().ok()?)).filter(|(_, it)| !it.is_dir());
    let problem = match path.ancestors().find_map(other).filter(|_| blocks) {
        // Whoever put it there has to move it; the machine is as it should be.
        Some((above, it)) => FileProblem::NotAFolder(above, what(it.file_type())),
        None => FileProblem::System(without_path(error)),
    };
    FileError { doing: "write", path: path.to_owned(), problem }
}

#[cfg(test)]
mod tests;
