//! The program that `cargo xtask fuzz` runs.

#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::process::{Command, Output};

use imagelock_fuzz::{TARGETS, corpus};

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_imagelock-fuzz")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_targets_are_listed_and_an_unknown_one_is_refused_with_them() {
    let listed = text(&program(&["--list"]).stdout);
    assert_eq!(listed.lines().collect::<Vec<_>>(), TARGETS.iter().map(|target| target.name).collect::<Vec<_>>());
    let refused = program(&["referense"]);
    assert!(!refused.status.success());
    assert!(text(&refused.stderr).contains("no target is called `referense`; there are reference, "));
}

#[test]
fn workers_explore_until_their_time_is_over_and_the_figures_are_summed_up() {
    let explored = program(&["reference", "--minutes", "0.005", "--jobs", "2", "--seed", "1"]);
    let told = text(&explored.stderr);
    assert!(explored.status.success(), "{told}");
    let figures = told.lines().find(|line| line.contains("Explored reference: ")).unwrap();
    let executions = figures.split(' ').find_map(|word| word.parse::<u64>().ok()).unwrap();
    assert!(executions > 0 && figures.ends_with(" 0 failures"), "{figures}");
}

#[test]
fn one_input_is_tried_alone() {
    let seeds = corpus::seeds(corpus::folder(), "digest").unwrap();
    let (path, _) = seeds.first().unwrap();
    assert!(program(&["digest", "--only", path.to_str().unwrap()]).status.success());
    assert!(!program(&["digest", "--only", "no/such/file"]).status.success());
}
