//! Rendered manifests: the images in them, pinned by [`post_render`] and proved by [`unpinned`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use imagelock_adapter::{Context, RenderError};
use imagelock_core::project::Built;
use imagelock_core::source::SourceFile;
use imagelock_core::{Digest, ImageName, LockedImage, Reference, Repository, Tag};
use imagelock_edit::{Edited, Matcher, Pinning, Spell};
use imagelock_scan::formats::Manifests;
use imagelock_scan::formats::kubernetes::ManifestPath;
use imagelock_scan::{Lines, Unreadable};
use imagelock_yaml::Node;

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
    /// The digest is that of these images, and the repository is neither theirs nor what `rewrite` writes for it.
    OtherRepository(Vec<ImageName>),
    /// Repository and digest are those of this image, and the tag is another than its.
    OtherTag(ImageName, Tag),
    /// The value of a label, by its key, which takes no `@`: Kubernetes refuses the object.
    Label(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAReference => formatter.write_str("it is not a reference"),
            Self::NotPinned => formatter.write_str("it has no digest"),
            Self::NotLocked => formatter.write_str("it is not in images.lock"),
            Self::OtherDigest => formatter.write_str("its digest is not in images.lock"),
            Self::OtherRepository(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                write!(formatter, "its digest is that of {}, which is another repository", names.join(" and "))
            }
            Self::OtherTag(name, tag) => write!(formatter, "its digest is that of `{name}`, whose tag is {tag}"),
            Self::Label(key) => write!(formatter, "the label `{key}` takes no `@`, and Kubernetes refuses it"),
        }
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
    Ok(Pinning { format: &format, images: &images, spell: &spell, context }.edit(manifests)?)
}

/// What of rendered manifests Kubernetes would run otherwise than the lock says: images that are not pinned, images with a
/// locked digest under another repository or tag than the image has there, and labels that a digest has got into.
///
/// A repository may be the locked one or what `rewrite` writes in its place. `paths` are places of images that are not
/// called `image`.
pub fn unpinned(rendered: &str, context: &Context<'_>, paths: &[ManifestPath]) -> Result<Vec<Finding>, Unreadable> {
    let locked = Locked::of(context);
    let format = Manifests { paths: paths.to_vec() };
    let mut findings = Vec::new();
    let (parsed, documents) = format.documents(rendered)?;
    for site in parsed.sites {
        let Some(reason) = site.reference().map_or(Some(Reason::NotAReference), |found| locked.refuse(found)) else {
            continue;
        };
        let image = site.text().unwrap_or_default().to_owned();
        findings.push(Finding { place: site.place, line: site.line, image, reason });
    }
    findings.extend(labels(rendered, &documents));
    findings.sort_by_key(|finding| finding.line);
    Ok(findings)
}

/// The lock as what runs is compared with it.
struct Locked<'a> {
    by_digest: BTreeMap<&'a Digest, Vec<(&'a ImageName, &'a LockedImage)>>,
    /// Under the repository that is locked, and under the one that `rewrite` writes in its place.
    by_repository: BTreeMap<Repository, BTreeSet<&'a ImageName>>,
    built: &'a Built,
}

impl<'a> Locked<'a> {
    fn of(context: &'a Context<'a>) -> Self {
        let mut by_digest: BTreeMap<&Digest, Vec<_>> = BTreeMap::new();
        let mut by_repository: BTreeMap<Repository, BTreeSet<&ImageName>> = BTreeMap::new();
        for (name, image) in &context.lock.images {
            let digests: BTreeSet<&Digest> = digests(image).collect();
            for digest in digests {
                by_digest.entry(digest).or_default().push((name, image));
            }
            let written = context.image(name, None).ok().map(|pinned| pinned.repository);
            for repository in image.repository().cloned().into_iter().chain(written) {
                by_repository.entry(repository).or_default().insert(name);
            }
        }
        Self { by_digest, by_repository, built: context.built }
    }

    /// Why a reference is not what the lock says, if it is not.
    fn refuse(&self, found: &Reference) -> Option<Reason> {
        if self.built.names(&found.repository) {
            return None;
        }
        let known = self.by_repository.get(&found.repository);
        let Some(digest) = &found.digest else {
            return Some(if known.is_some() { Reason::NotPinned } else { Reason::NotLocked });
        };
        let Some(images) = self.by_digest.get(digest) else { return Some(Reason::OtherDigest) };
        let mut of_repository =
            images.iter().filter(|(name, _)| known.is_some_and(|known| known.contains(name))).peekable();
        let Some((first, image)) = of_repository.peek().copied() else {
            return Some(Reason::OtherRepository(images.iter().map(|(name, _)| (*name).clone()).collect()));
        };
        let tag = found.tag.as_ref()?;
        if of_repository.any(|(_, image)| image.tag.as_ref().is_none_or(|locked| locked == tag)) {
            return None;
        }
        image.tag.clone().map(|locked| Reason::OtherTag((*first).clone(), locked))
    }
}

fn digests(image: &LockedImage) -> impl Iterator<Item = &Digest> {
    std::iter::once(&image.digest).chain(image.platforms.values().map(|platform| &platform.digest))
}

/// The labels, and the selectors by them, whose value has an `@`.
fn labels(rendered: &str, documents: &[Node]) -> Vec<Finding> {
    let lines = Lines::new(rendered);
    let mut findings = Vec::new();
    for document in documents {
        let text = |node: &Node, key| node.get(key).and_then(Node::present).unwrap_or_default().to_owned();
        let name = document.get("metadata").map(|metadata| text(metadata, "name")).unwrap_or_default();
        let place = format!("{} {name}", text(document, "kind")).trim().to_owned();
        document.walk(&mut |node| {
            let metadata = node.get("metadata").and_then(|metadata| metadata.get("labels"));
            for entry in metadata.into_iter().chain(node.get("matchLabels")).flat_map(Node::entries) {
                if let Some(value) = entry.value.present().filter(|value| value.contains('@')) {
                    findings.push(Finding {
                        place: place.clone(),
                        line: lines.of(entry.value.span.start),
                        image: value.to_owned(),
                        reason: Reason::Label(entry.key.clone()),
                    });
                }
            }
        });
    }
    findings
}

#[cfg(test)]
mod tests;
