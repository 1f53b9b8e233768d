//! Documents as registries really serve them, where the testkit's images are too well made.

use imagelock_testkit::{Registry, media_type, sha256};
use serde_json::{Value, json};

/// An ordinary configuration for a platform, `os/arch[/variant]`.
pub(crate) fn config(platform: &str) -> Value {
    let mut config = json!({ "rootfs": { "type": "layers", "diff_ids": [] } });
    for (key, part) in ["os", "architecture", "variant"].into_iter().zip(platform.split('/')) {
        config[key] = part.into();
    }
    config
}

/// What describes some bytes.
pub(crate) fn described(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": sha256(bytes), "size": bytes.len() })
}

/// Puts a configuration; returns what describes it.
pub(crate) fn put_config(registry: &Registry, media_type: &str, config: &Value) -> Value {
    let bytes = config.to_string().into_bytes();
    registry.put_blob("app", bytes.clone());
    described(media_type, &bytes)
}

/// Puts any document at `app` or `app:TAG`; returns what describes it.
pub(crate) fn put(registry: &Registry, reference: &str, media_type: &str, document: &Value) -> Value {
    let bytes = document.to_string().into_bytes();
    registry.put_manifest(reference, media_type, bytes.clone());
    described(media_type, &bytes)
}

/// Puts an image whose configuration is for a platform; returns what describes its manifest, without a platform.
pub(crate) fn put_image(registry: &Registry, reference: &str, config: &Value) -> Value {
    let config = put_config(registry, media_type::OCI_CONFIG, config);
    let manifest = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [] });
    put(registry, reference, media_type::OCI_MANIFEST, &manifest)
}

/// Puts an index; returns what describes it.
pub(crate) fn put_index(registry: &Registry, reference: &str, entries: &[Value]) -> Value {
    let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries });
    put(registry, reference, media_type::OCI_INDEX, &index)
}

/// An entry of an index, for a platform.
pub(crate) fn on(mut described: Value, platform: &str) -> Value {
    described["platform"] = config(platform);
    described["platform"].as_object_mut().unwrap().remove("rootfs");
    described
}

/// An entry with one more field.
pub(crate) fn with(mut described: Value, key: &str, value: Value) -> Value {
    described[key] = value;
    described
}
