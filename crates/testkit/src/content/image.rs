//! The recipe of an image.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::build::{self, Built};
use super::{Descriptor, Layer};

/// An image made to measure.
///
/// One platform gives a single manifest, several give an index. Setters may be chained in any order; the bytes are made
/// when something first asks for them.
#[derive(Clone, Debug, Default)]
pub struct Image {
    recipe: Recipe,
    built: OnceLock<Arc<Built>>,
}

/// What the bytes of an image are a function of.
#[derive(Clone, Debug, Default)]
pub(super) struct Recipe {
    pub(super) seed: String,
    pub(super) platforms: Vec<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) environment: Vec<String>,
    pub(super) entrypoint: Vec<String>,
    pub(super) user: Option<String>,
    pub(super) index_annotations: BTreeMap<String, String>,
    pub(super) manifest_annotations: BTreeMap<String, String>,
    pub(super) entry_annotations: BTreeMap<String, String>,
    pub(super) created: Option<String>,
    pub(super) layers: Vec<(Option<String>, Layer)>,
    pub(super) family: Family,
    pub(super) shape: Shape,
    pub(super) attestations: bool,
    pub(super) statements: Vec<Statement>,
    pub(super) artifact_type: Option<String>,
    pub(super) subject: Option<Descriptor>,
}

/// What a builder says about every platform.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    /// A predicate of a type, about the platform's manifest.
    Predicate(String, String),
    /// Any layer.
    Layer(Layer),
}

/// Whose media types an image has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Family {
    #[default]
    Oci,
    Docker,
}

/// How the manifests of an image hang together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    /// A manifest for one platform, an index for several.
    #[default]
    Fitting,
    Index,
    NestedIndex,
    Schema1,
}

impl Image {
    /// Starts an image for `linux/amd64`, until platforms are named.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts an image for Linux on some architectures.
    pub fn linux<A: AsRef<str>>(architectures: impl IntoIterator<Item = A>) -> Self {
        let mut image = Self::new();
        for architecture in architectures {
            image = image.platform(&format!("linux/{}", architecture.as_ref()));
        }
        image
    }

    /// Starts an artifact of a given type, such as a signature.
    pub fn artifact(artifact_type: &str) -> Self {
        Self::new().change(|recipe| recipe.artifact_type = Some(artifact_type.to_owned()))
    }

    fn change(mut self, edit: impl FnOnce(&mut Recipe)) -> Self {
        self.built = OnceLock::new();
        edit(&mut self.recipe);
        self
    }

    /// Makes an otherwise equal image different.
    #[must_use]
    pub fn seed(self, seed: &str) -> Self {
        self.change(|recipe| seed.clone_into(&mut recipe.seed))
    }

    /// Adds a platform, `os/arch[/variant]`.
    #[must_use]
    pub fn platform(self, platform: &str) -> Self {
        self.change(|recipe| recipe.platforms.push(platform.to_owned()))
    }

    /// Adds a label to every platform's configuration.
    #[must_use]
    pub fn label(self, key: &str, value: &str) -> Self {
        self.change(|recipe| drop(recipe.labels.insert(key.to_owned(), value.to_owned())))
    }

    /// Adds `NAME=value` to every platform's environment.
    #[must_use]
    pub fn env(self, entry: &str) -> Self {
        self.change(|recipe| recipe.environment.push(entry.to_owned()))
    }

    /// Sets the entry point of every platform.
    #[must_use]
    pub fn entrypoint<W: AsRef<str>>(self, words: impl IntoIterator<Item = W>) -> Self {
        self.change(|recipe| recipe.entrypoint = words.into_iter().map(|word| word.as_ref().to_owned()).collect())
    }

    /// Sets the user of every platform.
    #[must_use]
    pub fn user(self, user: &str) -> Self {
        self.change(|recipe| recipe.user = Some(user.to_owned()))
    }

    /// Annotates the index and every manifest.
    #[must_use]
    pub fn annotation(self, key: &str, value: &str) -> Self {
        self.index_annotation(key, value).manifest_annotation(key, value)
    }

    /// Annotates the index.
    #[must_use]
    pub fn index_annotation(self, key: &str, value: &str) -> Self {
        self.change(|recipe| drop(recipe.index_annotations.insert(key.to_owned(), value.to_owned())))
    }

    /// Annotates every manifest.
    #[must_use]
    pub fn manifest_annotation(self, key: &str, value: &str) -> Self {
        self.change(|recipe| drop(recipe.manifest_annotations.insert(key.to_owned(), value.to_owned())))
    }

    /// Annotates the index's entry of every platform, as the builds of Docker's official images do.
    #[must_use]
    pub fn entry_annotation(self, key: &str, value: &str) -> Self {
        self.change(|recipe| drop(recipe.entry_annotations.insert(key.to_owned(), value.to_owned())))
    }

    /// Sets the time in every platform's configuration, such as `2026-11-12T08:31:02Z`.
    #[must_use]
    pub fn created(self, time: &str) -> Self {
        self.change(|recipe| recipe.created = Some(time.to_owned()))
    }

    /// Adds a layer to every platform.
    #[must_use]
    pub fn layer(self, layer: Layer) -> Self {
        self.change(|recipe| recipe.layers.push((None, layer)))
    }

    /// Adds a layer to one platform.
    #[must_use]
    pub fn layer_on(self, platform: &str, layer: Layer) -> Self {
        self.change(|recipe| recipe.layers.push((Some(platform.to_owned()), layer)))
    }

    /// Uses Docker's media types (schema 2), which have no annotations.
    #[must_use]
    pub fn docker(self) -> Self {
        self.change(|recipe| recipe.family = Family::Docker)
    }

    /// Makes an index also for one platform.
    #[must_use]
    pub fn index(self) -> Self {
        self.change(|recipe| recipe.shape = Shape::Index)
    }

    /// Makes an index whose only entry is an index.
    #[must_use]
    pub fn nested_index(self) -> Self {
        self.change(|recipe| recipe.shape = Shape::NestedIndex)
    }

    /// Makes a Docker manifest of schema 1, with a signature that nobody can check.
    #[must_use]
    pub fn schema1(self) -> Self {
        self.change(|recipe| recipe.shape = Shape::Schema1)
    }

    /// Adds an attestation entry, `unknown/unknown`, for each platform; makes an index.
    #[must_use]
    pub fn attestations(self) -> Self {
        self.change(|recipe| {
            recipe.attestations = true;
            if recipe.shape == Shape::Fitting {
                recipe.shape = Shape::Index;
            }
        })
    }

    /// Adds a statement about each platform, as `BuildKit` writes it: a layer of the attestation entry, whose descriptor names
    /// the predicate's type. The predicate is JSON.
    #[must_use]
    pub fn statement(self, predicate_type: &str, predicate: &str) -> Self {
        let statement = Statement::Predicate(predicate_type.to_owned(), predicate.to_owned());
        self.attestations().change(|recipe| recipe.statements.push(statement))
    }

    /// Adds any layer to the attestation entry of each platform.
    #[must_use]
    pub fn attestation_layer(self, layer: Layer) -> Self {
        self.attestations().change(|recipe| recipe.statements.push(Statement::Layer(layer)))
    }

    /// Says what this artifact is about, so that a registry lists it among the subject's referrers.
    #[must_use]
    pub fn subject(self, subject: &Image) -> Self {
        let descriptor = subject.descriptor().clone();
        self.subject_descriptor(descriptor)
    }

    /// Says what this artifact is about by its descriptor, such as one platform's manifest.
    #[must_use]
    pub fn subject_descriptor(self, subject: Descriptor) -> Self {
        self.change(|recipe| recipe.subject = Some(Descriptor { platform: None, ..subject }))
    }

    pub(crate) fn built(&self) -> &Built {
        self.built.get_or_init(|| Arc::new(build::build(&self.recipe)))
    }

    /// Returns what describes the image as a whole: its index, or its only manifest.
    pub fn descriptor(&self) -> &Descriptor {
        &self.built().root
    }

    /// Returns the digest of the image as a whole.
    pub fn digest(&self) -> &str {
        &self.descriptor().digest
    }

    /// Returns the bytes of the index, or of the only manifest.
    pub fn bytes(&self) -> Bytes {
        self.content(self.digest()).unwrap_or_default()
    }

    /// Returns what describes a platform's manifest.
    pub fn manifest_of(&self, platform: &str) -> Option<&Descriptor> {
        self.built().platforms.get(platform).map(|content| &content.manifest)
    }

    /// Returns what describes a platform's configuration.
    pub fn config_of(&self, platform: &str) -> Option<&Descriptor> {
        self.built().platforms.get(platform).map(|content| &content.config)
    }

    /// Returns what describes a platform's layers, lowest first; none for a platform that the image lacks.
    pub fn layers_of(&self, platform: &str) -> &[Descriptor] {
        self.built().platforms.get(platform).map_or(&[], |content| &content.layers)
    }

    /// Returns the bytes of an index, a manifest, a configuration or a layer of the image.
    pub fn content(&self, digest: &str) -> Option<Bytes> {
        let built = self.built();
        let manifest =
            built.manifests.iter().find(|manifest| manifest.digest == digest).map(|manifest| &manifest.bytes);
        manifest.or_else(|| built.blobs.get(digest)).cloned()
    }

    /// Returns the digest of everything that the image consists of, itself included.
    pub fn digests(&self) -> Vec<&str> {
        let built = self.built();
        let manifests = built.manifests.iter().map(|manifest| manifest.digest.as_str());
        manifests.chain(built.blobs.keys().map(String::as_str)).collect()
    }
}
