//! Reading what others wrote.

use std::fs::FileType;
use std::io::{self, Read as _};

use camino::Utf8Path;
use fs_err::File;

use crate::error::{FileError, FileProblem};

/// Returns what a file holds, `None` where there is none. More than `limit` bytes are an error, and so is whatever is
/// no regular file, behind all links.
pub fn bytes(path: &Utf8Path, limit: u64) -> Result<Option<Vec<u8>>, FileError> {
    let fail = |problem| FileError { doing: "read", path: path.to_owned(), problem };
    let system = |error: io::Error| fail(FileProblem::System(without_path(&error)));
    // Opening a pipe waits for somebody who writes to it: what it is, is asked before.
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(system(error)),
    };
    if !metadata.is_file() {
        return Err(fail(FileProblem::NotAFile(what(metadata.file_type()))));
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(system(error)),
    };
    let mut bytes = Vec::new();
    // A size that is told is not believed: files of `/proc` are larger than they say.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(system)?;
    if bytes.len() as u64 > limit { Err(fail(FileProblem::TooLarge(limit))) } else { Ok(Some(bytes)) }
}

/// Returns what a file of text holds, `None` where there is none.
pub fn text(path: &Utf8Path, limit: u64) -> Result<Option<String>, FileError> {
    bytes(path, limit)?.map(|bytes| utf8(path, bytes)).transpose()
}

/// Returns bytes as text. `path` is what an error names.
pub fn utf8(path: &Utf8Path, bytes: Vec<u8>) -> Result<String, FileError> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let byte = error.as_bytes().get(at).copied().unwrap_or_default();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        FileError { doing: "read", path: path.to_owned(), problem: FileProblem::NotText { byte, at, text } }
    })
}

/// A file where a folder should be hides what would be in that folder.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// `fs-err` tells the path as well, which every error here has already.
pub(crate) fn without_path(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// What something that is no file is, with its article.
pub(crate) fn what(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_block_device() || kind.is_char_device() {
            return "a device";
        }
    }
    if kind.is_dir() { "a folder" } else { "something else" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> (tempfile::TempDir, camino::Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap().join("file");
        (directory, path)
    }

    #[test]
    fn a_file_is_read_up_to_its_bound_and_one_more_byte_is_an_error() {
        let (_directory, path) = scratch();
        assert_eq!(text(&path, 4).unwrap(), None);
        assert_eq!(text(&path.join("below"), 4).unwrap(), None);
        fs_err::write(&path, "four").unwrap();
        assert_eq!(text(&path, 4).unwrap().as_deref(), Some("four"));
        assert_eq!(text(&path.join("below"), 4).unwrap(), None, "a file is no folder");
        let error = text(&path, 3).unwrap_err();
        assert_eq!(error.shown("a").to_string(), "cannot read `a`: it is larger than 3 bytes");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_refused_without_waiting_for_it() {
        let (_directory, path) = scratch();
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let link = path.with_file_name("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let folder = path.parent().unwrap();
        let device = Utf8Path::new("/dev/zero");
        for (path, what) in [(&*path, "a pipe"), (&*link, "a pipe"), (folder, "a folder"), (device, "a device")] {
            let error = bytes(path, 1 << 20).unwrap_err();
            assert!(error.is_input());
            assert_eq!(error.shown("a").to_string(), format!("cannot read `a`: it is {what}, not a file"));
        }
    }

    #[test]
    fn a_byte_that_is_no_text_is_told_with_its_place() {
        let error = utf8("a".into(), b"one\nt\xc3\xa9\xff\n".to_vec()).unwrap_err();
        let told = "cannot read `a:2:3`: it is not text in UTF-8: the byte 0xff belongs to no character";
        assert_eq!(error.to_string(), told);
        let FileProblem::NotText { at, text, .. } = error.problem else { panic!("{error}") };
        assert_eq!((at, &text[..at], &text[at..]), (7, "one\nté", "\u{fffd}\n"));
    }
}
