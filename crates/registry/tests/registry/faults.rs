//! What passes is tried again, what does not is not, and nothing is read without an end.

use imagelock_core::Digest;
use imagelock_registry::ErrorKind;
use imagelock_testkit::{Fault, Image, On, Registry};

use crate::common::{builder, client, kind, listening, reference, repository, request, resolve, run};

fn registry() -> Registry {
    let registry = Registry::start().unwrap();
    registry.push("app:1", &Image::linux(["amd64"]));
    registry
}

#[test]
fn every_status_that_may_pass_is_tried_again() {
    for status in [408, 429, 499, 500, 502, 503, 504, 522] {
        let registry = registry();
        registry.fault(On::manifest("app"), Fault::status(status).times(3));
        assert!(run(client().head(&reference(&registry, "app:1"))).unwrap().is_some(), "{status}");
        assert_eq!(registry.log().count("HEAD", "/v2/app/"), 4);
    }
}

#[test]
fn a_failure_that_stays_is_given_up_after_four_attempts() {
    let registry = registry();
    registry.fault(On::manifest("app"), Fault::status(503));
    let error = run(client().head(&reference(&registry, "app:1"))).unwrap_err();
    assert_eq!(error.context.as_ref().unwrap().attempts, 4);
    assert_eq!(registry.log().count("*", "/"), 4);
    let text = error.to_string();
    assert!(text.contains("app:1") && text.contains("503") && text.contains("after 4 attempts"), "{text}");
}

#[test]
fn a_refusal_is_not_tried_again() {
    // 400 may be about the method, which one GET finds out.
    for (status, requests) in [(400, 2), (403, 1), (410, 1), (418, 1)] {
        let registry = registry();
        registry.fault(On::manifest("app"), Fault::status(status));
        assert!(run(client().head(&reference(&registry, "app:1"))).is_err());
        assert_eq!(registry.log().count("*", "/"), requests, "{status}");
    }
}

#[test]
fn a_connection_that_is_cut_is_tried_again() {
    let registry = registry();
    registry.fault(On::manifest("app"), Fault::close().times(2));
    registry.fault(On::manifest("app").method("GET"), Fault::truncate(10).times(1));
    assert!(resolve(client(), &request(&registry, "app:1", &[])).is_ok());
}

#[test]
fn retry_after_is_told_and_obeyed_in_both_forms() {
    for value in ["7", "Fri, 01 Jan 2100 00:00:00 GMT"] {
        let registry = registry();
        registry.fault(On::manifest("app"), Fault::status(429).retry_after(value).times(1));
        let (client, events) = listening(builder());
        let answer = run(client.head(&reference(&registry, "app:1")));
        let events = events.lock().unwrap().join("\n");
        if value == "7" {
            assert!(answer.is_ok());
            assert!(events.contains("seconds: 7"), "{events}");
        } else {
            // Nobody waits for a century: the answer is the error, with what the host asks for.
            let error = kind(answer.unwrap_err());
            assert!(matches!(error, ErrorKind::RateLimited { retry_after: Some(1_000_000_000..), .. }), "{error}");
            assert_eq!(registry.log().count("*", "/"), 1);
        }
    }
}

#[test]
fn bodies_end_at_their_cap_whatever_a_header_promises() {
    for fault in [Fault::endless(), Fault::oversize(5 << 20)] {
        let registry = registry();
        registry.fault(On::manifest("app").method("GET"), fault);
        let error = kind(resolve(client(), &request(&registry, "app:1", &[])).unwrap_err());
        assert!(matches!(error, ErrorKind::TooLarge { limit, .. } if limit == 4 << 20), "{error}");
        let sent: u64 =
            registry.log().find("GET", "/v2/app/manifests/").iter().map(imagelock_testkit::Entry::bytes_sent).sum();
        assert!(sent < 16 << 20, "{sent}");
    }
}

#[test]
fn configurations_tags_tokens_and_failures_have_caps_too() {
    let registry = registry();
    registry.fault(On::blob("app"), Fault::endless());
    let error = kind(resolve(client(), &request(&registry, "app:1", &[])).unwrap_err());
    assert!(matches!(error, ErrorKind::TooLarge { limit, .. } if limit == 8 << 20), "{error}");
    registry.fault(On::tags("app"), Fault::endless());
    let error = kind(run(client().tags(&repository(&registry, "app"))).unwrap_err());
    assert!(matches!(error, ErrorKind::TooLarge { limit, .. } if limit == 64 << 20), "{error}");
    registry.heal();
    registry.fault(On::manifest("app"), Fault::status(418).body("x".repeat(1 << 20)));
    let error = kind(run(client().manifest(&repository(&registry, "app"), &Digest::sha256(b""))).unwrap_err());
    assert!(error.to_string().len() < 200, "{error}");
}

#[test]
fn what_a_server_says_is_cut_and_cleaned() {
    let registry = registry();
    let long = format!(r#"{{"errors":[{{"code":"X","message":"\u001b[31mred{}"}}]}}"#, "y".repeat(5000));
    registry.fault(On::manifest("app"), Fault::status(403).body(long));
    let error = run(client().manifest(&repository(&registry, "app"), &Digest::sha256(b""))).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("[31mred") && !text.contains('\u{1b}') && text.len() < 1400, "{text}");
}

#[test]
fn a_host_that_cannot_be_reached_is_given_up_for_all() {
    // A port that was free a moment ago, and is not listened to.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (client, events) = listening(builder());
    let reference = |tag: usize| format!("127.0.0.1:{port}/app:{tag}").parse().unwrap();
    run(async {
        let first = client.head(&reference(0)).await.unwrap_err();
        assert!(matches!(first.kind, ErrorKind::Network { .. }), "{first}");
        assert!(client.head(&reference(1)).await.is_err());
    });
    let retries = events.lock().unwrap().iter().filter(|event| event.starts_with("Retrying")).count();
    assert_eq!(retries, 3, "the second request is not sent at all");
}
