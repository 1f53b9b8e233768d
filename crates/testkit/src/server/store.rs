//! What a registry holds: repositories, each with its own manifests, blobs and tags.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde_json::Value;

use super::request::{Asked, Route};
use crate::content::{Descriptor, Image, sha256};

/// A manifest or an index, as it was pushed.
#[derive(Clone, Debug)]
pub(crate) struct StoredManifest {
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

#[derive(Debug, Default)]
pub(crate) struct Repository {
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) manifests: BTreeMap<String, StoredManifest>,
    pub(crate) blobs: BTreeMap<String, Bytes>,
    /// By the subject's digest.
    pub(crate) referrers: BTreeMap<String, Vec<Descriptor>>,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) repositories: BTreeMap<String, Repository>,
    pub(crate) uploads: BTreeMap<String, Vec<u8>>,
    pub(crate) next_upload: u64,
    pub(crate) page_size: Option<usize>,
}

impl Store {
    pub(crate) fn push(&mut self, repository: &str, tag: &str, image: &Image) {
        let built = image.built();
        let target = self.repositories.entry(repository.to_owned()).or_default();
        for (digest, bytes) in &built.blobs {
            target.blobs.insert(digest.clone(), bytes.clone());
        }
        for manifest in &built.manifests {
            let stored = StoredManifest { media_type: manifest.media_type.clone(), bytes: manifest.bytes.clone() };
            target.add(manifest.digest.clone(), stored);
        }
        if !tag.is_empty() {
            target.tags.insert(tag.to_owned(), built.root.digest.clone());
        }
    }

    pub(crate) fn put_manifest(&mut self, repository: &str, tag: &str, media_type: &str, bytes: Bytes) -> String {
        let target = self.repositories.entry(repository.to_owned()).or_default();
        let digest = sha256(&bytes);
        target.add(digest.clone(), StoredManifest { media_type: media_type.to_owned(), bytes });
        if !tag.is_empty() {
            target.tags.insert(tag.to_owned(), digest.clone());
        }
        digest
    }

    pub(crate) fn put_blob(&mut self, repository: &str, bytes: Bytes) -> String {
        let digest = sha256(&bytes);
        self.repositories.entry(repository.to_owned()).or_default().blobs.insert(digest.clone(), bytes);
        digest
    }

    /// Returns which page of a list of tags a request is for, where the first is 1.
    pub(crate) fn page_of(&self, asked: &Asked) -> Option<usize> {
        let Route::Tags { repository } = &asked.route else {
            return None;
        };
        let Some(last) = asked.field("last") else {
            return Some(1);
        };
        let size = self.page_size(asked)?.max(1);
        let before = self.repositories.get(repository)?.tags.range(..=last).count();
        Some(before.div_ceil(size) + 1)
    }

    /// Returns how many entries of a list a request gets at most.
    pub(crate) fn page_size(&self, asked: &Asked) -> Option<usize> {
        let wanted = asked.field("n").and_then(|number| number.parse().ok());
        match (wanted, self.page_size) {
            (Some(wanted), Some(most)) => Some(most.min(wanted)),
            (wanted, most) => wanted.or(most),
        }
    }
}

impl Repository {
    pub(crate) fn add(&mut self, digest: String, manifest: StoredManifest) {
        if let Some((subject, descriptor)) = referrer(&manifest) {
            let list = self.referrers.entry(subject).or_default();
            list.retain(|known| known.digest != descriptor.digest);
            list.push(descriptor);
        }
        self.manifests.insert(digest, manifest);
    }

    pub(crate) fn remove(&mut self, digest: &str) -> bool {
        self.tags.retain(|_, target| target != digest);
        for list in self.referrers.values_mut() {
            list.retain(|known| known.digest != digest);
        }
        self.manifests.remove(digest).is_some()
    }

    /// Resolves a tag or a digest to the digest of a manifest that is there.
    pub(crate) fn resolve(&self, reference: &str) -> Option<(&str, &StoredManifest)> {
        let digest = if reference.contains(':') { reference } else { self.tags.get(reference)? };
        self.manifests.get_key_value(digest).map(|(digest, manifest)| (digest.as_str(), manifest))
    }

    /// Returns what a manifest refers to and the repository lacks.
    pub(crate) fn missing(&self, manifest: &[u8]) -> Option<String> {
        let document: Value = serde_json::from_slice(manifest).ok()?;
        let digests = |entries: &Value| -> BTreeSet<String> {
            let entries = entries.as_array().into_iter().flatten();
            entries.filter_map(|entry| entry["digest"].as_str().map(str::to_owned)).collect()
        };
        let mut blobs = digests(&document["layers"]);
        blobs.extend(document["config"]["digest"].as_str().map(str::to_owned));
        let blob = blobs.into_iter().find(|digest| !self.blobs.contains_key(digest));
        blob.or_else(|| digests(&document["manifests"]).into_iter().find(|digest| !self.manifests.contains_key(digest)))
    }
}

fn referrer(manifest: &StoredManifest) -> Option<(String, Descriptor)> {
    let document: Value = serde_json::from_slice(&manifest.bytes).ok()?;
    let subject = document["subject"]["digest"].as_str()?.to_owned();
    let mut descriptor = Descriptor::of(&manifest.media_type, &manifest.bytes);
    let kind = document["artifactType"].as_str().or_else(|| document["config"]["mediaType"].as_str());
    descriptor.artifact_type = kind.map(str::to_owned);
    for (key, value) in document["annotations"].as_object().into_iter().flatten() {
        descriptor.annotations.insert(key.clone(), value.as_str().unwrap_or_default().to_owned());
    }
    Some((subject, descriptor))
}
