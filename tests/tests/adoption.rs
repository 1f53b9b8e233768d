//! A monorepo is taken over: half of its places are pinned, in ten formats, and none of them moves.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::BTreeMap;

use imagelock_testkit::{Image, Registry};
use imagelock_tests::Monorepo;
use serde_json::Value;

/// How many services there are, and how many bases they stand on.
const SERVICES: usize = 60;
const BASES: usize = 20;

/// The file of a service, and what is in it, `IMAGE` for its image: a format each.
const FORMATS: [(&str, &str); 10] = [
    (
        "services/NAME/Dockerfile",
        "# syntax=HOST/docker/dockerfile:1\nARG BASE=IMAGE\nFROM ${BASE} AS build\nCOPY --from=build /a /b\n",
    ),
    (
        "services/NAME/compose.yaml",
        "services:\n  web:\n    image: IMAGE # the web\n  built:\n    build: .\n    image: acme/NAME\n",
    ),
    (
        "deploy/NAME.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: NAME}\nspec:\n  template:\n    spec:\n      containers:\n        - {name: web, image: \"IMAGE\"}\n",
    ),
    (
        ".github/workflows/NAME.yml",
        "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    container: IMAGE\n    steps: []\n",
    ),
    ("ci/NAME/.gitlab-ci.yml", "test:\n  image: 'IMAGE'\n  script: [make]\n"),
    ("services/NAME/Earthfile", "VERSION 0.8\nbuild:\n  FROM IMAGE\n  RUN make\n"),
    ("infra/NAME.tf", "resource \"docker_image\" \"NAME\" {\n  name = \"IMAGE\"\n}\n"),
    (
        "services/NAME/.circleci/config.yml",
        "version: 2.1\njobs:\n  build:\n    docker:\n      - image: IMAGE\n    steps: [checkout]\n",
    ),
    ("units/NAME.container", "[Container]\nImage=IMAGE\nPull=never\n"),
    ("services/NAME/.devcontainer.json", "{\n  // Where we work.\n  \"image\": \"IMAGE\",\n}\n"),
];

/// The registry, and the digest that each base had when somebody pinned it.
fn bases() -> (Registry, BTreeMap<usize, String>) {
    let registry = Registry::start().unwrap();
    let push = |base: usize, seed: &str| {
        let image = Image::linux(["amd64", "arm64"]).seed(&format!("{base} {seed}")).created("2026-11-20T06:00:00Z");
        registry.push(&format!("acme/base-{base}:1.{base}"), &image)
    };
    let digests = (0..BASES).map(|base| (base, push(base, "pinned"))).collect();
    for base in 0..BASES {
        push(base, "moved since");
    }
    registry.push("docker/dockerfile:1", &Image::linux(["amd64"]).seed("frontend"));
    registry.log().take();
    (registry, digests)
}

/// The files of the monorepo. Half of the services are pinned.
fn files(registry: &Registry, digests: &BTreeMap<usize, String>) -> BTreeMap<String, String> {
    let service = |number: usize| {
        let (path, text) = FORMATS[number % FORMATS.len()];
        let (name, base) = (format!("service-{number}"), number % BASES);
        // Of the three services on a base, one or two are pinned.
        let pinned = (number / BASES + number).is_multiple_of(2);
        let digest = if pinned { format!("@{}", digests[&base]) } else { String::new() };
        let image = format!("{}/acme/base-{base}:1.{base}{digest}", registry.host());
        let text = text.replace("IMAGE", &image).replace("HOST", registry.host()).replace("NAME", &name);
        (path.replace("NAME", &name), text)
    };
    (0..SERVICES).map(service).collect()
}

/// The lines that have a digest.
fn pins(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.contains("@sha256:")).collect()
}

#[test]
fn a_monorepo_of_sixty_services_in_ten_formats_is_taken_over_and_not_one_pin_moves() {
    let (registry, digests) = bases();
    let before = files(&registry, &digests);
    assert_eq!(before.len(), SERVICES);
    let builder = Monorepo::builder().file(".git/HEAD", "ref: refs/heads/main\n");
    let repo = before.iter().fold(builder, |builder, (path, text)| builder.file(path, text)).build();
    let scanned: Value = serde_json::from_str(&repo.imagelock(["scan", "--format", "json"]).success().stdout).unwrap();
    let pinned = |scanned: &Value| {
        let references = scanned["references"].as_array().unwrap();
        references.iter().filter(|reference| reference["state"] == "pinned").count()
    };
    assert_eq!(pinned(&scanned), SERVICES / 2);
    assert!(scanned["stats"]["formats"].as_object().unwrap().len() >= FORMATS.len(), "{scanned:#}");

    repo.imagelock(["init", "--yes"]).success();
    let toml = repo.read("images.toml");
    // Its images, and what else it takes: two tables with their lines, and the blank line between them.
    assert!(toml.lines().count() <= BASES + 1 + 5, "{toml}");
    for request in registry.log().take() {
        let tag = request.path.rsplit('/').next().unwrap();
        assert!(!tag.starts_with("1."), "a pinned image is read by its digest: {}", request.path);
    }
    for (path, text) in &before {
        assert_eq!(repo.read(path), *text, "`init` changes no file of people's");
    }

    repo.imagelock(["render"]).success();
    for (path, text) in &before {
        let after = repo.read(path);
        let (old, new) = (pins(text), pins(&after));
        assert!(old.iter().all(|line| new.contains(line)), "{path}: {old:?} became {new:?}");
        assert!(after.contains("@sha256:"), "{path} is pinned: {after}");
    }
    repo.imagelock(["render", "--check"]).success();
    repo.imagelock(["lock", "--locked"]).success();
    repo.imagelock(["scan", "--unpinned"]).success();
    repo.imagelock(["scan", "--drift"]).success();
    repo.imagelock(["check", "--strict"]).success();
    let again = repo.imagelock(["init", "--yes"]).success();
    assert!(again.stderr.contains("there is nothing to do"), "{}", again.stderr);

    repo.write(
        "services/new/Dockerfile",
        format!("FROM {}/acme/base-1:1.1\nFROM {0}/docker/dockerfile:1\n", registry.host()),
    );
    let unpinned = repo.imagelock(["check"]).exit(1);
    let told = format!("{}{}", unpinned.stdout, unpinned.stderr);
    assert!(told.contains("services/new/Dockerfile:1:6"), "{told}");
    registry.log().take();
    repo.imagelock(["pin", "--locked", "services/new"]).success();
    assert_eq!(registry.log().take().len(), 0, "nothing is new, and no registry is asked");
    repo.imagelock(["check", "--strict"]).success();
}
