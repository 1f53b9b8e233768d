//! Asking the real tools, where they are installed, which images they would use.

use std::path::{Path, PathBuf};
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::Lockfile;

use crate::failure::{Failure, Kind, Problem};
use crate::shell::Shell;

/// A tool, how it is asked, and the images that its answer has to name by their digests.
struct Question {
    /// The names of the program, the first that is there is asked.
    programs: &'static [&'static str],
    /// What is run; the last run's output is the answer.
    runs: &'static [&'static [&'static str]],
    images: &'static [&'static str],
    /// The file that has the answer, where it is not printed.
    file: Option<&'static str>,
    /// What ends a server that the tool leaves.
    end: Option<&'static [&'static str]>,
}

const QUESTIONS: &[Question] = &[
    Question {
        programs: &["helm4", "helm3", "helm"],
        runs: &[&["template", "web", "deploy/chart", "-f", "deploy/chart/values.images.yaml"]],
        images: &["postgres", "redis", "static"],
        file: None,
        end: None,
    },
    Question {
        programs: &["kubectl"],
        runs: &[&["kustomize", "deploy/kustomize"]],
        images: &["postgres", "redis", "static"],
        file: None,
        end: None,
    },
    Question {
        programs: &["docker-compose"],
        runs: &[&["-f", "compose.yaml", "-f", "compose.images.yaml", "config"]],
        images: &["postgres", "redis"],
        file: None,
        end: None,
    },
    // Asked for what a bake file inherits, it needs no daemon.
    Question {
        programs: &["buildx"],
        runs: &[&["bake", "--print", "-f", "docker-bake.hcl", "-f", "build/contexts.json"]],
        images: &["postgres", "redis", "static"],
        file: None,
        end: None,
    },
    Question {
        programs: &["earth"],
        runs: &[&["debug", "ast", "services/jobs/Earthfile"], &["debug", "ast", "images/Earthfile"]],
        images: &["postgres", "redis", "static"],
        file: None,
        end: None,
    },
    Question {
        programs: &["tofu", "terraform"],
        runs: &[&["-chdir=infra", "init", "-no-color"], &["-chdir=infra", "plan", "-no-color"]],
        images: &["postgres", "redis", "static"],
        file: None,
        end: None,
    },
    // A shell reads what a marker has pinned.
    Question { programs: &["sh"], runs: &[&["tools/backup.sh"]], images: &["postgres"], file: None, end: None },
    // It runs without the network's registry of modules, as the one that `cargo xtask tools` installs does.
    Question {
        programs: &["bazel7"],
        runs: &[&["build", "@images//static", "//services/api:base"]],
        images: &["static"],
        file: Some("bazel-bin/services/api/base.txt"),
        end: Some(&["shutdown"]),
    },
];

/// Asks every tool that is installed. One that answers with another digest fails the run.
pub(super) fn ask(shell: &Shell, directory: &Utf8Path, lock: &Lockfile) -> Result<(), Failure> {
    for question in QUESTIONS {
        let name = question.programs[question.programs.len() - 1];
        let Some(program) = question.programs.iter().find_map(|name| find(name)) else {
            shell.attention("Skipped", &format!("{name} is not installed"));
            continue;
        };
        let answer = answer(&program, question, directory);
        let answer = match question.file {
            Some(file) => answer.and_then(|_| Ok(fs_err::read_to_string(directory.join(file))?)),
            None => answer,
        };
        if let Some(end) = question.end {
            drop(Command::new(&program).args(end).current_dir(directory).output());
        }
        let answer = answer?;
        for image in question.images {
            let locked = lock.images.get(*image).map(|image| image.digest.to_string()).unwrap_or_default();
            if !answer.contains(&locked) {
                let message = format!("{name} does not use the locked digest of `{image}`, {locked}");
                let mut problem = Problem::new(message);
                problem.lines = answer.lines().map(str::to_owned).collect();
                return Err(Failure::new(Kind::Check, problem));
            }
        }
        let command = question.runs[0].first().copied().unwrap_or_default();
        let command = if command.starts_with('-') { "" } else { command };
        shell.status("Agrees", &format!("{:24} {}", format!("{name} {command}"), question.images.join(", ")));
    }
    Ok(())
}

fn answer(program: &Path, question: &Question, directory: &Utf8Path) -> Result<String, Failure> {
    let mut answer = String::new();
    for arguments in question.runs {
        let mut command = Command::new(program);
        // buildx keeps notes of builds, which belong to the sample and not to the person.
        command.env("BUILDX_CONFIG", directory.join(".buildx"));
        let output = command.args(*arguments).current_dir(directory).output()?;
        if !output.status.success() {
            let mut problem = Problem::new(format!("`{} {}` failed", program.display(), arguments.join(" ")));
            problem.lines = String::from_utf8_lossy(&output.stderr).lines().map(str::to_owned).collect();
            return Err(Failure::new(Kind::Check, problem));
        }
        answer = String::from_utf8_lossy(&output.stdout).into_owned();
    }
    Ok(answer)
}

/// The program of a tool: one that `cargo xtask tools` installed, or one on the path.
fn find(name: &str) -> Option<PathBuf> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).map(Utf8PathBuf::from);
    let cache = variable("IMAGELOCK_TOOLS").or_else(|| {
        let base = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
        base.map(|base| base.join("imagelock/tools"))
    });
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = cache.map(|cache| cache.join("bin").into_std_path_buf());
    imagelock_files::program(installed.into_iter().chain(std::env::split_paths(&path)), name)
}
