//! `cargo xtask bench buildkit`: what a policy costs, measured by the harness of the end-to-end tests.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::shell;

/// Runs the benchmark, which prints its tables.
pub(super) fn run() -> Result<()> {
    super::build()?;
    let done = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "imagelock-tests", "--example", "bench_buildkit", "--"])
        .arg(super::imagelock())
        .current_dir(shell::repository())
        .status()?;
    ensure!(done.success(), "the benchmark failed");
    Ok(())
}
