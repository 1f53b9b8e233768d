//! From a digest to a locked image: the index, the platforms that are asked for, and what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join_all;
use imagelock_core::{Created, Digest, LockedPlatform, Platform};

use super::platforms::{self, Child, Selection, serving};
use super::source::{Budget, Manifest, Source};
use crate::document::{self, Config, Document, Facts};
use crate::error::{Error, ErrorKind, NotAnImage, quoted};
use crate::event::Oddity;

/// What a digest and the platforms that are asked for determine of a lock.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) media_type: String,
    pub(crate) size: u64,
    pub(crate) platforms: BTreeMap<Platform, LockedPlatform>,
    pub(crate) facts: Facts,
    /// What has to be told about it, without a part in it.
    pub(crate) odd: Vec<Oddity>,
}

/// A platform's manifest.
pub(crate) struct Part<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) manifest: Arc<Manifest>,
}

impl Part<'_> {
    pub(crate) fn image(&self) -> Result<&document::Manifest, ErrorKind> {
        match &self.manifest.document {
            Document::Image(manifest) => Ok(manifest),
            Document::Index(_) => {
                Err(ErrorKind::Malformed { reason: format!("the index has another index for {}", self.platform) })
            }
        }
    }
}

/// Reads an image.
pub(crate) async fn read(
    source: &Source<'_>,
    digest: &Digest,
    requested: Option<&BTreeSet<Platform>>,
) -> Result<Image, Error> {
    let root = source.manifest(digest, None).await?;
    let mut budget = Budget::default();
    budget.spend(root.size)?;
    let (platforms, facts, odd) = match &root.document {
        Document::Image(manifest) => {
            let (platform, facts) = single(source, manifest).await?;
            if let Some(requested) = requested {
                platforms::check(requested, [&platform], BTreeSet::new())?;
            }
            (BTreeMap::from([(platform, locked(digest, &root, manifest))]), facts, Vec::new())
        }
        Document::Index(index) => {
            let Selection { children, mut odd } = platforms::select(source, index, requested, &mut budget).await?;
            let parts = parts(source, &children, &mut budget).await?;
            let mut platforms = BTreeMap::new();
            for (part, child) in parts.iter().zip(children.values()) {
                platforms.insert(part.platform.clone(), locked(&child.digest, &part.manifest, part.image()?));
            }
            let mut facts = children.values().fold(Facts::default(), |facts, child| facts.or(&child.facts));
            facts = facts.or(&index.facts);
            for part in &parts {
                facts = facts.or(&part.image()?.facts);
            }
            let whole = facts.is_complete();
            let asked = |manifest: &document::Manifest| !whole || manifest.doubt.is_some();
            for (part, config) in configs(source, &parts, asked, &mut budget).await? {
                let config = image_config(part.image()?, config).map_err(|kind| serving(kind.into(), part.platform))?;
                odd.extend(other_platform(part.platform, &config));
                facts = facts.or(&config.facts);
            }
            (platforms, facts, odd)
        }
    };
    Ok(Image { media_type: root.media_type.to_owned(), size: root.size, platforms, facts, odd })
}

/// Returns when an image says that it was built, from the first of its documents that says so: an index's descriptors cost
/// nothing more, its manifests and its configurations do. A platform that is asked for and not there is no matter here.
pub(crate) async fn created(
    source: &Source<'_>,
    digest: &Digest,
    requested: Option<&BTreeSet<Platform>>,
) -> Result<Option<Created>, Error> {
    let root = source.manifest(digest, None).await?;
    let mut budget = Budget::default();
    budget.spend(root.size)?;
    let index = match &root.document {
        Document::Image(manifest) if manifest.facts.created.is_some() => return Ok(manifest.facts.created.clone()),
        Document::Image(manifest) => return Ok(single(source, manifest).await?.1.created),
        Document::Index(index) => index,
    };
    let children = match platforms::select(source, index, requested, &mut budget).await {
        Err(Error { kind: ErrorKind::MissingPlatforms { .. }, .. }) => {
            platforms::select(source, index, None, &mut budget).await?.children
        }
        selected => selected?.children,
    };
    let described = children.values().find_map(|child| child.facts.created.clone());
    if let Some(created) = described.or_else(|| index.facts.created.clone()) {
        return Ok(Some(created));
    }
    let parts = parts(source, &children, &mut budget).await?;
    for part in &parts {
        if let Some(created) = &part.image()?.facts.created {
            return Ok(Some(created.clone()));
        }
    }
    let configs = configs(source, &parts, |_| true, &mut budget).await?;
    Ok(configs.into_iter().find_map(|(_, config)| config.ok()?.facts.created))
}

/// Returns what an image without an index says of itself: the platform has to be in its configuration.
pub(crate) async fn single(source: &Source<'_>, manifest: &document::Manifest) -> Result<(Platform, Facts), Error> {
    let config = source.config(&manifest.config, manifest.config_size).await?;
    let config = image_config(manifest, config)?;
    let platform = config.platform.ok_or(ErrorKind::NotAnImage(NotAnImage::NoPlatform))?;
    Ok((platform, manifest.facts.clone().or(&config.facts)))
}

/// Reads the manifests of an index's children, in their order; of several failures the first in that order counts.
pub(crate) async fn parts<'a>(
    source: &Source<'_>,
    children: &'a BTreeMap<Platform, Child>,
    budget: &mut Budget,
) -> Result<Vec<Part<'a>>, Error> {
    for child in children.values() {
        budget.spend(child.size)?;
    }
    let read = children.iter().map(async |(platform, child)| {
        let manifest = source.manifest(&child.digest, Some(child.size)).await;
        manifest.map(|manifest| Part { platform, manifest }).map_err(|error| serving(error, platform))
    });
    join_all(read).await.into_iter().collect()
}

/// Reads the configurations of those parts that are asked for theirs.
pub(crate) async fn configs<'p, 'a>(
    source: &Source<'_>,
    parts: &'p [Part<'a>],
    asked: impl Fn(&document::Manifest) -> bool,
    budget: &mut Budget,
) -> Result<Vec<(&'p Part<'a>, Result<Config, ErrorKind>)>, Error> {
    let mut wanted = Vec::new();
    let mut named = Vec::new();
    for part in parts {
        let manifest = part.image()?;
        if asked(manifest) {
            wanted.push(part);
            named.push(Ok((manifest.config.clone(), manifest.config_size)));
        }
    }
    let configs = source.configs(named, budget).await?;
    let read = wanted.into_iter().zip(configs).map(|(part, config)| match config {
        Ok(config) => Ok((part, config)),
        Err(error) => Err(serving(error, part.platform)),
    });
    read.collect()
}

/// What is odd about the configuration of an index's child. Runtimes warn of it and run the image: they do not refuse it,
/// and neither does a lock.
pub(crate) fn other_platform(said: &Platform, config: &Config) -> Option<Oddity> {
    let own = config.contradicts(said)?;
    Some(Oddity::OtherPlatform { said: said.clone(), own: own.clone() })
}

/// Returns a configuration that shows that its manifest is an image's, where the manifest does not.
fn image_config(manifest: &document::Manifest, config: Result<Config, ErrorKind>) -> Result<Config, ErrorKind> {
    match &manifest.doubt {
        Some(name) => config
            .ok()
            .filter(|config| config.platform.is_some())
            .ok_or_else(|| ErrorKind::NotAnImage(NotAnImage::Artifact(quoted(name)))),
        None => config,
    }
}

fn locked(digest: &Digest, manifest: &Manifest, image: &document::Manifest) -> LockedPlatform {
    LockedPlatform {
        config: image.config.clone(),
        digest: digest.clone(),
        media_type: manifest.media_type.to_owned(),
        size: manifest.size,
    }
}
