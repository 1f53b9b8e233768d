//! A layout in one file: the tar that builders export, and that `docker save` writes.
//!
//! It is looked through once for where its files lie; what is asked for is read from there. Nothing is unpacked.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::{Mutex, PoisonError};

use camino::Utf8Path;
use fs_err::File;
use tar::EntryType;

/// The most files of a layout: more than any registry's largest repository has blobs.
const FILES: usize = 1_000_000;

/// Where the files of a layout lie in a tar.
#[derive(Debug)]
pub(super) struct Archive {
    file: Mutex<File>,
    /// The first byte of each, and how many there are.
    files: BTreeMap<String, (u64, u64)>,
}

impl Archive {
    /// Looks through a file. One without `oci-layout` in it is no layout, and `None`; so is one that is no tar.
    pub(super) fn open(path: &Utf8Path) -> Result<Option<Self>, String> {
        let file = imagelock_files::open(path).map_err(|error| error.problem.to_string())?;
        let Some(file) = file else { return Ok(None) };
        let mut archive = tar::Archive::new(file);
        let files = archive.entries_with_seek().and_then(looked_through).map_err(|error| error.to_string())?;
        let file = Mutex::new(archive.into_inner());
        Ok(files.contains_key("oci-layout").then_some(Self { file, files }))
    }

    /// What a file of it holds, `None` where there is none. More than `cap` bytes are too many: that is the inner error.
    pub(super) fn read(&self, path: &str, cap: u64) -> io::Result<Option<Result<Vec<u8>, TooLarge>>> {
        let Some((start, size)) = self.files.get(path).copied() else { return Ok(None) };
        if size > cap {
            return Ok(Some(Err(TooLarge)));
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        (&mut *file).take(size).read_to_end(&mut bytes)?;
        Ok(Some(Ok(bytes)))
    }
}

/// A file has more bytes than are read of it.
#[derive(Debug)]
pub(super) struct TooLarge;

/// Where the files are that a layout has. Long names, which stand in entries of their own, are none of a layout's: they are
/// not read, and so cannot fill the memory.
fn looked_through(entries: tar::Entries<'_, File>) -> io::Result<BTreeMap<String, (u64, u64)>> {
    let mut files = BTreeMap::new();
    for entry in entries.raw(true) {
        let entry = match entry {
            Ok(entry) => entry,
            // No tar at all: the caller says what it should be.
            Err(_) if files.is_empty() => return Ok(files),
            Err(error) => return Err(error),
        };
        if !matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous) {
            continue;
        }
        let path = entry.header().path_bytes();
        let Ok(path) = std::str::from_utf8(&path) else { continue };
        let path = path.strip_prefix("./").unwrap_or(path);
        if !matches!(path, "oci-layout" | "index.json") && !path.starts_with("blobs/") {
            continue;
        }
        let place = (entry.raw_file_position(), entry.header().entry_size()?);
        if files.insert(path.to_owned(), place).is_some() && !path.starts_with("blobs/") {
            // Readers that take the first and readers that take the last would see two images.
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it has `{path}` twice")));
        }
        if files.len() > FILES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it has more than {FILES} files")));
        }
    }
    Ok(files)
}
