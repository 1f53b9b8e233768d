//! Where pipelines of Drone, Woodpecker, Crow and Vela name images: steps, plugins among them, and services.
//!
//! `settings.repo` is what a plugin pushes.

use super::super::paths::{Syntax, YamlPaths};
use super::super::row::{Given, Row};
use super::super::yaml::is_yaml;
use crate::{Head, Named};

/// Pipelines of Drone and of those that came from it.
pub const DRONE: YamlPaths = YamlPaths {
    id: "drone",
    about: "a pipeline of Drone or Woodpecker",
    claims,
    syntax: Syntax::Yaml,
    images: &[
        Row::image("steps[].image"),
        Row::image("steps.*.image"),
        Row::image("pipeline[].image"),
        Row::image("pipeline.*.image"),
        Row::image("services[].image"),
        Row::image("services.*.image"),
        Row::image("clone[].image"),
        Row::image("clone.*.image"),
        Row::image("stages.*.steps[].image"),
        Row::image("secrets[].origin.image"),
    ],
    variables: &[Given::key("matrix.*[]", "", 0), Given::key("matrix.include[].*", "", 0)],
    names: &[],
};

fn claims(path: &Named<'_>, _: &dyn Head) -> bool {
    let tools = [".drone", ".woodpecker", ".crow", ".vela"];
    let name = path.file_stem().unwrap_or_default();
    let inside = || path.parent().is_some_and(|parent| parent.iter().any(|part| tools[1..3].contains(&part)));
    is_yaml(path) && (inside() || tools.iter().any(|tool| name == *tool || name.starts_with(&format!("{tool}-"))))
}
