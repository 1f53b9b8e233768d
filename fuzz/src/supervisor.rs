//! The process that looks after the workers: it starts them, keeps what ended or stopped one, and sums up.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use fs_err as fs;
use imagelock_fuzz::minimize::minimize;
use imagelock_fuzz::{Target, corpus};
use serde_json::Value;

use crate::alone::{self, Alone, HANGS};
use crate::worker;

/// How often a worker that ended too early is followed by another, for one target.
const RESTARTS: u32 = 20;

/// How often a program is started at most to make one input small that ends it.
const TRIES: u32 = 200;

/// What came of one target.
#[derive(Default)]
struct Tally {
    executions: u64,
    novel: u64,
    /// By the place of the failure: what is told of it.
    failures: BTreeMap<String, String>,
}

impl Tally {
    /// Takes a line that a worker has printed.
    fn take(&mut self, line: &str) {
        let Ok(line) = serde_json::from_str::<Value>(line) else { return };
        let number = |key: &str| line[key].as_u64().unwrap_or_default();
        self.executions += number("executions");
        self.novel += number("novel");
        let text = |key: &str| line[key].as_str().unwrap_or_default();
        if !text("kind").is_empty() {
            let told =
                format!("{} at {}: {}\n{:>13}{}", text("kind"), text("place"), text("message"), "", text("path"));
            self.failures.insert(text("place").to_owned(), told);
        }
    }
}

/// Explores each target for some time with a number of workers.
pub(crate) fn supervise(targets: &[Target], seed: u64, time: Duration, jobs: usize) -> Result<ExitCode> {
    let scratch = std::env::temp_dir().join(format!("imagelock-fuzz-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    say("Seed", &format!("{seed}; `--seed {seed}` makes the same inputs"));
    let mut failed = false;
    for target in targets {
        let tally = Watch { target: *target, seed, until: Instant::now() + time, scratch: &scratch }.explore(jobs)?;
        let minutes = time.as_secs_f64() / 60.0;
        say(
            "Explored",
            &format!(
                "{}: {} executions in {minutes:.1} minutes on {jobs} cores, {} inputs of a new cost, {} failures",
                target.name,
                tally.executions,
                tally.novel,
                tally.failures.len()
            ),
        );
        for failure in tally.failures.values() {
            say("Failed", failure);
        }
        failed |= !tally.failures.is_empty();
    }
    fs::remove_dir_all(&scratch)?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn say(verb: &str, text: &str) {
    // A closed terminal is no reason to stop.
    drop(writeln!(io::stderr(), "{verb:>12} {text}"));
}

/// One target, until a moment.
struct Watch<'a> {
    target: Target,
    seed: u64,
    until: Instant,
    scratch: &'a Path,
}

struct Worker {
    child: Child,
    lines: JoinHandle<Vec<String>>,
    scratch: PathBuf,
    number: u64,
    since: Instant,
}

impl Watch<'_> {
    fn explore(&self, jobs: usize) -> Result<Tally> {
        let mut tally = Tally::default();
        let mut next = self.seed;
        let mut left = RESTARTS;
        let mut workers = Vec::new();
        for _ in 0..jobs {
            workers.push(self.start(&mut next)?);
        }
        while !workers.is_empty() {
            thread::sleep(Duration::from_millis(200));
            let mut running = Vec::new();
            for mut worker in workers {
                let Some(kind) = worker.ended()? else {
                    running.push(worker);
                    continue;
                };
                self.close(worker, kind, &mut tally)?;
                if kind != End::Done && left > 0 && Instant::now() < self.until {
                    left -= 1;
                    running.push(self.start(&mut next)?);
                }
            }
            workers = running;
        }
        Ok(tally)
    }

    fn start(&self, next: &mut u64) -> Result<Worker> {
        *next = next.wrapping_add(1);
        let scratch = self.scratch.join(format!("{}-{next}", self.target.name));
        let left = self.until.saturating_duration_since(Instant::now());
        let mut command = alone::program(self.target)?;
        command.args(["--seed", &next.to_string(), "--minutes", &(left.as_secs_f64() / 60.0).to_string()]);
        command.arg("--scratch").arg(&scratch).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().context("the fuzzer does not start a second time")?;
        let stdout = child.stdout.take().context("a worker has no output")?;
        let lines = thread::spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).collect());
        Ok(Worker { child, lines, scratch, number: 0, since: Instant::now() })
    }

    /// Takes what a worker has told, and what ended it.
    fn close(&self, worker: Worker, end: End, tally: &mut Tally) -> Result<()> {
        for line in worker.lines.join().unwrap_or_default() {
            tally.take(&line);
        }
        if end == End::Done {
            return Ok(());
        }
        let Some((number, input)) = worker::noted(&worker.scratch) else { return Ok(()) };
        tally.executions += number;
        // What a busy machine delays or ends is no fault of the input.
        match self.alone(&input)? {
            Alone::Crashes => self.keep("crash", &self.smaller(&input)?, tally),
            Alone::Hangs => self.keep("hang", &input, tally),
            Alone::Fails(kind) => self.keep(&kind, &input, tally),
            Alone::Fine => {
                let what = if end == End::Hang { "stood still" } else { "ended" };
                say("Passed", &format!("{}: a worker {what}, and its last input alone is fine", self.target.name));
                Ok(())
            }
        }
    }

    fn keep(&self, kind: &str, input: &[u8], tally: &mut Tally) -> Result<()> {
        let path = corpus::keep(corpus::folder(), self.target.name, kind, input)?.display().to_string();
        let told = format!("{kind} for {} bytes\n{:>13}{path}", input.len(), "");
        tally.failures.insert(path, told);
        Ok(())
    }

    /// Tries an input in a process of its own.
    fn alone(&self, input: &[u8]) -> Result<Alone> {
        let file = self.scratch.join(format!("{}-only", self.target.name));
        fs::write(&file, input)?;
        alone::tried(alone::program_for_one(self.target)?.arg("--only").arg(&file))
    }

    /// Makes an input small that ends the process, with a process for each try.
    fn smaller(&self, input: &[u8]) -> Result<Vec<u8>> {
        let mut left = TRIES;
        let mut failed = None;
        let small = minimize(input, |shorter| {
            let Some(fewer) = left.checked_sub(1) else { return false };
            left = fewer;
            self.alone(shorter).map_err(|error| failed = Some(error)) == Ok(Alone::Crashes)
        });
        failed.map_or(Ok(small), Err)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    Crash,
    Hang,
}

impl Worker {
    /// How the worker ended, if it has; one that tries the same input for too long is ended now.
    fn ended(&mut self) -> Result<Option<End>> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(Some(if status.success() { End::Done } else { End::Crash }));
        }
        let number = worker::noted(&self.scratch).map_or(0, |(number, _)| number);
        if number != self.number {
            (self.number, self.since) = (number, Instant::now());
        }
        if self.since.elapsed() < HANGS {
            return Ok(None);
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(Some(End::Hang))
    }
}
