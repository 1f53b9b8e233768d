//! Signatures that a test makes, where registries without lists of referrers have them.

use imagelock_signature::testing::{self, Hand, Instance};
use imagelock_testkit::{Registry, media_type};
use serde_json::{Value, json};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Puts bundles where clients of registries without the API for referrers do.
pub fn push_bundles(registry: &Registry, repository: &str, digest: &str, bundles: &[Vec<u8>]) {
    let entries: Vec<Value> = bundles
        .iter()
        .map(|bundle| {
            let blob = registry.put_blob(repository, bundle.clone());
            let empty = registry.put_blob(repository, b"{}".to_vec());
            let manifest = json!({
                "schemaVersion": 2,
                "mediaType": media_type::OCI_MANIFEST,
                "artifactType": BUNDLE,
                "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": empty, "size": 2 },
                "layers": [{ "mediaType": BUNDLE, "digest": blob, "size": bundle.len() }],
                "subject": { "mediaType": media_type::OCI_MANIFEST, "digest": digest, "size": 1 },
            })
            .to_string();
            let size = manifest.len();
            let manifest = registry.put_manifest(repository, media_type::OCI_MANIFEST, manifest);
            json!({ "mediaType": media_type::OCI_MANIFEST, "digest": manifest, "size": size, "artifactType": BUNDLE })
        })
        .collect();
    let index = media_type::OCI_INDEX;
    let list = json!({ "schemaVersion": 2, "mediaType": index, "manifests": entries }).to_string();
    registry.put_manifest(&format!("{repository}:{}", digest.replace(':', "-")), index, list);
}

/// A log that has an entry, and when that was made, in seconds of Unix.
pub type Logged<'l> = Option<(&'l Instance, i64)>;

/// A bundle in which a hand signs a digest.
///
/// # Panics
///
/// For what is no digest.
pub fn bundle(hand: &Hand, log: Logged<'_>, digest: &str) -> Vec<u8> {
    let payload =
        testing::statement("", &digest.parse().expect("it is a digest"), "https://sigstore.dev/cosign/sign/v1");
    let signature = hand.sign(&testing::preauthenticated(&payload));
    let entry = log.map(|(log, at)| log.entry_of_statement(hand, &payload, &signature, at));
    testing::bundle(hand, &payload, &signature, entry.as_ref())
}
