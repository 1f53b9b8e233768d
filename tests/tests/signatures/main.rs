//! `verify` of images.toml from end to end: before a digest enters the lock, beside it, and from there without a network.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod certified;
mod cosign;
mod kept;
mod roots;

use imagelock_core::Digest;
use imagelock_signature::testing::{self, Hand, Instance, NOON};
use imagelock_testkit::{Image, Registry};
use imagelock_tests::Monorepo;
use serde_json::{Value, json};

const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
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
fn push_simple(registry: &Registry, repository: &str, hand: &Hand, log: Option<&Instance>, digest: &str, about: &str) {
    let payload = testing::payload(&format!("{}/{repository}", registry.host()), about);
    let signature = hand.sign(&payload);
    let entry = log.map(|log| log.entry_of_payload(hand, &payload, &signature, NOON));
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

/// Puts bundles where clients of registries without the API for referrers do.
fn push_bundles(registry: &Registry, repository: &str, digest: &str, bundles: &[Vec<u8>]) {
    let entries: Vec<Value> = bundles
        .iter()
        .map(|bundle| {
            let blob = registry.put_blob(repository, bundle.clone());
            let empty = registry.put_blob(repository, b"{}".to_vec());
            let manifest = json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "artifactType": BUNDLE,
                "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": empty, "size": 2 },
                "layers": [{ "mediaType": BUNDLE, "digest": blob, "size": bundle.len() }],
                "subject": { "mediaType": MANIFEST, "digest": digest, "size": 1 },
            })
            .to_string();
            let size = manifest.len();
            let manifest = registry.put_manifest(repository, MANIFEST, manifest);
            json!({ "mediaType": MANIFEST, "digest": manifest, "size": size, "artifactType": BUNDLE })
        })
        .collect();
    let index = "application/vnd.oci.image.index.v1+json";
    let list = json!({ "schemaVersion": 2, "mediaType": index, "manifests": entries }).to_string();
    registry.put_manifest(&format!("{repository}:{}", digest.replace(':', "-")), index, list);
}

/// A bundle in which a hand signs a digest.
fn bundle(hand: &Hand, log: Option<&Instance>, digest: &str) -> Vec<u8> {
    let payload = testing::statement("", &digest.parse().unwrap(), "https://sigstore.dev/cosign/sign/v1");
    let signature = hand.sign(&testing::preauthenticated(&payload));
    let entry = log.map(|log| log.entry_of_statement(hand, &payload, &signature, NOON));
    testing::bundle(hand, &payload, &signature, entry.as_ref())
}
