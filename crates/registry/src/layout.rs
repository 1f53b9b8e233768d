//! OCI image layouts (OCI image-spec, `image-layout.md`): an image without a registry, in a directory or in a tar of one.
//!
//! Everything is verified as if it came from a network, and nothing outside the directory is read: a link that leads
//! out of it is refused.

mod archive;

use std::io::{Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::{Digest, Tag};
use imagelock_files::FileProblem;
use serde::Deserialize;

use self::archive::Archive;
use crate::client::MANIFEST_BYTES;
use crate::document::{self, EntryKind, IndexEntry};
use crate::error::quoted;

/// The version of the format that is read.
const VERSION: &str = "1.0.0";

/// An OCI image layout.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The directory, or the tar.
    directory: Utf8PathBuf,
    files: Files,
}

/// Where the files of a layout are.
#[derive(Clone, Debug)]
enum Files {
    /// In the directory with its links followed, in which every file must lie.
    Below(Utf8PathBuf),
    /// In a tar.
    Within(Arc<Archive>),
}

/// Why an OCI image layout cannot be read. Every text names the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// The directory is no layout.
    #[error("`{directory}` is not an OCI image layout: {reason}")]
    NotALayout {
        /// The directory.
        directory: Utf8PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The layout has another version.
    #[error("`{file}` says version `{found}`, and only `{VERSION}` is read")]
    Version {
        /// The `oci-layout` file.
        file: Utf8PathBuf,
        /// What it says.
        found: String,
    },
    /// A file cannot be read.
    #[error("cannot read `{file}`: {reason}")]
    Unreadable {
        /// The file.
        file: Utf8PathBuf,
        /// Why.
        reason: String,
    },
    /// A file is not what the format says.
    #[error("`{file}`: {reason}")]
    Malformed {
        /// The file.
        file: Utf8PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file has other bytes than its name promises.
    #[error("`{file}` has other bytes than its name says (got {})", .got.short())]
    DigestMismatch {
        /// The file.
        file: Utf8PathBuf,
        /// The digest of its bytes.
        got: Digest,
    },
    /// A file lies outside the directory.
    #[error("`{file}` is a link out of the layout")]
    Outside {
        /// The file.
        file: Utf8PathBuf,
    },
    /// The directory lies outside the repository.
    #[error("`{directory}` is a link that leads out of the repository")]
    Elsewhere {
        /// The directory.
        directory: Utf8PathBuf,
    },
    /// A file is larger than any honest one.
    #[error("`{file}` is larger than {limit} bytes")]
    TooLarge {
        /// The file.
        file: Utf8PathBuf,
        /// The limit.
        limit: u64,
    },
    /// No image has the name.
    #[error("`{file}` has no image called `{tag}`{}", names(.has))]
    NoSuchImage {
        /// The `index.json` file.
        file: Utf8PathBuf,
        /// The name that was asked for.
        tag: Tag,
        /// The names that are there.
        has: Vec<String>,
    },
    /// Several images have the name.
    #[error("`{file}` calls {} different images `{tag}`: {}", .names.len(), .names.join(", "))]
    Twice {
        /// The `index.json` file.
        file: Utf8PathBuf,
        /// The name that was asked for.
        tag: Tag,
        /// How each of them is called, with its digest.
        names: Vec<String>,
    },
    /// There is no image.
    #[error("`{file}` has no image")]
    Empty {
        /// The `index.json` file.
        file: Utf8PathBuf,
    },
    /// There are several images, and their names do not say which.
    #[error("`{file}` has {} different images that no `tag` can tell apart: {}", .names.len(), .names.join(", "))]
    Alike {
        /// The `index.json` file.
        file: Utf8PathBuf,
        /// How each of them is called, with its digest.
        names: Vec<String>,
    },
    /// There are several images, and nothing says which.
    #[error("`{file}` has {count} images, so a `tag` has to say which{}", names(.has))]
    Several {
        /// The `index.json` file.
        file: Utf8PathBuf,
        /// How many there are.
        count: usize,
        /// The names of those that a tag can say.
        has: Vec<String>,
    },
}

fn names(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(": it has {}", names.join(", ")) }
}

#[derive(Deserialize)]
struct Marker {
    #[serde(rename = "imageLayoutVersion")]
    version: String,
}

impl Layout {
    /// Opens a directory of the repository at `root`, as [`Self::open`] does. One that a link leads out of it is refused.
    pub fn within(root: &Utf8Path, path: &Utf8Path) -> Result<Self, LayoutError> {
        let layout = Self::open(&root.join(path))?;
        let root = if root.as_str().is_empty() { Utf8Path::new(".") } else { root };
        match (root.canonicalize_utf8(), &layout.files) {
            (Ok(root), Files::Below(real)) if real.starts_with(&root) => Ok(layout),
            _ => Err(LayoutError::Elsewhere { directory: layout.directory }),
        }
    }

    /// Opens a directory, if it is a layout of the version that is read.
    pub fn open(directory: &Utf8Path) -> Result<Self, LayoutError> {
        let none = |reason: String| LayoutError::NotALayout { directory: directory.to_owned(), reason };
        let real = directory.canonicalize_utf8().map_err(|error| none(error.to_string()))?;
        if !directory.join("oci-layout").exists() {
            return Err(none("it has no file `oci-layout`".to_owned()));
        }
        Self::of(directory, Files::Below(real))
    }

    /// Opens a tar of such a directory, as builders export it; `None` where the file is none.
    pub fn open_archive(path: &Utf8Path) -> Result<Option<Self>, LayoutError> {
        match Archive::open(path) {
            Ok(archive) => archive.map(|archive| Self::of(path, Files::Within(Arc::new(archive)))).transpose(),
            Err(reason) => Err(LayoutError::Unreadable { file: path.to_owned(), reason }),
        }
    }

    fn of(directory: &Utf8Path, files: Files) -> Result<Self, LayoutError> {
        let layout = Self { directory: directory.to_owned(), files };
        let file = directory.join("oci-layout");
        let bytes = layout.read("oci-layout", MANIFEST_BYTES)?;
        let marker: Marker = parse(&file, &bytes)?;
        if marker.version != VERSION {
            return Err(LayoutError::Version { file, found: quoted(&marker.version) });
        }
        Ok(layout)
    }

    /// Returns the directory.
    pub(crate) fn directory(&self) -> &Utf8Path {
        &self.directory
    }

    /// Returns the bytes of `index.json`, which names all images that are there.
    pub fn index(&self) -> Result<Bytes, LayoutError> {
        Ok(self.read("index.json", MANIFEST_BYTES)?.into())
    }

    /// Returns the image called `tag`, or the only one: the digest and the bytes of its index or manifest. Attestations
    /// beside it are no images.
    pub fn image(&self, tag: Option<&Tag>) -> Result<(Digest, Bytes), LayoutError> {
        let file = self.directory.join("index.json");
        let malformed = |reason: String| LayoutError::Malformed { file: file.clone(), reason };
        let mut entries = document::entries(&self.read("index.json", MANIFEST_BYTES)?).map_err(malformed)?;
        entries.retain(|entry| entry.kind != EntryKind::Attestation);
        let digest = self.choose(&entries, tag)?.digest().map_err(|error| malformed(error.to_string()))?;
        let bytes = self.blob(&digest, MANIFEST_BYTES)?;
        Ok((digest, bytes))
    }

    fn choose<'a>(&self, entries: &'a [IndexEntry], tag: Option<&Tag>) -> Result<&'a IndexEntry, LayoutError> {
        let file = self.directory.join("index.json");
        let has = || -> Vec<String> { entries.iter().filter_map(ref_name).map(quoted).collect() };
        let fitting = |tag: Option<&Tag>| -> Vec<&IndexEntry> {
            let is_meant = |name: &str| tag.is_none_or(|tag| is_called(name, tag));
            entries.iter().filter(|entry| tag.is_none() || ref_name(entry).is_some_and(is_meant)).collect()
        };
        let called = |entry: &&IndexEntry| {
            let digest = entry.digest().map_or_else(|_| "no digest".to_owned(), |digest| digest.short().to_owned());
            format!("{} ({digest})", ref_name(entry).map_or_else(|| "without a name".to_owned(), quoted))
        };
        let fits = fitting(tag);
        match (&fits[..], tag) {
            ([first, ..], _) if is_one(&fits) => Ok(first),
            ([], Some(tag)) => Err(LayoutError::NoSuchImage { file, tag: tag.clone(), has: has() }),
            ([], None) => Err(LayoutError::Empty { file }),
            (_, Some(tag)) => {
                Err(LayoutError::Twice { file, tag: tag.clone(), names: fits.iter().map(called).collect() })
            }
            (_, None) => {
                let is_told = |name: &&str| own_tag(name).is_some_and(|tag| is_one(&fitting(Some(&tag))));
                let has: Vec<String> = entries.iter().filter_map(ref_name).filter(is_told).map(quoted).collect();
                Err(if has.is_empty() {
                    LayoutError::Alike { file, names: fits.iter().map(called).collect() }
                } else {
                    LayoutError::Several { file, count: fits.len(), has }
                })
            }
        }
    }

    /// Returns the content of a digest, verified.
    pub fn blob(&self, digest: &Digest, cap: u64) -> Result<Bytes, LayoutError> {
        let path = blob_path(digest);
        let bytes = self.read(&path, cap)?;
        let got = Digest::of(digest.algorithm(), &bytes);
        if got == *digest {
            Ok(bytes.into())
        } else {
            Err(LayoutError::DigestMismatch { file: self.directory.join(path), got })
        }
    }

    /// Opens the content of a digest, whatever it is.
    pub(crate) fn open_blob(&self, digest: &Digest) -> Result<std::fs::File, LayoutError> {
        let (file, real) = self.real(&blob_path(digest))?;
        match imagelock_files::open(&real) {
            Ok(Some(opened)) => Ok(opened.into()),
            Ok(None) => Err(LayoutError::Unreadable { file, reason: std::io::ErrorKind::NotFound.to_string() }),
            Err(error) => Err(LayoutError::Unreadable { file, reason: error.problem.to_string() }),
        }
    }

    /// Reads a piece of the content of a digest, whatever it is.
    pub(crate) fn piece(&self, digest: &Digest, first: u64, size: u64) -> Result<Vec<u8>, LayoutError> {
        let mut file = self.open_blob(digest)?;
        let mut piece = Vec::new();
        let read = file.seek(SeekFrom::Start(first)).and_then(|_| file.take(size).read_to_end(&mut piece));
        read.map(|_| piece).map_err(|error| self.unreadable(digest, &error))
    }

    /// The error of a content that cannot be read.
    pub(crate) fn unreadable(&self, digest: &Digest, error: &std::io::Error) -> LayoutError {
        LayoutError::Unreadable { file: self.directory.join(blob_path(digest)), reason: error.kind().to_string() }
    }

    /// A file of the layout, and where it really lies.
    fn real(&self, path: &str) -> Result<(Utf8PathBuf, Utf8PathBuf), LayoutError> {
        let file = self.directory.join(path);
        let unreadable = |reason: String| LayoutError::Unreadable { file: file.clone(), reason };
        let Files::Below(below) = &self.files else { return Err(unreadable("it lies in a tar".to_owned())) };
        let real = file.canonicalize_utf8().map_err(|error| unreadable(error.kind().to_string()))?;
        if real.starts_with(below) { Ok((file, real)) } else { Err(LayoutError::Outside { file }) }
    }

    fn read(&self, path: &str, cap: u64) -> Result<Vec<u8>, LayoutError> {
        let unreadable = |file: Utf8PathBuf, error: std::io::Error| LayoutError::Unreadable {
            file,
            reason: error.kind().to_string(),
        };
        if let Files::Within(archive) = &self.files {
            let file = self.directory.join(path);
            return match archive.read(path, cap) {
                Ok(Some(Ok(bytes))) => Ok(bytes),
                Ok(Some(Err(archive::TooLarge))) => Err(LayoutError::TooLarge { file, limit: cap }),
                Ok(None) => Err(unreadable(file, std::io::ErrorKind::NotFound.into())),
                Err(error) => Err(unreadable(file, error)),
            };
        }
        let (file, real) = self.real(path)?;
        match imagelock_files::bytes(&real, cap) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(unreadable(file, std::io::ErrorKind::NotFound.into())),
            Err(error) => Err(match error.problem {
                FileProblem::TooLarge(limit) => LayoutError::TooLarge { file, limit },
                FileProblem::System(error) => unreadable(file, error),
                problem => LayoutError::Unreadable { file, reason: problem.to_string() },
            }),
        }
    }
}

/// Where a layout has the content of a digest.
fn blob_path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

fn parse<'a, T: Deserialize<'a>>(file: &Utf8Path, bytes: &'a [u8]) -> Result<T, LayoutError> {
    serde_json::from_slice(bytes)
        .map_err(|error| LayoutError::Malformed { file: file.to_owned(), reason: quoted(&error.to_string()) })
}

fn ref_name(entry: &IndexEntry) -> Option<&str> {
    entry.ref_name.as_deref()
}

/// Whether entries lead to one image.
fn is_one(entries: &[&IndexEntry]) -> bool {
    entries.split_first().is_some_and(|(first, rest)| rest.iter().all(|entry| entry.leads_where(first)))
}

/// The tag that a name answers to.
fn own_tag(name: &str) -> Option<Tag> {
    name.rsplit(':').next()?.parse().ok()
}

/// Tools write the tag alone, or the whole reference.
fn is_called(name: &str, tag: &Tag) -> bool {
    name == tag.as_str() || name.rsplit_once(':').is_some_and(|(_, after)| after == tag.as_str())
}
