//! Where pipelines of GitLab name images: `image` and `services`, at the top, in `default` and in jobs.

use super::super::paths::{Syntax, YamlPaths, lies_in};
use super::super::row::{Beside, Given, Row};
use super::super::yaml::is_yaml;
use crate::{Head, Named};

/// Pipelines of GitLab.
pub const GITLAB: YamlPaths = YamlPaths {
    id: "gitlab",
    about: "a pipeline of GitLab",
    claims,
    syntax: Syntax::Yaml,
    images: &[
        Row::image("image"),
        Row::image("image.name"),
        Row::image("services[]"),
        Row::image("services[].name"),
        Row::image("*.image").unless(is_no_job),
        Row::image("*.image.name").unless(is_no_job),
        Row::image("*.services[]").unless(is_no_job),
        Row::image("*.services[].name").unless(is_no_job),
    ],
    variables: &[
        Given::key("variables.*", "", 0),
        Given::key("variables.*.value", "", 1),
        Given::key("*.variables.*", "", 0),
        Given::key("*.parallel.matrix[].*", "", 0),
        Given::key("*.parallel.matrix[].*[]", "", 0),
        Given::key("spec.inputs.*.default", "inputs.", 1),
    ],
    names: &[],
};

fn claims(path: &Named<'_>, _: &dyn Head) -> bool {
    let name = path.file_name().unwrap_or_default();
    let called = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"));
    called.is_some_and(|name| name.ends_with(".gitlab-ci")) || is_yaml(path) && in_folder(path)
}

fn in_folder(path: &Named<'_>) -> bool {
    lies_in(path, ".gitlab/ci") || lies_in(path, ".gitlab-ci")
}

/// The keys at the top that are no jobs.
fn is_no_job(beside: &Beside<'_, '_>) -> bool {
    matches!(beside.first(), "cache" | "image" | "include" | "services" | "spec" | "stages" | "variables" | "workflow")
}
