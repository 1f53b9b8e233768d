//! Where builds of Google Cloud Build name images: the name of a step. `images` are what is built.

use super::super::paths::{Syntax, YamlPaths};
use super::super::row::{Given, Row};
use crate::{Head, Named};

/// Builds of Google Cloud Build.
pub const CLOUD_BUILD: YamlPaths = YamlPaths {
    id: "cloudbuild",
    about: "a build of Google Cloud Build",
    claims,
    syntax: Syntax::Yaml,
    images: &[Row::image("steps[].name")],
    variables: &[Given::key("substitutions.*", "", 0)],
    names: &["images[]"],
};

fn claims(path: &Named<'_>, _: &dyn Head) -> bool {
    let is_written = matches!(path.extension(), Some("yaml" | "yml" | "json"));
    is_written && path.file_name().is_some_and(|name| name.trim_start_matches('.').starts_with("cloudbuild"))
}
