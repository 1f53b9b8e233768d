//! Rendered manifests: the images in them, pinned by [`post_render`] and proved by [`unpinned`].

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use imagelock_adapter::{Context, RenderError};
use imagelock_core::source::SourceFile;
use imagelock_core::{Digest, LockedImage, Lockfile, Reference};
use imagelock_edit::{Edited, Matcher, Pinning, Spell};
use imagelock_scan::formats::Manifests;
use imagelock_scan::formats::kubernetes::ManifestPath;
use imagelock_scan::{Format as _, Unreadable};

/// An image that Kubernetes would run and that is not pinned to the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it stands: `Pod prod/web, container main`.
    pub place: String,
    /// The line of the manifests, counted from 1.
    pub line: usize,
    /// What stands there.
    pub image: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The text is not a reference.
    NotAReference,
    /// There is no digest, although the lock has the repository.
    NotPinned,
    /// The lock does not have the repository, or not with this tag.
    NotLocked,
    /// There is a digest, and it is not in the lock.
    OtherDigest,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotAReference => "it is not a reference",
            Self::NotPinned => "it has no digest",
            Self::NotLocked => "it is not in images.lock",
            Self::OtherDigest => "its digest is not in images.lock",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(formatter, "{}: ", self.place)?;
        }
        write!(formatter, "`{}`: {}", self.image, self.reason)
    }
}

/// Pins the images in what Helm rendered: only the bytes of references change. `paths` are places of images that are
/// not called `image`. Which image a reference means, and what is kept, is the same as in files.
pub fn post_render(
    manifests: &Arc<SourceFile>,
    context: &Context<'_>,
    paths: &[ManifestPath],
) -> Result<Edited, RenderError> {
    let format = Manifests { paths: paths.to_vec() };
    let (images, spell) = (Matcher::new(context, None)?, Spell::default());
    Pinning { format: &format, images: &images, spell: &spell, context }.edit(manifests)
}

/// The images that Kubernetes would run and that are not pinned to the lock.
///
/// The digest alone counts: a chart may pull it from a mirror. `paths` are places of images that are not called
/// `image`.
pub fn unpinned(rendered: &str, lock: &Lockfile, paths: &[ManifestPath]) -> Result<Vec<Finding>, Unreadable> {
    let digests: BTreeSet<&Digest> = lock.images.values().flat_map(digests).collect();
    let repositories: BTreeSet<_> = lock.images.values().filter_map(LockedImage::repository).collect();
    let mut findings = Vec::new();
    let format = Manifests { paths: paths.to_vec() };
    for site in format.read(rendered)?.sites {
        let image = site.text().unwrap_or_default().to_owned();
        let reason = match site.reference() {
            None => Reason::NotAReference,
            Some(Reference { digest: Some(digest), .. }) if digests.contains(digest) => continue,
            Some(Reference { digest: Some(_), .. }) => Reason::OtherDigest,
            Some(reference) if repositories.contains(&reference.repository) => Reason::NotPinned,
            Some(_) => Reason::NotLocked,
        };
        findings.push(Finding { place: site.place, line: site.line, image, reason });
    }
    Ok(findings)
}

fn digests(image: &LockedImage) -> impl Iterator<Item = &Digest> {
    std::iter::once(&image.digest).chain(image.platforms.values().map(|platform| &platform.digest))
}

#[cfg(test)]
mod tests;
