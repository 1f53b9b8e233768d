//! `--all`: one command in every project of a repository.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::{Image, Registry};
use imagelock_tests::Monorepo;
use insta::assert_snapshot;

/// A repository with two projects, one in the other, and one that Git ignores.
fn stage() -> (Registry, Monorepo) {
    let registry = Registry::start().unwrap();
    for reference in ["acme/web:1", "acme/job:1"] {
        registry.push(reference, &Image::linux(["amd64"]).seed(reference).created("2026-11-20T06:00:00Z"));
    }
    let toml = |name: &str| {
        format!("[images]\n{name} = \"{}/acme/{name}:1\"\n\n[[carvel]]\noutput = \"images.yml\"\n", registry.host())
    };
    let repo = Monorepo::builder()
        .file(".git/HEAD", "ref: refs/heads/main\n")
        .file(".gitignore", "made/\n")
        .file("images.toml", toml("web"))
        .file("jobs/images.toml", toml("job"))
        .file("made/images.toml", "no project")
        .file("node_modules/x/images.toml", "no project")
        .build();
    (registry, repo)
}

#[test]
fn every_project_is_locked_rendered_and_listed_by_itself() {
    let (_registry, repo) = stage();
    assert_snapshot!(repo.imagelock(["lock", "--all"]), @"
    exit: 0
    ----- stderr -----
         Project images.toml
         Locking 1 image
           Added web  1  sha256:[1]  20 Nov 2026  linux/amd64
           Wrote images.lock
         Project jobs/images.toml
         Locking 1 image
           Added job  1  sha256:[2]  20 Nov 2026  linux/amd64
           Wrote jobs/images.lock
    ");
    repo.imagelock(["lock", "--all", "--locked"]).success();
    repo.imagelock(["render", "--all"]).success();
    assert!(repo.read("images.yml").contains("acme/web@") && repo.read("jobs/images.yml").contains("acme/job@"));
    repo.imagelock(["render", "--all", "--check"]).success();
    let listed = repo.imagelock(["list", "--all", "--quiet"]).success().stdout;
    let (web, job) = listed.split_once("jobs/images.toml\n").unwrap();
    assert!(web.starts_with("images.toml\nNAME ") && web.contains("\nweb ") && job.contains("\njob "), "{listed}");
    assert!(repo.read("images.lock").contains("\"web\"") && repo.read("jobs/images.lock").contains("\"job\""));
    assert!(!repo.path("made/images.lock").exists());
}

#[test]
fn what_fails_in_one_project_is_told_with_its_name_and_the_others_are_done() {
    let (registry, repo) = stage();
    repo.imagelock(["lock", "--all"]).success();
    repo.write("images.toml", "[images]\n");
    repo.write("jobs/images.toml", "[image]\n");
    let gate = repo.imagelock(["lock", "--all", "--locked"]).exit(2);
    for told in ["error: images.toml: images.lock is out of date", "error: jobs/images.toml: unknown key `image`"] {
        assert!(gate.stderr.contains(told), "{}", gate.stderr);
    }
    repo.write("jobs/images.toml", format!("[images]\njob = \"{}/acme/job:404\"\n", registry.host()));
    let failed = repo.imagelock(["lock", "--all"]).exit(3);
    assert!(failed.stderr.contains("error: jobs/images.toml: `job` could not be locked"), "{}", failed.stderr);
    assert!(!repo.read("images.lock").contains("web"), "the other project is locked");
}

#[test]
fn programs_get_one_document_for_all_projects() {
    let (_registry, repo) = stage();
    let document = |arguments: &[&str], exit: i32| -> serde_json::Value {
        serde_json::from_str(&repo.imagelock(arguments).exit(exit).stdout).unwrap()
    };
    let locked = document(&["lock", "--all", "--format", "json"], 0);
    assert_eq!((&locked[0]["project"], &locked[1]["project"]), (&"images.toml".into(), &"jobs/images.toml".into()));
    assert_eq!(locked[1]["result"]["changes"][0]["name"], "job");
    assert_eq!(document(&["list", "--all", "--format", "json"], 0)[1]["result"][0]["name"], "job");
    repo.write("images.toml", "[image]\n");
    let failed = document(&["lock", "--all", "--format", "json"], 2);
    assert_eq!(failed[0]["failure"]["errors"][0]["message"], "unknown key `image` in images.toml");
    assert_eq!(failed[1]["result"]["fresh"], 1);
}

#[test]
fn all_needs_a_project_and_takes_no_other() {
    let repo = Monorepo::builder().build();
    let none = repo.imagelock(["list", "--all"]).exit(2);
    assert!(none.stderr.contains("there is no images.toml in"), "{}", none.stderr);
    let both = repo.imagelock(["list", "--all", "--project", "images.toml"]).exit(2);
    assert!(both.stderr.contains("`--all` takes every project"), "{}", both.stderr);
}
