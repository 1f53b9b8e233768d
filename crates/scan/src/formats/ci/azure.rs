//! Where pipelines of Azure name images. `vmImage` is a machine's, and a container may be the name of a resource.

use super::super::paths::{Syntax, YamlPaths};
use super::super::row::{Given, Row};
use super::super::yaml::is_yaml;
use crate::{Head, Named};

/// Pipelines of Azure.
pub const AZURE: YamlPaths = YamlPaths {
    id: "azure",
    about: "a pipeline of Azure",
    claims,
    syntax: Syntax::Yaml,
    images: &[
        // What has a type is built from a registry's own words: `type: ACR`, `repository`.
        Row::image("resources.containers[].image"),
        Row::image("container"),
        Row::image("container.image"),
        Row::image("**.jobs[].container"),
        Row::image("**.jobs[].container.image"),
        // What a condition puts in: `${{ if … }}:`.
        Row::image("**.jobs[].${{*.container"),
        Row::image("**.jobs[].${{*.container.image"),
        Row::image("**.jobs[].${{*[].container"),
        Row::image("**.jobs[].${{*[].container.image"),
    ],
    variables: &[
        Given::key("variables.*", "", 0),
        Given::key("variables.*", "variables.", 0),
        Given::beside("variables[].value", ""),
        Given::beside("variables[].value", "variables."),
        Given::beside("parameters[].default", "parameters."),
        Given::key("parameters.*", "parameters.", 0),
    ],
    names: &["resources.containers[].container"],
};

fn claims(path: &Named<'_>, _: &dyn Head) -> bool {
    let name = path.file_name().unwrap_or_default().trim_start_matches('.');
    let folders = [".azure-pipelines", "azure-pipelines", ".azuredevops"];
    let inside = || path.parent().is_some_and(|parent| parent.iter().any(|part| folders.contains(&part)));
    is_yaml(path) && (name.starts_with("azure-pipelines") || inside())
}
