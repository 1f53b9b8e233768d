//! Guides of `docs/`, run as a person would follow them.
//!
//! A guide is Markdown. What it shows is what happens:
//!
//! - A fenced block behind a line that ends in a colon and names a path in backticks is that file: "In
//!   `deploy/values.yaml`:". With "add to" in the line, it is put at the file's end.
//! - In a block of `console`, lines that start with `$ ` are run by `sh`; a `\` at the end goes on. The lines below are
//!   printed by the command, in this order; it may print others between them. `…` stands for any text in a line, and
//!   runs of blanks are one. A command that ends in `# exits 1` ends so; all others end well.
//! - Other blocks are only read.
//!
//! Registries that are named in the guide are played by one on this machine.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use imagelock_testkit::{Image, Registry};
use regex::Regex;

use crate::{Monorepo, binary, tool_or_skip};

/// Registries that guides name, and that the test's registry plays.
const HOSTS: &[&str] = &["docker.io", "ghcr.io"];

/// What their images are: repository, tag, version.
const IMAGES: &[(&str, &str, &str)] = &[
    ("library/alpine", "3.22", "3.22.1"),
    ("library/nginx", "1.29", "1.29.3"),
    ("library/postgres", "16", "16.9"),
    ("library/redis", "8", "8.4.0"),
    ("acme/web", "1.4", "1.4.2"),
];

/// Programs as guides call them, and the tools that they are in `cargo xtask tools --list`.
const PROGRAMS: &[(&str, &str)] = &[
    ("bazel", "bazel7"),
    ("buildctl", "buildctl"),
    ("earth", "earth"),
    ("helm", "helm4"),
    ("jq", "jq"),
    ("kubectl", "kubectl"),
    ("kustomize", "kustomize"),
    ("terraform", "terraform"),
    ("tofu", "tofu"),
];

/// Plugins of `docker`, which run by themselves too, and the tools that they are.
const PLUGINS: &[(&str, &str)] = &[("buildx", "buildx"), ("compose", "docker-compose")];

/// A guide of `docs/` and what it needs beside its text.
pub struct Guide {
    text: String,
    replaced: Vec<(String, String)>,
    folders: Vec<(Utf8PathBuf, Utf8PathBuf)>,
    environment: Vec<(String, String)>,
}

/// One thing that the guide tells its reader to do.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    File { path: String, text: String, add: bool },
    Run { command: String, shown: Vec<String>, code: i32 },
}

impl Guide {
    /// Reads `docs/NAME.md`.
    pub fn read(name: &str) -> Self {
        let text = fs::read_to_string(checkout().join(format!("docs/{name}.md"))).expect("the guide is there");
        Self { text, replaced: Vec::new(), folders: Vec::new(), environment: Vec::new() }
    }

    /// Has another text in a text's place, in files, commands and what they print: the address of this repository, for
    /// one.
    #[must_use]
    pub fn replace(mut self, from: &str, to: &str) -> Self {
        self.replaced.push((from.to_owned(), to.to_owned()));
        self
    }

    /// Puts a folder of this repository into the reader's.
    #[must_use]
    pub fn folder(mut self, folder: &str, into: &str) -> Self {
        self.folders.push((checkout().join(folder), into.into()));
        self
    }

    /// Sets a variable for every command.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Follows the guide. Where a tool is absent, the test says that it is skipped.
    ///
    /// # Panics
    ///
    /// When the guide tells what does not happen.
    pub fn follow(mut self) {
        let registry = Registry::start().expect("a registry starts");
        for (repository, tag, version) in IMAGES {
            let image = Image::linux(["amd64", "arm64"]).seed(repository).created("2026-11-12T08:31:02Z");
            registry.push(&format!("{repository}:{tag}"), &image.label("org.opencontainers.image.version", version));
        }
        self.replaced.extend(HOSTS.iter().map(|host| ((*host).to_owned(), registry.host().to_owned())));
        for (from, to) in &self.replaced {
            self.text = self.text.replace(from, to);
        }
        let steps = steps(&self.text);
        assert!(steps.iter().any(|step| matches!(step, Step::Run { .. })), "the guide has no command");
        let Some(repo) = self.repository(&steps) else { return };
        for step in steps {
            match step {
                Step::File { path, text, add } => {
                    let old = if add { repo.read(&path) } else { String::new() };
                    repo.write(&path, format!("{old}{text}"));
                }
                Step::Run { command, shown, code } => run(&repo, &command, &shown, code),
            }
        }
    }

    /// A repository with the programs that the guide calls; nothing where one is absent.
    fn repository(&self, steps: &[Step]) -> Option<Monorepo> {
        let repo = Monorepo::builder().build();
        let programs = repo.home().join("bin");
        fs::create_dir_all(&programs).expect("the folder can be made");
        link(binary(), &programs.join("imagelock"));
        for (program, tool) in PROGRAMS {
            let called = |step: &Step| matches!(step, Step::Run { command, .. } if calls(command, program));
            if !steps.iter().any(called) {
                continue;
            }
            link(&tool_or_skip(tool)?, &programs.join(program));
        }
        let mut plugins = String::new();
        for (plugin, tool) in PLUGINS {
            let name = format!("docker {plugin} ");
            if steps.iter().any(|step| matches!(step, Step::Run { command, .. } if command.contains(&name))) {
                plugins += &format!("{plugin}) shift; exec {} \"$@\";;\n", tool_or_skip(tool)?);
            }
        }
        if !plugins.is_empty() {
            shim(&programs.join("docker"), &format!("case \"$1\" in\n{plugins}esac\nexit 125"));
        }
        for (from, into) in &self.folders {
            let into = repo.path(into);
            fs::create_dir_all(into.parent().expect("it is in the repository")).expect("the folder can be made");
            let copied = Command::new("cp").args(["-r", from.as_str(), into.as_str()]).status();
            assert!(copied.expect("`cp` starts").success(), "`{from}` cannot be copied");
        }
        let mut variables = vec![("PATH".to_owned(), format!("{programs}:/usr/bin:/bin"))];
        variables.extend(self.environment.iter().cloned());
        Some(repo.with_environment(variables))
    }
}

fn checkout() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the repository")
}

fn link(program: &Utf8Path, name: &Utf8Path) {
    std::os::unix::fs::symlink(program, name).expect("a link can be made");
}

fn shim(name: &Utf8Path, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(name, format!("#!/bin/sh\n{script}\n")).expect("the file can be written");
    fs::set_permissions(name, std::fs::Permissions::from_mode(0o755)).expect("it can be made a program");
}

/// Whether a command of a shell starts the program.
fn calls(command: &str, program: &str) -> bool {
    let starts = command.split(['|', ';', '&', '\n', '(']);
    let mut words = starts.filter_map(|part| part.split_whitespace().find(|word| !word.contains('=')));
    words.any(|word| word == program)
}

fn run(repo: &Monorepo, command: &str, shown: &[String], code: i32) {
    // As in a terminal, both streams are one.
    let output = repo.run(Utf8Path::new("/bin/sh"), ["-c", &format!("exec 2>&1\n{command}")]).exit(code);
    if let Some(line) = first_missing(shown, &output.stdout) {
        panic!("`{command}` does not print `{line}` there, but\n{}", output.stdout);
    }
}

/// The first line of the guide that is not printed behind those before it.
fn first_missing<'s>(shown: &'s [String], printed: &str) -> Option<&'s str> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let color = Regex::new("\u{1b}\\[[0-9;]*m").expect("the pattern is well formed");
    let printed = color.replace_all(printed, "");
    let mut lines = printed.lines().map(words);
    shown.iter().map(String::as_str).find(|line| {
        let pattern = words(line).split('…').map(regex::escape).collect::<Vec<_>>().join(".*");
        let pattern = Regex::new(&format!("^{pattern}$")).expect("what is escaped is a pattern");
        !lines.any(|printed| pattern.is_match(&printed))
    })
}

/// What a guide tells its reader to do.
fn steps(guide: &str) -> Vec<Step> {
    let path = Regex::new(r"`([^`\s]+)`").expect("the pattern is well formed");
    let mut steps = Vec::new();
    let mut before = "";
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            if !line.trim().is_empty() {
                before = line;
            }
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if language == "console" {
            steps.extend(runs(&block));
        } else if before.ends_with(':')
            && let Some(named) = path.captures_iter(before).last()
        {
            let add = before.to_lowercase().contains("add to");
            steps.push(Step::File { path: named[1].to_owned(), text: block.join("\n") + "\n", add });
        }
        before = "";
    }
    steps
}

fn runs(block: &[&str]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => {
                let code = command.rsplit_once("# exits ").and_then(|(_, code)| code.trim().parse().ok()).unwrap_or(0);
                steps.push(Step::Run { command: command.to_owned(), shown: Vec::new(), code });
            }
            (None, Some(Step::Run { command, .. })) if command.ends_with('\\') => {
                command.push('\n');
                command.push_str(line);
            }
            (None, Some(Step::Run { shown, .. })) if !line.trim().is_empty() => shown.push((*line).to_owned()),
            _ => {}
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUIDE: &str = "# A guide\n\nIn `deploy/a.yaml`, beside `b`:\n\nadd to the end of `x.toml`:\n\n```toml\n[a]\n```\n\nA picture:\n\n```text\nx\n```\n\n```console\n$ imagelock lock \\\n    --locked  # exits 1\n  Wrote …\n\n$ A=b helm template | jq .\n```\n";

    #[test]
    fn a_guide_is_files_and_commands() {
        let run = |command: &str, shown: &[&str], code| Step::Run {
            command: command.to_owned(),
            shown: shown.iter().map(|line| (*line).to_owned()).collect(),
            code,
        };
        let file = Step::File { path: "x.toml".to_owned(), text: "[a]\n".to_owned(), add: true };
        assert_eq!(
            steps(GUIDE),
            [
                file,
                run("imagelock lock \\\n    --locked  # exits 1", &["  Wrote …"], 0),
                run("A=b helm template | jq .", &[], 0)
            ]
        );
    }

    #[test]
    fn a_command_calls_programs_and_not_files_of_their_name() {
        assert!(calls("A=b helm template | jq .", "jq") && calls("A=b helm template", "helm"));
        assert!(!calls("cat helm", "helm"));
    }

    #[test]
    fn lines_are_printed_in_the_order_of_the_guide() {
        let shown = ["Wrote …".to_owned(), "a b".to_owned()];
        assert_eq!(first_missing(&shown, "  \u{1b}[32mWrote\u{1b}[0m   x\nother\na  b\n"), None);
        assert_eq!(first_missing(&shown, "a b\nWrote x\n"), Some("a b"));
    }
}
