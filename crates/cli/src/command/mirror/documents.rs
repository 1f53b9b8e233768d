//! How indexes and manifests come into the target: behind their blobs, each behind what it names, the image's tag at the end.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use imagelock_core::oci::{Descriptor, INDEX};
use imagelock_core::{Digest, Repository, Tag};
use imagelock_registry::{Client, Holding};
use serde_json::{Value, json};

use super::blobs::How;
use super::{Carried, Trip};
use crate::bundle::{Bundle, Copied, Part, Reason};

/// Writes the documents of an image whose blobs are there, and reads each of them back.
pub(super) async fn write(
    target: &Client,
    trip: &Trip<'_>,
    bundle: &Bundle,
    carried: &Carried<'_>,
) -> Result<(), Reason> {
    let mut is_new = false;
    for digest in bundle.blobs.keys() {
        match carried.get(&(&trip.to, digest)) {
            Some(Ok(how)) => is_new |= *how == How::Sent,
            Some(Err(reason)) => return Err(reason.clone()),
            None => return Err(Reason::registry(format!("{digest} was not copied"))),
        }
    }
    let (image, beside): (Vec<_>, Vec<_>) = bundle.documents.iter().partition(|copied| copied.part == Part::Image);
    for copied in beside {
        is_new = put(target, &trip.to, copied, is_new).await?;
    }
    list(target, &trip.to, bundle).await?;
    for copied in image {
        put(target, &trip.to, copied, is_new).await?;
    }
    Ok(())
}

/// Writes a document unless it is there. Where anything that it may name is new, it is not looked for first.
async fn put(target: &Client, to: &Repository, copied: &Copied, is_new: bool) -> Result<bool, Reason> {
    let Copied { digest, media_type, bytes, tag, .. } = copied;
    if !is_new && target.shows_manifest(to, tag.as_ref(), digest).await? == Holding::Shown {
        return Ok(false);
    }
    target.put_document(to, tag.as_ref(), digest, media_type, bytes).await?;
    if target.shows_manifest(to, tag.as_ref(), digest).await? == Holding::Shown {
        return Ok(true);
    }
    Err(Reason::registry(format!("{} took {to}@{digest}, and shows something else in its place", to.host())))
}

/// Sees to it that the target lists what is about something. Registries without such lists have them under tags, which are for
/// their clients to keep (OCI distribution-spec, "Pushing Manifests with Subject").
async fn list(target: &Client, to: &Repository, bundle: &Bundle) -> Result<(), Reason> {
    let mut by_subject: BTreeMap<&Digest, Vec<&Copied>> = BTreeMap::new();
    for copied in bundle.documents.iter().filter(|copied| copied.part == Part::Beside) {
        if let Some(subject) = &copied.document.subject {
            by_subject.entry(subject).or_default().push(copied);
        }
    }
    for (subject, about) in by_subject {
        let known: BTreeSet<Digest> =
            target.referrers(to, subject).await?.into_iter().map(|entry| entry.digest).collect();
        let lacking: Vec<&Copied> = about.into_iter().filter(|copied| !known.contains(&copied.digest)).collect();
        if lacking.is_empty() {
            continue;
        }
        let text = format!("{}-{}", subject.algorithm().name(), subject.hex());
        let tag: Option<Tag> = text.get(..text.len().min(128)).and_then(|text| text.parse().ok());
        let tag = tag.ok_or_else(|| Reason::registry(format!("no tag can list what is about {subject}")))?;
        let before = target.tagged(to, tag.clone()).await?.map(|(_, index)| index.manifests).unwrap_or_default();
        let entries: Vec<Value> = before.iter().map(kept).chain(lacking.into_iter().map(listed)).collect();
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
        let bytes = Bytes::from(index.to_string());
        target.put_document(to, Some(&tag), &Digest::sha256(&bytes), INDEX, &bytes).await?;
    }
    Ok(())
}

/// What a list of referrers says of a document.
pub(crate) fn listed(copied: &Copied) -> Value {
    let Copied { digest, media_type, bytes, document, .. } = copied;
    let mut entry = json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() });
    let kind = document.artifact_type.as_ref().or(document.config.as_ref().map(|config| &config.media_type));
    if let Some(kind) = kind.filter(|kind| !kind.is_empty()) {
        entry["artifactType"] = json!(kind);
    }
    if !document.annotations.is_empty() {
        entry["annotations"] = json!(document.annotations);
    }
    entry
}

/// What a list said of a document.
fn kept(descriptor: &Descriptor) -> Value {
    let Descriptor { media_type, artifact_type, digest, size, annotations, .. } = descriptor;
    let mut entry = json!({ "mediaType": media_type, "digest": digest, "size": size });
    if let Some(kind) = artifact_type {
        entry["artifactType"] = json!(kind);
    }
    if !annotations.is_empty() {
        entry["annotations"] = json!(annotations);
    }
    entry
}
