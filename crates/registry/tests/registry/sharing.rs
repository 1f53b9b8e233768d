//! Nothing is fetched twice in a run, whoever asks for it and in whatever order the answers come.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use camino::Utf8Path;
use imagelock_core::{ImageName, LockedImage, Lockfile, Request};
use imagelock_registry::{Client, Resolver};
use imagelock_testkit::{Fault, Gate, Image, On, Registry};
use serde_json::json;

use crate::common::{builder, name, request, resolve_all, run, settings};
use crate::raw::{config, on, put_image, put_index};

/// Three names for one image, with different wishes.
fn requests(registry: &Registry) -> BTreeMap<ImageName, Request> {
    let wishes: [(&str, &[&str]); 3] = [("a", &[]), ("b", &["linux/amd64"]), ("c", &["linux/amd64", "linux/arm64"])];
    wishes.into_iter().map(|(text, wanted)| (name(text), request(registry, "app:1", wanted))).collect()
}

fn jobs(limit: usize) -> Client {
    let limit = NonZeroUsize::new(limit).unwrap();
    builder().per_host(limit).overall(limit).build().unwrap()
}

fn verify(client: Client, images: BTreeMap<ImageName, LockedImage>) {
    run(Resolver::new(client).verify(&Lockfile { images, ..Default::default() })).unwrap();
}

#[test]
fn names_and_platforms_of_one_image_share_what_is_fetched() {
    for limit in [1, 2, 8, 64] {
        let registry = Registry::start().unwrap();
        registry.push("app:1", &Image::linux(["amd64", "arm64"]));
        let images = resolve_all(jobs(limit), &requests(&registry));
        assert_eq!(images.values().map(|image| image.platforms.len()).collect::<Vec<_>>(), [2, 1, 2]);
        assert_eq!(registry.log().len(), 6, "the HEAD, the index, two manifests, two configurations");
        registry.log().take();
        verify(jobs(limit), images);
        assert_eq!(registry.log().len(), 5, "the index, two manifests, two configurations");
    }
}

#[test]
fn what_is_slow_is_not_asked_for_again_by_who_waits_for_it() {
    let registry = Registry::start().unwrap();
    let image = Image::linux(["amd64", "arm64"]);
    registry.push("app:1", &image);
    let gate = Gate::new();
    registry.fault(On::manifest("app").reference(image.digest()), Fault::hold(&gate));
    let requests = requests(&registry);
    std::thread::scope(|scope| {
        let locking = scope.spawn(|| resolve_all(jobs(64), &requests));
        gate.wait_for(1);
        gate.open();
        assert_eq!(locking.join().unwrap().len(), 3);
    });
    assert_eq!(registry.log().len(), 6);
}

#[test]
fn two_tags_of_one_image_differ_by_a_head() {
    let registry = Registry::start().unwrap();
    registry.push_tags("app", ["1", "1.2"], &Image::linux(["amd64", "arm64"]));
    let requests = [("a", "app:1"), ("b", "app:1.2")].map(|(text, rest)| (name(text), request(&registry, rest, &[])));
    let images = resolve_all(jobs(8), &requests.into_iter().collect());
    assert_eq!((registry.log().count("HEAD", "/"), registry.log().len()), (2, 7));
    registry.log().take();
    verify(jobs(8), images);
    assert_eq!(registry.log().len(), 5);
}

#[test]
fn one_manifest_under_two_platforms_is_fetched_once() {
    let registry = Registry::start().unwrap();
    let image = put_image(&registry, "app", &config("linux/arm"));
    put_index(&registry, "app:1", &[on(image.clone(), "linux/arm/v6"), on(image, "linux/arm/v7")]);
    let images = resolve_all(jobs(8), &[(name("a"), request(&registry, "app:1", &[]))].into_iter().collect());
    assert_eq!((images["a"].platforms.len(), registry.log().len()), (2, 4));
    registry.log().take();
    verify(jobs(8), images);
    assert_eq!(registry.log().len(), 3);
}

#[test]
fn two_indexes_share_a_manifest_and_two_manifests_a_configuration() {
    let registry = Registry::start().unwrap();
    let amd64 = on(put_image(&registry, "app", &config("linux/amd64")), "linux/amd64");
    let arm64 = on(put_image(&registry, "app", &config("linux/arm64")), "linux/arm64");
    put_index(&registry, "app:1", &[amd64.clone(), arm64]);
    put_index(&registry, "app:2", std::slice::from_ref(&amd64));
    let mut annotated = amd64;
    annotated["annotations"] = json!({ "x": "y" });
    put_index(&registry, "app:3", &[annotated]);
    let requests = ["1", "2", "3"].map(|tag| (name(tag), request(&registry, &format!("app:{tag}"), &[])));
    let images = resolve_all(jobs(8), &requests.into_iter().collect());
    assert_eq!(registry.log().len(), 3 + 3 + 2 + 2, "three HEADs, three indexes, two manifests, two configurations");
    registry.log().take();
    verify(jobs(8), images);
    assert_eq!(registry.log().len(), 3 + 2 + 2);
}

#[test]
fn the_cache_and_a_mirror_change_no_count() {
    let (registry, mirror) = (Registry::start().unwrap(), Registry::start().unwrap());
    for host in [&registry, &mirror] {
        host.push("app:1", &Image::linux(["amd64", "arm64"]));
    }
    let directory = tempfile::tempdir().unwrap();
    let cache = imagelock_registry::Cache::at(Utf8Path::from_path(directory.path()).unwrap());
    let mirrors = settings(|settings| settings.mirrors.push(mirror.host().parse().unwrap()));
    let client = builder().cache(cache).registry(registry.host().parse().unwrap(), mirrors).build().unwrap();
    resolve_all(client.clone(), &requests(&registry));
    assert_eq!((registry.log().len(), mirror.log().len()), (1, 5));
    resolve_all(client, &requests(&registry));
    assert_eq!((registry.log().len(), mirror.log().len()), (2, 5));
}
