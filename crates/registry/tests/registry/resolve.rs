//! What a resolution costs, what it says, and that it is all or nothing.

use std::collections::BTreeMap;

use camino::Utf8Path;
use imagelock_core::policy::LIMIT;
use imagelock_core::{Digest, ImageName, Request};
use imagelock_registry::{Cache, Resolver, Step, Take};
use imagelock_testkit::{Fault, Image, On, Registry};

use crate::common::{builder, client, listening, name, request, resolve, resolve_all, run, update};

const VERSION: &str = "org.opencontainers.image.version";

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
    let steps: Vec<Step<'_>> = requests
        .iter()
        .map(|(name, request)| Step { name, request, known: None, take: Take::Newest, limit: LIMIT, gate: None })
        .collect();
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
    registry.push("app:1", &image().schema1());
    let error = resolve(client(), &request(&registry, "app:1", &[])).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("cannot lock {}/app:1: this is a Docker manifest of schema 1", registry.host())),
        "{text}"
    );
}
