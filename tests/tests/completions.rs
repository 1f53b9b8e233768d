//! What a shell completes with the script that `completions` prints: commands, options, and the names of images.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use camino::Utf8Path;
use imagelock_tests::{Monorepo, MonorepoBuilder, binary};

const TOML: &str = "[images]\npostgres = \"postgres:16\"\nprometheus = \"prom/prometheus:v3\"\nredis = \"redis:8\"\n";

fn repo() -> MonorepoBuilder {
    Monorepo::builder()
        .file("images.toml", TOML)
        .file("deep/er/x", "")
        .file("other/images.toml", "[images]\npython = \"python:3\"\n")
}

/// What a real Bash has in `COMPREPLY` after a tab behind these words.
fn bash(repo: &Monorepo, folder: &str, typed: &str) -> Vec<String> {
    let words: Vec<&str> = typed.split(' ').collect();
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let [.., before, last] = &quoted[..] else { panic!("{typed} has no word to complete") };
    let script = repo.imagelock(["completions", "bash"]).success().stdout;
    repo.write("completions.bash", script);
    let ask = format!(
        "source completions.bash && cd ./{folder} && PATH={}:$PATH; COMP_WORDS=({}); COMP_CWORD={}; COMP_TYPE=9; \
         _clap_complete_imagelock imagelock {last} {before}; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        binary().parent().unwrap(),
        quoted.join(" "),
        words.len() - 1,
    );
    let answer = repo.run(Utf8Path::new("/bin/bash"), ["-c", &ask]).success();
    assert_eq!(answer.stderr, "", "nothing is printed beside the prompt");
    answer.stdout.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_paths() {
    let repo = repo().build();
    assert_eq!(bash(&repo, "", "imagelock upd"), ["update"]);
    assert_eq!(bash(&repo, "", "imagelock lock --loc"), ["--locked"]);
    assert_eq!(
        bash(&repo, "", "imagelock update --allow "),
        ["digest", "patch", "minor", "major", "down", "hold", "cooldown"]
    );
    assert_eq!(bash(&repo, "", "imagelock --project oth"), ["other/"]);
    assert_eq!(bash(&repo, "", "imagelock import compose ima"), ["images.toml"]);
}

#[test]
fn bash_completes_the_names_of_images_wherever_one_is_meant() {
    let repo = repo().build();
    for command in
        ["update", "list", "why", "remove", "verify", "compare", "update redis", "--quiet update", "pull x --image"]
    {
        assert_eq!(bash(&repo, "", &format!("imagelock {command} p")), ["postgres", "prometheus"], "{command}");
    }
    let all = bash(&repo, "", "imagelock update ");
    assert_eq!(all[..3], ["postgres", "prometheus", "redis"], "{all:?}");
    assert!(all[3..].iter().all(|word| word.starts_with('-')), "{all:?}");
    assert_eq!(bash(&repo, "", "imagelock add p"), [""; 0], "a new name is nobody's to tell");
}

#[test]
fn the_nearest_project_counts_unless_one_is_named() {
    let repo = repo().build();
    assert_eq!(bash(&repo, "deep/er", "imagelock why p"), ["postgres", "prometheus"]);
    assert_eq!(bash(&repo, "other", "imagelock why p"), ["python"]);
    assert_eq!(bash(&repo, "", "imagelock --project other why p"), ["python"]);
    assert_eq!(bash(&repo, "", "imagelock why --project=other/images.toml p"), ["python"]);
}

#[test]
fn a_project_that_is_broken_or_absent_completes_to_nothing_and_says_nothing() {
    let repo = repo().build();
    for broken in
        ["[image]\n", "[images]\np = ", "[images]\n<<<<<<< HEAD\npostgres = \"p\"\n", "[images]\npostgres = 1\n"]
    {
        repo.write("images.toml", broken);
        assert_eq!(bash(&repo, "", "imagelock why p"), [""; 0], "{broken}");
        assert_eq!(bash(&repo, "", "imagelock upd"), ["update"], "{broken}");
    }
    std::fs::remove_file(repo.path("images.toml")).unwrap();
    assert_eq!(bash(&repo, "", "imagelock why p"), [""; 0]);
    assert_eq!(bash(&repo, "", "imagelock --project none.toml why p"), [""; 0]);
}

#[test]
fn a_cargo_workspace_is_read_and_no_cargo_is_started() {
    let repo = Monorepo::builder()
        .file(
            "Cargo.toml",
            "[workspace]\nmembers = [\"a\"]\n\n[workspace.metadata.images.images]\npostgres = \"postgres:16\"\n",
        )
        .file("a/Cargo.toml", "[package]\nname = \"a\"\n\n[package.metadata.images]\nuses = [\"postgres\"]\n")
        .file("cargo", "#!/bin/sh\ntouch started\n")
        .env("CARGO", "./cargo")
        .build();
    repo.run(Utf8Path::new("/bin/chmod"), ["+x", "cargo"]).success();
    assert_eq!(bash(&repo, "a", "imagelock why p"), ["postgres"]);
    assert!(!repo.path("started").exists() && !repo.path("a/started").exists());
}

#[test]
fn the_other_shells_get_a_script_and_the_same_answers() {
    for (shell, words) in
        [("zsh", "#compdef imagelock"), ("fish", "complete "), ("elvish", "edit:"), ("powershell", "Register-")]
    {
        let script = repo().build().imagelock(["completions", shell]).success().stdout;
        assert!(script.contains(words) && script.contains("IMAGELOCK_COMPLETE"), "{shell}: {script}");
    }
    repo().build().imagelock(["completions", "tcsh"]).exit(2);
    // As the scripts for them ask.
    let asked = |shell: &str| {
        let repo =
            repo().env("IMAGELOCK_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", "2").env("_CLAP_IFS", "\n").build();
        repo.imagelock(["--", "imagelock", "update", "p"]).success().stdout
    };
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        assert_eq!(asked(shell).split_whitespace().collect::<Vec<_>>(), ["postgres", "prometheus"], "{shell}");
    }
    let fish = Utf8Path::new("/usr/bin/fish");
    if fish.exists() {
        let repo = repo().build();
        repo.write("c.fish", repo.imagelock(["completions", "fish"]).success().stdout);
        let path = format!(
            "set -x PATH {} $PATH; source c.fish; complete -C 'imagelock update p'",
            binary().parent().unwrap()
        );
        assert_eq!(repo.run(fish, ["-c", &path]).success().stdout, "postgres\nprometheus\n");
    }
}

#[test]
fn the_variable_alone_changes_nothing() {
    let repo = repo().env("IMAGELOCK_COMPLETE", "bash").build();
    assert!(repo.imagelock(["lock", "--locked"]).exit(1).stderr.contains("images.lock is out of date"));
}
