//! All that is copied of a locked image: its index with everything in it, and what lies beside it about it.
//!
//! What is about an image is listed by its registry, or stands under tags made of its digest, as cosign writes signatures. It is
//! copied as it is, whoever wrote it; whether it is worth anything is judged where it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use imagelock_core::lockfile::LockedImage;
use imagelock_core::oci::{Descriptor, Document, INDEX, MANIFEST};
use imagelock_core::{Digest, Platform, Repository, Tag};
use imagelock_files::FileError;
use imagelock_registry::{Client, Error, Shared};

use crate::failure::Kind;

/// The most indexes and manifests of one image, attestations and the platforms that nobody locked among them.
const MOST_DOCUMENTS: usize = 10_000;

/// The most layers and configurations of one image.
const MOST_BLOBS: usize = 100_000;

/// The most bytes of indexes, manifests and tags of a run: thousands of images of a dozen platforms.
const BUNDLE_BYTES: u64 = 256 << 20;

/// What cosign puts behind a digest to make the tag of what is about it.
const SUFFIXES: [&str; 3] = ["sig", "att", "sbom"];

/// Why an image could not be copied.
#[derive(Clone, Debug)]
pub(crate) struct Reason {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) help: Vec<String>,
}

impl Reason {
    pub(crate) fn registry(text: impl Into<String>) -> Self {
        Self { kind: Kind::Registry, text: text.into(), help: Vec::new() }
    }
}

impl From<Error> for Reason {
    fn from(error: Error) -> Self {
        Self { kind: Kind::Registry, text: error.to_string(), help: error.help() }
    }
}

impl From<FileError> for Reason {
    fn from(error: FileError) -> Self {
        Self { kind: Kind::of(&error), text: error.to_string(), help: Vec::new() }
    }
}

/// How much of an image is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The locked platforms.
    Platforms,
    /// The whole index.
    Whole,
    /// Likewise, and what there is about it.
    WithReferrers,
}

/// An index or a manifest.
pub(crate) struct Copied {
    pub(crate) digest: Digest,
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
    pub(crate) document: Document,
    /// The tag that it has, where it is the image itself or stands under a tag beside it.
    pub(crate) tag: Option<Tag>,
    /// What it was found for.
    pub(crate) part: Part,
}

/// What a document is of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The image itself.
    Image,
    /// A part of it, or of what is about it.
    Inside,
    /// What is about it.
    Beside,
}

/// All that is copied of an image.
pub(crate) struct Bundle {
    /// Each behind all that it names, and the image itself at the end.
    pub(crate) documents: Vec<Copied>,
    /// The blobs that they name, with their sizes.
    pub(crate) blobs: BTreeMap<Digest, u64>,
}

/// What the images of a run have in common.
#[derive(Default)]
pub(crate) struct Run {
    /// The bytes of all documents so far.
    bytes: AtomicU64,
    /// The tags of a repository that are made of digests.
    tags: Shared<Repository, Arc<Vec<Tag>>>,
}

impl Run {
    fn take(&self, bytes: u64) -> Result<(), Reason> {
        if self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > BUNDLE_BYTES {
            let most = BUNDLE_BYTES >> 20;
            return Err(Reason::registry(format!("the images of this run have more than {most} MiB of manifests")));
        }
        Ok(())
    }
}

struct Found {
    digest: Digest,
    media_type: Option<String>,
    tag: Option<Tag>,
    part: Part,
}

impl Found {
    fn of(entry: &Descriptor, part: Part) -> Self {
        let media_type = Some(entry.media_type.clone()).filter(|media_type| !media_type.is_empty());
        Self { digest: entry.digest.clone(), media_type, tag: None, part }
    }
}

/// Finds all that is copied of an image.
pub(crate) async fn of(client: &Client, image: &LockedImage, extent: Extent, run: &Run) -> Result<Bundle, Reason> {
    let repository = image.repository().ok_or_else(|| Reason::registry("it is in no registry"))?;
    // A registry that forgot the digest may still have the tag.
    client.name(repository, image.tag.as_ref(), &image.digest);
    let mut search = Search::new(client, repository, image, run);
    let roots: Vec<Found> = if extent == Extent::Platforms {
        let root = |digest: &Digest| Found { digest: digest.clone(), media_type: None, tag: None, part: Part::Image };
        image.platforms.values().map(|platform| root(&platform.digest)).collect()
    } else {
        let (digest, media_type) = (image.digest.clone(), Some(image.media_type.clone()));
        vec![Found { digest, media_type, tag: image.tag.clone(), part: Part::Image }]
    };
    for root in roots {
        search.walk(root, None).await?;
    }
    if extent == Extent::WithReferrers {
        search.beside().await?;
    }
    Ok(search.bundle())
}

struct Search<'a> {
    client: &'a Client,
    repository: &'a Repository,
    image: &'a LockedImage,
    run: &'a Run,
    platforms: BTreeMap<Digest, Platform>,
    documents: BTreeMap<Digest, Copied>,
    blobs: BTreeMap<Digest, u64>,
}

impl<'a> Search<'a> {
    fn new(client: &'a Client, repository: &'a Repository, image: &'a LockedImage, run: &'a Run) -> Self {
        let locked = image.platforms.iter().map(|(platform, locked)| (locked.digest.clone(), platform.clone()));
        let (documents, blobs) = (BTreeMap::new(), BTreeMap::new());
        Self { client, repository, image, run, platforms: locked.collect(), documents, blobs }
    }

    /// Takes a document with all that it names; returns whether it is about `about`, as it has to be. Many ways may lead to one
    /// document, and each further index doubles them.
    async fn walk(&mut self, root: Found, mut about: Option<&Digest>) -> Result<bool, Reason> {
        let mut left = vec![root];
        while let Some(found) = left.pop() {
            if let Some(known) = self.documents.get_mut(&found.digest) {
                known.tag = known.tag.take().or(found.tag);
                continue;
            }
            let (bytes, document) = self.fetch(&found.digest).await?;
            if about.take().is_some_and(|about| document.subject.as_ref() != Some(about)) {
                return Ok(false);
            }
            let inside = |entry: &Descriptor| Found::of(entry, Part::Inside);
            left.extend(document.documents().map(inside));
            self.platforms.extend(document.platforms().map(|(digest, of)| (digest.clone(), of.clone())));
            self.blobs.extend(document.blobs().map(|blob| (blob.digest.clone(), blob.size)));
            if self.blobs.len() > MOST_BLOBS {
                return Err(Reason::registry(format!("it has more than {MOST_BLOBS} layers and configurations")));
            }
            let kind = if document.manifests.is_empty() { MANIFEST } else { INDEX };
            let media_type = document.media_type.clone().or(found.media_type).unwrap_or_else(|| kind.to_owned());
            let Found { digest, tag, part, .. } = found;
            self.documents.insert(digest.clone(), Copied { digest, media_type, bytes, document, tag, part });
            if self.documents.len() > MOST_DOCUMENTS {
                return Err(Reason::registry(format!("it has more than {MOST_DOCUMENTS} indexes and manifests")));
            }
        }
        Ok(true)
    }

    async fn fetch(&self, digest: &Digest) -> Result<(Bytes, Document), Reason> {
        let Self { repository, image, .. } = self;
        let (bytes, document) = self.client.document(repository, digest).await.map_err(|error| {
            let whole = repository.with(image.tag.clone(), image.tag.is_none().then(|| image.digest.clone()));
            let error = match self.platforms.get(digest) {
                Some(platform) => error.serving(platform.as_str()),
                None => error,
            };
            error.serving(&whole.to_string())
        })?;
        self.run.take(bytes.len() as u64)?;
        Ok((bytes, document))
    }

    /// The tags that are made of digests; nothing where nobody lists them.
    async fn tags(&self) -> Result<Option<Arc<Vec<Tag>>>, Reason> {
        let mut read = 0;
        let listed = self.run.tags.get(self.repository.clone(), async || {
            let mut tags = self.client.tags(self.repository).await?.tags;
            tags.retain(|tag| tag.as_str().starts_with("sha256-") || tag.as_str().starts_with("sha512-"));
            read = tags.iter().map(|tag| tag.as_str().len() as u64).sum();
            Ok(Arc::new(tags))
        });
        let listed = listed.await.ok();
        self.run.take(read)?;
        Ok(listed)
    }

    /// Takes what is about the image, about its locked platforms, and about what is about these.
    async fn beside(&mut self) -> Result<(), Reason> {
        let locked = self.image.platforms.values().map(|platform| platform.digest.clone());
        let mut subjects: Vec<Digest> = locked.chain([self.image.digest.clone()]).collect();
        let mut asked = BTreeSet::new();
        let tags = self.tags().await?;
        while let Some(subject) = subjects.pop() {
            if !asked.insert(subject.clone()) {
                continue;
            }
            let listed = self.client.referrers(self.repository, &subject).await.map_err(|error| {
                let mut reason = Reason::from(error);
                reason.help.push("`--without-referrers` copies the images alone".to_owned());
                reason
            })?;
            for entry in listed {
                // A list is the registry's word; what says itself what it is about is not.
                if self.walk(Found::of(&entry, Part::Beside), Some(&subject)).await? {
                    subjects.push(entry.digest.clone());
                }
            }
            for tag in tags_of(&subject, tags.as_deref().map(Vec::as_slice)) {
                if let Some((digest, _)) = self.client.tagged(self.repository, tag.clone()).await? {
                    let found = Found { digest, media_type: None, tag: Some(tag), part: Part::Beside };
                    self.walk(found, None).await?;
                }
            }
        }
        Ok(())
    }

    /// Puts the documents in order: each behind what it names, the image at the end.
    fn bundle(mut self) -> Bundle {
        let mut roots: Vec<&Copied> = self.documents.values().filter(|copied| copied.part != Part::Inside).collect();
        roots.sort_by_key(|root| (root.part == Part::Image, &root.digest));
        let (mut order, mut seen) = (Vec::new(), BTreeSet::new());
        for root in roots {
            let mut left = vec![(root, false)];
            while let Some((copied, is_done)) = left.pop() {
                if is_done {
                    order.push(copied.digest.clone());
                } else if seen.insert(&copied.digest) {
                    left.push((copied, true));
                    let inside = copied.document.documents().filter_map(|entry| self.documents.get(&entry.digest));
                    left.extend(inside.map(|copied| (copied, false)));
                }
            }
        }
        let documents = order.into_iter().filter_map(|digest| self.documents.remove(&digest)).collect();
        Bundle { documents, blobs: self.blobs }
    }
}

/// The tags that are made of a digest: those that there are, or where nobody knows, those that cosign makes. The one without
/// anything behind it is a list of what is about the digest, and was read as that.
fn tags_of(subject: &Digest, tags: Option<&[Tag]>) -> Vec<Tag> {
    let stem = format!("{}-{}.", subject.algorithm().name(), subject.hex());
    match tags {
        Some(tags) => tags.iter().filter(|tag| tag.as_str().starts_with(&stem)).cloned().collect(),
        None => SUFFIXES.iter().filter_map(|suffix| format!("{stem}{suffix}").parse().ok()).collect(),
    }
}
