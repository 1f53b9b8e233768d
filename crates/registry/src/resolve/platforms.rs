//! Which of an index's entries are the platforms of a lock.
//!
//! The index's word counts, as for containerd: an entry that names a platform is for it, whatever is found there. An
//! entry that names none is asked for its configuration's platform, and an index in an index for its entries, and only
//! where what is wanted was not found among those that name one. Of several entries for one platform, as Windows images
//! have for each version of the system, the first counts. An entry that nobody asks for refuses nothing.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use imagelock_core::{Digest, Platform};

use super::source::{Budget, Source};
use crate::document::{Document, EntryKind, Facts, Index, IndexEntry, Named};
use crate::error::{Error, ErrorKind, NotAnImage};
use crate::event::Oddity;

/// How many indexes are read below the first one.
pub(crate) const NESTED: u8 = 2;
/// How many oddities of one image are told, and how many types.
const TOLD: usize = 8;
/// What `BuildKit` calls the configuration of its cache, in an index of layers.
const BUILD_CACHE: &str = "application/vnd.buildkit.cacheconfig.v0";

/// An entry of an index, for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) facts: Facts,
}

/// What an index has for those who ask.
pub(crate) struct Selection {
    pub(crate) children: BTreeMap<Platform, Child>,
    pub(crate) odd: Vec<Oddity>,
}

/// Returns the entries of an index for the platforms that are requested, or for all.
pub(crate) async fn select(
    source: &Source<'_>,
    index: &Index,
    requested: Option<&BTreeSet<Platform>>,
    budget: &mut Budget,
) -> Result<Selection, Error> {
    let mut search =
        Search { source, requested, budget, found: BTreeMap::new(), odd: Vec::new(), seen: Seen::default() };
    search.read(index, None, &Facts::default(), 0).await?;
    let Search { found, mut odd, seen, .. } = search;
    if found.is_empty() && seen.behind.is_empty() {
        return Err(ErrorKind::NotAnImage(seen.nothing(index)).into());
    }
    if let Some(requested) = requested {
        check(requested, found.keys().chain(&seen.behind), seen.unreadable)?;
        odd.clear();
    }
    let mut children = BTreeMap::new();
    for (platform, entry) in found {
        if requested.is_none_or(|requested| requested.contains(&platform)) {
            let child = Child { digest: entry.digest()?, size: entry.size()?, facts: entry.facts };
            children.insert(platform, child);
        }
    }
    Ok(Selection { children, odd })
}

/// Checks that an image has what is requested.
pub(crate) fn check<'a>(
    requested: &BTreeSet<Platform>,
    has: impl IntoIterator<Item = &'a Platform>,
    unreadable: BTreeSet<String>,
) -> Result<(), ErrorKind> {
    let has: BTreeSet<&Platform> = has.into_iter().collect();
    let missing: Vec<Platform> = requested.iter().filter(|platform| !has.contains(platform)).cloned().collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(ErrorKind::MissingPlatforms {
        requested: requested.iter().cloned().collect(),
        missing,
        has: has.into_iter().cloned().collect(),
        unreadable: unreadable.into_iter().collect(),
    })
}

/// Adds the platform to an error of something that was read for it.
pub(crate) fn serving(error: Error, platform: &Platform) -> Error {
    error.serving(platform.as_str())
}

struct Search<'a> {
    source: &'a Source<'a>,
    requested: Option<&'a BTreeSet<Platform>>,
    budget: &'a mut Budget,
    found: BTreeMap<Platform, IndexEntry>,
    odd: Vec<Oddity>,
    seen: Seen,
}

/// What was seen beside what was found.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was seen, by itself")]
struct Seen {
    /// The platforms of indexes that nobody asked for.
    behind: BTreeSet<Platform>,
    images: bool,
    schema1: bool,
    build_cache: bool,
    attestations: bool,
    others: BTreeSet<String>,
    /// What is named and is no platform.
    unreadable: BTreeSet<String>,
}

impl Search<'_> {
    /// Whether a platform is asked for and was not found yet.
    fn lacks(&self, platform: &Platform) -> bool {
        !self.found.contains_key(platform) && self.requested.is_none_or(|requested| requested.contains(platform))
    }

    fn is_done(&self) -> bool {
        self.requested.is_some_and(|requested| requested.iter().all(|platform| self.found.contains_key(platform)))
    }

    fn note(&mut self, oddity: Oddity) {
        if self.odd.len() < TOLD {
            self.odd.push(oddity);
        }
    }

    /// Looks through an index, which stands in another one as `outer` where that names a platform for it.
    async fn read(&mut self, index: &Index, outer: Option<&Platform>, facts: &Facts, depth: u8) -> Result<(), Error> {
        let (mut indexes, mut unnamed) = (Vec::new(), Vec::new());
        for entry in &index.entries {
            // What is none of the images needs no platform, and `BuildKit` writes `unknown/unknown` for it.
            if entry.kind == EntryKind::Attestation {
                self.seen.attestations = true;
                continue;
            }
            let platform = match (&entry.platform, outer) {
                (Named::Platform(own), Some(outer)) if own != outer => {
                    self.note(Oddity::OtherInside { said: outer.clone(), inside: own.clone() });
                    continue;
                }
                (Named::Platform(own), _) => Some(own),
                (Named::Nothing, outer) => outer,
                (Named::Unreadable(written), _) => {
                    note(&mut self.seen.unreadable, written);
                    self.note(Oddity::UnreadablePlatform(written.clone()));
                    continue;
                }
            };
            match (&entry.kind, platform) {
                (EntryKind::Image, Some(platform)) => {
                    self.find(platform, entry, facts);
                }
                (EntryKind::Index, Some(platform)) => indexes.push((entry, platform)),
                (EntryKind::Image | EntryKind::Index, None) => unnamed.push(entry),
                (EntryKind::Attestation, _) => {}
                (EntryKind::Schema1, _) => self.seen.schema1 = true,
                (EntryKind::Other(name), _) => self.seen.other(name),
            }
        }
        for (entry, platform) in indexes {
            if self.lacks(platform) {
                let read = self.nested(entry, Some(platform), facts, depth).await;
                read.map_err(|error| serving(error, platform))?;
            } else {
                self.seen.behind.insert(platform.clone());
            }
        }
        if self.is_done() || unnamed.is_empty() {
            return Ok(());
        }
        self.unnamed(&unnamed, facts).await?;
        for entry in unnamed.into_iter().filter(|entry| entry.kind == EntryKind::Index) {
            if self.is_done() {
                break;
            }
            self.nested(entry, None, facts, depth).await?;
        }
        Ok(())
    }

    fn find(&mut self, platform: &Platform, entry: &IndexEntry, facts: &Facts) {
        self.seen.images = true;
        self.found.entry(platform.clone()).or_insert_with(|| entry.within(facts));
    }

    /// Looks through an index in an index.
    async fn nested(
        &mut self,
        entry: &IndexEntry,
        platform: Option<&Platform>,
        facts: &Facts,
        depth: u8,
    ) -> Result<(), Error> {
        if depth == NESTED {
            return Err(ErrorKind::NotAnImage(NotAnImage::DeepIndex).into());
        }
        let size = entry.size()?;
        self.budget.spend(size)?;
        let manifest = self.source.manifest(&entry.digest()?, Some(size)).await?;
        let Document::Index(index) = &manifest.document else { return Err(mistaken("an index", "a manifest")) };
        let facts = entry.facts.clone().or(facts);
        Box::pin(self.read(index, platform, &facts, depth + 1)).await
    }

    /// Asks the configurations of images without a platform for theirs. What fails behind the last platform that is asked
    /// for is no matter to anybody.
    async fn unnamed(&mut self, entries: &[&IndexEntry], facts: &Facts) -> Result<(), Error> {
        let images: Vec<&IndexEntry> = entries.iter().copied().filter(|entry| entry.kind == EntryKind::Image).collect();
        let source = self.source;
        for entry in &images {
            // A size that is none fails where the entry is read.
            self.budget.spend(entry.size().unwrap_or_default())?;
        }
        let manifests = images.iter().map(async |entry| source.manifest(&entry.digest()?, Some(entry.size()?)).await);
        let manifests = join_all(manifests).await.into_iter().map(|manifest| match &manifest?.document {
            Document::Image(manifest) => Ok((manifest.config.clone(), manifest.config_size)),
            Document::Index(_) => Err(mistaken("a manifest", "an index")),
        });
        let configs = source.configs(manifests.collect(), self.budget).await?;
        for (entry, config) in images.into_iter().zip(configs) {
            match config {
                Ok(config) => {
                    self.seen.images = true;
                    match config.ok().and_then(|config| config.platform) {
                        Some(platform) => self.find(&platform, entry, facts),
                        None => self.note(Oddity::NoPlatform(entry.digest()?)),
                    }
                }
                // An artifact beside the images, which names no platform because it is for all of them or for none.
                Err(Error { kind: ErrorKind::NotAnImage(NotAnImage::Artifact(name)), .. }) => self.seen.other(&name),
                Err(_) if self.is_done() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Seen {
    fn other(&mut self, name: &str) {
        self.build_cache |= name == BUILD_CACHE;
        note(&mut self.others, name);
    }

    /// What an index is in which no image was found.
    fn nothing(self, index: &Index) -> NotAnImage {
        match self {
            _ if index.entries.is_empty() => NotAnImage::EmptyIndex,
            Self { build_cache: true, .. } => NotAnImage::BuildCache,
            Self { images: true, .. } => NotAnImage::NoPlatform,
            Self { schema1: true, .. } => NotAnImage::Schema1,
            Self { unreadable, .. } if !unreadable.is_empty() => {
                NotAnImage::Unreadable(unreadable.into_iter().collect())
            }
            Self { others, .. } if !others.is_empty() => NotAnImage::NoImages(others.into_iter().collect()),
            Self { attestations: true, .. } => NotAnImage::Attestations,
            Self { .. } => NotAnImage::NoPlatform,
        }
    }
}

fn note(told: &mut BTreeSet<String>, text: &str) {
    if told.len() < TOLD {
        told.insert(text.to_owned());
    }
}

fn mistaken(said: &str, found: &str) -> Error {
    ErrorKind::Malformed { reason: format!("the index has {said} there, and it is {found}") }.into()
}
