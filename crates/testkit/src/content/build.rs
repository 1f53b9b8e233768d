//! From a recipe to bytes.
//!
//! Every document is a struct, not a `serde_json::Value`: the order of a value's keys depends on a feature that any
//! crate of the build may turn on, and digests must not.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::Serialize;

use super::image::{Family, Recipe, Shape, Statement};
use super::{Descriptor, Layer, PlatformEntry, media_type, sha256};

/// The bytes of an image and how they hang together.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) root: Descriptor,
    /// Children come before what refers to them, which is the order in which a registry takes them.
    pub(crate) manifests: Vec<BuiltManifest>,
    pub(crate) blobs: BTreeMap<String, Bytes>,
    pub(crate) platforms: BTreeMap<String, PlatformContent>,
}

/// An index or a manifest.
#[derive(Clone, Debug)]
pub(crate) struct BuiltManifest {
    pub(crate) digest: String,
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

/// What one platform's manifest refers to.
#[derive(Debug)]
pub(crate) struct PlatformContent {
    pub(crate) manifest: Descriptor,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexDocument<'a> {
    schema_version: u8,
    media_type: &'a str,
    manifests: &'a [Descriptor],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ManifestDocument<'a> {
    schema_version: u8,
    media_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
    config: &'a Descriptor,
    layers: &'a [Descriptor],
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a Descriptor>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct ConfigDocument<'a> {
    architecture: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<&'a str>,
    config: RunDocument<'a>,
    history: Vec<HistoryDocument<'a>>,
    os: &'a str,
    rootfs: RootDocument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RunDocument<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    entrypoint: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    env: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
}

#[derive(Serialize)]
struct HistoryDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<&'a str>,
    created_by: String,
}

#[derive(Serialize)]
struct RootDocument<'a> {
    r#type: &'a str,
    diff_ids: Vec<&'a str>,
}

pub(super) fn build(recipe: &Recipe) -> Built {
    let mut builder = Builder { recipe, manifests: Vec::new(), blobs: BTreeMap::new(), platforms: BTreeMap::new() };
    let root = builder.root();
    let Builder { manifests, blobs, platforms, .. } = builder;
    Built { root, manifests, blobs, platforms }
}

struct Builder<'a> {
    recipe: &'a Recipe,
    manifests: Vec<BuiltManifest>,
    blobs: BTreeMap<String, Bytes>,
    platforms: BTreeMap<String, PlatformContent>,
}

impl Builder<'_> {
    fn root(&mut self) -> Descriptor {
        let mut platforms = self.recipe.platforms.clone();
        if platforms.is_empty() {
            platforms.push("linux/amd64".to_owned());
        }
        let mut entries: Vec<Descriptor> = platforms.iter().map(|platform| self.platform(platform)).collect();
        let several = self.recipe.shape != Shape::Fitting || entries.len() > 1;
        if self.recipe.shape == Shape::Schema1 {
            return self.schema1();
        }
        if self.recipe.attestations {
            let statements: Vec<_> = entries.iter().map(|entry| self.attestation(entry)).collect();
            entries.extend(statements);
        }
        match entries.pop() {
            Some(only) if !several => Descriptor { platform: None, annotations: BTreeMap::new(), ..only },
            last => {
                entries.extend(last);
                let index = self.index(&entries);
                if self.recipe.shape == Shape::NestedIndex { self.index(&[index]) } else { index }
            }
        }
    }

    fn platform(&mut self, platform: &str) -> Descriptor {
        let layers = self.layers(platform);
        let descriptors: Vec<Descriptor> = layers.iter().map(|layer| self.layer(layer)).collect();
        let config = match &self.recipe.artifact_type {
            Some(_) => self.blob(media_type::OCI_EMPTY, b"{}".to_vec()),
            None => self.config(platform, &layers),
        };
        let manifest = self.manifest(&config, &descriptors, self.recipe.artifact_type.as_deref());
        let annotations = self.recipe.entry_annotations.clone();
        let entry = Descriptor { platform: Some(PlatformEntry::parse(platform)), annotations, ..manifest.clone() };
        let content = PlatformContent { manifest, config, layers: descriptors };
        self.platforms.insert(platform.to_owned(), content);
        entry
    }

    fn layers(&self, platform: &str) -> Vec<Layer> {
        let meant = |on: &Option<String>| on.as_deref().is_none_or(|on| on == platform);
        let layers: Vec<Layer> =
            self.recipe.layers.iter().filter(|(on, _)| meant(on)).map(|(_, layer)| layer.clone()).collect();
        if layers.is_empty() {
            let text = format!("{}\n{platform}\n", self.recipe.seed);
            return vec![Layer::files([("etc/image", text)])];
        }
        layers
    }

    fn layer(&mut self, layer: &Layer) -> Descriptor {
        let family = match self.recipe.family {
            Family::Oci => media_type::OCI_LAYER,
            Family::Docker => media_type::DOCKER_LAYER,
        };
        let descriptor = self.blob(layer.media_type.as_deref().unwrap_or(family), layer.bytes.clone());
        Descriptor { annotations: layer.annotations.clone(), ..descriptor }
    }

    fn config(&mut self, platform: &str, layers: &[Layer]) -> Descriptor {
        let entry = PlatformEntry::parse(platform);
        let created = self.recipe.created.as_deref();
        let history = (0..layers.len())
            .map(|number| HistoryDocument {
                created,
                created_by: format!("testkit {} layer {number}", self.recipe.seed),
            })
            .collect();
        let document = ConfigDocument {
            architecture: &entry.architecture,
            created,
            config: RunDocument {
                entrypoint: &self.recipe.entrypoint,
                env: &self.recipe.environment,
                labels: &self.recipe.labels,
                user: self.recipe.user.as_deref(),
            },
            history,
            os: &entry.os,
            rootfs: RootDocument {
                r#type: "layers",
                diff_ids: layers.iter().map(|layer| layer.diff_id.as_str()).collect(),
            },
            variant: entry.variant.as_deref(),
        };
        let config_type = match self.recipe.family {
            Family::Oci => media_type::OCI_CONFIG,
            Family::Docker => media_type::DOCKER_CONFIG,
        };
        let bytes = encode(&document);
        self.blob(config_type, bytes)
    }

    fn manifest(&mut self, config: &Descriptor, layers: &[Descriptor], artifact_type: Option<&str>) -> Descriptor {
        let none = BTreeMap::new();
        let (kind, annotations) = match self.recipe.family {
            Family::Oci => (media_type::OCI_MANIFEST, &self.recipe.manifest_annotations),
            Family::Docker => (media_type::DOCKER_MANIFEST, &none),
        };
        let bytes = encode(&ManifestDocument {
            schema_version: 2,
            media_type: kind,
            artifact_type,
            config,
            layers,
            subject: self.recipe.subject.as_ref(),
            annotations,
        });
        self.document(kind, bytes)
    }

    fn index(&mut self, entries: &[Descriptor]) -> Descriptor {
        let none = BTreeMap::new();
        let (kind, annotations) = match self.recipe.family {
            Family::Oci => (media_type::OCI_INDEX, &self.recipe.index_annotations),
            Family::Docker => (media_type::DOCKER_LIST, &none),
        };
        let bytes = encode(&IndexDocument { schema_version: 2, media_type: kind, manifests: entries, annotations });
        self.document(kind, bytes)
    }

    /// Makes what `BuildKit` adds for provenance: an entry for no platform, which says whose it is by annotation.
    fn attestation(&mut self, about: &Descriptor) -> Descriptor {
        let mut layers = self.statements(about);
        if layers.is_empty() {
            let statement =
                format!("{{\"_type\":\"https://in-toto.io/Statement/v0.1\",\"subject\":\"{}\"}}", about.digest);
            layers.push(self.blob("application/vnd.in-toto+json", statement.into_bytes()));
        }
        let config = self.config("unknown/unknown", &[]);
        let manifest = self.manifest(&config, &layers, None);
        let annotations = BTreeMap::from([
            ("vnd.docker.reference.digest".to_owned(), about.digest.clone()),
            ("vnd.docker.reference.type".to_owned(), "attestation-manifest".to_owned()),
        ]);
        Descriptor { platform: Some(PlatformEntry::parse("unknown/unknown")), annotations, ..manifest }
    }

    fn statements(&mut self, about: &Descriptor) -> Vec<Descriptor> {
        let hex = about.digest.trim_start_matches("sha256:");
        let layer = |statement: &Statement| match statement {
            Statement::Layer(layer) => layer.clone(),
            Statement::Predicate(kind, predicate) => {
                let text = format!(
                    "{{\"_type\":\"https://in-toto.io/Statement/v0.1\",\"predicateType\":\"{kind}\",\"subject\":[{{\"name\":\
                     \"pkg:docker/testkit\",\"digest\":{{\"sha256\":\"{hex}\"}}}}],\"predicate\":{predicate}}}"
                );
                Layer::bytes("application/vnd.in-toto+json", text).annotation("in-toto.io/predicate-type", kind)
            }
        };
        let layers: Vec<Layer> = self.recipe.statements.iter().map(layer).collect();
        layers.iter().map(|layer| self.layer(layer)).collect()
    }

    fn schema1(&mut self) -> Descriptor {
        let layers: BTreeSet<&str> =
            self.platforms.values().flat_map(|content| &content.layers).map(|layer| layer.digest.as_str()).collect();
        let layers: Vec<String> = layers.iter().map(|digest| format!("{{\"blobSum\":\"{digest}\"}}")).collect();
        let text = format!(
            "{{\"schemaVersion\":1,\"name\":\"testkit\",\"tag\":\"{}\",\"architecture\":\"amd64\",\"fsLayers\":[{}],\
             \"history\":[{{\"v1Compatibility\":\"{{}}\"}}],\"signatures\":[]}}",
            sha256(self.recipe.seed.as_bytes()).trim_start_matches("sha256:"),
            layers.join(",")
        );
        self.manifests.clear();
        self.document(media_type::DOCKER_SCHEMA1, text.into_bytes())
    }

    fn document(&mut self, kind: &str, bytes: Vec<u8>) -> Descriptor {
        let descriptor = Descriptor::of(kind, &bytes);
        let bytes = bytes.into();
        self.manifests.push(BuiltManifest { digest: descriptor.digest.clone(), media_type: kind.to_owned(), bytes });
        descriptor
    }

    fn blob(&mut self, kind: &str, bytes: impl Into<Bytes>) -> Descriptor {
        let bytes = bytes.into();
        let descriptor = Descriptor::of(kind, &bytes);
        self.blobs.insert(descriptor.digest.clone(), bytes);
        descriptor
    }
}

/// Encodes a document. Maps with text as keys always encode, so there is no error to report.
fn encode(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).unwrap_or_default()
}
