//! The targets under libFuzzer, on a stable compiler: the instrumentation is a pass of LLVM's, which `-C passes` adds.
//!
//! The sanitizers need a nightly compiler, and have little to find in a workspace that forbids unsafe code.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, ExitCode, Stdio},
};

use anyhow::{Context as _, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::Fuzz;
use crate::shell;

/// What makes the compiler count which code is reached, and tell libFuzzer what is compared with what.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// How long the longest input is, as in `fuzz/src/mutate.rs`.
const LONGEST: usize = 16 << 10;

pub(super) fn run(fuzz: &Fuzz) -> Result<ExitCode> {
    let program = build()?;
    let targets = if fuzz.targets.is_empty() { names(fuzz)? } else { fuzz.targets.clone() };
    let mut failed = false;
    for target in &targets {
        failed |= explore(&program, target, fuzz)?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn folder() -> Utf8PathBuf {
    shell::repository().join("fuzz/libfuzzer")
}

/// Builds the program with instrumentation, apart from all other builds.
fn build() -> Result<Utf8PathBuf> {
    let folder = folder();
    // The dependencies are those of the workspace; Cargo adds what only this program needs.
    fs::copy(shell::repository().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let host = host()?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // With a target named, the flags are not given to build scripts and procedural macros.
    cargo.current_dir(&folder).args(["build", "--release", "--target", &host]).env("RUSTFLAGS", FLAGS);
    cargo.env("CARGO_TARGET_DIR", folder.join("target"));
    if !cargo.status().context("cannot start `cargo build`")?.success() {
        bail!("the targets do not build for libFuzzer; it needs a C++ compiler");
    }
    Ok(folder.join("target").join(host).join("release/explore"))
}

fn host() -> Result<String> {
    let rustc = Command::new("rustc").arg("-vV").output().context("cannot start `rustc`")?;
    let text = String::from_utf8(rustc.stdout).context("`rustc -vV` is no text")?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` names no host")?.to_owned())
}

fn names(fuzz: &Fuzz) -> Result<Vec<String>> {
    let list = fuzz.program().args(["--", "--list"]).output().context("cannot start `cargo run`")?;
    Ok(String::from_utf8(list.stdout)?.lines().map(str::to_owned).collect())
}

/// Explores one target; returns whether something failed.
fn explore(program: &Utf8Path, target: &str, fuzz: &Fuzz) -> Result<bool> {
    let corpus = folder().join("corpus").join(target);
    let artifacts = folder().join("artifacts").join(target);
    for made in [&corpus, &artifacts] {
        fs::create_dir_all(made)?;
    }
    let seconds = (fuzz.minutes * 60.0).max(1.0).round();
    let jobs = fuzz.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let mut libfuzzer = Command::new(program);
    libfuzzer.current_dir(folder()).env("IMAGELOCK_FUZZ_TARGET", target);
    libfuzzer.arg(&corpus).args(given(target));
    libfuzzer.args([format!("-max_total_time={seconds}"), format!("-fork={jobs}"), format!("-max_len={LONGEST}")]);
    libfuzzer.args(["-ignore_crashes=1", "-ignore_timeouts=1", "-ignore_ooms=1"]);
    libfuzzer.args(["-timeout=30", "-rss_limit_mb=4096"]).arg(format!("-artifact_prefix={artifacts}/"));
    let mut child =
        libfuzzer.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().context("libFuzzer does not start")?;
    let mut figures = String::new();
    for line in BufReader::new(child.stderr.take().context("libFuzzer has no output")?).lines() {
        let line = line?;
        if line.starts_with('#') && line.contains("cov: ") {
            figures = line;
        }
    }
    child.wait()?;
    let kept = keep(program, target, &artifacts)?;
    shell::status("Explored", &format!("{target}: {figures}, {} failures", kept.len()));
    for path in &kept {
        shell::status("Failed", path.as_str());
    }
    Ok(!kept.is_empty())
}

/// The seeds and the regressions of a target.
fn given(target: &str) -> impl Iterator<Item = Utf8PathBuf> {
    let folders = ["fuzz/seeds", "fuzz/regressions"].map(|folder| shell::repository().join(folder).join(target));
    folders.into_iter().filter(|folder| folder.is_dir())
}

/// Makes what failed small, and moves it to the regressions.
fn keep(program: &Utf8Path, target: &str, artifacts: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    let mut kept = Vec::new();
    for entry in artifacts.read_dir_utf8()? {
        let artifact = entry?.into_path();
        let name = artifact.file_name().unwrap_or_default().to_owned();
        if !["crash-", "timeout-", "oom-"].iter().any(|kind| name.starts_with(kind)) {
            continue;
        }
        let small = artifacts.join(format!("small-{name}"));
        if name.starts_with("crash-") {
            let mut libfuzzer = Command::new(program);
            libfuzzer.env("IMAGELOCK_FUZZ_TARGET", target).args(["-minimize_crash=1", "-max_total_time=20"]);
            libfuzzer.arg(format!("-exact_artifact_path={small}")).arg(&artifact);
            libfuzzer.stdout(Stdio::null()).stderr(Stdio::null()).status().context("libFuzzer does not start")?;
        }
        let found = if small.is_file() { small } else { artifact.clone() };
        let regressions = shell::repository().join("fuzz/regressions").join(target);
        fs::create_dir_all(&regressions)?;
        let place = regressions.join(&name[..name.len().min(20)]);
        fs::copy(&found, &place)?;
        fs::remove_file(&artifact)?;
        kept.push(place);
    }
    Ok(kept)
}
