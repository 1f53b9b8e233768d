//! An imagelock that was built without its default features: it refuses what it cannot verify, and does everything else.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use camino::Utf8PathBuf;
use imagelock_signature::testing::Hand;
use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, Output, bundle, cargo_build, files_below, push_bundles};

/// `cargo-images`, built so. It is the other program of the package, which no other test runs: `imagelock` has its features.
fn plain() -> Utf8PathBuf {
    let (mut cargo, folder) = cargo_build();
    cargo.args(["--package", "imagelock", "--no-default-features", "--bin", "cargo-images"]);
    let built = cargo.output().unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success() && said.is_empty(), "it does not build, or not without a warning: {said}");
    folder.join("cargo-images")
}

const WITHOUT: &str = "`app` cannot be verified: this imagelock was built without the feature `signatures`";

#[test]
fn what_demands_a_signature_is_refused_and_everything_else_is_done() {
    let plain = plain();
    let (registry, hand) = (Registry::start().unwrap(), Hand::with_key());
    let digest = registry.push("acme/app:1", &Image::linux(["amd64", "arm64"]).seed("app"));
    push_bundles(&registry, "acme/app", &digest, &[bundle(&hand, None, &digest)]);
    let toml = format!("[images]\napp = \"{}/acme/app:1\"\n\n[[carvel]]\noutput = \"images.yml\"\n", registry.host());
    let repo = Monorepo::builder().file("images.toml", &toml).file("a.pub", hand.pem()).build();
    let run = |arguments: &[&str]| -> Output { repo.run(&plain, ["images"].iter().chain(arguments)) };
    for arguments in [&["lock"][..], &["update"], &["render"], &["check"], &["list"], &["verify"], &["inspect", "app"]]
    {
        run(arguments).success();
    }
    run(&["pull", "vendor"]).success();

    repo.write("images.toml", format!("{toml}\n[defaults]\nverify = {{ key = \"a.pub\" }}\ntlog = false\n"));
    // Whether or not somebody else has verified it before.
    for is_kept in [false, true] {
        if is_kept {
            repo.imagelock(["lock"]).success();
            assert!(repo.path("images.trust").is_dir());
        }
        let before = files_below(repo.root());
        for arguments in [&["lock"][..], &["lock", "--locked"], &["update"], &["verify"], &["verify", "--signatures"]] {
            let refused = run(arguments).exit(1);
            assert!(refused.stderr.contains(WITHOUT), "{arguments:?}: {refused}");
        }
        let lock = run(&["lock"]).stderr;
        assert!(lock.contains("images.toml:8:10") && lock.contains("default features"), "{lock}");
        let check = run(&["check"]).exit(1).stdout;
        assert!(check.contains(WITHOUT) && check.contains("default features"), "{check}");
        assert!(run(&["trust", "add", "public-good"]).exit(2).stderr.contains("without the feature `signatures`"));
        assert!(files_below(repo.root()) == before, "nothing is written, and nothing taken away");
    }
    repo.imagelock(["check"]).success();
}
