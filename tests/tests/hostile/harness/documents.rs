//! Documents as registries serve them, where the testkit's images are too well made.

use imagelock_testkit::{Registry, media_type, sha256};
use serde_json::{Value, json};

/// An ordinary image configuration for a platform, `os/arch[/variant]`.
pub(crate) fn config(platform: &str) -> Value {
    let mut parts = platform.split('/');
    let mut config = json!({ "rootfs": { "type": "layers", "diff_ids": [] } });
    for key in ["os", "architecture", "variant"] {
        if let Some(part) = parts.next() {
            config[key] = part.into();
        }
    }
    config
}

/// What describes some bytes.
pub(crate) fn described(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": sha256(bytes), "size": bytes.len() })
}

/// An OCI manifest without layers for a configuration that [`described`] tells of.
pub(crate) fn manifest_of(config: &Value) -> Value {
    json!({ "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [] })
}

/// An OCI index of entries.
pub(crate) fn index_of(entries: &[Value]) -> Value {
    json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries })
}

/// Adds the platform to what describes a manifest, as an index's entry.
pub(crate) fn descriptor(mut described: Value, platform: &Value) -> Value {
    described["platform"] = platform.clone();
    described
}

/// Puts a configuration and an OCI manifest for it; returns what describes the manifest.
pub(crate) fn put_image(registry: &Registry, reference: &str, config: &Value) -> Value {
    let repository = reference.split(':').next().unwrap_or_default();
    let bytes = config.to_string().into_bytes();
    registry.put_blob(repository, bytes.clone());
    let manifest = manifest_of(&described(media_type::OCI_CONFIG, &bytes)).to_string().into_bytes();
    registry.put_manifest(reference, media_type::OCI_MANIFEST, manifest.clone());
    described(media_type::OCI_MANIFEST, &manifest)
}

/// Puts an OCI index; returns what describes it.
pub(crate) fn put_index(registry: &Registry, reference: &str, entries: &[Value]) -> Value {
    let index = index_of(entries).to_string().into_bytes();
    registry.put_manifest(reference, media_type::OCI_INDEX, index.clone());
    described(media_type::OCI_INDEX, &index)
}
