//! Blobs and manifests on disk, by digest.
//!
//! Content never changes under its digest, so nothing expires, and any number of processes share a directory. What is
//! read is hashed again: a file that a crash, a full disk or a person broke is taken away and counts as absent. A
//! cache that cannot be written is slow, not wrong: failures to write are no errors.

use std::io::Write as _;

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::Digest;
use tempfile::NamedTempFile;

/// A content-addressed store: `blobs/sha256/HEX` below a directory, as in an OCI image layout.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: Option<Utf8PathBuf>,
}

impl Cache {
    /// Keeps content in a directory, which is made when something is kept.
    pub fn at(directory: impl Into<Utf8PathBuf>) -> Self {
        Self { directory: Some(directory.into()) }
    }

    /// Keeps nothing.
    pub fn none() -> Self {
        Self { directory: None }
    }

    /// Returns the content of a digest if it is there, whole, and not larger than `cap`.
    pub fn get(&self, digest: &Digest, cap: u64) -> Option<Bytes> {
        let path = self.path(digest)?;
        let bytes = imagelock_files::bytes(&path, cap).ok()??;
        if digest.matches(&bytes) {
            return Some(bytes.into());
        }
        // Another process may have put the right bytes there meanwhile; then they are fetched once more.
        let _ = fs_err::remove_file(&path);
        None
    }

    /// Keeps content that was verified.
    pub fn put(&self, digest: &Digest, bytes: &[u8]) {
        if let Some(path) = self.path(digest) {
            let _ = write(&path, bytes);
        }
    }

    fn path(&self, digest: &Digest) -> Option<Utf8PathBuf> {
        let directory = self.directory.as_ref()?;
        Some(directory.join("blobs").join(digest.algorithm().name()).join(digest.hex()))
    }
}

fn write(path: &Utf8Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(Utf8Path::new("."));
    fs_err::create_dir_all(directory)?;
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        (directory, Cache::at(&path), path)
    }

    #[test]
    fn what_was_put_is_there_for_another_process() {
        let (_guard, cache, path) = cache();
        let digest = Digest::sha256(b"content");
        assert_eq!(cache.get(&digest, 100), None);
        cache.put(&digest, b"content");
        assert_eq!(Cache::at(path).get(&digest, 100).as_deref(), Some(&b"content"[..]));
        assert_eq!(Cache::none().get(&digest, 100), None);
    }

    #[test]
    fn a_broken_entry_is_taken_away() {
        let (_guard, cache, path) = cache();
        let digest = Digest::sha256(b"content");
        let file = path.join("blobs/sha256").join(digest.hex());
        for broken in [&b""[..], b"conten", b"contenu"] {
            cache.put(&digest, broken);
            assert!(file.exists());
            assert_eq!(cache.get(&digest, 100), None);
            assert!(!file.exists());
        }
    }

    #[test]
    fn an_entry_above_the_cap_is_not_read_into_memory() {
        let (_guard, cache, _path) = cache();
        let digest = Digest::sha256(b"content");
        cache.put(&digest, b"content");
        assert_eq!(cache.get(&digest, 6), None);
        assert!(cache.get(&digest, 7).is_some());
    }

    #[test]
    fn nothing_but_whole_entries_is_left_behind() {
        let (_guard, cache, path) = cache();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| cache.put(&Digest::sha256(b"content"), b"content"));
            }
        });
        let names: Vec<_> = fs_err::read_dir(path.join("blobs/sha256")).unwrap().collect();
        assert_eq!(names.len(), 1);
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_no_error() {
        let file = NamedTempFile::new().unwrap();
        let path = Utf8PathBuf::from_path_buf(file.path().to_owned()).unwrap();
        let cache = Cache::at(path);
        cache.put(&Digest::sha256(b"content"), b"content");
        assert_eq!(cache.get(&Digest::sha256(b"content"), 100), None);
    }
}
