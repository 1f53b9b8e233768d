//! `import`: from another tool's file to images.toml and a lock that keeps the pins in use.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, MonorepoBuilder};
use insta::assert_snapshot;

fn image(seed: &str) -> Image {
    Image::linux(["amd64"]).seed(seed).created("2026-11-20T06:00:00Z").label("org.opencontainers.image.version", seed)
}

/// A registry whose tag has moved since the file was written, and the digest from before.
fn stage() -> (Registry, String) {
    let registry = Registry::start().unwrap();
    let repo = Monorepo::builder()
        .file("images.toml", format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host()))
        .build();
    registry.push("acme/web:1", &image("old"));
    repo.imagelock(["lock"]).success();
    let digest = repo.read("images.lock").split('"').find(|text| text.starts_with("sha256:")).unwrap().to_owned();
    registry.push("acme/web:1", &image("new"));
    registry.push("acme/job:1.2.3", &image("job"));
    registry.push("acme/job:1.3.0", &image("job 1.3.0"));
    (registry, digest)
}

fn docker_lock(registry: &Registry, digest: &str) -> MonorepoBuilder {
    let text = "{\"dockerfiles\": {\"Dockerfile\": [\n  {\"name\": \"HOST/acme/web\", \"tag\": \"1\", \"digest\": \"DIGEST\"},\n  \
                {\"name\": \"Bad\", \"tag\": \"\\u001b[31m\", \"digest\": \"\"}\n]}}\n";
    let text = text.replace("HOST", registry.host()).replace("DIGEST", digest.trim_start_matches("sha256:"));
    Monorepo::builder().file("docker-lock.json", text)
}

#[test]
fn a_digest_in_use_stays_and_the_tag_beside_it_is_followed() {
    let (registry, digest) = stage();
    let repo = docker_lock(&registry, &digest).build();
    let imported = repo.imagelock(["import", "docker-lock", "docker-lock.json"]).success();
    let left = "warning: docker-lock.json:3:12: not carried over: `Bad:\\u{1b}[31m` is no reference: ";
    assert!(imported.stderr.contains(left), "{}", imported.stderr);
    assert!(imported.stderr.contains("      Adding web = \""), "{}", imported.stderr);
    assert_eq!(repo.read("images.toml"), format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host()));
    assert!(repo.read("images.lock").contains(&digest));
    repo.imagelock(["lock", "--locked"]).success();
    let again = repo.imagelock(["import", "docker-lock", "docker-lock.json"]).success();
    assert!(again.stderr.contains("Fresh images.toml asks for all of them"), "{}", again.stderr);
    let updated = repo.imagelock(["update"]).success();
    assert!(updated.stderr.contains("Updating web"), "{}", updated.stderr);
}

#[test]
fn the_newest_is_locked_where_somebody_asks_for_it() {
    let (registry, digest) = stage();
    let repo = docker_lock(&registry, &digest).build();
    repo.imagelock(["import", "docker-lock", "docker-lock.json", "--newest"]).success();
    assert!(repo.read("images.lock").contains("\"version\": \"new\""));
}

#[test]
fn a_policy_becomes_a_rule_and_a_dry_run_shows_it_without_a_registry() {
    let (registry, _) = stage();
    let policy = "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageRepository\nmetadata: {name: job}\nspec: {image: HOST/acme/job}\n---\n\
                  apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata: {name: job}\nspec:\n  \
                  imageRepositoryRef: {name: job}\n  policy: {semver: {range: ~1.2}}\n";
    let repo = Monorepo::builder()
        .file("images.toml", "# Ours.\n[images]\n")
        .file("flux/job.yaml", policy.replace("HOST", registry.host()))
        .build();
    registry.log().take();
    assert_snapshot!(repo.imagelock(["import", "flux", "flux/job.yaml", "--dry-run"]), @r#"
    exit: 0
    ----- stdout -----
    [images.job]
    repository = "[REGISTRY]/acme/job"
    version = "~1.2"
    tags = '^v?(?<version>\d+\.\d+\.\d+)$'
    ----- stderr -----
         Dry run images.toml and images.lock are unchanged
    "#);
    assert_eq!(registry.log().len(), 0);
    assert_eq!(repo.read("images.toml"), "# Ours.\n[images]\n");
    repo.imagelock(["import", "flux", "flux/job.yaml"]).success();
    assert!(repo.read("images.toml").starts_with("# Ours.\n[images]\n"));
    assert!(repo.read("images.lock").contains("\"tag\": \"1.2.3\""), "{}", repo.read("images.lock"));
}

#[test]
fn a_digest_that_is_gone_leaves_everything_as_it_was() {
    let (registry, _) = stage();
    let repo = docker_lock(&registry, &format!("sha256:{}", "0".repeat(64))).build();
    let failed = repo.imagelock(["import", "docker-lock", "docker-lock.json"]).exit(3);
    assert!(failed.stderr.contains("web"), "{}", failed.stderr);
    assert!(!repo.path("images.toml").exists() && !repo.path("images.lock").exists());
}

#[test]
fn programs_get_what_changed_and_what_was_left() {
    let (registry, digest) = stage();
    let repo = docker_lock(&registry, &digest).build();
    let output = repo.imagelock(["import", "docker-lock", "docker-lock.json", "--format", "json"]).success();
    let document: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(document["changes"][0]["to"]["digest"], digest.as_str());
    assert_eq!(document["left"][0]["file"], "docker-lock.json");
    assert_eq!((&document["left"][0]["line"], &document["left"][0]["column"]), (&3.into(), &12.into()));
}

#[test]
fn a_file_that_is_absent_or_of_another_tool_is_told() {
    let repo = Monorepo::builder().file("a.json", "{\"x\": 1}").file("b.json", "{").build();
    let absent = repo.imagelock(["import", "kbld", "none.yml"]).exit(2);
    assert!(absent.stderr.contains("there is no file `none.yml`"), "{}", absent.stderr);
    assert_snapshot!(repo.imagelock(["import", "docker-lock", "b.json"]), @"
    exit: 2
    ----- stderr -----
    error: b.json is no docker-lock.json: it ends too early
     --> b.json:1:2
      |
    1 | {
      |  ^
    ");
    repo.imagelock(["import", "compose", "a.json"]).exit(2);
    repo.imagelock(["import", "renovate", "a.json"]).success();
    repo.imagelock(["import", "earthly", "a.json"]).exit(2);
}
