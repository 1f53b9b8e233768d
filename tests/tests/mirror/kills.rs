//! Runs that are killed: the next one finishes what they began, whatever that was.

use std::process::Stdio;

use imagelock_testkit::{Fault, Gate, On, Registry};
use imagelock_tests::{binary, files_below, need};

use crate::Stage;

const KILLS: usize = 100;

/// A small generator of moments: a fixed sequence, so that a failure can be run again.
struct Moments(u64);

impl Moments {
    fn below(&mut self, most: usize) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % u64::try_from(most).unwrap()
    }
}

/// Runs `imagelock` until it has sent so many requests to a registry and one more, and kills it before that is answered.
fn killed(stage: &Stage, registry: &Registry, requests: u64, arguments: &[&str]) {
    let gate = Gate::new();
    registry.fault(On::any(), Fault::hold(&gate).after(requests));
    let mut command = stage.repo.command(binary());
    let mut run = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    gate.wait_for(1);
    run.kill().unwrap();
    run.wait().unwrap();
    registry.heal();
    gate.open();
}

#[test]
fn a_mirror_that_is_killed_at_any_request_is_whole_after_the_next_run() {
    let mut stage = Stage::new();
    stage.repo.imagelock(["mirror", &stage.to(), "--no-cache"]).success();
    let (read, written) = (stage.source.log().take().len(), stage.target.log().take().len());
    let mut moments = Moments(18);
    for round in 0..KILLS {
        stage.target = Registry::start().unwrap();
        let to = stage.to();
        let arguments = ["mirror", &to, "--no-cache"];
        // Requests run beside each other, so that the last of them are not those of every run.
        if round % 4 == 0 {
            killed(&stage, &stage.source, moments.below(read * 3 / 4), &arguments);
        } else {
            killed(&stage, &stage.target, moments.below(written * 3 / 4), &arguments);
        }
        stage.repo.imagelock(arguments).success();
        assert!(stage.is_whole(), "round {round}");
    }
    let crane = need!("crane");
    let reference = format!("{}/{}:1", stage.target.host(), stage.below("acme/one"));
    stage.repo.run(&crane, ["validate", "--remote", &reference]).success();
}

#[test]
fn a_pull_that_is_killed_at_any_request_is_whole_after_the_next_run() {
    let stage = Stage::new();
    stage.repo.imagelock(["pull", "whole", "--no-cache"]).success();
    let whole = files_below(&stage.repo.path("whole"));
    let read = stage.source.log().take().len();
    let mut moments = Moments(19);
    for round in 0..KILLS {
        let folder = format!("killed-{round}");
        let arguments = ["pull", &folder, "--no-cache"];
        killed(&stage, &stage.source, moments.below(read * 3 / 4), &arguments);
        // Nothing names what may not be there.
        assert!(!stage.repo.path(format!("{folder}/index.json")).exists());
        stage.repo.imagelock(arguments).success();
        assert!(files_below(&stage.repo.path(&folder)) == whole, "round {round}");
        std::fs::remove_dir_all(stage.repo.path(&folder)).unwrap();
    }
}

#[test]
fn many_runs_at_once_bring_everything_once() {
    let stage = Stage::new();
    let to = stage.to();
    for arguments in [["mirror", to.as_str()], ["pull", "vendor"]] {
        let start = || {
            let mut command = stage.repo.command(binary());
            command.args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let runs: Vec<_> = (0..16).map(|_| start()).collect();
        for run in runs {
            let output = run.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
    assert!(stage.is_whole());
    let left: Vec<String> =
        files_below(&stage.repo.path("vendor")).into_keys().filter(|name| name.contains(".imagelock-")).collect();
    assert_eq!(left, [""; 0]);
}
