//! Reading `images.seen`.

use std::sync::Arc;

use super::Ledger;
use crate::created::Created;
use crate::digest::Digest;
use crate::reference::{Repository, Tag};
use crate::source::{Label, Located, Location, SourceFile};
use crate::text::{canonical, quoted};

/// What the first line starts with; the version follows.
const HEADER: &str = "# images.seen, version ";

/// Lines that a merge leaves. No line of ours starts like one, and what stands between them counts from both sides.
const MARKERS: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// The first line.
pub(super) fn header() -> String {
    format!(
        "{HEADER}{}: when a tag was first seen at a digest. A merge keeps the lines of both sides.",
        Ledger::VERSION
    )
}

/// Why a ledger cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeenError {
    /// A line is none of a ledger.
    #[error("{} is not a ledger of what was seen: {reason}", .at.file.path())]
    Line {
        /// What is wrong.
        reason: String,
        /// Where.
        at: Location,
    },
    /// The file was written by a newer imagelock.
    #[error("{} has version {found}, and this imagelock reads up to version {}", .at.file.path(), Ledger::VERSION)]
    Newer {
        /// Its version.
        found: u32,
        /// Where it says so.
        at: Location,
    },
}

impl Located for SeenError {
    fn labels(&self) -> Vec<Label> {
        let (Self::Line { at, .. } | Self::Newer { at, .. }) = self;
        vec![Label::primary(at, "")]
    }

    fn help(&self) -> Vec<String> {
        let help = match self {
            Self::Line { .. } => "a line is `repository tag digest first-seen`; take this one out, or restore the file",
            Self::Newer { .. } => "update imagelock to the version that this repository uses",
        };
        vec![help.to_owned()]
    }
}

impl Ledger {
    /// Reads a ledger. Lines may stand in any order and more than once, and the markers of a merge mean nothing.
    pub fn parse(file: &Arc<SourceFile>) -> Result<Self, SeenError> {
        let mut ledger = Self::default();
        let mut start = 0;
        for whole in file.text().split_inclusive('\n') {
            let line = whole.trim_end_matches(['\n', '\r']);
            let at = |offset: usize, text: &str| Location::new(file, start + offset..start + offset + text.len());
            if let Some(found) = line.strip_prefix(HEADER).map(version)
                && found > Self::VERSION
            {
                return Err(SeenError::Newer { found, at: at(0, line) });
            }
            let says_nothing =
                line.is_empty() || line.starts_with('#') || MARKERS.iter().any(|it| line.starts_with(it));
            if !says_nothing {
                entry(line, &mut ledger)
                    .map_err(|(reason, offset, text)| SeenError::Line { reason, at: at(offset, text) })?;
            }
            start += whole.len();
        }
        Ok(ledger)
    }
}

/// A version that does not fit into a number is a newer one.
fn version(text: &str) -> u32 {
    let digits = text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u32::MAX) }
}

/// Reads one line. What is wrong is given with the field that it is wrong with, and where that starts.
fn entry<'l>(line: &'l str, ledger: &mut Ledger) -> Result<(), (String, usize, &'l str)> {
    let fields: Vec<&str> = line.splitn(5, ' ').collect();
    let &[repository, tag, digest, at] = fields.as_slice() else {
        return Err((format!("a line has four fields, and this one {}", counted(line)), 0, line));
    };
    let offset = |field: &str| field.as_ptr().addr() - line.as_ptr().addr();
    let wrong = |reason: String, field: &'l str| (reason, offset(field), field);
    let read: Result<Repository, String> = repository.parse::<Repository>().map_err(|error| error.to_string());
    let named = read.and_then(|read| canonical(&read.to_string(), repository).map(|()| read));
    let named =
        named.map_err(|reason| wrong(format!("{} is no repository: {reason}", quoted(repository)), repository))?;
    let tag_read: Tag = tag.parse().map_err(|error| wrong(format!("{} is no tag: {error}", quoted(tag)), tag))?;
    let digest_read: Digest =
        digest.parse().map_err(|error| wrong(format!("{} is no digest: {error}", quoted(digest)), digest))?;
    let time: Created = at.parse().map_err(|_| wrong(format!("{} is no time", quoted(at)), at))?;
    canonical(&time.to_string(), at).map_err(|reason| wrong(reason, at))?;
    ledger.note(&named, &tag_read, &digest_read, &time);
    Ok(())
}

fn counted(line: &str) -> String {
    let fields = line.split(' ').count();
    if fields == 1 { "one".to_owned() } else { fields.to_string() }
}
