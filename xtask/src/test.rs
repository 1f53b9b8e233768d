//! `cargo xtask test`: the whole test suite, with the tools that it runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::{Command, ExitCode},
};

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
        test.current_dir(shell::repository()).args(["test", "--workspace", "--locked"]);
        // A job that nobody watches tells all that fails, and not the first alone.
        test.args(shell::in_ci().then_some("--no-fail-fast")).args(&self.arguments);
        let skipped = tempfile::NamedTempFile::new()?;
        test.env("IMAGELOCK_SKIPPED", skipped.path());
        let status = test.status().context("cannot start `cargo test`")?;
        for line in summary(&fs_err::read_to_string(skipped.path())?) {
            shell::status("Skipped", &line);
        }
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// What was skipped, a line for each tool that is not there; `noted` has the tool and the test on each line.
fn summary(noted: &str) -> Vec<String> {
    let mut tools: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (tool, test) in noted.lines().filter_map(|line| line.split_once(' ')) {
        tools.entry(tool).or_default().insert(test);
    }
    let line = |(tool, tests): (&str, BTreeSet<&str>)| {
        let noun = if tests.len() == 1 { "test" } else { "tests" };
        let names: Vec<&str> = tests.iter().copied().collect();
        format!("{} {noun} for want of {tool}: {}", tests.len(), names.join(", "))
    };
    tools.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_tests_are_told_by_the_tool_they_lack() {
        let noted = "helm3 b\nearth a::c\nhelm3 a\nhelm3 b\n";
        assert_eq!(summary(noted), ["1 test for want of earth: a::c", "2 tests for want of helm3: a, b"]);
        assert!(summary("").is_empty());
    }
}
