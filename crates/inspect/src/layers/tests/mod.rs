//! Layers as they are built, and as nobody should build them.

mod archives;
mod bounds;
mod kinds;
mod overlay;

use std::io::Write as _;

use tar::{Builder, EntryType, Header};

use super::{Compression, Contents, LayerError, Limits, Search};

/// A layer that is being written, with whatever paths.
pub(super) struct Layer(Builder<Vec<u8>>);

impl Layer {
    pub(super) fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    fn entry(self, kind: EntryType, path: &str, link: &str, data: &[u8]) -> Self {
        self.with_mode(0o644, kind, path, link, data)
    }

    fn with_mode(mut self, mode: u32, kind: EntryType, path: &str, link: &str, data: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(data.len() as u64);
        header.set_mode(mode);
        // The methods of the crate refuse paths that lead elsewhere.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        self.0.append(&header, data).unwrap();
        self
    }

    pub(super) fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.entry(EntryType::Regular, path, "", text.as_ref())
    }

    pub(super) fn program(self, path: &str, bytes: &[u8]) -> Self {
        self.with_mode(0o755, EntryType::Regular, path, "", bytes)
    }

    pub(super) fn folder(self, path: &str) -> Self {
        self.entry(EntryType::Directory, path, "", b"")
    }

    pub(super) fn link(self, path: &str, target: &str) -> Self {
        self.entry(EntryType::Symlink, path, target, b"")
    }

    pub(super) fn hard_link(self, path: &str, target: &str) -> Self {
        self.entry(EntryType::Link, path, target, b"")
    }

    pub(super) fn raw(mut self, header: &Header, data: &[u8]) -> Self {
        self.0.append(header, data).unwrap();
        self
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

pub(super) const ALPINE: &str = "ID=alpine\nVERSION_ID=3.22.1\n";

pub(super) fn apk(name: &str, version: &str) -> String {
    format!("P:{name}\nV:{version}\n\n")
}

pub(super) fn deb(name: &str, version: &str) -> String {
    format!("Package: {name}\nStatus: install ok installed\nVersion: {version}\n\n")
}

/// Reads plain layers, the newest first.
pub(super) fn read(layers: impl IntoIterator<Item = Layer>) -> Contents {
    let mut search = Search::new(Limits::default());
    for layer in layers {
        search.layer(Compression::None, layer.bytes().as_slice()).unwrap();
    }
    search.finish()
}

/// Reads one layer of any bytes.
pub(super) fn read_bytes(compression: Compression, bytes: &[u8]) -> Result<Contents, LayerError> {
    let mut search = Search::new(Limits::default());
    search.layer(compression, bytes)?;
    Ok(search.finish())
}

/// The packages as `purl@version`.
pub(super) fn purls(contents: &Contents) -> Vec<String> {
    contents.packages.iter().map(|package| package.purl.at(&package.version)).collect()
}

/// What was not read, in words.
pub(super) fn not_read(contents: &Contents) -> Vec<String> {
    contents.not_read.iter().map(|one| format!("{}: {}", one.path, one.reason)).collect()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}
