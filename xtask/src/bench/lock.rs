//! `lock` with nothing to do.

use std::process::Command;

use anyhow::{Context as _, Result};
use fs_err as fs;
use imagelock_testkit::{Image, Registry};

use super::{Project, RUNS, Times, build, timed, tool};
use crate::shell;

pub(super) fn run() -> Result<()> {
    build()?;
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
