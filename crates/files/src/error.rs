//! What keeps a file from being read or written.

use std::fmt;
use std::io;

use camino::Utf8PathBuf;

/// A file that cannot be read or written.
#[derive(Debug)]
pub struct FileError {
    /// What was being done.
    pub(crate) doing: &'static str,
    /// The file, as people know it.
    pub path: Utf8PathBuf,
    /// What keeps it from being done.
    pub problem: FileProblem,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// Something else stands in its place.
    #[error("it is {0}, not a file")]
    NotAFile(&'static str),
    /// It has more bytes than are read.
    #[error("it is larger than {}", size(*.0))]
    TooLarge(u64),
    /// It is no text.
    #[error("it is not text in UTF-8: the byte 0x{byte:02x} belongs to no character")]
    NotText {
        /// The first byte that belongs to no character.
        byte: u8,
        /// How many bytes stand before it.
        at: usize,
        /// The text, with U+FFFD for what is none.
        text: String,
    },
    /// It would be written somewhere else.
    #[error("it is a link that leads out of the repository")]
    Outside,
    /// Nobody can tell where it would be written.
    #[error("it is a link that leads nowhere")]
    Dangling,
    /// Something else stands in the place of a folder on the way to it.
    #[error("`{0}` is {1}, not a folder")]
    NotAFolder(Utf8PathBuf, &'static str),
    /// A folder on the way to it is somewhere else.
    #[error("`{0}` is a link, which is not followed here")]
    Linked(Utf8PathBuf),
    /// The operating system says why.
    #[error("{0}")]
    System(io::Error),
}

impl FileError {
    /// Whether somebody has to change the file, as opposed to the machine.
    pub fn is_input(&self) -> bool {
        !matches!(self.problem, FileProblem::System(_))
    }

    /// The same under the path that people know the file by.
    #[must_use]
    pub fn shown(self, path: impl Into<Utf8PathBuf>) -> Self {
        Self { path: path.into(), ..self }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { doing, path, problem } = self;
        write!(formatter, "cannot {doing} `{path}")?;
        if let FileProblem::NotText { at, text, .. } = problem {
            let (line, column) = position(&text[..*at]);
            write!(formatter, ":{line}:{column}")?;
        }
        write!(formatter, "`: {problem}")
    }
}

/// Where a text ends: the line, and the column in characters, both counted from 1.
fn position(text: &str) -> (usize, usize) {
    let last = text.rfind('\n').map_or(text, |end| &text[end + 1..]);
    (text.matches('\n').count() + 1, last.chars().count() + 1)
}

impl std::error::Error for FileError {}

/// `16 MiB`: bounds are round numbers.
fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let round = units.into_iter().find(|(shift, _)| bytes > 0 && bytes.is_multiple_of(1 << shift));
    round.map_or_else(|| format!("{bytes} bytes"), |(shift, unit)| format!("{} {unit}", bytes >> shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_told_in_the_largest_unit_that_it_is_a_multiple_of() {
        let sizes = [0, 1, 1 << 10, 1500, 16 << 20, (16 << 20) + 1024, 2 << 30].map(size);
        assert_eq!(sizes, ["0 bytes", "1 bytes", "1 KiB", "1500 bytes", "16 MiB", "16385 KiB", "2 GiB"]);
    }

    #[test]
    fn what_the_machine_refuses_is_nobodys_input() {
        let error = |problem| FileError { doing: "read", path: "a".into(), problem };
        assert!(error(FileProblem::NotAFile("a pipe")).is_input() && error(FileProblem::TooLarge(1)).is_input());
        assert!(!error(FileProblem::System(io::Error::other("it is on fire"))).is_input());
    }
}
