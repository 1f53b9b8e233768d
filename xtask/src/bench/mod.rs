//! `cargo xtask bench`: timings beside a peer in the same run. They are printed, and never a limit in a test.

mod bazel;
mod buildkit;
mod cold;
mod diff;
mod lock;
mod mirror;
mod render;
mod resolve;
mod scan;

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use camino::Utf8PathBuf;
use clap::{Args, Subcommand};
use fs_err as fs;

use crate::shell;

/// Time what users wait for, beside a peer in the same run
#[derive(Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// `update` with nothing moved, beside `crane digest` and beside the bound of one HEAD an image
    Resolve,
    /// `update` of 200 images with rules over 500 tags each, beside the bound of one list and one HEAD an image
    Policies,
    /// `lock` of 200 images of two platforms with nothing known, beside `crane manifest` of the same
    Cold,
    /// `diff` of two images on one base, beside `crane export` of both and `diff`
    Diff,
    /// `lock` with nothing to do over 10,000 images, beside `jq empty images.lock`
    Lock,
    /// `mirror` of 100 images that share a base, beside `crane copy` and `skopeo sync`
    Mirror,
    /// `render` of 5,000 images into every target, beside copying the same bytes
    Render,
    /// `scan` of 50,000 files, beside `rg -l image` and `frizbee image list` over the same
    Scan,
    /// `render` and builds under a source policy, from 10 to 10,000 images, beside a build without one
    Buildkit,
    /// Bazel over 10,000 images, beside as many `http_file` repositories as they have platforms
    Bazel,
}

/// Requests to the registry at a time, for every contestant.
const AT_ONCE: usize = 8;
const RUNS: usize = 3;

impl Bench {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        match self.what {
            What::Resolve => resolve::run()?,
            What::Policies => resolve::policies()?,
            What::Cold => cold::run()?,
            What::Diff => diff::run()?,
            What::Lock => lock::run()?,
            What::Mirror => mirror::run()?,
            What::Render => render::run()?,
            What::Scan => scan::run()?,
            What::Buildkit => buildkit::run()?,
            What::Bazel => bazel::run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Builds the `imagelock` that is timed.
fn build() -> Result<()> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--quiet", "--package", "imagelock"]).current_dir(shell::repository());
    ensure!(cargo.status()?.success(), "imagelock does not build");
    Ok(())
}

fn imagelock() -> Utf8PathBuf {
    shell::repository().join("target/release/imagelock")
}

/// A project in a temporary directory.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new(registry: &str, images: usize) -> Result<Self> {
        let lines: Vec<String> = (0..images).map(|n| format!("image{n} = \"{registry}/acme/image:{n}\"\n")).collect();
        Self::written(&format!("[images]\n{}", lines.concat()))
    }

    /// With this project file.
    fn written(toml: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("images.toml"), toml)?;
        Ok(Self { folder })
    }

    fn imagelock(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(imagelock());
        command.args(arguments).args(["--jobs", &AT_ONCE.to_string(), "--quiet"]).current_dir(self.folder.path());
        command.env("IMAGELOCK_CACHE", self.folder.path().join("cache"));
        command
    }
}

/// The median of some runs, and how far they lie apart.
struct Times(Vec<Duration>);

impl Times {
    fn median(&mut self) -> Duration {
        self.0.sort();
        self.0[self.0.len() / 2]
    }
}

fn timed(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    let output = command.stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
    let took = start.elapsed();
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(took)
}

/// A tool that `cargo xtask tools` installed.
fn tool(name: &str) -> Option<Utf8PathBuf> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).map(Utf8PathBuf::from);
    let cache = set("IMAGELOCK_TOOLS").or_else(|| {
        let base = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
        base.map(|base| base.join("imagelock/tools"))
    });
    cache.map(|cache| cache.join("bin").join(name)).filter(|path| path.is_file())
}
