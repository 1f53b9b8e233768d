//! One `HEAD` says what a tag points at, and when a body is fetched in its place.

use imagelock_core::Digest;
use imagelock_registry::{Error, ErrorKind, Missing, NotAnImage};
use imagelock_testkit::{Fault, Image, On, Redirect, Registry};

use crate::common::{builder, client, kind, reference, repository, request, resolve, run, settings};

fn head(registry: &Registry) -> Result<Option<Digest>, Error> {
    let found = run(client().head(&reference(registry, "app:1")));
    found.map(|found| found.map(|descriptor| descriptor.digest))
}

fn registry() -> (Registry, Digest) {
    let registry = Registry::start().unwrap();
    let digest = registry.push("app:1", &Image::linux(["amd64", "arm64"])).parse().unwrap();
    (registry, digest)
}

#[test]
fn a_tag_costs_one_head_and_no_ping() {
    let (registry, digest) = registry();
    assert_eq!(head(&registry).unwrap(), Some(digest));
    assert_eq!(registry.log().lines().len(), 1);
    assert_eq!(registry.log().count("HEAD", "/v2/app/manifests/1"), 1);
}

#[test]
fn the_head_says_type_and_size() {
    let registry = Registry::start().unwrap();
    let image = Image::linux(["amd64", "arm64"]);
    registry.push("app:1", &image);
    let found = run(client().head(&reference(&registry, "app:1"))).unwrap().unwrap();
    assert_eq!(found.size, Some(image.bytes().len() as u64));
    assert_eq!(found.media_type.as_deref(), Some("application/vnd.oci.image.index.v1+json"));
}

#[test]
fn since_when_a_registry_has_a_tag_is_told_where_it_says_so_in_time() {
    let (registry, _) = registry();
    let since = || run(client().head(&reference(&registry, "app:1"))).unwrap().unwrap().modified;
    assert_eq!(since(), None);
    let says = |text: &str| Fault::set_header("last-modified", text);
    let dated = |method: &str| {
        registry.fault(On::manifest("app").method(method), says("Mon, 09 Nov 2026 06:00:00 GMT"));
        assert_eq!(since().unwrap().to_string(), "2026-11-09T06:00:00Z", "{method}");
    };
    dated("HEAD");
    registry.heal();
    registry.fault(On::manifest("app").method("HEAD"), Fault::no_digest_header());
    dated("GET");
    registry.heal();
    registry.fault(On::manifest("app"), says("yesterday"));
    assert_eq!(since(), None);
}

#[test]
fn a_tag_that_is_not_there_costs_no_get() {
    let registry = Registry::start().unwrap();
    assert_eq!(head(&registry).unwrap(), None);
    assert_eq!(registry.log().count("*", "/v2/app/manifests/"), 1);
}

#[test]
fn a_registry_that_refuses_or_forgets_is_never_asked_with_a_get() {
    for status in [403, 429, 500, 503] {
        let (registry, _) = registry();
        registry.fault(On::manifest("app"), Fault::status(status));
        let error = head(&registry).unwrap_err();
        assert_eq!(error.context.as_ref().unwrap().status, Some(status));
        assert_eq!(registry.log().count("GET", "/v2/app/manifests/"), 0, "{status}");
    }
}

#[test]
fn a_head_without_a_digest_or_without_support_is_followed_by_one_get() {
    let refusals = [400, 405, 406, 415, 501].map(Fault::status);
    for fault in refusals.into_iter().chain([Fault::no_digest_header()]) {
        let (registry, digest) = registry();
        registry.fault(On::manifest("app").method("HEAD"), fault);
        registry.fault(On::manifest("app").method("GET"), Fault::no_digest_header());
        assert_eq!(head(&registry).unwrap(), Some(digest));
        assert_eq!(registry.log().count("*", "/v2/app/manifests/"), 2);
    }
}

#[test]
fn a_store_whose_signature_is_for_get_alone_is_asked_with_one() {
    let (registry, digest) = registry();
    registry.fault(On::manifest("app").first_host(), Fault::redirect(Redirect::SecondHost));
    registry.fault(On::manifest("app").second_host().method("HEAD"), Fault::status(403));
    let redirecting = settings(|settings| settings.redirect_hosts = vec![registry.second_host().to_owned()]);
    let client = builder().registry(registry.host().parse().unwrap(), redirecting).build().unwrap();
    let found = run(client.head(&reference(&registry, "app:1"))).unwrap().unwrap();
    assert_eq!(found.digest, digest);
    assert_eq!(registry.log().count("GET", "/v2/app/manifests/1"), 2, "one request and its redirect");
    // A registry that says so itself is believed.
    registry.heal();
    registry.log().take();
    registry.fault(On::manifest("app").method("HEAD"), Fault::status(403));
    assert!(run(client.head(&reference(&registry, "app:1"))).is_err());
    assert_eq!(registry.log().count("GET", "/"), 0);
}

#[test]
fn a_tag_that_only_head_does_not_find_is_settled_by_the_list_and_one_get() {
    let (registry, digest) = registry();
    registry.fault(On::manifest("app").method("HEAD"), Fault::status(404));
    let image = resolve(client(), &request(&registry, "app:1", &["linux/amd64"])).unwrap();
    assert_eq!(image.digest, digest);
    let log = registry.log();
    assert_eq!((log.count("HEAD", "/"), log.count("GET", "/v2/app/tags/list")), (1, 1));
    assert_eq!(log.count("GET", "/v2/app/manifests/1"), 1);
    assert_eq!(log.count("GET", &format!("/v2/app/manifests/{digest}")), 0, "the bytes are at hand");
    // What the list does not have is not asked for.
    registry.log().take();
    let error = resolve(client(), &request(&registry, "app:9", &[])).unwrap_err();
    assert_eq!(error.kind.to_string(), "no such tag; the newest are 1");
    assert_eq!(registry.log().count("GET", "/v2/app/manifests/"), 0);
    // And what the list has and nobody gives is told as that.
    registry.fault(On::manifest("app"), Fault::status(404));
    let error = resolve(client(), &request(&registry, "app:1", &[])).unwrap_err();
    assert_eq!(error.kind.to_string(), "no such manifest, although the list of tags has this tag");
}

#[test]
fn no_list_that_is_busy_makes_a_tag_absent_by_a_get() {
    let (registry, _) = registry();
    registry.fault(On::manifest("app").method("HEAD"), Fault::status(404));
    registry.fault(On::tags("app"), Fault::status(503));
    let error = resolve(client(), &request(&registry, "app:1", &[])).unwrap_err();
    assert_eq!(error.kind.to_string(), "no such tag or repository");
    assert_eq!(registry.log().count("GET", "/v2/app/manifests/"), 0);
}

#[test]
fn a_cache_that_knows_tags_and_no_digests_gives_bytes_that_the_digest_verifies() {
    let (registry, digest) = registry();
    let by_digest = || On::manifest("app").method("GET").reference(digest.as_str());
    registry.fault(by_digest(), Fault::status(404));
    let image = resolve(client(), &request(&registry, "app:1", &[])).unwrap();
    assert_eq!((image.digest, image.platforms.len()), (digest.clone(), 2));
    assert_eq!(registry.log().count("GET", "/v2/app/manifests/1"), 1);
    // The tag has moved between the two requests: what it points at now was not asked for.
    registry.fault(On::manifest("app").method("GET").reference("1"), Fault::bytes("{}"));
    let error = resolve(client(), &request(&registry, "app:1", &[])).unwrap_err();
    assert_eq!(error.kind.to_string(), "no such manifest");
    let text = error.to_string();
    assert!(text.contains(&format!("app@{digest} for {}/app:1", registry.host())), "{text}");
}

#[test]
fn bytes_that_came_by_tag_are_not_fetched_again_by_digest() {
    let (registry, digest) = registry();
    registry.fault(On::manifest("app"), Fault::no_digest_header());
    let image = resolve(client(), &request(&registry, "app:1", &["linux/amd64"])).unwrap();
    assert_eq!(image.digest, digest);
    assert_eq!(registry.log().count("GET", &format!("/v2/app/manifests/{digest}")), 0);
    assert_eq!(registry.log().count("*", "/v2/app/manifests/"), 3, "HEAD and GET by tag, and the platform's manifest");
}

#[test]
fn a_get_in_place_of_a_head_is_held_to_the_digest_that_was_asked_for() {
    let (registry, digest) = registry();
    let asked = reference(&registry, &format!("app@{digest}"));
    registry.fault(On::manifest("app").method("HEAD"), Fault::status(405));
    registry.fault(On::manifest("app").method("GET"), Fault::no_digest_header());
    let found = run(client().head(&asked)).unwrap().unwrap();
    assert_eq!(found.digest, digest);
    registry.fault(On::manifest("app").method("GET"), Fault::bytes("{}"));
    match kind(run(client().head(&asked)).unwrap_err()) {
        ErrorKind::DigestMismatch { expected, got, .. } => {
            assert_eq!((expected, got), (digest, Digest::sha256(b"{}")));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_digest_that_is_none_goes_no_further() {
    for text in ["sha256:../../etc/passwd", "sha256:00", "", "md5:00", "SHA256:AA"] {
        let (registry, _) = registry();
        registry.fault(On::manifest("app"), Fault::digest_header(text));
        let error = kind(head(&registry).unwrap_err());
        assert!(matches!(error, ErrorKind::HeaderMismatch { body: None, .. }), "{text}: {error}");
    }
}

#[test]
fn a_header_that_disagrees_with_the_body_is_an_error_by_digest_and_by_tag() {
    let other = Digest::sha256(b"other").to_string();
    let (registry, _) = registry();
    registry.fault(On::manifest("app").method("GET"), Fault::digest_header(&other));
    let error = kind(resolve(client(), &request(&registry, "app:1", &[])).unwrap_err());
    assert!(matches!(error, ErrorKind::HeaderMismatch { body: Some(_), .. }), "{error}");
    registry.fault(On::manifest("app").method("HEAD"), Fault::no_digest_header());
    let error = kind(head(&registry).unwrap_err());
    assert!(matches!(error, ErrorKind::HeaderMismatch { body: Some(_), .. }), "{error}");
}

#[test]
fn other_bytes_than_the_digest_promises_are_refused() {
    let (registry, digest) = registry();
    registry.fault(On::manifest("app").method("GET"), Fault::bytes("{}"));
    registry.fault(On::manifest("app").method("GET"), Fault::no_digest_header());
    match kind(resolve(client(), &request(&registry, "app:1", &[])).unwrap_err()) {
        ErrorKind::DigestMismatch { host, expected, got } => {
            assert_eq!((host.as_str(), expected, got), (registry.host(), digest, Digest::sha256(b"{}")));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn schema_1_under_the_digest_of_its_payload_is_called_by_its_name_where_a_manifest_is_asked_for() {
    let (registry, digest) = registry();
    let image = resolve(client(), &request(&registry, "app:1", &[])).unwrap();
    let config = &image.platforms.values().next().unwrap().config;
    let schema1 = || Fault::bytes(r#"{"schemaVersion":1,"fsLayers":[],"history":[],"signatures":[]}"#);
    registry.fault(On::manifest("app").method("GET"), schema1());
    let error = kind(resolve(client(), &request(&registry, &format!("app@{digest}"), &[])).unwrap_err());
    assert!(matches!(error, ErrorKind::NotAnImage(NotAnImage::Schema1)), "{error}");
    registry.fault(On::blob("app"), schema1());
    let error = kind(run(client().blob(&repository(&registry, "app"), config, 1 << 20)).unwrap_err());
    assert!(matches!(error, ErrorKind::DigestMismatch { .. }), "{error}");
}

#[test]
fn a_missing_tag_names_the_newest_and_a_missing_repository_says_so() {
    let registry = Registry::start().unwrap();
    registry.push_tags("app", ["8.0", "8.2", "8.4", "latest"], &Image::linux(["amd64"]));
    let error = resolve(client(), &request(&registry, "app:9", &[])).unwrap_err();
    assert_eq!(error.kind.to_string(), "no such tag; the newest are 8.4, 8.2, 8.0");
    let error = kind(resolve(client(), &request(&registry, "gone:9", &[])).unwrap_err());
    assert!(matches!(error, ErrorKind::NotFound { what: Missing::Repository, .. }), "{error}");
}

#[test]
fn schema_1_is_called_by_its_name() {
    let registry = Registry::start().unwrap();
    registry.push("app:1", &Image::linux(["amd64"]).schema1());
    let error = kind(resolve(client(), &request(&registry, "app:1", &[])).unwrap_err());
    assert!(matches!(error, ErrorKind::NotAnImage(NotAnImage::Schema1)), "{error}");
}
