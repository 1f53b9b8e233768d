//! Where a project is found, and how it is embedded in somebody else's program.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use camino::Utf8Path;
use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, binary};

fn registry() -> Registry {
    let registry = Registry::start().unwrap();
    registry.push("acme/web:1", &Image::linux(["amd64"]));
    registry
}

/// A Cargo workspace whose manifests hold everything, with a member that uses an image.
fn workspace(host: &str) -> Monorepo {
    Monorepo::builder()
        .env("PATH", &std::env::var("PATH").unwrap_or_default())
        .env("CARGO_HOME", &std::env::var("CARGO_HOME").unwrap_or_else(|_| home(".cargo")))
        .env("RUSTUP_HOME", &std::env::var("RUSTUP_HOME").unwrap_or_else(|_| home(".rustup")))
        .file(
            "Cargo.toml",
            format!(
                "[workspace]\nresolver = \"3\"\nmembers = [\"web\"]\n\n\
                 [workspace.metadata.images.images]\nweb = \"{host}/acme/web:1\" # kept\n"
            ),
        )
        .file(
            "web/Cargo.toml",
            "[package]\nname = \"web\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [package.metadata.images]\nuses = [\"web\"]\n",
        )
        .file("web/src/lib.rs", "")
        .build()
}

fn home(folder: &str) -> String {
    format!("{}/{folder}", std::env::var("HOME").unwrap_or_default())
}

#[test]
fn a_cargo_workspace_needs_no_file_of_its_own() {
    let registry = registry();
    let repo = workspace(registry.host());
    repo.imagelock(["lock"]).success();
    let listed = repo.imagelock(["list"]).success();
    assert!(listed.stdout.contains("cargo web"), "{}", listed.stdout);
    let why = repo.imagelock(["why", "web"]).success();
    assert!(why.stdout.contains("Cargo.toml:6") && why.stdout.contains("used by cargo web"), "{}", why.stdout);

    registry.push("acme/job:2", &Image::linux(["amd64"]).seed("job"));
    repo.imagelock(["add", &format!("{}/acme/job:2", registry.host())]).success();
    let manifest = repo.read("Cargo.toml");
    assert!(manifest.contains("# kept\njob = "), "{manifest}");
    let refused = repo.imagelock(["remove", "web"]).exit(2);
    assert!(refused.stderr.contains("web/Cargo.toml:7"), "{}", refused.stderr);
}

#[test]
fn the_project_is_found_from_any_folder_and_shown_as_seen_from_there() {
    let registry = registry();
    let toml = format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host());
    let repo = Monorepo::builder().file("images.toml", toml).file("a/b/c.txt", "").build();
    let run = |arguments: &[&str]| {
        let mut command = repo.command(binary());
        command.current_dir(repo.path("a/b")).args(arguments).output().unwrap()
    };
    let locked = run(&["lock"]);
    assert!(String::from_utf8_lossy(&locked.stderr).contains("Wrote ../../images.lock"));
    assert!(repo.path("images.lock").exists() && !repo.path("a/b/images.lock").exists());
    repo.write("images.toml", "[images]\nweb = 1\n");
    let refused = run(&["lock"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--> ../../images.toml:2:7"));
}

#[test]
fn an_image_declared_in_two_places_shows_both() {
    let registry = registry();
    let repo = workspace(registry.host());
    repo.write("images.toml", format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host()));
    let refused = repo.imagelock(["lock"]).exit(2);
    for part in ["image `web` is declared twice", "--> Cargo.toml:6:1", "images.toml:2:1", "first here"] {
        assert!(refused.stderr.contains(part), "{part}:\n{}", refused.stderr);
    }
}

#[test]
fn somebody_elses_xtask_has_the_commands_and_messages_name_it() {
    let registry = registry();
    let toml = format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host());
    let repo = Monorepo::builder().file("images.toml", toml).build();
    let xtask = binary().with_file_name("example-xtask");
    let built = std::process::Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "example-xtask"])
        .args(if binary().components().any(|part| part.as_str() == "release") { &["--release"][..] } else { &[] })
        .current_dir(Utf8Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
        .status()
        .unwrap();
    assert!(built.success());
    let stale = repo.run(&xtask, ["lock", "--locked"]).exit(1);
    assert!(stale.stderr.contains("run `cargo xtask lock` and commit images.lock"), "{}", stale.stderr);
    repo.run(&xtask, ["lock"]).success();
    repo.imagelock(["lock", "--locked"]).success();
}

#[test]
fn an_oci_layout_is_locked_without_a_network() {
    let repo = Monorepo::builder().file("images.toml", "[images.tools]\nlayout = \"third_party/tools-oci\"\n").build();
    let image = Image::linux(["amd64", "arm64"]);
    image.write_layout(repo.path("third_party/tools-oci"), "1.0").unwrap();
    repo.imagelock(["lock"]).success();
    let lock: serde_json::Value = serde_json::from_str(&repo.read("images.lock")).unwrap();
    assert_eq!(lock["images"]["tools"]["digest"], image.digest());
    assert_eq!(lock["images"]["tools"]["layout"], "third_party/tools-oci");
    repo.imagelock(["verify"]).success();
}

#[test]
fn the_demo_needs_nothing_and_leaves_nothing() {
    let repo = Monorepo::builder().build();
    let shown = repo.imagelock(["demo"]).success();
    assert!(shown.stdout.contains("A tag moves under everybody."), "{}", shown.stdout);
    assert_eq!(std::fs::read_dir(repo.root()).unwrap().count(), 0);
    assert!(!repo.home().join(".cache").exists(), "the demonstration keeps no cache");
    let left: Vec<_> =
        std::fs::read_dir(repo.root().parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "only the repository and the home: {left:?}");

    repo.imagelock(["demo", "--dir", "sample"]).success();
    assert!(repo.path("sample/images.lock").exists());
    repo.imagelock(["demo", "--dir", "sample"]).exit(2);
}
