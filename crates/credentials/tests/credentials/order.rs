//! Which place wins when several have credentials.

use imagelock_credentials::{Credential, Environment, Origin, Secret, Store};

use crate::home::{Home, basic};

fn login(user: &str) -> String {
    format!(r#"{{"auths": {{"ghcr.io": {{"username": "{user}", "password": "pass"}}}}}}"#)
}

#[tokio::test]
async fn places_are_asked_in_the_documented_order() {
    let places = [
        (Some("REGISTRY_AUTH_FILE"), "explicit.json", "explicit.json"),
        (Some("DOCKER_CONFIG"), "docker", "docker/config.json"),
        (Some("XDG_RUNTIME_DIR"), "run", "run/containers/auth.json"),
        (Some("XDG_CONFIG_HOME"), "etc", "etc/containers/auth.json"),
        (None, "", ".dockercfg"),
    ];
    for first in 0..places.len() {
        let mut home = Home::new();
        for (variable, value, path) in &places[first..] {
            let text = if *path == ".dockercfg" {
                r#"{"ghcr.io": {"username": ".dockercfg", "password": "pass"}}"#.to_owned()
            } else {
                login(path)
            };
            home = home.file(path, text);
            if let Some(variable) = variable {
                home = home.variable_path(variable, value);
            }
        }
        let path = places[first].2;
        let found = home.lookup("ghcr.io", "acme/web").await;
        assert_eq!(found.for_host("ghcr.io"), &basic(path, "pass"));
        assert_eq!(found.origin().to_string(), format!("the credentials of ~/{path}"));
    }
}

#[tokio::test]
async fn podman_comes_before_docker_in_the_home_folder() {
    let home = Home::new().docker(&login("docker"));
    assert_eq!(home.credential("ghcr.io", "a").await, basic("docker", "pass"));
    let home = home.file(".config/containers/auth.json", login("podman"));
    assert_eq!(home.credential("ghcr.io", "a").await, basic("podman", "pass"));
}

#[tokio::test]
async fn docker_config_takes_the_place_of_the_home_folder() {
    let home = Home::new().docker(&login("home")).variable_path("DOCKER_CONFIG", "empty");
    assert!(home.credential("ghcr.io", "a").await.is_anonymous());
}

#[tokio::test]
async fn an_earlier_file_without_the_host_does_not_hide_a_later_one() {
    let home = Home::new()
        .file(".config/containers/auth.json", r#"{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}"#)
        .docker(&login("docker"));
    assert_eq!(home.credential("ghcr.io", "a").await, basic("docker", "pass"));
}

#[tokio::test]
async fn a_relative_xdg_folder_is_ignored() {
    let home = Home::new().file(".config/containers/auth.json", login("podman")).variable("XDG_RUNTIME_DIR", "..");
    assert_eq!(home.credential("ghcr.io", "a").await, basic("podman", "pass"));
}

#[tokio::test]
async fn a_variable_comes_first_of_all() {
    let home = Home::new()
        .docker(r#"{"credHelpers": {"ghcr.io": "not-installed"}}"#)
        .variable("IMAGELOCK_AUTH_GHCR_IO", "robot:pass:word");
    let found = home.lookup("ghcr.io", "acme/web").await;
    assert_eq!(found.for_host("ghcr.io"), &basic("robot", "pass:word"));
    assert_eq!(found.origin().to_string(), "the credentials of $IMAGELOCK_AUTH_GHCR_IO");
}

#[tokio::test]
async fn dockers_variable_comes_before_every_file_and_after_the_hosts_own() {
    let config = r#"{"auths": {"ghcr.io": {"auth": "dmFyaWFibGU6cGFzcw=="}, "https://index.docker.io/v1/": {"auth": "aHViOnBhc3M="}}}"#;
    let home = Home::new()
        .file("explicit.json", login("explicit"))
        .variable_path("REGISTRY_AUTH_FILE", "explicit.json")
        .docker(r#"{"credsStore": "not-installed", "auths": {"quay.io": {"username": "file", "password": "pass"}}}"#)
        .variable("DOCKER_AUTH_CONFIG", config);
    let found = home.lookup("ghcr.io", "acme/web").await;
    assert_eq!(found.for_host("ghcr.io"), &basic("variable", "pass"));
    assert_eq!(found.origin().to_string(), "the credentials of $DOCKER_AUTH_CONFIG");
    assert_eq!(home.credential("docker.io", "library/nginx").await, basic("hub", "pass"));
    assert_eq!(home.credential("quay.io", "a").await, basic("file", "pass"), "the files count for the other hosts");
    let home = home.variable("IMAGELOCK_AUTH_GHCR_IO", "own:pass");
    assert_eq!(home.credential("ghcr.io", "a").await, basic("own", "pass"));
}

#[tokio::test]
async fn dockers_variable_is_passed_over_where_docker_passes_over_it_and_that_is_told_where_a_login_is_missed() {
    let alone = "it may hold `auths` alone, and each of these `auth` alone";
    for (text, problem) in [
        ("hunter2", "not valid JSON"),
        (r#"{"auths": {}} {}"#, "not valid JSON"),
        (r#"{"auths": {"ghcr.io": {"auth": "aGk6aGk="}}, "credsStore": "x"}"#, alone),
        (r#"{"auths": {"ghcr.io": {"auth": "aGk6aGk="}}, "HttpHeaders": {}}"#, alone),
        (r#"{"auths": {"ghcr.io": {"auth": "aGk6aGk=", "identitytoken": "hunter2"}}}"#, alone),
        (r#"{"auths": {"ghcr.io": {"username": "hi", "password": "hunter2"}}}"#, alone),
        (r#"{"auths": {"ghcr.io": {"auth": "aGk6aGk="}, "quay.io": {}}}"#, alone),
        (
            r#"{"auths": {"ghcr.io": {"auth": "aGk6aGk="}, "quay.io": {"auth": ""}}}"#,
            "`auth` is not the base64 of `user:password`",
        ),
        (r#"{"auths": {"ghcr.io": {"auth": "aGk6aGk="}, "quay.io": {"auth": "%"}}}"#, "`auth` is not base64"),
        (r#"{"auths": {"ghcr.io": {"auth": "Omh1bnRlcjI="}}}"#, "`auth` is not the base64 of `user:password`"),
        (
            r#"{"auths": {"ghcr.io": {"auth": "aGk6aGk="}, "quay.io": {"auth": "aHVudGVyMg=="}}}"#,
            "`auth` is not the base64 of `user:password`",
        ),
    ] {
        let home = Home::new().variable("DOCKER_AUTH_CONFIG", text);
        let found = home.lookup("ghcr.io", "a").await;
        assert!(found.for_host("ghcr.io").is_anonymous(), "{text}");
        let expected = format!("no credentials ($DOCKER_AUTH_CONFIG is passed over: {problem})");
        assert_eq!(found.origin().to_string(), expected, "{text}");
        assert_eq!(home.store().unread().as_ref(), Some(found.origin()));
        let home = home.docker(&login("file"));
        assert_eq!(home.credential("ghcr.io", "a").await, basic("file", "pass"), "{text}");
    }
    for text in ["", " ", "{}", r#"{"auths": null}"#, r#"{"auths": {}}"#] {
        let home = Home::new().variable("DOCKER_AUTH_CONFIG", text);
        assert_eq!(home.lookup("ghcr.io", "a").await.origin(), &Origin::Nowhere, "{text}");
    }
}

#[tokio::test]
async fn a_variable_is_named_after_its_host() {
    for (name, host) in [
        ("IMAGELOCK_AUTH_LOCALHOST___5000", "localhost:5000"),
        ("IMAGELOCK_AUTH_EUROPE__DOCKER_PKG_DEV", "europe-docker.pkg.dev"),
        ("IMAGELOCK_AUTH_OTHER__EXAMPLE", "other-example"),
        ("IMAGELOCK_AUTH_DOCKER_IO", "registry-1.docker.io"),
        ("IMAGELOCK_AUTH_INDEX_DOCKER_IO", "docker.io"),
        ("IMAGELOCK_AUTH_GHCR_IO", "GHCR.io"),
    ] {
        let home = Home::new().variable(name, "robot:pass");
        assert_eq!(home.credential(host, "acme/web").await, basic("robot", "pass"), "{name}");
        assert!(home.credential("other.example", "acme/web").await.is_anonymous(), "{name}");
    }
}

#[tokio::test]
async fn a_variable_may_hold_an_identity_token() {
    let home = Home::new().variable("IMAGELOCK_AUTH_GHCR_IO", "<token>:refresh");
    let expected = Credential::IdentityToken(Secret::new("refresh"));
    assert_eq!(home.credential("ghcr.io", "a").await, expected);
}

#[tokio::test]
async fn an_empty_variable_is_absent_and_half_a_login_is_an_error() {
    let home = Home::new().docker(&login("docker")).variable("IMAGELOCK_AUTH_GHCR_IO", "");
    assert_eq!(home.credential("ghcr.io", "a").await, basic("docker", "pass"));
    for value in ["hunter2", ":hunter2", "hunter2:"] {
        let home = Home::new().variable("IMAGELOCK_AUTH_GHCR_IO", value);
        assert_eq!(
            home.error("ghcr.io", "a").await,
            "the environment variable `IMAGELOCK_AUTH_GHCR_IO` must be `user:password`"
        );
    }
}

#[tokio::test]
async fn an_anonymous_store_finds_nothing() {
    let found = Store::anonymous().lookup("ghcr.io", "acme/web").await.unwrap();
    assert!(found.for_host("ghcr.io").is_anonymous());
}

#[tokio::test]
async fn what_is_found_says_for_which_host_and_whether_it_is_anything() {
    let home = Home::new().docker(&login("docker"));
    let found = home.lookup("GHCR.io", "acme/web").await;
    assert_eq!(found.host(), "GHCR.io");
    assert!(!found.for_host("ghcr.io").is_anonymous() && found.for_host("quay.io").is_anonymous());
}

#[cfg(not(windows))]
#[tokio::test]
async fn the_home_folder_of_windows_is_no_home_folder_elsewhere() {
    let home = Home::new().docker(&login("docker"));
    let environment = Environment::empty().with("USERPROFILE", home.path("").as_str());
    let found = Store::load(&environment).unwrap().lookup("ghcr.io", "a").await.unwrap();
    assert!(found.for_host("ghcr.io").is_anonymous());
}

#[test]
fn the_environment_of_the_process_has_its_variables() {
    let names: std::collections::BTreeSet<_> = std::env::vars_os().map(|(name, _)| name).collect();
    assert!(!names.is_empty());
    assert_eq!(format!("{:?}", Environment::from_process()), format!("{names:?}"));
}
