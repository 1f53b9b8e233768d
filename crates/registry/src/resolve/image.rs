//! From a digest to a locked image: the index, the platforms that are asked for, and what they say.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use imagelock_core::{Digest, LockedPlatform, Platform};
use oci_distribution::manifest::OciImageManifest;

use super::facts::{Config, Facts};
use super::platforms::{self, Child};
use super::source::Source;
use crate::document::{self, Document};
use crate::error::{Error, ErrorKind};

/// What a digest and the platforms that are asked for determine of a lock.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) media_type: String,
    pub(crate) size: u64,
    pub(crate) platforms: BTreeMap<Platform, LockedPlatform>,
    pub(crate) facts: Facts,
}

/// Reads an image.
pub(crate) async fn read(
    source: &Source<'_>,
    digest: &Digest,
    requested: Option<&BTreeSet<Platform>>,
) -> Result<Image, Error> {
    let bytes = source.manifest(digest, None).await?;
    let size = bytes.len() as u64;
    let (document, media_type) = document::read(&bytes)?;
    let image = |platforms, facts| Image { media_type: media_type.to_owned(), size, platforms, facts };
    match document {
        Document::Image(manifest) => {
            let config = config(source, &manifest).await?;
            let platform = config.own_platform()?;
            if let Some(requested) = requested {
                platforms::check(requested, [&platform])?;
            }
            let locked = locked(digest, media_type, size, &manifest)?;
            let facts = Facts::of_annotations(manifest.annotations.as_ref()).or(config.facts);
            Ok(image(BTreeMap::from([(platform, locked)]), facts))
        }
        Document::Index(index) => {
            let mut facts = Facts::of_annotations(index.annotations.as_ref());
            let selected = platforms::select(&index, requested)?;
            let read = selected.iter().map(|(platform, entry)| child(source, platform, entry, &facts));
            let mut platforms = BTreeMap::new();
            // The order is the platforms', whichever is answered first.
            for (platform, (locked, said)) in selected.keys().zip(try_join_all(read).await?) {
                platforms.insert(platform.clone(), locked);
                facts = facts.or(said);
            }
            Ok(image(platforms, facts))
        }
    }
}

async fn child(
    source: &Source<'_>,
    platform: &Platform,
    entry: &Child,
    of_index: &Facts,
) -> Result<(LockedPlatform, Facts), Error> {
    let bytes = source.manifest(&entry.digest, Some(entry.size)).await?;
    let (document, media_type) = document::read(&bytes)?;
    let Document::Image(manifest) = document else {
        return Err(ErrorKind::Malformed { reason: format!("the index has another index for {platform}") }.into());
    };
    let locked = locked(&entry.digest, media_type, bytes.len() as u64, &manifest)?;
    let mut facts = Facts::of_annotations(manifest.annotations.as_ref());
    if !of_index.clone().or(facts.clone()).is_complete() {
        let config = config(source, &manifest).await?;
        config.expect(platform)?;
        facts = facts.or(config.facts);
    }
    Ok((locked, facts))
}

async fn config(source: &Source<'_>, manifest: &OciImageManifest) -> Result<Config, Error> {
    let size = u64::try_from(manifest.config.size).ok();
    let bytes = source.config(&document::digest(&manifest.config.digest)?, size).await?;
    Config::read(&bytes)
}

fn locked(
    digest: &Digest,
    media_type: &str,
    size: u64,
    manifest: &OciImageManifest,
) -> Result<LockedPlatform, ErrorKind> {
    let config = document::digest(&manifest.config.digest)?;
    Ok(LockedPlatform { config, digest: digest.clone(), media_type: media_type.to_owned(), size })
}
