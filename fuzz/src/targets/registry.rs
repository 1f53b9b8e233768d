//! What registries and token services write: headers, tokens, lists, documents.

use imagelock_registry::testing;
use url::Url;

use super::core::text;

/// `WWW-Authenticate`: what is read is read the same when it is written again.
pub(crate) fn challenge(data: &[u8]) {
    let challenges = testing::challenges(text(data));
    for (scheme, parameters) in &challenges {
        assert!(!scheme.is_empty() && *scheme == scheme.to_ascii_lowercase());
        assert!(parameters.iter().all(|(name, _)| !name.is_empty() && *name == name.to_ascii_lowercase()));
    }
    assert_eq!(testing::challenges(&testing::write_challenges(&challenges)), challenges);
}

/// `Link`: the target is a part of the header, and leads to another page of the same list and nowhere else.
pub(crate) fn link(data: &[u8]) {
    let header = text(data);
    let next = testing::next_link(header);
    if let Some(target) = next {
        assert!(header.contains(target));
        assert_eq!(testing::next_link(&format!("<{target}>; rel=\"next\"")), Some(target));
    }
    for list in ["https://a.example:8443/v2/docker/app/tags/list?n=1000", "http://127.0.0.1:5000/v2/app/tags/list"] {
        let Ok(list) = Url::parse(list) else { continue };
        for target in next.into_iter().chain([header]) {
            match testing::follow_link(&list, target) {
                Ok(mut page) => {
                    assert!(page.query().is_some_and(|query| !query.is_empty()), "{page} is no page");
                    page.set_query(list.query());
                    assert_eq!(page, list);
                }
                Err(reason) => assert!(!reason.is_empty()),
            }
        }
    }
}

/// Pages of lists of tags: never more than are allowed, and another program's copy of a page has the same.
pub(crate) fn tags(data: &[u8]) {
    for most in [3, 1000] {
        match testing::tags(data, most) {
            Ok((tags, invalid)) => {
                assert!(tags.len() <= most);
                let names: Vec<&str> = tags.iter().map(imagelock_core::Tag::as_str).collect();
                let alone = serde_json::json!({ "name": "app", "tags": names }).to_string();
                assert_eq!(testing::tags(alone.as_bytes(), most), Ok((tags.clone(), 0)));
                if let Some(copy) = copied(data) {
                    assert_eq!(testing::tags(&copy, most), Ok((tags, invalid)));
                }
            }
            Err(reason) => assert!(!reason.is_empty()),
        }
    }
}

/// Answers of token services: a token is a text that a header can carry, for a day at most.
pub(crate) fn token(data: &[u8]) {
    match testing::token(data) {
        Ok((token, lifetime)) => {
            assert!(!token.is_empty());
            assert!(lifetime.as_secs() <= 24 * 60 * 60, "{lifetime:?}");
        }
        Err(reason) => assert!(!reason.is_empty()),
    }
}

/// Whatever a reader says of a document stands on a terminal.
fn clean<T>(read: Result<T, imagelock_core::oci::OciError>) {
    let reason = read.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(!reason.chars().any(char::is_control), "{reason:?}");
}

/// Indexes and manifests: what is read is an image of a known type, and another program's copy of it is the same.
pub(crate) fn document(data: &[u8]) {
    clean(imagelock_core::oci::Document::read(data));
    match testing::media_type(data) {
        Ok(media_type) => {
            assert!(media_type.starts_with("application/vnd."));
            assert!(!testing::is_schema1(data), "it is read as {media_type} and as schema 1");
            // What is no Unicode is read as Go reads it, and by few other programs.
            assert!(copied(data).is_none_or(|copy| testing::media_type(&copy) == Ok(media_type)));
        }
        Err(reason) => {
            assert!(!reason.is_empty() && !reason.contains("``"), "{reason}");
            assert!(!reason.chars().any(char::is_control), "{reason:?}");
        }
    }
}

/// Configurations: another program's copy of one is one.
pub(crate) fn config(data: &[u8]) {
    clean(imagelock_core::oci::Configuration::read(data));
    if testing::is_config(data) {
        assert!(copied(data).is_none_or(|copy| testing::is_config(&copy)));
    }
}

/// What a program writes that has read a document.
fn copied(document: &[u8]) -> Option<Vec<u8>> {
    let document: serde_json::Value = serde_json::from_slice(document).ok()?;
    serde_json::to_vec(&document).ok()
}
