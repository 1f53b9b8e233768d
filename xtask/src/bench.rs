//! `cargo xtask bench`: timings beside a peer in the same run. They are printed, and never a limit in a test.

mod render;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, Subcommand};
use fs_err as fs;
use imagelock_testkit::{Image, Registry};

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
    /// `lock` with nothing to do over 10,000 images, beside `jq empty images.lock`
    Lock,
    /// `render` of 5,000 images into every target, beside copying the same bytes
    Render,
}

/// Requests to the registry at a time, for every contestant.
const AT_ONCE: usize = 8;
const DELAY: Duration = Duration::from_millis(20);
const RUNS: usize = 3;

impl Bench {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--release", "--quiet", "--package", "imagelock"])
            .current_dir(shell::repository())
            .status()?;
        ensure!(built.success(), "imagelock does not build");
        match self.what {
            What::Resolve => resolve()?,
            What::Lock => lock()?,
            What::Render => render::run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
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
        let folder = tempfile::tempdir()?;
        let lines: Vec<String> = (0..images).map(|n| format!("image{n} = \"{registry}/acme/image:{n}\"\n")).collect();
        fs::write(folder.path().join("images.toml"), format!("[images]\n{}", lines.concat()))?;
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

fn resolve() -> Result<()> {
    let crane = tool("crane");
    shell::result(
        "| images | `imagelock update` | bound | `crane digest` | to the bound | to crane | connections | HEADs | other |",
    );
    shell::result("|---|---|---|---|---|---|---|---|---|");
    for images in [200, 2000] {
        let registry = Registry::start()?;
        let tags: Vec<String> = (0..images).map(|n| n.to_string()).collect();
        registry.push_tags("acme/image", &tags, &Image::linux(["amd64"]));
        let project = Project::new(registry.host(), images)?;
        timed(&mut project.imagelock(&["lock"]))?;
        registry.latency(DELAY);
        let (mut ours, mut bound, mut peer) = (Times(Vec::new()), Times(Vec::new()), Times(Vec::new()));
        let (mut connections, mut heads, mut other) = (0, 0, 0);
        for _ in 0..RUNS {
            registry.log().take();
            let before = registry.log().connections();
            ours.0.push(timed(&mut project.imagelock(&["update"]))?);
            connections = registry.log().connections() - before;
            let entries = registry.log().take();
            heads = entries.iter().filter(|entry| entry.method == "HEAD").count();
            other = entries.len() - heads;
            bound.0.push(one_head_each(registry.host(), images)?);
            if let Some(crane) = &crane {
                peer.0.push(crane_each(crane, registry.host(), images)?);
            }
        }
        let (ours, bound) = (ours.median().as_secs_f64(), bound.median().as_secs_f64());
        let (peer_time, peer_ratio) = if peer.0.is_empty() {
            ("not installed".to_owned(), String::new())
        } else {
            let peer = peer.median().as_secs_f64();
            (format!("{peer:.2} s"), format!("{:.2}", ours / peer))
        };
        let ratio = ours / bound;
        shell::result(&format!(
            "| {images} | {ours:.2} s | {bound:.2} s | {peer_time} | {ratio:.2} | {peer_ratio} | {connections} | {heads} | {other} |"
        ));
    }
    Ok(())
}

/// One HEAD for each image over kept-alive connections: no client can do better with as many at a time.
fn one_head_each(host: &str, images: usize) -> Result<Duration> {
    let next = AtomicUsize::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| heads(host, images, &next))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| anyhow::bail!("a worker failed")))
    })?;
    Ok(start.elapsed())
}

fn heads(host: &str, images: usize, next: &AtomicUsize) -> Result<()> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let image = next.fetch_add(1, Ordering::Relaxed);
        if image >= images {
            return Ok(());
        }
        let accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
        let request =
            format!("HEAD /v2/acme/image/manifests/{image} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        answer.clear();
        while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
            let read = stream.read(&mut chunk)?;
            ensure!(read > 0, "the registry closed a connection");
            answer.extend_from_slice(&chunk[..read]);
        }
        ensure!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
}

fn crane_each(crane: &Utf8Path, host: &str, images: usize) -> Result<Duration> {
    let references: Vec<String> = (0..images).map(|n| format!("{host}/acme/image:{n}\n")).collect();
    let mut command = Command::new("xargs");
    command.args(["-P", &AT_ONCE.to_string(), "-n", "1", crane.as_str(), "digest", "--insecure"]);
    let start = Instant::now();
    let mut run = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    run.stdin.take().context("standard input is piped")?.write_all(references.concat().as_bytes())?;
    ensure!(run.wait()?.success(), "crane failed");
    Ok(start.elapsed())
}

fn lock() -> Result<()> {
    let registry = Registry::start()?;
    let images = 10_000;
    let tags: Vec<String> = (0..images).map(|n| n.to_string()).collect();
    registry.push_tags("acme/image", &tags, &Image::linux(["amd64", "arm64"]));
    let project = Project::new(registry.host(), images)?;
    timed(&mut project.imagelock(&["lock"]))?;
    let (mut ours, mut peer) = (Times(Vec::new()), Times(Vec::new()));
    let jq = tool("jq").context("jq is not installed: run `cargo xtask tools`")?;
    for _ in 0..RUNS {
        ours.0.push(timed(&mut project.imagelock(&["lock"]))?);
        peer.0.push(timed(Command::new(&jq).args(["empty", "images.lock"]).current_dir(project.folder.path()))?);
    }
    let (ours, peer) = (ours.median().as_secs_f64(), peer.median().as_secs_f64());
    let bytes = fs::metadata(project.folder.path().join("images.lock"))?.len();
    shell::result("| images | bytes of the lock | `imagelock lock` | `jq empty` | ratio |");
    shell::result("|---|---|---|---|---|");
    shell::result(&format!("| {images} | {bytes} | {ours:.2} s | {peer:.2} s | {:.2} |", ours / peer));
    Ok(())
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
