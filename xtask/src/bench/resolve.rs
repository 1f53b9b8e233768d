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
/// How many images have a rule, and how many tags each of them chooses from.
const RULED: usize = 200;
const TAGS: usize = 500;

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
            let paths: Vec<String> = (0..images).map(|n| format!("HEAD /v2/acme/image/manifests/{n}")).collect();
            bound.0.push(each(registry.host(), &paths)?);
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

/// `update` of images with a rule over many tags, beside the bound of one list and one `HEAD` an image.
pub(super) fn policies() -> Result<()> {
    build()?;
    let registry = Registry::start()?;
    let image = Image::linux(["amd64"]);
    let tag = |n: usize| if n.is_multiple_of(2) { format!("1.{n}.0-alpine3.20") } else { format!("1.{n}.0-bookworm") };
    for n in 0..RULED {
        registry.push_tags(&format!("acme/image{n}"), (0..TAGS).map(tag), &image);
    }
    let tags = r"^(?<version>[\d.]+)-(?<flavour>alpine.*)$";
    let ruled = |n: usize| {
        let repository = format!("{}/acme/image{n}", registry.host());
        format!(
            "[images.image{n}]\nrepository = \"{repository}\"\nversion = \"1\"\nscheme = \"loose\"\ntags = '{tags}'\n"
        )
    };
    let project = Project::written(&format!(
        "[defaults]\nupdates = \"minor\"\n\n{}",
        (0..RULED).map(ruled).collect::<Vec<_>>().join("\n")
    ))?;
    timed(&mut project.imagelock(&["lock"]))?;
    registry.latency(DELAY);
    let lists = (0..RULED).map(|n| format!("GET /v2/acme/image{n}/tags/list?n=1000"));
    let heads = (0..RULED).map(|n| format!("HEAD /v2/acme/image{n}/manifests/{}", tag(TAGS - 2)));
    let requests: Vec<String> = lists.chain(heads).collect();
    let (mut ours, mut bound) = (Times(Vec::new()), Times(Vec::new()));
    let mut asked = 0;
    for _ in 0..RUNS {
        registry.log().take();
        ours.0.push(timed(&mut project.imagelock(&["update"]))?);
        asked = registry.log().take().len();
        bound.0.push(each(registry.host(), &requests)?);
    }
    let (ours, bound) = (ours.median().as_secs_f64(), bound.median().as_secs_f64());
    shell::result("| images | tags each | `imagelock update` | bound | to the bound | requests |");
    shell::result("|---|---|---|---|---|---|");
    shell::result(&format!("| {RULED} | {TAGS} | {ours:.2} s | {bound:.2} s | {:.2} | {asked} |", ours / bound));
    Ok(())
}

/// Sends requests over kept-alive connections: no client can do better with as many at a time.
fn each(host: &str, requests: &[String]) -> Result<Duration> {
    let next = AtomicUsize::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| some(host, requests, &next))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| anyhow::bail!("a worker failed")))
    })?;
    Ok(start.elapsed())
}

fn some(host: &str, requests: &[String], next: &AtomicUsize) -> Result<()> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    while let Some(line) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
        let request = format!("{line} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        answer.clear();
        let mut read_more = |answer: &mut Vec<u8>| {
            let read = stream.read(&mut chunk)?;
            ensure!(read > 0, "the registry closed a connection");
            answer.extend_from_slice(&chunk[..read]);
            Ok(())
        };
        let head = loop {
            match answer.windows(4).position(|end| end == b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => read_more(&mut answer)?,
            }
        };
        ensure!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        let length = if line.starts_with("HEAD") { 0 } else { content_length(&answer[..head])? };
        while answer.len() < head + length {
            read_more(&mut answer)?;
        }
    }
    Ok(())
}

fn content_length(head: &[u8]) -> Result<usize> {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    Ok(length.context("a list has no length")?.trim().parse()?)
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
