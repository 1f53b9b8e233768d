//! What is installed, out of the files that say so: each module reads one format.
//!
//! A file comes as its bytes. What it says goes into [`Records`], whose budget bounds what a small file can ask to be held;
//! a file that is not of its format is named with its [`Reason`], and says nothing.

pub mod apk;
pub mod auditable;
pub mod dpkg;
pub mod executable;
pub mod go;
pub mod java;
pub mod npm;
pub mod os_release;
pub mod python;
pub mod rpm;

use crate::layers::Reason;
use crate::package::Source;

/// What a file says of one package. Whose distribution it is, is known when all layers are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The type of its purl.
    pub kind: &'static str,
    /// The namespace of its purl, where it is not the distribution's.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it was built from, where that has another name or version.
    pub source: Option<Source>,
    /// Its licence, as written.
    pub license: Option<String>,
}

impl Record {
    /// A package of which no more is known than its name and version.
    pub fn new(kind: &'static str, name: impl Into<String>, version: impl Into<String>) -> Self {
        let (name, version) = (name.into(), version.into());
        Self { kind, namespace: None, name, version, source: None, license: None }
    }

    /// About how many bytes it takes.
    fn weight(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let source = self.source.as_ref().map_or(0, |source| source.name.len() + text(&source.version));
        size_of::<Self>() + self.name.len() + self.version.len() + text(&self.namespace) + text(&self.license) + source
    }
}

/// Packages, as many as there is room for.
#[derive(Debug)]
pub struct Records {
    list: Vec<Record>,
    /// The room in bytes, and what is left of it.
    room: usize,
    left: usize,
}

impl Records {
    /// An empty list that may take so many bytes.
    pub fn with_room(room: usize) -> Self {
        Self { list: Vec::new(), room, left: room }
    }

    /// Adds a package, or says that there are too many. What has no name is none.
    pub fn push(&mut self, record: Record) -> Result<(), Reason> {
        if record.name.is_empty() {
            return Ok(());
        }
        self.left = self.left.checked_sub(record.weight()).ok_or(Reason::Packages { limit: self.room })?;
        self.list.push(record);
        Ok(())
    }

    /// The packages.
    pub fn into_list(mut self) -> Vec<Record> {
        self.list.shrink_to_fit();
        self.list
    }

    /// How many bytes the packages take.
    pub fn weight(&self) -> usize {
        self.room - self.left
    }
}

/// The lines of a text that may be anything, without what ends them.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// A value, if there is one.
fn value(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes.trim_ascii());
    (!text.is_empty()).then(|| text.into_owned())
}

#[cfg(test)]
mod testing {
    use super::*;

    /// The packages of a text, which its reader takes.
    pub(super) fn records(read: impl Fn(&[u8], &mut Records) -> Result<(), Reason>, text: &str) -> Vec<Record> {
        let mut records = Records::with_room(1 << 16);
        read(text.as_bytes(), &mut records).unwrap();
        records.into_list()
    }
}
