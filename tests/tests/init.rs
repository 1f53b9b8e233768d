//! `init`: from a repository that has never seen imagelock to images.toml and a lock that keeps the pins in use.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, MonorepoBuilder};
use insta::assert_snapshot;
use serde_json::Value;

fn image(seed: &str) -> Image {
    Image::linux(["amd64"]).seed(seed).created("2026-11-20T06:00:00Z").label("org.opencontainers.image.version", seed)
}

/// A registry, and the digests that some tags had before they moved.
struct Stage {
    registry: Registry,
    go: String,
    go_before: String,
}

fn stage() -> Stage {
    let registry = Registry::start().unwrap();
    let digest = |seed: &str| registry.push("library/golang:1.24", &image(seed));
    let (go_before, go) = (digest("go before"), digest("go old"));
    digest("go new");
    for reference in ["library/postgres:16", "library/postgres:17", "acme/web:1", "other/web:1", "library/redis:8"] {
        registry.push(reference, &image(reference));
    }
    registry.log().take();
    Stage { registry, go, go_before }
}

impl Stage {
    /// A text with the registry and its digests in it.
    fn text(&self, text: &str) -> String {
        text.replace("HOST", self.registry.host()).replace("OLD", &self.go).replace("BEFORE", &self.go_before)
    }

    fn repo(&self, files: &[(&str, &str)]) -> Monorepo {
        let builder = Monorepo::builder().file(".git/HEAD", "ref: refs/heads/main\n");
        let add = |builder: MonorepoBuilder, (path, text): &(&str, &str)| builder.file(*path, self.text(text));
        files.iter().fold(builder, add).build()
    }

    fn toml(&self, repo: &Monorepo) -> String {
        repo.read("images.toml").replace(self.registry.host(), "HOST")
    }
}

/// A repository with something of everything.
const PLAIN: &[(&str, &str)] = &[
    ("build/a/Dockerfile", "FROM HOST/library/golang:1.24@OLD AS build\nFROM scratch\n"),
    ("build/b/Dockerfile", "ARG BASE\nFROM HOST/library/golang:1.24\nFROM $BASE\n"),
    (
        "services/db/compose.yaml",
        "services:\n  db: {image: \"HOST/library/postgres:16\"}\n  new: {image: \"HOST/library/postgres:17\"}\n",
    ),
    (
        "deploy/web.yaml",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: HOST/acme/web:1\n  - image: HOST/other/web:1\n",
    ),
];

fn locked(repo: &Monorepo, name: &str) -> Value {
    let lock: Value = serde_json::from_str(&repo.read("images.lock")).unwrap();
    lock["images"][name].clone()
}

#[test]
fn a_repository_is_taken_over_in_one_run_and_no_pin_moves() {
    let stage = stage();
    let repo = stage.repo(PLAIN);
    let before = repo.read("build/a/Dockerfile");
    assert_snapshot!(repo.imagelock(["init", "--yes"]), @"
    exit: 0
    ----- stderr -----
         Scanned 4 files
           Found 7 references in 4 files: 5 images, 1 place pinned, 1 variable
            Plan images.toml: 5 images, 1 target (files)
                 pins in use stay; nothing that is pinned moves
         Locking 5 images
           Wrote images.toml, images.lock
            Next `imagelock render` pins what is not pinned, `imagelock check` keeps it so in CI
    ");
    assert_snapshot!(stage.toml(&repo), @r#"
    [images]
    acme-web = "HOST/acme/web:1"
    golang = "HOST/library/golang:1.24"
    other-web = "HOST/other/web:1"
    postgres-16 = "HOST/library/postgres:16"
    postgres-17 = "HOST/library/postgres:17"

    [[files]]
    edit = ["**"]
    "#);
    assert_eq!(locked(&repo, "golang")["digest"], stage.go);
    assert_eq!(locked(&repo, "golang")["tag"], "1.24");
    assert_eq!(repo.read("build/a/Dockerfile"), before);
    repo.imagelock(["lock", "--locked"]).success();

    repo.imagelock(["render"]).success();
    assert_eq!(repo.read("build/a/Dockerfile"), before);
    let pinned = format!("ARG BASE\nFROM {}/library/golang:1.24@{}\nFROM $BASE\n", stage.registry.host(), stage.go);
    assert_eq!(repo.read("build/b/Dockerfile"), pinned);
    repo.imagelock(["render", "--check"]).success();

    stage.registry.log().take();
    let (toml, lock) = (repo.read("images.toml"), repo.read("images.lock"));
    assert_snapshot!(repo.imagelock(["init", "--yes"]), @"
    exit: 0
    ----- stderr -----
         Scanned 6 files
           Found 7 references in 4 files: 0 images new, 6 places known, 6 places pinned, 1 variable
           Fresh 5 images, there is nothing to do
    ");
    assert_eq!((repo.read("images.toml"), repo.read("images.lock")), (toml, lock));
    assert_eq!(stage.registry.log().take().len(), 0, "nothing is new, and no registry is asked");
}

#[test]
fn only_what_has_no_digest_is_asked_for_by_its_tag() {
    let stage = stage();
    let repo = stage.repo(&PLAIN[..1]);
    repo.imagelock(["init", "--yes"]).success();
    let log = stage.registry.log().take();
    assert!(log.iter().all(|request| !request.path.ends_with("/manifests/1.24")), "{log:?}");
}

#[test]
fn without_a_terminal_it_writes_nothing_unless_it_is_told_to() {
    let stage = stage();
    let repo = stage.repo(PLAIN);
    let refused = repo.imagelock(["init", "--quiet"]).exit(2);
    assert_snapshot!(refused, @"
    exit: 2
    ----- stderr -----
    error: nothing is written: there is no terminal to ask on
       = help: look at it with `imagelock init --dry-run`, and write it with `imagelock init --yes`
    ");
    assert!(!repo.path("images.toml").exists() && !repo.path("images.lock").exists());
    assert_snapshot!(repo.imagelock(["init", "--dry-run", "--quiet"]), @r#"
    exit: 0
    ----- stdout -----
    [images]
    acme-web = "[REGISTRY]/acme/web:1"
    golang = "[REGISTRY]/library/golang:1.24"
    other-web = "[REGISTRY]/other/web:1"
    postgres-16 = "[REGISTRY]/library/postgres:16"
    postgres-17 = "[REGISTRY]/library/postgres:17"

    [[files]]
    edit = ["**"]
    "#);
    assert!(!repo.path("images.toml").exists() && !repo.path("images.lock").exists());
    assert_eq!(stage.registry.log().take().len(), 0, "no registry is asked before a person agrees");
}

#[test]
fn of_two_digests_one_is_taken_and_both_are_told() {
    let stage = stage();
    let repo = stage.repo(&[
        ("a/Dockerfile", "FROM HOST/library/golang:1.24@BEFORE\n"),
        ("b/Dockerfile", "FROM HOST/library/golang:1.24@OLD\n"),
        ("c/Dockerfile", "FROM HOST/library/golang:1.24@OLD\n"),
    ]);
    assert_snapshot!(repo.imagelock(["init", "--yes"]), @"
    exit: 0
    ----- stderr -----
         Scanned 3 files
           Found 3 references in 3 files: 1 image, 3 places pinned
                 [REGISTRY]/library/golang:1.24 stands with 2 digests: b/Dockerfile:1:6, c/Dockerfile:1:6; a/Dockerfile:1:6
                 sha256:[1] is taken, at b/Dockerfile:1:6, c/Dockerfile:1:6; `imagelock update golang` or `--precise` decides
            Plan images.toml: 1 image, 1 target (files)
                 pins in use stay; the 1 place with another digest moves with the next `render`
         Locking 1 image
           Wrote images.toml, images.lock
            Next `imagelock render` pins what is not pinned, `imagelock check` keeps it so in CI
    ");
    assert_eq!(locked(&repo, "golang")["digest"], stage.go);
    let precise = ["update", "golang", "--precise", &stage.go_before];
    repo.imagelock(precise).success();
    assert_eq!(locked(&repo, "golang")["digest"], stage.go_before);
}

#[test]
fn a_digest_that_is_gone_and_an_image_that_is_not_there_stop_everything_until_somebody_chooses() {
    let stage = stage();
    let gone = format!("sha256:{}", "0".repeat(64));
    let dockerfile = format!("FROM HOST/library/golang:1.24@{gone}\nFROM HOST/acme/web:1\nFROM HOST/acme/absent:1\n");
    let repo = stage.repo(&[("Dockerfile", &dockerfile)]);
    assert_snapshot!(repo.imagelock(["init", "--yes", "--quiet"]).exit(3), @r#"
    exit: 3
    ----- stderr -----
    error: 2 of 3 images could not be locked; nothing is written
      absent  [REGISTRY]/acme/absent:1        no such repository
              --> Dockerfile:3:6
      golang  [REGISTRY]/library/golang:1.24  no such manifest
              --> Dockerfile:1:6
              note: sha256:[1] is in use at Dockerfile:1:6, and the registry no longer has it
              help: `--newest golang` locks what `1.24` points at now
              note: cannot read [REGISTRY]/library/golang@sha256:[1] for [REGISTRY]/library/golang:1.24
       = help: what the repository builds itself is named in images.toml: `built = ["[REGISTRY]/acme/absent"]`
       = help: `imagelock init --skip-failed` leaves out what cannot be locked
    "#);
    assert!(!repo.path("images.toml").exists() && !repo.path("images.lock").exists());

    assert_snapshot!(repo.imagelock(["init", "--yes", "--skip-failed", "--newest", "golang"]), @"
    exit: 0
    ----- stderr -----
         Scanned 1 file
           Found 3 references in 1 file: 3 images, 1 place pinned
            Plan images.toml: 3 images, 1 target (files)
                 pins in use stay; nothing that is pinned moves
         Locking 3 images
    warning: `[REGISTRY]/acme/absent:1` is left out: no such repository (Dockerfile:3:6)
           Wrote images.toml, images.lock
            Next `imagelock render` pins what is not pinned, `imagelock check` keeps it so in CI
    ");
    assert_snapshot!(stage.toml(&repo), @r#"
    [images]
    golang = "HOST/library/golang:1.24"
    web = "HOST/acme/web:1"

    [[files]]
    edit = ["**"]
    "#);
    repo.imagelock(["lock", "--locked"]).success();
    let absent = repo.imagelock(["init", "--yes", "--newest", "golan"]).exit(2);
    assert!(absent.stderr.contains("no image that is found is called `golan`"), "{}", absent.stderr);
}

#[test]
fn a_project_that_is_there_is_added_to_and_its_comments_stay() {
    let stage = stage();
    let mut files = PLAIN.to_vec();
    let toml = "# The images of acme.\n\n[images]\n# The database.\npostgres-16 = \"HOST/library/postgres:16\" # kept\n\n\
                [[kubernetes]]\nedit = \"deploy/**\"\n";
    files.push(("images.toml", toml));
    let repo = stage.repo(&files);
    let dry = repo.imagelock(["init", "--dry-run"]).success();
    let host = stage.registry.host();
    let added: Vec<String> =
        dry.stdout.lines().filter(|line| line.starts_with('+')).map(|line| line.replace(host, "HOST")).collect();
    assert_eq!(
        added,
        [
            "+++ images.toml",
            "+acme-web = \"HOST/acme/web:1\"",
            "+golang = \"HOST/library/golang:1.24\"",
            "+other-web = \"HOST/other/web:1\"",
            "+postgres-17 = \"HOST/library/postgres:17\"",
            "+",
            "+[[files]]",
            "+edit = [\"**\"]",
        ]
    );
    assert!(dry.stderr.contains("4 images new, 1 place known"), "{}", dry.stderr);
    repo.imagelock(["init", "--yes"]).success();
    assert_snapshot!(stage.toml(&repo), @r#"
    # The images of acme.

    [images]
    # The database.
    postgres-16 = "HOST/library/postgres:16" # kept
    acme-web = "HOST/acme/web:1"
    golang = "HOST/library/golang:1.24"
    other-web = "HOST/other/web:1"
    postgres-17 = "HOST/library/postgres:17"

    [[kubernetes]]
    edit = "deploy/**"

    [[files]]
    edit = ["**"]
    "#);
    repo.imagelock(["render"]).success();
    repo.imagelock(["render", "--check"]).success();
}

#[test]
fn what_is_built_here_is_neither_declared_nor_locked() {
    let stage = stage();
    let repo = stage.repo(PLAIN);
    let pattern = format!("{}/*/web", stage.registry.host());
    assert_snapshot!(repo.imagelock(["init", "--yes", "--built", &pattern]), @"
    exit: 0
    ----- stderr -----
         Scanned 4 files
           Found 7 references in 4 files: 3 images, 1 place pinned, 2 built here, 1 variable
            Plan images.toml: 3 images, 1 pattern built here, 1 target (files)
                 pins in use stay; nothing that is pinned moves
         Locking 3 images
           Wrote images.toml, images.lock
            Next `imagelock render` pins what is not pinned, `imagelock check` keeps it so in CI
    ");
    assert_snapshot!(stage.toml(&repo), @r#"
    built = ["HOST/*/web"]

    [images]
    golang = "HOST/library/golang:1.24"
    postgres-16 = "HOST/library/postgres:16"
    postgres-17 = "HOST/library/postgres:17"

    [[files]]
    edit = ["**"]
    "#);
    let again = repo.imagelock(["init", "--yes", "--built", &pattern]).success();
    assert!(again.stderr.contains("there is nothing to do"), "{}", again.stderr);
    let refused = repo.imagelock(["init", "--yes", "--built", "web:1"]).exit(2);
    assert!(refused.stderr.contains("without a tag and without a digest"), "{}", refused.stderr);
}

#[test]
fn programs_are_told_what_was_found_and_done() {
    let stage = stage();
    let repo = stage.repo(&PLAIN[..2]);
    let told = repo.imagelock(["init", "--yes", "--format", "json"]).success();
    let document: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(document["written"], true);
    assert_eq!(document["targets"], serde_json::json!(["files"]));
    assert_eq!(document["images"][0]["name"], "golang");
    assert_eq!(document["images"][0]["digest"], stage.go);
    assert_eq!(document["images"][0]["places"][1]["file"], "build/b/Dockerfile");
    assert_eq!(document["variables"][0]["line"], 3);
    assert_eq!(document["changes"][0]["change"], "added");
}

#[test]
fn a_repository_without_images_stays_as_it_is() {
    let repo = Monorepo::builder().file("README.md", "Nothing.\n").build();
    assert_snapshot!(repo.imagelock(["init", "--yes"]), @"
    exit: 0
    ----- stderr -----
         Scanned 1 file
           Found 0 references
           Fresh there is nothing to do: no file names an image that could be locked
    ");
    assert!(!repo.path("images.toml").exists());
}

#[test]
fn a_chart_whose_values_need_a_shape_gets_a_table_of_its_own() {
    let stage = stage();
    let values = "image:\n  repository: HOST/acme/web\n  tag: \"1\"\n  useDigest: false\nsidecar:\n  image: HOST/library/redis:8\n";
    let template = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: \"{{ .Values.image.repository }}\
                    {{ with .Values.image.digest }}@{{ . }}{{ else }}:{{ .Values.image.tag }}{{ end }}\"\n  - name: side\n    image: {{ .Values.sidecar.image }}\n";
    let plain = "image: HOST/library/postgres:16\n";
    let repo = stage.repo(&[
        ("deploy/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n"),
        ("deploy/web/values.yaml", values),
        ("deploy/web/templates/pod.yaml", template),
        ("deploy/db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 0.1.0\n"),
        ("deploy/db/values.yaml", plain),
        ("deploy/db/templates/pod.yaml", "image: {{ .Values.image }}\n"),
    ]);
    assert_snapshot!(repo.imagelock(["init", "--yes"]), @"
    exit: 0
    ----- stderr -----
         Scanned 6 files
           Found 3 references in 2 files: 3 images, 0 places pinned
            Plan images.toml: 3 images, 2 targets (files, helm)
                 pins in use stay; nothing that is pinned moves
         Locking 3 images
           Wrote images.toml, images.lock
            Next `imagelock render` pins what is not pinned, `imagelock check` keeps it so in CI
    ");
    assert_snapshot!(stage.toml(&repo), @r#"
    [images]
    postgres = "HOST/library/postgres:16"
    redis = "HOST/library/redis:8"
    web = "HOST/acme/web:1"

    [[files]]
    edit = ["**"]

    [[helm]]
    chart = "deploy/web"
    in-place = true
    values = { "image" = "web", "sidecar.image" = "redis" }
    "#);
    repo.imagelock(["render"]).success();
    repo.imagelock(["render", "--check"]).success();
    assert!(repo.read("deploy/db/values.yaml").contains("postgres:16@sha256:"));
    assert_snapshot!(repo.read("deploy/web/values.yaml").replace(stage.registry.host(), "HOST"), @r#"
    image:
      repository: HOST/acme/web
      tag: "1"
      digest: "sha256:747f46250e729ea238c45a28529fa66ee073f7c0ce5351c63eb77c9ece32ad4c"
      useDigest: true
    sidecar:
      image: HOST/library/redis:8@sha256:45e4be2b00d524d03dfdfc4a084156eae6cdb725ad10a978fbe025d49354ddc5
    "#);
}

/// Runs `init` on a terminal, where somebody types `answer`.
fn on_a_terminal(repo: &Monorepo, answer: &str) -> Option<imagelock_tests::Output> {
    let script = camino::Utf8Path::new("/usr/bin/script");
    if !script.exists() {
        return None;
    }
    let line = format!("printf '{answer}' | {} -qec '{} init' /dev/null", script, imagelock_tests::binary());
    Some(repo.run(camino::Utf8Path::new("/bin/sh"), ["-c", &line]))
}

#[test]
fn on_a_terminal_it_asks_and_a_no_leaves_everything_as_it_was() {
    let stage = stage();
    let repo = stage.repo(PLAIN);
    for no in ["n\\n", "what?\\n"] {
        let Some(asked) = on_a_terminal(&repo, no) else { return };
        let asked = asked.success();
        assert!(asked.stdout.contains("Write images.toml and images.lock? [Y/n] "), "{}", asked.stdout);
        assert!(asked.stdout.contains("nothing is written"), "{}", asked.stdout);
        assert!(!repo.path("images.toml").exists() && !repo.path("images.lock").exists());
    }
    assert_eq!(stage.registry.log().take().len(), 0);
    let Some(asked) = on_a_terminal(&repo, "\\n") else { return };
    asked.success();
    assert!(repo.path("images.toml").exists() && repo.path("images.lock").exists());
}

#[test]
fn what_skaffold_compose_and_bake_build_is_named_as_built_and_no_registry_is_asked_for_it() {
    let stage = stage();
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: adservice\n  - image: HOST/acme/site:dev\n  - image: ghcr.io/acme/job\n  \
               - image: HOST/library/redis:8\n";
    let repo = stage.repo(&[
        ("deploy/pod.yaml", pod),
        ("skaffold.yaml", "apiVersion: skaffold/v4beta11\nkind: Config\nbuild:\n  artifacts:\n  - image: adservice\n  - image: unused\n"),
        ("compose.yaml", "services:\n  site: {build: ., image: \"HOST/acme/site:dev\"}\n"),
        ("docker-bake.hcl", "target \"job\" {\n  tags = [\"ghcr.io/acme/job:1\"]\n}\n"),
    ]);
    repo.imagelock(["init", "--yes"]).success();
    assert_snapshot!(stage.toml(&repo), @r#"
    built = ["HOST/acme/site", "adservice", "ghcr.io/acme/job"]

    [images]
    redis = "HOST/library/redis:8"

    [[files]]
    edit = ["**"]
    "#);
    repo.imagelock(["render"]).success();
    repo.imagelock(["check", "--strict"]).success();
}

#[test]
fn what_a_repository_says_steers_no_terminal() {
    let stage = stage();
    let gone = format!("sha256:{}", "0".repeat(64));
    let dockerfile = format!("FROM HOST/acme/absent:1@{gone}\nFROM HOST/library/redis:8\nFROM \u{1b}[31mred\n");
    let repo = stage.repo(&[("a\u{1b}[2J\u{202e}b/Dockerfile", &dockerfile)]);
    for arguments in [
        ["init", "--yes"],
        ["init", "--dry-run"],
        ["pin", "--dry-run"],
        ["pin", "--skip-failed"],
        ["unpin", "--dry-run"],
    ] {
        let told = repo.imagelock(arguments);
        let all = format!("{}{}", told.stdout, told.stderr);
        let steers = |character: char| {
            character.is_control() && character != '\n' && character != '\t' || character == '\u{202e}'
        };
        assert!(!all.contains(steers), "{arguments:?}: {all:?}");
    }
    assert!(repo.read("images.lock").contains("redis"));
}
