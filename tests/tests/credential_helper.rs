//! `credential-helper` speaks Bazel's protocol and does the registry's challenge.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::io::Write;
use std::process::Stdio;

use imagelock_testkit::{Auth, Image, Registry};
use imagelock_tests::{Monorepo, binary};

/// Asks as Bazel does, and returns the exit code, the answer, and what was said beside it.
fn ask(repo: &Monorepo, program: &camino::Utf8Path, words: &[&str], uri: &str) -> (i32, serde_json::Value, String) {
    let mut command = repo.command(program);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut run = command.spawn().unwrap();
    let question = serde_json::json!({ "uri": uri }).to_string();
    run.stdin.take().unwrap().write_all(question.as_bytes()).unwrap();
    let output = run.wait_with_output().unwrap();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), answer, String::from_utf8_lossy(&output.stderr).into_owned())
}

const WORDS: [&str; 2] = ["credential-helper", "get"];

#[test]
fn a_private_image_is_read_with_the_header_that_the_helper_gives() {
    let auth = Auth::token().user("robot", "s3cret").no_anonymous().expires_in(Some(300));
    let registry = Registry::builder().auth(auth).start().unwrap();
    let image = Image::linux(["amd64"]);
    registry.push("acme/web:1", &image);
    let repo = Monorepo::builder().build();
    std::fs::create_dir_all(repo.home().join(".docker")).unwrap();
    let config = serde_json::json!({ "auths": { registry.host(): { "username": "robot", "password": "s3cret" } } });
    std::fs::write(repo.home().join(".docker/config.json"), config.to_string()).unwrap();
    let uri = format!("{}/v2/acme/web/manifests/{}", registry.url(), image.digest());

    let (code, answer, said) = ask(&repo, binary(), &WORDS, &uri);
    assert_eq!(code, 0, "{said}");
    let header = answer["headers"]["Authorization"][0].as_str().unwrap();
    assert!(header.starts_with("Bearer ") && !header.contains("s3cret"));
    assert!(answer["expires"].as_str().unwrap().ends_with('Z'));
    assert!(answer["headers"]["Accept"].as_array().unwrap().len() == 4, "manifests are asked for by their types");
    let read = reqwest::Client::new()
        .get(&uri)
        .header("Authorization", header)
        .header("Accept", "application/vnd.oci.image.manifest.v1+json");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(runtime.block_on(read.send()).unwrap().status(), 200);

    registry.log().take();
    let blob = uri.replace("/manifests/", "/blobs/");
    let (_, again, _) = ask(&repo, binary(), &WORDS, &blob);
    assert_eq!(again["headers"]["Authorization"][0].as_str().unwrap(), header, "the token is kept for its minutes");
    assert!(again["headers"].get("Accept").is_none());
    assert!(registry.log().is_empty(), "and nobody is asked for it");
}

#[test]
fn what_is_no_registrys_gets_no_headers() {
    let repo = Monorepo::builder().build();
    for uri in ["https://cdn.example.com/some/archive.tar.gz", "https://example.com/v2/"] {
        let (code, answer, said) = ask(&repo, binary(), &WORDS, uri);
        assert_eq!((code, answer), (0, serde_json::json!({ "headers": {} })), "{said}");
    }
}

#[test]
fn no_login_is_given_for_plain_http_to_another_machine() {
    let login = "IMAGELOCK_AUTH_REG_TEST___5000";
    let path = "v2/acme/web/blobs/sha256:00";
    let repo = Monorepo::builder().env(login, "robot:s3cret").build();
    for uri in [format!("http://reg.test:5000/{path}"), format!("HTTP://REG.test:5000/{path}")] {
        let (code, answer, said) = ask(&repo, binary(), &WORDS, &uri);
        assert_eq!((code, answer), (0, serde_json::json!({ "headers": {} })), "{said}");
        assert!(said.contains("`insecure = true` under `[registries.\"reg.test:5000\"]`"), "{said}");
    }
    let registry = Registry::builder().auth(Auth::basic("robot", "s3cret")).start().unwrap();
    let variable = format!("IMAGELOCK_AUTH_{}", registry.host().replace('.', "_").replace(':', "___"));
    let repo = Monorepo::builder().env(&variable, "robot:s3cret").build();
    let (code, answer, said) = ask(&repo, binary(), &WORDS, &format!("{}/{path}", registry.url()));
    assert_eq!(code, 0, "{said}");
    assert_eq!(answer["headers"]["Authorization"][0], "Basic cm9ib3Q6czNjcmV0");
    let (_, answer, _) = ask(&repo, binary(), &WORDS, &format!("http://me@{}/{path}", registry.host()));
    assert_eq!(answer, serde_json::json!({ "headers": {} }), "an address with a user is nobody's");
}

#[test]
fn a_link_with_the_helpers_name_needs_no_words_and_a_wrong_password_is_not_repeated() {
    let registry = Registry::builder().auth(Auth::token().user("robot", "s3cret").no_anonymous()).start().unwrap();
    registry.push("acme/web:1", &Image::linux(["amd64"]));
    let repo = Monorepo::builder().build();
    let variable = format!("IMAGELOCK_AUTH_{}", registry.host().replace('.', "_").replace(':', "___"));
    let repo_with = Monorepo::builder().env(&variable, "robot:wr0ng-pass").build();
    let link = repo.path("imagelock-credential-helper");
    std::os::unix::fs::symlink(binary(), &link).unwrap();
    let uri = format!("{}/v2/acme/web/blobs/sha256:00", registry.url());
    let (code, _, said) = ask(&repo_with, &link, &["get"], &uri);
    assert_eq!(code, 3);
    assert!(said.contains("401") && said.contains(&variable) && !said.contains("wr0ng"), "{said}");
}

#[test]
fn a_question_that_is_none_is_refused() {
    let repo = Monorepo::builder().build();
    let mut command = repo.command(binary());
    let output = command.args(WORDS).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not one of Bazel's"));
}
