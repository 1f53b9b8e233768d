//! What the fuzz targets do, over their seeds and over mutations of them, on every compiler.

#[expect(unreachable_pub, reason = "the functions are public for the fuzz targets")]
#[path = "../../../fuzz/src/core.rs"]
mod targets;

use std::path::Path;

use proptest::prelude::*;

/// Runs a target over its seeds, then over seeds that are cut, doubled and sprinkled with bytes.
fn run(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let seeds: Vec<Vec<u8>> = entries.flatten().flat_map(|entry| std::fs::read(entry.path())).collect();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    for seed in &seeds {
        body(seed);
    }

    let pieces = prop::sample::select(vec![
        "",
        "\n",
        "\r\n",
        "\"",
        "'",
        "\\",
        "[",
        "]",
        "{",
        "}",
        "=",
        ".",
        ",",
        ":",
        "/",
        "@",
        "#",
        " ",
        "-",
        "0",
        "a",
        "A",
        "é",
        "\u{feff}",
        "\u{0}",
        "[images]\n",
        "[images.",
        "a.b",
        "images",
        "1e5",
        "null",
        "\"\"\"",
    ]);
    let mutations = prop::collection::vec((any::<prop::sample::Index>(), 0_usize..8, pieces), 0..5);
    let strategy = (prop::sample::select(seeds), mutations);
    proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) }, |((seed, mutations) in strategy)| {
        let mut bytes = seed;
        for (at, cut, piece) in mutations {
            let start = at.index(bytes.len() + 1);
            let end = (start + cut).min(bytes.len());
            bytes.splice(start..end, piece.bytes());
        }
        body(&bytes);
    });
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) };
    proptest!(config, |(bytes in prop::collection::vec(any::<u8>(), 0..40))| body(&bytes));
}

#[test]
fn no_bytes_break_references() {
    run("reference", targets::reference);
}

#[test]
fn no_bytes_break_digests_platforms_names_and_times() {
    run("digest", targets::digest);
}

#[test]
fn no_bytes_break_project_files() {
    run("project", targets::project);
}

#[test]
fn no_bytes_break_edits() {
    run("edit", targets::edit);
}

#[test]
fn no_bytes_break_locks() {
    run("lockfile", targets::lockfile);
}

#[test]
fn no_bytes_break_version_rules() {
    run("version", targets::version);
}
