//! The image that a signature has to be about.

use std::collections::BTreeSet;

use imagelock_core::{Digest, LockedImage, Repository};

/// An image: what it is called, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Where it is; a directory has none.
    pub repository: Option<Repository>,
    /// The digest of its index, or of its only manifest.
    pub digest: Digest,
    /// The digests of its manifests for the platforms that are locked. Where they are all signed, the image is.
    pub platforms: BTreeSet<Digest>,
}

impl Subject {
    /// A locked image.
    pub fn of(image: &LockedImage) -> Self {
        Self {
            repository: image.repository().cloned(),
            digest: image.digest.clone(),
            platforms: image.platforms.values().map(|platform| platform.digest.clone()).collect(),
        }
    }

    /// Every digest that a signature may be about, the image's own first.
    pub fn digests(&self) -> impl Iterator<Item = &Digest> {
        let others = self.platforms.iter().filter(|digest| **digest != self.digest);
        std::iter::once(&self.digest).chain(others)
    }

    /// Whether signatures of these digests are signatures of the image: an index stands for all that it names.
    pub(crate) fn is_covered(&self, by: &BTreeSet<Digest>) -> bool {
        by.contains(&self.digest) || (!self.platforms.is_empty() && self.platforms.is_subset(by))
    }
}
