//! `check`: project file, lock, targets and every file, as people, programs, forges and build servers are told of them.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

#[path = "check/built.rs"]
mod built;
#[path = "check/forms.rs"]
mod forms;
#[path = "check/running.rs"]
mod running;
#[path = "check/since.rs"]
mod since;

use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, MonorepoBuilder};
use insta::assert_snapshot;

/// A digest of one digit.
fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

/// A registry with `web:1`, `db:16`, `memcached:1` and `own:1`.
fn registry() -> Registry {
    let registry = Registry::start().unwrap();
    for name in ["web:1", "db:16", "memcached:1", "own:1"] {
        registry.push(name, &Image::linux(["amd64"]).seed(name).label("org.opencontainers.image.version", "8.4.0"));
    }
    registry
}

fn pod(image: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{ name: web }}\nspec:\n  containers:\n  - name: web\n    image: {image}\n"
    )
}

/// A repository with two images and two targets, locked and rendered.
fn adopted(host: &str, more: &str) -> MonorepoBuilder {
    Monorepo::builder()
        .file(
            "images.toml",
            format!(
                "built = ['{host}/own']\n[images]\nweb = '{host}/web:1'\ndb = '{host}/db:16'\n{more}\n\
                 [[dockerfile]]\nedit = 'services/*/Dockerfile'\n[[kubernetes]]\nedit = 'deploy/*.yaml'\n"
            ),
        )
        .file("services/a/Dockerfile", format!("ARG X\nFROM {host}/web:1\nFROM $X\nFROM {host}/own:2\n"))
        .file("deploy/web.yaml", pod(&format!("{host}/db:16")))
}

fn rendered(builder: MonorepoBuilder) -> Monorepo {
    let repo = builder.build();
    repo.imagelock(["lock"]).success();
    repo.imagelock(["render"]).success();
    repo
}

/// The rules that are broken, each with its place.
fn broken(repo: &Monorepo) -> Vec<String> {
    broken_with(repo, &[])
}

fn broken_with(repo: &Monorepo, options: &[&str]) -> Vec<String> {
    let arguments = ["check", "--format", "json"].iter().chain(options);
    let found: serde_json::Value = serde_json::from_str(&repo.imagelock(arguments).stdout).expect("a document");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let findings = found["findings"].as_array().expect("findings").iter();
    findings
        .map(|finding| {
            let [level, rule, file] = ["level", "rule", "file"].map(|key| text(&finding[key]));
            format!("{level} {rule} {file}:{}:{}", finding["line"], finding["column"])
        })
        .collect()
}

#[test]
fn a_repository_that_agrees_has_no_finding_and_a_new_file_is_named() {
    let registry = registry();
    let host = registry.host();
    let repo = rendered(adopted(host, &format!("memcached = '{host}/memcached:1'")));
    assert_snapshot!(repo.imagelock(["check"]), @r"
    exit: 0
    ----- stdout -----
    warning: images.toml:5:1: `memcached` is declared, and nothing uses it
      = help: imagelock remove memcached
    ----- stderr -----
         Checked 4 references in 2 files: no findings, 1 warning
    ");
    repo.write("services/new/Dockerfile", "FROM node:22\n");
    repo.write("services/b/Dockerfile", format!("FROM {host}/web:1\n"));
    repo.write("deploy/web.yaml", pod(&format!("{host}/db:16@{}", digest('a'))));
    let before = registry.log().len();
    assert_snapshot!(repo.imagelock(["check"]), @r"
    exit: 1
    ----- stdout -----
    error: deploy/web.yaml:7:12: `[REGISTRY]/db:16@sha256:[1]…` is not what is locked (sha256:[2], 8.4.0)
      = help: imagelock render
    warning: images.toml:5:1: `memcached` is declared, and nothing uses it
      = help: imagelock remove memcached
    error: services/b/Dockerfile:1:6: `[REGISTRY]/web:1` is not pinned to what is locked (sha256:[3], 8.4.0)
      = help: imagelock render
    error: services/new/Dockerfile:1:6: `node:22` is in no lock
      = help: imagelock pin services/new/Dockerfile
    ----- stderr -----
         Checked 6 references in 4 files: 3 findings, 1 warning
    ");
    assert_eq!(registry.log().len(), before, "no registry is asked");
    repo.imagelock(["check", "--quiet"]).exit(1);
}

#[test]
fn warnings_fail_where_that_is_asked_for() {
    let registry = registry();
    let host = registry.host();
    let repo = rendered(adopted(host, &format!("memcached = '{host}/memcached:1'")));
    assert_snapshot!(repo.imagelock(["check", "--strict"]), @r"
    exit: 1
    ----- stdout -----
    error: images.toml:5:1: `memcached` is declared, and nothing uses it
      = help: imagelock remove memcached
    ----- stderr -----
         Checked 4 references in 2 files: 1 finding
    ");
    repo.write("bad/Dockerfile", "FROM a:1\n\nNONSENSE\n");
    repo.write("odd/Dockerfile", "FROM No!\n");
    let warnings =
        ["warning unread bad/Dockerfile:3:1", "warning unused images.toml:5:1", "warning invalid odd/Dockerfile:1:6"];
    assert_eq!(broken(&repo), warnings);
}

#[test]
fn a_lock_that_does_not_answer_is_told_where_it_was_asked() {
    let registry = registry();
    let host = registry.host();
    let repo = rendered(adopted(host, ""));
    let toml = repo.read("images.toml").replace("web:1'", "web:2'").replace("db = ", "base = ");
    repo.write("images.toml", toml + &format!("[images.new]\nrepository = '{host}/new'\n"));
    repo.write("services/a/Dockerfile", format!("FROM {host}/new\nFROM {host}/web:2\nFROM node:22\n"));
    assert_snapshot!(repo.imagelock(["check"]), @r"
    exit: 1
    ----- stdout -----
    error: images.lock:3:5: `db` is locked, and asked for nowhere
      = help: imagelock lock
    error: images.toml:3:1: `web` is not locked as it is asked for: images.lock was made for `[REGISTRY]/web:1`
      = help: imagelock lock
    error: images.toml:4:1: `base` is not locked as it is asked for: not in images.lock
      = help: imagelock lock
    error: images.toml:10:9: `new` is not locked as it is asked for: not in images.lock
      = help: imagelock lock
    error: services/a/Dockerfile:3:6: `node:22` is in no lock
      = help: imagelock pin services/a/Dockerfile
    ----- stderr -----
         Checked 4 references in 2 files: 5 findings
    ");
    let absent = rendered(adopted(host, ""));
    std::fs::remove_file(absent.path("images.lock")).unwrap();
    assert_eq!(broken(&absent), ["error lock images.toml:3:1", "error lock images.toml:4:1"]);
    repo.write("images.lock", repo.read("images.lock").replacen("\"version\": 1", "\"version\": 9", 1));
    repo.imagelock(["check"]).exit(2);
}

#[test]
fn a_target_that_is_out_of_date_or_cannot_be_rendered_is_told() {
    let registry = registry();
    let host = registry.host();
    let more = "[[earthly]]\noutput = 'images/Earthfile'\n[[terraform]]\noutput = 'images.auto.tfvars.json'\n";
    let repo = rendered(adopted(host, more).file("Earthfile", "VERSION 0.8\nx:\n  FROM ./images+web\n"));
    assert_eq!(broken(&repo), [""; 0]);
    repo.write("images/Earthfile", repo.read("images/Earthfile") + "# mine\n");
    std::fs::remove_file(repo.path("images.auto.tfvars.json")).unwrap();
    assert_snapshot!(repo.imagelock(["check"]), @r"
    exit: 1
    ----- stdout -----
    error: images/Earthfile:11:1: `[[earthly]]` would write something else here
      = help: imagelock render
    error: images.toml:8:11: `images.auto.tfvars.json`, which `[[terraform]]` writes, is not there
      = help: imagelock render
    ----- stderr -----
         Checked 6 references in 3 files: 2 findings
    ");
    repo.imagelock(["render", "--force"]).success();
    repo.imagelock(["check"]).success();
    let toml = repo.read("images.toml").replace("deploy/*.yaml", "absent/*.yaml");
    repo.write("images.toml", toml);
    assert_eq!(broken(&repo), ["error target images.toml:13:9"]);
}

#[test]
fn a_pin_that_no_target_keeps_is_an_error_unless_nothing_moves_it() {
    let registry = registry();
    let host = registry.host();
    let repo = rendered(adopted(host, ""));
    let lock: serde_json::Value = serde_json::from_str(&repo.read("images.lock")).unwrap();
    let pinned =
        |name: &str, image: &str| format!("{host}/{image}@{}", lock["images"][name]["digest"].as_str().unwrap());
    repo.write("other/web.yaml", pod(&pinned("web", "web:1")));
    repo.write("other/Dockerfile", format!("FROM {}\nFROM {}\n", pinned("web", "web:1"), pinned("db", "db:16")));
    assert_snapshot!(repo.imagelock(["check"]), @r"
    exit: 1
    ----- stdout -----
    error: other/Dockerfile:1:6: `db`, `web` are pinned here, and no target keeps them
      = help: name `other/Dockerfile` in a target, or `imagelock update` leaves it behind
    error: other/web.yaml:7:12: `web` is pinned here, and no target keeps it
      = help: name `other/web.yaml` in a target, or `imagelock update` leaves it behind
    ----- stderr -----
         Checked 7 references in 4 files: 2 findings
    ");
    let still = repo.read("images.toml").replace(&format!("{host}/web:1"), &pinned("web", "web:1"));
    repo.write("images.toml", still);
    repo.write("other/Dockerfile", "FROM scratch\n");
    repo.imagelock(["lock"]).success();
    assert_eq!(broken(&repo), ["warning unreached other/web.yaml:7:12"]);
}

#[test]
fn what_is_pinned_elsewhere_is_no_finding() {
    let registry = registry();
    let host = registry.host();
    let repo = rendered(
        Monorepo::builder()
            .file(
                "images.toml",
                format!(
                    "[images]\nweb = '{host}/web:1'\ndb = '{host}/db:16'\n[[buildkit]]\noutput = 'policy.json'\n\
                     [[compose]]\nfile = 'compose.yaml'\noutput = 'compose.images.yaml'\n"
                ),
            )
            .file("Dockerfile", format!("FROM {host}/web:1\n"))
            .file("compose.yaml", format!("services:\n  db:\n    image: {host}/db:16\n")),
    );
    assert_eq!(broken(&repo), [""; 0]);
    repo.write("pod.yaml", pod(&format!("{host}/db:16")));
    assert_eq!(broken(&repo), ["error unpinned pod.yaml:7:12"]);
    repo.write("Dockerfile", format!("FROM {host}/web:1@{}\n", digest('a')));
    assert_eq!(broken(&repo), ["error drifted Dockerfile:1:6", "error unpinned pod.yaml:7:12"]);
}

#[test]
fn a_build_that_reads_the_lock_itself_uses_what_it_names() {
    let registry = registry();
    let host = registry.host();
    let repo = Monorepo::builder()
        .file(
            "images.toml",
            format!("[images]\nweb = '{host}/web:1'\ndb = '{host}/db:16'\nmemcached = '{host}/memcached:1'\n"),
        )
        .file("app/BUILD.bazel", "oci_image(name = \"app\", base = \"@images//web\")\n")
        .file("infra/main.tf", "locals {\n  db = module.images.refs[\"db\"]\n}\n")
        .build();
    repo.imagelock(["lock"]).success();
    assert_eq!(broken(&repo), ["warning unused images.toml:4:1"]);
    repo.write("Earthfile", "VERSION 0.8\nIMPORT ./images AS images\nx:\n  FROM images+memcached\n");
    assert_eq!(broken(&repo), [""; 0]);
}

#[test]
fn what_is_ignored_built_or_decided_by_a_variable_is_no_finding() {
    let registry = registry();
    let host = registry.host();
    let repo = rendered(
        adopted(host, "")
            .file(
                "x/Dockerfile",
                format!("ARG V\nFROM {host}/own:7\nFROM a:$V\n# imagelock: ignore (moves)\nFROM b:1\n"),
            )
            .file(".imagelockignore", "old\n")
            .file("old/Dockerfile", "FROM c:1\n")
            .file("vendor/Dockerfile", "FROM d:1\n")
            .file("inner/images.toml", "")
            .file("inner/Dockerfile", "FROM e:1\n"),
    );
    assert_eq!(broken(&repo), [""; 0]);
}

#[test]
fn what_is_recorded_does_not_fail_and_what_is_gone_is_told() {
    let registry = registry();
    let repo = rendered(
        adopted(registry.host(), "")
            .file("x/Dockerfile", "FROM node:22\nFROM node:22\n")
            .file("y/Dockerfile", "FROM a:1\n"),
    );
    let check = ["check", "--baseline", "ci/known.json"];
    repo.imagelock(check).exit(1);
    std::fs::create_dir(repo.path("ci")).unwrap();
    assert_snapshot!(repo.imagelock(["check", "--baseline", "ci/known.json", "--write-baseline"]), @r"
    exit: 0
    ----- stderr -----
           Wrote ci/known.json, with 3 findings
    ");
    assert_snapshot!(repo.read("ci/known.json"), @r#"
    {
      "findings": [
        {
          "file": "x/Dockerfile",
          "rule": "unlocked",
          "about": "node:22",
          "times": 2
        },
        {
          "file": "y/Dockerfile",
          "rule": "unlocked",
          "about": "a:1"
        }
      ],
      "version": 1
    }
    "#);
    repo.write("x/Dockerfile", "# moved\n\nFROM node:22\nFROM node:22\n");
    assert_snapshot!(repo.imagelock(check), @r"
    exit: 0
    ----- stderr -----
         Checked 7 references in 4 files: no findings, 3 in the baseline
    ");
    repo.write("x/Dockerfile", "FROM node:22\nFROM node:22\nFROM node:22\n");
    repo.write("y/Dockerfile", "FROM scratch\n");
    assert_snapshot!(repo.imagelock(check), @r"
    exit: 1
    ----- stdout -----
    warning: ci/known.json:9:1: `unlocked` of `a:1` is gone from `y/Dockerfile`
      = help: write the baseline anew with `--write-baseline`: it shrinks
    error: x/Dockerfile:3:6: `node:22` is in no lock
      = help: imagelock pin x/Dockerfile
    ----- stderr -----
         Checked 7 references in 3 files: 1 finding, 1 warning, 2 in the baseline
    ");
    repo.write("ci/known.json", "{");
    assert_snapshot!(repo.imagelock(check), @r"
    exit: 2
    ----- stderr -----
    error: cannot read the baseline `ci/known.json`: EOF while parsing an object at line 1 column 1
       = help: write it anew: `imagelock check --baseline FILE --write-baseline`
    ");
    repo.imagelock(["check", "--write-baseline"]).exit(2);
}

#[test]
fn places_are_told_from_where_the_person_is() {
    let registry = registry();
    let repo = rendered(adopted(registry.host(), "").file("services/n w/Dockerfile", "FROM node:22\n"));
    let mut command = repo.command(imagelock_tests::binary());
    let output = command.args(["check"]).current_dir(repo.path("deploy")).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        told,
        "error: ../services/n w/Dockerfile:1:6: `node:22` is in no lock\n  = help: imagelock pin '../services/n w/Dockerfile'\n"
    );
    assert_eq!(broken(&repo), ["error unlocked services/n w/Dockerfile:1:6"]);
}

#[test]
fn one_target_for_all_files_keeps_places_of_every_kind() {
    let registry = registry();
    let host = registry.host();
    let repo = Monorepo::builder()
        .file(
            "images.toml",
            format!("[images]\nweb = '{host}/web:1'\ndb = '{host}/db:16'\n\n[[files]]\nedit = ['**']\n"),
        )
        .file("a/Dockerfile", format!("ARG BASE={host}/web:1\nFROM $BASE\nCOPY --from={host}/db:16 /a /a\n"))
        .file("b/pod.yaml", pod(&format!("{host}/db:16")))
        .file("c/compose.yaml", format!("services:\n  db:\n    image: {host}/db:16\n"))
        .file("d/Chart.yaml", "apiVersion: v2\nname: d\nversion: 1.0.0\n")
        .file("d/values.yaml", format!("image: {host}/web:1\n"))
        .file("e/kustomization.yaml", format!("images:\n- name: x\n  newName: {host}/web\n  newTag: \"1\"\n"))
        .file(".github/workflows/x.yml", format!("on: push\njobs:\n  x:\n    container: {host}/web:1\n"))
        .build();
    repo.imagelock(["lock"]).success();
    let before = broken(&repo);
    assert!(before.len() > 5 && before.iter().all(|finding| finding.starts_with("error unpinned ")), "{before:?}");
    repo.imagelock(["render"]).success();
    assert_eq!(broken(&repo), [""; 0]);
    repo.write("f/Dockerfile", format!("FROM {host}/memcached:1\n"));
    assert_eq!(broken(&repo), ["error unlocked f/Dockerfile:1:6"]);
}

#[test]
fn a_value_that_the_target_of_a_chart_pins_is_mended_by_rendering_it() {
    let registry = registry();
    let host = registry.host();
    let helm = "[[helm]]\nchart = 'chart'\nin-place = true\nvalues = { 'web.image' = 'web' }\n";
    let repo = rendered(
        adopted(host, helm)
            .file("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n")
            .file("chart/templates/web.yaml", pod("\"{{ .Values.web.image.repository }}:{{ .Values.web.image.tag }}\""))
            .file("chart/values.yaml", format!("web:\n  image:\n    repository: {host}/web\n    tag: \"1\"\n")),
    );
    assert_eq!(broken(&repo), [""; 0]);
    registry.push("web:1", &Image::linux(["amd64"]).seed("moved"));
    repo.imagelock(["update"]).success();
    let told = repo.imagelock(["check"]).exit(1).stdout;
    assert_eq!(told.matches("chart/values.yaml:").count(), 1, "{told}");
    assert_eq!(told.matches("  = help: imagelock render").count(), 2, "{told}");
}
