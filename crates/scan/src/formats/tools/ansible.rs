//! Where playbooks, tasks and variables of Ansible name images: the modules of Docker, Podman and Kubernetes.
//!
//! The modules of clouds have machines under `image`; what is built is not pulled.

use super::super::paths::{Syntax, YamlPaths, starts_with};
use super::super::row::{Absent, Beside, Given, Keys, Row, Takes, is_word};
use super::super::yaml::is_yaml;
use crate::{Head, Named};

/// Playbooks, tasks and variables.
pub const ANSIBLE: YamlPaths = YamlPaths {
    id: "ansible",
    about: "a playbook or tasks of Ansible",
    claims,
    syntax: Syntax::Yaml,
    images: &[
        Row::image("**.*docker_container.image"),
        Row::image("**.*podman_container.image"),
        Row::image("**.*docker_swarm_service.image"),
        Row::new("**.*docker_image", Takes::Parts(NAME_AND_TAG)).unless(|beside| !is_pulled(beside, true)),
        Row::new("**.*podman_image", Takes::Parts(NAME_AND_TAG)).unless(|beside| !is_pulled(beside, true)),
        Row::new("**.*docker_image_pull", Takes::Parts(NAME_AND_TAG)).unless(|beside| !is_pulled(beside, true)),
        Row::image("**.*docker_image.name").unless(is_not_the_image),
        Row::image("**.*podman_image.name").unless(is_not_the_image),
        Row::image("**.*docker_image_pull.name").unless(is_not_the_image),
        Row::image("**.*docker_compose*.definition.services.*.image"),
        Row::image("**.*k8s.definition.**.containers[].image"),
        Row::image("**.*k8s.definition.**.initContainers[].image"),
        // Variables of roles, which nothing tells from names of machines but their tags.
        Row::image("*_image").default().unless(is_word),
    ],
    variables: &[Given::key("*", "", 0), Given::key("**.vars.*", "", 0)],
    names: &[],
};

const NAME_AND_TAG: &Keys = &Keys {
    registry: &[],
    repository: &[&["name"]],
    tag: &[&["tag"]],
    digest: &[],
    absent: Absent::Stays("the module takes no digest beside a tag: write the whole reference in `name`"),
};

/// Whether a module pulls what it names, with a tag beside it or without.
fn is_pulled(beside: &Beside<'_, '_>, tagged: bool) -> bool {
    let built = matches!(beside.own("source"), Some("build" | "local" | "load"));
    !built
        && beside.own("path").is_none()
        && beside.own("state") != Some("absent")
        && beside.own("tag").is_some() == tagged
}

/// Whether the module that a name is in has a tag beside it, or builds what it names.
fn is_not_the_image(beside: &Beside<'_, '_>) -> bool {
    let built = matches!(beside.text(0, "source"), Some("build" | "local" | "load"));
    built || beside.has(0, "tag") || beside.has(0, "path") || beside.text(0, "state") == Some("absent")
}

fn claims(path: &Named<'_>, head: &dyn Head) -> bool {
    const FOLDERS: &[&str] = &["tasks", "handlers", "roles", "playbooks", "group_vars", "host_vars"];
    let inside = || path.parent().is_some_and(|parent| parent.iter().any(|part| FOLDERS.contains(&part)));
    let play = || head.text().lines().any(|line| line.starts_with("- hosts:") || line.starts_with("  hosts:"));
    let module = ["docker_container:", "podman_container:", "docker_image:", "docker_image_pull:"];
    let uses = || module.iter().any(|module| head.text().contains(module));
    is_yaml(path) && !starts_with(head.text(), "apiVersion") && (inside() || play() || uses())
}
