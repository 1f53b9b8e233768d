//! `cargo xtask test`: the whole test suite, with the tools that it runs.
//!
//! `cargo test` runs one test program after another, and a program that waits for a server of Bazel's leaves the
//! machine idle. Here they run beside each other, the slow ones first, each with its output in one piece.

mod pool;
mod program;
mod summary;

use std::{
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::{Context as _, Result};

use self::summary::{Summary, Times};
use crate::{shell, tools::Tools};

/// Install the tools and run every test
#[derive(clap::Args)]
pub(crate) struct Test {
    /// Install no tools; the tests of absent ones are skipped
    #[arg(long)]
    no_tools: bool,
    /// Run `cargo test` with these arguments instead of everything
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Test {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let started = Instant::now();
        if !self.no_tools {
            let installed = Tools::default().run()?;
            // On a developer's machine a tool that cannot be had skips its tests, and each of them says so.
            if installed != ExitCode::SUCCESS && shell::in_ci() {
                return Ok(installed);
            }
        }
        let tools = started.elapsed();
        let noted = tempfile::NamedTempFile::new()?;
        if !self.arguments.is_empty() {
            let mut test = cargo();
            test.args(["test", "--workspace", "--locked"]).args(&self.arguments);
            let status = test.env(pool::NOTED, noted.path()).status().context("cannot start `cargo test`")?;
            for line in summary::skipped(&fs_err::read_to_string(noted.path())?) {
                shell::status("Skipped", &line);
            }
            return Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        let building = Instant::now();
        let built = program::Built::new()?;
        let build = building.elapsed();
        let testing = Instant::now();
        let ran = pool::run(&built, noted.path())?;
        let times = Times { tools, build, tests: testing.elapsed() };
        let summary = Summary::of(&ran, times, &fs_err::read_to_string(noted.path())?);
        for (verb, line) in summary.lines() {
            shell::status(verb, &line);
        }
        Ok(if summary.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// [`shell::cargo`], in the repository.
fn cargo() -> Command {
    let mut cargo = shell::cargo();
    cargo.current_dir(shell::repository());
    cargo
}
