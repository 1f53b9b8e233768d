//! `watch`: what it tells a command, and what is left of that when it is killed.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::process::{Child, Command, Stdio};

use imagelock_testkit::{Fault, Gate, Image, On, Registry};
use imagelock_tests::{Monorepo, binary};
use serde_json::Value;

/// Says that it runs, keeps what it is told, and says that it did. Each waits until somebody reads it.
const COMMAND: &str = "echo $PPID > begun.pipe; cat >> told; echo > told.pipe";

struct Watched {
    registry: Registry,
    repo: Monorepo,
}

impl Watched {
    /// A project that has locked what `app` and `job` point at.
    fn new() -> Self {
        let registry = Registry::start().unwrap();
        let host = registry.host().to_owned();
        let toml = format!("[images]\napp = \"{host}/acme/app:1\"\njob = \"{host}/acme/job:1\"\n");
        let this = Self { registry, repo: Monorepo::builder().file("images.toml", toml).file("told", "").build() };
        this.push("app", 0);
        this.push("job", 0);
        this.repo.imagelock(["lock"]).success();
        for pipe in ["begun.pipe", "told.pipe", "code.pipe"] {
            let made = Command::new("mkfifo").arg(this.repo.path(pipe)).status().unwrap();
            assert!(made.success());
        }
        this
    }

    /// Moves a tag; gives the digest that it points at now.
    fn push(&self, name: &str, number: usize) -> String {
        let image = Image::linux(["amd64"]).seed(&format!("{name}{number}")).created("2026-11-20T06:00:00Z");
        self.registry.push(&format!("acme/{name}:1"), &image).clone()
    }

    fn start(&self, command: &str) -> Child {
        let mut watch = self.repo.command(binary());
        watch.args(["watch", "--every", "1ms", "--exec", command]);
        watch.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Reads what the command says, once it says it.
    fn says(&self, pipe: &str) -> String {
        self.repo.read(pipe).trim().to_owned()
    }

    /// What the command was told.
    fn told(&self) -> Vec<Value> {
        self.repo.read("told").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn told_digests(&self) -> Vec<String> {
        self.told().iter().map(|change| change["to"]["digest"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until a watch has looked at everything once more, whose registry answers.
    fn another_round(&self) {
        for _ in 0..2 {
            let gate = Gate::new();
            self.registry.fault(On::manifest("acme/app").method("HEAD"), Fault::hold(&gate));
            gate.wait_for(1);
            gate.open();
        }
    }
}

fn kill(mut watch: Child) {
    watch.kill().unwrap();
    watch.wait().unwrap();
}

fn signal(name: &str, process: &str) {
    assert!(Command::new("kill").args([name, "--", process]).status().unwrap().success());
}

/// Asks a watch to end, which it does as one that has done what it was asked to.
fn end(mut watch: Child) {
    signal("-TERM", &watch.id().to_string());
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}

#[test]
fn the_command_gets_the_change_as_a_line_of_json_in_the_folder_of_the_project() {
    let watched = Watched::new();
    let digest = watched.push("app", 1);
    let watch = watched.start(COMMAND);
    watched.says("begun.pipe");
    watched.says("told.pipe");
    end(watch);
    let told = watched.told();
    let [change] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((&change["name"], &change["change"]), (&"app".into(), &"updated".into()));
    assert_eq!((&change["to"]["digest"], &change["to"]["tag"]), (&digest.into(), &"1".into()));
    assert_eq!(change["project"], watched.repo.root().as_str());
    assert!(change["from"]["digest"].is_string() && change.get("again").is_none(), "{change}");
    // Nothing of the repository was touched.
    watched.repo.imagelock(["lock", "--locked"]).success();
}

#[test]
fn a_watch_asks_once_for_an_image_in_a_round_and_for_bodies_of_what_moved_alone() {
    let watched = Watched::new();
    watched.registry.log().take();
    let watch = watched.start(COMMAND);
    watched.another_round();
    end(watch);
    let log = watched.registry.log();
    let asked = log.len() - log.count("HEAD", "/v2/acme/app/") - log.count("HEAD", "/v2/acme/job/");
    assert_eq!(asked, 0, "{:?}", log.lines());
    assert!(log.count("HEAD", "/v2/acme/app/").abs_diff(log.count("HEAD", "/v2/acme/job/")) <= 1);
}

#[test]
fn no_move_is_missed_and_none_is_told_twice_whenever_a_watch_is_killed_and_whatever_fails() {
    let watched = Watched::new();
    // Every third request fails: each fault spares those that it meets until its turn comes.
    for number in 1..=400 {
        watched.registry.fault(On::any(), Fault::status(503).after(2 * number).times(1));
    }
    let mut moved = Vec::new();
    for round in 0..10 {
        moved.push(watched.push("app", round + 1));
        let watch = match round % 3 {
            // Before it has seen anything.
            0 => {
                let gate = Gate::new();
                watched.registry.fault(On::manifest("acme/app").method("HEAD"), Fault::hold(&gate));
                let watch = watched.start(COMMAND);
                gate.wait_for(1);
                kill(watch);
                gate.open();
                let watch = watched.start(COMMAND);
                watched.says("begun.pipe");
                watch
            }
            // While the command runs.
            1 => {
                let watch = watched.start(COMMAND);
                watched.says("begun.pipe");
                kill(watch);
                watched.start(COMMAND)
            }
            _ => {
                let watch = watched.start(COMMAND);
                watched.says("begun.pipe");
                watch
            }
        };
        watched.says("told.pipe");
        // While the command ends, or right after it.
        kill(watch);
        assert_eq!(watched.told_digests(), moved, "round {round}");
    }
    watched.registry.heal();
    let watch = watched.start(COMMAND);
    watched.another_round();
    end(watch);
    assert_eq!(watched.told_digests(), moved);
    assert!(watched.told().iter().all(|change| change.get("again").is_none()));
}

#[test]
fn a_command_that_fails_is_told_again_and_what_it_did_not_take_is_not_lost_with_the_watch() {
    let watched = Watched::new();
    let digest = watched.push("app", 1);
    let command = "echo > begun.pipe; cat >> told; read code < code.pipe; exit $code";
    let ends_with = |code: &str| {
        watched.says("begun.pipe");
        watched.repo.write("code.pipe", format!("{code}\n"));
    };
    let watch = watched.start(command);
    ends_with("3");
    kill(watch);
    let watch = watched.start(command);
    ends_with("3");
    ends_with("0");
    watched.another_round();
    end(watch);
    assert_eq!(watched.told_digests(), [&*digest, &digest, &digest]);
    assert!(watched.told().iter().all(|change| change.get("again").is_none()));
}

#[test]
fn a_command_that_was_killed_is_told_that_it_is_told_again() {
    let watched = Watched::new();
    watched.push("app", 1);
    let watch = watched.start(COMMAND);
    let shell = watched.says("begun.pipe");
    signal("-KILL", &format!("-{shell}"));
    watched.says("begun.pipe");
    watched.says("told.pipe");
    end(watch);
    let told = watched.told();
    assert_eq!(told.last().unwrap()["again"], true, "{told:?}");
}

#[test]
fn a_tag_that_moves_back_is_as_it_is_locked_and_moves_again() {
    let watched = Watched::new();
    let watch = watched.start(COMMAND);
    let mut moved = Vec::new();
    for number in [1, 2, 1] {
        moved.push(watched.push("app", number));
        watched.says("begun.pipe");
        watched.says("told.pipe");
    }
    watched.push("app", 0);
    watched.another_round();
    moved.push(watched.push("app", 1));
    watched.says("begun.pipe");
    watched.says("told.pipe");
    end(watch);
    assert_eq!(watched.told_digests(), moved);
}

#[test]
fn an_image_that_is_gone_does_not_keep_the_others_waiting() {
    let watched = Watched::new();
    for on in [On::manifest("acme/job"), On::tags("acme/job")] {
        watched.registry.fault(on, Fault::status(404));
    }
    let watch = watched.start(COMMAND);
    watched.another_round();
    let digest = watched.push("app", 1);
    watched.says("begun.pipe");
    watched.says("told.pipe");
    end(watch);
    assert_eq!(watched.told_digests(), [digest]);
}

#[test]
fn a_watch_needs_a_project_and_names_that_it_has() {
    let watched = Watched::new();
    let other = watched.repo.imagelock(["watch", "--exec", "true", "application"]).exit(2);
    assert!(other.stderr.contains("there is no image `application`"), "{}", other.stderr);
    let never = watched.repo.imagelock(["watch", "--exec", "true", "--every", "0s"]).exit(2);
    assert!(never.stderr.contains("write a time such as `90s`"), "{}", never.stderr);
    let nowhere = Monorepo::builder().build().imagelock(["watch", "--exec", "true"]).exit(2);
    assert!(nowhere.stderr.contains("there is no images.toml"), "{}", nowhere.stderr);
}

#[test]
fn only_what_update_would_take_is_told_and_the_age_of_what_waits_is_remembered_outside_of_the_repository() {
    let watched = Watched::new();
    let toml = watched.repo.read("images.toml");
    watched.repo.write("images.toml", format!("[defaults]\ncooldown = \"3d\"\n{toml}"));
    let start = |day: &str| {
        let mut watch = watched.repo.command(binary());
        watch.args(["watch", "--every", "1ms", "--as-of", day, "--exec", COMMAND]);
        watch.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    // What is there at the first look is as old as it says.
    let watch = start("2026-11-21");
    watched.another_round();
    let digest = watched.push("app", 1);
    watched.another_round();
    end(watch);
    assert_eq!(watched.told(), [Value::Null; 0]);
    assert!(!watched.repo.path("images.seen").exists());
    let watch = start("2026-11-24");
    watched.says("begun.pipe");
    watched.says("told.pipe");
    end(watch);
    assert_eq!(watched.told_digests(), [digest]);
}
