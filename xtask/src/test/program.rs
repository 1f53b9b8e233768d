//! The programs that hold the tests.

use std::{
    io::BufReader,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use camino::Utf8PathBuf;
use cargo_metadata::{Artifact, Message};

use super::cargo;

/// What takes longest is started first, so that nothing long is left for the end; the summary names the slowest.
const SLOW: &[&str] = &[
    "bazel7",
    "bazel4",
    "without_signatures",
    "projects",
    "documentation",
    "mirror",
    "guides",
    "syscalls",
    "buildkit",
    "spec",
    "helm",
    "hostile",
    "signatures",
    "reliability",
    "render",
    "allocation",
    "hostile_locks",
    "environment",
];

/// One program of tests.
pub(super) struct Program {
    /// The name of its package's folder.
    pub(super) package: String,
    /// The file of tests, or the crate.
    pub(super) name: String,
    run: Run,
}

enum Run {
    /// An executable, in the folder of its package.
    Executable { path: Utf8PathBuf, folder: Utf8PathBuf },
    /// The examples in the documentation, which rustdoc runs.
    Documentation,
}

/// The programs of tests in the order in which they start, and the `imagelock` that they run.
pub(super) struct Built {
    pub(super) programs: Vec<Program>,
    pub(super) imagelock: Utf8PathBuf,
}

impl Built {
    /// Builds them.
    pub(super) fn new() -> Result<Self> {
        let tests = artifacts(&["test", "--workspace", "--no-run"])?;
        let mut programs: Vec<Program> = tests.into_iter().filter_map(Program::of).collect();
        programs.push(Program::documentation("docs", "documentation"));
        let place = |program: &Program| SLOW.iter().position(|slow| *slow == program.name).unwrap_or(SLOW.len());
        programs.sort_by_cached_key(|program| (place(program), program.package.clone(), program.name.clone()));
        // As the harness of the tests asks for it, which says why; it need not for each program then.
        let built = artifacts(&["build", "--workspace", "--bin", "imagelock", "--examples"])?;
        // Examples are built beside it, and come in any order.
        let mut imagelock = built.into_iter().filter(|artifact| artifact.target.name == "imagelock");
        let imagelock = imagelock.find_map(|artifact| artifact.executable).context("`imagelock` is not built")?;
        Ok(Self { programs, imagelock })
    }
}

/// What a command of cargo builds.
fn artifacts(command: &[&str]) -> Result<Vec<Artifact>> {
    let mut build = cargo();
    build.args(command).args(["--locked", "--message-format=json-render-diagnostics"]).stdout(Stdio::piped());
    let mut build = build.spawn().context("cannot start cargo")?;
    let output = build.stdout.take().context("cargo has no output")?;
    let mut artifacts = Vec::new();
    for message in Message::parse_stream(BufReader::new(output)) {
        if let Message::CompilerArtifact(artifact) = message? {
            artifacts.push(artifact);
        }
    }
    if !build.wait()?.success() {
        bail!("the tests do not build");
    }
    Ok(artifacts)
}

impl Program {
    fn of(artifact: Artifact) -> Option<Self> {
        let path = artifact.executable.filter(|_| artifact.profile.test)?;
        let folder = artifact.manifest_path.parent()?.to_owned();
        let package = folder.file_name()?.to_owned();
        Some(Self { package, name: artifact.target.name, run: Run::Executable { path, folder } })
    }

    /// The examples in the documentation.
    pub(super) fn documentation(package: &str, name: &str) -> Self {
        Self { package: package.into(), name: name.into(), run: Run::Documentation }
    }

    /// The command that runs it.
    pub(super) fn command(&self) -> Command {
        match &self.run {
            Run::Executable { path, folder } => {
                let mut command = Command::new(path);
                command.current_dir(folder).env("CARGO_MANIFEST_DIR", folder);
                command
            }
            Run::Documentation => {
                let mut command = cargo();
                command.args(["test", "--workspace", "--locked", "--doc", "--quiet"]);
                command
            }
        }
    }
}
