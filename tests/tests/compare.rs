//! `compare`: which of two images is newer, by what registries, publishers and the project say.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::{Image, Registry};
use imagelock_tests::Monorepo;
use insta::assert_snapshot;
use serde_json::Value;

const SOURCE: &str = "https://github.com/acme/web.git";

fn image(version: &str, digit: char, created: &str) -> Image {
    Image::linux(["amd64"])
        .seed(version)
        .created(created)
        .label("org.opencontainers.image.version", version)
        .label("org.opencontainers.image.revision", &digit.to_string().repeat(40))
        .label("org.opencontainers.image.source", SOURCE)
}

fn old() -> Image {
    image("1.4.0", '1', "2026-11-20T06:00:00Z")
}

fn new() -> Image {
    image("1.4.1", '2', "2026-11-23T06:00:00Z")
}

fn registry() -> Registry {
    let registry = Registry::start().unwrap();
    registry.push("acme/web:1.4.0", &old());
    registry.push("acme/web:1.4.1", &new());
    registry.push("acme/web:1", &old());
    registry
}

fn repository(registry: &Registry) -> Monorepo {
    repository_of(registry, "acme/web:1")
}

fn repository_of(registry: &Registry, image: &str) -> Monorepo {
    let toml = format!("[images]\nweb = \"{}/{image}\"\n", registry.host());
    let repo = Monorepo::builder().file("images.toml", toml).build();
    repo.imagelock(["lock"]).success();
    repo
}

fn verdict(repo: &Monorepo, first: &str, second: &str) -> String {
    let output = repo.imagelock(["compare", first, second, "--format", "json"]).success();
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    let pair = &document["images"][0];
    format!("{} {}", pair["verdict"].as_str().unwrap(), pair["change"].as_str().unwrap())
}

#[test]
fn two_images_are_compared_by_what_is_known_of_both() {
    let registry = registry();
    let host = registry.host();
    let repo = repository(&registry);
    let shown = repo.imagelock(["compare", "web", ":1.4.1"]).success();
    let shown = shown.stdout.replace(host, "registry.example.com");
    let shown = regex::Regex::new("sha256:[0-9a-f]{64}").unwrap().replace_all(&shown, "sha256:…").into_owned();
    assert_snapshot!(shown, @r#"
    newer, version step
      first   registry.example.com/acme/web:1@sha256:…
      second  registry.example.com/acme/web:1.4.1@sha256:…
      tags      1 -> 1.4.1                       differs  says the registry
      version   1.4.0 -> 1.4.1                   newer    says the publisher
      built     20 Nov 2026 -> 23 Nov 2026       newer    says the publisher
      revision  111111111111 -> 222222222222     differs  says the publisher
                https://github.com/acme/web/compare/1111111111111111111111111111111111111111...2222222222222222222222222222222222222222
      source    https://github.com/acme/web.git  same     says the publisher
    "#);
    let web = format!("{host}/acme/web");
    let rows = [
        ("web".to_owned(), format!("{web}:1.4.1"), "newer version-step"),
        (format!("{web}:1.4.1"), format!("{web}:1.4.0"), "older version-step"),
        (format!("{web}@{}", new().digest()), old().digest().to_string(), "older version-step"),
        (format!("{web}:1"), ":1.4.0".to_owned(), "same same-content"),
        ("web".to_owned(), "web".to_owned(), "same same-content"),
    ];
    for (first, second, expected) in rows {
        assert_eq!(verdict(&repo, &first, &second), expected, "{first} {second}");
    }
    repo.imagelock(["compare", "web", ":1", "--exit-code"]).success();
    repo.imagelock(["compare", "web", ":1.4.1", "--exit-code"]).exit(1);
}

#[test]
fn what_is_locked_is_compared_without_a_request() {
    let registry = registry();
    let repo = repository(&registry);
    let before = registry.log().len();
    let locked = format!("{}/acme/web@{}", registry.host(), old().digest());
    assert_eq!(verdict(&repo, "web", &locked), "same same-content");
    assert_eq!(registry.log().len(), before);
}

#[test]
fn what_names_no_image_and_what_is_not_there_fails_with_what_to_write() {
    let registry = registry();
    let repo = repository(&registry);
    let digest = old().digest().to_string();
    let fails = |first: &str, second: &str, exit: i32, says: &str| {
        let output = repo.imagelock(["compare", first, second]).exit(exit);
        assert!(output.stderr.contains(says), "{output}");
    };
    fails(&digest, "web", 2, "does not say which repository it is of");
    fails("web", "UPPER:/x", 2, "names no image");
    fails("web", "images.lock", 2, "a lock and an image cannot be compared");
    fails("web", ":9.9.9", 3, "could not be compared");
    fails("HEAD:images.lock", "images.lock", 2, "is not in a repository of Git's");
}

#[test]
fn the_locks_of_two_commits_are_compared_image_by_image() {
    let registry = registry();
    let repo = repository(&registry);
    if !repo.git(["init", "--quiet", "--initial-branch", "main"]) {
        return;
    }
    let commit = || assert!(repo.git(["add", "--all"]) && repo.git(["commit", "--quiet", "--message", "x"]));
    commit();
    registry.push("acme/web:1", &new());
    let more = format!("other = \"{}/acme/web:1.4.0\"\n", registry.host());
    repo.write("images.toml", repo.read("images.toml") + &more);
    repo.imagelock(["update"]).success();
    let compared = |first: &str, second: &str| {
        let output = repo.imagelock(["compare", first, second]).success();
        output.stdout.lines().filter(|line| !line.starts_with(' ') && !line.is_empty()).collect::<Vec<_>>().join("|")
    };
    assert_eq!(compared("HEAD:images.lock", "images.lock"), "other: only in the second|web: newer, version step");
    assert_eq!(compared("images.lock", "main:images.lock"), "other: only in the first|web: older, version step");
    assert_eq!(compared("images.lock", "images.lock"), "both locks are the same");
    commit();
    assert_eq!(
        compared("HEAD~1:images.lock", "HEAD:images.lock"),
        "other: only in the second|web: newer, version step"
    );
    let absent = repo.imagelock(["compare", "absent:images.lock", "images.lock"]).exit(2);
    assert!(absent.stderr.contains("`absent` names no commit"), "{absent}");
}

#[test]
fn the_tags_that_point_at_digests_put_them_in_an_order() {
    let registry = Registry::start().unwrap();
    let image = |seed: &str| Image::linux(["amd64"]).seed(seed);
    let digests = [("one", ["nightly", "2.9.0"]), ("other", ["latest", "2.10.0"])].map(|(seed, tags)| {
        let digests = tags.map(|tag| registry.push(&format!("acme/plain:{tag}"), &image(seed)));
        digests[0].clone()
    });
    let repo = repository_of(&registry, "acme/plain:nightly");
    let reference = |digest: &str| format!("{}/acme/plain@{digest}", registry.host());
    let [first, second] = digests.each_ref().map(|digest| reference(digest));
    assert_eq!(verdict(&repo, &first, &second), "unknown other-content");
    let shown = repo.imagelock(["compare", &first, &second, "--tags"]).success().stdout;
    assert!(shown.starts_with("newer, "), "{shown}");
    let line = shown.lines().find(|line| line.contains("point there")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[..7], ["point", "there", "nightly,", "2.9.0", "->", "latest,", "2.10.0"], "{line}");
    let back = repo.imagelock(["compare", &second, &first, "--tags"]).success().stdout;
    assert!(back.starts_with("older, "), "{back}");
    // However long the repository's name is.
    let long = "a".repeat(120);
    registry.push(&format!("acme/{long}:1.0.0"), &image("one"));
    registry.push(&format!("acme/{long}:1.1.0"), &image("other"));
    let reference = |tag: &str| format!("{}/acme/{long}:{tag}", registry.host());
    let shown = repo.imagelock(["compare", &reference("1.0.0"), &reference("1.1.0"), "--tags"]).success().stdout;
    assert!(shown.contains("point there"), "{shown}");
}
