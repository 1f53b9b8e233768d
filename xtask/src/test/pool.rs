//! Several programs of tests beside each other.

use std::{
    io::{Read as _, Seek as _, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::program::{Built, Program};
use crate::shell;

/// Where a test notes that it was skipped, and for want of what.
pub(super) const NOTED: &str = "IMAGELOCK_SKIPPED";

/// A file system in memory, which every `fsync` of a test is quick on.
const MEMORY: &str = "/dev/shm";

/// What the tests write at a time, with room to spare, in KiB.
const SCRATCH: u64 = 4 << 20;

/// A program that has ended.
pub(super) struct Ran<'a> {
    pub(super) program: &'a Program,
    pub(super) succeeded: bool,
    pub(super) output: String,
    pub(super) took: Duration,
}

/// Runs all programs, each to its end whatever the others do. What one prints is printed when it ends.
pub(super) fn run<'a>(built: &'a Built, noted: &Path) -> Result<Vec<Ran<'a>>> {
    let cores = thread::available_parallelism()?.get();
    let scratch = scratch();
    let (next, ran) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || -> Result<()> {
        while let Some(program) = built.programs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut command = program.command();
            command
                .env(NOTED, noted)
                .env("IMAGELOCK_BINARY", &built.imagelock)
                .envs(scratch.map(|folder| ("TMPDIR", folder)));
            let one = one(program, command)?;
            let mut ran = ran.lock().unwrap_or_else(PoisonError::into_inner);
            shell::status("Ran", &format!("{} of {} in {} s", program.name, program.package, one.took.as_secs()));
            // A closed terminal is no reason to stop the tests.
            drop(std::io::stdout().write_all(one.output.as_bytes()));
            ran.push(one);
        }
        Ok(())
    };
    // One more than there are cores: those that use real tools wait for them.
    thread::scope(|scope| {
        let workers: Vec<_> = (0..=cores).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    Ok(ran.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn one(program: &Program, mut command: Command) -> Result<Ran<'_>> {
    let started = Instant::now();
    // Both in one file, so that what a failed test says stands where it failed. A pipe would stay open for as long as a server
    // runs that a test has started.
    let mut file = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file.try_clone()?);
    let status = command.status().with_context(|| format!("cannot start the tests `{}`", program.name))?;
    let succeeded = status.success();
    let mut output = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut output)?;
    Ok(Ran { program, succeeded, output: String::from_utf8_lossy(&output).into_owned(), took: started.elapsed() })
}

/// The file system in memory, where there is room in it and nobody has said where scratch files go.
fn scratch() -> Option<&'static str> {
    if std::env::var_os("TMPDIR").is_some() {
        return None;
    }
    let told = Command::new("df").args(["-k", "--output=fstype,avail", MEMORY]).output().ok()?;
    has_room(&String::from_utf8_lossy(&told.stdout)).then_some(MEMORY)
}

fn has_room(told: &str) -> bool {
    let mut words = told.lines().nth(1).unwrap_or_default().split_whitespace();
    words.next() == Some("tmpfs")
        && words.next().and_then(|free| free.parse().ok()).is_some_and(|free: u64| free >= SCRATCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scratch_files_go_to_memory_where_it_has_room_for_them() {
        let told = |kind: &str, free: u64| format!("Type   Avail\n{kind} {free}\n");
        assert!(has_room(&told("tmpfs", SCRATCH)));
        assert!(!has_room(&told("tmpfs", SCRATCH - 1)));
        assert!(!has_room(&told("ext4", SCRATCH)));
        assert!(!has_room("df: /dev/shm: No such file or directory\n"));
    }
}
