//! Whether a lock says what the registries have.

use camino::Utf8Path;
use imagelock_core::{LockedImage, Lockfile, Platform};
use imagelock_registry::{Cache, Error, ErrorKind, Missing, Resolver};
use imagelock_testkit::{Fault, Image, On, Registry};

use crate::common::{builder, client, name, request, resolve, run};

fn locked() -> (Registry, LockedImage) {
    let registry = Registry::start().unwrap();
    registry.push("app:1", &Image::linux(["amd64", "arm64"]).attestations());
    let image = resolve(client(), &request(&registry, "app:1", &[])).unwrap();
    registry.log().take();
    (registry, image)
}

fn lockfile(image: LockedImage) -> Lockfile {
    let mut lock = Lockfile::default();
    lock.images.insert(name("app"), image);
    lock
}

fn verify(image: LockedImage) -> Result<(), Error> {
    run(Resolver::new(client()).verify(&lockfile(image))).map_err(|mut failures| failures.remove(0).1)
}

#[test]
fn everything_is_fetched_once_more_past_the_cache() {
    let (registry, image) = locked();
    let directory = tempfile::tempdir().unwrap();
    let cache = || builder().cache(Cache::at(Utf8Path::from_path(directory.path()).unwrap())).build().unwrap();
    resolve(cache(), &request(&registry, "app:1", &[])).unwrap();
    registry.log().take();
    run(Resolver::new(cache()).verify(&lockfile(image))).unwrap();
    assert_eq!(registry.log().count("GET", "/v2/app/manifests/sha256:"), 3);
    assert_eq!(registry.log().count("GET", "/v2/app/blobs/sha256:"), 2);
}

#[test]
fn a_tag_that_moved_or_went_is_no_failure() {
    let (registry, image) = locked();
    registry.push("app:1", &Image::linux(["amd64"]).seed("new"));
    verify(image.clone()).unwrap();
    registry.delete_tag("app", "1");
    verify(image).unwrap();
}

#[test]
fn what_is_gone_or_has_other_bytes_is_a_failure() {
    let (registry, image) = locked();
    let platform = image.platforms.values().next().unwrap().clone();
    registry.fault(On::blob("app").reference(platform.config.as_str()), Fault::bytes("{}").times(1));
    let error = verify(image.clone()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::DigestMismatch { .. }), "{error}");
    registry.delete_manifest("app", platform.digest.as_str());
    let error = verify(image.clone()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::NotFound { what: Missing::Manifest, .. }), "{error}");
    registry.delete_manifest("app", image.digest.as_str());
    let error = verify(image).unwrap_err();
    assert!(error.to_string().contains("app@sha256:"), "{error}");
}

#[test]
fn a_lock_that_was_edited_is_a_failure_that_says_what_differs() {
    let (_registry, image) = locked();
    let amd64: Platform = "linux/amd64".parse().unwrap();
    let arm64: Platform = "linux/arm64".parse().unwrap();
    let edited = |edit: &dyn Fn(&mut LockedImage)| {
        let mut image = image.clone();
        edit(&mut image);
        verify(image).unwrap_err().to_string()
    };
    assert!(edited(&|image| image.size += 1).contains("the size"));
    assert!(edited(&|image| image.media_type.push('x')).contains("the media type"));
    let swapped = edited(&|image| {
        let other = image.platforms[&arm64].clone();
        image.platforms.insert(amd64.clone(), other);
    });
    assert!(swapped.contains("the digest of linux/amd64"), "{swapped}");
    let config = edited(&|image| {
        let other = image.platforms[&arm64].config.clone();
        image.platforms.get_mut(&amd64).unwrap().config = other;
    });
    assert!(config.contains("the configuration of linux/amd64"), "{config}");
}
