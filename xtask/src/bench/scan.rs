//! `cargo xtask bench scan`: a monorepo that nobody wrote, beside `rg -l image` and `frizbee image list` over the same files.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use camino::Utf8Path;
use fs_err as fs;

use super::{RUNS, build, imagelock, tool};
use crate::shell;

/// The files, of which so many are YAML: a third workloads, a third manifests that run nothing, a third no manifests.
const FILES: usize = 50_000;
const YAML: usize = 6_000;
/// The files in one folder, a service.
const IN_A_FOLDER: usize = 100;
/// The bytes of a file, about: 200 MB in all.
const BYTES: usize = 4_000;

/// The programs, each with its arguments, behind which comes the folder. One that is not there has no row.
const PEERS: &[(&str, &[&str])] = &[("rg", &["-l", "image"]), ("frizbee", &["image", "list"])];

/// The time and the most memory of one run.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub(super) took: Duration,
    /// In KiB; nothing where the system does not tell.
    pub(super) memory: Option<u64>,
}

pub(super) fn run() -> Result<()> {
    build()?;
    let folder = tempfile::tempdir()?;
    let root = Utf8Path::from_path(folder.path()).context("the temporary directory's path is UTF-8")?;
    shell::result("| files | bytes | program | time | to `rg` | peak memory |");
    shell::result("|---|---|---|---|---|---|");
    // The half first: two sizes tell what a larger one would take.
    for files in [FILES / 2, FILES] {
        let bytes = lay_out(root, files)?;
        let mut rows = Vec::new();
        for (name, arguments) in PEERS {
            let Some(program) = tool(name) else { continue };
            rows.push((
                format!("`{name} {}`", arguments.join(" ")),
                cost(Command::new(&program).args(*arguments).arg(root), root)?,
            ));
        }
        let mut ours = Command::new(imagelock());
        rows.push(("`imagelock scan`".to_owned(), cost(ours.args(["scan", "--quiet"]), root)?));
        let rg = rows.iter().find(|(name, _)| name.starts_with("`rg")).map(|(_, cost)| cost.took.as_secs_f64());
        for (name, Cost { took, memory }) in rows {
            let took = took.as_secs_f64();
            let ratio = rg.map_or_else(String::new, |rg| format!("{:.2}", took / rg));
            let memory = memory.map_or_else(String::new, |memory| format!("{} MiB", memory / 1024));
            shell::result(&format!("| {files} | {bytes} | {name} | {took:.2} s | {ratio} | {memory} |"));
        }
    }
    Ok(())
}

/// The median time of some runs, behind one that fills the system's caches for all, and the most memory of any.
pub(super) fn cost(command: &mut Command, root: &Utf8Path) -> Result<Cost> {
    command.current_dir(root).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    measured(command)?;
    let mut runs = (0..RUNS).map(|_| measured(command)).collect::<Result<Vec<_>>>()?;
    let memory = runs.iter().filter_map(|cost| cost.memory).max();
    runs.sort_by_key(|cost| cost.took);
    Ok(Cost { took: runs[RUNS / 2].took, memory })
}

fn measured(command: &mut Command) -> Result<Cost> {
    let start = Instant::now();
    let mut child = command.spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut memory = None;
    // The system keeps the most that there ever was, for as long as the process is there.
    let done = loop {
        memory = fs::read_to_string(&status).ok().and_then(|status| peak(&status)).max(memory);
        match child.try_wait()? {
            Some(done) => break done,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let took = start.elapsed();
    ensure!(done.success(), "{command:?} failed");
    Ok(Cost { took, memory })
}

fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Writes the files that are not there yet, and returns the bytes of all.
fn lay_out(root: &Utf8Path, files: usize) -> Result<u64> {
    let every = FILES / YAML;
    let mut bytes = 0;
    for number in 0..files {
        let folder = root.join(format!("team{}/service{}", number / IN_A_FOLDER % 40, number / IN_A_FOLDER));
        fs::create_dir_all(&folder)?;
        let (name, text) = match number % IN_A_FOLDER {
            99 => (
                "Dockerfile".to_owned(),
                format!("FROM golang:1.{} AS build\n{}FROM scratch\n", number % 30, lines(number, "RUN ", 300)),
            ),
            _ if number % every == 0 => match number / every % 3 {
                0 => (format!("deploy{number}.yaml"), workloads(number)),
                1 => (format!("config{number}.yaml"), settings(number)),
                _ => (format!("api{number}.yaml"), lines(number, "- ", BYTES)),
            },
            kind if kind % 3 == 0 => (format!("file{number}.go"), lines(number, "// ", BYTES)),
            kind if kind % 3 == 1 => (format!("file{number}.rs"), lines(number, "let x = ", BYTES)),
            _ => (format!("file{number}.md"), lines(number, "", BYTES)),
        };
        bytes += text.len() as u64;
        let path = folder.join(name);
        if !path.exists() {
            fs::File::create(path)?.write_all(text.as_bytes())?;
        }
    }
    Ok(bytes)
}

/// A workload as they are in clusters, a few of one file.
fn workloads(number: usize) -> String {
    let mut text = String::new();
    while text.len() < BYTES {
        let part = text.len();
        text.push_str(&format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{number}-{part}\n  labels: {{app: a{number}}}\nspec:\n  \
             template:\n    metadata:\n      annotations:\n        note: |\n          {}    spec:\n      containers:\n      - name: main\n        \
             image: ghcr.io/acme/app{}:1.{}\n        env:\n        - {{name: A, value: \"{number}\"}}\n        resources:\n          \
             limits: {{cpu: 100m, memory: 64Mi}}\n---\n",
            words(number + part, 12),
            number % 400,
            number % 10,
        ));
    }
    text
}

/// A manifest that runs nothing.
fn settings(number: usize) -> String {
    let lines = lines(number, "    ", BYTES);
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-{number}\ndata:\n  text: |\n{lines}")
}

/// Lines of words, at least so many bytes of them.
fn lines(seed: usize, start: &str, bytes: usize) -> String {
    let mut text = String::new();
    while text.len() < bytes {
        text.push_str(start);
        text.push_str(&words(seed + text.len(), 9));
    }
    text
}

/// A line of words, the same for the same seed.
fn words(seed: usize, count: usize) -> String {
    const WORDS: &[&str] =
        &["alpha", "return", "value", "status", "import", "config", "queue", "index", "batch", "signal", "of", "the"];
    let mut state = seed as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let words = (0..count).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        WORDS[usize::try_from(state >> 33).unwrap_or_default() % WORDS.len()]
    });
    words.collect::<Vec<_>>().join(" ") + "\n"
}
