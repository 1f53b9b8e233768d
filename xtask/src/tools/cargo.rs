//! Tools written in Rust, built from crates.io with the versions of their own lockfile.

use anyhow::Result;
use camino::Utf8Path;
use fs_err::File;

use super::table::Tool;
use crate::shell;

/// Runs `cargo install` of a crate whose program has the tool's name.
pub(crate) fn install(tool: &Tool, stage: &Utf8Path, log: &mut File) -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args(["install", "--locked", "--root", stage.as_str(), "--version", tool.version, tool.name]);
    // Each runs once or twice in a job: building it faster saves more than running it faster.
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0").env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16").env_remove("CARGO_TARGET_DIR");
    shell::run(cargo.current_dir(stage), log)
}
