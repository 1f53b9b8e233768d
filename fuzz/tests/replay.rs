//! Every target over its seeds, over what failed once, and over mutations of both: the same ones in every run.

#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_fuzz::explore::Explorer;
use imagelock_fuzz::judge::judge;
use imagelock_fuzz::{TARGETS, corpus, target};

/// How many mutations of each target are tried. `cargo xtask fuzz` tries more, and others every time.
const MUTATIONS: u64 = 500;

fn replays(name: &str) {
    let target = target(name).unwrap();
    let folder = corpus::folder();
    let seeds = corpus::seeds(folder, name).unwrap();
    assert!(!seeds.is_empty(), "{name} has no seeds");
    for (path, input) in seeds.into_iter().chain(corpus::regressions(folder, name).unwrap()) {
        if let Err(failure) = judge(target, &input) {
            panic!("{}: {} at {}: {}", path.display(), failure.kind, failure.place, failure.message);
        }
    }
    let mut explorer = Explorer::new(folder, target, 4).unwrap();
    for _ in 0..MUTATIONS {
        let input = explorer.next_input();
        explorer.attempt(input, &mut |_| {});
    }
    if let [(failure, input), ..] = explorer.explored().failures.as_slice() {
        let text = String::from_utf8_lossy(input);
        panic!("{name}: {} at {}: {}\nfor {text:?}", failure.kind, failure.place, failure.message);
    }
}

#[test]
fn advisories() {
    replays("advisories");
}

#[test]
fn apk() {
    replays("apk");
}

#[test]
fn bazel() {
    replays("bazel");
}

#[test]
fn builds() {
    replays("builds");
}

#[test]
fn challenge() {
    replays("challenge");
}

#[test]
fn compose() {
    replays("compose");
}

#[test]
fn config() {
    replays("config");
}

#[test]
fn digest() {
    replays("digest");
}

#[test]
fn dockerfiles() {
    replays("dockerfiles");
}

#[test]
fn document() {
    replays("document");
}

#[test]
fn dpkg() {
    replays("dpkg");
}

#[test]
fn earthfiles() {
    replays("earthfiles");
}

#[test]
fn edit() {
    replays("edit");
}

#[test]
fn endoflife() {
    replays("endoflife");
}

#[test]
fn executables() {
    replays("executables");
}

#[test]
fn files() {
    replays("files");
}

#[test]
fn hcl() {
    replays("hcl");
}

#[test]
fn imports() {
    replays("imports");
}

#[test]
fn layers() {
    replays("layers");
}

#[test]
fn link() {
    replays("link");
}

#[test]
fn lockfile() {
    replays("lockfile");
}

#[test]
fn manifests() {
    replays("manifests");
}

#[test]
fn markers() {
    replays("markers");
}

#[test]
fn metadata() {
    replays("metadata");
}

#[test]
fn orders() {
    replays("orders");
}

#[test]
fn plain() {
    replays("plain");
}

#[test]
fn project() {
    replays("project");
}

#[test]
fn quadlet() {
    replays("quadlet");
}

#[test]
fn reference() {
    replays("reference");
}

#[test]
fn rpm() {
    replays("rpm");
}

#[test]
fn running() {
    replays("running");
}

#[test]
fn seen() {
    replays("seen");
}

#[test]
fn shell() {
    replays("shell");
}

#[test]
fn signature() {
    replays("signature");
}

#[test]
fn statement() {
    replays("statement");
}

#[test]
fn tags() {
    replays("tags");
}

#[test]
fn templates() {
    replays("templates");
}

#[test]
fn token() {
    replays("token");
}

#[test]
fn values() {
    replays("values");
}

#[test]
fn version() {
    replays("version");
}

#[test]
fn every_folder_of_seeds_and_regressions_is_a_targets_and_every_target_is_replayed() {
    let this = include_str!("replay.rs");
    for target in TARGETS {
        assert!(this.contains(&format!("replays(\"{}\")", target.name)), "{} is not replayed", target.name);
    }
    for folder in ["seeds", "regressions"] {
        for entry in std::fs::read_dir(corpus::folder().join(folder)).into_iter().flatten() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(target(&name).is_some() || name.contains('.'), "{folder}/{name} is no target's");
        }
    }
}

#[test]
fn property_tests_try_the_same_cases_in_every_run() {
    use proptest::test_runner::{Config, RngSeed};

    // `.cargo/config.toml` sets both, for `cargo test` and all that it runs.
    let config = Config::default();
    assert!(matches!(config.rng_seed, RngSeed::Fixed(_)), "run the tests with cargo, or set PROPTEST_RNG_SEED");
    assert!(config.failure_persistence.is_none(), "PROPTEST_DISABLE_FAILURE_PERSISTENCE is not set");
}
