//! What an image says about itself: when it was made, its version, its revision, its source, what it was built on.
//!
//! Each fact comes from the first of these that has it: the index's annotations; then, platform by platform in the
//! order of the lock, the manifest's annotations, the configuration's labels and, for the time, the configuration
//! itself. All of it is a function of the content that the lock pins.

use std::collections::BTreeMap;

use imagelock_core::{Base, Created, Platform};
use serde::Deserialize;

use crate::error::{Error, ErrorKind, NotAnImage, quoted};

/// The longest fact that is taken. A longer one is no version and no address, and would swell the lock.
const FACT_BYTES: usize = 1024;

const CREATED: &str = "org.opencontainers.image.created";
const VERSION: &str = "org.opencontainers.image.version";
const REVISION: &str = "org.opencontainers.image.revision";
const SOURCE: &str = "org.opencontainers.image.source";
const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

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
    pub(crate) fn of_annotations(annotations: Option<&BTreeMap<String, String>>) -> Self {
        Self::of(|key| annotations?.get(key).map(String::as_str))
    }

    fn of<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |key| get(key).filter(|text| !text.is_empty() && text.len() <= FACT_BYTES).map(str::to_owned);
        Self {
            // A time that cannot be read says nothing; the next place may say something.
            created: get(CREATED).and_then(|text| text.parse().ok()),
            version: text(VERSION),
            revision: text(REVISION),
            source: text(SOURCE),
            base: Base { digest: get(BASE_DIGEST).and_then(|text| text.parse().ok()), name: text(BASE_NAME) },
        }
    }

    /// Fills what is missing.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            created: self.created.or(other.created),
            version: self.version.or(other.version),
            revision: self.revision.or(other.revision),
            source: self.source.or(other.source),
            // A name and a digest belong together: those of two places would be two images.
            base: if self.base.is_empty() { other.base } else { self.base },
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.created.is_some() && self.version.is_some() && self.revision.is_some() && self.source.is_some()
    }
}

/// What of an image's configuration matters here. `oci-distribution`'s type has no variant, and refuses a whole
/// configuration for a time that is not one.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
    created: Option<serde_json::Value>,
    config: Option<Container>,
}

#[derive(Deserialize)]
struct Container {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, serde_json::Value>>,
}

/// What an image's configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// The platform; nothing where the configuration names none.
    pub(crate) platform: Option<Platform>,
    /// Whether the variant is written down.
    has_variant: bool,
    pub(crate) facts: Facts,
}

impl Config {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let written: Written = serde_json::from_slice(bytes).map_err(|error| ErrorKind::Malformed {
            reason: format!("not an image's configuration: {}", quoted(&error.to_string())),
        })?;
        let labels = written.config.and_then(|container| container.labels).unwrap_or_default();
        let mut facts = Facts::of(|key| labels.get(key)?.as_str());
        if facts.created.is_none() {
            facts.created = written.created.and_then(|value| value.as_str()?.parse().ok());
        }
        let variant = written.variant.as_deref().filter(|variant| !variant.is_empty());
        let platform = Platform::new(&written.os, &written.architecture, variant).ok();
        Ok(Self { platform, has_variant: variant.is_some(), facts })
    }

    /// Returns the platform, which an image without an index has to say itself.
    pub(crate) fn own_platform(&self) -> Result<Platform, Error> {
        self.platform.clone().ok_or_else(|| ErrorKind::NotAnImage(NotAnImage::NoPlatform).into())
    }

    /// Checks that the configuration is for the platform that an index says. Many builders leave the variant out.
    pub(crate) fn expect(&self, expected: &Platform) -> Result<(), Error> {
        let Some(got) = &self.platform else { return Ok(()) };
        let same_machine = got.os() == expected.os() && got.architecture() == expected.architecture();
        if got == expected || same_machine && !self.has_variant {
            return Ok(());
        }
        Err(ErrorKind::WrongPlatform { expected: expected.clone(), got: got.clone() }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn labels_come_before_the_configurations_own_time() {
        let text = r#"{"os":"linux","architecture":"arm64","variant":"v8","created":"2026-01-02T03:04:05.6Z",
            "config":{"Labels":{"org.opencontainers.image.created":"2026-11-12T08:31:02Z",
            "org.opencontainers.image.version":"16.9","org.opencontainers.image.source":7}}}"#;
        let config = config(text);
        assert_eq!(config.platform, Some("linux/arm64".parse().unwrap()));
        assert_eq!(config.facts.created, Some("2026-11-12T08:31:02Z".parse().unwrap()));
        assert_eq!(config.facts.version.as_deref(), Some("16.9"));
        assert_eq!(config.facts.source, None);
    }

    #[test]
    fn a_time_that_is_none_gives_way_to_the_next() {
        let text = r#"{"os":"linux","architecture":"amd64","created":"2026-01-02T03:04:05Z",
            "config":{"Labels":{"org.opencontainers.image.created":"today"}}}"#;
        assert_eq!(config(text).facts.created, Some("2026-01-02T03:04:05Z".parse().unwrap()));
        assert_eq!(config(r#"{"created":"","config":null}"#).facts, Facts::default());
        assert_eq!(config(r#"{"created":5,"config":{"Labels":null}}"#).facts, Facts::default());
    }

    #[test]
    fn empty_and_endless_facts_are_none() {
        let annotations = |value: &str| {
            let map = [(VERSION.to_owned(), value.to_owned())].into_iter().collect();
            Facts::of_annotations(Some(&map)).version
        };
        assert_eq!(annotations(""), None);
        assert_eq!(annotations(&"9".repeat(FACT_BYTES + 1)), None);
        assert_eq!(annotations("9").as_deref(), Some("9"));
    }

    #[test]
    fn a_configuration_without_a_variant_fits_every_variant() {
        let arm = config(r#"{"os":"linux","architecture":"arm"}"#);
        let v6 = config(r#"{"os":"linux","architecture":"arm","variant":"v6"}"#);
        let platform = |text: &str| text.parse::<Platform>().unwrap();
        assert!(arm.expect(&platform("linux/arm/v6")).is_ok());
        assert!(v6.expect(&platform("linux/arm/v6")).is_ok());
        assert!(v6.expect(&platform("linux/arm/v7")).is_err());
        assert!(arm.expect(&platform("linux/arm64")).is_err());
        assert!(config("{}").expect(&platform("linux/arm64")).is_ok());
    }
}
