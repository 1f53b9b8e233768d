//! `cargo xtask generate`: the texts in this repository that are made from code.

use std::{fmt::Write as _, process::ExitCode};

use anyhow::Result;
use camino::Utf8Path;
use fs_err as fs;
use imagelock::clap::{self, Args as _, Subcommand as _};

use crate::{module_docs, shell};

/// Write the texts that are made from code
#[derive(clap::Args)]
pub(crate) struct Generate {
    /// Write nothing; fail if a text is not what the code makes
    #[arg(long)]
    check: bool,
}

impl Generate {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let mut stale = false;
        for (file, text) in texts()? {
            let path = shell::repository().join(file);
            if is_current(&path, &text) {
                shell::status("Fresh", file);
            } else if self.check {
                shell::status("Stale", &format!("{file}; run `cargo xtask generate`"));
                stale = true;
            } else {
                fs::write(path, text)?;
                shell::status("Wrote", file);
            }
        }
        Ok(if stale { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// Every such file with the text that it should have.
fn texts() -> Result<[(&'static str, String); 2]> {
    Ok([("docs/commands.md", commands()), ("integrations/terraform/module/README.md", module_docs::page()?)])
}

fn is_current(path: &Utf8Path, text: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|old| old == text)
}

/// The help of every command, as a page.
fn commands() -> String {
    let program = imagelock::Global::augment_args(clap::Command::new("imagelock").disable_help_subcommand(true));
    // A fixed width, because the page must not depend on the terminal that it was made in.
    let mut program = imagelock::Command::augment_subcommands(program).term_width(100);
    program.build();
    let mut page = "# Commands\n\n<!-- Made by `cargo xtask generate` from the commands' own help. -->\n\n".to_owned();
    page.push_str("`imagelock COMMAND`, `cargo images COMMAND` and, in a repository with an xtask, ");
    page.push_str("`cargo xtask COMMAND` are the same.\n");
    for command in program.get_subcommands().filter(|command| !command.is_hide_set()) {
        // What every command takes is told once, below.
        let mut command = command.clone().mut_args(|argument| {
            let everywhere = argument.is_global_set();
            argument.hide(everywhere)
        });
        let help = command.render_long_help().to_string();
        section(&mut page, command.get_name(), &help);
    }
    let everywhere = imagelock::Global::augment_args(clap::Command::new("imagelock"));
    let mut everywhere =
        everywhere.term_width(100).disable_help_flag(true).override_usage("imagelock COMMAND [OPTIONS]");
    section(&mut page, "Options of every command", &everywhere.render_long_help().to_string());
    page
}

fn section(page: &mut String, title: &str, help: &str) {
    let help = help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    // Writing to a string cannot fail.
    let _ = write!(page, "\n## {title}\n\n```text\n{}\n```\n", help.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_from_code_is_current() {
        for (file, text) in texts().unwrap() {
            assert!(is_current(&shell::repository().join(file), &text), "{file} is stale: run `cargo xtask generate`");
        }
    }

    #[test]
    fn every_command_has_its_help_on_the_page() {
        let page = commands();
        assert!(page.contains("\n## lock\n\n```text\n"), "{page}");
        assert!(page.contains("Usage: imagelock lock [OPTIONS]"), "{page}");
        assert_eq!(page.matches("--project <PATH>").count(), 1, "{page}");
    }
}
