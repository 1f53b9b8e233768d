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
    assert!(listed.stdout.contains("cargo web/Cargo.toml:"), "{}", listed.stdout);
    let why = repo.imagelock(["why", "web"]).success();
    assert!(
        why.stdout.contains("Cargo.toml:6") && why.stdout.contains("used by cargo web/Cargo.toml:"),
        "{}",
        why.stdout
    );

    registry.push("acme/job:2", &Image::linux(["amd64"]).seed("job"));
    repo.imagelock(["add", &format!("{}/acme/job:2", registry.host())]).success();
    let manifest = repo.read("Cargo.toml");
    assert!(manifest.contains("# kept\njob = "), "{manifest}");
    let refused = repo.imagelock(["remove", "web"]).exit(2);
    assert!(refused.stderr.contains("web/Cargo.toml:7"), "{}", refused.stderr);
}

/// The repository names a toolchain and programs of its own. Cargo and rustup take those of the folder they are started in.
#[test]
fn a_toolchain_that_the_repository_names_is_not_run() {
    let registry = registry();
    let repo = workspace(registry.host());
    let ran = repo.path("ran");
    for program in ["cargo", "rustc"] {
        let path = repo.path(format!("toolchain/bin/{program}"));
        repo.write(format!("toolchain/bin/{program}"), format!("#!/bin/sh\ntouch '{ran}'\nexit 1\n"));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(path, mode).unwrap();
    }
    let toolchain = repo.path("toolchain");
    repo.write("rust-toolchain.toml", format!("[toolchain]\npath = \"{toolchain}\"\n"));
    repo.write(
        ".cargo/config.toml",
        format!("[build]\nrustc = \"{toolchain}/bin/rustc\"\nrustc-wrapper = \"{toolchain}/bin/rustc\"\n"),
    );
    repo.imagelock(["lock"]).success();
    let listed = repo.imagelock(["list"]).success();
    assert!(listed.stdout.contains("cargo web/Cargo.toml:"), "{}", listed.stdout);
    repo.imagelock(["lock", "--locked"]).success();
    assert!(!ran.exists(), "a program of the repository was run");
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

/// The repository that imagelock itself lies in.
fn checkout() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// `examples/xtask` in a folder of its own, as somebody else's repository has it.
fn example(host: &str) -> Monorepo {
    let read = |path: &str| std::fs::read_to_string(checkout().join("examples/xtask").join(path)).unwrap();
    // The same profile and the same versions let Cargo take what it has built for this repository already.
    let ours = std::fs::read_to_string(checkout().join("Cargo.toml")).unwrap();
    let profile = &ours[ours.find("[profile.dev]").unwrap()..];
    let variable = |name: &str, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let target = binary().ancestors().nth(2).unwrap();
    Monorepo::builder()
        .env("PATH", &variable("PATH", "/usr/bin:/bin"))
        .env("CARGO_HOME", &variable("CARGO_HOME", &home(".cargo")))
        .env("RUSTUP_HOME", &variable("RUSTUP_HOME", &home(".rustup")))
        .env("RUSTUP_TOOLCHAIN", &variable("RUSTUP_TOOLCHAIN", ""))
        .env("CARGO_BUILD_BUILD_DIR", target.as_str())
        .env("CARGO_INCREMENTAL", &variable("CARGO_INCREMENTAL", "0"))
        .env("CARGO_NET_OFFLINE", "true")
        .file("Cargo.toml", format!("{}\n{profile}", read("Cargo.toml")))
        .file("Cargo.lock", std::fs::read(checkout().join("Cargo.lock")).unwrap())
        .file(".cargo/config.toml", read(".cargo/config.toml"))
        .file("xtask/Cargo.toml", read("xtask/Cargo.toml").replace("../../..", checkout().as_str()))
        .file("xtask/src/main.rs", read("xtask/src/main.rs"))
        .file("images.toml", read("images.toml").replace("registry.example.com", host))
        .file("services/web/main.c", "")
        .build()
}

#[test]
fn somebody_elses_workspace_has_the_commands_after_three_lines() {
    let registry = registry();
    let repo = example(registry.host());
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let run = |arguments: &[&str]| {
        let mut command = repo.command(Utf8Path::new(&cargo));
        let done = command.arg("xtask").args(arguments).current_dir(repo.path("services/web")).output().unwrap();
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let (code, said) = run(&["lock", "--locked"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("--> ../../images.toml:2:1"), "{said}");
    assert!(said.contains("run `cargo xtask lock` and commit images.lock"), "{said}");
    assert_eq!(run(&["lock"]).0, Some(0));
    repo.imagelock(["lock", "--locked"]).success();
    assert_eq!(run(&["lock", "--locked"]).0, Some(0));
    assert_eq!(run(&["demo"]).0, Some(2), "the demonstration is a feature that this workspace did not ask for");
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
fn the_demo_leaves_the_checkout_as_it_was() {
    let status = || {
        let git = std::process::Command::new("git").args(["status", "--porcelain"]).current_dir(checkout()).output();
        git.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).ok()
    };
    let before = status();
    let repo = Monorepo::builder().build();
    let mut command = repo.command(binary());
    let shown = command.arg("demo").current_dir(checkout()).output().unwrap();
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    assert_eq!(status(), before);
}

#[test]
fn the_demo_needs_nothing_and_leaves_nothing() {
    let repo = Monorepo::builder().build();
    let shown = repo.imagelock(["demo"]).success();
    assert!(shown.stdout.contains("redis --allow minor"), "{}", shown.stdout);
    assert_eq!(std::fs::read_dir(repo.root()).unwrap().count(), 0);
    assert!(!repo.home().join(".cache").exists(), "the demonstration keeps no cache");
    let left: Vec<_> =
        std::fs::read_dir(repo.root().parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "only the repository and the home: {left:?}");

    repo.imagelock(["demo", "--dir", "sample"]).success();
    assert!(repo.path("sample/images.lock").exists());
    repo.imagelock(["demo", "--dir", "sample"]).exit(2);
}
