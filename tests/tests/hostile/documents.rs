//! Documents as registries really serve them: media types, odd manifests, indexes in indexes, artifacts beside images.

use imagelock_testkit::{Fault, Image, On, media_type};
use serde_json::json;

use crate::harness::{Case, config, described, manifest_of, put_image};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("an image without an index is locked by its configuration's platform")
            .serves(|registry| drop(put_image(registry, "app:1", &config("linux/arm64/v8"))))
            .lock_has("/images/app/mediaType", media_type::OCI_MANIFEST)
            .locks_platforms(["linux/arm64"])
            .requests(3),
        Case::new("an artifact is refused by its type")
            .serves(|registry| drop(registry.push("app:1", &Image::artifact("application/vnd.example.sbom"))))
            .exits(3)
            .says("not a container image"),
        Case::new("a manifest of schema 1 is called by its name")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]).schema1())))
            .exits(3)
            .says("schema 1"),
        Case::new("what is no JSON is no manifest")
            .serves(|registry| {
                registry.put_manifest("app:1", media_type::OCI_MANIFEST, "<html>Log in</html>");
            })
            .exits(3)
            .says("not a manifest"),
        Case::new("a configuration that is not there is a missing blob")
            .serves(|registry| {
                let config = described(media_type::OCI_CONFIG, b"{}");
                registry.put_manifest("app:1", media_type::OCI_MANIFEST, manifest_of(&config).to_string());
            })
            .exits(3)
            .says("cannot read"),
        Case::new("other bytes under a digest are refused")
            .serves(|registry| {
                registry.push("app:1", &Image::linux(["amd64"]));
                registry.fault(On::manifest("app").method("GET"), Fault::bytes(json!({}).to_string()));
            })
            .exits(3),
    ]
}
