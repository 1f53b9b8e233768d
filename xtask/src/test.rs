//! `cargo xtask test`: the whole test suite, with the tools that it runs.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::{shell, tools::Tools};

/// Install the tools and run every test
#[derive(clap::Args)]
pub(crate) struct Test {
    /// Install no tools; the tests of absent ones are skipped
    #[arg(long)]
    no_tools: bool,
    /// Arguments of `cargo test`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Test {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        if !self.no_tools {
            let installed = Tools::default().run()?;
            // On a developer's machine a tool that cannot be had skips its tests, and each of them says so.
            if installed != ExitCode::SUCCESS && shell::in_ci() {
                return Ok(installed);
            }
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut test = Command::new(cargo);
        test.current_dir(shell::repository()).args(["test", "--workspace", "--locked"]).args(&self.arguments);
        let status = test.status().context("cannot start `cargo test`")?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
