//! `update --summary`: the title and the body of a pull request.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, MonorepoBuilder};
use insta::assert_snapshot;

fn image(version: &str, digit: char, created: &str) -> Image {
    Image::linux(["amd64"])
        .seed(version)
        .created(created)
        .label("org.opencontainers.image.version", version)
        .label("org.opencontainers.image.revision", &digit.to_string().repeat(40))
        .label("org.opencontainers.image.source", "https://github.com/acme/web")
}

fn registry() -> Registry {
    let registry = Registry::start().unwrap();
    registry.push("web:1", &image("1.4.0", '1', "2026-11-20T06:00:00Z"));
    registry.push("db:16", &image("16.8", '3', "2026-11-20T06:00:00Z"));
    registry
}

fn repository(host: &str) -> MonorepoBuilder {
    let toml = format!(
        "[images]\nweb = {{ repository = '{host}/web', tag = '1', labels = ['shop'] }}\ndb = '{host}/db:16'\n\
         [[dockerfile]]\nedit = 'services/*/Dockerfile'\n[[compose]]\nfile = 'deploy/compose.yaml'\noutput = 'deploy/images.yaml'\n"
    );
    Monorepo::builder()
        .file("images.toml", toml)
        .file("services/shop/Dockerfile", format!("FROM {host}/web:1\n"))
        .file("deploy/compose.yaml", format!("services:\n  db:\n    image: {host}/db:16\n"))
        .file(".github/CODEOWNERS", "* @acme/all\n/services/shop/ @acme/shop\n")
}

fn locked(registry: &Registry) -> Monorepo {
    let repo = repository(registry.host()).build();
    repo.imagelock(["lock"]).success();
    repo.imagelock(["render"]).success();
    repo
}

fn moved(registry: &Registry) {
    registry.push("web:1", &image("1.4.1", '2', "2026-11-23T06:00:00Z"));
    registry.push("db:16", &image("16.9", '4', "2026-11-22T06:00:00Z"));
}

/// What was written, without the port of the registry.
fn written(repo: &Monorepo, registry: &Registry, file: &str) -> String {
    repo.read(file).replace(registry.host(), "registry.example.com")
}

#[test]
fn what_moved_is_told_with_its_evidence_its_users_and_their_owners() {
    let registry = registry();
    let repo = locked(&registry);
    moved(&registry);
    let lock = repo.read("images.lock");
    let morning = ["--as-of", "2026-11-26T07:00:00Z"];
    repo.imagelock(["update", "--dry-run", "--summary", "../pr.md"].iter().chain(&morning)).success();
    assert_eq!(repo.read("images.lock"), lock);
    let told = written(&repo, &registry, "../pr.md");
    assert_snapshot!(told, @r#"
    Update 2 images

    | image | what | from | to | level |
    |---|---|---|---|---|
    | db | version step | `16` `6328d3945346`, 20 Nov 2026 (6 days) | `16` `cbcb76b00f3d`, 22 Nov 2026 (4 days) | minor |
    | web | version step | `1` `73beddefb62e`, 20 Nov 2026 (6 days) | `1` `11f892bad613`, 23 Nov 2026 (3 days) | patch |

    ### db

    - asked for: `registry.example.com/db:16`
    - version: `16.8` → `16.9`, newer (says the publisher)
    - built: 20 Nov 2026 (6 days) → 22 Nov 2026 (4 days), newer (says the publisher)
    - revision: `333333333333` → `444444444444` (says the publisher), [`github.com/acme/web`](https://github.com/acme/web/compare/3333333333333333333333333333333333333333...4444444444444444444444444444444444444444)
    - used by: compose `deploy/compose.yaml:3`
    - owners: `@acme/all`

    ### web

    - asked for: `registry.example.com/web:1`
    - version: `1.4.0` → `1.4.1`, newer (says the publisher)
    - built: 20 Nov 2026 (6 days) → 23 Nov 2026 (3 days), newer (says the publisher)
    - revision: `111111111111` → `222222222222` (says the publisher), [`github.com/acme/web`](https://github.com/acme/web/compare/1111111111111111111111111111111111111111...2222222222222222222222222222222222222222)
    - used by: dockerfile `services/shop/Dockerfile:1`
    - owners: `@acme/shop`
    "#);
    let output = repo.imagelock(["update", "--summary", "../again.md"].iter().chain(&morning)).success();
    assert!(output.stderr.contains("Wrote ../again.md"), "{output}");
    assert_eq!(written(&repo, &registry, "../again.md"), told);
}

#[test]
fn each_group_has_a_table_of_its_own() {
    let registry = registry();
    let repo = locked(&registry);
    moved(&registry);
    let heads = |by: &str| {
        repo.imagelock(["update", "--dry-run", "--summary", "pr.md", "--group-by", by]).success();
        let text = repo.read("pr.md");
        text.lines().filter(|line| line.starts_with('#')).collect::<Vec<_>>().join("|")
    };
    assert_eq!(heads("owner"), "## `@acme/all`|### db|## `@acme/shop`|### web");
    assert_eq!(heads("label"), "## `shop`|### web|## Without a label|### db");
    assert_eq!(heads("directory"), "## `deploy`|### db|## `services`|### web");
    repo.imagelock(["update", "--group-by", "owner"]).exit(2);
}

#[test]
fn what_waits_is_told_with_the_command_that_takes_it() {
    let registry = registry();
    let repo = locked(&registry);
    repo.write("images.toml", repo.read("images.toml") + "[defaults]\nupdates = 'patch'\n");
    moved(&registry);
    repo.imagelock(["update", "--summary", "pr.md"]).success();
    let text = repo.read("pr.md");
    assert!(text.starts_with("Update web, 1 waits for approval\n\n| image |"), "{text}");
    let digest = |image: &Image| image.digest()[7..19].to_owned();
    let (old, new) = (image("16.8", '3', "2026-11-20T06:00:00Z"), image("16.9", '4', "2026-11-22T06:00:00Z"));
    let waits = format!(
        "## Waiting\n\n- db `16` `{}` → `{}`: minor, and `updates` is `patch`. To take it: `imagelock update db --allow minor`\n",
        digest(&old),
        digest(&new)
    );
    assert!(text.ends_with(&waits), "{text}");
}

#[test]
fn where_nothing_moved_the_text_says_so() {
    let registry = registry();
    let repo = locked(&registry);
    repo.imagelock(["update", "--summary", "pr.md"]).success();
    assert_eq!(repo.read("pr.md"), "Nothing to update\n");
}

#[test]
fn what_a_publisher_wrote_calls_nobody() {
    let registry = registry();
    let repo = locked(&registry);
    let hostile = image("`@acme/all` <img src=x> | #1", '2', "2026-11-23T06:00:00Z");
    registry.push("web:1", &hostile);
    repo.imagelock(["update", "--summary", "pr.md"]).success();
    let text = repo.read("pr.md");
    let version = "- version: `1.4.0` → `\\u{60}@acme/all\\u{60} <img src=x> \\u{7c} #1` (says the publisher)\n";
    assert!(text.contains(version), "{text}");
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let registry = registry();
    let repo = locked(&registry);
    let output = repo.imagelock(["update", "--summary", "services"]).exit(2);
    assert!(output.stderr.contains("cannot write `services`: it is a folder, not a file"), "{output}");
}
