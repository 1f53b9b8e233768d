//! `cargo xtask mutants`: changes the meaning of one expression after another, and sees whether the crate's own tests notice.
//!
//! The work is cargo-mutants', which `.cargo/mutants.toml` tells what has no meaning to test, each with its reason.

use std::{
    collections::BTreeMap,
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, bail};
use fs_err as fs;
use serde_json::Value;

use crate::{
    shell,
    tools::{Tools, program},
};

const TOOL: &str = "cargo-mutants";

/// What cargo-mutants ends with when the tests passed without a change, and so tell something of those with one.
const NOTHING_SURVIVED: i32 = 0;
const SURVIVED: i32 = 2;
const ENDLESS: i32 = 3;

/// Change the meaning of the code, and see which changes no test notices
#[derive(clap::Args)]
pub(crate) struct Mutants {
    /// Only what changed since this revision
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// Only this crate; may be repeated
    #[arg(long = "crate", value_name = "NAME")]
    crates: Vec<String>,
    /// One of N parts of the work, as 1/4
    #[arg(long, value_name = "K/N", value_parser = shard)]
    shard: Option<String>,
    /// How many changes are tried at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    at_once: usize,
}

impl Mutants {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        if program(TOOL).is_none() && Tools::only(TOOL).run()? != ExitCode::SUCCESS {
            bail!("{TOOL} cannot be installed");
        }
        let tool = program(TOOL).context("cargo-mutants is not there")?;
        let scratch = tempfile::tempdir()?;
        let mut run = Command::new(tool);
        run.current_dir(shell::repository()).args(["mutants", "--colors=never"]);
        run.arg("--output").arg(scratch.path()).arg(format!("--jobs={}", self.at_once));
        if let Some(since) = &self.since {
            let diff = scratch.path().join("since.diff");
            let arguments = ["diff", "--no-ext-diff", "--no-color", "--end-of-options", since];
            fs::write(&diff, shell::git(shell::repository(), &arguments)?)?;
            run.arg("--in-diff").arg(diff);
        }
        for name in &self.crates {
            run.args(["--package", name]);
        }
        // Every part has some of each file.
        run.args(self.shard.iter().flat_map(|shard| ["--sharding=round-robin", "--shard", shard]));
        let status = run.status().context("cannot start cargo-mutants")?;
        // What was changed is told by the table; all else that it ends with, it has said itself.
        let Some(NOTHING_SURVIVED | SURVIVED | ENDLESS) = status.code() else { return Ok(ExitCode::FAILURE) };
        let Ok(outcomes) = fs::read_to_string(scratch.path().join("mutants.out/outcomes.json")) else {
            // Nothing of what the revision touched has a meaning to change.
            return Ok(ExitCode::SUCCESS);
        };
        let table = Table::of(&serde_json::from_str(&outcomes)?);
        shell::result(&table.text());
        Ok(if table.survived.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// What cargo-mutants counts from nought, people count from one.
fn shard(text: &str) -> Result<String, String> {
    let parts = text.split_once('/').and_then(|(part, of)| Some((part.parse::<u32>().ok()?, of.parse::<u32>().ok()?)));
    match parts {
        Some((part, of)) if (1..=of).contains(&part) => Ok(format!("{}/{of}", part - 1)),
        _ => Err("is no part of a whole, as in `1/4`".to_owned()),
    }
}

/// What became of the changes, by crate.
#[derive(Default)]
struct Table {
    crates: BTreeMap<String, Count>,
    survived: Vec<String>,
}

#[derive(Default)]
struct Count {
    noticed: usize,
    survived: usize,
}

impl Table {
    /// Reads the outcomes that cargo-mutants leaves. What does not compile has no meaning.
    fn of(outcomes: &Value) -> Self {
        let mut table = Self::default();
        for outcome in outcomes["outcomes"].as_array().into_iter().flatten() {
            let mutant = &outcome["scenario"]["Mutant"];
            let (Some(package), Some(name)) = (mutant["package"].as_str(), mutant["name"].as_str()) else { continue };
            let count = table.crates.entry(package.to_owned()).or_default();
            match outcome["summary"].as_str() {
                // A loop without an end is noticed by whoever waits for the test.
                Some("CaughtMutant" | "Timeout") => count.noticed += 1,
                Some("MissedMutant") => {
                    count.survived += 1;
                    table.survived.push(name.to_owned());
                }
                _ => {}
            }
        }
        table
    }

    fn text(&self) -> String {
        let mut text = format!("{:<28} {:>8} {:>8} {:>8}\n", "CRATE", "COMPILED", "NOTICED", "SURVIVED");
        for (name, Count { noticed, survived }) in &self.crates {
            text += &format!("{name:<28} {:>8} {noticed:>8} {survived:>8}\n", noticed + survived);
        }
        for survivor in &self.survived {
            text += &format!("survived: {survivor}\n");
        }
        text.truncate(text.trim_end().len());
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_part_is_counted_from_one() {
        assert_eq!(shard("1/4").unwrap(), "0/4");
        assert_eq!(shard("4/4").unwrap(), "3/4");
        for text in ["0/4", "5/4", "1", "1/0", "a/b"] {
            assert!(shard(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_nobody_noticed_is_counted_by_crate_and_named() {
        let mutant = |name: &str, summary: &str| json!({ "scenario": { "Mutant": { "package": "imagelock-core", "name": name } }, "summary": summary });
        let outcomes = json!({ "outcomes": [
            { "scenario": "Baseline", "summary": "Success" },
            mutant("a.rs:1:1: replace f -> bool with true", "CaughtMutant"),
            mutant("a.rs:2:1: replace > with <", "MissedMutant"),
            mutant("a.rs:3:1: replace += with -=", "Timeout"),
            mutant("a.rs:4:1: replace g", "Unviable"),
        ]});
        assert_eq!(
            Table::of(&outcomes).text(),
            "CRATE                        COMPILED  NOTICED SURVIVED\n\
             imagelock-core                      3        2        1\n\
             survived: a.rs:2:1: replace > with <"
        );
    }
}
