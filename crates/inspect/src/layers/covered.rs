//! What newer layers hide of older ones.

use std::hash::{BuildHasher as _, RandomState};

use super::path;

/// The paths of newer layers, each as eight bytes: a million of them fits beside everything else that is held.
///
/// The hashes are keyed afresh in each run, so that nobody can write paths that collide.
#[derive(Debug, Default)]
pub(super) struct Covered {
    keys: RandomState,
    /// Sorted up to `settled`; behind it is what the layer that is being read adds, which hides nothing of itself.
    hashes: Vec<u64>,
    settled: usize,
}

/// How many paths more are made room for at a time.
const STEP: usize = 128 * 1024;

/// What an entry of a newer layer does to older ones.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) enum What {
    /// A file, a link, a whiteout: the path is hidden with all that is below.
    Path,
    /// A folder: it hides what is no folder.
    Folder,
    /// An opaque folder: it hides all that is below.
    Below,
}

impl Covered {
    /// Notes an entry of the layer that is being read.
    pub(super) fn add(&mut self, what: What, path: &[u8]) {
        // A vector that doubles would take twice of what it holds.
        if self.hashes.len() == self.hashes.capacity() {
            self.hashes.reserve_exact(STEP);
        }
        self.hashes.push(self.keys.hash_one((what, path)));
    }

    /// How many paths are noted.
    pub(super) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// The layer that was read has become a newer one.
    pub(super) fn settle(&mut self) {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        self.settled = self.hashes.len();
    }

    /// Whether a newer layer hides what this one has at a path, unless it is a folder.
    pub(super) fn hides(&self, file: &[u8]) -> bool {
        self.hides_all()
            || self.has(What::Path, file)
            || self.has(What::Folder, file)
            || path::above(file).any(|folder| self.has(What::Path, folder) || self.has(What::Below, folder))
    }

    /// Whether a newer layer hides all older ones.
    pub(super) fn hides_all(&self) -> bool {
        self.has(What::Below, b"")
    }

    fn has(&self, what: What, path: &[u8]) -> bool {
        self.hashes[..self.settled].binary_search(&self.keys.hash_one((what, path))).is_ok()
    }
}
