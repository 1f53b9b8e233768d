//! `lock` with nothing known: what it asks, and what comes over the line.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use camino::Utf8Path;
use imagelock_testkit::{Entry, Image, Registry};

use super::{AT_ONCE, Project, build, timed, tool};
use crate::shell;

const IMAGES: usize = 200;
const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

/// What a contestant asked.
struct Counted {
    heads: usize,
    manifests: usize,
    configurations: usize,
    other: usize,
    /// The bytes of all bodies.
    bytes: u64,
}

impl Counted {
    fn of(entries: &[Entry]) -> Self {
        let count = |kind: &dyn Fn(&Entry) -> bool| entries.iter().filter(|entry| kind(entry)).count();
        let heads = count(&|entry| entry.method == "HEAD");
        let manifests = count(&|entry| entry.method == "GET" && entry.path.contains("/manifests/"));
        let configurations = count(&|entry| entry.method == "GET" && entry.path.contains("/blobs/"));
        let other = entries.len() - heads - manifests - configurations;
        let bytes = entries.iter().map(Entry::bytes_sent).sum();
        Self { heads, manifests, configurations, other, bytes }
    }

    fn print(&self, what: &str, annotated: &str) {
        let Self { heads, manifests, configurations, other, bytes } = self;
        let all = heads + manifests + configurations + other;
        shell::result(&format!(
            "| {what} | {annotated} | {all} | {heads} | {manifests} | {configurations} | {other} | {bytes} |"
        ));
    }
}

pub(super) fn run() -> Result<()> {
    build()?;
    let crane = tool("crane").context("crane is not installed: run `cargo xtask tools`")?;
    shell::result(
        "| 200 images of two platforms | annotated | requests | HEAD | manifests | configurations | other | bytes |",
    );
    shell::result("|---|---|---|---|---|---|---|---|");
    for annotated in [false, true] {
        let registry = Registry::start()?;
        let images: Vec<Image> = (0..IMAGES).map(|number| image(number, annotated)).collect();
        for (number, image) in images.iter().enumerate() {
            registry.push(&format!("acme/image:{number}"), image);
        }
        let word = if annotated { "yes" } else { "no" };
        let project = Project::new(registry.host(), IMAGES)?;
        took(timed(&mut project.imagelock(&["lock"]))?, "imagelock lock");
        Counted::of(&registry.log().take()).print("`imagelock lock`", word);
        took(crane_each(&crane, registry.host(), &images)?, "crane manifest");
        Counted::of(&registry.log().take()).print("`crane manifest`", word);
    }
    Ok(())
}

/// An image as a build makes it; annotated, its index says of each platform what the configuration does.
fn image(number: usize, annotated: bool) -> Image {
    let facts = BTreeMap::from([
        ("org.opencontainers.image.created", "2026-11-12T08:31:02Z".to_owned()),
        ("org.opencontainers.image.version", format!("1.{number}.0")),
        ("org.opencontainers.image.revision", format!("{number:040x}")),
        ("org.opencontainers.image.source", "https://example.com/acme/image".to_owned()),
    ]);
    let mut image = PLATFORMS.iter().fold(Image::new().seed(&number.to_string()), |image, name| image.platform(name));
    for (key, value) in &facts {
        image = if annotated { image.entry_annotation(key, value) } else { image.label(key, value) };
    }
    image
}

/// The index by its tag, and the manifest of each platform by its digest, which is what a lock holds.
fn crane_each(crane: &Utf8Path, host: &str, images: &[Image]) -> Result<Duration> {
    let repository = format!("{host}/acme/image");
    let of_image = |(number, image): (usize, &Image)| {
        let platforms = PLATFORMS.iter().filter_map(|platform| image.manifest_of(platform));
        let platforms: Vec<String> = platforms.map(|manifest| format!("@{}", manifest.digest)).collect();
        std::iter::once(format!(":{number}")).chain(platforms).collect::<Vec<String>>()
    };
    let references: Vec<String> =
        images.iter().enumerate().flat_map(of_image).map(|reference| format!("{repository}{reference}\n")).collect();
    let references = references.concat();
    let mut command = Command::new("xargs");
    command.args(["-P", &AT_ONCE.to_string(), "-n", "1", crane.as_str(), "manifest", "--insecure"]);
    let start = std::time::Instant::now();
    let mut run = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    run.stdin.take().context("standard input is piped")?.write_all(references.as_bytes())?;
    ensure!(run.wait()?.success(), "crane failed");
    Ok(start.elapsed())
}

fn took(time: Duration, what: &str) {
    shell::status("Took", &format!("{:.2} s for {what}", time.as_secs_f64()));
}
