//! `cargo xtask fuzz`: explores the fuzz targets with fresh inputs, on every core.
//!
//! The work is done by the program of the package `imagelock-fuzz`, which is built with a profile of its own.

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::shell;

/// Explore the fuzz targets with fresh inputs, and keep what fails in fuzz/regressions
#[derive(clap::Args)]
pub(crate) struct Fuzz {
    /// The targets; all of them when none is named
    targets: Vec<String>,
    /// How long each target is explored
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    minutes: f64,
    /// How many inputs are tried at a time; one for each core when nothing is said
    #[arg(long, value_name = "N")]
    at_once: Option<usize>,
    /// Make the inputs of an earlier run
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The Cargo profile of the build; `dev` is there already, and slow
    #[arg(long, default_value = "fuzz", value_name = "NAME")]
    profile: String,
}

impl Fuzz {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let mut cargo = shell::cargo();
        cargo.current_dir(shell::repository());
        cargo.args(["run", "--quiet", "--locked", "--package", "imagelock-fuzz", "--profile", &self.profile]);
        cargo.arg("--").args(&self.targets).args(["--minutes", &self.minutes.to_string()]);
        cargo.args(self.at_once.map(|number| format!("--jobs={number}")));
        cargo.args(self.seed.map(|seed| format!("--seed={seed}")));
        let status = cargo.status().context("cannot start `cargo run`")?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
