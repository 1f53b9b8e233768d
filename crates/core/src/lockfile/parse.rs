//! Reading `images.lock`: a newer file is called newer and a conflicted one conflicted, never just broken.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::judge::{self, Contradiction};
use super::keys::Checked;
use super::{INDEXES, LockedImage, LockedPlatform, Lockfile, MANIFESTS, place};
use crate::conflict;
use crate::extends::Extended;
use crate::name::ImageName;
use crate::platform::Platform;
use crate::source::{Label, Located, Location, SourceFile};
use crate::text::quoted;

/// Why a lock cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LockfileError {
    /// A merge left its markers.
    #[error("{} has conflict markers", .at.file.path())]
    ConflictMarkers {
        /// The first marker.
        at: Location,
    },
    /// A merge left its markers, and what stands between them is not two locks.
    #[error("{} has conflict markers, and its sides cannot be merged: {reason}", .at.file.path())]
    Unmerged {
        /// What is wrong.
        reason: String,
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
    /// What is locked is not what its own request asks for: the file was changed by hand, or by a merge.
    #[error("{path} contradicts itself: {}{}", .first[0], more(*.count))]
    Contradictions {
        /// The file.
        path: camino::Utf8PathBuf,
        /// The first of them, at least one, in the order of the images' names.
        first: Vec<Contradiction>,
        /// How many there are.
        count: usize,
    },
}

fn more(count: usize) -> String {
    if count > 1 { format!(", and {} more", count - 1) } else { String::new() }
}

impl Located for LockfileError {
    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Newer { .. } => Vec::new(),
            Self::ConflictMarkers { at } | Self::Unmerged { at, .. } | Self::Syntax { at, .. } => {
                vec![Label::primary(at, "")]
            }
            Self::Contradictions { first, .. } => first.iter().flat_map(Contradiction::labels).collect(),
        }
    }

    fn help(&self) -> Vec<String> {
        let help = match self {
            Self::ConflictMarkers { .. } => "run `{command} lock`, which merges both sides",
            Self::Unmerged { .. } => "take either side and run `{command} lock`",
            Self::Newer { .. } => "update imagelock to the version that this repository uses",
            Self::Syntax { .. } => "restore the file from version control, or delete it and run `{command} lock`",
            Self::Contradictions { .. } => {
                "restore the file from version control, or take the image out of it and run `{command} lock`"
            }
        };
        vec![help.to_owned()]
    }
}

#[derive(Deserialize)]
struct WholeLock {
    #[serde(default, deserialize_with = "extended")]
    extends: Option<Extended>,
    #[serde(deserialize_with = "images")]
    images: BTreeMap<ImageName, LockedImage>,
    version: u64,
}

fn images<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<ImageName, LockedImage>, D::Error> {
    deserializer.deserialize_map(Unique { kind: "image", entries: BTreeMap::new() })
}

fn extended<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Extended>, D::Error> {
    object(deserializer).map(Some)
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

/// A list of values that are written as objects.
pub(super) fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_seq(Objects(PhantomData))
}

struct Objects<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Objects<T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = list.next_element_seed(Object(PhantomData))? {
            all.push(one);
        }
        Ok(all)
    }
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
        T::deserialize(MapAccessDeserializer::new(Checked(map)))
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

/// The media type of what `digest` names: an index or a manifest.
pub(super) fn any_media_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    media_type(deserializer, |name| INDEXES.contains(&name) || MANIFESTS.contains(&name), "an index or a manifest")
}

/// The media type of a manifest.
pub(super) fn manifest_media_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    media_type(deserializer, |name| MANIFESTS.contains(&name), "a manifest")
}

fn media_type<'de, D: Deserializer<'de>>(
    deserializer: D,
    fits: impl Fn(&str) -> bool,
    what: &str,
) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let reason = || D::Error::custom(format_args!("{} is not the media type of {what}", quoted(&name)));
    if fits(&name) { Ok(name) } else { Err(reason()) }
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u64,
}

impl Lockfile {
    /// Reads a lock.
    pub fn parse(file: &Arc<SourceFile>) -> Result<Self, LockfileError> {
        // No line of a lock starts like a marker, since JSON strings hold no line ends.
        if let Some(span) = conflict::first(file.text()) {
            return Err(LockfileError::ConflictMarkers { at: Location::new(file, span) });
        }
        let lock = Self::unjudged(file)?;
        let (first, count) = judge::contradictions(&lock, file);
        let path = file.path().to_owned();
        if count == 0 { Ok(lock) } else { Err(LockfileError::Contradictions { path, first, count }) }
    }

    /// Reads a lock that may contradict itself.
    pub(super) fn unjudged(file: &Arc<SourceFile>) -> Result<Self, LockfileError> {
        let text = file.text();
        let newer = |found| LockfileError::Newer { path: file.path().to_owned(), found };
        let syntax = |reason: String, span| {
            let at = Location::new(file, span);
            LockfileError::Syntax { reason, at }
        };
        let mut json = serde_json::Deserializer::from_str(text);
        match object::<WholeLock, _>(&mut json).and_then(|found| json.end().map(|()| found)) {
            Ok(found) if found.version > u64::from(Self::VERSION) => Err(newer(found.version)),
            Ok(found) if found.version > 0 => {
                let lock = Self { extends: found.extends, images: found.images };
                // Readers of version 1 read over what is new in version 2, and would judge by half a rule.
                if found.version < u64::from(lock.version()) {
                    let reason =
                        "a lock of version 1 has no `scheme`, `dialect`, `exclude` and `prerelease`".to_owned();
                    return Err(syntax(reason, version_span(text)));
                }
                Ok(lock)
            }
            Ok(found) => Err(syntax(format!("there is no version {}", found.version), version_span(text))),
            Err(error) => {
                // The version is looked for where the rest does not fit: a newer format may have other fields.
                if let Ok(VersionOnly { version }) = object(&mut serde_json::Deserializer::from_str(text))
                    && version > u64::from(Self::VERSION)
                {
                    return Err(newer(version));
                }
                let message = error.to_string();
                let reason = message.rsplit_once(" at line ").map_or(&*message, |(reason, _)| reason);
                Err(syntax(reason.to_owned(), place::token(text, error.line(), error.column())))
            }
        }
    }
}

/// The version's key and value: in a lock they come last.
fn version_span(text: &str) -> Range<usize> {
    let start = text.rfind("\"version\"").unwrap_or(0);
    let end = text[start..].find(['\n', '}']).map_or(text.len(), |end| start + end);
    start..start + text[start..end].trim_end().len()
}
