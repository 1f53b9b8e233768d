//! The jobs that make one pull request of what moved, with a stand-in for the forge's own command line that records its calls.

use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, binary, need};

use super::{BASH, SH, Utf8Path, text, yaml};

const ACTION: &str = "integrations/ci/github/update/action.yml";
const WORKFLOW: &str = "integrations/ci/github/update.yml";
const GITLAB: &str = "integrations/ci/gitlab/update.gitlab-ci.yml";

/// Records its arguments, each call between lines of dashes, and whether it was handed a token. A list is what stands in the
/// file `open`, and whatever is made is in there from then on.
const STAND_IN: &str = r#"#!/bin/sh
{ echo "--- ${GH_TOKEN:-}${GITLAB_TOKEN:-}"; for word; do echo "$word"; done; } >>"$FORGE/calls"
case "$1 $2" in
*' list') cat "$FORGE/open" ;;
*' create') cp "$FORGE/one" "$FORGE/open" ;;
esac
"#;

/// Fails where a token is in its environment, and runs the real one.
const GUARD: &str = "#!/bin/sh\n[ -z \"${GH_TOKEN:-}${GITLAB_TOKEN:-}\" ] || exit 99\nexec \"$REAL\" \"$@\"\n";

/// A repository with an image, its clone as a build server has it, and a forge.
struct Stage {
    registry: Registry,
    clone: Monorepo,
}

fn image(version: &str, created: &str) -> Image {
    Image::linux(["amd64"]).seed(version).created(created).label("org.opencontainers.image.version", version)
}

impl Stage {
    /// `one` and `none` are what the forge's list shows of one pull request and of none.
    fn new(one: &str, none: &str) -> Self {
        let registry = Registry::start().unwrap();
        registry.push("web:1", &image("1.4.0", "2026-11-20T06:00:00Z"));
        let toml = format!("[images]\nweb = '{}/web:1'\n[[dockerfile]]\nedit = 'Dockerfile'\n", registry.host());
        let clone = Monorepo::builder()
            .file("images.toml", toml)
            .file("Dockerfile", format!("FROM {}/web:1\n", registry.host()))
            .file("../forge/one", one)
            .file("../forge/open", none)
            .file("../forge/calls", "")
            .file("../bin/gh", STAND_IN)
            .file("../bin/glab", STAND_IN)
            .file("../bin/imagelock", GUARD)
            .file("../bin/cargo", "#!/bin/sh\nexit 98\n")
            .build();
        let stage = Self { registry, clone };
        stage.shell("chmod +x ../bin/*; git init --quiet --bare --initial-branch main ../origin.git");
        stage.shell("git init --quiet --initial-branch main .; git remote add origin \"$PWD/../origin.git\"");
        stage.clone.imagelock(["lock"]).success();
        stage.clone.imagelock(["render"]).success();
        stage.commit("start");
        stage
    }

    fn shell(&self, script: &str) -> String {
        let identity = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=a \
                        GIT_COMMITTER_EMAIL=a@example.com; ";
        let done = self.clone.run(Utf8Path::new("/bin/sh"), ["-ec", &format!("{identity}{script}")]).success();
        done.stdout.trim().to_owned()
    }

    fn commit(&self, message: &str) {
        self.shell(&format!("git add --all; git commit --quiet --message '{message}'; git push --quiet origin main"));
    }

    /// A new run of the job, on a clone as it is on the default branch.
    fn run(&self, shell: &[&str], script: &str, variables: &[(&str, &str)]) -> String {
        self.shell("git switch --quiet --discard-changes main; git clean -fdq");
        let up = self.clone.root().parent().unwrap();
        let mut all = vec![
            format!("PATH={up}/bin:/usr/bin:/bin:{}", jq()),
            format!("REAL={}", binary()),
            format!("FORGE={up}/forge"),
            format!("TMPDIR={up}"),
            format!("RUNNER_TEMP={up}"),
        ];
        all.extend(variables.iter().map(|(name, value)| format!("{name}={value}")));
        let arguments = all.iter().map(String::as_str).chain(shell.iter().copied());
        self.clone.run(Utf8Path::new("/usr/bin/env"), arguments.chain([script])).success().stdout
    }

    fn github(&self) -> String {
        let action = yaml(ACTION);
        let steps = action["runs"]["steps"].as_array().unwrap();
        let scripts: Vec<&str> = steps.iter().map(|step| step["run"].as_str().unwrap()).collect();
        let [install, update, open] = scripts[..] else { panic!("three steps") };
        self.run(BASH, install, &[]);
        self.run(BASH, update, &[]);
        // The next step of one job finds what the last one left.
        let changes = "cp images.lock Dockerfile ../forge";
        self.shell(changes);
        let open = format!("cp ../forge/images.lock ../forge/Dockerfile .\n{open}");
        self.run(BASH, &open, &[("GH_TOKEN", "secret"), ("BRANCH", "imagelock/update"), ("BASE", "main")])
    }

    fn gitlab(&self) -> String {
        let job = yaml(GITLAB);
        let lines = job["imagelock-update"]["script"].as_array().unwrap();
        let script: Vec<&str> = lines.iter().map(|line| line.as_str().unwrap()).collect();
        let up = self.clone.root().parent().unwrap();
        let project = format!("{up}/origin");
        let variables = [
            ("GITLAB_TOKEN", "secret"),
            ("IMAGELOCK_BRANCH", "imagelock/update"),
            ("CI_COMMIT_BRANCH", "main"),
            ("CI_PROJECT_URL", project.as_str()),
        ];
        self.run(SH, &script.join("\n"), &variables)
    }

    /// The calls so far, each as its words; they are forgotten.
    fn calls(&self) -> Vec<Vec<String>> {
        let text = self.clone.read("../forge/calls");
        self.clone.write("../forge/calls", "");
        let calls = text.split("--- secret\n").skip(1);
        calls.map(|call| call.lines().map(str::to_owned).collect()).collect()
    }

    fn branch(&self) -> String {
        self.shell("git --git-dir ../origin.git rev-parse --quiet --verify imagelock/update || true")
    }

    fn moves(&self, version: &str, created: &str) {
        self.registry.push("web:1", &image(version, created));
    }
}

/// The folder of `jq`, which the image of GitLab's job has.
fn jq() -> String {
    imagelock_tests::tool("jq").and_then(|jq| jq.parent().map(ToString::to_string)).unwrap_or_default()
}

/// What every run of either forge is to do: `run` is one.
fn one_request_in_place(stage: &Stage, run: impl Fn() -> String, verbs: [&str; 3], number: &str) {
    // Nothing moved: nothing is asked of the forge, and nothing is made.
    assert!(run().contains("Nothing moved."));
    assert_eq!((stage.calls(), stage.branch()), (Vec::new(), String::new()));
    // The first run that finds something.
    stage.moves("1.4.1", "2026-11-23T06:00:00Z");
    run();
    let made = |calls: &[Vec<String>]| calls.iter().map(|call| call[..2].join(" ")).collect::<Vec<_>>();
    let calls: Vec<_> = stage.calls().into_iter().filter(|call| call[0] != "auth").collect();
    assert_eq!(made(&calls), [verbs[0], verbs[1]]);
    let create = &calls[1];
    let title = create.iter().position(|word| word == "--title").unwrap();
    assert_eq!(create[title + 1], "Update web");
    let first = stage.branch();
    let shown = stage.shell("git --git-dir ../origin.git show --format=%s --name-only imagelock/update");
    assert_eq!(shown, "Update web\n\nDockerfile\nimages.lock");
    assert_eq!(stage.shell("git --git-dir ../origin.git rev-list --count main..imagelock/update"), "1");
    // The same again: the branch stays, and so do its checks.
    run();
    let calls: Vec<_> = stage.calls().into_iter().filter(|call| call[0] != "auth").collect();
    assert_eq!((made(&calls), stage.branch()), (vec![verbs[0].to_owned(), verbs[2].to_owned()], first.clone()));
    assert_eq!(calls[1][2], number);
    // It moved on: one branch, one commit on what `main` is now, and the same request.
    stage.shell("git switch --quiet main; echo more >other");
    stage.commit("other");
    stage.moves("1.4.2", "2026-11-25T06:00:00Z");
    run();
    let calls: Vec<_> = stage.calls().into_iter().filter(|call| call[0] != "auth").collect();
    assert_eq!(made(&calls), [verbs[0], verbs[2]]);
    assert_ne!(stage.branch(), first);
    assert_eq!(stage.shell("git --git-dir ../origin.git rev-list --count main..imagelock/update"), "1");
    // What moved is back, or was merged: nothing is closed, and nothing made.
    stage.moves("1.4.0", "2026-11-20T06:00:00Z");
    assert!(run().contains("Nothing moved."));
    assert_eq!(stage.calls(), Vec::<Vec<String>>::new());
}

#[test]
fn on_github_one_pull_request_is_opened_and_then_updated_in_place() {
    let stage = Stage::new("7\n", "");
    one_request_in_place(&stage, || stage.github(), ["pr list", "pr create", "pr edit"], "7");
    let body = stage.clone.read("../imagelock-body.md");
    assert!(!body.contains("Update web") || body.starts_with('|'), "{body}");
}

#[test]
fn on_gitlab_one_merge_request_is_opened_and_then_updated_in_place() {
    let _jq = need!("jq");
    // A fork's request for a branch of the same name is not ours.
    let fork = r#"{"iid":3,"source_project_id":2,"target_project_id":1}"#;
    let own = r#"{"iid":7,"source_project_id":1,"target_project_id":1}"#;
    let stage = Stage::new(&format!("[{fork},{own}]"), &format!("[{fork}]"));
    one_request_in_place(&stage, || stage.gitlab(), ["mr list", "mr create", "mr update"], "7");
}

#[test]
fn actionlint_has_nothing_to_say_of_the_workflow_and_the_tokens_may_do_little() {
    let workflow = yaml(WORKFLOW);
    assert_eq!(workflow["permissions"], serde_json::json!({ "contents": "read" }));
    let job = &workflow["jobs"]["update"];
    assert_eq!(job["permissions"], serde_json::json!({ "contents": "write", "pull-requests": "write" }));
    assert_eq!(job["steps"][0]["with"]["persist-credentials"], false);
    let action = yaml(ACTION);
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert!(!step["run"].as_str().unwrap().contains("${{"), "no script holds what others write");
        let has_token = step["env"].get("GH_TOKEN").is_some();
        assert_eq!(has_token, step["name"].as_str().unwrap().starts_with("Open"), "{}", step["name"]);
    }
    let actionlint = need!("actionlint");
    let local = "name: x\non: push\npermissions: {}\njobs:\n  x:\n    runs-on: ubuntu-24.04\n    steps:\n      \
                 - uses: ./integrations/ci/github/update\n        with: { directory: x, branch: y, token: z }\n";
    let repo = Monorepo::builder()
        .file(".git/HEAD", "ref: refs/heads/main\n")
        .file(".github/workflows/images-update.yml", text(WORKFLOW))
        .file(".github/workflows/local.yml", local)
        .file(ACTION, text(ACTION))
        .build();
    let files = [".github/workflows/images-update.yml", ".github/workflows/local.yml"];
    let judged = repo.run(&actionlint, ["-no-color"].iter().chain(&files)).success();
    assert_eq!(judged.stdout, "");
}
