//! Where Skaffold's configuration names images that it does not build: bases, builders, and what runs in tests and hooks.

use super::super::paths::{Syntax, YamlPaths, starts_with};
use super::super::row::Row;
use super::super::yaml::is_yaml;
use crate::{Head, Named};

/// Skaffold's configuration.
pub const SKAFFOLD: YamlPaths = YamlPaths {
    id: "skaffold",
    about: "a configuration of Skaffold",
    claims,
    syntax: Syntax::Yaml,
    images: &[
        Row::image("**.artifacts[].buildpacks.builder"),
        Row::image("**.artifacts[].buildpacks.runImage"),
        Row::image("**.artifacts[].jib.fromImage"),
        Row::image("**.artifacts[].ko.fromImage"),
        Row::image("**.artifacts[].kaniko.image"),
        Row::image("**.artifacts[].kaniko.initImage"),
        Row::image("**.verify[].container.image"),
        Row::image("**.customActions[].containers[].image"),
    ],
    variables: &[],
    names: &["**.artifacts[].image"],
};

fn claims(path: &Named<'_>, head: &dyn Head) -> bool {
    let called = path.file_name().is_some_and(|name| name.starts_with("skaffold"));
    let is_ours =
        |line: &str| line.strip_prefix("apiVersion:").is_some_and(|rest| rest.trim().starts_with("skaffold/"));
    let says = || head.text().lines().any(is_ours);
    is_yaml(path) && (says() || called && starts_with(head.text(), "apiVersion"))
}
