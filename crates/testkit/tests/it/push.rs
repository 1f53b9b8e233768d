//! The writing half of the distribution specification.

use imagelock_testkit::{Auth, Credentials, Image, Registry, sha256};
use reqwest::Method;

use crate::{client, get, header};

#[test]
fn an_image_pushed_over_http_keeps_every_byte() {
    let registry = Registry::start().unwrap();
    let image = Image::linux(["amd64", "arm64"]).attestations();
    image.push_to(registry.url(), "acme/web", "1.4", None).unwrap();
    assert_eq!(registry.digest_of("acme/web", "1.4").as_deref(), Some(image.digest()));
    for digest in image.digests() {
        assert_eq!(registry.content("acme/web", digest), image.content(digest));
    }
}

#[test]
fn a_push_says_what_refused_it() {
    let registry = Registry::builder().auth(Auth::basic("robot", "hunter2")).start().unwrap();
    let error = Image::new().push_to(registry.url(), "acme/web", "1.4", None).unwrap_err();
    assert!(error.to_string().contains("answered with 401"), "{error}");
    let user = Credentials { user: "robot", password: "hunter2" };
    Image::new().push_to(registry.url(), "acme/web", "1.4", Some(user)).unwrap();
}

#[tokio::test]
async fn a_blob_may_come_in_pieces() {
    let registry = Registry::start().unwrap();
    let client = client();
    let start = client.post(format!("{}/v2/acme/web/blobs/uploads/", registry.url())).send().await.unwrap();
    assert_eq!(start.status(), 202);
    let location = format!("{}{}", registry.url(), header(&start, "location"));
    for (piece, range) in [("abc", "0-2"), ("def", "0-5")] {
        let answer = client.patch(&location).body(piece).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "range")), (202, range));
    }
    let digest = sha256(b"abcdefghi");
    let end = client.put(format!("{location}?digest={digest}")).body("ghi").send().await.unwrap();
    assert_eq!(end.status(), 201);
    assert_eq!(registry.content("acme/web", &digest).unwrap(), "abcdefghi");
}

#[tokio::test]
async fn content_that_does_not_match_its_digest_is_refused() {
    let registry = Registry::start().unwrap();
    let wrong = sha256(b"other");
    let url = format!("{}/v2/acme/web/blobs/uploads/?digest={wrong}", registry.url());
    assert_eq!(client().post(url).body("this").send().await.unwrap().status(), 400);
    let url = format!("{}/v2/acme/web/manifests/{wrong}", registry.url());
    let answer = client().put(url).header("content-type", "text/plain").body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn a_manifest_comes_after_what_it_refers_to() {
    let registry = Registry::start().unwrap();
    let image = Image::new();
    let url = format!("{}/v2/acme/web/manifests/1.4", registry.url());
    let request = client().put(url).header("content-type", &image.descriptor().media_type).body(image.bytes());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert!(answer.text().await.unwrap().contains("MANIFEST_BLOB_UNKNOWN"));
    assert_eq!(registry.digest_of("acme/web", "1.4"), None);
}

#[tokio::test]
async fn a_blob_is_mounted_from_another_repository() {
    let (registry, image) = crate::registry();
    let digest = &image.config_of("linux/amd64").unwrap().digest;
    let path = format!("/v2/acme/copy/blobs/uploads/?mount={digest}&from=acme/web");
    assert_eq!(crate::ask(&registry, Method::POST, &path).await.status(), 201);
    assert_eq!(get(&registry, &format!("/v2/acme/copy/blobs/{digest}")).await.status(), 200);
    let path = format!("/v2/acme/copy/blobs/uploads/?mount={}&from=acme/web", sha256(b""));
    assert_eq!(crate::ask(&registry, Method::POST, &path).await.status(), 202);
}

#[tokio::test]
async fn a_deleted_manifest_takes_its_tags_along() {
    let (registry, image) = crate::registry();
    let path = format!("/v2/acme/web/manifests/{}", image.digest());
    assert_eq!(crate::ask(&registry, Method::DELETE, &path).await.status(), 202);
    assert_eq!(registry.digest_of("acme/web", "1.4"), None);
    assert_eq!(crate::ask(&registry, Method::DELETE, &path).await.status(), 404);
}
