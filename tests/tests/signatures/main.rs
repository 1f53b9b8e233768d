//! `verify` of images.toml from end to end: before a digest enters the lock, beside it, and from there without a network.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod certified;
mod cosign;
mod extended;
mod kept;
mod roots;

use imagelock_core::Digest;
use imagelock_signature::testing::{self, Hand, Instance};
use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Logged, Monorepo};
use serde_json::{Value, json};

const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn image() -> Image {
    Image::linux(["amd64", "arm64"]).seed("app")
}

/// The lock's word on an image.
fn locked(repo: &Monorepo, name: &str) -> Value {
    let lock: Value = serde_json::from_str(&repo.read("images.lock")).unwrap();
    lock["images"][name].clone()
}

/// The files that are kept, by their names.
fn kept(repo: &Monorepo) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(repo.path("images.trust")) else { return Vec::new() };
    let mut names: Vec<String> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What `check` finds of signatures.
fn found(repo: &Monorepo) -> Vec<String> {
    let output = repo.imagelock(["check", "--format", "json"]);
    let document: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output}"));
    let all = document["findings"].as_array().unwrap().iter();
    all.filter(|finding| finding["rule"] == "signature")
        .map(|one| one["message"].as_str().unwrap().to_owned())
        .collect()
}

/// The trust root of an instance in a file, and the table that names it.
fn root_of(instance: &Instance) -> (String, String) {
    let root = instance.root();
    let hash = Digest::sha256(root.as_bytes());
    let table = format!("[roots.ours]\nfile = \"trust/ours.json\"\nsha256 = \"{}\"\n", hash.hex());
    (root, table)
}

/// Puts a payload of cosign's where cosign does.
fn push_simple(registry: &Registry, repository: &str, hand: &Hand, log: Logged<'_>, digest: &str, about: &str) {
    let payload = testing::payload(&format!("{}/{repository}", registry.host()), about);
    let signature = hand.sign(&payload);
    let entry = log.map(|(log, at)| log.entry_of_payload(hand, &payload, &signature, at));
    let annotations = testing::annotations(hand, &signature, entry.as_ref());
    let layer = json!({
        "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
        "digest": registry.put_blob(repository, payload.clone()),
        "size": payload.len(),
        "annotations": annotations,
    });
    let config = registry.put_blob(repository, b"{}".to_vec());
    let config = json!({ "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2 });
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
    let tag = digest.replace(':', "-");
    registry.put_manifest(&format!("{repository}:{tag}.sig"), MANIFEST, manifest.to_string());
}
