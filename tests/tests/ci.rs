//! The files in `integrations/ci`: read by the tools that judge them, and their scripts run.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

#[path = "ci/updates.rs"]
mod updates;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_tests::{Monorepo, Output, binary, need};
use regex::Regex;
use serde_json::Value;

fn root() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize_utf8().unwrap()
}

fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

fn yaml(file: &str) -> Value {
    serde_saphyr::from_str(&text(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

const ACTION: &str = "integrations/ci/github/action.yml";
const WORKFLOW: &str = "integrations/ci/github/workflow.yml";
const RELEASE: &str = ".github/workflows/release.yml";
const GITLAB: &str = "integrations/ci/gitlab/imagelock.gitlab-ci.yml";

/// A repository with one reference that is in no lock.
fn repository() -> Monorepo {
    Monorepo::builder().file("images.toml", "[images]\n").file("a b/Dockerfile", "FROM node:22\n").build()
}

/// Runs a script as a build server does, with the `imagelock` of this checkout on `PATH`.
fn script(repo: &Monorepo, shell: &[&str], script: &str, variables: &[(&str, &str)]) -> Output {
    let path = format!("PATH={}:/usr/bin:/bin", binary().parent().unwrap());
    let variables: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let arguments =
        [path.as_str()].into_iter().chain(variables.iter().map(String::as_str)).chain(shell.iter().copied());
    repo.run(Utf8Path::new("/usr/bin/env"), arguments.chain([script]))
}

/// How GitHub runs `shell: bash`.
const BASH: &[&str] = &["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"];
/// How a runner of GitLab's runs the lines of a job.
const SH: &[&str] = &["/bin/sh", "-e", "-c"];

/// The scripts of the action, in their order.
fn steps() -> Vec<String> {
    let action = yaml(ACTION);
    let steps = action["runs"]["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["shell"] == "bash"), "a composite action says which shell it means");
    steps.iter().map(|step| step["run"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn actionlint_has_nothing_to_say() {
    let actionlint = need!("actionlint");
    // A workflow that uses the action by its path: so its inputs are judged, too.
    let local = "name: x\non: push\npermissions: {}\njobs:\n  x:\n    runs-on: ubuntu-24.04\n    steps:\n      \
                 - uses: ./integrations/ci/github\n        with: { directory: x, baseline: y, strict: \"true\" }\n";
    let repo = Monorepo::builder()
        .file(".git/HEAD", "ref: refs/heads/main\n")
        .file(".github/workflows/images.yml", text(WORKFLOW))
        .file(".github/workflows/local.yml", local)
        .file(RELEASE, text(RELEASE))
        .file(ACTION, text(ACTION))
        .build();
    let files = [".github/workflows/images.yml", ".github/workflows/local.yml", RELEASE];
    let judged = repo.run(&actionlint, ["-no-color"].iter().chain(&files)).success();
    assert_eq!(judged.stdout, "");
    repo.write(files[1], local.replace("baseline: y", "base: y"));
    let judged = repo.run(&actionlint, ["-no-color", files[1]]).exit(1);
    assert!(judged.stdout.contains("input \"base\" is not defined in action \"imagelock check\""), "{judged}");
}

#[test]
fn actions_are_pinned_permissions_are_few_and_no_script_holds_what_others_write() {
    let workflow = yaml(WORKFLOW);
    assert_eq!(workflow["permissions"], serde_json::json!({ "contents": "read" }));
    let pinned = Regex::new("^[a-z0-9/_-]+@[0-9a-f]{40}$").unwrap();
    for (name, job) in workflow["jobs"].as_object().unwrap() {
        assert!(job.get("permissions").is_none() && job["timeout-minutes"].is_u64(), "{name}");
        let uses = job["steps"].as_array().unwrap().iter().map(|step| step["uses"].as_str().unwrap());
        assert!(uses.clone().all(|uses| pinned.is_match(uses)), "{:?}", uses.collect::<Vec<_>>());
    }
    assert_eq!(workflow["jobs"]["check"]["steps"][0]["with"]["persist-credentials"], false);
    for script in steps() {
        assert!(!script.contains("${{"), "{script}");
    }
    assert!(!text(ACTION).contains("github.event") && !text(WORKFLOW).contains("github.event"));
}

#[test]
fn a_release_gives_each_job_what_it_needs_and_runs_nothing_that_moves() {
    let workflow = yaml(RELEASE);
    assert_eq!(workflow["permissions"], serde_json::json!({}));
    let pinned = Regex::new("^actions/[a-z-]+@[0-9a-f]{40}$").unwrap();
    for (name, job) in workflow["jobs"].as_object().unwrap() {
        assert!(job["permissions"].is_object(), "{name}");
        for step in job["steps"].as_array().unwrap() {
            assert!(step["uses"].as_str().is_none_or(|uses| pinned.is_match(uses)), "{step}");
            assert!(step["run"].as_str().is_none_or(|script| !script.contains("${{")), "{step}");
        }
    }
    // Where a release is built, nothing can be written.
    assert_eq!(workflow["jobs"]["binary"]["permissions"], serde_json::json!({ "contents": "read" }));
    let text = text("packaging/Dockerfile");
    assert_eq!(text.lines().filter(|line| line.starts_with("FROM ")).collect::<Vec<_>>(), ["FROM scratch"]);
}

#[test]
fn the_action_takes_the_program_that_is_there_and_fails_with_an_annotation() {
    let [install, check] = steps().try_into().unwrap();
    let repo = repository();
    let none = [("BASELINE", ""), ("STRICT", "false")];
    // Nothing is built: there is no Cargo on `PATH`.
    script(&repo, BASH, &install, &[("RUNNER_TEMP", "/nowhere"), ("GITHUB_PATH", "/nowhere")]).success();
    let found = script(&repo, BASH, &check, &none).exit(1);
    let expected = "::error file=a b/Dockerfile,line=1,endLine=1,col=6,endColumn=12,title=unlocked::`node:22` is in no lock; \
                    help: imagelock pin 'a b/Dockerfile'\n";
    assert_eq!(found.stdout, expected);
    let recorded = ["check", "--baseline", "known findings.json", "--write-baseline"];
    repo.imagelock(recorded).success();
    let baseline = [("BASELINE", "known findings.json"), ("STRICT", "false")];
    script(&repo, BASH, &check, &baseline).success();
    repo.write("a b/Dockerfile", "FROM scratch\n");
    script(&repo, BASH, &check, &baseline).success();
    script(&repo, BASH, &check, &[("BASELINE", "known findings.json"), ("STRICT", "true")]).exit(1);
    let hostile = [("BASELINE", "x; echo no \"$(echo no)\""), ("STRICT", "false")];
    assert!(!script(&repo, BASH, &check, &hostile).success().stdout.contains("no"));
}

#[test]
fn the_action_builds_from_its_own_commit_where_there_is_no_program() {
    let [install, _] = steps().try_into().unwrap();
    let repo = Monorepo::builder().file("bin/cargo", "#!/bin/sh\nprintf '%s\\n' \"$@\" >arguments\n").build();
    let chmod = repo.run(Utf8Path::new("/bin/chmod"), ["+x", "bin/cargo"]);
    chmod.success();
    let folder = root().join("integrations/ci/github");
    let path = format!("PATH={}/bin:/usr/bin:/bin", repo.root());
    let variables =
        [path, format!("GITHUB_ACTION_PATH={folder}"), "RUNNER_TEMP=/t".to_owned(), "GITHUB_PATH=added".to_owned()];
    let arguments = variables.iter().map(String::as_str).chain(BASH.iter().copied()).chain([install.as_str()]);
    repo.run(Utf8Path::new("/usr/bin/env"), arguments).success();
    let arguments = repo.read("arguments");
    let built = arguments.lines().last().unwrap();
    assert!(arguments.contains("--locked\n") && Utf8Path::new(built).join("Cargo.toml").is_file(), "{arguments}");
    assert_eq!(repo.read("added"), "/t/imagelock/bin\n");
}

#[test]
fn the_job_of_gitlab_leaves_a_report_and_fails() {
    let template = yaml(GITLAB);
    let job = &template["imagelock"];
    assert_eq!(job["artifacts"]["when"], "always");
    let lines: Vec<&str> = job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let lines = lines.join("\n");
    let repo = repository();
    let none = [("IMAGELOCK_BASELINE", "")];
    let found = script(&repo, SH, &lines, &none).exit(1);
    assert!(found.stdout.starts_with("error: a b/Dockerfile:1:6: `node:22` is in no lock\n"), "{found}");
    let report = job["artifacts"]["reports"]["junit"].as_str().unwrap();
    assert!(repo.read(report).contains("<failure type=\"unlocked\""));
    repo.imagelock(["check", "--baseline", "known findings.json", "--write-baseline"]).success();
    let passed = script(&repo, SH, &lines, &[("IMAGELOCK_BASELINE", "known findings.json")]).success();
    assert_eq!(passed.stdout, "");
    assert!(!repo.read(report).contains("<failure"));
}

#[test]
fn the_hook_of_pre_commit_runs_the_gate_over_all() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let [hook] = hooks.as_array().unwrap().as_slice() else { panic!("{hooks}") };
    for key in ["id", "name", "entry", "language"] {
        assert!(hook[key].is_string(), "{key}");
    }
    assert_eq!((&hook["always_run"], &hook["pass_filenames"]), (&Value::Bool(true), &Value::Bool(false)));
    let repo = repository();
    script(&repo, SH, hook["entry"].as_str().unwrap(), &[]).exit(1);
    repo.write("a b/Dockerfile", "FROM scratch\n");
    script(&repo, SH, hook["entry"].as_str().unwrap(), &[]).success();
}
