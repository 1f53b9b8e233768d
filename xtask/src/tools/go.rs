//! Tools written in Go, built from the source that their version names.

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use camino::Utf8Path;
use fs_err as fs;
use fs_err::File;

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

/// A `go` command that depends on no other module and on no C compiler.
fn go(folder: &Utf8Path) -> Result<Command> {
    let Some(program) = shell::find_program("go") else {
        bail!("Go is not installed: no `go` on PATH");
    };
    let mut go = Command::new(program);
    go.current_dir(folder).env("CGO_ENABLED", "0").env("GOWORK", "off");
    Ok(go)
}
