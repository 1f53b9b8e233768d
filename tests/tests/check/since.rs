//! `--since`: what changed is told, and no Git is started for it.

use imagelock_tests::Monorepo;
use insta::assert_snapshot;

use super::{adopted, broken_with, registry, rendered};

fn commit(repo: &Monorepo) {
    assert!(repo.git(["add", "--all"]) && repo.git(["commit", "--quiet", "--message", "x"]));
}

#[test]
fn only_findings_in_files_that_changed_are_told() {
    let registry = registry();
    let host = registry.host();
    let repo = rendered(
        adopted(host, &format!("memcached = '{host}/memcached:1'"))
            .file("old/Dockerfile", "FROM node:18\n")
            .file("moved/Dockerfile", "FROM node:20\n"),
    );
    if !repo.git(["init", "--quiet", "--initial-branch", "main"]) {
        return;
    }
    commit(&repo);
    let since = |revision: &str| broken_with(&repo, &["--since", revision]);
    assert_eq!(since("main"), [""; 0]);
    assert!(repo.git(["switch", "--quiet", "--create", "feature"]));
    repo.write("committed/Dockerfile", "FROM node:22\n");
    assert!(repo.git(["mv", "moved", "renamed"]));
    commit(&repo);
    repo.write("untracked/Dockerfile", "FROM node:23\n");
    let changed = ["committed", "renamed", "untracked"].map(|folder| format!("error unlocked {folder}/Dockerfile:1:6"));
    assert_eq!(since("main"), changed);
    assert_eq!(since("HEAD"), changed[2..]);
    // What is changed and not committed, and what is changed back.
    repo.write("old/Dockerfile", "\nFROM node:18\n");
    assert!(since("HEAD").contains(&"error unlocked old/Dockerfile:2:6".to_owned()));
    repo.write("old/Dockerfile", "FROM node:18\n");
    assert_eq!(since("main"), changed);
    // The lock and the project file are about all files.
    repo.write("images.toml", repo.read("images.toml") + "\n");
    let all = since("main");
    assert_eq!(all.len(), 5, "{all:?}");
    repo.imagelock(["check", "--since", "absent"]).exit(2);
}

#[test]
fn no_program_that_the_settings_of_git_name_is_run() {
    let registry = registry();
    let repo = rendered(adopted(registry.host(), "").file("x/Dockerfile", "FROM node:22\n"));
    if !repo.git(["init", "--quiet", "--initial-branch", "main"]) {
        return;
    }
    commit(&repo);
    repo.write("x/Dockerfile", "FROM node:24\n");
    repo.write("run", format!("#!/bin/sh\ntouch {}/was-run\n", repo.root()));
    assert!(repo.run("/bin/chmod".into(), ["+x", "run"]).success().stdout.is_empty());
    let run = repo.path("run");
    repo.write(
        ".git/config",
        format!("{}[core]\nfsmonitor = {run}\nsshCommand = {run}\nhooksPath = {}\n[diff]\nexternal = {run}\n[filter \"x\"]\nclean = {run}\nprocess = {run}\n", repo.read(".git/config"), repo.root()),
    );
    repo.write(".gitattributes", "* filter=x diff=x\n");
    assert_snapshot!(repo.imagelock(["check", "--since", "main"]), @r"
    exit: 1
    ----- stdout -----
    error: x/Dockerfile:1:6: `node:24` is in no lock
      = help: imagelock pin x/Dockerfile
    ----- stderr -----
       Comparing with [1], the merge base of HEAD and main
         Checked 5 references in 3 files: 1 finding
    ");
    assert!(!repo.path("was-run").exists());
}
