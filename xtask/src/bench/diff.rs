//! `diff` of two images on one base, beside what people do without it: export both with crane, and compare what is in them.

use std::process::Command;

use anyhow::{Context as _, Result};
use camino::Utf8Path;
use fs_err as fs;
use imagelock_testkit::{Entry, Image, Layer, Registry};

use super::scan::{Cost, cost};
use super::{Project, RUNS, build, timed, tool};
use crate::shell;

/// The bytes of the layer that both have, and of what each has beside its database.
const BASE: usize = 64 << 20;
const APP: usize = 4 << 20;
const PACKAGES: usize = 300;
const DATABASE: &str = "lib/apk/db/installed";

pub(super) fn run() -> Result<()> {
    build()?;
    let crane = tool("crane").context("crane is not installed: run `cargo xtask tools`")?;
    shell::result("| what is known | program | requests | bytes | time | peak memory |");
    shell::result("|---|---|---|---|---|---|");
    for attested in [true, false] {
        let registry = Registry::start()?;
        let project = Project::new(registry.host(), 1)?;
        let root = Utf8Path::from_path(project.folder.path()).context("the temporary directory's path is UTF-8")?;
        let lock = root.join("images.lock");
        let images = ["1.0-r1", "1.0-r2"].map(|version| image(version, attested));
        for (image, kept) in images.iter().zip(["old.lock", "new.lock"]) {
            registry.push("acme/image:0", image);
            timed(&mut project.imagelock(&["lock"]))?;
            fs::rename(&lock, root.join(kept))?;
        }
        registry.log().take();
        let mut ours = project.imagelock(&["diff", "old.lock", "new.lock", "--no-cache"]);
        let what = if attested { "lists in the index" } else { "databases in the layers" };
        print(what, "`imagelock diff`", cost(&mut ours, root)?, &registry.log().take());
        if !attested {
            let reference = |image: &Image| format!("{}/acme/image@{}", registry.host(), image.digest());
            let mut peer = exports(&crane, &images.each_ref().map(reference));
            // The shell's memory is not that of the programs in it.
            let peer = Cost { memory: None, ..cost(&mut peer, root)? };
            print(what, "`crane export` twice, `diff`", peer, &registry.log().take());
        }
    }
    Ok(())
}

/// Both images whole, and the databases out of them.
fn exports(crane: &Utf8Path, references: &[String; 2]) -> Command {
    let mut command = Command::new("sh");
    let one = |reference: &String| format!("{crane} export --insecure {reference} - | tar -xOf - {DATABASE}");
    let [old, new] = references.each_ref().map(one);
    // `diff` ends with 1 where something differs.
    command.args(["-c", &format!("{old} > old; {new} > new; diff old new; [ $? = 1 ]")]);
    command
}

/// An image of a base that changes nothing between versions and a layer that holds the database.
fn image(version: &str, attested: bool) -> Image {
    let packages =
        |format: &dyn Fn(usize) -> String, joint: &str| (0..PACKAGES).map(format).collect::<Vec<_>>().join(joint);
    let database = packages(&|number| format!("C:Q1x\nP:package{number}\nV:{version}\nA:x86_64\nL:MIT\n"), "\n");
    let base = Layer::files([("usr/lib/base", noise(BASE, 1))]);
    let app = Layer::files([("srv/app", noise(APP, version.len() as u64)), (DATABASE, database.into_bytes())]);
    let image = Image::linux(["amd64"]).index().layer(base).layer(app);
    if !attested {
        return image;
    }
    let listed = packages(
        &|number| {
            let purl = format!("pkg:apk/wolfi/package{number}@{version}");
            format!(r#"{{"externalRefs":[{{"referenceType":"purl","referenceLocator":"{purl}"}}]}}"#)
        },
        ",",
    );
    image.statement("https://spdx.dev/Document", &format!(r#"{{"spdxVersion":"SPDX-2.3","packages":[{listed}]}}"#))
}

/// Bytes that no compressor makes smaller, the same in every run (Knuth's generator, MMIX).
fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

fn print(what: &str, program: &str, cost: Cost, entries: &[Entry]) {
    // What fills the system's caches is one run more.
    let runs = RUNS + 1;
    let requests = entries.len() / runs;
    let bytes = entries.iter().map(Entry::bytes_sent).sum::<u64>() / runs as u64;
    let memory = cost.memory.map_or_else(String::new, |memory| format!("{} MiB", memory / 1024));
    let took = cost.took.as_secs_f64();
    shell::result(&format!("| {what} | {program} | {requests} | {bytes} | {took:.2} s | {memory} |"));
}
