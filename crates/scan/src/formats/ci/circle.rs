//! Where configurations of CircleCI name images. `machine.image` is a machine's.

use super::super::paths::{Syntax, YamlPaths};
use super::super::row::{Given, Row};
use super::super::yaml::is_yaml;
use crate::{Head, Named};

/// Configurations of CircleCI, with the orbs that stand in them.
pub const CIRCLE: YamlPaths = YamlPaths {
    id: "circleci",
    about: "a configuration of CircleCI",
    claims,
    syntax: Syntax::Yaml,
    images: &[
        Row::image("jobs.*.docker[].image"),
        Row::image("executors.*.docker[].image"),
        Row::image("orbs.*.jobs.*.docker[].image"),
        Row::image("orbs.*.executors.*.docker[].image"),
    ],
    variables: &[
        Given::key("parameters.*.default", "pipeline.parameters.", 1),
        Given::key("jobs.*.parameters.*.default", "parameters.", 1),
        Given::key("executors.*.parameters.*.default", "parameters.", 1),
        Given::key("orbs.*.jobs.*.parameters.*.default", "parameters.", 1),
        Given::key("orbs.*.executors.*.parameters.*.default", "parameters.", 1),
        Given::key("jobs.*.executor.*", "parameters.", 0),
        Given::key("workflows.*.jobs[].*.*", "parameters.", 0),
        Given::key("workflows.*.jobs[].*.matrix.parameters.*[]", "parameters.", 0),
    ],
    names: &[],
};

fn claims(path: &Named<'_>, _: &dyn Head) -> bool {
    is_yaml(path) && path.parent().is_some_and(|parent| parent.iter().any(|part| part == ".circleci"))
}
