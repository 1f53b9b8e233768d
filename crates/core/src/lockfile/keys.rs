//! The keys of a lock's objects: those that it does not know are left alone, and those that look like one that it knows are
//! refused.
//!
//! Some readers of JSON, Go's `encoding/json` among them, take `Digest` for `digest`. A key that a person or another reader
//! could take for one that is known would give one lock two meanings.

use std::fmt::Formatter;

use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserializer, de};

use crate::text::quoted;

/// Every key of the format, wherever it stands.
pub(super) const KEYS: [&str; 30] = [
    "base",
    "bundle",
    "config",
    "created",
    "dialect",
    "digest",
    "exclude",
    "extends",
    "identity",
    "images",
    "issuer",
    "key",
    "layout",
    "mediaType",
    "name",
    "path",
    "platforms",
    "prerelease",
    "registry",
    "repository",
    "request",
    "revision",
    "scheme",
    "select",
    "signatures",
    "size",
    "source",
    "tag",
    "tags",
    "version",
];

/// Says why a key can be none, of this or any later lock of this version.
fn check(key: &str) -> Result<(), String> {
    if KEYS.contains(&key) {
        return Ok(());
    }
    if let Some(known) = KEYS.iter().find(|known| known.eq_ignore_ascii_case(key)) {
        return Err(format!(
            "the key `{key}` differs from `{known}` in nothing but case, which not every reader tells apart"
        ));
    }
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(format!("{} is not a key: keys are letters of ASCII, as in `mediaType`", quoted(key)));
    }
    Ok(())
}

/// The entries of an object whose keys are checked.
pub(super) struct Checked<A>(pub(super) A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Checked<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(Key(seed))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

struct Key<K>(K);

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<K> {
    type Value = K::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for Key<K> {
    type Value = K::Value;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<K::Value, E> {
        check(key).map_err(E::custom)?;
        self.0.deserialize(key.into_deserializer())
    }
}
