//! What there is about an image beside it: by the registry's list, and by the tag that stands in for it.

use imagelock_core::Digest;
use imagelock_registry::ErrorKind;
use imagelock_testkit::{Fault, Image, Layer, On, Registry, media_type};

use crate::common::{client, repository, run};

fn digest(image: &Image) -> Digest {
    image.digest().parse().unwrap()
}

fn image() -> Image {
    Image::linux(["amd64"])
}

fn sbom(of: &Image) -> Image {
    Image::artifact("application/spdx+json").layer(Layer::bytes("application/spdx+json", "{}")).subject(of)
}

fn listed(registry: &Registry) -> Vec<Digest> {
    let found = run(client().referrers(&repository(registry, "app"), &digest(&image()))).unwrap();
    found.into_iter().map(|entry| entry.digest).collect()
}

#[test]
fn the_registrys_list_is_one_request() {
    let registry = Registry::start().unwrap();
    registry.push("app:1", &image());
    assert_eq!(listed(&registry), []);
    registry.push("app", &sbom(&image()));
    let before = registry.log().len();
    assert_eq!(listed(&registry), [digest(&sbom(&image()))]);
    assert_eq!(registry.log().len(), before + 1);
}

/// An index as clients push it where a registry has no list.
fn fallback(registry: &Registry) {
    let sbom = sbom(&image());
    let entry = serde_json::json!({
        "mediaType": media_type::OCI_MANIFEST, "digest": sbom.digest(), "size": sbom.bytes().len(),
        // Old writers put the type of the configuration here.
        "artifactType": "application/vnd.oci.empty.v1+json",
    });
    let index = serde_json::json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [entry] });
    registry.push("app", &sbom);
    let tag = image().digest().replace(':', "-");
    registry.put_manifest(&format!("app:{tag}"), media_type::OCI_INDEX, index.to_string());
}

#[test]
fn a_registry_without_a_list_is_asked_for_the_tag() {
    for status in [400, 404, 405, 406] {
        let registry = Registry::start().unwrap();
        registry.push("app:1", &image());
        registry.fault(On::referrers("app"), Fault::status(status));
        assert_eq!(listed(&registry), [], "{status}");
        fallback(&registry);
        assert_eq!(listed(&registry), [digest(&sbom(&image()))], "{status}");
    }
    let registry = Registry::builder().no_referrers().start().unwrap();
    registry.push("app:1", &image());
    fallback(&registry);
    registry.fault(On::referrers("app"), Fault::bytes("<html>"));
    assert_eq!(listed(&registry).len(), 1);
}

#[test]
fn a_list_that_fails_is_no_empty_list() {
    let registry = Registry::start().unwrap();
    registry.push("app:1", &image());
    registry.fault(On::referrers("app"), Fault::status(500));
    let error = run(client().referrers(&repository(&registry, "app"), &digest(&image()))).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Status { status: 500, .. }), "{error}");
}

#[test]
fn what_a_tag_points_at_is_one_request() {
    let registry = Registry::start().unwrap();
    let signature = sbom(&image());
    registry.push("app:sha256-abc.att", &signature);
    let tagged = |tag: &str| run(client().tagged(&repository(&registry, "app"), tag.parse().unwrap())).unwrap();
    let (found, document) = tagged("sha256-abc.att").unwrap();
    assert_eq!((found, document.layers.len()), (digest(&signature), 1));
    assert_eq!(registry.log().len(), 1);
    assert!(tagged("sha256-abc.sig").is_none());
}
