//! What registries hold: indexes and manifests, configurations, and statements about them, as the OCI image-spec and in-toto
//! write them.
//!
//! Everything in them was written by strangers. Documents are read as Docker and containerd read them ([`json`]); what has no
//! part in what runs, such as an annotation that is no text, says nothing and refuses nothing.
//!
//! - [`Document`]: an index or a manifest, and the [`Descriptor`]s in it.
//! - [`Configuration`]: what of an image runs, and on which layers.
//! - [`Statement`]: what somebody says about an image (in-toto).

mod configuration;
pub mod json;
pub mod logins;
mod platform;
mod statement;

use std::collections::BTreeMap;

use serde::de::MapAccess;
use serde_json::Value;

pub use configuration::{CONFIGURATION, Configuration, RUN};
pub use platform::WrittenPlatform;
pub use statement::{Envelope, Statement, Subject};

use self::json::{Fields, Object};
use crate::digest::Digest;
use crate::lockfile::{INDEXES, MANIFESTS};
use crate::platform::Platform;

/// The media type of an index (OCI image-spec, `image-index.md`).
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The media type of a manifest (OCI image-spec, `manifest.md`).
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A document that cannot be read; what it says is cut and clean.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OciError(String);

impl OciError {
    /// An error with a reason, of which no more is kept than people read.
    pub fn new(reason: impl AsRef<str>) -> Self {
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        Self(reason.as_ref().chars().take(400).map(plain).collect())
    }
}

/// What an index or a manifest says about something that it refers to (OCI image-spec, `descriptor.md`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The type of the content; empty where none is said.
    pub media_type: String,
    /// What an artifact is, where that is said.
    pub artifact_type: Option<String>,
    /// The digest of the content.
    pub digest: Digest,
    /// The size of the content in bytes.
    pub size: u64,
    /// The platform that it is for, where it names one.
    pub platform: Option<Platform>,
    /// What else is said about it: hostile text wherever it is printed.
    pub annotations: BTreeMap<String, String>,
}

/// An index, a manifest, or an artifact that has the shape of one (OCI image-spec, `image-index.md` and `manifest.md`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Its own media type, where it says one.
    pub media_type: Option<String>,
    /// What an artifact is, where that is said.
    pub artifact_type: Option<String>,
    /// The configuration of a manifest.
    pub config: Option<Descriptor>,
    /// The layers of a manifest, the lowest first.
    pub layers: Vec<Descriptor>,
    /// The entries of an index.
    pub manifests: Vec<Descriptor>,
    /// What an artifact is about.
    pub subject: Option<Digest>,
    /// What else it says: hostile text wherever it is printed.
    pub annotations: BTreeMap<String, String>,
}

impl Document {
    /// Reads a document. What it refers to needs a digest and a size.
    pub fn read(bytes: &[u8]) -> Result<Self, OciError> {
        let Object(written) = serde_json::from_str::<Object<WrittenDocument>>(&json::text(bytes))
            .map_err(|error| OciError::new(format!("not a manifest: {error}")))?;
        Ok(Self {
            media_type: named(written.media_type),
            artifact_type: named(written.artifact_type),
            config: written.config.map(|Object(config)| config.read()).transpose()?,
            layers: all(written.layers)?,
            manifests: all(written.manifests)?,
            subject: written.subject.and_then(|Object(subject)| subject.digest?.parse().ok()),
            annotations: texts(written.annotations),
        })
    }

    /// The indexes and manifests that it refers to.
    pub fn documents(&self) -> impl Iterator<Item = &Descriptor> {
        self.manifests.iter().filter(|entry| entry.is_document())
    }

    /// Everything else that it refers to: a configuration, layers, and whatever an index has beside manifests.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        let others = self.manifests.iter().filter(|entry| !entry.is_document());
        others.chain(&self.config).chain(&self.layers)
    }

    /// The platforms that an index names for what it refers to.
    pub fn platforms(&self) -> impl Iterator<Item = (&Digest, &Platform)> {
        self.manifests.iter().filter_map(|entry| Some((&entry.digest, entry.platform.as_ref()?)))
    }

    /// The manifest in which a builder says things about the manifest of a platform, which stands beside it in the index.
    pub fn attestation_of(&self, manifest: &Digest) -> Option<&Descriptor> {
        let about = |entry: &&Descriptor| {
            let said = |key| entry.annotations.get(key).map(String::as_str);
            said("vnd.docker.reference.type") == Some("attestation-manifest")
                && said("vnd.docker.reference.digest") == Some(manifest.as_str())
        };
        self.manifests.iter().find(about)
    }
}

impl Descriptor {
    fn is_document(&self) -> bool {
        let kind = self.media_type.as_str();
        // Schema 1 has no type of its own that is worth a name, and is a manifest all the same.
        INDEXES.contains(&kind) || MANIFESTS.contains(&kind) || kind.contains("distribution.manifest.v1+")
    }
}

#[derive(Default)]
struct WrittenDocument {
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Object<WrittenDescriptor>>,
    layers: Option<Vec<Option<Object<WrittenDescriptor>>>>,
    manifests: Option<Vec<Option<Object<WrittenDescriptor>>>>,
    subject: Option<Object<WrittenDescriptor>>,
    annotations: Value,
}

impl Fields for WrittenDocument {
    const NAMES: &'static [&'static str] =
        &["mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations"];

    fn set<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "mediaType" => self.media_type = map.next_value()?,
            "artifactType" => self.artifact_type = map.next_value()?,
            "config" => self.config = map.next_value()?,
            "layers" => self.layers = map.next_value()?,
            "manifests" => self.manifests = map.next_value()?,
            "subject" => self.subject = map.next_value()?,
            _ => self.annotations = map.next_value()?,
        }
        Ok(())
    }
}

/// The keys of a descriptor that any reader here asks for. All know the same ones: a key that stands twice is refused by each.
pub const DESCRIPTOR: &[&str] = &["mediaType", "artifactType", "digest", "size", "platform", "annotations"];

#[derive(Default)]
struct WrittenDescriptor {
    media_type: Option<String>,
    artifact_type: Option<String>,
    digest: Option<String>,
    size: Option<i64>,
    platform: Option<Object<WrittenPlatform>>,
    annotations: Value,
}

impl Fields for WrittenDescriptor {
    const NAMES: &'static [&'static str] = DESCRIPTOR;

    fn set<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "mediaType" => self.media_type = map.next_value()?,
            "artifactType" => self.artifact_type = map.next_value()?,
            "digest" => self.digest = map.next_value()?,
            "size" => self.size = map.next_value()?,
            "platform" => self.platform = map.next_value()?,
            _ => self.annotations = map.next_value()?,
        }
        Ok(())
    }
}

impl WrittenDescriptor {
    fn read(self) -> Result<Descriptor, OciError> {
        let written = self.digest.unwrap_or_default();
        let shown = if written.is_empty() { "nothing".to_owned() } else { format!("`{written}`") };
        let digest: Digest = written
            .parse()
            .map_err(|error| OciError::new(format!("the document holds {shown} as a digest: {error}")))?;
        let size = self.size.and_then(|size| u64::try_from(size).ok());
        let unsized_ = || OciError::new(format!("the document says no size of {digest}, which it refers to"));
        Ok(Descriptor {
            media_type: self.media_type.unwrap_or_default(),
            artifact_type: named(self.artifact_type),
            size: size.ok_or_else(unsized_)?,
            platform: self.platform.and_then(|Object(platform)| platform.platform()),
            annotations: texts(self.annotations),
            digest,
        })
    }
}

/// An empty name is none, as for Go.
pub fn named(name: Option<String>) -> Option<String> {
    name.filter(|name| !name.is_empty())
}

/// Go reads an entry that is `null` as one that says nothing.
fn all(written: Option<Vec<Option<Object<WrittenDescriptor>>>>) -> Result<Vec<Descriptor>, OciError> {
    written.into_iter().flatten().flatten().map(|Object(descriptor)| descriptor.read()).collect()
}

/// The texts of an object; what is none says nothing.
fn texts(value: Value) -> BTreeMap<String, String> {
    let Value::Object(object) = value else { return BTreeMap::new() };
    let text = |(key, value)| match value {
        Value::String(text) => Some((key, text)),
        _ => None,
    };
    object.into_iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Document, String> {
        let digest = format!("sha256:{}", "0".repeat(64));
        Document::read(text.replace("HEX", &digest).replace("OCI", MANIFEST).as_bytes())
            .map_err(|error| error.to_string())
    }

    fn counts(text: &str) -> Result<(usize, usize), String> {
        read(text).map(|document| (document.documents().count(), document.blobs().count()))
    }

    #[test]
    fn everything_that_a_document_refers_to_is_found_as_go_finds_it() {
        let one = r#"{"digest":"HEX","size":1}"#;
        assert_eq!(counts(&format!(r#"{{"config":{one},"layers":[{one},{one}]}}"#)), Ok((0, 3)));
        assert_eq!(counts(&format!(r#"{{"Config":{one},"LAYERS":[{one},null]}}"#)), Ok((0, 2)));
        assert_eq!(counts(&format!(r#"{{"config":{one},"layers":null}}"#)), Ok((0, 1)));
        assert_eq!(counts(&format!(r#"{{"config":{one}}}"#)), Ok((0, 1)));
        let typed = r#"{"mediaType":"OCI","digest":"HEX","size":1,"platform":{}}"#;
        assert_eq!(counts(&format!(r#"{{"manifests":[{typed},{one},{typed}]}}"#)), Ok((2, 1)));
        assert_eq!(counts(&format!(r#"{{"manifests":[null,{typed}]}}"#)), Ok((1, 0)));
        assert_eq!(counts(r#"{"manifests":null}"#), Ok((0, 0)));
    }

    #[test]
    fn what_cannot_be_copied_is_told() {
        let error = counts(r#"{"config":{"digest":"HEX"}}"#).unwrap_err();
        assert!(error.contains("says no size of sha256:000"), "{error}");
        assert!(counts(r#"{"config":{"size":1}}"#).unwrap_err().contains("holds nothing as a digest"));
        assert!(counts(r#"{"config":{},"Config":{}}"#).unwrap_err().contains("`config` stands twice"));
        let long = format!(r#"{{"config":{{"digest":"\u001b[31m{}"}}}}"#, "x".repeat(10_000));
        let error = counts(&long).unwrap_err();
        assert!(error.chars().count() <= 400 && !error.contains('\u{1b}'), "{error}");
    }

    #[test]
    fn annotations_are_texts_and_whatever_else_stands_there_says_nothing() {
        for odd in ["null", "7", "\"x\"", "[{}]"] {
            let document =
                read(&format!(r#"{{"annotations":{odd},"config":{{"digest":"HEX","size":1,"annotations":{odd}}}}}"#));
            assert_eq!(document.unwrap().annotations, BTreeMap::new(), "{odd}");
        }
        let document = read(r#"{"annotations":{"a":"b","c":7,"d":null}}"#).unwrap();
        assert_eq!(document.annotations, BTreeMap::from([("a".to_owned(), "b".to_owned())]));
    }

    #[test]
    fn the_platforms_of_an_index_are_read_in_any_case_and_halves_of_one_are_none() {
        let entry = |platform: &str| format!(r#"{{"mediaType":"OCI","digest":"HEX","size":1,"platform":{platform}}}"#);
        let platform = |platform: &str| {
            let document = read(&format!(r#"{{"manifests":[{}]}}"#, entry(platform))).unwrap();
            document.platforms().map(|(_, platform)| platform.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(platform(r#"{"os":"Linux","architecture":"ARM64","variant":"V8"}"#), ["linux/arm64"]);
        assert_eq!(platform(r#"{"os":"linux","architecture":"amd64","variant":""}"#), ["linux/amd64"]);
        for none in [r#"{"os":"linux"}"#, r#"{"architecture":"amd64"}"#, "{}", "null"] {
            assert!(platform(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn what_a_builder_says_of_a_manifest_is_found_by_its_digest() {
        let entry = |kind: &str, about: &str| {
            format!(
                r#"{{"mediaType":"OCI","digest":"HEX","size":1,"platform":{{"os":"unknown","architecture":"unknown"}},
                "annotations":{{"vnd.docker.reference.type":"{kind}","vnd.docker.reference.digest":"{about}"}}}}"#
            )
        };
        let about = Digest::sha256(b"platform");
        let index = |kind: &str| read(&format!(r#"{{"manifests":[{}]}}"#, entry(kind, about.as_str()))).unwrap();
        assert!(index("attestation-manifest").attestation_of(&about).is_some());
        assert!(index("attestation-manifest").attestation_of(&Digest::sha256(b"other")).is_none());
        assert!(index("something").attestation_of(&about).is_none());
    }
}
