//! What a resolution costs, what it says, and that it is all or nothing.

use std::collections::BTreeMap;

use camino::Utf8Path;
use imagelock_core::{Digest, ImageName, Request};
use imagelock_registry::{Cache, ErrorKind, Resolver, Step, Take};
use imagelock_testkit::{Fault, Image, On, Registry, sha256};

use crate::common::{builder, client, listening, name, request, resolve, resolve_all, run, update};

const CREATED: &str = "org.opencontainers.image.created";
const VERSION: &str = "org.opencontainers.image.version";
const REVISION: &str = "org.opencontainers.image.revision";
const SOURCE: &str = "org.opencontainers.image.source";

fn image() -> Image {
    Image::linux(["amd64", "arm64"]).label(VERSION, "16.9").created("2026-11-12T08:31:02Z")
}

#[test]
fn a_cold_lock_costs_one_head_one_index_and_two_gets_a_platform() {
    let registry = Registry::start().unwrap();
    registry.push("app:1", &image());
    let locked = resolve(client(), &request(&registry, "app:1", &[])).unwrap();
    assert_eq!(registry.log().count("HEAD", "/"), 1);
    assert_eq!(registry.log().count("GET", "/v2/app/manifests/"), 3);
    assert_eq!(registry.log().count("GET", "/v2/app/blobs/"), 2);
    assert_eq!(registry.log().len(), 6);
    assert_eq!(locked.version.as_deref(), Some("16.9"));
    assert_eq!(locked.created.unwrap().to_string(), "2026-11-12T08:31:02Z");
}

#[test]
fn annotations_that_say_everything_save_the_configurations() {
    let all = |image: Image| {
        image.annotation(VERSION, "1").annotation(REVISION, "abc").annotation(SOURCE, "https://a.example")
    };
    let registry = Registry::start().unwrap();
    registry.push("app:1", &all(image()).annotation(CREATED, "2026-01-01T00:00:00Z"));
    registry.push("app:2", &all(image()));
    resolve(client(), &request(&registry, "app:1", &[])).unwrap();
    assert_eq!(registry.log().count("GET", "/v2/app/blobs/"), 0);
    resolve(client(), &request(&registry, "app:2", &[])).unwrap();
    assert_eq!(registry.log().count("GET", "/v2/app/blobs/"), 2, "without the time, the configurations are needed");
}

#[test]
fn an_update_where_nothing_moved_is_one_head_and_no_body() {
    let registry = Registry::start().unwrap();
    registry.push("app:1", &image());
    let request = request(&registry, "app:1", &["linux/amd64"]);
    let known = resolve(client(), &request).unwrap();
    registry.log().take();
    let (listening, events) = listening(builder());
    assert_eq!(update(listening, &request, Some(&known)).unwrap(), known);
    assert_eq!(registry.log().lines().len(), 1);
    assert_eq!(registry.log().count("HEAD", "/v2/app/manifests/1"), 1);
    assert!(events.lock().unwrap().last().unwrap().contains("changed: false"));
}

#[test]
fn what_is_known_serves_a_digest_without_a_request_and_not_other_platforms() {
    let registry = Registry::start().unwrap();
    let digest = registry.push("app:1", &image());
    let pinned = request(&registry, &format!("app:1@{digest}"), &[]);
    let known = resolve(client(), &pinned).unwrap();
    assert_eq!(registry.log().count("HEAD", "/"), 0);
    registry.log().take();
    assert_eq!(update(client(), &pinned, Some(&known)).unwrap(), known);
    assert_eq!(registry.log().len(), 0);
    let fewer = request(&registry, &format!("app:1@{digest}"), &["linux/arm64"]);
    assert_eq!(update(client(), &fewer, Some(&known)).unwrap().platforms.len(), 1);
}

#[test]
fn what_the_cache_holds_is_not_fetched_and_what_is_broken_in_it_is() {
    let registry = Registry::start().unwrap();
    let digest: Digest = registry.push("app:1", &image()).parse().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(directory.path()).unwrap();
    let cached = || builder().cache(Cache::at(path)).build().unwrap();
    let request = request(&registry, "app:1", &[]);
    let first = resolve(cached(), &request).unwrap();
    registry.log().take();
    assert_eq!(resolve(cached(), &request).unwrap(), first);
    assert_eq!(registry.log().lines().len(), 1, "the HEAD");
    std::fs::write(path.join("blobs/sha256").join(digest.hex()), "broken").unwrap();
    registry.log().take();
    assert_eq!(resolve(cached(), &request).unwrap(), first);
    assert_eq!(registry.log().count("GET", "/"), 1);
}

#[test]
fn images_that_ask_for_the_same_share_the_work() {
    let registry = Registry::start().unwrap();
    registry.push("app:1", &image());
    let requests: BTreeMap<ImageName, Request> =
        (0..20).map(|number| (name(&format!("app-{number}")), request(&registry, "app:1", &[]))).collect();
    assert_eq!(resolve_all(client(), &requests).len(), 20);
    assert_eq!(registry.log().len(), 6);
}

#[test]
fn facts_come_from_the_index_then_platform_by_platform() {
    let registry = Registry::start().unwrap();
    let image = image().index_annotation(VERSION, "of the index").manifest_annotation(REVISION, "of the manifest");
    registry.push("app:1", &image.label(REVISION, "of the label").label(SOURCE, "of the label"));
    let locked = resolve(client(), &request(&registry, "app:1", &[])).unwrap();
    assert_eq!(locked.version.as_deref(), Some("of the index"));
    assert_eq!(locked.revision.as_deref(), Some("of the manifest"));
    assert_eq!(locked.source.as_deref(), Some("of the label"));
}

#[test]
fn what_an_image_was_built_on_comes_whole_from_the_first_place_that_says_it() {
    const NAME: &str = "org.opencontainers.image.base.name";
    const DIGEST: &str = "org.opencontainers.image.base.digest";
    let base = |image: Image| {
        let registry = Registry::start().unwrap();
        registry.push("app:1", &image);
        resolve(client(), &request(&registry, "app:1", &[])).unwrap().base
    };
    let digest = Digest::sha256(b"debian");
    let labelled = image().label(NAME, "debian:11").label(DIGEST, digest.as_str());
    let of_label = base(labelled.clone());
    assert_eq!((of_label.name.as_deref(), of_label.digest), (Some("debian:11"), Some(digest)));
    let of_index = base(labelled.index_annotation(NAME, "debian:12"));
    assert_eq!((of_index.name.as_deref(), of_index.digest), (Some("debian:12"), None));
    assert!(base(image().label(DIGEST, "bookworm")).is_empty(), "what is no digest says nothing");
}

#[test]
fn one_failure_is_all_failures_and_every_one_is_named() {
    let registry = Registry::start().unwrap();
    for tag in ["good", "locked-out", "slow"] {
        registry.push(&format!("{tag}:1"), &image());
    }
    registry.fault(On::manifest("locked-out"), Fault::status(403));
    registry.fault(On::manifest("slow"), Fault::status(503));
    let images = ["slow", "good", "absent", "locked-out"];
    let requests: Vec<(ImageName, Request)> =
        images.iter().map(|text| (name(text), request(&registry, &format!("{text}:1"), &[]))).collect();
    let steps: Vec<Step<'_>> =
        requests.iter().map(|(name, request)| Step { name, request, known: None, take: Take::Newest }).collect();
    let (client, events) = listening(builder());
    let failures = run(Resolver::new(client).resolve(&steps)).unwrap_err();
    let names: Vec<&str> = failures.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["absent", "locked-out", "slow"]);
    let events = events.lock().unwrap();
    assert_eq!(events.iter().filter(|event| event.starts_with("Failed")).count(), 3);
    assert_eq!(events.iter().filter(|event| event.starts_with("Resolved")).count(), 1);
}

#[test]
fn an_error_about_content_names_the_reference() {
    let registry = Registry::start().unwrap();
    registry.push("app:1", &image().nested_index());
    let error = resolve(client(), &request(&registry, "app:1", &[])).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with(&format!("cannot lock {}/app:1: this is an index of indexes", registry.host())), "{text}");
}

/// Puts an index at `app:1` whose only entry is for `platform` and leads to another image's manifest.
fn lying_index(registry: &Registry, platform: &str, size: u64) {
    let image = Image::linux(["amd64"]);
    registry.push("app:1", &image);
    let (os, architecture) = platform.split_once('/').unwrap();
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}",
            "size":{size},"platform":{{"os":"{os}","architecture":"{architecture}"}}}}]}}"#,
        image.digest()
    );
    let digest = sha256(index.as_bytes());
    registry.fault(On::manifest("app").method("HEAD"), Fault::digest_header(&digest));
    // The registry does not have the index; whatever is asked by its digest is answered with it.
    registry.fault(On::manifest("app").reference(&digest), Fault::status(200).body(index));
}

#[test]
fn an_index_that_lies_about_a_platform_or_a_size_is_refused() {
    let size = Image::linux(["amd64"]).bytes().len() as u64;
    let lock = |platform, size| {
        let registry = Registry::start().unwrap();
        lying_index(&registry, platform, size);
        resolve(client(), &request(&registry, "app:1", &[])).map_err(|error| error.kind)
    };
    assert!(lock("linux/amd64", size).is_ok());
    assert!(matches!(lock("linux/arm64", size), Err(ErrorKind::WrongPlatform { .. })));
    assert!(matches!(lock("linux/amd64", size + 1), Err(ErrorKind::SizeMismatch { .. })));
    assert!(matches!(lock("linux/amd64", 5 << 20), Err(ErrorKind::TooLarge { .. })));
}
