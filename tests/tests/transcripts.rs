//! What people see: the transcripts of the commands, against a registry in this process.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::{Auth, Fault, Image, On, Registry};
use imagelock_tests::Monorepo;
use insta::assert_snapshot;

const PLATFORMS: &str = "[defaults]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n";

fn image(seed: &str, version: &str, created: &str) -> Image {
    Image::linux(["amd64", "arm64"])
        .seed(seed)
        .created(created)
        .label("org.opencontainers.image.version", version)
        .label("org.opencontainers.image.source", "https://example.com/acme/source")
}

/// A registry with what the transcripts lock, and a repository that asks for two of them.
fn stage() -> (Registry, Monorepo) {
    let registry = Registry::start().unwrap();
    registry.push("chainguard/static:latest", &image("static", "1.24.3", "2026-11-20T06:00:00Z"));
    for (tag, created) in [
        ("16.8-alpine", "2026-08-14T09:00:00Z"),
        ("16.9-alpine", "2026-11-12T08:31:02Z"),
        ("17.1-alpine", "2026-11-13T10:00:00Z"),
    ] {
        registry.push(&format!("library/postgres:{tag}"), &image(tag, tag, created));
    }
    let host = registry.host();
    let toml = format!(
        "{PLATFORMS}\n[images]\nstatic = \"{host}/chainguard/static:latest\"\n\n[images.postgres]\n\
         repository = \"{host}/library/postgres\"\nversion = \"16\"\n\
         tags = '^(?<version>\\d+\\.\\d+)-alpine$'\n"
    );
    let repo = Monorepo::builder().file("images.toml", toml).build();
    (registry, repo)
}

#[test]
fn the_first_lock_is_two_adds() {
    let (registry, _) = stage();
    let host = registry.host();
    let repo = Monorepo::builder().build();
    assert_snapshot!(repo.imagelock(["add", &format!("{host}/chainguard/static:latest")]), @r#"
    exit: 0
    ----- stderr -----
          Adding static = "[REGISTRY]/chainguard/static:latest" to images.toml
         Locking 1 image
           Added static  latest  sha256:[1]  20 Nov 2026  linux/amd64, linux/arm64
           Wrote images.lock
    "#);
    assert_snapshot!(repo.imagelock([
        "add", &format!("{host}/library/postgres"), "--version", "16",
        "--tags", r"^(?<version>\d+\.\d+)-alpine$",
    ]), @"
    exit: 0
    ----- stderr -----
          Adding postgres to images.toml
         Locking 1 image
           Added postgres  16.9-alpine  sha256:[1]  12 Nov 2026  linux/amd64, linux/arm64
           Wrote images.lock
    ");
    assert_snapshot!(repo.imagelock(["lock"]), @"
    exit: 0
    ----- stderr -----
           Fresh 2 images, images.lock is up to date
    ");
    assert_snapshot!(repo.read("images.toml").replace(host, "[REGISTRY]"), @r#"
    [images]
    static = "[REGISTRY]/chainguard/static:latest"

    [images.postgres]
    repository = "[REGISTRY]/library/postgres"
    version = "16"
    tags = '^(?<version>\d+\.\d+)-alpine$'
    "#);
}

#[test]
fn a_lock_reads_as_the_design_says() {
    let (registry, repo) = stage();
    repo.imagelock(["lock"]).success();
    let lock = repo.read("images.lock").replace(registry.host(), "[REGISTRY]");
    let digests = regex::Regex::new("[0-9a-f]{64}").unwrap().replace_all(&lock, "[HEX]").into_owned();
    assert_snapshot!(digests, @r#"
    {
      "images": {
        "postgres": {
          "created": "2026-11-12T08:31:02Z",
          "digest": "sha256:[HEX]",
          "mediaType": "application/vnd.oci.image.index.v1+json",
          "platforms": {
            "linux/amd64": {
              "config": "sha256:[HEX]",
              "digest": "sha256:[HEX]",
              "mediaType": "application/vnd.oci.image.manifest.v1+json",
              "size": 402
            },
            "linux/arm64": {
              "config": "sha256:[HEX]",
              "digest": "sha256:[HEX]",
              "mediaType": "application/vnd.oci.image.manifest.v1+json",
              "size": 402
            }
          },
          "registry": "[REGISTRY]",
          "repository": "library/postgres",
          "request": {
            "platforms": [
              "linux/amd64",
              "linux/arm64"
            ],
            "repository": "[REGISTRY]/library/postgres",
            "tags": "^(?<version>\\d+\\.\\d+)-alpine$",
            "version": "16"
          },
          "size": 491,
          "source": "https://example.com/acme/source",
          "tag": "16.9-alpine",
          "version": "16.9-alpine"
        },
        "static": {
          "created": "2026-11-20T06:00:00Z",
          "digest": "sha256:[HEX]",
          "mediaType": "application/vnd.oci.image.index.v1+json",
          "platforms": {
            "linux/amd64": {
              "config": "sha256:[HEX]",
              "digest": "sha256:[HEX]",
              "mediaType": "application/vnd.oci.image.manifest.v1+json",
              "size": 402
            },
            "linux/arm64": {
              "config": "sha256:[HEX]",
              "digest": "sha256:[HEX]",
              "mediaType": "application/vnd.oci.image.manifest.v1+json",
              "size": 402
            }
          },
          "registry": "[REGISTRY]",
          "repository": "chainguard/static",
          "request": {
            "platforms": [
              "linux/amd64",
              "linux/arm64"
            ],
            "repository": "[REGISTRY]/chainguard/static",
            "tag": "latest"
          },
          "size": 491,
          "source": "https://example.com/acme/source",
          "tag": "latest",
          "version": "1.24.3"
        }
      },
      "version": 1
    }
    "#);
}

#[test]
fn a_moved_tag_keeps_its_pin_until_update() {
    let (registry, repo) = stage();
    repo.imagelock(["lock"]).success();
    registry.push("chainguard/static:latest", &image("static-2", "1.24.4", "2026-11-23T06:00:00Z"));
    let before = registry.log().take().len();
    assert_snapshot!(repo.imagelock(["lock"]), @"
    exit: 0
    ----- stderr -----
           Fresh 2 images, images.lock is up to date
    ");
    assert_eq!(registry.log().take().len(), 0, "a lock that holds asks nothing; {before} requests before");
    assert_snapshot!(repo.imagelock(["update", "--dry-run"]), @"
    exit: 0
    ----- stderr -----
        Checking 2 images
        Updating static  latest  sha256:[1] -> sha256:[2]  20 Nov 2026 -> 23 Nov 2026
         Dry run images.lock is unchanged
    ");
    assert_snapshot!(repo.imagelock(["update"]), @"
    exit: 0
    ----- stderr -----
        Checking 2 images
        Updating static  latest  sha256:[1] -> sha256:[2]  20 Nov 2026 -> 23 Nov 2026
           Wrote images.lock
    ");
    assert_snapshot!(repo.imagelock(["update"]), @"
    exit: 0
    ----- stderr -----
        Checking 2 images
           Fresh 2 images, nothing moved
    ");
}

#[test]
fn locked_names_the_line_that_has_no_pin() {
    let (registry, repo) = stage();
    repo.imagelock(["lock"]).success();
    let toml = repo.read("images.toml");
    let more =
        toml.replace("[images]\n", "[images]\nredis = \"docker.io/library/redis:8\"\n").replace("\"16\"", "\"17\"");
    repo.write("images.toml", more);
    registry.log().take();
    assert_snapshot!(repo.imagelock(["lock", "--locked"]), @r#"
    exit: 1
    ----- stderr -----
    error: images.lock is out of date with images.toml
     --> images.toml:5:1
      |
    5 | redis = "docker.io/library/redis:8"
      | ^^^^^ not in images.lock
    ...
    8 | [images.postgres]
      |         ^^^^^^^^ images.lock was made for `[REGISTRY]/library/postgres version 16, tags ^(?<version>\d+\.\d+)-alpine$`
      |
      = help: run `imagelock lock` and commit images.lock
    "#);
    assert_snapshot!(repo.imagelock(["lock", "--frozen", "--format", "json", "-q"]), @r#"
    exit: 1
    ----- stdout -----
    {
      "errors": [
        {
          "details": [],
          "help": [
            "run `imagelock lock` and commit images.lock"
          ],
          "images": [],
          "message": "images.lock is out of date with images.toml",
          "notes": [],
          "places": [
            {
              "column": 9,
              "file": "images.toml",
              "line": 8,
              "primary": true,
              "text": "images.lock was made for `[REGISTRY]/library/postgres version 16, tags ^(?<version>\\d+\\.\\d+)-alpine$`"
            },
            {
              "column": 1,
              "file": "images.toml",
              "line": 5,
              "primary": true,
              "text": "not in images.lock"
            }
          ]
        }
      ],
      "exitCode": 1
    }
    ----- stderr -----
    error: images.lock is out of date with images.toml
     --> images.toml:5:1
      |
    5 | redis = "docker.io/library/redis:8"
      | ^^^^^ not in images.lock
    ...
    8 | [images.postgres]
      |         ^^^^^^^^ images.lock was made for `[REGISTRY]/library/postgres version 16, tags ^(?<version>\d+\.\d+)-alpine$`
      |
      = help: run `imagelock lock` and commit images.lock
    "#);
    assert_eq!(registry.log().take().len(), 0);
}

#[test]
fn locked_says_what_is_locked_and_asked_for_nowhere() {
    let (_registry, repo) = stage();
    repo.imagelock(["lock"]).success();
    let toml = repo.read("images.toml");
    repo.write("images.toml", &toml[..toml.find("\n[images.postgres]").unwrap()]);
    assert_snapshot!(repo.imagelock(["lock", "--locked"]), @r"
    exit: 1
    ----- stderr -----
    error: images.lock is out of date with images.toml
      postgres  [REGISTRY]/library/postgres version 16, tags ^(?<version>\d+\.\d+)-alpine$  is in images.lock and asked for nowhere
       = help: run `imagelock lock` and commit images.lock
    ");
    assert_snapshot!(repo.imagelock(["lock"]), @"
    exit: 0
    ----- stderr -----
         Removed postgres  16.9-alpine  sha256:[1]  12 Nov 2026
           Wrote images.lock
    ");
}

#[test]
fn a_misspelt_key_is_underlined_and_the_right_one_named() {
    let (_registry, repo) = stage();
    let toml = repo.read("images.toml").replacen("platforms =", "platform =", 1);
    repo.write("images.toml", toml);
    assert_snapshot!(repo.imagelock(["lock"]), @r#"
    exit: 2
    ----- stderr -----
    error: unknown key `platform` in images.toml
     --> images.toml:2:1
      |
    2 | platform = ["linux/amd64", "linux/arm64"]
      | ^^^^^^^^ did you mean `platforms`?
    "#);
}

#[test]
fn every_image_that_cannot_be_locked_is_named_and_nothing_changes() {
    let registry = Registry::builder().auth(Auth::token().private("acme/billing")).start().unwrap();
    for tag in ["8.0", "8.2", "8.4", "latest"] {
        registry.push(&format!("library/redis:{tag}"), &image(tag, tag, "2026-11-20T06:00:00Z"));
    }
    registry.push("acme/billing:1.4", &image("billing", "1.4", "2026-11-20T06:00:00Z"));
    let host = registry.host();
    let repo = Monorepo::builder()
        .file(
            "images.toml",
            format!(
                "[images]\nfine = \"{host}/library/redis:8.4\"\nredis = \"{host}/library/redis:9\"\n\
                 billing = \"{host}/acme/billing:1.4\"\n"
            ),
        )
        .file("images.lock", "{\n  \"images\": {},\n  \"version\": 1\n}\n")
        .build();
    assert_snapshot!(repo.imagelock(["lock"]), @"
    exit: 3
    ----- stderr -----
         Locking 3 images
    error: 2 of 3 images could not be locked; images.lock is unchanged
      billing  [REGISTRY]/acme/billing:1.4  401 Unauthorized, no credentials for [REGISTRY]
               --> images.toml:4:12
               help: docker login [REGISTRY]
      redis    [REGISTRY]/library/redis:9   no such tag; the newest are 8.4, 8.2, 8.0
               --> images.toml:3:10
    ");
    assert_eq!(repo.read("images.lock"), "{\n  \"images\": {},\n  \"version\": 1\n}\n");
}

#[test]
fn a_platform_that_the_index_lacks_is_named_with_those_it_has() {
    let (_registry, repo) = stage();
    let toml = repo.read("images.toml").replace("\"linux/arm64\"", "\"linux/s390x\"");
    let only = &toml[..toml.find("\n[images.postgres]").unwrap()];
    repo.write("images.toml", only);
    assert_snapshot!(repo.imagelock(["lock"]), @r#"
    exit: 2
    ----- stderr -----
         Locking 1 image
    error: `static` could not be locked; images.lock is unchanged
     --> images.toml:5:11
      |
    5 | static = "[REGISTRY]/chainguard/static:latest"
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ linux/s390x is requested, but it has linux/amd64, linux/arm64
      |
      = note: cannot lock [REGISTRY]/chainguard/static:latest
    "#);
}

#[test]
fn wrong_input_and_a_failing_registry_are_both_said_and_the_input_decides_the_exit_code() {
    let (registry, repo) = stage();
    let host = registry.host();
    repo.write(
        "images.toml",
        format!(
            "[images]\nabsent = \"{host}/acme/absent:1\"\n\n[images.static]\n\
             repository = \"{host}/chainguard/static\"\nplatforms = [\"linux/s390x\"]\n"
        ),
    );
    assert_snapshot!(repo.imagelock(["lock"]), @"
    exit: 2
    ----- stderr -----
         Locking 2 images
    error: 2 of 2 images could not be locked; images.lock is unchanged
      absent  [REGISTRY]/acme/absent:1             no such repository
              --> images.toml:2:11
      static  [REGISTRY]/chainguard/static:latest  linux/s390x is requested, but it has linux/amd64, linux/arm64
              --> images.toml:5:15
    ");
    assert!(!repo.path("images.lock").exists());
}

#[test]
fn who_uses_an_image_is_told_by_list_and_why() {
    let (registry, repo) = stage();
    let toml = repo.read("images.toml");
    let targets = "\n[[kustomize]]\noutput = \"deploy/images\"\nimages = [\"static\"]\n\n\
                   [[buildkit]]\noutput = \"build/policy.json\"\n";
    repo.write("images.toml", format!("{toml}{targets}"));
    repo.imagelock(["lock"]).success();
    registry.log().take();
    assert_snapshot!(repo.imagelock(["list"]), @"
    exit: 0
    ----- stdout -----
    NAME      REPOSITORY                         TAG          VERSION      DIGEST        CREATED      PLATFORMS    USED BY
    postgres  [REGISTRY]/library/postgres   16.9-alpine  16.9-alpine  [1]  12 Nov 2026  amd64 arm64  buildkit build/policy.json
    static    [REGISTRY]/chainguard/static  latest       1.24.3       [2]  20 Nov 2026  amd64 arm64  buildkit build/policy.json, kustomize deploy/images
    ");
    assert_snapshot!(repo.imagelock(["why", "static"]), @r#"
    exit: 0
    ----- stdout -----
    static = "[REGISTRY]/chainguard/static:latest"     images.toml:5:1
      followed tag latest, locked to sha256:[1]… (1.24.3, created 20 Nov 2026)
      linux/amd64  sha256:[2]…
      linux/arm64  sha256:[3]…
      source https://example.com/acme/source
      used by buildkit build/policy.json
      used by kustomize deploy/images
    "#);
    assert_snapshot!(repo.imagelock(["remove", "static"]), @r#"
    exit: 2
    ----- stderr -----
    error: `static` is still used
      --> images.toml:14:12
       |
    14 | images = ["static"]
       |            ^^^^^^ still named here
       |
       = help: remove what names it first
    "#);
    assert_eq!(registry.log().len(), 0);
}

#[test]
fn a_certificate_that_is_not_trusted_is_told_with_the_key_that_trusts_it() {
    let registry = Registry::builder().tls().start().unwrap();
    registry.push("acme/web:1", &image("web", "1", "2026-11-20T06:00:00Z"));
    let other = Registry::builder().tls().start().unwrap();
    let host = registry.host();
    let toml = format!("[images]\nweb = \"{host}/acme/web:1\"\n\n[registries.\"{host}\"]\nca = \"ca.pem\"\n");
    let repo = Monorepo::builder().file("images.toml", toml).file("ca.pem", other.ca_pem().unwrap()).build();
    assert_snapshot!(repo.imagelock(["lock"]), @r#"
    exit: 3
    ----- stderr -----
         Locking 1 image
    error: `web` could not be locked; images.lock is unchanged
     --> images.toml:2:8
      |
    2 | web = "[REGISTRY]/acme/web:1"
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^ no trusted connection to [REGISTRY]: invalid peer certificate: BadSignature
      |
      = note: cannot read [REGISTRY]/acme/web:1
      = help: trust its authority with `ca = "FILE.pem"` under `[registries."[REGISTRY]"]`, or allow plain HTTP with `insecure = true`
    "#);
    repo.write("ca.pem", "no certificate");
    assert_snapshot!(repo.imagelock(["lock"]), @r#"
    exit: 2
    ----- stderr -----
         Locking 1 image
    error: the certificates for [REGISTRY] cannot be read: there is no certificate in it
     --> images.toml:5:7
      |
    5 | ca = "ca.pem"
      |       ^^^^^^
      |
      = help: it is a file of `-----BEGIN CERTIFICATE-----` blocks
    "#);
    std::fs::remove_file(repo.path("ca.pem")).unwrap();
    assert_snapshot!(repo.imagelock(["lock"]), @r#"
    exit: 2
    ----- stderr -----
         Locking 1 image
    error: cannot read `ca.pem`: there is no such file
     --> images.toml:5:7
      |
    5 | ca = "ca.pem"
      |       ^^^^^^
    "#);
}

#[test]
fn other_bytes_than_promised_are_an_error_and_nothing_is_written() {
    let (registry, repo) = stage();
    let toml = repo.read("images.toml");
    repo.write("images.toml", &toml[..toml.find("\n[images.postgres]").unwrap()]);
    registry.fault(On::manifest("chainguard/static").method("GET"), Fault::bytes("{}"));
    assert_snapshot!(repo.imagelock(["lock"]), @r#"
    exit: 3
    ----- stderr -----
         Locking 1 image
    error: `static` could not be locked; images.lock is unchanged
     --> images.toml:5:11
      |
    5 | static = "[REGISTRY]/chainguard/static:latest"
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ [REGISTRY] answered with other bytes than it promised for sha256:[1] (got sha256:[2])
      |
      = note: cannot read [REGISTRY]/chainguard/static@sha256:[1] for [REGISTRY]/chainguard/static:latest
      = help: nothing was written; a broken proxy or an attack looks like this: compare sha256:[1] from another network
    "#);
    assert!(!repo.path("images.lock").exists());
}

#[test]
fn reading_what_is_there() {
    let (_registry, repo) = stage();
    repo.imagelock(["lock"]).success();
    assert_snapshot!(repo.imagelock(["list"]), @"
    exit: 0
    ----- stdout -----
    NAME      REPOSITORY                         TAG          VERSION      DIGEST        CREATED      PLATFORMS
    postgres  [REGISTRY]/library/postgres   16.9-alpine  16.9-alpine  [1]  12 Nov 2026  amd64 arm64
    static    [REGISTRY]/chainguard/static  latest       1.24.3       [2]  20 Nov 2026  amd64 arm64
    ");
    assert_snapshot!(repo.imagelock(["why", "static"]), @r#"
    exit: 0
    ----- stdout -----
    static = "[REGISTRY]/chainguard/static:latest"     images.toml:5:1
      followed tag latest, locked to sha256:[1]… (1.24.3, created 20 Nov 2026)
      linux/amd64  sha256:[2]…
      linux/arm64  sha256:[3]…
      source https://example.com/acme/source
    "#);
    assert_snapshot!(repo.imagelock(["why", "postgres"]), @r"
    exit: 0
    ----- stdout -----
    postgres: [REGISTRY]/library/postgres version 16, tags ^(?<version>\d+\.\d+)-alpine$     images.toml:7:9
      picked tag 16.9-alpine by version 16, tags ^(?<version>\d+\.\d+)-alpine$, locked to sha256:[1]… (16.9-alpine, created 12 Nov 2026)
      linux/amd64  sha256:[2]…
      linux/arm64  sha256:[3]…
      source https://example.com/acme/source
    ");
    assert_snapshot!(repo.imagelock(["why", "postgre"]), @"
    exit: 2
    ----- stderr -----
    error: there is no image `postgre` in images.toml
       = help: did you mean `postgres`?
    ");
    assert_snapshot!(repo.imagelock(["list", "static"]), @"
    exit: 0
    ----- stdout -----
    NAME    REPOSITORY                         TAG     VERSION  DIGEST        CREATED      PLATFORMS
    static  [REGISTRY]/chainguard/static  latest  1.24.3   [1]  20 Nov 2026  amd64 arm64
    ");
    assert_snapshot!(repo.imagelock(["list", "static", "postgre"]), @"
    exit: 2
    ----- stderr -----
    error: there is no image `postgre` in images.toml
       = help: did you mean `postgres`?
    ");
    assert_snapshot!(repo.imagelock(["verify"]), @"
    exit: 0
    ----- stderr -----
       Verifying 2 images
        Verified 2 images, every byte as locked
    ");
}

#[test]
fn verify_names_what_is_gone_or_changed() {
    let (registry, repo) = stage();
    repo.imagelock(["lock"]).success();
    let digest = registry.digest_of("chainguard/static", "latest").unwrap();
    registry.delete_manifest("chainguard/static", &digest);
    assert_snapshot!(repo.imagelock(["verify"]), @r#"
    exit: 1
    ----- stderr -----
       Verifying 2 images
    error: `static` could not be verified
     --> images.toml:5:11
      |
    5 | static = "[REGISTRY]/chainguard/static:latest"
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ no such manifest
      |
      = note: cannot read [REGISTRY]/chainguard/static@sha256:[1] for [REGISTRY]/chainguard/static:latest
    "#);
}

#[test]
fn removing_an_image_takes_it_out_of_both_files() {
    let (_registry, repo) = stage();
    repo.imagelock(["lock"]).success();
    assert_snapshot!(repo.imagelock(["remove", "postgres"]), @"
    exit: 0
    ----- stderr -----
        Removing postgres from images.toml
         Removed postgres  16.9-alpine  sha256:[1]  12 Nov 2026
           Wrote images.lock
    ");
    assert!(!repo.read("images.lock").contains("postgres"));
    assert!(!repo.read("images.toml").contains("postgres"));
    repo.imagelock(["lock", "--locked"]).success();
}

#[test]
fn a_conflicted_lock_is_recognised_and_a_newer_one_is_not_called_broken() {
    let (_registry, repo) = stage();
    repo.write("images.lock", "{\n<<<<<<< ours\n  \"images\": {}\n=======\n>>>>>>> theirs\n}\n");
    assert_snapshot!(repo.imagelock(["lock"]), @"
    exit: 2
    ----- stderr -----
    error: images.lock has conflict markers, and its sides cannot be merged: on the one side, images.lock is not a lock: missing field `version`
     --> images.lock:2:1
      |
    2 | <<<<<<< ours
      | ^^^^^^^^^^^^
      |
      = help: take either side and run `imagelock lock`
    ");
    repo.write("images.lock", "{\"images\": {\"new\": {\"shape\": 2}}, \"version\": 3}\n");
    assert_snapshot!(repo.imagelock(["lock"]), @"
    exit: 2
    ----- stderr -----
    error: images.lock has version 3, and this imagelock reads up to version 2
       = help: update imagelock to the version that this repository uses
    ");
    repo.write("images.lock", "{\n  \"images\": {\n    \"a\": 1\n  },\n  \"version\": 1\n}\n");
    assert_snapshot!(repo.imagelock(["lock"]), @r#"
    exit: 2
    ----- stderr -----
    error: images.lock is not a lock: invalid type: integer `1`, expected an object
     --> images.lock:3:10
      |
    3 |     "a": 1
      |          ^
      |
      = help: restore the file from version control, or delete it and run `imagelock lock`
    "#);
}

#[test]
fn a_directory_without_a_project_says_how_to_start_one() {
    let repo = Monorepo::builder().build();
    assert_snapshot!(repo.imagelock(["lock"]), @"
    exit: 2
    ----- stderr -----
    error: there is no images.toml in `[ROOT]` or above it
       = help: start one: `imagelock add IMAGE`, as in `imagelock add docker.io/library/redis:8`
    ");
    assert_snapshot!(repo.imagelock(["add", "Redis:8"]), @"
    exit: 2
    ----- stderr -----
    error: a repository is lower-case: did you mean `redis`?
     --> the command line:1:1
      |
    1 | Redis:8
      | ^^^^^
    ");
}

#[test]
fn a_rule_is_explained_by_the_tags_that_it_judges() {
    let (registry, repo) = stage();
    repo.imagelock(["lock"]).success();
    registry.push("library/postgres:16.10-alpine", &image("new", "16.10", "2026-11-24T10:00:00Z"));
    registry.push("library/postgres:latest", &image("new", "16.10", "2026-11-24T10:00:00Z"));
    let before = registry.log().len();
    assert_snapshot!(repo.imagelock(["explain", "postgres"]), @r"
    exit: 0
    ----- stdout -----
    postgres: [REGISTRY]/library/postgres, version 16, tags ^(?<version>\d+\.\d+)-alpine$
      16.10-alpine  chosen  the highest of 3
      16.9-alpine   older   locked
      16.8-alpine   older
      out: 1 does not match `tags`, 1 is not ^16
    ");
    assert_eq!(registry.log().len() - before, 1, "one list");
    assert_snapshot!(repo.imagelock(["explain", "static"]), @r"
    exit: 0
    ----- stdout -----
    static: [REGISTRY]/chainguard/static:latest
      latest  chosen  it is followed, and no other competes; locked
    ");
    assert_eq!(registry.log().len() - before, 1, "nothing is asked where nothing is chosen");
    let held = repo.read("images.toml").replace("version = \"16\"", "version = \"*\"\nupdates = \"minor\"");
    let toml = repo.read("images.toml");
    repo.write("images.toml", held);
    repo.imagelock(["lock"]).success();
    registry.push("library/postgres:17.2-alpine", &image("later", "17.2", "2026-11-25T10:00:00Z"));
    repo.imagelock(["update", "postgres", "--precise", "16.9-alpine"]).success();
    repo.write("images.toml", repo.read("images.toml").replace("hold = \"back from 17.1-alpine\"\n", ""));
    assert_snapshot!(repo.imagelock(["explain", "postgres"]), @r"
    exit: 0
    ----- stdout -----
    postgres: [REGISTRY]/library/postgres, version *, tags ^(?<version>\d+\.\d+)-alpine$
      17.2-alpine   waits   major, and `updates` is `minor`
      17.1-alpine   waits
      16.10-alpine  chosen  the highest that may be taken
      16.9-alpine   older   locked
      16.8-alpine   older
      take it: `imagelock update postgres --allow major`
      out: 1 does not match `tags`
    ----- stderr -----
        Checking 1 image
    ");
    repo.write("images.toml", toml.replace("version = \"16\"", "version = \"18\""));
    assert_snapshot!(repo.imagelock(["explain", "postgres"]), @r"
    exit: 0
    ----- stdout -----
    postgres: [REGISTRY]/library/postgres, version 18, tags ^(?<version>\d+\.\d+)-alpine$
      16.9-alpine  locked
      nothing is chosen: no tag competes
      out: 1 does not match `tags`, 5 are not ^18
    ");
}

#[test]
fn the_tags_that_point_at_a_locked_digest_are_named() {
    let (registry, repo) = stage();
    repo.imagelock(["lock"]).success();
    let locked = image("static", "1.24.3", "2026-11-20T10:00:00Z");
    for tag in ["latest", "1.24", "1.24.3"] {
        registry.push(&format!("chainguard/static:{tag}"), &locked);
    }
    registry.push("chainguard/static:1.24.2", &image("static", "1.24.2", "2026-11-10T10:00:00Z"));
    registry
        .push(&format!("chainguard/static:sha256-{}.sig", "0".repeat(64)), &image("s", "1", "2026-11-10T10:00:00Z"));
    repo.imagelock(["update"]).success();
    registry.log().take();
    assert_snapshot!(repo.imagelock(["aliases", "static"]), @"
    exit: 0
    ----- stdout -----
    static: [REGISTRY]/chainguard/static@sha256:[1]
      latest  locked
      1.24.3
      1.24
      asked for 4 tags; 1 tag of signatures and the like
    ");
    let asked: Vec<String> = registry.log().take().into_iter().map(|entry| entry.method).collect();
    assert_eq!(asked.iter().filter(|method| *method == "HEAD").count(), 4, "{asked:?}");
    assert_eq!(asked.len(), 5, "one list: {asked:?}");
    assert_snapshot!(repo.imagelock(["aliases", "static", "--matching", "^1", "--limit", "1"]), @"
    exit: 0
    ----- stdout -----
    static: [REGISTRY]/chainguard/static@sha256:[1]
      1.24.3
      asked for 1 tag; 2 left out: `--matching REGEX` asks for others, `--limit` for more; 1 tag of signatures and the like
    ");
}
