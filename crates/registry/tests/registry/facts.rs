//! What images say about themselves, in the layouts that builders make.

use imagelock_core::{Digest, LockedImage};
use imagelock_testkit::{Image, Registry, media_type};
use serde_json::{Value, json};

use crate::common::{client, request, resolve};
use crate::raw::{config, on, put, put_config, put_image, put_index, with};

const CREATED: &str = "org.opencontainers.image.created";
const VERSION: &str = "org.opencontainers.image.version";
const REVISION: &str = "org.opencontainers.image.revision";
const SOURCE: &str = "org.opencontainers.image.source";
const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

fn image() -> Image {
    Image::linux(["amd64", "arm64"]).label(VERSION, "16.9").created("2026-11-12T08:31:02Z")
}

fn lock(registry: &Registry) -> LockedImage {
    registry.log().take();
    resolve(client(), &request(registry, "app:1", &[])).unwrap()
}

fn locked(image: &Image) -> LockedImage {
    let registry = Registry::start().unwrap();
    registry.push("app:1", image);
    lock(&registry)
}

fn created(image: &LockedImage) -> String {
    image.created.as_ref().unwrap().to_string()
}

fn blobs(registry: &Registry) -> usize {
    registry.log().count("GET", "/v2/app/blobs/")
}

/// An entry for a platform with annotations, whose manifest has others and whose configuration has labels.
fn entry(registry: &Registry, platform: &str, said: &Value, manifest: &Value, labels: &Value) -> Value {
    let mut config = config(platform);
    config["created"] = json!("2026-04-04T00:00:00Z");
    config["config"] = json!({ "Labels": labels });
    let config = put_config(registry, media_type::OCI_CONFIG, &config);
    let document = json!({ "mediaType": media_type::OCI_MANIFEST, "config": config, "annotations": manifest });
    let described = put(registry, "app", media_type::OCI_MANIFEST, &document);
    with(on(described, platform), "annotations", said.clone())
}

#[test]
fn every_fact_comes_from_the_first_place_that_says_it() {
    let (at, nothing) = (|time: &str| json!({ CREATED: time }), json!({}));
    let registry = Registry::start().unwrap();
    let lock_with = |descriptor: &Value, index: &Value, manifest: &Value, labels: &Value| {
        let entry = entry(&registry, "linux/amd64", descriptor, manifest, labels);
        let index = json!({ "mediaType": media_type::OCI_INDEX, "manifests": [entry], "annotations": index });
        put(&registry, "app:1", media_type::OCI_INDEX, &index);
        created(&lock(&registry))[..7].to_owned()
    };
    let [descriptor, index, manifest, label] =
        ["00", "01", "02", "03"].map(|month| at(&format!("20{month}-01-01T00:00:00Z")));
    assert_eq!(lock_with(&descriptor, &index, &manifest, &label), "2000-01");
    assert_eq!(lock_with(&nothing, &index, &manifest, &label), "2001-01");
    assert_eq!(lock_with(&nothing, &nothing, &manifest, &label), "2002-01");
    assert_eq!(lock_with(&nothing, &nothing, &nothing, &label), "2003-01");
    assert_eq!(lock_with(&nothing, &nothing, &nothing, &nothing), "2026-04");
    assert_eq!(lock_with(&at("soon"), &nothing, &manifest, &label), "2002-01", "what is no time says nothing");
}

#[test]
fn facts_come_from_the_index_then_platform_by_platform() {
    let image = image().index_annotation(VERSION, "of the index").manifest_annotation(REVISION, "of the manifest");
    let locked = locked(&image.label(REVISION, "of the label").label(SOURCE, "of the label"));
    assert_eq!(locked.version.as_deref(), Some("of the index"));
    assert_eq!(locked.revision.as_deref(), Some("of the manifest"));
    assert_eq!(locked.source.as_deref(), Some("of the label"));
}

#[test]
fn annotations_that_say_everything_save_the_configurations() {
    let all = |image: Image| {
        image.annotation(VERSION, "1").annotation(REVISION, "abc").annotation(SOURCE, "https://a.example")
    };
    let registry = Registry::start().unwrap();
    registry.push("app:1", &all(image()).annotation(CREATED, "2026-01-01T00:00:00Z"));
    lock(&registry);
    assert_eq!((blobs(&registry), registry.log().len()), (0, 4));
    registry.push("app:1", &all(image()));
    lock(&registry);
    assert_eq!(blobs(&registry), 2, "without the time, the configurations are needed");
}

#[test]
fn what_an_image_was_built_on_comes_whole_from_the_first_place_that_says_it() {
    let digest = Digest::sha256(b"debian");
    let labelled = image().label(BASE_NAME, "debian:11").label(BASE_DIGEST, digest.as_str());
    let of_label = locked(&labelled).base;
    assert_eq!((of_label.name.as_deref(), of_label.digest), (Some("debian:11"), Some(digest)));
    let of_index = locked(&labelled.index_annotation(BASE_NAME, "debian:12")).base;
    assert_eq!((of_index.name.as_deref(), of_index.digest), (Some("debian:12"), None));
    assert!(locked(&image().label(BASE_DIGEST, "bookworm")).base.is_empty(), "what is no digest says nothing");
}

/// The official images: the descriptors say when each was built, the manifests and configurations when the commit was
/// made; `base` is there where there is one; attestations stand beside; the index itself says nothing.
#[test]
fn official_images_say_everything_in_their_descriptors() {
    let registry = Registry::start().unwrap();
    let said = |built: &str, base: bool| {
        let mut said = json!({
            CREATED: built, VERSION: "16.9-alpine", REVISION: "0c2d1f3b",
            SOURCE: "https://github.com/docker-library/postgres.git#0c2d1f3b:16/alpine3.21",
            "org.opencontainers.image.url": "https://hub.docker.com/_/postgres",
            "com.docker.official-images.bashbrew.arch": "amd64",
        });
        if base {
            said[BASE_NAME] = json!("alpine:3.21");
            said[BASE_DIGEST] = json!(Digest::sha256(b"alpine").as_str());
        }
        said
    };
    for base in [true, false] {
        let mut entries = Vec::new();
        for (platform, built) in [("linux/amd64", "2026-11-13T01:00:00Z"), ("linux/arm64/v8", "2026-11-14T02:00:00Z")] {
            let manifest = said("2026-11-12T08:31:02Z", base);
            entries.push(entry(&registry, platform, &said(built, base), &manifest, &json!(null)));
            let attestation = on(put_image(&registry, "app", &config("unknown/unknown")), "unknown/unknown");
            let about =
                json!({ "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": "x" });
            entries.push(with(attestation, "annotations", about));
        }
        put_index(&registry, "app:1", &entries);
        let locked = lock(&registry);
        assert_eq!(created(&locked), "2026-11-13T01:00:00Z", "the first platform's build, and no commit");
        assert_eq!(locked.version.as_deref(), Some("16.9-alpine"));
        assert_eq!(locked.base.name.as_deref(), base.then_some("alpine:3.21"));
        assert_eq!(locked.platforms.len(), 2);
        assert_eq!((blobs(&registry), registry.log().len()), (0, 4), "one request fewer a platform");
    }
}

/// `BuildKit` by itself annotates nothing: labels and the configuration's time are all there is.
#[test]
fn buildkits_images_say_it_in_labels() {
    let registry = Registry::start().unwrap();
    registry.push("app:1", &image().label(SOURCE, "https://a.example").attestations());
    let locked = lock(&registry);
    assert_eq!((created(&locked), locked.version.as_deref()), ("2026-11-12T08:31:02Z".to_owned(), Some("16.9")));
    assert_eq!(
        (locked.source.as_deref(), locked.base.is_empty(), locked.platforms.len()),
        (Some("https://a.example"), true, 2)
    );
    assert_eq!(registry.log().len(), 6, "attestations are not read");
}

/// Bazel's rules strip the time, and many images of theirs say nothing else.
#[test]
fn a_stripped_time_is_what_the_image_says_and_no_evidence() {
    for stripped in ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"] {
        let locked = locked(&Image::linux(["amd64", "arm64"]).created(stripped));
        assert_eq!(created(&locked), stripped);
        assert!(!locked.created.as_ref().unwrap().is_evidence());
        assert_eq!((locked.version, locked.revision, locked.source), (None, None, None));
    }
    assert_eq!(locked(&Image::linux(["amd64"])).created, None);
}

/// A reproducible build says when it was really made where the bytes may differ: in the index.
#[test]
fn the_time_of_a_reproducible_build_is_the_one_outside_of_it() {
    let image = Image::linux(["amd64", "arm64"]).created("1970-01-01T00:00:00Z");
    let image = image.manifest_annotation(CREATED, "1970-01-01T00:00:00Z");
    assert_eq!(created(&locked(&image)), "1970-01-01T00:00:00Z");
    assert_eq!(created(&locked(&image.index_annotation(CREATED, "2026-11-12T08:31:02Z"))), "2026-11-12T08:31:02Z");
}

/// `ko` says the base, in the index and in the manifests, and strips the time.
#[test]
fn kos_images_say_what_they_were_built_on() {
    let image = Image::linux(["amd64", "arm64"]).created("1970-01-01T00:00:00Z");
    let digest = Digest::sha256(b"static");
    let image =
        image.annotation(BASE_NAME, "cgr.dev/chainguard/static:latest").annotation(BASE_DIGEST, digest.as_str());
    let locked = locked(&image);
    assert_eq!(locked.base.name.as_deref(), Some("cgr.dev/chainguard/static:latest"));
    assert_eq!((created(&locked), locked.base.digest), ("1970-01-01T00:00:00Z".to_owned(), Some(digest)));
}

#[test]
fn an_image_without_an_index_says_it_in_its_manifest_and_its_configuration() {
    let image = Image::linux(["amd64"]).label(VERSION, "of the label").label(SOURCE, "of the label");
    let locked = locked(&image.manifest_annotation(VERSION, "of the manifest").created("2026-11-12T08:31:02Z"));
    assert_eq!(locked.version.as_deref(), Some("of the manifest"));
    assert_eq!((locked.source.as_deref(), created(&locked)), (Some("of the label"), "2026-11-12T08:31:02Z".to_owned()));
}
