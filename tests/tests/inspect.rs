//! `inspect`: what is in an image, and who says so.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::{Image, Layer, Registry};
use imagelock_tests::Monorepo;
use insta::assert_snapshot;
use serde_json::{Value, json};

fn image() -> Image {
    let reference = |purl: &str| json!({ "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl });
    let package =
        |purl: &str| json!({ "name": "x", "licenseDeclared": "MIT AND (x)", "externalRefs": [reference(purl)] });
    let purls = ["pkg:apk/wolfi/busybox@1.37.0-r8", "pkg:apk/wolfi/openssl@3.3.2-r1", "pkg:npm/%40types/node@20.0.0"];
    let spdx = json!({ "spdxVersion": "SPDX-2.3", "packages": purls.map(package) });
    let provenance = json!({
        "builder": { "id": "https://ci.example.com/acme" },
        "materials": [{ "uri": "pkg:docker/alpine@3.22?platform=linux%2Famd64", "digest": { "sha256": "a".repeat(64) } }],
    });
    Image::linux(["amd64", "arm64"])
        .created("2026-11-20T06:00:00Z")
        .label("org.opencontainers.image.version", "1.4.0")
        .user("nonroot")
        .env("PATH=/bin")
        .entrypoint(["/web", "--serve all"])
        .layer(Layer::files([("app", "1.4.0")]))
        .statement("https://spdx.dev/Document", &spdx.to_string())
        .statement("https://slsa.dev/provenance/v0.2", &provenance.to_string())
}

fn world(image: &Image) -> (Registry, Monorepo) {
    let registry = Registry::start().unwrap();
    registry.push("acme/web:1", image);
    let toml = format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host());
    let repo = Monorepo::builder().file("images.toml", toml).build();
    repo.imagelock(["lock"]).success();
    (registry, repo)
}

fn masked(registry: &Registry, text: &str) -> String {
    let text = text.replace(registry.host(), "registry.example.com");
    regex::Regex::new("sha256:[0-9a-f]{64}").unwrap().replace_all(&text, "sha256:…").into_owned()
}

#[test]
fn an_image_reads_as_it_was_read() {
    let (registry, repo) = world(&image());
    let signature = Image::artifact("application/vnd.dev.cosign.artifact.sig.v1+json");
    let manifest = image().manifest_of("linux/amd64").unwrap().clone();
    registry.push("acme/web", &signature.subject_descriptor(manifest.clone()));
    registry.push(&format!("acme/web:{}.sig", manifest.digest.replace(':', "-")), &Image::artifact("x"));
    let shown = repo.imagelock(["inspect", "web"]).success().stdout;
    assert_snapshot!(masked(&registry, &shown), @r#"
    registry.example.com/acme/web:1@sha256:…
      version            1.4.0 (said by the publisher)
      built              20 Nov 2026
      platforms          linux/amd64, linux/arm64

    linux/amd64  sha256:…
      user               nonroot
      entrypoint         ["/web","--serve all"]
      environment        PATH=/bin
      labels             org.opencontainers.image.version=1.4.0
      size               2.4 kB in 1 layer
      release            wolfi
      packages           3 packages (said by the publisher, by an attestation in the index)
        apk              busybox 1.37.0-r8
                         openssl 3.3.2-r1
        npm              @types/node 20.0.0
      built by           https://ci.example.com/acme (said by the publisher)
      made of            pkg:docker/alpine sha256:aaaaaaaaaaaa
      about it           cosign signature
                         in the index: https://slsa.dev/provenance/v0.2
                         in the index: https://spdx.dev/Document
                         referrer: application/vnd.dev.cosign.artifact.sig.v1+json
    "#);
    let reference = format!("{}/acme/web:1", registry.host());
    assert_eq!(repo.imagelock(["inspect", &reference]).success().stdout, shown);
}

#[test]
fn programs_read_what_people_read() {
    let (_registry, repo) = world(&image());
    let arguments = ["inspect", "web", "--platform", "linux/arm64", "--format", "json"];
    let document: Value = serde_json::from_str(&repo.imagelock(arguments).success().stdout).unwrap();
    assert_eq!(document["platforms"], json!(["linux/amd64", "linux/arm64"]));
    let platform = &document["inspected"]["linux/arm64"];
    assert_eq!(platform["config"]["entrypoint"], json!(["/web", "--serve all"]));
    assert_eq!(platform["packages"]["source"], "attestation");
    assert_eq!(platform["packages"]["grade"], "publisher");
    assert_eq!(
        platform["packages"]["items"][2],
        json!({ "purl": "pkg:npm/%40types/node@20.0.0", "name": "@types/node", "version": "20.0.0", "license": "MIT AND (x)" })
    );
    assert_eq!(platform["provenance"]["builder"], "https://ci.example.com/acme");
    assert_eq!(document["inspected"].as_object().unwrap().len(), 1);
}

#[test]
fn an_image_of_which_nobody_says_anything_is_told_as_that() {
    let (_registry, repo) = world(&Image::linux(["arm64"]));
    let shown = repo.imagelock(["inspect", "web"]).success().stdout;
    assert!(shown.contains("\nlinux/arm64  sha256:"), "{shown}");
    assert!(shown.contains("packages           0 packages (verified, read from 1 of 1 layers)\n"), "{shown}");
    let none = repo.imagelock(["inspect", "web", "--sbom", "spdx", "--budget", "0"]).exit(1);
    assert!(none.stderr.contains("nobody lists the packages of `web`"), "{none}");
    let absent = repo.imagelock(["inspect", "web", "--platform", "linux/s390x"]).exit(2);
    assert!(absent.stderr.contains("is not there for linux/s390x, but for linux/arm64"), "{absent}");
}

#[test]
fn bills_of_materials_are_the_same_in_every_run() {
    let (_registry, repo) = world(&image());
    for format in ["cyclonedx", "spdx"] {
        let written = repo.imagelock(["inspect", "web", "--sbom", format]).success().stdout;
        assert_eq!(repo.imagelock(["inspect", "web", "--sbom", format, "--no-cache"]).success().stdout, written);
        assert!(written.contains("pkg:npm/%40types/node@20.0.0") && written.contains("MIT AND (x)"), "{written}");
    }
}
