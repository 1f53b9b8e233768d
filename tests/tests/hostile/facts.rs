//! Facts beside the digest: when it was built, which version, from which source.

use imagelock_testkit::{Image, Registry, media_type};
use serde_json::{Value, json};

use crate::harness::{Case, config, described, descriptor, put_index};

const CREATED: &str = "org.opencontainers.image.created";
const VERSION: &str = "org.opencontainers.image.version";
const REVISION: &str = "org.opencontainers.image.revision";
const SOURCE: &str = "org.opencontainers.image.source";
const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

/// What an official image says of itself, with the time of its build or of its commit.
fn said(created: &str) -> Value {
    let base = format!("sha256:{}", "b".repeat(64));
    json!({
        CREATED: created, VERSION: "16.9-alpine", REVISION: "0c2d1f3b", SOURCE: "https://a.example/postgres.git",
        BASE_NAME: "alpine:3.21", BASE_DIGEST: base,
    })
}

/// Serves an index of two platforms, whose descriptors and manifests say this.
fn serve(registry: &Registry, of_descriptor: &Value, of_manifest: &Value, labels: &Value) {
    let entries = ["linux/amd64", "linux/arm64"].map(|platform| {
        let mut config = config(platform);
        config["created"] = json!("2026-01-01T00:00:00Z");
        config["config"] = json!({ "Labels": labels });
        let config = config.to_string().into_bytes();
        registry.put_blob("app", config.clone());
        let manifest = json!({
            "mediaType": media_type::OCI_MANIFEST, "config": described(media_type::OCI_CONFIG, &config), "layers": [],
            "annotations": of_manifest,
        });
        let manifest = manifest.to_string().into_bytes();
        registry.put_manifest("app", media_type::OCI_MANIFEST, manifest.clone());
        let (os, architecture) = platform.split_once('/').unwrap();
        let platform = json!({ "os": os, "architecture": architecture });
        let mut entry = descriptor(described(media_type::OCI_MANIFEST, &manifest), &platform);
        entry["annotations"] = of_descriptor.clone();
        entry
    });
    put_index(registry, "app:1", &entries);
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("the time of a build comes from the configuration where nothing else says it")
            .serves(|registry| {
                registry.push("app:1", &Image::linux(["amd64"]).created("2026-11-12T08:31:02Z"));
            })
            .lock_has("/images/app/created", "2026-11-12T08:31:02Z"),
        Case::new("a version is read from a label")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]).label(VERSION, "1.2.3"))))
            .lock_has("/images/app/version", "1.2.3"),
        Case::new("an annotation of the index comes before a label")
            .serves(|registry| {
                let image = Image::linux(["amd64", "arm64"]).label(VERSION, "1.2").index_annotation(VERSION, "1.2.3");
                registry.push("app:1", &image);
            })
            .lock_has("/images/app/version", "1.2.3"),
        Case::new("a login in the address of a source does not enter the lock")
            .secret("hunter-2")
            .serves(|registry| {
                let image = Image::linux(["amd64", "arm64"])
                    .label(SOURCE, "https://anna:hunter-2@git.example/app.git#main")
                    .index_annotation(BASE_NAME, "anna:hunter-2@reg.example/base:1")
                    .label(REVISION, "https://git.example/app?private_token=hunter-2");
                registry.push("app:1", &image);
            })
            // The cache has the image's own bytes.
            .runs("lock --no-cache")
            .lock_has("/images/app/source", "https://git.example/app.git#main")
            .lock_has("/images/app/revision", "https://git.example/app")
            .lock_has("/images/app/base/name", "reg.example/base:1")
            .runs("verify --no-cache"),
        Case::new("control characters of a publisher reach no terminal")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]).label(VERSION, "1\u{1b}[31m"))))
            .runs("lock")
            .runs("list")
            .never_prints("\u{1b}"),
        Case::new("an official image says when it was built in its descriptors, and spares its configurations")
            .serves(|registry| {
                serve(registry, &said("2026-11-13T01:00:00Z"), &said("2026-11-12T08:31:02Z"), &json!({}));
            })
            .lock_has("/images/app/created", "2026-11-13T01:00:00Z")
            .lock_has("/images/app/version", "16.9-alpine")
            .lock_has("/images/app/base/name", "alpine:3.21")
            .lock_has("/images/app/base/digest", format!("sha256:{}", "b".repeat(64)))
            .requests(4),
        Case::new("a descriptor that says less leaves the rest to the manifest and the configuration")
            .serves(|registry| {
                let labels = json!({ SOURCE: "https://label.example", VERSION: "of the label" });
                serve(
                    registry,
                    &json!({ VERSION: "of the descriptor" }),
                    &json!({ REVISION: "of the manifest" }),
                    &labels,
                );
            })
            .lock_has("/images/app/version", "of the descriptor")
            .lock_has("/images/app/revision", "of the manifest")
            .lock_has("/images/app/source", "https://label.example")
            .lock_has("/images/app/created", "2026-01-01T00:00:00Z")
            .lock_lacks("/images/app/base")
            .requests(6),
        Case::new("a stripped time is locked as it is said and shown as none")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]).created("1970-01-01T00:00:00Z"))))
            .lock_has("/images/app/created", "1970-01-01T00:00:00Z")
            .never_says("1970"),
        Case::new("annotations that are no text say nothing")
            .serves(|registry| {
                let odd =
                    json!({ CREATED: 7, VERSION: null, REVISION: ["a"], SOURCE: { "a": 1 }, BASE_DIGEST: "debian" });
                serve(registry, &odd, &json!([]), &json!("none"));
            })
            .lock_has("/images/app/created", "2026-01-01T00:00:00Z")
            .lock_lacks("/images/app/version")
            .lock_lacks("/images/app/base"),
        Case::new("a fact without end is none")
            .serves(|registry| serve(registry, &json!({ VERSION: "9".repeat(100_000) }), &json!({}), &json!({})))
            .lock_lacks("/images/app/version"),
    ]
}
