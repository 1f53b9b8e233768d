//! Which platforms of an image are locked, and whose word counts.

use imagelock_core::{LockedImage, Lockfile, Platform};
use imagelock_registry::{ErrorKind, NotAnImage, Resolver};
use imagelock_testkit::{Image, Registry, media_type};
use serde_json::json;

use crate::common::{builder, client, kind, listening, name, platforms, request, resolve, run};
use crate::raw::{config, on, put, put_image, put_index, with};

fn lock(image: &Image, wanted: &[&str]) -> Result<LockedImage, ErrorKind> {
    let registry = Registry::start().unwrap();
    registry.push("app:1", image);
    resolve(client(), &request(&registry, "app:1", wanted)).map_err(kind)
}

fn locked(image: &Image, wanted: &[&str]) -> Vec<String> {
    names(&lock(image, wanted).unwrap())
}

fn names(image: &LockedImage) -> Vec<String> {
    image.platforms.keys().map(Platform::to_string).collect()
}

/// What is locked of `app:1`, and what is told about it. `verify` agrees, and tells the same of what it locked.
fn told(registry: &Registry, wanted: &[&str]) -> (Vec<String>, Vec<String>) {
    let odd = |events: &[String]| -> Vec<String> {
        events.iter().filter(|event| event.starts_with("Odd")).cloned().collect()
    };
    let (client, events) = listening(builder());
    let image = resolve(client.clone(), &request(registry, "app:1", wanted)).unwrap();
    let of_lock = odd(&events.lock().unwrap());
    events.lock().unwrap().clear();
    let lock = Lockfile { images: [(name("app"), image.clone())].into_iter().collect(), ..Default::default() };
    run(Resolver::new(client).verify(&lock)).unwrap();
    let of_verify = odd(&events.lock().unwrap());
    assert!(of_verify.iter().all(|event| of_lock.contains(event)), "{of_verify:?}");
    (names(&image), of_lock)
}

#[test]
fn without_a_wish_every_platform_is_locked() {
    let image = Image::linux(["s390x", "arm64", "amd64"]).platform("linux/arm/v7").attestations();
    assert_eq!(locked(&image, &[]), ["linux/amd64", "linux/arm/v7", "linux/arm64", "linux/s390x"]);
    assert_eq!(locked(&image, &["linux/arm64"]), ["linux/arm64"]);
}

#[test]
fn docker_lists_and_manifests_are_images_too() {
    let list = lock(&Image::linux(["amd64", "arm64"]).docker(), &[]).unwrap();
    assert_eq!(list.media_type, "application/vnd.docker.distribution.manifest.list.v2+json");
    assert_eq!(list.platforms.len(), 2);
    let single = lock(&Image::linux(["arm64"]).docker(), &[]).unwrap();
    assert_eq!(single.media_type, "application/vnd.docker.distribution.manifest.v2+json");
    assert_eq!(names(&single), ["linux/arm64"]);
}

#[test]
fn a_single_image_has_its_own_digest_at_both_levels() {
    let image = lock(&Image::linux(["amd64"]), &["linux/amd64"]).unwrap();
    let platform = &image.platforms["linux/amd64".parse::<Platform>().as_ref().unwrap()];
    assert_eq!((&platform.digest, platform.size), (&image.digest, image.size));
}

#[test]
fn a_missing_platform_is_an_error_that_lists_what_is_there() {
    for image in [Image::linux(["amd64", "arm64"]).attestations(), Image::linux(["amd64", "arm64"]).docker()] {
        let error = lock(&image, &["linux/s390x", "linux/amd64"]).unwrap_err();
        assert_eq!(error.to_string(), "linux/s390x is requested, but it has linux/amd64, linux/arm64");
    }
    match lock(&Image::linux(["amd64"]), &["linux/arm64"]).unwrap_err() {
        ErrorKind::MissingPlatforms { has, .. } => assert_eq!(has, platforms(&["linux/amd64"])),
        other => panic!("{other}"),
    }
}

#[test]
fn spellings_of_one_platform_meet() {
    assert_eq!(locked(&Image::new().platform("linux/arm64/v8").index(), &["linux/arm64"]), ["linux/arm64"]);
    assert_eq!(locked(&Image::new().platform("linux/arm").index(), &["linux/arm/v7"]), ["linux/arm/v7"]);
    assert_eq!(locked(&Image::new().platform("Linux/AMD64").index(), &[]), ["linux/amd64"]);
    assert_eq!(locked(&Image::new().platform("Linux/ARM64/V8"), &["linux/arm64"]), ["linux/arm64"]);
}

#[test]
fn what_is_no_image_is_called_what_it_is() {
    let refused = |image: &Image| match lock(image, &[]).unwrap_err() {
        ErrorKind::NotAnImage(what) => what,
        other => panic!("{other}"),
    };
    assert_eq!(refused(&Image::linux(["amd64"]).schema1()), NotAnImage::Schema1);
    assert!(matches!(refused(&Image::artifact("application/vnd.example")), NotAnImage::Artifact(_)));
}

#[test]
fn the_indexs_word_counts_and_another_word_is_told() {
    let registry = Registry::start().unwrap();
    let amd64 = on(put_image(&registry, "app", &config("linux/amd64")), "linux/amd64");
    let arm64 = on(put_image(&registry, "app", &with(config("linux/amd64"), "x", json!(1))), "linux/arm64");
    put_index(&registry, "app:1", &[amd64, arm64]);
    let (locked, odd) = told(&registry, &[]);
    assert_eq!(locked, ["linux/amd64", "linux/arm64"]);
    assert_eq!(odd.len(), 1, "{odd:?}");
    assert!(odd[0].contains("app:1") && odd[0].contains("OtherPlatform"), "{odd:?}");
    assert_eq!(told(&registry, &["linux/amd64"]).1, [""; 0], "what nobody asks for is not told");
}

#[test]
fn the_answer_is_the_same_whether_annotations_say_everything() {
    let registry = Registry::start().unwrap();
    let arm64 = on(put_image(&registry, "app", &config("linux/amd64")), "linux/arm64");
    let facts = json!({
        "org.opencontainers.image.created": "2026-01-01T00:00:00Z", "org.opencontainers.image.version": "1",
        "org.opencontainers.image.revision": "a", "org.opencontainers.image.source": "b",
    });
    put_index(&registry, "app:1", &[with(arm64, "annotations", facts)]);
    let (client, events) = listening(builder());
    let image = resolve(client.clone(), &request(&registry, "app:1", &[])).unwrap();
    assert_eq!((names(&image), registry.log().count("GET", "/v2/app/blobs/")), (vec!["linux/arm64".to_owned()], 0));
    let lock = Lockfile { images: [(name("app"), image)].into_iter().collect(), ..Default::default() };
    run(Resolver::new(client).verify(&lock)).unwrap();
    assert_eq!(events.lock().unwrap().iter().filter(|event| event.starts_with("Odd")).count(), 1);
}

#[test]
fn entries_without_a_platform_have_their_configurations() {
    let registry = Registry::start().unwrap();
    let amd64 = put_image(&registry, "app", &config("linux/amd64"));
    put_index(&registry, "app:1", std::slice::from_ref(&amd64));
    assert_eq!(told(&registry, &[]), (vec!["linux/amd64".to_owned()], vec![]));
    registry.log().take();
    resolve(client(), &request(&registry, "app:1", &[])).unwrap();
    assert_eq!(registry.log().len(), 4, "the HEAD, the index, the manifest, the configuration");
    for empty in [json!({}), json!(null), json!({ "architecture": "amd64" }), json!({ "os": "", "architecture": "" })] {
        let arm64 = on(put_image(&registry, "app", &config("linux/arm64")), "linux/arm64");
        put_index(&registry, "app:1", &[with(amd64.clone(), "platform", empty), arm64]);
        assert_eq!(told(&registry, &[]).0, ["linux/amd64", "linux/arm64"]);
        assert_eq!(told(&registry, &["linux/amd64"]).0, ["linux/amd64"]);
        registry.log().take();
        resolve(client(), &request(&registry, "app:1", &["linux/arm64"])).unwrap();
        assert_eq!(registry.log().len(), 4, "nobody asks for the one without a platform");
    }
}

#[test]
fn an_entry_that_names_its_platform_comes_before_one_that_does_not() {
    let registry = Registry::start().unwrap();
    let unnamed = put_image(&registry, "app", &with(config("linux/amd64"), "x", json!(1)));
    let named = put_image(&registry, "app", &config("linux/amd64"));
    put_index(&registry, "app:1", &[unnamed, on(named.clone(), "linux/amd64")]);
    let image = resolve(client(), &request(&registry, "app:1", &[])).unwrap();
    assert_eq!(image.platforms.values().next().unwrap().digest.as_str(), named["digest"]);
}

#[test]
fn an_entry_that_fails_behind_the_last_platform_that_is_asked_for_refuses_nobody() {
    let registry = Registry::start().unwrap();
    let amd64 = put_image(&registry, "app", &config("linux/amd64"));
    let gone =
        json!({ "mediaType": media_type::OCI_MANIFEST, "digest": format!("sha256:{}", "0".repeat(64)), "size": 2 });
    put_index(&registry, "app:1", &[amd64, gone]);
    assert_eq!(told(&registry, &["linux/amd64"]).0, ["linux/amd64"]);
    assert!(resolve(client(), &request(&registry, "app:1", &[])).is_err());
}

#[test]
fn what_is_left_out_is_told() {
    let registry = Registry::start().unwrap();
    let amd64 = put_image(&registry, "app", &config("linux/amd64"));
    let odd_entry = with(amd64.clone(), "platform", json!({ "os": "li nux", "architecture": "arm64" }));
    let nothing = put_image(&registry, "app", &json!({ "os": "linux" }));
    put_index(&registry, "app:1", &[odd_entry, nothing.clone(), on(amd64, "linux/amd64")]);
    let (locked, odd) = told(&registry, &[]);
    assert_eq!(locked, ["linux/amd64"]);
    assert!(odd[0].contains("UnreadablePlatform(\"li nux/arm64\")") && odd[1].contains("NoPlatform"), "{odd:?}");
    assert_eq!(told(&registry, &["linux/amd64"]).1, [""; 0]);
    // That there are images says more than what stands beside them.
    let attestation = on(nothing.clone(), "unknown/unknown");
    for entries in [vec![nothing.clone()], vec![nothing, attestation]] {
        put_index(&registry, "app:1", &entries);
        let error = resolve(client(), &request(&registry, "app:1", &[])).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NotAnImage(NotAnImage::NoPlatform)), "{error}");
    }
}

#[test]
fn an_index_in_an_index_is_read() {
    assert_eq!(locked(&Image::linux(["amd64", "arm64"]).nested_index(), &[]), ["linux/amd64", "linux/arm64"]);
    assert_eq!(locked(&Image::linux(["amd64", "arm64"]).nested_index(), &["linux/arm64"]), ["linux/arm64"]);
    let registry = Registry::start().unwrap();
    let amd64 = on(put_image(&registry, "app", &config("linux/amd64")), "linux/amd64");
    let arm64 = put_image(&registry, "app", &config("linux/arm64"));
    for inside in [arm64.clone(), on(arm64.clone(), "linux/arm64")] {
        let nested = put_index(&registry, "app", &[inside]);
        for entry in [on(nested.clone(), "linux/arm64"), nested.clone()] {
            put_index(&registry, "app:1", &[amd64.clone(), entry]);
            assert_eq!(told(&registry, &[]).0, ["linux/amd64", "linux/arm64"]);
            assert_eq!(told(&registry, &["linux/arm64"]).0, ["linux/arm64"]);
            registry.log().take();
            resolve(client(), &request(&registry, "app:1", &["linux/amd64"])).unwrap();
            assert_eq!(registry.log().len(), 4, "nobody asks for what is in it");
        }
    }
}

#[test]
fn an_index_for_a_platform_has_no_other_in_it() {
    let registry = Registry::start().unwrap();
    let amd64 = on(put_image(&registry, "app", &config("linux/amd64")), "linux/amd64");
    let nested = put_index(&registry, "app", std::slice::from_ref(&amd64));
    put_index(&registry, "app:1", &[on(nested, "linux/arm64"), amd64]);
    let (locked, odd) = told(&registry, &[]);
    assert_eq!(locked, ["linux/amd64"]);
    assert!(odd[0].contains("OtherInside"), "{odd:?}");
    let error = resolve(client(), &request(&registry, "app:1", &["linux/arm64"])).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::MissingPlatforms { .. }), "{error}");
}

#[test]
fn indexes_are_read_two_deep_and_refuse_only_who_asks_for_more() {
    let registry = Registry::start().unwrap();
    let arm64 = put_image(&registry, "app", &config("linux/arm64"));
    let two = put_index(&registry, "app", &[put_index(&registry, "app", &[on(arm64, "linux/arm64")])]);
    put_index(&registry, "app:1", std::slice::from_ref(&two));
    assert_eq!(told(&registry, &[]).0, ["linux/arm64"]);
    let amd64 = on(put_image(&registry, "app", &config("linux/amd64")), "linux/amd64");
    put_index(&registry, "app:1", &[put_index(&registry, "app", &[two]), amd64]);
    assert_eq!(told(&registry, &["linux/amd64"]).0, ["linux/amd64"]);
    let error = resolve(client(), &request(&registry, "app:1", &[])).unwrap_err();
    assert!(error.to_string().ends_with("app:1: this is an index of indexes more than 2 deep"), "{error}");
}

#[test]
fn an_entry_that_is_not_what_it_is_said_to_be_refuses_who_asks_for_it() {
    let registry = Registry::start().unwrap();
    let arm64 = put_image(&registry, "app", &config("linux/arm64"));
    let index = put_index(&registry, "app", std::slice::from_ref(&arm64));
    for (entry, what) in [
        (on(with(index.clone(), "mediaType", json!(media_type::OCI_MANIFEST)), "linux/arm64"), "another index"),
        (with(index, "mediaType", json!(media_type::OCI_MANIFEST)), "a manifest there, and it is an index"),
        (with(arm64.clone(), "mediaType", json!(media_type::OCI_INDEX)), "an index there, and it is a manifest"),
    ] {
        put_index(&registry, "app:1", &[entry]);
        let error = resolve(client(), &request(&registry, "app:1", &[])).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
    let amd64 = on(put_image(&registry, "app", &config("linux/amd64")), "linux/amd64");
    let broken = json!({ "mediaType": media_type::OCI_MANIFEST, "digest": "sha256:1", "size": -1 });
    put_index(&registry, "app:1", &[on(broken.clone(), "linux/arm64"), broken, amd64]);
    assert_eq!(told(&registry, &["linux/amd64"]).0, ["linux/amd64"]);
    assert!(resolve(client(), &request(&registry, "app:1", &[])).is_err());
}

#[test]
fn a_part_that_is_gone_is_named_by_the_tag_and_the_platform() {
    let registry = Registry::start().unwrap();
    let image = Image::linux(["amd64", "arm64"]);
    registry.push("app:1", &image);
    let arm64 = image.manifest_of("linux/arm64").unwrap().digest.clone();
    registry.delete_manifest("app", &arm64);
    let host = registry.host();
    let error = resolve(client(), &request(&registry, "app:1", &[])).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot read {host}/app@{arm64} for linux/arm64 of {host}/app:1: no such manifest")
    );
    assert!(resolve(client(), &request(&registry, "app:1", &["linux/amd64"])).is_ok());
    // The first platform in their order speaks, whichever is answered first.
    registry.delete_manifest("app", &image.manifest_of("linux/amd64").unwrap().digest);
    let error = resolve(client(), &request(&registry, "app:1", &[])).unwrap_err();
    assert!(error.to_string().contains("for linux/amd64 of"), "{error}");
}

#[test]
fn a_manifest_that_is_missing_under_a_digest_is_named_by_its_tag() {
    let registry = Registry::start().unwrap();
    let digest = format!("sha256:{}", "0".repeat(64));
    let host = registry.host();
    put(&registry, "app", media_type::OCI_INDEX, &json!({ "manifests": [] }));
    let error = resolve(client(), &request(&registry, &format!("app:1@{digest}"), &[])).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read {host}/app@{digest} for {host}/app:1: no such manifest"));
    let error = resolve(client(), &request(&registry, &format!("app@{digest}"), &[])).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read {host}/app@{digest}: no such manifest"));
}
