//! What a chore says, and how it runs other programs.

use std::{
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err::File;

/// Prints a line of progress the way cargo does: the verb ends at the twelfth column.
pub(crate) fn status(verb: &str, message: &str) {
    // A closed terminal is no reason to stop a chore.
    drop(writeln!(io::stderr(), "{verb:>12} {message}"));
}

/// Prints a result on standard output.
pub(crate) fn result(text: &str) {
    drop(writeln!(io::stdout(), "{text}"));
}

/// Prints an error with its causes.
pub(crate) fn error(error: &anyhow::Error) {
    drop(writeln!(io::stderr(), "error: {error:#}"));
}

/// Whether this run is a continuous-integration job, where nothing may be skipped silently.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// The folder that holds the workspace's `Cargo.toml`.
pub(crate) fn repository() -> &'static Utf8Path {
    let here = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The cargo that runs this.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// What Git prints when it is run in a folder.
pub(crate) fn git(folder: &Utf8Path, arguments: &[&str]) -> Result<Vec<u8>> {
    let output = Command::new("git").current_dir(folder).args(arguments).output().context("cannot start `git`")?;
    if !output.status.success() {
        bail!("`git {}` failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}

/// Finds a program on `PATH`, or where Debian keeps the programs of the administrator.
pub(crate) fn find_program(name: &str) -> Option<Utf8PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = path.split(':').chain(["/usr/sbin", "/sbin"]).filter(|folder| !folder.is_empty());
    folders.map(|folder| Utf8Path::new(folder).join(name)).find(|file| file.is_file())
}

/// Runs a command to its end, everything it prints going to `log`; when it fails, the error ends with its last line.
pub(crate) fn run(command: &mut Command, log: &mut File) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    writeln!(log, "$ {command:?}")?;
    let start = log.seek(SeekFrom::End(0))?;
    let status = command
        .stdin(Stdio::null())
        .stdout(log.file().try_clone()?)
        .stderr(log.file().try_clone()?)
        .status()
        .with_context(|| format!("cannot start `{program}`"))?;
    if status.success() {
        return Ok(());
    }
    log.seek(SeekFrom::Start(start))?;
    let mut printed = Vec::new();
    log.read_to_end(&mut printed)?;
    let printed = String::from_utf8_lossy(&printed);
    let last = printed.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it printed nothing");
    bail!("`{program}` failed: {}", last.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> (tempfile::TempDir, File) {
        let folder = tempfile::tempdir().unwrap();
        let log = File::options().create(true).truncate(false).read(true).write(true).open(folder.path().join("log"));
        (folder, log.unwrap())
    }

    #[test]
    fn a_failed_command_is_explained_by_its_own_last_line() {
        let (_folder, mut log) = log();
        run(Command::new("sh").args(["-c", "echo of an earlier command"]), &mut log).unwrap();
        let error = run(Command::new("sh").args(["-c", "echo first; echo the reason; exit 3"]), &mut log).unwrap_err();
        assert_eq!(error.to_string(), "`sh` failed: the reason");
        let silent = run(Command::new("sh").args(["-c", "exit 3"]), &mut log).unwrap_err();
        assert_eq!(silent.to_string(), "`sh` failed: it printed nothing");
    }

    #[test]
    fn a_program_is_found_by_its_name_and_a_missing_one_is_not() {
        assert!(find_program("sh").is_some());
        assert_eq!(find_program("no-such-program-anywhere"), None);
    }
}
