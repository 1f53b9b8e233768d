//! `add` of several images at once.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::{Image, Registry};
use imagelock_tests::Monorepo;
use insta::assert_snapshot;

fn registry() -> Registry {
    let registry = Registry::start().unwrap();
    for reference in ["library/postgres:16", "library/postgres:17", "library/redis:8", "acme/web:1", "other/web:1"] {
        let image = Image::linux(["amd64"]).seed(reference).created("2026-11-20T06:00:00Z");
        registry.push(reference, &image);
    }
    registry
}

fn repo(registry: &Registry, toml: &str) -> Monorepo {
    Monorepo::builder().file("images.toml", toml.replace("HOST", registry.host())).build()
}

fn toml(registry: &Registry, repo: &Monorepo) -> String {
    repo.read("images.toml").replace(registry.host(), "HOST")
}

#[test]
fn several_images_are_added_in_one_run_and_the_order_of_names_stays() {
    let registry = registry();
    let host = registry.host();
    let repo = repo(&registry, "[images]\n# Ours.\napi = \"HOST/acme/web:1\" # kept\nzoo = \"HOST/other/web:1\"\n");
    let arguments = ["library/redis:8", "library/postgres:16"].map(|image| format!("{host}/{image}"));
    assert_snapshot!(repo.imagelock(["add", &arguments[0], &arguments[1], &arguments[0]]), @r#"
    exit: 0
    ----- stderr -----
          Adding redis = "[REGISTRY]/library/redis:8" to images.toml
          Adding postgres = "[REGISTRY]/library/postgres:16" to images.toml
         Locking 4 images
           Added api       1   sha256:[1]  20 Nov 2026  linux/amd64
           Added postgres  16  sha256:[2]  20 Nov 2026  linux/amd64
           Added redis     8   sha256:[3]  20 Nov 2026  linux/amd64
           Added zoo       1   sha256:[4]  20 Nov 2026  linux/amd64
           Wrote images.lock
    "#);
    assert_snapshot!(toml(&registry, &repo), @r#"
    [images]
    # Ours.
    api = "HOST/acme/web:1" # kept
    postgres = "HOST/library/postgres:16"
    redis = "HOST/library/redis:8"
    zoo = "HOST/other/web:1"
    "#);
}

#[test]
fn names_that_would_collide_get_what_tells_them_apart() {
    let registry = registry();
    let host = registry.host();
    let repo = Monorepo::builder().build();
    let images = ["library/postgres:17", "library/postgres:16", "other/web:1", "acme/web:1", "library/redis:8"];
    let images = images.map(|image| format!("{host}/{image}"));
    repo.imagelock(["add"].into_iter().chain(images.iter().map(String::as_str))).success();
    assert_snapshot!(toml(&registry, &repo), @r#"
    [images]
    acme-web = "HOST/acme/web:1"
    other-web = "HOST/other/web:1"
    postgres-16 = "HOST/library/postgres:16"
    postgres-17 = "HOST/library/postgres:17"
    redis = "HOST/library/redis:8"
    "#);
    repo.imagelock(["lock", "--locked"]).success();

    let again = repo.imagelock(["add", &format!("{host}/library/redis:8")]).exit(2);
    assert!(again.stderr.contains("there is already an image `redis`"), "{}", again.stderr);
    registry.push("library/redis:9", &Image::linux(["amd64"]).seed("9"));
    repo.imagelock(["add", &format!("{host}/library/redis:9")]).success();
    assert!(toml(&registry, &repo).ends_with("redis = \"HOST/library/redis:8\"\nredis-9 = \"HOST/library/redis:9\"\n"));
}

#[test]
fn platforms_are_for_all_images_and_get_tables() {
    let registry = registry();
    let host = registry.host();
    let repo = repo(
        &registry,
        "[images.alpha]\nrepository = \"HOST/acme/web\"\ntag = \"1\"\n\n# Last.\n[images.zoo]\nrepository = \"HOST/other/web\"\ntag = \"1\"\n",
    );
    let images = ["library/redis:8", "library/postgres:16"].map(|image| format!("{host}/{image}"));
    repo.imagelock(["add", &images[0], &images[1], "--platform", "linux/amd64"]).success();
    assert_snapshot!(toml(&registry, &repo), @r#"
    [images.alpha]
    repository = "HOST/acme/web"
    tag = "1"

    [images.postgres]
    repository = "HOST/library/postgres"
    tag = "16"
    platforms = ["linux/amd64"]

    [images.redis]
    repository = "HOST/library/redis"
    tag = "8"
    platforms = ["linux/amd64"]

    # Last.
    [images.zoo]
    repository = "HOST/other/web"
    tag = "1"
    "#);
}

#[test]
fn one_image_that_cannot_be_locked_leaves_everything_as_it_was() {
    let registry = registry();
    let host = registry.host();
    let repo = repo(&registry, "[images]\nweb = \"HOST/acme/web:1\"\n");
    let before = repo.read("images.toml");
    repo.imagelock(["add", &format!("{host}/library/redis:8"), &format!("{host}/library/redis:404")]).exit(3);
    assert_eq!(repo.read("images.toml"), before);
    assert!(!repo.path("images.lock").exists());
    let refused = repo.imagelock(["add", &format!("{host}/library/redis:8"), "Redis:8"]).exit(2);
    assert!(refused.stderr.contains("did you mean `redis`?"), "{}", refused.stderr);
    assert_eq!(repo.read("images.toml"), before);
}

#[test]
fn what_is_said_of_one_image_is_refused_for_several() {
    let repo = Monorepo::builder().build();
    for option in [["--name", "x"], ["--version", "8"], ["--tags", "^(?<version>.*)$"], ["--select", "semver"]] {
        let refused = repo.imagelock(["add", "redis", "postgres"].into_iter().chain(option)).exit(2);
        let message = format!("error: `{}` is for one image, and here are 2", option[0]);
        assert!(refused.stderr.contains(&message), "{}", refused.stderr);
    }
    assert!(!repo.path("images.toml").exists());
}

#[test]
fn a_tag_becomes_the_rule_that_people_mean_by_it() {
    let registry = registry();
    for tag in ["16-alpine", "16.8-alpine", "16.9-alpine", "17.1-alpine", "latest"] {
        registry.push(&format!("library/postgres:{tag}"), &Image::linux(["amd64"]).created("2026-11-20T06:00:00Z"));
    }
    let host = registry.host();
    let repo = Monorepo::builder().build();
    let postgres = format!("{host}/library/postgres");
    assert_snapshot!(repo.imagelock(["add", "--policy", &format!("{postgres}:16-alpine")]), @r"
    exit: 0
    ----- stderr -----
         Meaning [REGISTRY]/library/postgres:16-alpine: version 16, tags ^(?<version>\d+(\.\d+)*)-alpine$
          Adding postgres to images.toml
         Locking 1 image
           Added postgres  16.9-alpine  sha256:[1]  20 Nov 2026  linux/amd64
           Wrote images.lock
    ");
    assert_snapshot!(toml(&registry, &repo), @r#"
    [images.postgres]
    repository = "HOST/library/postgres"
    version = "16"
    tags = '^(?<version>\d+(\.\d+)*)-alpine$'
    "#);
    let refused = repo.imagelock(["add", "--policy", &format!("{postgres}:latest")]);
    assert_snapshot!(refused, @"
    exit: 2
    ----- stderr -----
    error: `latest` says no version, day or build that a rule could order
       = help: leave out `--policy`, or write a rule: `--version REQ`
    ");
}
