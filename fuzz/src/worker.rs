//! The process that tries inputs.
//!
//! Before an input is tried it is written to a file, behind its number, so that the supervisor knows what ended or
//! stopped this process. Each failure, and the figures at the end, are a line of JSON on standard output.

use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use fs_err as fs;
use fs_err::File;
use imagelock_fuzz::explore::Explorer;
use imagelock_fuzz::judge::{Failure, judge};
use imagelock_fuzz::{Target, corpus};
use serde_json::{Value, json};

/// The stack of a target: half of what a thread has, because an optimised build needs less of it than a test.
const STACK: usize = 1 << 20;

/// Explores a target.
pub(crate) fn explore(target: Target, seed: u64, time: Duration, scratch: &str) -> Result<()> {
    let scratch = Scratch { file: File::create(scratch)?, number: 0 };
    on_a_small_stack(move || explored(target, seed, time, scratch))?
}

/// Tries one input; the exit code says whether it is fine.
pub(crate) fn only(target: Target, file: &str) -> Result<ExitCode> {
    let input = fs::read(file)?;
    let judged = on_a_small_stack(move || judge(target, &input))?;
    if let Err(failure) = judged {
        writeln!(io::stdout(), "{}", line(&failure, file))?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn on_a_small_stack<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let thread = thread::Builder::new().stack_size(STACK).spawn(body).context("no thread starts")?;
    thread.join().map_err(|_| anyhow!("the fuzzer itself panicked"))
}

fn explored(target: Target, seed: u64, time: Duration, mut scratch: Scratch) -> Result<()> {
    let mut explorer = Explorer::new(corpus::folder(), target, seed)?;
    let start = Instant::now();
    let mut told = 0;
    while start.elapsed() < time {
        let input = explorer.next_input();
        let mut noted = Ok(());
        explorer.attempt(input, &mut |input| noted = scratch.note(input));
        noted?;
        for (failure, input) in explorer.explored().failures.iter().skip(told) {
            let path = corpus::keep(corpus::folder(), target.name, failure.kind, input)?;
            writeln!(io::stdout(), "{}", line(failure, &path.display().to_string()))?;
        }
        told = explorer.explored().failures.len();
    }
    let explored = explorer.explored();
    let figures = json!({ "executions": explored.executions, "novel": explored.novel });
    writeln!(io::stdout(), "{figures}")?;
    Ok(())
}

fn line(failure: &Failure, path: &str) -> Value {
    json!({ "kind": failure.kind, "place": failure.place, "message": failure.message, "path": path })
}

/// The file that says which input is being tried.
struct Scratch {
    file: File,
    number: u64,
}

impl Scratch {
    fn note(&mut self, input: &[u8]) -> Result<()> {
        self.number += 1;
        let length = u64::try_from(input.len())?;
        let note = [&self.number.to_le_bytes(), &length.to_le_bytes(), input].concat();
        self.file.file().write_all_at(&note, 0)?;
        Ok(())
    }
}

/// Reads the number and the input that a worker noted last.
pub(crate) fn noted(scratch: &std::path::Path) -> Option<(u64, Vec<u8>)> {
    let bytes = fs::read(scratch).ok()?;
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    Some((u64::from_le_bytes(*number), rest.get(..length)?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_input_is_known_when_the_process_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scratch");
        let mut scratch = Scratch { file: File::create(&path).unwrap(), number: 0 };
        assert_eq!(noted(&path), None);
        scratch.note(b"a longer input").unwrap();
        scratch.note(b"short").unwrap();
        assert_eq!(noted(&path), Some((2, b"short".to_vec())));
    }
}
