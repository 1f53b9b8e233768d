//! Tools written in Go, built from the source that their version names.

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use camino::Utf8Path;
use fs_err as fs;
use fs_err::File;
use imagelock_core::Digest;

use super::table::Tool;
use crate::shell;

/// Runs `go install` of a package and leaves the program at `bin/<tool>` of the stage.
pub(crate) fn install(tool: &Tool, package: &str, stage: &Utf8Path, log: &mut File) -> Result<()> {
    let bin = stage.join("bin");
    let mut go = go(stage)?;
    go.args(["install", "-trimpath", "-ldflags=-s", &format!("{package}@v{}", tool.version)]);
    shell::run(go.env("GOBIN", &bin), log)?;
    // The program has the name of its package's folder.
    let mut made = fs::read_dir(&bin)?;
    let program = made.next().with_context(|| format!("`go install {package}` left no program"))??;
    fs::rename(program.path(), bin.join(tool.name))?;
    Ok(())
}

/// Builds a package as a dependency of an empty module.
pub(crate) fn build_in_module(
    tool: &Tool,
    package: &str,
    replace: &[(&str, &str)],
    stage: &Utf8Path,
    log: &mut File,
) -> Result<()> {
    let module = stage.join("module");
    fs::create_dir(&module)?;
    shell::run(go(&module)?.args(["mod", "init", "tool"]), log)?;
    for (old, new) in replace {
        shell::run(go(&module)?.args(["mod", "edit", &format!("-replace={old}={new}")]), log)?;
    }
    shell::run(go(&module)?.args(["get", &format!("{package}@v{}", tool.version)]), log)?;
    let program = stage.join("bin").join(tool.name);
    let mut build = go(&module)?;
    shell::run(build.args(["build", "-trimpath", "-ldflags=-s", "-o", program.as_str(), package]), log)?;
    fs::remove_dir_all(module)?;
    Ok(())
}

/// Builds a program of this repository.
pub(crate) fn build_own(tool: &Tool, folder: &str, stage: &Utf8Path, log: &mut File) -> Result<()> {
    let program = stage.join("bin").join(tool.name);
    let mut build = go(&shell::repository().join(folder))?;
    build.args(["build", "-mod=readonly", "-trimpath", "-ldflags=-s", "-o", program.as_str(), "."]);
    shell::run(&mut build, log)
}

/// What stands for the version of a program of this repository: the start of the digest of all its files.
pub(crate) fn source_version(folder: &Utf8Path) -> Result<String> {
    let mut paths: Vec<_> = folder.read_dir_utf8()?.collect::<Result<_, _>>()?;
    paths.sort_by(|one, other| one.file_name().cmp(other.file_name()));
    let mut source = Vec::new();
    for entry in paths.iter().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())) {
        let bytes = fs::read(entry.path())?;
        source.extend(format!("{} {}\n", entry.file_name(), bytes.len()).into_bytes());
        source.extend(bytes);
    }
    Ok(Digest::sha256(&source).hex().chars().take(12).collect())
}

/// A `go` command that depends on no other module and on no C compiler.
fn go(folder: &Utf8Path) -> Result<Command> {
    let Some(program) = shell::find_program("go") else {
        bail!("Go is not installed: no `go` on PATH");
    };
    let mut go = Command::new(program);
    go.current_dir(folder).env("CGO_ENABLED", "0").env("GOWORK", "off");
    Ok(go)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_another_version_when_its_source_changes() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let version = |text: &str| {
            fs::write(folder.join("main.go"), text).unwrap();
            source_version(folder).unwrap()
        };
        let first = version("package main");
        assert_ne!(version("package other"), first);
        assert_eq!(version("package main"), first);
        assert_eq!(first.len(), 12);
    }
}
