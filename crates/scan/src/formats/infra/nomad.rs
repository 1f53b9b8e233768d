//! Where jobs of Nomad name images: the configuration of tasks that Docker or Podman run.

use super::super::paths::{Syntax, YamlPaths};
use super::super::row::{Beside, Given, Row};
use crate::{Head, Named};

/// Jobs in HCL.
pub const NOMAD: YamlPaths = YamlPaths {
    id: "nomad",
    about: "a job of Nomad",
    claims,
    syntax: Syntax::Hcl,
    images: &[
        Row::image("job.*.**.task.*.config.image").unless(|beside| !runs_images(beside, "driver")),
        Row::image("job.*.**.sidecar_task.config.image"),
    ],
    variables: &[Given::key("variable.*.default", "var.", 1), Given::key("locals.*", "local.", 0)],
    names: &[],
};

/// Jobs in JSON.
pub const NOMAD_JSON: YamlPaths = YamlPaths {
    id: "nomad-json",
    about: "a job of Nomad in JSON",
    claims: |path, _| path.file_name().is_some_and(|name| name.ends_with(".nomad.json")),
    syntax: Syntax::Json,
    images: &[Row::image("**.Tasks[].Config.image").unless(|beside| !runs_images(beside, "Driver"))],
    variables: &[],
    names: &[],
};

/// Whether the task whose configuration a node is in runs images.
fn runs_images(beside: &Beside<'_, '_>, key: &str) -> bool {
    matches!(beside.text(1, key), Some("docker" | "podman"))
}

fn claims(path: &Named<'_>, head: &dyn Head) -> bool {
    let name = path.file_name().unwrap_or_default();
    let says = path.extension() == Some("hcl") && head.text().lines().any(|line| line.starts_with("job \""));
    says || name.ends_with(".nomad") || name.ends_with(".nomad.hcl")
}
