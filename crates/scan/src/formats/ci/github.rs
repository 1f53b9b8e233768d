//! Where workflows and actions of GitHub, Gitea and Forgejo name images.
//!
//! `runs-on` names machines, and `uses` an image only behind `docker://`. The values of a matrix are images where a
//! container is one of them.

use std::ops::Range;

use super::super::paths::{Syntax, YamlPaths, is_called, lies_in};
use super::super::row::{Beside, Given, Row, Takes};
use super::super::yaml::is_yaml;
use crate::{Head, Named};

/// Workflows and actions.
pub const GITHUB: YamlPaths = YamlPaths {
    id: "github",
    about: "a workflow or an action",
    claims,
    syntax: Syntax::Yaml,
    images: &[
        Row::image("jobs.*.container"),
        Row::image("jobs.*.container.image"),
        Row::image("jobs.*.services.*"),
        Row::image("jobs.*.services.*.image"),
        Row::new("jobs.*.steps[].uses", Takes::Scheme("docker://")),
        Row::new("runs.steps[].uses", Takes::Scheme("docker://")),
        Row::new("runs.image", Takes::Scheme("docker://")),
        Row::new("jobs.*.steps[].with.driver-opts", Takes::Within(option))
            .unless(|beside| !uses(beside, "docker/setup-buildx-action")),
        Row::new("runs.steps[].with.driver-opts", Takes::Within(option))
            .unless(|beside| !uses(beside, "docker/setup-buildx-action")),
        Row::image("runs.steps[].with.image").unless(|beside| !uses(beside, "docker/setup-qemu-action")),
        Row::image("jobs.*.steps[].with.image").unless(|beside| !uses(beside, "docker/setup-qemu-action")),
        Row::image("jobs.*.strategy.matrix.image[]").default().unless(|beside| chooses_a_machine(beside, 3)),
        Row::image("jobs.*.strategy.matrix.include[].image").default().unless(|beside| chooses_a_machine(beside, 4)),
    ],
    variables: &[
        Given::key("jobs.*.strategy.matrix.*[]", "matrix.", 0).within(2),
        Given::key("jobs.*.strategy.matrix.include[].*", "matrix.", 0).within(2),
        Given::key("on.workflow_call.inputs.*.default", "inputs.", 1),
        Given::key("on.workflow_dispatch.inputs.*.default", "inputs.", 1),
        Given::key("inputs.*.default", "inputs.", 1),
        Given::key("env.*", "env.", 0),
    ],
    names: &[],
};

fn claims(path: &Named<'_>, _: &dyn Head) -> bool {
    let hosts = [".github/workflows", ".gitea/workflows", ".forgejo/workflows"];
    is_yaml(path) && hosts.iter().any(|host| lies_in(path, host)) || is_called(path, &["action.yml", "action.yaml"])
}

/// Whether the step whose `with` a node is in uses an action.
fn uses(beside: &Beside<'_, '_>, action: &str) -> bool {
    beside.text(1, "uses").and_then(|uses| uses.strip_prefix(action)).is_some_and(|rest| rest.starts_with('@'))
}

/// Whether the job so many steps above runs on machines that the matrix names.
fn chooses_a_machine(beside: &Beside<'_, '_>, above: usize) -> bool {
    beside.text(above, "runs-on").is_some_and(|runs_on| runs_on.contains("matrix.image"))
}

/// The image of the builder in `image=moby/buildkit:v0.1,network=host`, an option a line or behind commas.
fn option(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let parts = text.split_inclusive([',', '\n']).filter_map(|part| {
        let start = at;
        at += part.len();
        let value = part.trim_end_matches([',', '\n', ' ']);
        let image = value.trim_start().strip_prefix("image=")?;
        Some(start + value.len() - image.len()..start + value.len())
    });
    parts.collect()
}
