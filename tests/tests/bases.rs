//! What locked images were built on, and whether `outdated` tells that it has moved.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::{Image, Registry};
use imagelock_tests::Monorepo;
use serde_json::{Value, json};

fn base(seed: &str) -> Image {
    Image::linux(["amd64", "arm64"]).seed(seed)
}

/// An image that says what it was built on.
fn on(base: &str, digest: &str) -> Image {
    Image::linux(["amd64"])
        .seed(base)
        .label("org.opencontainers.image.base.name", base)
        .label("org.opencontainers.image.base.digest", digest)
}

fn outdated(repo: &Monorepo, more: &[&str]) -> Value {
    let arguments = ["outdated", "--format", "json"].iter().chain(more);
    serde_json::from_str(&repo.imagelock(arguments).success().stdout).unwrap()
}

/// `web` is built on `base`, which is locked; `one` and `two` on `other`, which is not.
fn locked() -> (Registry, Monorepo) {
    let registry = Registry::start().unwrap();
    let host = registry.host();
    registry.push("base:1", &base("old"));
    registry.push("other:1", &base("other"));
    registry.push("web:1", &on(&format!("{host}/base:1"), base("old").digest()));
    // Publishers name the manifest of a platform, too.
    let manifest = base("other").manifest_of("linux/amd64").unwrap().digest.clone();
    registry.push("one:1", &on(&format!("{host}/other:1"), &manifest));
    registry.push("two:1", &on(&format!("{host}/other:1"), base("other").digest()));
    let images = ["base", "web", "one", "two"].map(|name| format!("{name} = '{host}/{name}:1'\n"));
    let repo = Monorepo::builder().file("images.toml", format!("[images]\n{}", images.concat())).build();
    repo.imagelock(["lock"]).success();
    (registry, repo)
}

#[test]
fn a_base_that_is_locked_is_compared_with_the_lock_and_nobody_is_asked() {
    let (registry, repo) = locked();
    let host = registry.host();
    let before = registry.log().len();
    assert_eq!(outdated(&repo, &[])["bases"], Value::Null);
    let usual = registry.log().len() - before;
    registry.push("base:1", &base("new"));
    repo.imagelock(["update", "base"]).success();
    let before = registry.log().len();
    let told = outdated(&repo, &[]);
    assert_eq!(registry.log().len() - before, usual, "the lock knows");
    let (from, to) = (base("old").digest().to_owned(), base("new").digest().to_owned());
    let expected = json!([
        { "name": "web", "base": format!("{host}/base:1"), "from": from, "to": to, "by": "lock", "locked": "base" }
    ]);
    assert_eq!(told["bases"], expected);
    let output = repo.imagelock(["outdated"]).success();
    let says = format!(
        "Base web  stands on {host}/base:1 of before: {} -> {}, which is locked as base",
        &from[..19],
        &to[..19]
    );
    assert!(output.stderr.contains(&says), "{output}");
    let markdown = repo.imagelock(["outdated", "--format", "markdown"]).success().stdout;
    assert!(markdown.contains(&format!("- `web`: `stands on {host}/base:1 of before: ")), "{markdown}");
    assert_eq!(outdated(&repo, &["one"])["bases"], Value::Null, "only what was asked about is told");
}

#[test]
fn any_other_base_is_asked_for_once_and_only_on_request() {
    let (registry, repo) = locked();
    let host = registry.host().to_owned();
    let heads = || registry.log().entries().iter().filter(|request| request.path == "/v2/other/manifests/1").count();
    let whole = || {
        registry
            .log()
            .entries()
            .iter()
            .filter(|request| request.path.starts_with("/v2/other/manifests/sha256:"))
            .count()
    };
    assert_eq!(
        outdated(&repo, &["--bases", "--no-cache"])["bases"],
        Value::Null,
        "the index has the manifest that one names"
    );
    assert_eq!((heads(), whole()), (1, 1));
    registry.push("other:1", &base("new"));
    assert_eq!(outdated(&repo, &["--no-cache"])["bases"], Value::Null, "nobody was asked");
    assert_eq!((heads(), whole()), (1, 1));
    let told = outdated(&repo, &["--bases", "--no-cache"]);
    assert_eq!((heads(), whole()), (2, 2));
    let names: Vec<_> = told["bases"].as_array().unwrap().iter().map(|moved| &moved["name"]).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!((&told["bases"][0]["by"], &told["bases"][0]["to"]), (&json!("registry"), &json!(base("new").digest())));

    registry.push("web:1", &on(&format!("{host}/absent:1"), base("old").digest()));
    repo.imagelock(["update", "web"]).success();
    let told = outdated(&repo, &["--bases"]);
    assert_eq!(told["basesUntold"], json!([{ "base": format!("{host}/absent:1"), "reason": "no such tag" }]));
    let output = repo.imagelock(["outdated", "web", "--bases"]).success();
    assert!(
        output.stderr.contains(&format!("Untold nobody tells whether {host}/absent:1 has moved: no such tag")),
        "{output}"
    );
}
