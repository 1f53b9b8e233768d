//! Where configurations of Terraform and OpenTofu name images: what the providers of containers run and pull.
//!
//! Machine images are none, and what other resources make is known to nobody before it is made.

use std::ops::Range;

use imagelock_core::Reference;

use super::super::nested::Language;
use super::super::paths::{Syntax, YamlPaths};
use super::super::row::{Beside, Given, Row, Takes, is_word};
use crate::Named;

/// Configurations in HCL.
pub const TERRAFORM: YamlPaths = YamlPaths {
    id: "terraform",
    about: "a configuration of Terraform",
    claims: |path, _| matches!(path.extension(), Some("tf" | "tofu")),
    syntax: Syntax::Hcl,
    images: IMAGES,
    variables: GIVEN,
    names: &[],
};

/// Configurations in JSON, where a block may be a list.
pub const TERRAFORM_JSON: YamlPaths = YamlPaths {
    id: "terraform-json",
    about: "a configuration of Terraform in JSON",
    claims: |path, _| is_json_of(path, &[".tf.json", ".tofu.json"]),
    syntax: Syntax::Json,
    ..TERRAFORM
};

/// Values of variables.
pub const VARIABLES: YamlPaths = YamlPaths {
    id: "tfvars",
    about: "values of Terraform's variables",
    claims: |path, _| path.extension() == Some("tfvars"),
    syntax: Syntax::Hcl,
    images: &[Row::image("**.*image").default().unless(is_word)],
    variables: &[],
    names: &[],
};

const IMAGES: &[Row] = &[
    of("resource.docker_image.*.name").unless(|beside| beside.has(0, "build") || is_computed(beside)),
    of("resource.docker_container.*.image"),
    of("resource.docker_service.*.**.container_spec.image"),
    of("resource.docker_service.*.**.container_spec[].image"),
    of("data.docker_registry_image.*.name"),
    of("resource.kubernetes_*.*.**.container.image"),
    of("resource.kubernetes_*.*.**.container[].image"),
    of("resource.kubernetes_*.*.**.init_container.image"),
    of("resource.kubernetes_*.*.**.init_container[].image"),
    of("resource.kubernetes_manifest.*.manifest.**.containers[].image"),
    of("resource.kubernetes_manifest.*.manifest.**.initContainers[].image"),
    of("resource.kubernetes_manifest.*.manifest.spec.image"),
    Row::new("resource.kubectl_manifest.*.yaml_body", Takes::Nested(Language::Manifests)),
    Row::new("resource.kubernetes_manifest.*.manifest", Takes::Nested(Language::Manifests)),
    of("resource.aws_ecs_task_definition.*.container_definitions[].image"),
    Row::new("resource.aws_ecs_task_definition.*.container_definitions", Takes::Within(json_images)),
    of("resource.aws_batch_job_definition.*.container_properties.image"),
    Row::new("resource.aws_batch_job_definition.*.container_properties", Takes::Within(json_images)),
    of("resource.aws_codebuild_project.*.environment.image").unless(is_no_builder),
    of("resource.aws_sagemaker_model.*.primary_container.image"),
    of("resource.aws_lambda_function.*.image_uri"),
    of("resource.aws_apprunner_service.*.**.image_repository.image_identifier"),
    of("resource.google_cloud_run_*.*.**.containers.image"),
    of("resource.google_cloud_run_*.*.**.containers[].image"),
    of("resource.azurerm_container_group.*.container.image"),
    of("resource.azurerm_container_group.*.container[].image"),
    of("resource.azurerm_container_group.*.init_container.image"),
    of("resource.azurerm_container_app*.*.template.container.image"),
    of("resource.azurerm_container_app*.*.template.init_container.image"),
    // What a chart makes of a value, the chart knows.
    Row::new("resource.helm_release.*", Takes::Pairs("set")),
    Row::new("resource.helm_release.*.values[]", Takes::Values),
    Row::new("resource.helm_release.*.values[]", Takes::Nested(Language::Values)),
    Row::image("variable.*image.default").default().unless(is_no_default),
    Row::image("module.*.*image").default().unless(is_no_default),
];

/// References at the end of a way, but for what another resource makes.
const fn of(way: &'static str) -> Row {
    Row::image(way).unless(is_computed)
}

/// Whether a text is what a resource makes: `${docker_image.web.image_id}`, and nothing that somebody sets.
fn is_computed(beside: &Beside<'_, '_>) -> bool {
    const SET: &[&str] = &["var.", "local.", "each.", "module."];
    let said = beside.said().unwrap_or_default();
    let inside = said.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let is_path = |inside: &str| inside.chars().all(|next| next.is_ascii_alphanumeric() || "._[]\"-*".contains(next));
    inside.is_some_and(|inside| is_path(inside) && !SET.iter().any(|root| inside.starts_with(root)))
}

/// Whether a text is what a resource makes, or an image of the builder's own.
fn is_no_builder(beside: &Beside<'_, '_>) -> bool {
    is_computed(beside) || beside.said().is_some_and(super::is_curated)
}

/// Whether a text is a mere word, or an image of a builder's own.
fn is_no_default(beside: &Beside<'_, '_>) -> bool {
    is_word(beside) || beside.said().is_some_and(super::is_curated)
}

const GIVEN: &[Given] = &[Given::key("variable.*.default", "var.", 1), Given::key("locals.*", "local.", 0)];

/// The values of `"image": "…"` in a text of JSON.
fn json_images(text: &str) -> Vec<Range<usize>> {
    let found = text.match_indices("\"image\"").filter_map(|(at, key)| {
        let rest = text[at + key.len()..].trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
        let start = text.len() - rest.len();
        let said = &rest[..rest.find('"')?];
        (said.contains("${") || said.parse::<Reference>().is_ok()).then_some(start..start + said.len())
    });
    found.collect()
}

fn is_json_of(path: &Named<'_>, ends: &[&str]) -> bool {
    path.file_name().is_some_and(|name| ends.iter().any(|end| name.ends_with(end)))
}
