//! What an image says about itself: when it was made, its version, its revision, its source, what it was built on.
//!
//! Each fact comes from the first place that says it: the index's descriptor of the platform, the index, the manifest,
//! the configuration's labels and, for the time, the configuration itself; of several platforms, the first in the order
//! of the lock. All of it is a function of the content that the lock pins. None of it has a part in the pin: what cannot
//! be read says nothing.

use std::collections::BTreeMap;
use std::fmt::Formatter;

use imagelock_core::oci::logins;
use imagelock_core::{Base, Created};
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The longest fact that is taken. A longer one is no version and no address, and would swell the lock.
const FACT_BYTES: usize = 1024;

const CREATED: &str = "org.opencontainers.image.created";
const VERSION: &str = "org.opencontainers.image.version";
const REVISION: &str = "org.opencontainers.image.revision";
const SOURCE: &str = "org.opencontainers.image.source";
const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";
/// The annotation that names an image in a layout.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The annotation by which builders mark attestations.
const ATTESTATION: &str = "vnd.docker.reference.type";

const KNOWN: [&str; 8] = [CREATED, VERSION, REVISION, SOURCE, BASE_NAME, BASE_DIGEST, REF_NAME, ATTESTATION];

/// The facts of an image, or of a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) created: Option<Created>,
    pub(crate) version: Option<String>,
    pub(crate) revision: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) base: Base,
}

impl Facts {
    /// Fills what is missing.
    #[must_use]
    pub(crate) fn or(self, other: &Self) -> Self {
        Self {
            created: self.created.or_else(|| other.created.clone()),
            version: self.version.or_else(|| other.version.clone()),
            revision: self.revision.or_else(|| other.revision.clone()),
            source: self.source.or_else(|| other.source.clone()),
            // A name and a digest belong together: those of two places would be two images.
            base: if self.base.is_empty() { other.base.clone() } else { self.base },
        }
    }

    /// Whether nothing is left that is worth reading a configuration for. Images that are built on nothing say no base,
    /// and those that say one say it beside the rest: so it does not count.
    pub(crate) fn is_complete(&self) -> bool {
        self.created.is_some() && self.version.is_some() && self.revision.is_some() && self.source.is_some()
    }
}

/// What annotations or labels say, of what is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    pub(crate) facts: Facts,
    /// The name of an image in a layout.
    pub(crate) ref_name: Option<String>,
    /// Whether this marks an attestation.
    pub(crate) is_attestation: bool,
}

impl Notes {
    fn of(said: &BTreeMap<&str, Option<String>>) -> Self {
        let get = |key| said.get(key)?.as_deref().filter(|text| !text.is_empty() && text.len() <= FACT_BYTES);
        let text = |key| get(key).and_then(logins::without);
        let facts = Facts {
            // A time that cannot be read says nothing; the next place may say something.
            created: get(CREATED).and_then(|text| text.parse().ok()),
            version: text(VERSION),
            revision: text(REVISION),
            source: text(SOURCE),
            base: Base { digest: get(BASE_DIGEST).and_then(|text| text.parse().ok()), name: text(BASE_NAME) },
        };
        Self { facts, ref_name: get(REF_NAME).map(str::to_owned), is_attestation: said.contains_key(ATTESTATION) }
    }
}

/// A value of a publisher's, which should be text or an object of texts and may be anything.
#[derive(Default)]
pub(super) enum Value {
    Text(String),
    Object(Box<Notes>),
    #[default]
    Other,
}

impl Value {
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object(_) | Self::Other => None,
        }
    }

    pub(super) fn notes(self) -> Notes {
        match self {
            Self::Object(notes) => *notes,
            Self::Text(_) | Self::Other => Notes::default(),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        while entries.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut said = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            match KNOWN.iter().find(|known| **known == key) {
                // Of two values of one key the last counts, as for Go: they have no part in the pin.
                Some(known) => drop(said.insert(*known, map.next_value::<Value>()?.text())),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Value::Object(Box::new(Notes::of(&said))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(text: &str) -> Notes {
        serde_json::from_str::<Value>(text).unwrap().notes()
    }

    fn version(value: &str) -> Option<String> {
        notes(&format!("{{\"{VERSION}\":{value}}}")).facts.version
    }

    #[test]
    fn empty_and_endless_facts_are_none() {
        assert_eq!(version(r#""9""#).as_deref(), Some("9"));
        assert_eq!(version(r#""""#), None);
        assert_eq!(version(&format!("\"{}\"", "9".repeat(FACT_BYTES))).map(|text| text.len()), Some(FACT_BYTES));
        assert_eq!(version(&format!("\"{}\"", "9".repeat(FACT_BYTES + 1))), None);
    }

    #[test]
    fn a_login_in_an_address_is_no_fact() {
        let notes = notes(&format!(
            r#"{{"{SOURCE}":"https://anna:hunter2@git.example/a","{BASE_NAME}":"anna:hunter2@reg.example/b:1",
            "{REVISION}":"https://anna:hunter/2@git.example","{REF_NAME}":"a:b@c"}}"#
        ));
        assert_eq!(notes.facts.source.as_deref(), Some("https://git.example/a"));
        assert_eq!(notes.facts.base.name.as_deref(), Some("reg.example/b:1"));
        assert_eq!((notes.facts.revision, notes.ref_name.as_deref()), (None, Some("a:b@c")));
    }

    #[test]
    fn what_is_no_text_says_nothing_and_disturbs_nothing() {
        for odd in ["null", "7", "-7", "1.5", "true", "[[1]]", r#"{"a":{"b":[]}}"#] {
            let notes = notes(&format!(r#"{{"{VERSION}":{odd},"{SOURCE}":"s","x":{odd}}}"#));
            assert_eq!((notes.facts.version, notes.facts.source.as_deref()), (None, Some("s")), "{odd}");
        }
        for odd in ["null", "7", "true", "\"text\"", "[{}]"] {
            assert_eq!(notes(odd), Notes::default(), "{odd}");
        }
    }

    #[test]
    fn of_one_key_that_is_there_twice_the_last_counts() {
        assert_eq!(version(&format!("\"1\",\"{VERSION}\":\"2\"")).as_deref(), Some("2"));
    }

    #[test]
    fn an_attestation_is_one_whatever_its_kind() {
        assert!(notes(r#"{"vnd.docker.reference.type":"attestation-manifest"}"#).is_attestation);
        assert!(notes(r#"{"vnd.docker.reference.type":7}"#).is_attestation);
        assert!(!notes(r#"{"vnd.docker.reference.digest":"x"}"#).is_attestation);
    }

    #[test]
    fn facts_are_complete_without_a_base_and_with_nothing_less() {
        let whole = Facts {
            created: Some("2026-01-02T03:04:05Z".parse().unwrap()),
            version: Some(String::new()),
            revision: Some(String::new()),
            source: Some(String::new()),
            base: Base::default(),
        };
        assert!(whole.is_complete());
        assert!(!Facts { created: None, ..whole.clone() }.is_complete());
        assert!(!Facts { version: None, ..whole.clone() }.is_complete());
        assert!(!Facts { revision: None, ..whole.clone() }.is_complete());
        assert!(!Facts { source: None, ..whole }.is_complete());
    }
}
