//! The layers of an image, and what they say is installed.
//!
//! A [`Search`] is fed the layers, the newest first, each read once and as a stream. It keeps what databases and metadata
//! files say, and of all else no more than which paths newer layers have, so that what they hide of older ones does not
//! count. Nothing is unpacked to anywhere. What goes over a bound is named in [`Contents::not_read`].

mod archive;
mod compression;
mod covered;
mod finish;
mod path;
mod place;
mod search;

pub use compression::Compression;
pub use search::Search;

use std::collections::BTreeSet;

use crate::database::os_release::OsRelease;
use crate::package::Package;

/// How much is read and held for one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many bytes all layers may unpack to. What follows is not read.
    pub unpacked: u64,
    /// How many paths all layers may have together, each of which takes 8 bytes. What follows is not read.
    pub paths: usize,
    /// The largest file that is held, in bytes.
    pub file: usize,
    /// How much the packages that were found may take, in bytes.
    pub packages: usize,
}

impl Default for Limits {
    /// What holds less than 64 MiB together, with the window of a decompressor.
    fn default() -> Self {
        Self { unpacked: 16 * 1024 * 1024 * 1024, paths: 1_000_000, file: 24 * 1024 * 1024, packages: 8 * 1024 * 1024 }
    }
}

/// What the layers of an image say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The packages, sorted, each once.
    pub packages: Vec<Package>,
    /// The distribution, where the image says which.
    pub os: Option<OsRelease>,
    /// What was there and was not read, in the order of the layers.
    pub not_read: Vec<NotRead>,
    /// Paths that the layers remove of older ones, a folder that is emptied with a `/` at its end. Where older layers were not
    /// read, packages of theirs may be among it.
    pub gone: BTreeSet<String>,
}

/// Something that was not read. Packages may be missing that it would have named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRead {
    /// Its path in the image, without a leading `/`; empty where it is the image as a whole. A stranger wrote it.
    pub path: String,
    /// Why.
    pub reason: Reason,
}

/// Why something was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// A file is larger than what is held.
    #[error("it has {size} bytes, and no more than {limit} are read of one file")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// The packages take more than what is held.
    #[error("the packages of the image take more than {limit} bytes")]
    Packages {
        /// The limit in bytes.
        limit: usize,
    },
    /// The layers unpack to more than what is read.
    #[error("the layers unpack to more than {limit} bytes, and what follows here was not read")]
    Unpacked {
        /// The limit in bytes.
        limit: u64,
    },
    /// The layers have more paths than are held.
    #[error("the layers have more than {limit} paths, and what follows here was not read")]
    Paths {
        /// The limit.
        limit: usize,
    },
    /// The path is longer than any that a system opens.
    #[error("its path is longer than {limit} bytes")]
    LongPath {
        /// The limit in bytes.
        limit: usize,
    },
    /// The file has holes.
    #[error("it is a sparse file")]
    Sparse,
    /// Another name of a file that was passed over.
    #[error("it is a hard link to `{target}`, which was not read")]
    HardLink {
        /// The path of the file.
        target: String,
    },
    /// A link to where nothing is looked for.
    #[error("it is a link to `{target}`, which was not read")]
    Link {
        /// The path that it leads to.
        target: String,
    },
    /// The file is not what its name says, or of a form that is not read.
    #[error("{0}")]
    Format(&'static str),
    /// A package has a name that no package URL can have.
    #[error(transparent)]
    Name(#[from] crate::package::PurlError),
    /// More that was not read, without being named.
    #[error("{count} more were not read")]
    More {
        /// How many.
        count: usize,
    },
}

/// A layer that cannot be read. No runtime unpacks it either.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The bytes do not come, or are not compressed as they should be.
    #[error("reading a layer, {offset} bytes into what it unpacks to")]
    Read {
        /// Where, in what it unpacks to.
        offset: u64,
        /// What happened.
        #[source]
        error: std::io::Error,
    },
    /// It is no tar archive.
    #[error("a layer is no archive: {what}, {offset} bytes into what it unpacks to")]
    Malformed {
        /// Where, in what it unpacks to.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
}

#[cfg(test)]
mod tests;
