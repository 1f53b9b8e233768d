//! How much an image may have. Every bound is met before anything above it is fetched.

use imagelock_registry::{Error, ErrorKind};
use imagelock_testkit::{Registry, media_type};
use serde_json::{Value, json};

use crate::common::{client, request, resolve};
use crate::raw::{config, on, put, put_config, put_image, put_index};

fn refused(registry: &Registry, wanted: &[&str]) -> Error {
    resolve(client(), &request(registry, "app:1", wanted)).unwrap_err()
}

/// Entries for platforms that are nowhere, of a size each.
fn entries(count: usize, size: u64) -> Vec<Value> {
    let entry = |number: usize| {
        let digest = format!("sha256:{number:064x}");
        on(
            json!({ "mediaType": media_type::OCI_MANIFEST, "digest": digest, "size": size }),
            &format!("linux/a{number}"),
        )
    };
    (0..count).map(entry).collect()
}

#[test]
fn the_manifests_of_one_image_have_a_bound_in_bytes() {
    let registry = Registry::start().unwrap();
    put_index(&registry, "app:1", &entries(260, 3_900_000));
    let error = refused(&registry, &[]);
    assert!(
        error.to_string().ends_with("app:1: the image has more than 64 MiB of manifests and configurations"),
        "{error}"
    );
    assert!(error.help()[0].contains("imagelock's own") && error.help()[0].contains("`platforms`"), "{error}");
    assert_eq!(registry.log().len(), 2, "the HEAD and the index: no manifest is fetched in vain");
    // What nobody asks for does not count.
    assert!(matches!(refused(&registry, &["linux/a7"]).kind, ErrorKind::NotFound { .. }));
}

#[test]
fn the_documents_of_one_image_have_a_bound_in_number() {
    let registry = Registry::start().unwrap();
    put_index(&registry, "app:1", &entries(1000, 100));
    let error = refused(&registry, &[]);
    assert!(error.to_string().ends_with("the image has more than 1000 manifests and configurations"), "{error}");
    assert_eq!(registry.log().len(), 2);
    put_index(&registry, "app:1", &entries(999, 100));
    assert!(matches!(refused(&registry, &[]).kind, ErrorKind::NotFound { .. }), "it goes on to fetch them");
}

#[test]
fn entries_without_a_platform_and_indexes_in_indexes_count_too() {
    let registry = Registry::start().unwrap();
    let unnamed = |count, size| -> Vec<Value> {
        let mut entries = entries(count, size);
        for entry in &mut entries {
            entry.as_object_mut().unwrap().remove("platform");
        }
        entries
    };
    put_index(&registry, "app:1", &unnamed(20, 3_900_000));
    assert!(matches!(refused(&registry, &[]).kind, ErrorKind::TooMuch { .. }));
    put_index(&registry, "app:1", &unnamed(1000, 1));
    assert!(matches!(refused(&registry, &[]).kind, ErrorKind::TooMuch { .. }));
    let nested = put_index(&registry, "app", &entries(20, 3_900_000));
    put_index(&registry, "app:1", &[nested]);
    assert!(matches!(refused(&registry, &[]).kind, ErrorKind::TooMuch { .. }));
    assert_eq!(registry.log().count("GET", "/v2/app/manifests/"), 4, "three indexes and one in an index");
}

/// Serves an index of nine images, whose manifests say this size of their configurations, which have that many bytes.
fn nine(registry: &Registry, size: &Value, bytes: usize) {
    let manifest = |number: usize| {
        let platform = format!("linux/a{number}");
        let mut written = config(&platform);
        written["x"] = json!("x".repeat(bytes));
        let mut written = put_config(registry, media_type::OCI_CONFIG, &written);
        written["size"] = size.clone();
        let manifest = put(registry, "app", media_type::OCI_MANIFEST, &json!({ "config": written }));
        on(manifest, &platform)
    };
    put_index(registry, "app:1", &(0..9).map(manifest).collect::<Vec<Value>>());
}

#[test]
fn configurations_count_by_what_is_promised_and_by_what_they_have_where_nothing_is() {
    let registry = Registry::start().unwrap();
    nine(&registry, &json!(8 << 20), 1);
    assert!(matches!(refused(&registry, &[]).kind, ErrorKind::TooMuch { .. }));
    assert_eq!(registry.log().count("GET", "/v2/app/blobs/"), 0);
    for size in [json!(-1), json!(null)] {
        nine(&registry, &size, 1);
        assert!(resolve(client(), &request(&registry, "app:1", &[])).is_ok(), "{size}");
        nine(&registry, &size, 15 << 19);
        assert!(matches!(refused(&registry, &[]).kind, ErrorKind::TooMuch { .. }), "{size}");
    }
}

#[test]
fn a_size_that_no_document_has_is_refused_before_it_is_fetched() {
    let registry = Registry::start().unwrap();
    put_index(&registry, "app:1", &entries(1, 5 << 20));
    assert!(matches!(refused(&registry, &[]).kind, ErrorKind::TooLarge { .. }));
    let image = put_image(&registry, "app", &config("linux/amd64"));
    let mut wrong = on(image, "linux/amd64");
    wrong["size"] = json!(wrong["size"].as_u64().unwrap() + 1);
    put_index(&registry, "app:1", &[wrong]);
    assert!(matches!(refused(&registry, &[]).kind, ErrorKind::SizeMismatch { .. }));
}
