//! Which of an index's entries are the platforms of a lock.

use std::collections::{BTreeMap, BTreeSet};

use imagelock_core::{Digest, Platform};
use oci_distribution::manifest::{ImageIndexEntry, OciImageIndex};

use crate::document;
use crate::error::{ErrorKind, NotAnImage};

/// The annotation by which builders mark attestations.
const ATTESTATION: &str = "vnd.docker.reference.type";

/// An entry of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

/// Returns the entries of an index for the platforms that are requested, or for all. Of several entries for one
/// platform, as Windows images have for each version of the system, the first counts.
pub(crate) fn select(
    index: &OciImageIndex,
    requested: Option<&BTreeSet<Platform>>,
) -> Result<BTreeMap<Platform, Child>, ErrorKind> {
    let mut all: BTreeMap<Platform, Child> = BTreeMap::new();
    for entry in &index.manifests {
        if is_attestation(entry) {
            continue;
        }
        if document::is_index(&entry.media_type) {
            return Err(ErrorKind::NotAnImage(NotAnImage::IndexOfIndexes));
        }
        if !document::is_manifest(&entry.media_type) {
            continue;
        }
        let Some(platform) = platform(entry) else { continue };
        let size = u64::try_from(entry.size).map_err(|_| ErrorKind::Malformed {
            reason: format!("the index gives {} bytes as the size of {platform}", entry.size),
        })?;
        let child = Child { digest: document::digest(&entry.digest)?, size };
        all.entry(platform).or_insert(child);
    }
    if all.is_empty() {
        return Err(ErrorKind::NotAnImage(NotAnImage::NoPlatform));
    }
    let Some(requested) = requested else { return Ok(all) };
    check(requested, all.keys())?;
    all.retain(|platform, _| requested.contains(platform));
    Ok(all)
}

/// Checks that an image has what is requested.
pub(crate) fn check<'a>(
    requested: &BTreeSet<Platform>,
    has: impl IntoIterator<Item = &'a Platform>,
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
    })
}

fn platform(entry: &ImageIndexEntry) -> Option<Platform> {
    let written = entry.platform.as_ref()?;
    Platform::new(&written.os.to_string(), &written.architecture.to_string(), written.variant.as_deref()).ok()
}

fn is_attestation(entry: &ImageIndexEntry) -> bool {
    let annotated = entry.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(ATTESTATION));
    let unknown = |platform: &oci_distribution::manifest::Platform| {
        platform.os.to_string() == "unknown" || platform.architecture.to_string() == "unknown"
    };
    annotated || entry.platform.as_ref().is_some_and(unknown)
}
