//! `cargo xtask tools`: installs what the tests and benchmarks run, into a cache of the user's.
//!
//! Nothing is installed on the machine itself. What cannot be had here is named with the reason and with what is
//! skipped for want of it.

mod bazel;
mod bazel_modules;
mod cache;
mod cargo;
mod debian;
mod go;
mod table;

use std::{
    collections::VecDeque,
    fmt::Write as _,
    process::{Command, ExitCode},
    sync::{Mutex, PoisonError},
    thread,
    time::Instant,
};

use anyhow::{Context as _, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use fs_err::File;

pub(crate) use self::cache::program;
use self::{
    cache::Cache,
    table::{How, TOOLS, Tool},
};
use crate::shell;

/// Builds of Go programs fill every core by themselves; a second one fills the gaps while the first downloads.
const AT_ONCE: usize = 2;

/// Install the tools that the tests and benchmarks run
#[derive(clap::Args, Default)]
pub(crate) struct Tools {
    /// Install only these
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// List the tools and install nothing
    #[arg(long)]
    list: bool,
}

/// What became of one tool.
enum Outcome {
    Installed { seconds: u64 },
    AlreadyThere,
    OnPath(Utf8PathBuf),
    Impossible(String),
}

impl Tools {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let tools = self.selected()?;
        if self.list {
            let row = |tool: &&Tool| [tool.name.to_owned(), tool.version.to_owned(), tool.how.describe()];
            shell::result(&columns(&tools.iter().map(row).collect::<Vec<_>>()));
            return Ok(ExitCode::SUCCESS);
        }
        let cache = Cache::open()?;
        let outcomes = install_all(&cache, &tools);
        shell::result(&summary(&tools, &outcomes));
        // What no package registry has is nobody's failure.
        let failed = |(tool, outcome): (&&Tool, &Outcome)| {
            matches!(outcome, Outcome::Impossible(_)) && !matches!(tool.how, How::Path)
        };
        Ok(if tools.iter().zip(&outcomes).any(failed) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    /// One tool.
    pub(crate) fn only(name: &str) -> Self {
        Self { only: vec![name.to_owned()], list: false }
    }

    fn selected(&self) -> Result<Vec<&'static Tool>> {
        for name in &self.only {
            if !TOOLS.iter().any(|tool| tool.name == name) {
                let names = TOOLS.iter().map(|tool| tool.name).collect::<Vec<_>>().join(", ");
                bail!("no tool is called `{name}`; there are {names}");
            }
        }
        let wanted = |tool: &&Tool| {
            let all = self.only.is_empty() && (self.list || !matches!(tool.how, How::CargoOnDemand));
            all || self.only.iter().any(|name| tool.name == name)
        };
        Ok(TOOLS.iter().filter(wanted).collect())
    }
}

fn install_all(cache: &Cache, tools: &[&'static Tool]) -> Vec<Outcome> {
    let queue: Mutex<VecDeque<_>> = Mutex::new(tools.iter().copied().enumerate().collect());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let work = || {
        let mut done = Vec::new();
        while let Some((place, tool)) = next() {
            done.push((place, install(cache, tool)));
        }
        done
    };
    let mut outcomes = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        // A worker has nothing in it that panics.
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect::<Vec<_>>()
    });
    outcomes.sort_by_key(|(place, _)| *place);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Installs one tool, or finds the program that stands in for it.
fn install(cache: &Cache, tool: &Tool) -> Outcome {
    let title = format!("{} {}", tool.name, tool.version);
    match cache.find(tool) {
        Ok(Some(folder)) => match refresh(cache, tool, &folder) {
            Ok(()) => return Outcome::AlreadyThere,
            Err(error) => return Outcome::Impossible(format!("{error:#}")),
        },
        Ok(None) => {}
        Err(error) => return Outcome::Impossible(format!("{error:#}")),
    }
    if matches!(tool.how, How::Path) {
        return on_path(cache, tool).unwrap_or_else(|| Outcome::Impossible("not on PATH".to_owned()));
    }
    shell::status("Installing", &format!("{title} ({})", tool.how.describe()));
    let start = Instant::now();
    match make(cache, tool) {
        Ok(()) => {
            let seconds = start.elapsed().as_secs();
            shell::status("Installed", &format!("{title} in {seconds} s"));
            Outcome::Installed { seconds }
        }
        Err(error) => {
            let reason = format!("{error:#}");
            shell::status("Failed", &format!("{title}: {reason}"));
            on_path(cache, tool).unwrap_or(Outcome::Impossible(reason))
        }
    }
}

fn refresh(cache: &Cache, tool: &Tool, folder: &Utf8Path) -> Result<()> {
    let How::Bazel { packages, modules, .. } = tool.how else { return Ok(()) };
    let absent = bazel::absent(packages, folder);
    if !absent.is_empty() {
        shell::status("Adding", &format!("{} to the root of {}", absent.join(", "), tool.name));
        bazel::add(&absent, folder, &mut cache.log(tool)?)?;
    }
    bazel::refresh(tool, modules, folder)
}

fn make(cache: &Cache, tool: &Tool) -> Result<()> {
    let stage = cache.stage(tool)?;
    let mut log = cache.log(tool)?;
    let made = fill(tool, &stage, &mut log);
    if made.is_err() {
        fs::remove_dir_all(&stage)?;
        return made;
    }
    cache.publish(tool, &stage)
}

fn fill(tool: &Tool, stage: &Utf8Path, log: &mut File) -> Result<()> {
    match &tool.how {
        How::Go(package) => go::install(tool, package, stage, log)?,
        How::GoModule { package, replace } => {
            go::build_in_module(tool, package, replace, stage, log)?;
        }
        How::Own(folder) => go::build_own(tool, folder, stage, log)?,
        How::Cargo | How::CargoOnDemand => cargo::install(tool, stage, log)?,
        How::Debian { package, program } => debian::install(tool, package, program, stage, log)?,
        // The launcher starts a process that stays; Bazel itself was tried in its root already.
        How::Bazel { release, packages, modules } => {
            return bazel::install(tool, release, packages, *modules, stage, log);
        }
        How::Path => bail!("it is only ever taken from PATH"),
    }
    let mut check = Command::new(stage.join("bin").join(tool.name));
    shell::run(check.args(tool.check).current_dir(stage), log).context("the new program does not run")
}

/// Links the program of this machine that may stand in for a tool, when its version is the right one.
fn on_path(cache: &Cache, tool: &Tool) -> Option<Outcome> {
    let (program, shows) = tool.stand_in?;
    let found = shell::find_program(program)?;
    let output = Command::new(&found).args(tool.check).output().ok()?;
    let printed = [output.stdout, output.stderr].concat();
    if !String::from_utf8_lossy(&printed).contains(shows) {
        return None;
    }
    cache.link(tool, &found).ok()?;
    Some(Outcome::OnPath(found))
}

/// The table at the end of a run.
fn summary(tools: &[&Tool], outcomes: &[Outcome]) -> String {
    let row = |(tool, outcome): (&&Tool, &Outcome)| {
        let became = match outcome {
            Outcome::Installed { seconds } => format!("installed in {seconds} s"),
            Outcome::AlreadyThere => "already there".to_owned(),
            Outcome::OnPath(program) => format!("taken from {program}"),
            Outcome::Impossible(reason) => {
                format!("not possible here: {reason}; skips {}", tool.needed_by)
            }
        };
        [tool.name.to_owned(), tool.version.to_owned(), became]
    };
    columns(&tools.iter().zip(outcomes).map(row).collect::<Vec<_>>())
}

/// Rows as text, the columns aligned.
fn columns(rows: &[[String; 3]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    let mut text = String::new();
    for [name, version, rest] in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:first$}  {version:second$}  {rest}");
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let chore = Tools { only: vec!["helm".to_owned()], list: false };
        let error = chore.selected().err().unwrap().to_string();
        assert!(error.starts_with("no tool is called `helm`; there are bazel7, "), "{error}");
    }

    #[test]
    fn a_tool_that_is_not_possible_is_shown_with_what_it_skips() {
        let tool = TOOLS.iter().find(|tool| tool.name == "helm4").unwrap();
        let text = summary(&[tool], &[Outcome::Impossible("Go is not installed".to_owned())]);
        assert_eq!(text, "helm4  4.3.1  not possible here: Go is not installed; skips the Helm overlay with Helm 4");
    }
}
