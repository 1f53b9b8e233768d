//! Reading what others wrote.

use std::fs::FileType;
use std::io;

use camino::Utf8Path;
use fs_err::{File, OpenOptions};

use crate::error::{FileError, FileProblem};

/// Returns what a file holds, `None` where there is none. More than `limit` bytes are an error, and so is whatever is
/// no regular file, behind all links.
pub fn bytes(path: &Utf8Path, limit: u64) -> Result<Option<Vec<u8>>, FileError> {
    Opened::open(path)?.map(|file| file.rest(limit)).transpose()
}

/// Opens a file for whoever reads it piece by piece, as [`bytes`] does: never another than a regular one, behind all
/// links.
pub fn open(path: &Utf8Path) -> Result<Option<File>, FileError> {
    Ok(sized(path)?.map(|(file, _)| file))
}

/// Opens a file, and says how large it says that it is.
fn sized(path: &Utf8Path) -> Result<Option<(File, u64)>, FileError> {
    let fail = |problem| FileError { doing: "read", path: path.to_owned(), problem };
    // What it is, is asked before, since opening a device may do something; and again of what was opened, since something
    // else may stand there by then.
    let look = |metadata: std::fs::Metadata| {
        if !metadata.is_file() {
            return Ok((metadata, None));
        }
        let file = now(path)?;
        Ok((file.metadata()?, Some(file)))
    };
    let opened = path.metadata().and_then(look);
    match opened {
        Ok((metadata, Some(file))) if metadata.is_file() => Ok(Some((file, metadata.len()))),
        Ok((metadata, _)) => Err(fail(FileProblem::NotAFile(what(metadata.file_type())))),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(fail(FileProblem::System(without_path(&error)))),
    }
}

/// The most bytes that room is made for before they are read.
const AT_ONCE: u64 = 1 << 20;
/// How many bytes are read where the first ones are asked for: most files have no more.
const AHEAD: usize = 16 << 10;

/// A regular file that is read as far as it is worth it: its first bytes tell what it is. It is opened once.
#[derive(Debug)]
pub struct Opened<'p> {
    path: &'p Utf8Path,
    file: File,
    /// How large it says that it is.
    size: u64,
    /// What was read of it so far.
    read: Vec<u8>,
    /// Whether that is all.
    ended: bool,
}

impl<'p> Opened<'p> {
    /// Opens a file, `None` where there is none. Whatever is no regular file, behind all links, is an error.
    pub fn open(path: &'p Utf8Path) -> Result<Option<Self>, FileError> {
        let Some((file, size)) = sized(path)? else { return Ok(None) };
        Ok(Some(Self { path, file, size, read: Vec::new(), ended: false }))
    }

    /// Returns its first bytes, so many or all that it has.
    pub fn head(&mut self, bytes: usize) -> Result<&[u8], FileError> {
        if self.read.len() < bytes {
            self.fill(bytes.max(AHEAD) as u64)?;
        }
        Ok(&self.read[..self.read.len().min(bytes)])
    }

    /// Returns what was read of it so far.
    pub fn so_far(&self) -> &[u8] {
        &self.read
    }

    /// Returns all that it holds; more than `limit` bytes are an error.
    pub fn rest(mut self, limit: u64) -> Result<Vec<u8>, FileError> {
        self.fill(limit.saturating_add(1))?;
        if self.read.len() as u64 <= limit {
            return Ok(self.read);
        }
        Err(FileError { doing: "read", path: self.path.to_owned(), problem: FileProblem::TooLarge(limit) })
    }

    /// Reads on until there are so many bytes.
    fn fill(&mut self, bytes: u64) -> Result<(), FileError> {
        if self.ended {
            return Ok(());
        }
        let ended = read_on(&mut self.file, self.size, &mut self.read, bytes);
        self.ended = ended.map_err(|error| {
            let problem = match error.kind() {
                // Some files of `/proc` are streams that say that they are files.
                io::ErrorKind::WouldBlock => FileProblem::NotAFile("a stream"),
                _ => FileProblem::System(without_path(&error)),
            };
            FileError { doing: "read", path: self.path.to_owned(), problem }
        })?;
        Ok(())
    }
}

/// Reads on until there are so many bytes, and returns whether those are all. `size` is what the file says of itself.
fn read_on(file: &mut impl io::Read, size: u64, read: &mut Vec<u8>, bytes: u64) -> io::Result<bool> {
    loop {
        let before = read.len();
        let left = bytes.saturating_sub(before as u64);
        if left == 0 {
            return Ok(false);
        }
        // A size that is told is not believed: files of `/proc` are larger than they say, and others have holes. One byte
        // more is asked for; where it does not come, the size was true, and nobody has to ask again.
        let told = size.saturating_add(1).checked_sub(before as u64).filter(|told| *told > 1).unwrap_or(AHEAD as u64);
        let room = usize::try_from(left.min(told).min(AT_ONCE)).unwrap_or(AHEAD);
        read.resize(before + room, 0);
        let got = file.read(&mut read[before..]);
        read.truncate(before + got.as_ref().copied().unwrap_or_default());
        match got {
            Ok(got) if got == 0 || got < room && read.len() as u64 == size => return Ok(true),
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
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

/// Opens a file without waiting for anybody, then and when it is read.
fn now(path: &Utf8Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use fs_err::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    }
    options.open(path)
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

/// What something is, with its article.
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
    match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_file() => "a file",
        () => "something else",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

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

    #[test]
    fn the_first_bytes_of_a_file_are_told_before_the_rest() {
        let (_directory, path) = scratch();
        assert!(Opened::open(&path).unwrap().is_none());
        fs_err::write(&path, "four").unwrap();
        let opened = || Opened::open(&path).unwrap().unwrap();
        let mut file = opened();
        assert_eq!(file.head(2).unwrap(), b"fo");
        assert_eq!(file.head(3).unwrap(), b"fou");
        assert_eq!(file.head(1).unwrap(), b"f");
        assert_eq!(file.rest(4).unwrap(), b"four");
        let mut file = opened();
        assert_eq!(file.head(9).unwrap(), b"four");
        assert_eq!(file.rest(9).unwrap(), b"four");
        let mut file = opened();
        file.head(4).unwrap();
        assert_eq!(file.rest(3).unwrap_err().shown("a").to_string(), "cannot read `a`: it is larger than 3 bytes");
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

    #[cfg(unix)]
    #[test]
    fn what_became_a_pipe_since_it_was_looked_at_is_opened_without_waiting() {
        let (_directory, path) = scratch();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let mut opened = now(&path).unwrap();
        assert_eq!(what(opened.metadata().unwrap().file_type()), "a pipe");
        let writes = fs_err::OpenOptions::new().write(true).open(&path).unwrap();
        assert_eq!(opened.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(writes);
    }

    #[cfg(unix)]
    #[test]
    fn a_stream_that_calls_itself_a_file_is_refused_without_waiting_for_it() {
        let (_directory, path) = scratch();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let file = now(&path).unwrap();
        let _writes = fs_err::OpenOptions::new().write(true).open(&path).unwrap();
        let error = Opened { path: &path, file, size: 0, read: Vec::new(), ended: false }.rest(9).unwrap_err();
        assert_eq!(error.shown("a").to_string(), "cannot read `a`: it is a stream, not a file");
    }

    #[test]
    fn a_path_that_no_file_can_have_is_an_error_and_no_absent_file() {
        let error = bytes("a\0b".into(), 9).unwrap_err();
        assert!(matches!(error.problem, FileProblem::System(_)), "{error}");
    }

    #[test]
    fn a_file_for_whoever_reads_it_piece_by_piece_is_open_and_says_what_was_read_so_far() {
        let (_directory, path) = scratch();
        assert!(open(&path).unwrap().is_none());
        fs_err::write(&path, "four").unwrap();
        let mut text = String::new();
        open(&path).unwrap().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "four");
        let mut file = Opened::open(&path).unwrap().unwrap();
        assert_eq!(file.so_far(), b"");
        file.head(2).unwrap();
        assert_eq!(file.so_far(), b"four");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_no_file() {
        let (_directory, path) = scratch();
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert_eq!(what(path.symlink_metadata().unwrap().file_type()), "something else");
        assert_eq!(what(std::fs::metadata("Cargo.toml").unwrap().file_type()), "a file");
    }

    /// A file that answers as it is told to, and keeps how many bytes were asked for each time.
    struct Scripted {
        answers: Vec<io::Result<Vec<u8>>>,
        asked: Vec<usize>,
    }

    impl io::Read for Scripted {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.asked.push(buffer.len());
            let answer = if self.answers.is_empty() { Vec::new() } else { self.answers.remove(0)? };
            buffer[..answer.len()].copy_from_slice(&answer);
            Ok(answer.len())
        }
    }

    /// What was read of a file that says this size of itself, whether that is all, and what was asked for.
    fn scripted(size: u64, bytes: u64, answers: Vec<io::Result<&str>>) -> (io::Result<bool>, String, Vec<usize>) {
        let answers = answers.into_iter().map(|answer| answer.map(|text| text.as_bytes().to_vec())).collect();
        let (mut file, mut read) = (Scripted { answers, asked: Vec::new() }, Vec::new());
        let ended = read_on(&mut file, size, &mut read, bytes);
        (ended, String::from_utf8(read).unwrap(), file.asked)
    }

    #[test]
    fn a_file_of_the_size_that_it_says_is_asked_once() {
        let (ended, text, asked) = scripted(4, 9, vec![Ok("four")]);
        assert_eq!((ended.unwrap(), text.as_str(), asked), (true, "four", vec![5]));
    }

    #[test]
    fn a_file_is_read_to_its_end_whatever_it_says_of_its_size() {
        // More than it says, as files of `/proc` do.
        let (ended, text, asked) = scripted(0, 1 << 20, vec![Ok("four"), Ok("more")]);
        assert_eq!((ended.unwrap(), text.as_str(), asked), (true, "fourmore", vec![AHEAD; 3]));
        let (ended, text, asked) = scripted(4, 1 << 20, vec![Ok("four!"), Ok("more")]);
        assert_eq!((ended.unwrap(), text.as_str(), asked), (true, "four!more", vec![5, AHEAD, AHEAD]));
        // Less than it says, or in pieces.
        let (ended, text, asked) = scripted(8, 1 << 20, vec![Ok("four")]);
        assert_eq!((ended.unwrap(), text.as_str(), asked), (true, "four", vec![9, 5]));
        let (ended, text, asked) = scripted(4, 1 << 20, vec![Ok("fo"), Ok("ur")]);
        assert_eq!((ended.unwrap(), text.as_str(), asked), (true, "four", vec![5, 3]));
    }

    #[test]
    fn no_more_is_read_than_is_asked_for_and_room_is_not_made_for_all_that_a_file_says() {
        let (ended, text, asked) = scripted(4, 4, vec![Ok("four")]);
        assert_eq!((ended.unwrap(), text.as_str(), asked), (false, "four", vec![4]), "there may be more");
        let (.., asked) = scripted(1 << 40, 1 << 40, vec![]);
        assert_eq!(asked, [1 << 20]);
    }

    #[test]
    fn a_read_that_is_interrupted_is_asked_for_again_and_any_other_error_is_told() {
        let (ended, text, _) = scripted(4, 9, vec![Err(io::ErrorKind::Interrupted.into()), Ok("four")]);
        assert_eq!((ended.unwrap(), text.as_str()), (true, "four"));
        let (ended, text, _) = scripted(8, 9, vec![Ok("four"), Err(io::ErrorKind::TimedOut.into())]);
        assert_eq!((ended.unwrap_err().kind(), text.as_str()), (io::ErrorKind::TimedOut, "four"));
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
