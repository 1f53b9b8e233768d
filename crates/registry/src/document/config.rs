//! An image's configuration (OCI image-spec, `config.md`), of which the platform and the facts matter here.

use imagelock_core::Platform;
use imagelock_core::oci::json::{Fields, Object, text};
use imagelock_core::oci::{CONFIGURATION, RUN};
use serde::de::{IgnoredAny, MapAccess};

use super::facts::{Facts, Value};
use crate::error::{ErrorKind, quoted};

#[derive(Default)]
struct WrittenConfig {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    created: Value,
    config: Option<Object<Container>>,
}

impl Fields for WrittenConfig {
    // What is run, and on which layers, is not read here: but two readers shall not read two of it.
    const NAMES: &'static [&'static str] = CONFIGURATION;

    fn set<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "os" => self.os = map.next_value()?,
            "architecture" => self.architecture = map.next_value()?,
            "variant" => self.variant = map.next_value()?,
            "created" => self.created = map.next_value()?,
            "config" => self.config = map.next_value()?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

#[derive(Default)]
struct Container {
    labels: Value,
}

impl Fields for Container {
    const NAMES: &'static [&'static str] = RUN;

    fn set<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "Labels" => self.labels = map.next_value()?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
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
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, ErrorKind> {
        let Object(written) = serde_json::from_str::<Object<WrittenConfig>>(&text(bytes)).map_err(|error| {
            let reason = format!("not an image's configuration: {}", quoted(&error.to_string()));
            ErrorKind::Malformed { reason }
        })?;
        let labels = written.config.map(|Object(container)| container.labels.notes()).unwrap_or_default();
        let mut facts = labels.facts;
        if facts.created.is_none() {
            facts.created = written.created.text().and_then(|text| text.parse().ok());
        }
        let variant = written.variant.as_deref().filter(|variant| !variant.is_empty());
        let os = written.os.unwrap_or_default();
        let platform = Platform::new(&os, &written.architecture.unwrap_or_default(), variant).ok();
        Ok(Self { platform, has_variant: variant.is_some(), facts })
    }

    /// Returns the platform if it is another machine than the one that an index says. Many builders leave the variant
    /// out.
    pub(crate) fn contradicts(&self, said: &Platform) -> Option<&Platform> {
        let own = self.platform.as_ref()?;
        let same_machine = own.os() == said.os() && own.architecture() == said.architecture();
        (own != said && (self.has_variant || !same_machine)).then_some(own)
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
        for text in ["", r#""created":"","config":null"#, r#""created":5,"config":{"Labels":null}"#] {
            assert_eq!(config(&format!("{{{text}}}")).facts, Facts::default());
        }
    }

    #[test]
    fn odd_values_without_a_part_in_the_pin_are_passed_over() {
        let amd64 = Some("linux/amd64".parse().unwrap());
        for odd in [r#""config":{"Labels":[]}"#, r#""config":{"labels":"x"}"#, r#""created":{}"#, r#""variant":null"#] {
            assert_eq!(config(&format!(r#"{{{odd},"os":"linux","architecture":"amd64"}}"#)).platform, amd64, "{odd}");
        }
        assert_eq!(config(r#"{"os":null,"architecture":"amd64"}"#).platform, None);
        let latin1 =
            b"{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Labels\":{\"a\":\"caf\xe9\",\"b\":\"\\ud800\",
            \"org.opencontainers.image.version\":\"\\ud8001\"}}}";
        let config = Config::read(latin1).unwrap();
        assert_eq!((config.platform, config.facts.version.as_deref()), (amd64, Some("\u{fffd}1")));
    }

    #[test]
    fn what_two_readers_would_run_in_two_ways_is_refused() {
        for two in [
            r#""os":"linux","OS":"windows""#,
            r#""config":{},"Config":{"User":"root"}"#,
            r#""rootfs":{},"rootfs":{}"#,
            r#""config":{"Cmd":["a"],"cmd":["b"]}"#,
        ] {
            let error = Config::read(format!("{{{two}}}").as_bytes()).unwrap_err().to_string();
            assert!(error.contains("stands twice in one object"), "{error}");
        }
        assert!(Config::read(br#"{"config":{},"container_config":{},"os.version":"1","x":1,"x":2}"#).is_ok());
    }

    #[test]
    fn a_configuration_without_a_variant_fits_every_variant() {
        let arm = config(r#"{"os":"linux","architecture":"arm"}"#);
        let v6 = config(r#"{"os":"linux","architecture":"arm","variant":"v6"}"#);
        let platform = |text: &str| text.parse::<Platform>().unwrap();
        assert_eq!(arm.contradicts(&platform("linux/arm/v6")), None);
        assert_eq!(v6.contradicts(&platform("linux/arm/v6")), None);
        assert_eq!(v6.contradicts(&platform("linux/arm/v7")), Some(&platform("linux/arm/v6")));
        assert_eq!(arm.contradicts(&platform("linux/arm64")), Some(&platform("linux/arm/v7")));
        assert_eq!(arm.contradicts(&platform("windows/arm")), Some(&platform("linux/arm/v7")));
        assert_eq!(config("{}").contradicts(&platform("linux/arm64")), None);
    }
}
