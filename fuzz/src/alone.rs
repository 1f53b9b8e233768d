//! One input in a process of its own, which tells what it does apart from what the machine does.
//!
//! Where others use the machine too, an input may take any time by the clock; a processor's time is its own.

use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use imagelock_fuzz::Target;
use serde_json::Value;

/// How long one input may keep a processor busy. All of them take milliseconds.
pub(crate) const HANGS: Duration = Duration::from_secs(30);

/// How long one input may take at all, by the clock: one that waits for something uses no processor.
const STANDS: Duration = Duration::from_mins(10);

/// The address space of a process in KiB: what asks for more is ended, and kept.
const MEMORY: u64 = 4 << 20;

/// The signal for a process that has used up its time, on every system that has it.
const SIGXCPU: i32 = 24;

/// What an input did that was tried alone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Alone {
    /// Nothing that is wrong.
    Fine,
    /// It failed, and the process told the kind of the failure.
    Fails(String),
    /// It ended the process.
    Crashes,
    /// It used up the time of a processor, or stood still.
    Hangs,
}

/// This program for one target, with a bound on its memory where the system has one.
pub(crate) fn program(target: Target) -> Result<Command> {
    limited(&format!("ulimit -v {MEMORY}"), target)
}

/// The same for one input, which a processor may try for [`HANGS`].
pub(crate) fn program_for_one(target: Target) -> Result<Command> {
    limited(&format!("ulimit -v {MEMORY}; ulimit -S -t {}", HANGS.as_secs()), target)
}

fn limited(limits: &str, target: Target) -> Result<Command> {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{{ {limits}; ulimit -c 0; }} 2>/dev/null; exec \"$0\" \"$@\"")]);
    command.arg(std::env::current_exe()?).arg(target.name).stdin(Stdio::null());
    Ok(command)
}

/// Runs a command that tries one input, to its end.
pub(crate) fn tried(command: &mut Command) -> Result<Alone> {
    let start = Instant::now();
    let spawned = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = spawned.context("the fuzzer does not start a second time")?;
    let mut stdout = child.stdout.take().context("the second process has no output")?;
    let told = thread::spawn(move || {
        let mut told = String::new();
        stdout.read_to_string(&mut told).map(|_| told)
    });
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > STANDS {
            child.kill()?;
            child.wait()?;
            return Ok(Alone::Hangs);
        }
        thread::sleep(Duration::from_millis(5));
    };
    let told = told.join().ok().and_then(Result::ok).unwrap_or_default();
    Ok(match status.code() {
        Some(0) => Alone::Fine,
        Some(code) => {
            let told: Value = serde_json::from_str(&told).unwrap_or_default();
            let kind = told["kind"].as_str();
            Alone::Fails(kind.with_context(|| format!("a process for one input ended with code {code}"))?.to_owned())
        }
        None if status.signal() == Some(SIGXCPU) => Alone::Hangs,
        None => Alone::Crashes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(script: &str) -> Result<Alone> {
        tried(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn what_an_input_does_alone_is_told_by_how_its_process_ends() {
        assert_eq!(alone("exit 0").unwrap(), Alone::Fine);
        assert_eq!(alone(r#"echo '{"kind": "steps"}'; exit 1"#).unwrap(), Alone::Fails("steps".to_owned()));
        assert_eq!(alone("kill -SEGV $$").unwrap(), Alone::Crashes);
        assert!(alone("exit 2").is_err());
    }

    #[test]
    fn time_of_a_processor_is_counted_and_not_that_of_a_clock() {
        assert_eq!(alone("ulimit -S -t 1; while :; do :; done").unwrap(), Alone::Hangs);
        // One that waits, as behind others on a busy machine, for longer than its second.
        assert_eq!(alone("ulimit -S -t 1; exec sleep 1.2").unwrap(), Alone::Fine);
    }
}
