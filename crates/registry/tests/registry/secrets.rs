//! What was shown to somebody comes back in no error, however it is written.

use imagelock_registry::{Client, Error};
use imagelock_testkit::{Auth, Fault, Image, On, Redirect, Registry};

use crate::common::{client, reference, request, resolve, run, with_password};

/// The password, and `me:` with it in base64.
const SECRETS: [&str; 2] = ["hunter2+/x", "bWU6aHVudGVyMisveA"];

fn registry(auth: impl Into<Auth>) -> Registry {
    let registry = Registry::builder().auth(auth).start().unwrap();
    registry.push("app:1", &Image::linux(["amd64"]));
    registry
}

fn basic() -> (Registry, Client) {
    let registry = registry(Auth::basic("me", SECRETS[0]));
    let client = with_password(registry.host(), &format!("me:{}", SECRETS[0])).build().unwrap();
    (registry, client)
}

fn assert_clean(error: &Error, what: &str) {
    let text = format!("{error} {error:?} {}", error.help().join(" "));
    for secret in SECRETS {
        assert!(!text.contains(secret) && !text.contains("hunter2"), "{what}: {text}");
    }
    assert!(text.contains("[redacted]"), "{what}: {text}");
}

/// What a peer may make of what it was sent.
fn echoes() -> [String; 6] {
    let [password, encoded] = SECRETS;
    [
        format!("Basic {encoded}=="),
        format!("authorization%3A%20Basic%20{encoded}%3D%3D"),
        encoded.to_owned(),
        password.to_owned(),
        "hunter2%2B%2Fx".to_owned(),
        r"hunter2+\/x".to_owned(),
    ]
}

/// A registry that answers for its tags with a message, and what the client makes of it.
fn refused(status: u16, message: &str) -> Error {
    let (registry, client) = basic();
    let body = serde_json::json!({ "errors": [{ "code": "DENIED", "message": message }] });
    registry.fault(On::tags("app"), Fault::status(status).body(body.to_string()));
    run(client.tags(&reference(&registry, "app").repository)).unwrap_err()
}

#[test]
fn a_message_of_a_registry_repeats_no_secret() {
    for status in [400, 403, 500] {
        for echo in echoes() {
            assert_clean(&refused(status, &format!("you sent {echo}")), &echo);
        }
    }
}

#[test]
fn a_message_that_is_cut_off_within_a_secret_repeats_nothing_of_it() {
    let error = refused(403, &format!("{}{}", "x".repeat(1024 - 5), SECRETS[0]));
    assert!(error.to_string().ends_with("x[redacted]"), "{error}");
}

#[test]
fn headers_that_are_quoted_repeat_no_secret() {
    for echo in echoes() {
        let (registry, client) = basic();
        registry.fault(On::manifest("app"), Fault::digest_header(&echo));
        assert_clean(&run(client.head(&reference(&registry, "app:1"))).unwrap_err(), &echo);

        let (registry, client) = basic();
        registry.fault(On::any(), Fault::set_header("link", &format!("<http://x.example/{echo}>; rel=\"next\"")));
        let tags = run(client.tags(&reference(&registry, "app").repository));
        if let Err(error) = tags {
            let text = format!("{error} {error:?}");
            assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
        }
    }
    let (registry, client) = basic();
    let host = SECRETS[1].to_ascii_lowercase();
    registry.fault(On::manifest("app"), Fault::redirect(Redirect::To(format!("https://{host}.example/"))));
    let error = run(client.head(&reference(&registry, "app:1"))).unwrap_err();
    assert!(error.to_string().contains("a redirect to [redacted].example is not followed"), "{error}");
}

#[test]
fn a_challenge_repeats_no_secret() {
    // No address has a space in it.
    for echo in echoes().iter().filter(|echo| !echo.contains(' ')) {
        let (registry, client) = basic();
        registry.push("lib:1", &Image::linux(["amd64"]));
        registry.fault(On::manifest("lib"), Fault::challenge([format!("Bearer realm=\"ftp://x/{echo}\"")]));
        run(client.head(&reference(&registry, "app:1"))).unwrap();
        assert_clean(&run(client.head(&reference(&registry, "lib:1"))).unwrap_err(), echo);
    }
}

#[test]
fn a_token_service_and_its_token_repeat_no_secret() {
    for echo in echoes() {
        let registry = registry(Auth::token().user("me", SECRETS[0]));
        let client = with_password(registry.host(), &format!("me:{}", SECRETS[0])).build().unwrap();
        let body = serde_json::json!({ "errors": [{ "code": "DENIED", "message": echo }] });
        registry.fault(On::token(), Fault::status(403).body(body.to_string()));
        assert_clean(&run(client.head(&reference(&registry, "app:1"))).unwrap_err(), &echo);
    }
    let registry = registry(Auth::token());
    let body = r#"{"errors":[{"code":"DENIED","message":"you sent Bearer testkit-token-1"}]}"#;
    registry.fault(On::tags("app"), Fault::status(403).body(body));
    let error = run(client().tags(&reference(&registry, "app").repository));
    let text = error.unwrap_err().to_string();
    assert!(text.ends_with(": you sent Bearer [redacted]"), "{text}");
}

#[test]
fn an_identity_token_is_repeated_by_nobody() {
    let registry = registry(Auth::token().refresh_token("refresh+me/now"));
    let login = "<token>:refresh+me/now";
    let client = with_password(registry.host(), login).build().unwrap();
    let message = "refresh+me/now refresh%2Bme%2Fnow cmVmcmVzaCttZS9ub3c=";
    let body = serde_json::json!({ "errors": [{ "code": "DENIED", "message": message }] });
    registry.fault(On::token(), Fault::status(403).body(body.to_string()));
    let text = run(client.head(&reference(&registry, "app:1"))).unwrap_err().to_string();
    assert!(text.ends_with(": [redacted] [redacted] [redacted]="), "{text}");
}

#[test]
fn documents_and_tags_repeat_no_secret() {
    let (registry, client) = basic();
    registry.push_tags("app", ["2", SECRETS[1]], &Image::linux(["amd64"]));
    let error = resolve(client, &request(&registry, "app:9", &[])).unwrap_err();
    assert!(error.to_string().contains("the newest are 2") && !error.to_string().contains(SECRETS[1]), "{error}");

    let (registry, client) = basic();
    registry.push("app:1", &Image::artifact(SECRETS[1]));
    let error = resolve(client, &request(&registry, "app:1", &[])).unwrap_err();
    assert_clean(&error, "an artifact");
}
