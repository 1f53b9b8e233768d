//! What the entries of a file mean.

use std::fmt::Write as _;

use imagelock_credentials::{Credential, Secret};
use proptest::prelude::*;

use crate::home::{Home, basic, block_on};

#[tokio::test]
async fn every_kind_of_entry_is_understood() {
    let identity = Credential::IdentityToken(Secret::new("refresh"));
    for (entry, expected) in [
        (r#"{"auth": "dXNlcjpwYXNz"}"#, basic("user", "pass")),
        (r#"{"auth": "dXNlcjpwYXM="}"#, basic("user", "pas")),
        (r#"{"auth": "dXNlcjpwYXM"}"#, basic("user", "pas")),
        (r#"{"auth": "dXNlcjpwYXNzAAA="}"#, basic("user", "pass")),
        (r#"{"auth": "dXNl\ncjpwYXNz\n"}"#, basic("user", "pass")),
        (r#"{"auth": "dXNlcjphOmI="}"#, basic("user", "a:b")),
        (r#"{"auth": "dXNlcjo="}"#, basic("user", "")),
        (r#"{"auth": "OnBhc3M="}"#, basic("", "pass")),
        (r#"{"auth": "Og=="}"#, Credential::Anonymous),
        (r#"{"auth": ""}"#, Credential::Anonymous),
        (r#"{"auth": null}"#, Credential::Anonymous),
        ("{}", Credential::Anonymous),
        ("null", Credential::Anonymous),
        (r#"{"username": "user", "password": "pass"}"#, basic("user", "pass")),
        (r#"{"username": "user"}"#, Credential::Anonymous),
        (r#"{"identitytoken": "refresh"}"#, identity.clone()),
        (r#"{"auth": "bm9ib2R5Og==", "identitytoken": "refresh"}"#, identity.clone()),
        (r#"{"username": "<token>", "password": "refresh"}"#, identity),
        (
            r#"{"registrytoken": "bearer", "identitytoken": "refresh"}"#,
            Credential::RegistryToken(Secret::new("bearer")),
        ),
        (r#"{"auth": "dXNlcjpwYXNz", "email": "a@b.c"}"#, basic("user", "pass")),
    ] {
        let home = Home::new().docker(&format!(r#"{{"auths": {{"ghcr.io": {entry}}}}}"#));
        assert_eq!(home.credential("ghcr.io", "acme/web").await, expected, "{entry}");
    }
}

#[tokio::test]
async fn keys_of_every_client_are_found() {
    for (key, host) in [
        ("ghcr.io", "ghcr.io"),
        ("https://ghcr.io", "ghcr.io"),
        ("https://ghcr.io/", "ghcr.io"),
        ("https://ghcr.io/v1/", "ghcr.io"),
        ("https://ghcr.io/v2/", "ghcr.io"),
        ("http://localhost:5000", "localhost:5000"),
        ("GHCR.io", "ghcr.io"),
        ("ghcr.io", "GHCR.IO"),
        ("ghcr.io/acme", "ghcr.io"),
        ("ghcr.io/acme/web", "ghcr.io"),
        ("docker.io", "docker.io"),
        ("index.docker.io", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("https://index.docker.io/v1/", "registry-1.docker.io"),
        ("docker.io", "index.docker.io"),
        ("docker.io/acme", "index.docker.io"),
    ] {
        let home = Home::new().docker(&config([(key, "user", "pass")]));
        let path = if key.contains("localhost") { "web" } else { "acme/web" };
        assert_eq!(home.credential(host, path).await, basic("user", "pass"), "{key}, {host}");
    }
}

#[tokio::test]
async fn keys_of_others_are_not_taken() {
    for key in [
        "ghcr.io.evil.example",
        "evil.example/ghcr.io",
        "ghcr.io:443",
        "ghcr.io/acme/we",
        "ghcr.io/acme/web/more",
        "ghcr.io/ACME",
        "user@ghcr.io",
        "",
    ] {
        let home = Home::new().docker(&config([(key, "user", "pass")]));
        let found = home.credential("ghcr.io", "acme/web").await;
        assert_eq!(found, Credential::Anonymous, "{key}");
    }
}

#[tokio::test]
async fn the_longest_key_wins() {
    let home = Home::new().docker(&config([
        ("quay.io", "host", "1"),
        ("quay.io/org", "org", "2"),
        ("quay.io/org/team/app", "app", "3"),
    ]));
    for (repository, user, password) in [
        ("org/team/app", "app", "3"),
        ("org/team/other", "org", "2"),
        ("organisation/app", "host", "1"),
        ("", "host", "1"),
    ] {
        let found = home.credential("quay.io", repository).await;
        assert_eq!(found, basic(user, password), "{repository}");
    }
}

#[tokio::test]
async fn an_empty_entry_does_not_hide_a_shorter_key() {
    let home =
        Home::new().docker(r#"{"auths": {"quay.io/org": {}, "quay.io": {"username": "host", "password": "1"}}}"#);
    assert_eq!(home.credential("quay.io", "org/app").await, basic("host", "1"));
}

#[tokio::test]
async fn docker_hub_keys_have_a_fixed_order() {
    let keys = ["docker.io", "index.docker.io", "https://index.docker.io/v1/", "registry-1.docker.io"];
    // Within one name the first key in byte order wins.
    let order = ["docker.io", "https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io"];
    for first in 0..order.len() {
        let present = keys.into_iter().filter(|key| order[first..].contains(key));
        let home = Home::new().docker(&config(present.map(|key| (key, key, "pass"))));
        let found = home.credential("docker.io", "library/nginx").await;
        assert_eq!(found, basic(order[first], "pass"));
    }
}

#[tokio::test]
async fn an_unusable_auth_names_its_file_and_key_and_hides_its_content() {
    for (auth, problem) in [
        ("hunter2!", "`auth` is not base64"),
        ("aHVudGVyMg==", "`auth` is not the base64 of `user:password`"),
        ("//86eA==", "`auth` is not the base64 of `user:password`"),
    ] {
        let text = format!(r#"{{"auths": {{"https://ghcr.io/": {{"auth": "{auth}"}}}}}}"#);
        let home = Home::new().docker(&text);
        assert_eq!(
            home.error("ghcr.io", "acme/web").await,
            format!("credentials file `~/.docker/config.json`, entry `https://ghcr.io/`: {problem}")
        );
        // Other hosts are not held up by it.
        assert!(home.credential("quay.io", "acme/web").await.is_anonymous());
    }
}

#[test]
fn a_file_that_is_not_json_names_its_line_and_column() {
    for (text, place) in [
        ("{\n  \"auths\": {,}\n}", ":2:13`: not valid JSON"),
        ("{\"auths\": {", ":1:11`: not valid JSON"),
        ("{\n\"credsStore\": [\"hunter2\"]}", ":2:14`: a value has an unexpected type"),
        ("\"hunter2\"", ":1:9`: a value has an unexpected type"),
    ] {
        let home = Home::new().docker(text);
        let path = home.path(".docker/config.json");
        assert_eq!(home.load_error().to_string(), format!("credentials file `{path}{place}"));
    }
}

#[tokio::test]
async fn absent_and_empty_files_hold_nothing() {
    let missing = Home::new().variable_path("REGISTRY_AUTH_FILE", "nowhere/auth.json");
    let file_for_folder = Home::new().file(".docker", "");
    for home in [Home::new(), missing, file_for_folder, Home::new().docker(" \n")] {
        let found = home.lookup("ghcr.io", "acme/web").await;
        assert_eq!(found.for_host("ghcr.io"), &Credential::Anonymous);
        assert_eq!(found.origin().to_string(), "no credentials");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let home = Home::new().file(".docker/config.json/file", "");
    let path = home.path(".docker/config.json");
    let expected = format!("credentials: cannot read `{path}`: it is a folder, not a file");
    assert_eq!(home.load_error().to_string(), expected);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_file_is_refused_and_not_waited_for() {
    for place in [".docker/config.json", ".config/containers/auth.json", ".dockercfg", "named.json"] {
        let home = Home::new().file(place, "").variable_path("REGISTRY_AUTH_FILE", "named.json");
        let path = home.path(place);
        fs_err::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let expected = format!("credentials: cannot read `{path}`: it is a pipe, not a file");
        assert_eq!(home.load_error().to_string(), expected);
    }
    let home = Home::new().variable("REGISTRY_AUTH_FILE", "/dev/zero");
    let expected = "credentials: cannot read `/dev/zero`: it is a device, not a file";
    assert_eq!(home.load_error().to_string(), expected);
}

#[tokio::test]
async fn no_file_at_all_may_be_named() {
    let home = Home::new().variable("REGISTRY_AUTH_FILE", "/dev/null");
    assert!(home.credential("ghcr.io", "a").await.is_anonymous());
}

#[test]
fn a_file_without_end_is_an_error() {
    let home = Home::new().docker(&" ".repeat((8 << 20) + 1));
    let path = home.path(".docker/config.json");
    let expected = format!("credentials: cannot read `{path}`: it is larger than 8 MiB");
    assert_eq!(home.load_error().to_string(), expected);
}

#[tokio::test]
async fn the_legacy_file_has_its_entries_at_the_top() {
    let home = Home::new().file(".dockercfg", r#"{"https://index.docker.io/v1/": {"auth": "dXNlcjpwYXNz"}}"#);
    let found = home.lookup("docker.io", "library/nginx").await;
    assert_eq!(found.for_host("docker.io"), &basic("user", "pass"));
    assert_eq!(found.origin().to_string(), "the credentials of ~/.dockercfg");
}

/// Returns the text of a file with these keys, users and passwords, in this order.
fn config<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (key, username, password) in entries {
        let comma = if text.is_empty() { "" } else { "," };
        write!(text, r#"{comma}"{key}":{{"username":"{username}","password":"{password}"}}"#).unwrap();
    }
    format!(r#"{{"auths":{{{text}}}}}"#)
}

const KEYS: [&str; 10] = [
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "https://index.docker.io/v1/",
    "https://docker.io",
    "docker.io/acme",
    "index.docker.io/acme",
    "Docker.io",
    "ghcr.io",
    "https://ghcr.io/",
];

proptest! {
    #[test]
    fn the_order_of_a_file_does_not_matter(
        keys in prop::sample::subsequence(KEYS.to_vec(), 1..=KEYS.len()).prop_shuffle(),
        host in prop::sample::select(vec!["docker.io", "registry-1.docker.io", "ghcr.io"]),
    ) {
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        let answers = [keys, sorted].map(|keys| {
            let home = Home::new().docker(&config(keys.into_iter().map(|key| (key, key, "pass"))));
            block_on(home.lookup(host, "acme/web"))
        });
        prop_assert_eq!(&answers[0], &answers[1]);
    }

    #[test]
    fn any_bytes_are_a_file_or_an_error(bytes in any::<Vec<u8>>()) {
        let home = Home::new().file(".docker/config.json", bytes);
        if let Err(error) = imagelock_credentials::Store::load(home.environment()) {
            prop_assert!(error.to_string().contains("config.json"));
        }
    }
}
