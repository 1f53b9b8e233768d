//! The formats, a file each, and the list of them.
//!
//! A new one is a file here, a line in [`FORMATS`], a case in this module's tests, a seed in `fuzz/seeds/files` under its
//! id with something to pin in it, a row in `docs/places.md`, and the adapter or the command that uses it.

pub mod bazel;
mod ci;
pub mod compose;
pub mod dockerfile;
pub mod earthfile;
pub mod hcl;
mod hcl_tree;
mod helm;
mod infra;
mod json;
pub mod kubernetes;
mod makes;
mod nested;
mod paths;
pub mod plain;
mod quadlet;
mod room;
mod row;
mod shell;
mod table;
mod tools;
mod variables;
mod walk;
mod yaml;

pub use bazel::Bazel;
pub use ci::{AZURE, BITBUCKET, BUILDKITE, CIRCLE, CLOUD_BUILD, DRONE, GITHUB, GITLAB, Jenkins};
pub use compose::Compose;
pub use dockerfile::Dockerfile;
pub use earthfile::Earthfile;
pub use hcl::Hcl;
pub use helm::{CHART, Template, Values};
pub use infra::{CloudFormation, NOMAD, NOMAD_JSON, TERRAFORM, TERRAFORM_JSON, VARIABLES};
pub use kubernetes::{Manifests, Resources};
pub use makes::makes;
pub use paths::YamlPaths;
pub use plain::{Plain, Words};
pub use quadlet::Quadlet;
pub use shell::Shell;
pub use tools::{ANSIBLE, BAKE, BAKE_JSON, DEVCONTAINER, KO, KUSTOMIZE, SKAFFOLD};

use camino::Utf8Path;

use crate::{Format, Head, Named};

/// Every format, the narrower ones before the wider: the first that claims a file reads it.
pub const FORMATS: &[&dyn Format] = &[
    &Dockerfile,
    &Earthfile,
    &GITHUB,
    &GITLAB,
    &CIRCLE,
    &AZURE,
    &BITBUCKET,
    &BUILDKITE,
    &CLOUD_BUILD,
    &DRONE,
    &Jenkins,
    &KUSTOMIZE,
    &CHART,
    &Template,
    &SKAFFOLD,
    &KO,
    &DEVCONTAINER,
    &BAKE,
    &BAKE_JSON,
    &TERRAFORM,
    &TERRAFORM_JSON,
    &VARIABLES,
    &NOMAD,
    &NOMAD_JSON,
    &Compose,
    &Hcl,
    &Bazel,
    &Quadlet,
    &Shell,
    &Resources,
    &CloudFormation,
    &Values,
    &ANSIBLE,
    &Plain { words: Words::Yaml },
    &Plain { words: Words::Typed },
    &Plain { words: Words::Text },
];

/// The first bytes of a file, by which a format is told.
pub const HEAD: usize = 4096;

/// The format that a file is read in, by its path and, where that is not enough, its first bytes.
pub fn claiming(path: &Utf8Path, head: &dyn Head) -> Option<&'static dyn Format> {
    let path = &Named::new(path);
    FORMATS.iter().copied().find(|format| format.claims(path, head))
}

/// The format of all that no other knows. It has places only where markers say so.
pub const PLAIN: &str = "plain";

/// How any text at a path is read by its words alone, whichever format claims it.
pub fn plain(path: &Utf8Path) -> Option<&'static dyn Format> {
    let path = &Named::new(path);
    FORMATS.iter().copied().find(|format| format.id() == PLAIN && format.claims(path, &""))
}

/// The text that the first bytes of a file are; where these are cut in a character, what is in front of it.
pub fn start(bytes: &[u8]) -> &str {
    let head = &bytes[..bytes.len().min(HEAD)];
    match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
