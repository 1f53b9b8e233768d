//! What a client writes: blobs in one piece or several, manifests, and what it deletes.

use bytes::Bytes;

use super::answer::Answer;
use super::request::Asked;
use super::store::{Store, StoredManifest};
use crate::content::sha256;

/// Begins an upload, or finishes it at once by a mount or a digest.
pub(super) fn begin(store: &mut Store, asked: &Asked, repository: &str, body: &Bytes) -> Answer {
    if let Some(digest) = asked.field("mount") {
        let source = asked.field("from").unwrap_or_default();
        let bytes = store.repositories.get(&source).and_then(|source| source.blobs.get(&digest)).cloned();
        if let Some(bytes) = bytes {
            return keep(store, repository, &digest, bytes);
        }
    }
    if let Some(digest) = asked.field("digest") {
        return finish(store, repository, &digest, body.clone());
    }
    store.next_upload += 1;
    let id = format!("upload-{}", store.next_upload);
    store.uploads.insert(id.clone(), Vec::new());
    progress(202, repository, &id, 0)
}

pub(super) fn upload(store: &mut Store, asked: &Asked, repository: &str, id: &str, body: &Bytes) -> Answer {
    let Some(so_far) = store.uploads.get_mut(id) else {
        return Answer::error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
    };
    match asked.method.as_str() {
        "GET" => progress(204, repository, id, so_far.len()),
        "PATCH" => {
            so_far.extend_from_slice(body);
            progress(202, repository, id, so_far.len())
        }
        "PUT" => {
            so_far.extend_from_slice(body);
            let bytes = std::mem::take(so_far).into();
            store.uploads.remove(id);
            let digest = asked.field("digest").unwrap_or_default();
            finish(store, repository, &digest, bytes)
        }
        "DELETE" => {
            store.uploads.remove(id);
            Answer::new(204)
        }
        _ => Answer::error(405, "UNSUPPORTED", "the operation is unsupported"),
    }
}

fn progress(status: u16, repository: &str, id: &str, length: usize) -> Answer {
    Answer::new(status)
        .with("location", &format!("/v2/{repository}/blobs/uploads/{id}"))
        .with("docker-upload-uuid", id)
        .with("range", &format!("0-{}", length.saturating_sub(1)))
}

fn finish(store: &mut Store, repository: &str, digest: &str, bytes: Bytes) -> Answer {
    if sha256(&bytes) == digest {
        return keep(store, repository, digest, bytes);
    }
    Answer::error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
}

fn keep(store: &mut Store, repository: &str, digest: &str, bytes: Bytes) -> Answer {
    let target = store.repositories.entry(repository.to_owned()).or_default();
    target.blobs.insert(digest.to_owned(), bytes);
    created(&format!("/v2/{repository}/blobs/{digest}"), digest)
}

fn created(location: &str, digest: &str) -> Answer {
    Answer::new(201).with("location", location).with("docker-content-digest", digest)
}

pub(super) fn manifest(store: &mut Store, asked: &Asked, repository: &str, reference: &str, body: &Bytes) -> Answer {
    let digest = sha256(body);
    let by_digest = reference.contains(':');
    if by_digest && reference != digest {
        return Answer::error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    }
    if !by_digest && !is_tag(reference) {
        return Answer::error(400, "TAG_INVALID", "manifest tag did not match URI");
    }
    let Some(media_type) = asked.content_type.clone() else {
        return Answer::error(400, "MANIFEST_INVALID", "a manifest needs a content type");
    };
    let target = store.repositories.entry(repository.to_owned()).or_default();
    if let Some(missing) = target.missing(body) {
        return Answer::error(404, "MANIFEST_BLOB_UNKNOWN", &format!("`{missing}` is unknown to registry"));
    }
    target.add(digest.clone(), StoredManifest { media_type, bytes: body.clone() });
    if !by_digest {
        target.tags.insert(reference.to_owned(), digest.clone());
    }
    let answer = created(&format!("/v2/{repository}/manifests/{digest}"), &digest);
    let document: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    match document["subject"]["digest"].as_str() {
        Some(subject) => answer.with("oci-subject", subject),
        None => answer,
    }
}

/// Whether a text has the form of a tag (distribution specification, "Pulling manifests").
fn is_tag(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(inner) && !text.starts_with(['.', '-'])
}

/// Deletes a tag, or a manifest with all its tags.
pub(super) fn delete(store: &mut Store, repository: &str, reference: &str) -> Answer {
    let target = store.repositories.get_mut(repository);
    let gone = target.is_some_and(|target| {
        if reference.contains(':') { target.remove(reference) } else { target.tags.remove(reference).is_some() }
    });
    if gone { Answer::new(202) } else { Answer::error(404, "MANIFEST_UNKNOWN", "manifest unknown") }
}
