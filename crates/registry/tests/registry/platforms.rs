//! Which platforms of an image are locked, and what is refused as no image.

use imagelock_core::{LockedImage, Platform};
use imagelock_registry::{ErrorKind, NotAnImage};
use imagelock_testkit::{Image, Registry};

use crate::common::{client, kind, platforms, request, resolve};

fn lock(image: &Image, wanted: &[&str]) -> Result<LockedImage, ErrorKind> {
    let registry = Registry::start().unwrap();
    registry.push("app:1", image);
    resolve(client(), &request(&registry, "app:1", wanted)).map_err(kind)
}

fn locked(image: &Image, wanted: &[&str]) -> Vec<String> {
    lock(image, wanted).unwrap().platforms.keys().map(Platform::to_string).collect()
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
    assert_eq!(single.platforms.keys().map(Platform::to_string).collect::<Vec<_>>(), ["linux/arm64"]);
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
}

#[test]
fn what_is_no_image_is_called_what_it_is() {
    let refused = |image: &Image| match lock(image, &[]).unwrap_err() {
        ErrorKind::NotAnImage(what) => what,
        other => panic!("{other}"),
    };
    assert_eq!(refused(&Image::linux(["amd64"]).nested_index()), NotAnImage::IndexOfIndexes);
    assert_eq!(refused(&Image::linux(["amd64"]).schema1()), NotAnImage::Schema1);
    assert!(matches!(refused(&Image::artifact("application/vnd.example")), NotAnImage::Artifact(_)));
}
