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

#[test]
fn a_single_image_is_locked_for_the_platform_of_its_configuration() {
    let registry = Registry::start().unwrap();
    registry.push("app:1", &Image::linux(["amd64"]));
    let image = resolve(client(), &request(&registry, "app:1", &[])).unwrap();
    registry.log().take();
    verify(image.clone()).unwrap();
    assert_eq!(registry.log().len(), 2, "the manifest and the configuration");
    let edited = |edit: &dyn Fn(&mut LockedImage)| {
        let mut image = image.clone();
        edit(&mut image);
        verify(image).unwrap_err().to_string()
    };
    let amd64: Platform = "linux/amd64".parse().unwrap();
    let renamed = edited(&|image| {
        let locked = image.platforms.remove(&amd64).unwrap();
        image.platforms.insert("linux/arm64".parse().unwrap(), locked);
    });
    assert!(renamed.ends_with("the lock does not say what the registry has: the only platform"), "{renamed}");
    assert!(renamed.starts_with(&format!("cannot verify {}/app:1: ", registry.host())), "{renamed}");
    assert!(edited(&|image| image.platforms.get_mut(&amd64).unwrap().size += 1).contains("the size of the only"));
    let digest = image.platforms[&amd64].config.clone();
    assert!(
        edited(&|image| image.platforms.get_mut(&amd64).unwrap().digest = digest.clone()).contains("the digest of")
    );
    let digest = image.digest.clone();
    assert!(
        edited(&|image| image.platforms.get_mut(&amd64).unwrap().config = digest.clone()).contains("configuration")
    );
    assert!(edited(&|image| image.platforms.get_mut(&amd64).unwrap().media_type.push('x')).contains("media type of"));
}

#[test]
fn verify_says_that_it_verifies_and_names_the_tag() {
    let (registry, image) = locked();
    let (host, digest) = (registry.host().to_owned(), image.digest.clone());
    let arm64 = image.platforms[&"linux/arm64".parse::<Platform>().unwrap()].digest.clone();
    let mut edited = image.clone();
    edited.size += 1;
    assert!(verify(edited).unwrap_err().to_string().starts_with(&format!("cannot verify {host}/app:1: ")));
    registry.delete_manifest("app", arm64.as_str());
    let text = verify(image.clone()).unwrap_err().to_string();
    assert_eq!(text, format!("cannot read {host}/app@{arm64} for linux/arm64 of {host}/app:1: no such manifest"));
    registry.delete_manifest("app", digest.as_str());
    let text = verify(image).unwrap_err().to_string();
    assert_eq!(text, format!("cannot read {host}/app@{digest} for {host}/app:1: no such manifest"));
}

#[test]
fn what_differs_of_a_platform_is_named_with_it() {
    let (_registry, image) = locked();
    let amd64: Platform = "linux/amd64".parse().unwrap();
    let edited = |edit: &dyn Fn(&mut imagelock_core::LockedPlatform)| {
        let mut image = image.clone();
        edit(image.platforms.get_mut(&amd64).unwrap());
        verify(image).unwrap_err().to_string()
    };
    assert!(edited(&|platform| platform.size += 1).contains("the size of linux/amd64"));
    assert!(edited(&|platform| platform.media_type.push('x')).contains("the media type of linux/amd64"));
}
