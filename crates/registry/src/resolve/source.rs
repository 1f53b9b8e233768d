//! Where an image's documents come from: a registry, or a directory. Each is read once in a run, whoever asks for it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8PathBuf;
use futures_util::future::join_all;
use imagelock_core::{Digest, Repository};

use super::shared::Shared;
use crate::client::{CONFIG_BYTES, Client, MANIFEST_BYTES};
use crate::document::{self, Config, Document};
use crate::error::{Error, ErrorKind};
use crate::event::{Event, Oddity, Reporter};
use crate::layout::Layout;

/// The most bytes of manifests and configurations in one run: a hundred thousand ordinary platforms have a quarter.
const RUN_BYTES: u64 = 4 << 30;
/// The most of them for one image: fifty times what images of many platforms have.
const IMAGE_BYTES: u64 = 64 << 20;
/// The most indexes, manifests and configurations of one image.
const IMAGE_DOCUMENTS: u64 = 1000;

const UNIT: &str = "bytes";

/// Whose documents they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Registry(Repository),
    Layout(Utf8PathBuf),
}

/// What digests named in one run, and how much of it there was. What is kept is small; the bytes are not.
#[derive(Default)]
pub(crate) struct Documents {
    manifests: Shared<(Place, Digest), Arc<Manifest>>,
    configs: Shared<(Place, Digest), Arc<Configuration>>,
    bytes: AtomicU64,
    told: Mutex<BTreeSet<String>>,
}

/// An index or a manifest that was read.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) document: Document,
    pub(crate) media_type: &'static str,
    /// Its size in bytes.
    pub(crate) size: u64,
}

/// A configuration whose bytes are those of its digest, and what they say, if they are one.
#[derive(Debug)]
struct Configuration {
    read: Result<Config, ErrorKind>,
    size: u64,
}

/// A configuration, or why its bytes are none; or why it could not be read.
pub(crate) type Read = Result<Result<Config, ErrorKind>, Error>;

impl Documents {
    fn count(&self, bytes: u64) -> Result<(), ErrorKind> {
        let sum = self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if sum > RUN_BYTES {
            return Err(ErrorKind::TooMuch { whole: "the run", limit: RUN_BYTES, unit: UNIT });
        }
        Ok(())
    }

    /// Tells what is odd about an image, each thing once.
    pub(crate) fn tell(&self, reporter: &dyn Reporter, reference: &str, odd: &[Oddity]) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for oddity in odd.iter().filter(|oddity| told.insert(format!("{reference}: {oddity}"))) {
            reporter.event(Event::Odd { reference, oddity });
        }
    }
}

/// Where documents come from.
pub(crate) struct Source<'a> {
    documents: &'a Documents,
    place: Place,
    from: From<'a>,
}

enum From<'a> {
    /// A registry, its mirrors and the cache.
    Registry(&'a Client, &'a Repository),
    /// The registry itself, as it is now.
    Fresh(&'a Client, &'a Repository),
    /// An OCI image layout directory.
    Layout(Layout),
}

impl<'a> Source<'a> {
    /// A registry, its mirrors and the cache.
    pub(crate) fn registry(documents: &'a Documents, client: &'a Client, repository: &'a Repository) -> Self {
        Self { documents, place: Place::Registry(repository.clone()), from: From::Registry(client, repository) }
    }

    /// The registry itself, as it is now.
    pub(crate) fn fresh(documents: &'a Documents, client: &'a Client, repository: &'a Repository) -> Self {
        Self { documents, place: Place::Registry(repository.clone()), from: From::Fresh(client, repository) }
    }

    /// An OCI image layout directory.
    pub(crate) fn layout(documents: &'a Documents, layout: Layout) -> Self {
        Self { documents, place: Place::Layout(layout.directory().to_owned()), from: From::Layout(layout) }
    }

    /// Returns a verified manifest or index, which has the size that its descriptor promises.
    pub(crate) async fn manifest(&self, digest: &Digest, size: Option<u64>) -> Result<Arc<Manifest>, Error> {
        within(size, MANIFEST_BYTES)?;
        let read = async || {
            let bytes = match &self.from {
                From::Registry(client, repository) => client.manifest_bytes(repository, digest).await?,
                From::Fresh(client, repository) => client.fresh_manifest(repository, digest).await?,
                From::Layout(layout) => layout.blob(digest, MANIFEST_BYTES)?,
            };
            self.documents.count(bytes.len() as u64)?;
            let (document, media_type) = document::read(&bytes)?;
            Ok(Arc::new(Manifest { document, media_type, size: bytes.len() as u64 }))
        };
        let manifest = self.documents.manifests.get((self.place.clone(), digest.clone()), read).await?;
        sized(manifest.size, size)?;
        Ok(manifest)
    }

    /// Likewise a configuration, or why its bytes are none.
    pub(crate) async fn config(&self, digest: &Digest, size: Option<u64>) -> Read {
        Ok(self.configuration(digest, size).await?.read.clone())
    }

    /// Reads configurations, each with the size that its descriptor promises, in their order; what failed before stays as it
    /// is. Those without a promise are read one by one and counted as they come, so that no more is read of them either.
    pub(crate) async fn configs(
        &self,
        named: Vec<Result<(Digest, Option<u64>), Error>>,
        budget: &mut Budget,
    ) -> Result<Vec<Read>, Error> {
        for (_, size) in named.iter().flatten() {
            budget.spend(size.unwrap_or_default())?;
        }
        // What is read here is at hand below.
        let promised = named.iter().flatten().filter(|(_, size)| size.is_some());
        join_all(promised.map(|(digest, size)| self.configuration(digest, *size))).await;
        let mut read = Vec::new();
        for named in named {
            let config = match named {
                Ok((digest, size)) => self.configuration(&digest, size).await.map(|config| (config, size)),
                Err(error) => Err(error),
            };
            if let Ok((config, None)) = &config {
                budget.take(config.size)?;
            }
            read.push(config.map(|(config, _)| config.read.clone()));
        }
        Ok(read)
    }

    async fn configuration(&self, digest: &Digest, size: Option<u64>) -> Result<Arc<Configuration>, Error> {
        within(size, CONFIG_BYTES)?;
        let read = async || {
            let bytes = match &self.from {
                From::Registry(client, repository) => client.blob(repository, digest, CONFIG_BYTES).await?,
                From::Fresh(client, repository) => client.fresh_blob(repository, digest, CONFIG_BYTES).await?,
                From::Layout(layout) => layout.blob(digest, CONFIG_BYTES)?,
            };
            self.documents.count(bytes.len() as u64)?;
            Ok(Arc::new(Configuration { read: Config::read(&bytes), size: bytes.len() as u64 }))
        };
        let config = self.documents.configs.get((self.place.clone(), digest.clone()), read).await?;
        sized(config.size, size)?;
        Ok(config)
    }
}

/// What is left of the bounds of one image. Sizes are counted as they are promised, before anything is fetched.
pub(crate) struct Budget {
    bytes: u64,
    documents: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: IMAGE_BYTES, documents: IMAGE_DOCUMENTS }
    }
}

impl Budget {
    /// Takes a document of a size from what is left.
    pub(crate) fn spend(&mut self, size: u64) -> Result<(), ErrorKind> {
        self.take(size)?;
        let left = self.documents.checked_sub(1);
        self.documents = left.ok_or_else(|| too_much(IMAGE_DOCUMENTS, "documents"))?;
        Ok(())
    }

    /// Takes the bytes of a document that was counted without them.
    fn take(&mut self, size: u64) -> Result<(), ErrorKind> {
        self.bytes = self.bytes.checked_sub(size).ok_or_else(|| too_much(IMAGE_BYTES, UNIT))?;
        Ok(())
    }
}

fn too_much(limit: u64, unit: &'static str) -> ErrorKind {
    ErrorKind::TooMuch { whole: "the image", limit, unit }
}

fn within(size: Option<u64>, limit: u64) -> Result<(), Error> {
    match size {
        Some(size) if size > limit => Err(ErrorKind::TooLarge { limit, unit: "bytes" }.into()),
        _ => Ok(()),
    }
}

fn sized(got: u64, size: Option<u64>) -> Result<(), Error> {
    match size {
        Some(expected) if expected != got => Err(ErrorKind::SizeMismatch { expected, got }.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_a_bound_too() {
        let documents = Documents::default();
        assert!(documents.count(RUN_BYTES).is_ok());
        let error = documents.count(1).unwrap_err().to_string();
        assert_eq!(error, "the run has more than 4096 MiB of manifests and configurations");
        assert!(documents.count(u64::MAX).is_err(), "no sum of sizes comes around to a small one");
    }

    #[test]
    fn a_budget_ends_with_its_last_byte_and_its_last_document() {
        let mut budget = Budget::default();
        assert!(budget.spend(IMAGE_BYTES).is_ok());
        assert!(budget.spend(0).is_ok());
        assert!(budget.spend(1).is_err());
        let mut budget = Budget::default();
        assert!((0..IMAGE_DOCUMENTS).all(|_| budget.spend(1).is_ok()));
        assert!(budget.spend(0).is_err());
    }
}
