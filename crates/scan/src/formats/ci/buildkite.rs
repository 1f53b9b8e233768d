//! Where pipelines of Buildkite name images: steps, the Docker plugin, and pods of the Kubernetes plugin.
//!
//! `agents.image` chooses an agent.

use super::super::paths::{Syntax, YamlPaths, is_called};
use super::super::row::{Given, Row};
use super::super::yaml::is_yaml;
use crate::{Head, Named};

/// Pipelines of Buildkite.
pub const BUILDKITE: YamlPaths = YamlPaths {
    id: "buildkite",
    about: "a pipeline of Buildkite",
    claims,
    syntax: Syntax::Yaml,
    images: &[
        Row::image("image"),
        Row::image("**.steps[].image"),
        Row::image("**.plugins[].docker#*.image"),
        Row::image("**.plugins[].docker.image"),
        Row::image("**.plugins[].*docker-buildkite-plugin*.image"),
        Row::image("**.plugins.docker#*.image"),
        Row::image("**.plugins[].kubernetes.podSpec.containers[].image"),
        Row::image("**.plugins[].kubernetes.podSpec.initContainers[].image"),
    ],
    variables: &[
        Given::key("env.*", "", 0),
        Given::key("**.steps[].env.*", "", 0),
        Given::key("**.steps[].matrix[]", "", 0),
        Given::key("**.steps[].matrix.setup.*[]", "matrix.", 0),
    ],
    names: &[],
};

fn claims(path: &Named<'_>, _: &dyn Head) -> bool {
    let inside = || path.parent().is_some_and(|parent| parent.iter().any(|part| part == ".buildkite"));
    is_yaml(path) && inside() || is_called(path, &["buildkite.yml", "buildkite.yaml"])
}
