//! `update` with nothing moved.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use camino::Utf8Path;
use imagelock_testkit::{Image, Registry};

use super::{AT_ONCE, Project, RUNS, Times, build, timed, tool};
use crate::shell;

const DELAY: Duration = Duration::from_millis(20);

pub(super) fn run() -> Result<()> {
    build()?;
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
