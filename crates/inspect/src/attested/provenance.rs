//! How an image was made: SLSA provenance, versions 0.2 and 1, as BuildKit and others write it.

use std::collections::BTreeMap;
use std::str::FromStr;

use imagelock_core::oci::logins;
use imagelock_core::{Digest, Reference};
use packageurl::PackageUrl;
use serde::{Deserialize, Serialize};

use super::bounded::Bounded;

/// How an image was made, in its publisher's words: hostile text wherever it is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// Which kind of build it was, by an address that says what the rest means.
    #[serde(rename = "buildType", skip_serializing_if = "Option::is_none")]
    pub build_type: Option<String>,
    /// What built it: often the address of a job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub builder: Option<String>,
    /// Where its source is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The revision of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// What went into it, in the order of the addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub materials: Vec<Material>,
}

/// One thing that went into an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Material {
    /// Its address: a purl, or where it was fetched from.
    pub uri: String,
    /// Its digest, `algorithm:digits`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// An image that went into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingredient {
    /// How the builder was asked for it, with the digest that it had; nothing where that is no reference.
    pub reference: Option<Reference>,
    /// The digests that are said of it, which may be one, or none at all.
    pub digests: Vec<Digest>,
    /// The platform that was taken of it.
    pub platform: Option<String>,
}

/// The builds of which the provenance names every image that went into them: BuildKit's.
const BUILDKIT: [&str; 2] = [
    "https://mobyproject.org/buildkit@v1",
    "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
];

impl Provenance {
    /// Whether every image that went into the build is among the materials. Other builders name the revision of the source
    /// and nothing else, which proves nothing about images.
    pub fn names_all_images(&self) -> bool {
        self.build_type.as_deref().is_some_and(|kind| BUILDKIT.contains(&kind))
    }
}

impl Material {
    /// The image that it is, where its address is an image's: a package URL of the types `docker` and `oci`, as BuildKit
    /// writes it. One that cannot be read is an image all the same.
    pub fn image(&self) -> Option<Ingredient> {
        let is_image = ["pkg:docker/", "pkg:oci/", "docker-image://", "oci-layout://"]
            .iter()
            .any(|begins| self.uri.get(..begins.len()).is_some_and(|head| head.eq_ignore_ascii_case(begins)));
        if !is_image {
            return None;
        }
        let purl = PackageUrl::from_str(&self.uri).ok();
        let qualifier = |key: &str| purl.as_ref()?.qualifiers().get(key).map(ToString::to_string);
        let written = purl.as_ref().map_or_else(
            || self.uri.split_once("://").map(|(_, reference)| reference.to_owned()),
            |purl| {
                let namespace = purl.namespace().map(|namespace| format!("{namespace}/")).unwrap_or_default();
                let tag = purl.version().map(|tag| format!(":{tag}")).unwrap_or_default();
                Some(format!("{namespace}{}{tag}", purl.name()))
            },
        );
        let reference = written.and_then(|written| written.parse::<Reference>().ok());
        let own = reference.as_ref().and_then(|reference| reference.digest.clone());
        let said = [self.digest.clone(), qualifier("digest")].into_iter().flatten();
        let mut digests: Vec<Digest> = said.filter_map(|digest| digest.parse().ok()).chain(own).collect();
        digests.sort();
        digests.dedup();
        let digest = digests.first().cloned();
        let reference = reference.map(|reference| Reference { digest, ..reference });
        Some(Ingredient { reference, digests, platform: qualifier("platform") })
    }

    /// What it is, whatever its version: the address without what comes behind `@`, `?` or `#`.
    pub fn what(&self) -> &str {
        let address = self.uri.split(['?', '#']).next().unwrap_or_default();
        let name = address.rfind('/').map_or(0, |at| at + 1);
        address[name..].find('@').map_or(address, |at| &address[..name + at])
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Written {
    build_type: Option<String>,
    builder: Option<Builder>,
    invocation: Option<Sourced>,
    metadata: Option<Metadata>,
    materials: Bounded<Thing>,
    build_definition: Option<Definition>,
    run_details: Option<RunDetails>,
}

#[derive(Deserialize)]
struct Builder {
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sourced {
    config_source: Option<Thing>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "https://mobyproject.org/buildkit@v1#metadata", alias = "buildkit_metadata")]
    buildkit: Option<BuildKit>,
}

#[derive(Deserialize)]
struct BuildKit {
    vcs: Option<Vcs>,
}

#[derive(Deserialize)]
struct Vcs {
    source: Option<String>,
    revision: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    build_type: Option<String>,
    external_parameters: Option<Sourced>,
    #[serde(default)]
    resolved_dependencies: Bounded<Thing>,
}

#[derive(Deserialize)]
struct RunDetails {
    builder: Option<Builder>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Thing {
    uri: Option<String>,
    #[serde(default)]
    digest: Option<BTreeMap<String, String>>,
}

impl Thing {
    fn digest(&self) -> Option<String> {
        // The strongest of those that there are has the longest digits.
        let strongest = self.digest.iter().flatten().max_by_key(|(_, digits)| digits.len())?;
        Some(format!("{}:{}", strongest.0, strongest.1))
    }
}

impl Written {
    pub(super) fn read(self) -> Provenance {
        let (definition, run) = (self.build_definition, self.run_details);
        let (external, dependencies, build_type) = match definition {
            Some(definition) => {
                (definition.external_parameters, definition.resolved_dependencies.0, definition.build_type)
            }
            None => (None, Vec::new(), None),
        };
        let (builder, metadata) = match run {
            Some(run) => (run.builder, run.metadata),
            None => (None, None),
        };
        let said = |text: Option<String>| match text? {
            // The qualifiers of a purl are none of a login.
            purl if purl.starts_with("pkg:") => Some(purl),
            text => logins::without(&text),
        };
        let config = self.invocation.or(external).and_then(|sourced| sourced.config_source);
        let vcs = self.metadata.or(metadata).and_then(|metadata| metadata.buildkit).and_then(|buildkit| buildkit.vcs);
        let (vcs_source, vcs_revision) = vcs.map(|vcs| (vcs.source, vcs.revision)).unwrap_or_default();
        let config_revision = config.as_ref().and_then(Thing::digest);
        let things = self.materials.0.into_iter().chain(dependencies);
        let mut materials: Vec<Material> =
            things.filter_map(|thing| Some(Material { digest: thing.digest(), uri: said(thing.uri)? })).collect();
        materials.sort();
        materials.dedup();
        Provenance {
            build_type: self.build_type.or(build_type),
            builder: said(self.builder.or(builder).and_then(|builder| builder.id)),
            source: said(vcs_source).or_else(|| said(config?.uri)),
            revision: said(vcs_revision).or(config_revision),
            materials,
        }
    }
}
