//! Images: their shapes, and that the same recipe gives the same bytes.

use std::collections::BTreeSet;

use imagelock_testkit::{Image, Layer, media_type, sha256};
use serde_json::Value;

fn document(image: &Image) -> Value {
    serde_json::from_slice(&image.bytes()).unwrap()
}

#[test]
fn the_same_recipe_gives_the_same_digest_for_ever() {
    let image = Image::linux(["amd64", "arm64"]).label("version", "16.9").created("2026-11-12T08:31:02Z");
    assert_eq!(image.digest(), "sha256:854b509ba7ac82fa222ff24d6a97ba6634e34eed091aea821b0ebf9796003b12");
    assert_ne!(image.digest(), image.clone().seed("other").digest());
    assert_eq!(image.digest(), sha256(&image.bytes()));
}

#[test]
fn one_platform_gives_a_manifest_and_several_an_index() {
    assert_eq!(document(&Image::new())["mediaType"], media_type::OCI_MANIFEST);
    assert_eq!(document(&Image::new().index())["manifests"].as_array().unwrap().len(), 1);
    let several = Image::new().platform("linux/amd64").platform("linux/arm/v7");
    let entry = &document(&several)["manifests"][1];
    assert_eq!(entry["platform"], serde_json::json!({"architecture": "arm", "os": "linux", "variant": "v7"}));
    assert_eq!(entry["digest"], several.manifest_of("linux/arm/v7").unwrap().digest.as_str());
    assert_eq!(several.manifest_of("windows/amd64"), None);
}

#[test]
fn labels_time_and_settings_are_in_the_configuration() {
    let image = Image::new()
        .label("a", "b")
        .env("PATH=/bin")
        .entrypoint(["/web"])
        .user("65532")
        .created("2026-01-01T00:00:00Z");
    let config = image.content(&image.config_of("linux/amd64").unwrap().digest).unwrap();
    let config: Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(config["created"], "2026-01-01T00:00:00Z");
    let expected =
        serde_json::json!({"Entrypoint": ["/web"], "Env": ["PATH=/bin"], "Labels": {"a": "b"}, "User": "65532"});
    assert_eq!(config["config"], expected);
}

#[test]
fn docker_images_have_dockers_types_and_no_annotations() {
    let image = Image::linux(["amd64", "arm64"]).docker().annotation("a", "b");
    let index = document(&image);
    assert_eq!(index["mediaType"], media_type::DOCKER_LIST);
    assert_eq!(index["manifests"][0]["mediaType"], media_type::DOCKER_MANIFEST);
    assert_eq!(index.get("annotations"), None);
    assert_eq!(image.layers_of("linux/amd64")[0].media_type, media_type::DOCKER_LAYER);
}

#[test]
fn attestations_are_entries_of_no_platform() {
    let image = Image::new().attestations();
    let entry = document(&image)["manifests"][1].clone();
    assert_eq!(entry["platform"], serde_json::json!({"architecture": "unknown", "os": "unknown"}));
    let about = &image.manifest_of("linux/amd64").unwrap().digest;
    assert_eq!(entry["annotations"]["vnd.docker.reference.digest"], about.as_str());
}

#[test]
fn odd_shapes_can_be_made() {
    let nested = document(&Image::new().nested_index());
    assert_eq!(nested["manifests"][0]["mediaType"], media_type::OCI_INDEX);
    let old = Image::new().schema1();
    assert_eq!(old.descriptor().media_type, media_type::DOCKER_SCHEMA1);
    assert_eq!(document(&old)["schemaVersion"], 1);
}

#[test]
fn a_layer_may_be_for_one_platform_only() {
    let image = Image::linux(["amd64", "arm64"])
        .layer(Layer::files([("etc/base", "x")]))
        .layer_on("linux/arm64", Layer::files([("etc/extra", "y")]));
    assert_eq!(image.layers_of("linux/amd64").len(), 1);
    assert_eq!(image.layers_of("linux/arm64").len(), 2);
}

#[test]
fn a_layout_holds_every_blob_and_many_names() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (Image::new().seed("old"), Image::linux(["amd64", "arm64"]));
    old.write_layout(directory.path(), "1.0").unwrap();
    old.write_layout(directory.path(), "latest").unwrap();
    new.write_layout(directory.path(), "latest").unwrap();
    let index: Value = serde_json::from_slice(&fs_err::read(directory.path().join("index.json")).unwrap()).unwrap();
    let names: BTreeSet<_> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let name = entry["annotations"]["org.opencontainers.image.ref.name"].as_str().unwrap();
            (name, entry["digest"].as_str().unwrap())
        })
        .collect();
    assert_eq!(names, BTreeSet::from([("1.0", old.digest()), ("latest", new.digest())]));
    for digest in old.digests().into_iter().chain(new.digests()) {
        let hex = digest.strip_prefix("sha256:").unwrap();
        assert_eq!(sha256(&fs_err::read(directory.path().join("blobs/sha256").join(hex)).unwrap()), digest);
    }
}
