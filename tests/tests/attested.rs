//! What a real BuildKit says about an image that it made, in real registries: found and read.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_testkit::Image;
use imagelock_tests::{BuildKit, Monorepo, RealRegistry, executables, image_that_says, need, shell};
use serde_json::Value;

/// What a scanner of BuildKit's does: it writes a statement without a subject for what it finds.
const SCANNER: &str = r#"#!/bin/sh
version=$(cat "$BUILDKIT_SCAN_SOURCE/version")
purl="pkg:apk/alpine/musl@$version"
printf '%s' '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","predicate":
{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","packages":[{"SPDXID":"SPDXRef-musl","name":"musl","externalRefs":[
{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"'"$purl"'"}]}]}}' \
    > "$BUILDKIT_SCAN_DESTINATION/scan.spdx.json"
"#;

fn scanner(busybox: &Utf8Path) -> Image {
    Image::linux(["amd64"])
        .layer(shell(busybox))
        .layer(executables(&[("scan", SCANNER.as_bytes())], &[]))
        .entrypoint(["/scan"])
        .env("PATH=/bin")
}

/// Builds an image that says its version, and pushes it with all that BuildKit says about it.
fn build(kit: &BuildKit, repo: &Monorepo, host: &str, version: &str) {
    repo.write("app/Dockerfile", format!("FROM {host}/acme/base:1\nCOPY version /version\nUSER {version}\n"));
    repo.write("app/version", version);
    let output = format!("type=image,name={host}/acme/web:1,push=true,registry.insecure=true");
    let scan = format!("attest:sbom=generator={host}/acme/scanner:1");
    let arguments = ["--output", &output, "--opt", "attest:provenance=mode=max", "--opt", &scan];
    kit.build(repo, "app", &arguments).success();
}

fn is_told(registry: &RealRegistry, programs: &(Utf8PathBuf, Utf8PathBuf, Utf8PathBuf), busybox: &Utf8Path) {
    let host = registry.host();
    image_that_says("base").push_to(&registry.url(), "acme/base", "1", None).unwrap();
    scanner(busybox).push_to(&registry.url(), "acme/scanner", "1", None).unwrap();
    let kit = BuildKit::start(programs, host);
    let toml = format!("[images]\nweb = \"{host}/acme/web:1\"\n");
    let repo = Monorepo::builder().file("images.toml", toml).build();
    build(&kit, &repo, host, "1");
    repo.imagelock(["lock"]).success();
    repo.write("old.lock", repo.read("images.lock"));
    build(&kit, &repo, host, "2");
    repo.imagelock(["update"]).success();

    let before = registry.requests().len();
    let output = repo.imagelock(["diff", "old.lock", "--format", "json", "--no-cache"]).success();
    assert_eq!(registry.requests().len() - before, 12, "{:?}", registry.requests().split_off(before));
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    let platform = &document["images"][0]["platforms"]["linux/amd64"];
    assert_eq!(platform["verdict"], "packages", "{platform:#}");
    assert_eq!(platform["packages"]["changed"][0]["purl"], "pkg:apk/alpine/musl");
    assert_eq!(platform["packages"]["changed"][0]["to"], "2");
    assert_eq!(platform["config"][0]["what"], "user");
    assert_eq!(platform["layers"]["shared"], 1);

    let output = repo.imagelock(["inspect", "web", "--format", "json"]).success();
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    let made = &document["inspected"]["linux/amd64"]["provenance"];
    let materials = made["materials"].as_array().unwrap();
    let base = materials.iter().find(|material| material["uri"].as_str().unwrap().contains("acme/base"));
    let manifest = image_that_says("base").digest().to_owned();
    assert_eq!(base.unwrap()["digest"], manifest.as_str(), "{made:#}");
}

#[test]
fn what_buildkit_says_is_found_in_an_older_registry() {
    let (registry, busybox) = (need!("docker-registry"), need!("busybox"));
    is_told(&RealRegistry::new(&registry).start(), &need!("buildkitd", "buildctl", "runc"), &busybox);
}

#[test]
fn what_buildkit_says_is_found_in_a_newer_registry() {
    let (registry, busybox) = (need!("registry3"), need!("busybox"));
    is_told(&RealRegistry::new(&registry).start(), &need!("buildkitd", "buildctl", "runc"), &busybox);
}
