//! `mirror` of a hundred images that share a base, beside `crane copy` and `skopeo sync` of the same.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use camino::Utf8Path;
use fs_err as fs;
use imagelock_testkit::{Entry, Image, Layer, Registry};

use super::{AT_ONCE, Project, RUNS, Times, build, timed, tool};
use crate::shell;

const IMAGES: usize = 100;
const DELAY: Duration = Duration::from_millis(5);
/// The layer that all share, and the two of each image's own.
const SIZES: [usize; 3] = [4 << 20, 256 << 10, 32 << 10];

/// What one contestant took, in its last run.
struct Taken {
    times: Times,
    requests: [usize; 2],
    fetched: u64,
    sent: u64,
    /// How often a blob was fetched or sent that had been already.
    twice: usize,
}

pub(super) fn run() -> Result<()> {
    build()?;
    let source = Registry::start()?;
    for number in 0..IMAGES {
        source.push(&format!("acme/image{number}:1"), &image(number));
    }
    let lines: Vec<String> =
        (0..IMAGES).map(|n| format!("image{n} = \"{}/acme/image{n}:1\"\n", source.host())).collect();
    let project = Project::written(&format!("[images]\n{}", lines.concat()))?;
    timed(&mut project.imagelock(&["lock"]))?;
    source.latency(DELAY);
    shell::result(
        "| contestant | time | requests to the source | to the target | bytes fetched | sent | blobs twice |",
    );
    shell::result("|---|---|---|---|---|---|---|");
    // Nothing is left in a cache that the others have not.
    let ours = |target: &str, more: &[&str]| {
        let arguments = [&["mirror", target, "--no-cache"], more].concat();
        timed(&mut project.imagelock(&arguments))
    };
    tell("imagelock mirror --without-referrers", &mut raced(&source, |target| ours(target, &["--without-referrers"]))?);
    tell("imagelock mirror", &mut raced(&source, |target| ours(target, &[]))?);
    let folder = tempfile::tempdir()?;
    let root = Utf8Path::from_path(folder.path()).context("the temporary directory's path is UTF-8")?;
    if let Some(crane) = tool("crane") {
        tell("crane copy, 8 at a time", &mut raced(&source, |target| crane_copy(&crane, source.host(), target))?);
    }
    if let Some(skopeo) = tool("skopeo") {
        tell("skopeo sync", &mut raced(&source, |target| skopeo_sync(&skopeo, root, source.host(), target))?);
    }
    Ok(())
}

fn image(number: usize) -> Image {
    let bytes = |size: usize, seed: usize| -> Vec<u8> {
        (0..size).map(|at| (at.wrapping_mul(2_654_435_761) ^ seed).to_le_bytes()[1]).collect()
    };
    let layers = SIZES.iter().enumerate().map(|(at, size)| {
        let seed = if at == 0 { 0 } else { number * 2 + at };
        Layer::files([("file", bytes(*size, seed)), ("seed", seed.to_le_bytes().to_vec())])
    });
    layers.fold(Image::linux(["amd64"]).seed(&number.to_string()), Image::layer)
}

/// Runs a contestant a few times, each into an empty registry.
fn raced(source: &Registry, contestant: impl Fn(&str) -> Result<Duration>) -> Result<Taken> {
    let mut taken = Taken { times: Times(Vec::new()), requests: [0; 2], fetched: 0, sent: 0, twice: 0 };
    for _ in 0..RUNS {
        let target = Registry::start()?;
        target.latency(DELAY);
        source.log().take();
        taken.times.0.push(contestant(&format!("{}/copy", target.host()))?);
        let (read, written) = (source.log().take(), target.log().take());
        taken.requests = [read.len(), written.len()];
        taken.fetched = read.iter().map(Entry::bytes_sent).sum();
        taken.sent = written.iter().map(|entry| entry.bytes_received).sum();
        let fetched = read.iter().filter(|entry| entry.method == "GET" && entry.status == 200);
        let fetched = fetched.filter_map(|entry| Some(entry.path.split_once("/blobs/")?.1.to_owned()));
        let sent = written.iter().filter(|entry| entry.method == "PUT" && entry.status == 201);
        let sent = sent.filter_map(|entry| Some(entry.query.as_deref()?.split_once("digest=")?.1.to_owned()));
        taken.twice = repeated(fetched) + repeated(sent);
    }
    Ok(taken)
}

fn repeated(blobs: impl Iterator<Item = String>) -> usize {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for blob in blobs {
        *counts.entry(blob).or_default() += 1;
    }
    counts.values().map(|count| count - 1).sum()
}

fn tell(name: &str, taken: &mut Taken) {
    let Taken { times, requests: [read, written], fetched, sent, twice } = taken;
    let time = times.median().as_secs_f64();
    shell::result(&format!("| {name} | {time:.2} s | {read} | {written} | {fetched} | {sent} | {twice} |"));
}

fn crane_copy(crane: &Utf8Path, source: &str, target: &str) -> Result<Duration> {
    let start = std::time::Instant::now();
    let mut left = (0..IMAGES).rev().collect::<Vec<_>>();
    let mut running = Vec::new();
    while !left.is_empty() || !running.is_empty() {
        while running.len() < AT_ONCE {
            let Some(number) = left.pop() else { break };
            let name = format!("acme/image{number}:1");
            let mut command = Command::new(crane);
            command.args(["copy", &format!("{source}/{name}"), &format!("{target}/{name}")]);
            running.push(command.stderr(std::process::Stdio::null()).spawn()?);
        }
        if let Some(mut child) = running.pop() {
            ensure!(child.wait()?.success(), "crane fails");
        }
    }
    Ok(start.elapsed())
}

fn skopeo_sync(skopeo: &Utf8Path, root: &Utf8Path, source: &str, target: &str) -> Result<Duration> {
    let images: Vec<String> = (0..IMAGES).map(|n| format!("    acme/image{n}: [\"1\"]\n")).collect();
    let list = root.join("sync.yaml");
    fs::write(&list, format!("{source}:\n  tls-verify: false\n  images:\n{}", images.concat()))?;
    let mut command = Command::new(skopeo);
    command.args(["sync", "--insecure-policy", "--dest-tls-verify=false", "--src", "yaml", "--dest", "docker"]);
    timed(command.args([list.as_str(), target]))
}
