//! What asking for a tag told beside its digest: the manifest's bytes, and the tag's name for the digest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use imagelock_core::{Digest, Repository, Tag};

/// How much is kept at a time: sixteen of the largest manifests, thousands of usual ones. What finds no room is fetched
/// once more.
const BYTES: usize = 64 << 20;

/// What is kept for those who ask by digest next.
#[derive(Default)]
pub(crate) struct Kept {
    manifests: Mutex<Manifests>,
    tags: Mutex<BTreeMap<(Repository, Digest), BTreeSet<Tag>>>,
}

#[derive(Default)]
struct Manifests {
    size: usize,
    by_digest: BTreeMap<Digest, Bytes>,
}

impl Kept {
    fn manifests(&self) -> MutexGuard<'_, Manifests> {
        self.manifests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps bytes that have that digest.
    pub(crate) fn put(&self, digest: &Digest, bytes: &Bytes) {
        let mut kept = self.manifests();
        if kept.size + bytes.len() <= BYTES && kept.by_digest.insert(digest.clone(), bytes.clone()).is_none() {
            kept.size += bytes.len();
        }
    }

    /// Gives bytes away, for whoever keeps them from now on.
    pub(crate) fn take(&self, digest: &Digest) -> Option<Bytes> {
        let mut kept = self.manifests();
        let bytes = kept.by_digest.remove(digest)?;
        kept.size -= bytes.len();
        Some(bytes)
    }

    /// Notes that a tag points at a digest, or is said to.
    pub(crate) fn name(&self, repository: &Repository, tag: &Tag, digest: &Digest) {
        let mut tags = self.tags.lock().unwrap_or_else(PoisonError::into_inner);
        tags.entry((repository.clone(), digest.clone())).or_default().insert(tag.clone());
    }

    /// Returns the tags that point at a digest, or are said to.
    pub(crate) fn tags(&self, repository: &Repository, digest: &Digest) -> BTreeSet<Tag> {
        let tags = self.tags.lock().unwrap_or_else(PoisonError::into_inner);
        tags.get(&(repository.clone(), digest.clone())).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_given_away_once() {
        let kept = Kept::default();
        let large = Bytes::from(vec![0; BYTES - 10]);
        let [one, two, three] = ["1", "2", "3"].map(|text| Digest::sha256(text.as_bytes()));
        kept.put(&one, &large);
        kept.put(&one, &large);
        kept.put(&two, &Bytes::from(vec![0; 11]));
        assert_eq!(kept.take(&two), None);
        kept.put(&three, &Bytes::from(vec![0; 10]));
        assert!(kept.take(&three).is_some());
        assert_eq!(kept.manifests().size, BYTES - 10);
        assert!(kept.take(&one).is_some());
        assert_eq!(kept.take(&one), None);
        assert_eq!(kept.manifests().size, 0);
    }
}
