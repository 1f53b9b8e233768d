//! Secrets stay where they belong.

use imagelock_credentials::{Credential, Environment, Found, Origin, Secret, Store};
use proptest::prelude::*;
use serde_json::Value;

use crate::home::{Home, basic, block_on};

#[test]
fn secrets_are_redacted_in_debug_and_display() {
    let secret = Secret::new("hunter2");
    assert_eq!(format!("{secret} {secret:?}"), "[redacted] [redacted]");
    assert_eq!(secret.expose(), "hunter2");
    for credential in [
        basic("user", "hunter2"),
        Credential::IdentityToken(Secret::new("hunter2")),
        Credential::RegistryToken(Secret::new("hunter2")),
    ] {
        let found = Found::new(credential, "ghcr.io", Origin::Nowhere);
        let text = format!("{found:?} {found:#?}");
        assert!(text.contains("[redacted]") && !text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn stores_and_environments_print_no_secret() {
    let home = Home::new()
        .docker(r#"{"auths": {"ghcr.io": {"username": "user", "password": "hunter2"}}}"#)
        .variable("IMAGELOCK_AUTH_QUAY_IO", "user:hunter2");
    assert_eq!(home.credential("ghcr.io", "a").await, basic("user", "hunter2"));
    assert_eq!(home.credential("quay.io", "a").await, basic("user", "hunter2"));
    let text = format!("{:?} {:?}", home.store(), home.environment());
    assert!(text.contains("~/.docker/config.json") && text.contains("IMAGELOCK_AUTH_QUAY_IO"));
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn a_credential_is_for_its_own_host_only() {
    let found = Found::new(basic("user", "pass"), "docker.io", Origin::Nowhere);
    for host in ["docker.io", "Docker.io", "index.docker.io", "registry-1.docker.io"] {
        assert_eq!(found.for_host(host), &basic("user", "pass"), "{host}");
    }
    for host in ["auth.docker.io", "docker.io:443", "docker.io.evil.example", "ghcr.io", ""] {
        assert_eq!(found.for_host(host), &Credential::Anonymous, "{host}");
    }
}

#[tokio::test]
async fn text_that_is_no_host_is_refused() {
    let home = Home::new().docker(r#"{"credsStore": "not-installed"}"#);
    for (host, shown) in [("", ""), ("ghcr.io\nquay.io", "ghcr.io\\nquay.io"), ("a/b", "a/b")] {
        assert_eq!(home.error(host, "a").await, format!("`{shown}` is not the host of a registry"));
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_named() {
    use std::os::unix::ffi::OsStrExt as _;

    let value = std::ffi::OsStr::from_bytes(b"\xff");
    let environment = Environment::empty().with("DOCKER_CONFIG", value);
    let error = Store::load(&environment).unwrap_err();
    assert_eq!(error.to_string(), "the environment variable `DOCKER_CONFIG` is not UTF-8");
}

/// Returns values of every shape whose every text is the secret or nearly base64 of it.
fn misshapen() -> impl Strategy<Value = Value> {
    let keys = ["auths", "credHelpers", "ghcr.io", "auth", "username", "password", "identitytoken"];
    let leaf = prop_oneof![
        Just(Value::Null),
        Just(Value::Bool(true)),
        Just(Value::from(7)),
        Just(Value::from("hunter2")),
        Just(Value::from("hunter2:hunter2")),
        Just(Value::from("hunter2=")),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let object = prop::collection::vec((prop::sample::select(keys.to_vec()), inner.clone()), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            object.prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_error_repeats_what_a_file_says(auths in misshapen(), entry in misshapen(), cut in 0..200_usize) {
        let whole = serde_json::json!({ "auths": auths, "more": 1 }).to_string();
        let entry = serde_json::json!({ "auths": { "ghcr.io": { "auth": entry } } }).to_string();
        let cut = whole.get(..cut).unwrap_or(&whole).to_owned();
        for text in [whole, entry, cut] {
            let home = Home::new().docker(&text);
            let answer = Store::load(home.environment())
                .and_then(|store| block_on(store.lookup("ghcr.io", "acme/web")));
            if let Err(error) = answer {
                let message = format!("{error} {error:?}");
                prop_assert!(!message.contains("hunter2"), "{}", message);
            }
        }
    }
}
