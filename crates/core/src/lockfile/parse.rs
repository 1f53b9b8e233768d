//! Reading `images.lock`: a newer file is called newer and a conflicted one conflicted, never just broken.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{LockedImage, LockedPlatform, Lockfile};
use crate::name::ImageName;
use crate::platform::Platform;
use crate::source::{Label, Located, Location, SourceFile};

/// Why a lock cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LockfileError {
    /// A merge left its markers.
    #[error("{} has conflict markers", .at.file.path())]
    ConflictMarkers {
        /// The first marker.
        at: Location,
    },
    /// The file was written by a newer imagelock.
    #[error("{path} has version {found}, and this imagelock reads up to version {}", Lockfile::VERSION)]
    Newer {
        /// The file.
        path: camino::Utf8PathBuf,
        /// Its version.
        found: u64,
    },
    /// The file is not JSON, or not a lock.
    #[error("{} is not a lock: {reason}", .at.file.path())]
    Syntax {
        /// What is wrong.
        reason: String,
        /// Where.
        at: Location,
    },
}

impl Located for LockfileError {
    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Newer { .. } => Vec::new(),
            Self::ConflictMarkers { at } | Self::Syntax { at, .. } => vec![Label::primary(at, "")],
        }
    }

    fn help(&self) -> Vec<String> {
        let help = match self {
            Self::ConflictMarkers { .. } => "take either side and run `{command} lock`",
            Self::Newer { .. } => "update imagelock to the version that this repository uses",
            Self::Syntax { .. } => "restore the file from version control, or delete it and run `{command} lock`",
        };
        vec![help.to_owned()]
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(deserialize_with = "images")]
    images: BTreeMap<ImageName, LockedImage>,
    version: u64,
}

fn images<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<ImageName, LockedImage>, D::Error> {
    deserializer.deserialize_map(Unique { kind: "image", entries: BTreeMap::new() })
}

/// The platforms of a locked image.
pub(super) fn platforms<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Platform, LockedPlatform>, D::Error> {
    deserializer.deserialize_map(Unique { kind: "platform", entries: BTreeMap::new() })
}

/// A value that is written as an object: a derived reader of structs also takes an array of the fields' values.
pub(super) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Object(PhantomData).deserialize(deserializer)
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Object<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// A map that refuses to have one key twice: JSON allows it, most readers take the last, and a merge by hand makes it.
struct Unique<K, V> {
    kind: &'static str,
    entries: BTreeMap<K, V>,
}

impl<'de, K, V> Visitor<'de> for Unique<K, V>
where
    K: Deserialize<'de> + Ord + Display,
    V: Deserialize<'de>,
{
    type Value = BTreeMap<K, V>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "an object with an entry for each {}", self.kind)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        while let Some(key) = map.next_key::<K>()? {
            if self.entries.contains_key(&key) {
                return Err(A::Error::custom(format_args!("{} `{key}` is there twice", self.kind)));
            }
            self.entries.insert(key, map.next_value_seed(Object(PhantomData))?);
        }
        Ok(self.entries)
    }
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u64,
}

impl Lockfile {
    /// Reads a lock.
    pub fn parse(file: &Arc<SourceFile>) -> Result<Self, LockfileError> {
        let text = file.text();
        if let Some(at) = conflict_marker(text) {
            let span = at..text[at..].find('\n').map_or(text.len(), |end| at + end);
            return Err(LockfileError::ConflictMarkers { at: Location::new(file, span) });
        }
        // The version is looked for even where the rest does not fit: a newer format may have other fields.
        if let Ok(VersionOnly { version }) = serde_json::from_str(text)
            && version > u64::from(Self::VERSION)
        {
            return Err(LockfileError::Newer { path: file.path().to_owned(), found: version });
        }
        let syntax = |reason: String, span| {
            let at = Location::new(file, span);
            LockfileError::Syntax { reason, at }
        };
        let mut json = serde_json::Deserializer::from_str(text);
        match object::<File, _>(&mut json).and_then(|found| json.end().map(|()| found)) {
            Ok(found) if found.version == u64::from(Self::VERSION) => Ok(Self { images: found.images }),
            Ok(found) => Err(syntax(format!("there is no version {}", found.version), version_span(text))),
            Err(error) => {
                let message = error.to_string();
                let reason = message.rsplit_once(" at line ").map_or(&*message, |(reason, _)| reason);
                Err(syntax(reason.to_owned(), span(text, error.line(), error.column())))
            }
        }
    }
}

/// The first line that git writes into a conflicted file. No line of a lock starts like it, since JSON strings hold no
/// line ends; so markers that a merge by hand left behind are found as well.
fn conflict_marker(text: &str) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let marked = ["<<<<<<< ", "||||||| ", ">>>>>>> "].iter().any(|marker| line.starts_with(marker));
        if marked || line.trim_end() == "=======" {
            return Some(start);
        }
        start += line.len();
    }
    None
}

/// The version's key and value: in a lock they come last.
fn version_span(text: &str) -> Range<usize> {
    let start = text.rfind("\"version\"").unwrap_or(0);
    let end = text[start..].find(['\n', '}']).map_or(text.len(), |end| start + end);
    start..start + text[start..end].trim_end().len()
}

/// What `serde_json` stumbled over. It reports the last byte that it read: the end of a token, which is shown whole.
fn span(text: &str, line: usize, column: usize) -> Range<usize> {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let line = text[start..].lines().next().unwrap_or_default();
    let at = line.floor_char_boundary(column.saturating_sub(1));
    let end = line.ceil_char_boundary((at + 1).min(line.len()));
    let (before, found) = (&line[..at], &line[at..end]);
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let first = match found {
        "\"" => before.rfind('"').unwrap_or(at),
        _ if found.starts_with(word) => before.trim_end_matches(word).len(),
        _ => at,
    };
    start + first..start + end
}
