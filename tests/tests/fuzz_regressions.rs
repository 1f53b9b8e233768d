//! What the fuzz targets for files of people do, over their seeds and over mutations of them, on every compiler.

#[expect(unreachable_pub, reason = "the functions are public for the fuzz targets")]
#[path = "../../fuzz/src/files.rs"]
mod targets;

use std::path::Path;

use proptest::prelude::*;

/// Runs a target over its seeds, then over seeds that are cut and sprinkled with pieces of their languages.
fn run(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
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
        ":",
        ": ",
        "- ",
        "#",
        " #",
        " ",
        "\t",
        "*a",
        "&a ",
        "|\n",
        "---\n",
        "\u{feff}",
        "\u{0}",
        "é",
        "image",
        "imagelock: db",
        "# imagelock: web\n",
        "${",
        "<<EOT\n",
        "@sha256:",
        "tag: ",
        "null",
        "~",
    ]);
    let mutations = prop::collection::vec((any::<prop::sample::Index>(), 0_usize..8, pieces), 0..5);
    let strategy = (prop::sample::select(seeds), mutations);
    proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) }, |((seed, mutations) in strategy)| {
        let mut bytes = seed;
        for (at, cut, piece) in mutations {
            let start = at.index(bytes.len() + 1);
            let end = (start + cut).min(bytes.len());
            bytes.splice(start..end, piece.bytes());
        }
        body(&bytes);
    });
}

#[test]
fn manifests() {
    run("manifests", targets::manifests);
}

#[test]
fn markers() {
    run("markers", targets::markers);
}

#[test]
fn values() {
    run("values", targets::values);
}

#[test]
fn hcl() {
    run("hcl", targets::hcl);
}

#[test]
fn compose() {
    run("compose", targets::compose);
}

#[test]
fn earthfiles() {
    run("earthfiles", targets::earthfiles);
}

#[test]
fn dockerfiles() {
    run("dockerfiles", targets::dockerfiles);
}
