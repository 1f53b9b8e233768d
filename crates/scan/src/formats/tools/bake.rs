//! Where files of `docker buildx bake` name images: contexts behind `docker-image://`, and Dockerfiles in them. `tags` are what is built.

use super::super::nested::Language;
use super::super::paths::{Syntax, YamlPaths};
use super::super::row::{Given, Row, Takes};
use crate::Named;

/// Bake files in HCL.
pub const BAKE: YamlPaths = YamlPaths {
    id: "bake",
    about: "a bake file",
    claims: |path, _| is_bake(path, "hcl"),
    syntax: Syntax::Hcl,
    images: IMAGES,
    variables: VARIABLES,
    names: &[],
};

/// Bake files in JSON.
pub const BAKE_JSON: YamlPaths = YamlPaths {
    id: "bake-json",
    about: "a bake file in JSON",
    claims: |path, _| is_bake(path, "json"),
    syntax: Syntax::Json,
    ..BAKE
};

const IMAGES: &[Row] = &[
    Row::new("target.*.contexts.*", Takes::Scheme("docker-image://")),
    Row::new("target[].*.contexts.*", Takes::Scheme("docker-image://")),
    Row::new("target.*.dockerfile-inline", Takes::Nested(Language::Dockerfile)),
];

const VARIABLES: &[Given] = &[Given::key("variable.*.default", "", 1), Given::key("variable[].*.default", "", 1)];

fn is_bake(path: &Named<'_>, extension: &str) -> bool {
    path.extension() == Some(extension) && path.file_name().is_some_and(|name| name.starts_with("docker-bake"))
}
