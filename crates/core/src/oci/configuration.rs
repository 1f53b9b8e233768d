//! An image's configuration (OCI image-spec, `config.md`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::{IgnoredAny, MapAccess};
use serde_json::Value;

use super::json::{self, Fields, Object};
use super::logins;
use super::{OciError, named, texts};
use crate::created::Created;
use crate::digest::Digest;
use crate::platform::Platform;

/// What of an image runs, and on which layers. Its texts are hostile wherever they are printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    /// The platform; nothing where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// When it was made, as it says itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Created>,
    /// Who the program runs as; nothing is root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// Its arguments, or what runs where there is no entry point.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The environment, by name. A text without `=` has no value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, Option<String>>,
    /// The ports that it listens at, as in `8080/tcp`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub ports: BTreeSet<String>,
    /// Where it keeps what lasts.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub volumes: BTreeSet<String>,
    /// Where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
    /// What is said about it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The signal that stops it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// The layers by the digests of their uncompressed bytes, the lowest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diff_ids: Vec<Digest>,
}

impl Configuration {
    /// Reads a configuration. What is no text where one belongs says nothing; what two readers would read in two ways is an
    /// error.
    pub fn read(bytes: &[u8]) -> Result<Self, OciError> {
        let Object(written) = serde_json::from_str::<Object<WrittenConfiguration>>(&json::text(bytes))
            .map_err(|error| OciError::new(format!("not an image's configuration: {error}")))?;
        let Object(run) = written.config.unwrap_or_default();
        let variant = written.variant.as_deref().filter(|variant| !variant.is_empty());
        let parts = (written.os.unwrap_or_default(), written.architecture.unwrap_or_default());
        let layers = written.rootfs.map(|Object(layers)| list(layers.diff_ids)).unwrap_or_default();
        let layers: Result<Vec<Digest>, _> = layers.iter().map(|layer| layer.parse()).collect();
        Ok(Self {
            platform: Platform::new(&parts.0, &parts.1, variant).ok(),
            created: text(written.created).and_then(|text| text.parse().ok()),
            user: text(run.user),
            entrypoint: list(run.entrypoint),
            command: list(run.command),
            environment: list(run.environment).into_iter().map(variable).collect(),
            ports: keys(run.ports),
            volumes: keys(run.volumes),
            working_directory: text(run.working_directory),
            labels: texts(run.labels),
            stop_signal: text(run.stop_signal),
            diff_ids: layers.map_err(|error| OciError::new(format!("a layer of the configuration: {error}")))?,
        })
    }

    /// The same without what its environment and its labels hold of logins, to be shown to more people than may read the image.
    #[must_use]
    pub fn without_logins(mut self) -> Self {
        for value in self.environment.values_mut().flatten().chain(self.labels.values_mut()) {
            *value = logins::without(value).unwrap_or_default();
        }
        self
    }
}

/// The keys of a configuration that any reader here asks for. All know the same ones: a key that stands twice is refused by each.
pub const CONFIGURATION: &[&str] = &["os", "architecture", "variant", "created", "config", "rootfs"];
/// Likewise, of what a configuration says of running it.
pub const RUN: &[&str] =
    &["Labels", "Entrypoint", "Cmd", "Env", "User", "WorkingDir", "Volumes", "ExposedPorts", "StopSignal"];

#[derive(Default)]
struct WrittenConfiguration {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    created: Value,
    config: Option<Object<Run>>,
    rootfs: Option<Object<Layers>>,
}

impl Fields for WrittenConfiguration {
    const NAMES: &'static [&'static str] = CONFIGURATION;

    fn set<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "os" => self.os = map.next_value()?,
            "architecture" => self.architecture = map.next_value()?,
            "variant" => self.variant = map.next_value()?,
            "created" => self.created = map.next_value()?,
            "config" => self.config = map.next_value()?,
            _ => self.rootfs = map.next_value()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Layers {
    diff_ids: Value,
}

impl Fields for Layers {
    const NAMES: &'static [&'static str] = &["diff_ids", "type"];

    fn set<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "diff_ids" => self.diff_ids = map.next_value()?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

#[derive(Default)]
struct Run {
    user: Value,
    entrypoint: Value,
    command: Value,
    environment: Value,
    ports: Value,
    volumes: Value,
    working_directory: Value,
    labels: Value,
    stop_signal: Value,
}

impl Fields for Run {
    const NAMES: &'static [&'static str] = RUN;

    fn set<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error> {
        let field = match name {
            "Labels" => &mut self.labels,
            "Entrypoint" => &mut self.entrypoint,
            "Cmd" => &mut self.command,
            "Env" => &mut self.environment,
            "User" => &mut self.user,
            "WorkingDir" => &mut self.working_directory,
            "Volumes" => &mut self.volumes,
            "ExposedPorts" => &mut self.ports,
            _ => &mut self.stop_signal,
        };
        *field = map.next_value()?;
        Ok(())
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => named(Some(text)),
        _ => None,
    }
}

/// Docker takes a text for a list of one.
fn list(value: Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.into_iter().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
        other => text(other).into_iter().collect(),
    }
}

fn keys(value: Value) -> BTreeSet<String> {
    match value {
        Value::Object(object) => object.into_iter().map(|(key, _)| key).collect(),
        _ => BTreeSet::new(),
    }
}

fn variable(text: String) -> (String, Option<String>) {
    match text.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Configuration {
        Configuration::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_runs_is_read_and_what_docker_folds_is_found() {
        let layer = Digest::sha256(b"layer");
        let read = read(&format!(
            r#"{{"OS":"linux","architecture":"arm64","created":"2026-01-02T03:04:05Z","config":{{"user":"nonroot",
            "Entrypoint":["/a"],"Cmd":"b","Env":["PATH=/bin","A=b=c","X"],"ExposedPorts":{{"80/tcp":{{}}}},
            "Volumes":{{"/data":{{}}}},"WorkingDir":"/w","Labels":{{"a":"b","c":1}},"StopSignal":"SIGTERM"}},
            "rootfs":{{"type":"layers","diff_ids":["{layer}"]}}}}"#
        ));
        assert_eq!(read.platform, Some("linux/arm64".parse().unwrap()));
        assert_eq!(
            (read.user.as_deref(), read.entrypoint, read.command),
            (Some("nonroot"), vec!["/a".to_owned()], vec!["b".to_owned()])
        );
        assert_eq!(read.environment["A"].as_deref(), Some("b=c"));
        assert_eq!((read.environment["X"].as_deref(), read.environment.len()), (None, 3));
        assert_eq!((read.ports.first().unwrap().as_str(), read.volumes.first().unwrap().as_str()), ("80/tcp", "/data"));
        assert_eq!((read.labels.len(), read.stop_signal.as_deref()), (1, Some("SIGTERM")));
        assert_eq!((read.diff_ids, read.working_directory.as_deref()), (vec![layer], Some("/w")));
    }

    #[test]
    fn logins_are_taken_out_of_what_is_shown() {
        let read = read(
            r#"{"config":{"Env":["URL=postgres://a:b@db/x","A=1"],"Labels":{"source":"https://a:b@git.example/x"}}}"#,
        );
        let shown = read.without_logins();
        assert_eq!(shown.environment["URL"].as_deref(), Some("postgres://db/x"));
        assert_eq!(
            (shown.environment["A"].as_deref(), shown.labels["source"].as_str()),
            (Some("1"), "https://git.example/x")
        );
    }

    #[test]
    fn odd_values_say_nothing_and_two_of_one_are_refused() {
        for odd in [r#""config":null"#, r#""config":{"User":7,"Env":{},"Labels":[],"Volumes":[1]}"#, r#""rootfs":null"#]
        {
            assert_eq!(read(&format!("{{{odd}}}")), Configuration::default(), "{odd}");
        }
        for two in [r#""config":{"User":"a","user":"root"}"#, r#""rootfs":{"diff_ids":[],"DIFF_IDS":[]}"#] {
            let error = Configuration::read(format!("{{{two}}}").as_bytes()).unwrap_err().to_string();
            assert!(error.contains("stands twice in one object"), "{error}");
        }
        let error = Configuration::read(br#"{"rootfs":{"diff_ids":["x"]}}"#).unwrap_err().to_string();
        assert!(error.starts_with("a layer of the configuration"), "{error}");
        assert!(Configuration::read(&b"[".repeat(10_000)).is_err());
    }
}
