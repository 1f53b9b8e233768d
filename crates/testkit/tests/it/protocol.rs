//! The reading half of the distribution specification.

use imagelock_testkit::{Image, Layer, Registry, media_type};
use reqwest::Method;
use serde_json::Value;

use crate::{MANIFEST, ask, client, get, header, registry};

async fn json(registry: &Registry, path: &str) -> Value {
    serde_json::from_slice(&get(registry, path).await.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_tag_and_its_digest_lead_to_the_same_bytes() {
    let (registry, image) = registry();
    for reference in ["1.4", image.digest()] {
        let answer = get(&registry, &format!("/v2/acme/web/manifests/{reference}")).await;
        assert_eq!(header(&answer, "docker-content-digest"), image.digest());
        assert_eq!(header(&answer, "content-type"), media_type::OCI_INDEX);
        assert_eq!(answer.bytes().await.unwrap(), image.bytes());
    }
    assert_eq!(registry.log().count("GET", "/v2/acme/web/manifests/"), 2);
    assert_eq!(registry.log().lines()[0], format!("GET {MANIFEST} 200"));
}

#[tokio::test]
async fn head_says_the_length_and_sends_nothing() {
    let (registry, image) = registry();
    let answer = ask(&registry, Method::HEAD, MANIFEST).await;
    assert_eq!(header(&answer, "content-length"), image.bytes().len().to_string());
    assert_eq!(header(&answer, "docker-content-digest"), image.digest());
    assert_eq!(registry.log().entries()[0].bytes_sent(), 0);
}

#[tokio::test]
async fn what_is_not_there_has_an_error_code() {
    let (registry, _) = registry();
    for (path, code) in [
        ("/v2/acme/web/manifests/9", "MANIFEST_UNKNOWN"),
        ("/v2/acme/none/manifests/1.4", "NAME_UNKNOWN"),
        ("/v2/acme/web/blobs/sha256:00", "BLOB_UNKNOWN"),
        ("/v2/acme/none/tags/list", "NAME_UNKNOWN"),
    ] {
        assert_eq!(get(&registry, path).await.status(), 404);
        assert_eq!(json(&registry, path).await["errors"][0]["code"], code, "{path}");
    }
}

#[tokio::test]
async fn an_unnamed_oci_type_is_not_found_when_accept_is_strict() {
    let registry = Registry::builder().strict_accept().start().unwrap();
    registry.push("acme/web:1.4", &Image::new().index());
    for (accept, status) in [
        (media_type::DOCKER_LIST.to_owned(), 404),
        (format!("{}, {}", media_type::DOCKER_LIST, media_type::OCI_INDEX), 200),
        ("*/*".to_owned(), 200),
    ] {
        let url = format!("{}{MANIFEST}", registry.url());
        assert_eq!(client().get(url).header("accept", accept).send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn a_range_of_a_blob_is_served() {
    let (registry, image) = registry();
    let layer = &image.layers_of("linux/amd64")[0];
    let whole = image.content(&layer.digest).unwrap();
    let url = format!("{}/v2/acme/web/blobs/{}", registry.url(), layer.digest);
    for (range, part) in
        [("bytes=0-3", 0..4), ("bytes=10-", 10..whole.len()), ("bytes=-5", whole.len() - 5..whole.len())]
    {
        let answer = client().get(&url).header("range", range).send().await.unwrap();
        assert_eq!(answer.status(), 206);
        assert_eq!(answer.bytes().await.unwrap(), whole[part]);
    }
    let beyond = format!("bytes={}-", whole.len());
    assert_eq!(client().get(&url).header("range", beyond).send().await.unwrap().status(), 416);
    assert_eq!(client().get(&url).send().await.unwrap().bytes().await.unwrap(), whole);
}

#[tokio::test]
async fn ten_thousand_tags_come_in_lexical_pages() {
    let registry = Registry::builder().page_size(1000).start().unwrap();
    registry.push_tags("acme/web", (0..10_000).map(|number| format!("v{number}")), &Image::new());
    let mut path = "/v2/acme/web/tags/list?n=5000".to_owned();
    let mut tags = Vec::new();
    loop {
        let answer = get(&registry, &path).await;
        let link = header(&answer, "link").to_owned();
        let page: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        tags.extend(page["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned()));
        let Some(next) = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) else { break };
        path = next.to_owned();
    }
    assert_eq!(tags.len(), 10_000);
    assert!(tags.is_sorted());
    assert_eq!(registry.log().count("GET", "/v2/acme/web/tags/list"), 10);
}

#[tokio::test]
async fn repositories_are_listed_in_pages() {
    let registry = Registry::start().unwrap();
    for name in ["c", "a/b", "b"] {
        registry.push(&format!("{name}:1"), &Image::new());
    }
    let answer = get(&registry, "/v2/_catalog?n=2").await;
    assert_eq!(header(&answer, "link"), "</v2/_catalog?last=b&n=2>; rel=\"next\"");
    let rest = json(&registry, "/v2/_catalog?last=b&n=2").await;
    assert_eq!(rest["repositories"], serde_json::json!(["c"]));
}

#[tokio::test]
async fn referrers_are_found_by_subject_and_type() {
    let (registry, image) = registry();
    let signature = Image::artifact("application/vnd.example.signature")
        .layer(Layer::bytes("text/plain", "signed").annotation("by", "me"))
        .subject(&image);
    registry.push("acme/web", &signature);
    let path = format!("/v2/acme/web/referrers/{}", image.digest());
    let all = json(&registry, &path).await;
    assert_eq!(all["manifests"][0]["digest"], signature.digest());
    assert_eq!(all["manifests"][0]["artifactType"], "application/vnd.example.signature");
    let none = get(&registry, &format!("{path}?artifactType=other")).await;
    assert_eq!(header(&none, "oci-filters-applied"), "artifactType");
    let none: Value = serde_json::from_slice(&none.bytes().await.unwrap()).unwrap();
    assert_eq!(none["manifests"], serde_json::json!([]));

    let old = Registry::builder().no_referrers().start().unwrap();
    old.push("acme/web:1.4", &image);
    assert_eq!(get(&old, &path).await.status(), 404);
}

#[tokio::test]
async fn tags_move_and_go() {
    let (registry, old) = registry();
    let new = Image::new().seed("new");
    registry.push("acme/web:1.4", &new);
    assert_eq!(registry.digest_of("acme/web", "1.4").as_deref(), Some(new.digest()));
    assert!(registry.move_tag("acme/web", "1.4", old.digest()));
    assert!(!registry.move_tag("acme/web", "1.4", "sha256:00"));
    assert_eq!(registry.digest_of("acme/web", "1.4").as_deref(), Some(old.digest()));
    assert!(registry.delete_tag("acme/web", "1.4"));
    assert_eq!(get(&registry, MANIFEST).await.status(), 404);
    assert!(registry.delete_manifest("acme/web", new.digest()));
    assert!(!registry.delete_manifest("acme/web", new.digest()));
}

#[tokio::test]
async fn http2_needs_one_connection() {
    let (registry, _) = registry();
    let client = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();
    for _ in 0..5 {
        let answer = client.get(format!("{}{MANIFEST}", registry.url())).send().await.unwrap();
        assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    }
    assert_eq!(registry.log().connections(), 1);
    assert_eq!(registry.log().entries()[0].host, registry.host());
    assert_eq!(registry.log().take().len(), 5);
    assert!(registry.log().is_empty());
}
