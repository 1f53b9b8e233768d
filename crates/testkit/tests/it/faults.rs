//! Every fault, as a client meets it.

use std::time::{Duration, Instant};

use imagelock_testkit::{Fault, Gate, On, Redirect, Registry};
use reqwest::Method;

use crate::{MANIFEST, ask, client, get, header, registry};

fn web() -> On {
    On::manifest("acme/web")
}

#[tokio::test]
async fn a_status_comes_with_its_headers_as_often_as_it_was_told_to() {
    let (registry, _) = registry();
    registry.fault(web().method("HEAD"), Fault::status(429).retry_after("2").times(2));
    assert_eq!(get(&registry, MANIFEST).await.status(), 200);
    for expected in [429, 429, 200] {
        let answer = ask(&registry, Method::HEAD, MANIFEST).await;
        assert_eq!(answer.status(), expected);
        assert_eq!(header(&answer, "retry-after"), if expected == 429 { "2" } else { "" });
    }
}

#[tokio::test]
async fn a_fault_may_spare_the_first_requests() {
    let (registry, _) = registry();
    registry.fault(web(), Fault::status(503).body("later").after(1).times(1));
    assert_eq!(get(&registry, MANIFEST).await.status(), 200);
    let answer = get(&registry, MANIFEST).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.text().await.unwrap(), "later");
    assert_eq!(get(&registry, MANIFEST).await.status(), 200);
}

#[tokio::test]
async fn a_fault_keeps_to_its_repository_its_reference_and_its_host() {
    let (registry, image) = registry();
    registry.push("acme/other:1.4", &image);
    registry.fault(web().reference("1.4").first_host(), Fault::status(500));
    assert_eq!(get(&registry, MANIFEST).await.status(), 500);
    assert_eq!(get(&registry, "/v2/acme/other/manifests/1.4").await.status(), 200);
    assert_eq!(get(&registry, &format!("/v2/acme/web/manifests/{}", image.digest())).await.status(), 200);
    let second = client().get(format!("{}{MANIFEST}", registry.second_url())).send().await.unwrap();
    assert_eq!(second.status(), 200);
    registry.heal();
    assert_eq!(get(&registry, MANIFEST).await.status(), 200);
}

#[tokio::test]
async fn only_the_second_page_of_tags_fails() {
    let registry = Registry::builder().page_size(2).start().unwrap();
    registry.push_tags("acme/web", ["a", "b", "c", "d", "e"], &imagelock_testkit::Image::new());
    registry.fault(On::tags("acme/web").page(2), Fault::status(429));
    assert_eq!(get(&registry, "/v2/acme/web/tags/list").await.status(), 200);
    assert_eq!(get(&registry, "/v2/acme/web/tags/list?last=b").await.status(), 429);
    assert_eq!(get(&registry, "/v2/acme/web/tags/list?last=d").await.status(), 200);
}

#[tokio::test]
async fn a_challenge_may_have_several_headers() {
    let (registry, _) = registry();
    let challenges = ["Negotiate", "Bearer realm=\"http://169.254.169.254/token\",service=\"x\""];
    registry.fault(On::any(), Fault::challenge(challenges));
    let answer = get(&registry, MANIFEST).await;
    assert_eq!(answer.status(), 401);
    let found: Vec<_> = answer.headers().get_all("www-authenticate").iter().collect();
    assert_eq!(found, challenges);
}

#[tokio::test]
async fn a_closed_connection_gives_no_answer() {
    let (registry, _) = registry();
    registry.fault(web(), Fault::close().times(1));
    let error = client().get(format!("{}{MANIFEST}", registry.url())).send().await.unwrap_err();
    assert!(!error.is_status() && !error.is_timeout(), "{error:?}");
    assert_eq!(registry.log().entries()[0].status, 0);
    assert_eq!(get(&registry, MANIFEST).await.status(), 200);
}

#[tokio::test]
async fn a_redirect_leads_where_it_says_and_is_answered_there() {
    let (registry, image) = registry();
    let elsewhere = "https://registry.example/x";
    for (redirect, start) in [
        (Redirect::SameHost, format!("{}{MANIFEST}?redirected=1", registry.url())),
        (Redirect::SecondHost, format!("{}{MANIFEST}?redirected=1", registry.second_url())),
        (Redirect::Loop, format!("{}{MANIFEST}", registry.url())),
        (Redirect::To(elsewhere.to_owned()), elsewhere.to_owned()),
    ] {
        registry.heal();
        registry.fault(web(), Fault::redirect(redirect));
        let answer = get(&registry, MANIFEST).await;
        assert_eq!(answer.status(), 307);
        assert_eq!(header(&answer, "location"), start);
        if start.ends_with("redirected=1") {
            assert_eq!(client().get(start).send().await.unwrap().bytes().await.unwrap(), image.bytes());
        }
    }
    assert!(registry.log().entries().iter().any(|entry| entry.second_host && entry.host == registry.second_host()));
}

#[tokio::test]
async fn a_digest_header_may_lie_or_be_absent() {
    let (registry, image) = registry();
    registry.fault(web(), Fault::digest_header("sha256:../../etc/passwd\"").times(1));
    registry.fault(web(), Fault::no_digest_header().times(1));
    let answer = ask(&registry, Method::HEAD, MANIFEST).await;
    assert_eq!(header(&answer, "docker-content-digest"), "");
    registry.heal();
    registry.fault(web(), Fault::digest_header("sha256:../../etc/passwd\"").times(1));
    let answer = get(&registry, MANIFEST).await;
    assert_eq!(header(&answer, "docker-content-digest"), "sha256:../../etc/passwd\"");
    assert_eq!(answer.bytes().await.unwrap(), image.bytes());
}

#[tokio::test]
async fn other_bytes_come_under_the_true_headers() {
    let (registry, image) = registry();
    registry.fault(web(), Fault::bytes("{}"));
    let answer = get(&registry, MANIFEST).await;
    assert_eq!(header(&answer, "docker-content-digest"), image.digest());
    assert_eq!(answer.text().await.unwrap(), "{}");
}

#[tokio::test]
async fn headers_may_be_replaced() {
    let (registry, _) = registry();
    registry.fault(web(), Fault::content_type("text/html"));
    registry.fault(web(), Fault::set_header("Link", "<https://elsewhere.example/>; rel=\"next\""));
    let answer = get(&registry, MANIFEST).await;
    assert_eq!(header(&answer, "content-type"), "text/html");
    assert_eq!(header(&answer, "link"), "<https://elsewhere.example/>; rel=\"next\"");
}

#[tokio::test]
async fn a_header_that_http_cannot_carry_is_said_rather_than_dropped() {
    let (registry, _) = registry();
    registry.fault(web(), Fault::digest_header("sha256:\nnext line"));
    assert_eq!(get(&registry, MANIFEST).await.status(), 501);
}

#[tokio::test]
async fn an_oversize_body_announces_its_length() {
    let (registry, image) = registry();
    registry.fault(web(), Fault::oversize(300_000));
    let answer = get(&registry, MANIFEST).await;
    assert_eq!(answer.content_length(), Some(300_000));
    let bytes = answer.bytes().await.unwrap();
    assert_eq!(bytes.len(), 300_000);
    assert!(bytes.starts_with(&image.bytes()) && bytes.ends_with(b"  "));
    assert_eq!(registry.log().entries()[0].bytes_sent(), 300_000);
}

#[tokio::test]
async fn an_endless_body_ends_when_the_client_goes() {
    let (registry, _) = registry();
    registry.fault(web(), Fault::endless());
    let mut answer = get(&registry, MANIFEST).await;
    assert_eq!(answer.content_length(), None);
    let mut length = 0;
    while length < 1 << 20 {
        length += answer.chunk().await.unwrap().unwrap().len();
    }
    assert!(registry.log().entries()[0].bytes_sent() >= 1 << 20);
}

#[tokio::test]
async fn a_truncated_body_is_an_error_to_the_client() {
    let (registry, image) = registry();
    registry.fault(web(), Fault::truncate(10));
    let mut answer = get(&registry, MANIFEST).await;
    assert_eq!(answer.content_length(), Some(image.bytes().len() as u64));
    let mut received = Vec::new();
    let error = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => received.extend_from_slice(&chunk),
            Ok(None) => panic!("the body ended as if it were whole"),
            Err(error) => break error,
        }
    };
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert_eq!(received, image.bytes()[..10]);
}

#[tokio::test]
async fn a_slow_body_is_whole_in_the_end() {
    let (registry, image) = registry();
    registry.fault(web(), Fault::trickle(100, Duration::from_millis(1)));
    let start = Instant::now();
    assert_eq!(get(&registry, MANIFEST).await.bytes().await.unwrap(), image.bytes());
    assert!(start.elapsed() >= Duration::from_millis(image.bytes().len() as u64 / 100));
}

#[tokio::test]
async fn delay_and_latency_add_up() {
    let (registry, _) = registry();
    registry.latency(Duration::from_millis(20));
    registry.fault(web(), Fault::delay(Duration::from_millis(30)));
    let start = Instant::now();
    assert_eq!(get(&registry, MANIFEST).await.status(), 200);
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[test]
fn a_gate_holds_requests_until_it_opens() {
    let (registry, _) = registry();
    let gate = Gate::new();
    registry.fault(web(), Fault::hold(&gate));
    let url = format!("{}{MANIFEST}", registry.url());
    let ask = |url: String| {
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { client().get(url).send().await.unwrap().status() })
        })
    };
    let requests: Vec<_> = (0..3).map(|_| ask(url.clone())).collect();
    gate.wait_for(3);
    assert_eq!(registry.log().peak(), 3);
    assert!(registry.log().entries().iter().all(|entry| entry.status == 0));
    gate.open();
    for request in requests {
        assert_eq!(request.join().unwrap(), 200);
    }
}

#[tokio::test]
async fn a_gate_can_be_awaited() {
    let (registry, _) = registry();
    let gate = Gate::new();
    registry.fault(web(), Fault::hold(&gate));
    let request = tokio::spawn(client().get(format!("{}{MANIFEST}", registry.url())).send());
    gate.arrived(1).await;
    gate.open();
    assert_eq!(request.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn each_kind_of_request_can_be_met_alone() {
    let (registry, image) = registry();
    let digest = image.digest();
    let kinds = [
        (On::base(), Method::GET, "/v2/".to_owned()),
        (On::manifest("*"), Method::GET, MANIFEST.to_owned()),
        (On::blob("acme/web"), Method::GET, format!("/v2/acme/web/blobs/{digest}")),
        (On::upload("acme/web"), Method::POST, "/v2/acme/web/blobs/uploads/".to_owned()),
        (On::tags("acme/web"), Method::GET, "/v2/acme/web/tags/list".to_owned()),
        (On::referrers("acme/web"), Method::GET, format!("/v2/acme/web/referrers/{digest}")),
        (On::catalog(), Method::GET, "/v2/_catalog".to_owned()),
        (On::token(), Method::GET, "/token".to_owned()),
    ];
    for (number, (on, ..)) in kinds.iter().enumerate() {
        registry.heal();
        registry.fault(on.clone(), Fault::status(418));
        for (other, (_, method, path)) in kinds.iter().enumerate() {
            let met = ask(&registry, method.clone(), path).await.status() == 418;
            assert_eq!(met, number == other, "{on:?} and {path}");
        }
    }
}

#[tokio::test]
async fn a_fault_waits_for_authentication_unless_told_otherwise() {
    let registry = Registry::builder().auth(imagelock_testkit::Auth::token()).start().unwrap();
    registry.fault(web(), Fault::status(429));
    assert_eq!(get(&registry, MANIFEST).await.status(), 401);
    registry.fault(web().before_auth(), Fault::status(503));
    assert_eq!(get(&registry, MANIFEST).await.status(), 503);
}
