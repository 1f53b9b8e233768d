//! What registries and token services write: headers, tokens, lists, documents.

use imagelock_registry::testing;

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

/// Indexes and manifests: what is read is an image of a known type, and another program's copy of it is the same.
pub(crate) fn document(data: &[u8]) {
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
    if testing::is_config(data) {
        assert!(copied(data).is_none_or(|copy| testing::is_config(&copy)));
    }
}

/// What a program writes that has read a document.
fn copied(document: &[u8]) -> Option<Vec<u8>> {
    let document: serde_json::Value = serde_json::from_slice(document).ok()?;
    serde_json::to_vec(&document).ok()
}
