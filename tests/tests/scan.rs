//! `scan`: every image reference of a repository, as people, programs and forges are told of it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::process::Command;

use camino::Utf8Path;
use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, MonorepoBuilder};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// A digest of one digit.
fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

/// A repository that has never seen imagelock.
fn plain() -> MonorepoBuilder {
    Monorepo::builder()
        .file("build/a/Dockerfile", format!("FROM golang:1.24-alpine@{} AS build\nFROM scratch\n", digest('a')))
        .file("build/b/Dockerfile", format!("ARG BASE\nFROM golang:1.24-alpine@{}\nFROM $BASE\n", digest('b')))
        .file(
            "services/new/Dockerfile",
            "FROM node:22\nCOPY --from=build /a /a\n# imagelock: ignore (moves)\nFROM x:1\n",
        )
        .file("deploy/web.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/web\n")
        .file(".gitignore", "made/\n")
        .file("made/Dockerfile", "FROM made:1\n")
        .file("vendor/Dockerfile", "FROM vendored:1\n")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The document of a scan, which its schema takes.
fn document(repo: &Monorepo, arguments: &[&str]) -> Value {
    let schema = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scan.schema.json");
    let schema = parsed(&std::fs::read_to_string(schema).unwrap());
    let all = ["scan", "--format", "json"].iter().chain(arguments);
    let document = parsed(&repo.imagelock(all).stdout);
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{document:#}");
    document
}

#[test]
fn a_repository_that_has_never_seen_imagelock_is_scanned() {
    let repo = plain().build();
    assert_snapshot!(repo.imagelock(["scan"]), @r"
    exit: 0
    ----- stdout -----
    build/a/Dockerfile:1:6  golang:1.24-alpine@sha256:[1]  pinned
    build/b/Dockerfile:2:6  golang:1.24-alpine@sha256:[2]  pinned
    build/b/Dockerfile:3:6  $BASE  variable
    deploy/web.yaml:5:12  ghcr.io/acme/web  none
    services/new/Dockerfile:1:6  node:22  tag
    services/new/Dockerfile:2:13  build  none
    ----- stderr -----
         Scanned 5 files: 6 references in 4 files, 2 pinned, 1 by tag, 2 without tag and digest, 1 by variable
    ");
    assert_snapshot!(repo.imagelock(["scan", "services", "--show-ignored"]), @r"
    exit: 0
    ----- stdout -----
    services/new/Dockerfile:1:6  node:22  tag
    services/new/Dockerfile:2:13  build  none
    services/new/Dockerfile:4  ignored  by a comment: moves
    ----- stderr -----
         Scanned 1 file: 2 references in 1 file, 1 by tag, 1 without tag and digest
    ");
}

#[test]
fn what_was_left_out_is_listed_with_its_reasons_and_counted() {
    let repo = plain().build();
    assert_snapshot!(repo.imagelock(["scan", "--stats", "--show-ignored"]), @r"
    exit: 0
    ----- stdout -----
           5  files
           4  files read
           6  references
           4  repositories
           2  state pinned
           1  state tag
           2  state none
           1  state variable
           0  state invalid
           0  state built
           5  format dockerfile
           1  format kubernetes
           1  ignored, Git ignores it
           1  ignored, vendored
           1  ignored, by a comment
           0  warnings
    made  ignored  Git ignores it: `made/` in .gitignore
    services/new/Dockerfile:4  ignored  by a comment: moves
    vendor  ignored  vendored: folders called `vendor` hold what others wrote
    ----- stderr -----
         Scanned 5 files: 6 references in 4 files, 2 pinned, 1 by tag, 2 without tag and digest, 1 by variable
    ");
}

#[test]
fn what_is_not_pinned_and_what_drifts_fails() {
    let repo = plain().build();
    assert_snapshot!(repo.imagelock(["scan", "--unpinned", "--drift", "--quiet"]), @r"
    exit: 1
    ----- stdout -----
    deploy/web.yaml:5:12  ghcr.io/acme/web  none
    services/new/Dockerfile:1:6  node:22  tag
    services/new/Dockerfile:2:13  build  none
    docker.io/library/golang:1.24-alpine stands with 2 digests
      sha256:[1]  build/a/Dockerfile:1:6
      sha256:[2]  build/b/Dockerfile:2:6
    ----- stderr -----
    error: 3 references are not pinned
       = help: lock the images with `imagelock add`, and pin them in place with a target

    error: 1 name stands for different images in different places
       = help: lock one of each, and pin all places to it
    ");
    let pinned = Monorepo::builder().file("Dockerfile", format!("FROM golang:1@{}\n", digest('a'))).build();
    pinned.imagelock(["scan", "--unpinned", "--drift", "--strict"]).success();
}

#[test]
fn a_place_is_told_with_the_locked_image_that_it_means() {
    let registry = Registry::start().unwrap();
    for name in ["web:1", "own:1"] {
        registry.push(name, &Image::linux(["amd64"]));
    }
    let host = registry.host();
    let toml = format!(
        "built = ['{host}/own']\n[images]\nweb = '{host}/web:1'\n[scan]\nexclude = ['old']\n\
         [[scan.rule]]\nfiles = ['*.conf']\npattern = 'image=(?<image>\\S+)'\n"
    );
    let repo = Monorepo::builder()
        .file("images.toml", toml)
        .file("Dockerfile", format!("FROM {host}/web:1\nFROM {host}/own:2\nFROM {host}/web:3\n"))
        .file("run.notes", "run web:0 # imagelock: web\n")
        .file("a.conf", format!("image={host}/web:1\n"))
        .file("old/Dockerfile", "FROM x\n")
        .file("inner/images.toml", "")
        .file("inner/Dockerfile", "FROM x\n")
        .build();
    repo.imagelock(["lock"]).success();
    assert_snapshot!(repo.imagelock(["scan", "--quiet"]), @r"
    exit: 0
    ----- stdout -----
    Dockerfile:1:6  [REGISTRY]/web:1  tag  web
    Dockerfile:2:6  [REGISTRY]/own:2  built
    Dockerfile:3:6  [REGISTRY]/web:3  tag
    a.conf:1:7  [REGISTRY]/web:1  tag  web
    run.notes:1:5  web:0  tag  web
    ");
    let document = document(&repo, &[]);
    assert_eq!(document["references"][0]["image"], "web");
    assert_eq!(document["references"][0]["normalized"], format!("{host}/web:1"));
    let ignored: Vec<&str> =
        document["ignored"].as_array().unwrap().iter().map(|left_out| left_out["why"].as_str().unwrap()).collect();
    assert_eq!(ignored, ["project", "exclude"]);
    let inner = repo.imagelock(["scan", "inner"]).exit(2);
    assert!(inner.stderr.contains("`inner` is another project's"), "{inner}");
}

#[test]
fn the_document_says_where_every_place_is() {
    let text = format!("\u{feff}# é\r\nFROM --platform=linux/amd64 redis:7@{}\r\n", digest('c'));
    let repo = Monorepo::builder().file("é/Dockerfile", &text).build();
    let found = document(&repo, &[]);
    let start = text.find("redis").unwrap();
    let expected = json!({
        "file": "é/Dockerfile", "line": 2, "endLine": 2, "column": 29,
        "span": [start, start + "redis:7@".len() + 71], "format": "dockerfile",
        "text": format!("redis:7@{}", digest('c')), "reference": "redis:7", "normalized": "docker.io/library/redis:7",
        "digest": digest('c'), "state": "pinned", "place": "FROM", "sure": "certain",
    });
    assert_eq!((&found["references"], &found["stats"]["states"]["pinned"]), (&json!([expected]), &json!(1)));
    assert!(found.get("drift").is_none());
    let drift = document(&repo, &["--drift"]);
    assert_eq!((&drift["references"], &drift["drift"]), (&json!([]), &json!([])));
}

#[test]
fn code_scanning_takes_the_log() {
    let repo =
        plain().file("odd name,:%/Dockerfile", "FROM a:1\nFROM No!\n").file("bad/Dockerfile", "NONSENSE\n").build();
    let log = parsed(&repo.imagelock(["scan", "--format", "sarif"]).success().stdout);
    let schema = parsed(include_str!("scan/sarif-essentials.json"));
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{log:#}");
    let run = &log["runs"][0];
    let rules: Vec<&str> = run["results"].as_array().unwrap().iter().map(|r| r["ruleId"].as_str().unwrap()).collect();
    assert_eq!(rules, ["drift", "drift", "unpinned", "unpinned", "invalid", "unpinned", "unpinned"]);
    let odd = &run["results"][3]["locations"][0]["physicalLocation"];
    assert_eq!(odd["artifactLocation"]["uri"], "odd%20name%2C%3A%25/Dockerfile");
    assert_eq!(odd["region"]["endColumn"], 9);
    let warning = &run["invocations"][0]["toolExecutionNotifications"][0]["locations"][0]["physicalLocation"];
    assert_eq!(warning["artifactLocation"]["uri"], "bad/Dockerfile");
    let only = parsed(&repo.imagelock(["scan", "--format", "sarif", "--unpinned"]).exit(1).stdout);
    assert_eq!(only["runs"][0]["results"].as_array().unwrap().len(), 4);
}

#[test]
fn annotations_and_graphs_are_drawn() {
    let repo = Monorepo::builder().file("a,b:%/Dockerfile", "FROM a:1\nFROM b\n").build();
    assert_snapshot!(repo.imagelock(["scan", "--format", "github"]), @r"
    exit: 0
    ----- stdout -----
    ::warning file=a%2Cb%3A%25/Dockerfile,line=1,endLine=1,col=6,endColumn=8,title=unpinned::`a:1` has no digest
    ::warning file=a%2Cb%3A%25/Dockerfile,line=2,endLine=2,col=6,endColumn=6,title=unpinned::`b` has no digest
    ");
    assert_snapshot!(repo.imagelock(["scan", "--format", "mermaid"]), @r#"
    exit: 0
    ----- stdout -----
    flowchart LR
      f0["a#44;b:#37;/Dockerfile"]
      i0(["docker.io/library/a:1"])
      i1(["docker.io/library/b"])
      f0 --> i0
      f0 --> i1
    "#);
    assert_snapshot!(repo.imagelock(["scan", "--format", "dot"]), @r#"
    exit: 0
    ----- stdout -----
    digraph images {
      rankdir=LR
      node [shape=box]
      f0 [label="a,b:%/Dockerfile"]
      i0 [label="docker.io/library/a:1", shape=oval]
      i1 [label="docker.io/library/b", shape=oval]
      f0 -> i0
      f0 -> i1
    }
    "#);
    let other = repo.imagelock(["list", "--format", "sarif"]).exit(2);
    assert!(other.stderr.contains("`imagelock scan` also `sarif`, `github`, `mermaid` and `dot`"), "{other}");
}

#[test]
fn a_hostile_name_steers_nothing_in_any_form() {
    let name = "x\n::error::y\u{1b}[31m\u{202e}|\"';<b>";
    let repo = Monorepo::builder()
        .file(format!("{name}/Dockerfile"), "FROM a:1\nFROM \u{1b}]0;x\u{7}\u{202e}\n")
        .file(format!("{name}/bad/Dockerfile"), "NONSENSE\u{1b}[31m\n")
        .file(".gitignore", "\u{1b}*\n")
        .file("\u{1b}made", "")
        .build();
    for form in ["text", "json", "sarif", "github", "mermaid", "dot"] {
        let output = repo.imagelock(["scan", "--show-ignored", "--format", form]).success();
        for text in [&output.stdout, &output.stderr] {
            let raw = text.chars().find(|c| c.is_control() && *c != '\n' || matches!(c, '\u{202e}'));
            assert_eq!(raw, None, "{form}: {text:?}");
            assert!(!text.lines().any(|line| line.starts_with("::error")), "{form}: {text}");
        }
        if matches!(form, "json" | "sarif") {
            let told = parsed(&output.stdout).to_string();
            assert!(form == "sarif" || told.contains("::error::y"), "{told}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_a_warning_and_an_error_where_all_are_asked_for() {
    let repo =
        Monorepo::builder().file("a/Dockerfile", "FROM a:1\n\nNONSENSE\n").file("b/Dockerfile", b"FROM \xff").build();
    let output = repo.imagelock(["scan"]).success();
    assert!(
        output.stderr.contains("warning: a/Dockerfile:3: `a/Dockerfile` cannot be read as a Dockerfile"),
        "{output}"
    );
    assert!(output.stderr.contains("warning: b/Dockerfile:1: cannot read `b/Dockerfile:1:6`"), "{output}");
    let output = repo.imagelock(["scan", "--strict"]).exit(2);
    assert!(output.stderr.contains("2 files could not be read, and `--strict` asks for all"), "{output}");
    let document = document(&repo, &[]);
    assert_eq!(document["warnings"][0]["line"], 3);
}

#[test]
fn only_what_lies_in_the_repository_is_looked_at() {
    let repo = plain().build();
    for (path, says) in
        [("../home", "is not below"), ("absent", "cannot read `absent`"), (".git", "cannot read `.git`")]
    {
        repo.write("images.toml", "");
        let output = repo.imagelock(["scan", path]).exit(2);
        assert!(output.stderr.contains(says), "{path}: {output}");
    }
}

#[test]
fn every_run_prints_the_same_bytes() {
    let builder = (0..200).fold(plain(), |builder, number| {
        builder.file(format!("many/{}/{number}/Dockerfile", number % 7), format!("FROM image:{number}\n"))
    });
    let repo = builder.build();
    let first = repo.imagelock(["scan", "--format", "json"]).success().stdout;
    assert!(first.contains("image:199"));
    for _ in 0..4 {
        assert_eq!(repo.imagelock(["scan", "--format", "json"]).success().stdout, first);
    }
}

#[test]
fn what_git_ignores_and_tracks_is_scanned() {
    let repo = plain().build();
    let git = |arguments: &[&str]| {
        Command::new("git").args(arguments).current_dir(repo.root()).status().is_ok_and(|status| status.success())
    };
    if !git(&["init", "--quiet"]) {
        return;
    }
    assert!(!repo.imagelock(["scan"]).success().stdout.contains("made:1"));
    assert!(git(&["add", "--force", "made/Dockerfile"]));
    assert!(repo.imagelock(["scan"]).success().stdout.contains("made/Dockerfile:1:6  made:1  tag\n"));
}
