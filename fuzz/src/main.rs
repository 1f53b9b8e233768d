//! What `cargo xtask fuzz` runs: explores targets with fresh inputs on every core, and keeps what fails.
//!
//! A process for each core tries inputs; the first process looks after them, because an input may end or stop the one
//! that tries it. `worker.rs` is the one, `supervisor.rs` the other; `alone.rs` tries again what ended a worker.

mod alone;
mod supervisor;
mod worker;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use imagelock_fuzz::{TARGETS, Target, target};

/// Explores fuzz targets with fresh inputs, and keeps what fails in fuzz/regressions
#[derive(Parser)]
#[command(name = "cargo xtask fuzz", bin_name = "cargo xtask fuzz")]
struct Arguments {
    /// The targets; all of them when none is named
    targets: Vec<String>,
    /// How long each target is explored
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    minutes: f64,
    /// How many inputs are tried at a time; one for each core when nothing is said
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Where the numbers start from which inputs are made; another one in every run when nothing is said
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Prints the names of the targets
    #[arg(long)]
    list: bool,
    /// Tries inputs in this process, and notes each in this file first
    #[arg(long, hide = true)]
    scratch: Option<String>,
    /// Tries this file alone
    #[arg(long, hide = true)]
    only: Option<String>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            drop(writeln!(io::stderr(), "error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    if arguments.list {
        for target in TARGETS {
            writeln!(io::stdout(), "{}", target.name)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let targets = wanted(&arguments.targets)?;
    let time = Duration::try_from_secs_f64(arguments.minutes * 60.0).context("`--minutes` is no length of time")?;
    let seed = arguments.seed.unwrap_or_else(fresh);
    if let ([target], Some(file)) = (targets.as_slice(), &arguments.only) {
        return worker::only(*target, file);
    }
    if let ([target], Some(scratch)) = (targets.as_slice(), &arguments.scratch) {
        worker::explore(*target, seed, time, scratch)?;
        return Ok(ExitCode::SUCCESS);
    }
    let jobs = arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    supervisor::supervise(&targets, seed, time, jobs.max(1))
}

fn wanted(names: &[String]) -> Result<Vec<Target>> {
    if names.is_empty() {
        return Ok(TARGETS.to_vec());
    }
    let known = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    names
        .iter()
        .map(|name| match target(name) {
            Some(target) => Ok(target),
            None => bail!("no target is called `{name}`; there are {}", known()),
        })
        .collect()
}

/// A number that no run before had.
fn fresh() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::from(now.subsec_nanos()) ^ now.as_secs().rotate_left(32)
}
