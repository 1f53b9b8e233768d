//! What a client reads: manifests, blobs, tags, referrers, repositories.

use serde_json::json;

use super::answer::Answer;
use super::request::Asked;
use super::store::Store;
use crate::content::media_type;

pub(super) fn manifest(store: &Store, asked: &Asked, repository: &str, reference: &str, strict: bool) -> Answer {
    let Some(known) = store.repositories.get(repository) else {
        return unknown_name(repository);
    };
    let Some((digest, manifest)) = known.resolve(reference) else {
        return Answer::error(404, "MANIFEST_UNKNOWN", "manifest unknown");
    };
    if strict && manifest.media_type.starts_with("application/vnd.oci.") && !asked.accepts(&manifest.media_type) {
        let message = "OCI content found, but the accept header does not name its type";
        return Answer::error(404, "MANIFEST_UNKNOWN", message);
    }
    let mut answer = Answer::new(200)
        .with("content-type", &manifest.media_type)
        .with("docker-content-digest", digest)
        .with("etag", &format!("\"{digest}\""));
    answer.body = manifest.bytes.clone();
    answer
}

pub(super) fn blob(store: &Store, asked: &Asked, repository: &str, digest: &str) -> Answer {
    let Some(known) = store.repositories.get(repository) else {
        return unknown_name(repository);
    };
    let Some(bytes) = known.blobs.get(digest) else {
        return Answer::error(404, "BLOB_UNKNOWN", "blob unknown to registry");
    };
    let mut answer = Answer::new(200)
        .with("content-type", "application/octet-stream")
        .with("accept-ranges", "bytes")
        .with("docker-content-digest", digest);
    answer.body = bytes.clone();
    let Some(range) = asked.range.as_deref().and_then(|text| text.strip_prefix("bytes=")) else {
        return answer;
    };
    let total = bytes.len();
    let Some((from, to)) = bounds(range, total) else {
        return Answer::error(416, "RANGE_INVALID", "invalid range").with("content-range", &format!("bytes */{total}"));
    };
    answer.status = 206;
    answer.body = bytes.slice(from..=to);
    answer.with("content-range", &format!("bytes {from}-{to}/{total}"))
}

/// Reads `from-to`, `from-` or `-last` and returns the first and the last byte.
fn bounds(range: &str, total: usize) -> Option<(usize, usize)> {
    let (from, to) = range.split_once('-')?;
    let end = total.checked_sub(1)?;
    let (from, to) = match (from, to) {
        ("", last) => (total.saturating_sub(last.parse().ok()?), end),
        (from, "") => (from.parse().ok()?, end),
        (from, to) => (from.parse().ok()?, end.min(to.parse().ok()?)),
    };
    (from <= to).then_some((from, to))
}

pub(super) fn tags(store: &Store, asked: &Asked, repository: &str) -> Answer {
    let Some(known) = store.repositories.get(repository) else {
        return unknown_name(repository);
    };
    let (names, more) = page(store, asked, known.tags.keys());
    let answer = Answer::json(200, &json!({ "name": repository, "tags": names }));
    linked(answer, asked, more)
}

pub(super) fn catalog(store: &Store, asked: &Asked) -> Answer {
    let (names, more) = page(store, asked, store.repositories.keys());
    linked(Answer::json(200, &json!({ "repositories": names })), asked, more)
}

/// Returns the names of a page and, when more follow, the query of the next.
fn page<'a>(
    store: &Store,
    asked: &Asked,
    names: impl Iterator<Item = &'a String>,
) -> (Vec<&'a String>, Option<String>) {
    let last = asked.field("last");
    let mut rest = names.skip_while(|name| last.as_ref().is_some_and(|last| *name <= last));
    let Some(size) = store.page_size(asked) else {
        return (rest.collect(), None);
    };
    let names: Vec<_> = rest.by_ref().take(size).collect();
    let more = rest.next().and(names.last()).map(|last| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("last", last).append_pair("n", &size.to_string()).finish()
    });
    (names, more)
}

fn linked(answer: Answer, asked: &Asked, more: Option<String>) -> Answer {
    match more {
        Some(query) => answer.with("link", &format!("<{}?{query}>; rel=\"next\"", asked.path)),
        None => answer,
    }
}

pub(super) fn referrers(store: &Store, asked: &Asked, repository: &str, digest: &str) -> Answer {
    let Some(known) = store.repositories.get(repository) else {
        return unknown_name(repository);
    };
    let kind = asked.field("artifactType");
    let wanted = |found: &Option<String>| kind.is_none() || *found == kind;
    let list = known.referrers.get(digest).into_iter().flatten();
    let entries: Vec<_> = list.filter(|descriptor| wanted(&descriptor.artifact_type)).collect();
    let document = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries });
    let mut answer = Answer::json(200, &document);
    answer.set("content-type", Some(media_type::OCI_INDEX));
    if kind.is_some() { answer.with("oci-filters-applied", "artifactType") } else { answer }
}

pub(super) fn unknown_name(repository: &str) -> Answer {
    Answer::error(404, "NAME_UNKNOWN", &format!("repository name `{repository}` not known to registry"))
}
