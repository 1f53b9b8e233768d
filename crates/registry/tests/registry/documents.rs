//! Which documents are images, as registries serve them.

use imagelock_core::{LockedImage, Platform};
use imagelock_registry::{Error, ErrorKind, NotAnImage};
use imagelock_testkit::{Image, Registry, media_type};
use serde_json::{Value, json};

use crate::common::{builder, client, listening, request, resolve};
use crate::raw::{config, described, on, put, put_config, put_image, put_index, with};

fn lock(registry: &Registry) -> Result<LockedImage, Error> {
    resolve(client(), &request(registry, "app:1", &[]))
}

fn platforms(registry: &Registry) -> Vec<String> {
    lock(registry).unwrap().platforms.keys().map(Platform::to_string).collect()
}

fn refused(registry: &Registry) -> NotAnImage {
    match lock(registry).unwrap_err().kind {
        ErrorKind::NotAnImage(what) => what,
        other => panic!("{other}"),
    }
}

/// An image whose manifest of a family calls its configuration something.
fn called(family: &str, config_type: &Value, config: &Value) -> Registry {
    let registry = Registry::start().unwrap();
    let mut config = put_config(&registry, "", config);
    config["mediaType"] = config_type.clone();
    let manifest = json!({ "schemaVersion": 2, "mediaType": family, "config": config, "layers": [] });
    put(&registry, "app:1", family, &manifest);
    registry
}

#[test]
fn what_old_docker_images_call_their_configuration_is_no_matter() {
    for name in
        [json!("application/octet-stream"), json!("text/html"), json!("application/json"), json!(""), json!(null)]
    {
        for family in [media_type::DOCKER_MANIFEST, media_type::OCI_MANIFEST] {
            let registry = called(family, &name, &config("linux/amd64"));
            assert_eq!(platforms(&registry), ["linux/amd64"], "{name} under {family}");
        }
    }
}

#[test]
fn an_artifact_under_such_a_name_is_refused_and_no_empty_type_is_shown() {
    for (name, text) in [
        (
            json!("application/octet-stream"),
            "this is an artifact of type `application/octet-stream`, not a container image",
        ),
        (json!(""), "this is an artifact of no type, not a container image"),
        (json!(null), "this is an artifact of no type, not a container image"),
    ] {
        for config in [json!({}), json!({ "os": "linux" }), json!([])] {
            let registry = called(media_type::OCI_MANIFEST, &name, &config);
            assert_eq!(lock(&registry).unwrap_err().kind.to_string(), text);
        }
    }
    let registry = called(media_type::DOCKER_MANIFEST, &json!("application/octet-stream"), &json!({}));
    assert_eq!(refused(&registry), NotAnImage::NoPlatform);
}

#[test]
fn such_an_image_among_an_indexes_entries_has_to_show_that_it_is_one() {
    for (config, is_image) in [(config("linux/amd64"), true), (json!({}), false)] {
        let registry = called(media_type::OCI_MANIFEST, &json!("application/json"), &config);
        let digest = registry.digest_of("app", "1").unwrap();
        let manifest = described(media_type::OCI_MANIFEST, &registry.content("app", &digest).unwrap());
        // Where everything is said, the configuration is read for nothing but that.
        let said = |key: &str| format!("org.opencontainers.image.{key}");
        let index = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [on(manifest, "linux/amd64")],
            "annotations": {
                said("created"): "2026-01-01T00:00:00Z", said("version"): "1", said("revision"): "a", said("source"): "b",
            },
        });
        put(&registry, "app:1", media_type::OCI_INDEX, &index);
        assert_eq!(lock(&registry).is_ok(), is_image);
    }
}

#[test]
fn an_image_may_have_no_layers() {
    for layers in [json!(null), json!([]), json!("absent")] {
        for family in [media_type::DOCKER_MANIFEST, media_type::OCI_MANIFEST] {
            let registry = Registry::start().unwrap();
            let config = put_config(&registry, media_type::OCI_CONFIG, &config("linux/amd64"));
            let mut manifest = json!({ "schemaVersion": 2, "mediaType": family, "config": config, "layers": layers });
            if layers == "absent" {
                manifest.as_object_mut().unwrap().remove("layers");
            }
            put(&registry, "app:1", family, &manifest);
            assert_eq!(platforms(&registry), ["linux/amd64"]);
        }
    }
}

#[test]
fn what_two_readers_would_read_in_two_ways_is_refused() {
    let registry = Registry::start().unwrap();
    let config = put_config(&registry, media_type::OCI_CONFIG, &config("linux/amd64"));
    for twice in [
        format!(r#"{{"config":{config},"Config":{config},"layers":[]}}"#),
        format!(r#"{{"config":{config},"layers":[],"layers":[]}}"#),
        format!(r#"{{"manifests":[{{"digest":"a","digest":"b"}}],"mediaType":"{}"}}"#, media_type::OCI_INDEX),
    ] {
        registry.put_manifest("app:1", media_type::OCI_MANIFEST, twice);
        let text = lock(&registry).unwrap_err().kind.to_string();
        assert!(text.contains("stands twice in one object"), "{text}");
    }
    // In any case of letters, once is as good as the usual.
    registry.put_manifest("app:1", media_type::OCI_MANIFEST, format!(r#"{{"Config":{config},"LAYERS":[]}}"#));
    assert_eq!(platforms(&registry), ["linux/amd64"]);
}

#[test]
fn odd_labels_and_annotations_refuse_nothing() {
    let registry = Registry::start().unwrap();
    let blob = b"{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Labels\":{\"a\":\"caf\xe9\",\"b\":\"\\ud800\",\"c\":7}}}";
    registry.put_blob("app", &blob[..]);
    let config = described(media_type::OCI_CONFIG, blob);
    let manifest = json!({ "config": config, "annotations": { "org.opencontainers.image.version": 7, "x": null } });
    put(&registry, "app:1", media_type::OCI_MANIFEST, &manifest);
    assert_eq!(platforms(&registry), ["linux/amd64"]);
}

#[test]
fn an_index_without_an_image_is_called_what_it_is() {
    let told = |entries: &[Value]| {
        let registry = Registry::start().unwrap();
        put_index(&registry, "app:1", entries);
        lock(&registry).unwrap_err().kind.to_string()
    };
    let entry = |kind: &str| json!({ "mediaType": kind, "digest": format!("sha256:{}", "0".repeat(64)), "size": 1 });
    assert_eq!(told(&[]), "this is an index without entries");
    let cache = [entry(media_type::OCI_LAYER), entry("application/vnd.buildkit.cacheconfig.v0")];
    assert_eq!(told(&cache), "this is a build cache of BuildKit, not a container image");
    let schema1 = on(entry("application/vnd.docker.distribution.manifest.v1+json"), "linux/amd64");
    assert!(told(&[schema1]).starts_with("this is a Docker manifest of schema 1"));
    let attestation = on(entry(media_type::OCI_MANIFEST), "unknown/unknown");
    assert_eq!(told(&[attestation]), "this is an index of attestations alone, without an image");
    assert_eq!(
        told(&[on(entry(media_type::OCI_MANIFEST), "li nux/amd64")]),
        "this is an index without an image for a platform: `li nux/amd64` cannot be read as a platform"
    );
    assert_eq!(
        told(&[entry("application/a"), json!({ "digest": "sha256:0" }), entry("application/b")]),
        "this is an index without an image; its entries are of no type, of type `application/a`, of type `application/b`"
    );
}

#[test]
fn of_many_types_and_many_oddities_the_first_eight_are_told() {
    let registry = Registry::start().unwrap();
    let image = put_image(&registry, "app", &config("linux/amd64"));
    let others = (0..9).map(|number| with(image.clone(), "mediaType", json!(format!("application/{number}"))));
    put_index(&registry, "app:1", &others.collect::<Vec<Value>>());
    let NotAnImage::NoImages(types) = refused(&registry) else { panic!("another refusal") };
    assert_eq!((types.len(), types[7].as_str()), (8, "application/7"));
    let mut entries: Vec<Value> = (0..9).map(|number| on(image.clone(), &format!("li nux/{number}"))).collect();
    entries.push(on(image, "linux/amd64"));
    put_index(&registry, "app:1", &entries);
    let (client, events) = listening(builder());
    resolve(client, &request(&registry, "app:1", &[])).unwrap();
    let odd: Vec<String> = events.lock().unwrap().iter().filter(|event| event.starts_with("Odd")).cloned().collect();
    assert_eq!(odd.len(), 8, "{odd:?}");
    assert!(odd[7].contains("li nux/7"), "{odd:?}");
}

#[test]
fn artifacts_beside_images_are_passed_over() {
    let registry = Registry::start().unwrap();
    let image = put_image(&registry, "app", &config("linux/amd64"));
    let artifact = Image::artifact("application/vnd.example");
    registry.push("app", &artifact);
    let artifact = described(media_type::OCI_MANIFEST, &artifact.bytes());
    put_index(&registry, "app:1", &[artifact.clone(), on(image, "linux/amd64")]);
    assert_eq!(platforms(&registry), ["linux/amd64"]);
    put_index(&registry, "app:1", &[artifact]);
    assert!(matches!(refused(&registry), NotAnImage::NoImages(_)));
}

#[test]
fn a_long_list_is_cut_in_what_is_said() {
    let registry = Registry::start().unwrap();
    let image = put_image(&registry, "app", &config("linux/amd64"));
    let entries: Vec<Value> = (0..500).map(|number| on(image.clone(), &format!("linux/a{number:03}"))).collect();
    put_index(&registry, "app:1", &entries);
    let error = resolve(client(), &request(&registry, "app:1", &["linux/arm64"])).unwrap_err().kind.to_string();
    assert!(error.ends_with("linux/a022, linux/a023, 476 more"), "{error}");
}
