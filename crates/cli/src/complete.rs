//! What a shell asks for while somebody types: the words that may come next.
//!
//! The script that `completions` prints has the shell run this program with the words so far and a variable that names the
//! shell. Options and commands are clap's to tell; the names of images are those that the nearest project declares. Files
//! are read as far as every command reads them, no program is started, and whatever is wrong with a project is not for a
//! prompt to say: it has no names then.

use std::ffi::OsString;
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use clap::CommandFactory as _;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::Shells;
use imagelock_core::ImageName;
use imagelock_core::project::Project;
use imagelock_core::update::Approved;

use crate::host::{Global, Host};
use crate::{Program, adapters, discover, session};

/// The variable by which a shell is known.
const VARIABLE: &str = "IMAGELOCK_COMPLETE";
/// What people type.
const PROGRAM: &str = "imagelock";

/// The script that makes a shell ask; nothing for one that is unknown.
pub(crate) fn script(shell: &str) -> std::io::Result<Vec<u8>> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let shell = shells.completer(shell).ok_or(std::io::ErrorKind::Unsupported)?;
    shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    Ok(script)
}

/// Answers a shell, if it is one that runs the program.
pub(crate) fn answer(arguments: &[OsString]) -> Option<ExitCode> {
    let shell = std::env::var_os(VARIABLE)?;
    let shells = Shells::builtins();
    let shell = shells.completer(shell.to_str()?)?;
    let words = typed(arguments)?;
    let directory = std::env::current_dir().ok();
    let mut answer = Vec::new();
    // Whatever is wrong, a prompt is no place for it.
    if shell.write_complete(&mut Program::command(), words.to_vec(), directory.as_deref(), &mut answer).is_err() {
        return Some(ExitCode::FAILURE);
    }
    Host::new(Global::default()).shell.content(&answer);
    Some(ExitCode::SUCCESS)
}

/// The words that somebody has typed so far: shells write them behind `--`.
fn typed(arguments: &[OsString]) -> Option<&[OsString]> {
    let at = arguments.iter().position(|argument| argument == "--")?;
    Some(&arguments[at + 1..]).filter(|words| !words.is_empty())
}

/// Completes an argument to what somebody may approve.
pub(crate) fn approvals() -> ArgValueCandidates {
    ArgValueCandidates::new(|| Approved::WORDS.into_iter().map(CompletionCandidate::new).collect())
}

/// Completes an argument to the names of the project's images.
pub(crate) fn image_names() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        let named = typed(&arguments).and_then(project);
        let names = names(named.as_deref()).unwrap_or_default();
        names.into_iter().map(|name| CompletionCandidate::new(name.to_string())).collect()
    })
}

/// The project that is named among the words.
fn project(words: &[OsString]) -> Option<Utf8PathBuf> {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let behind = words.windows(2).find(|pair| pair[0] == "--project").map(|pair| pair[1]);
    behind.or_else(|| words.iter().find_map(|word| word.strip_prefix("--project="))).map(Utf8PathBuf::from)
}

fn names(named: Option<&Utf8Path>) -> Option<Vec<ImageName>> {
    let directory = session::directory(&Host::new(Global::default())).ok()?;
    let found = discover::find_as_read(&directory, named).ok()??;
    let project = Project::parse(&found.sources, &adapters::names()).ok()?;
    Some(project.images.into_keys().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn the_words_stand_behind_two_dashes() {
        assert_eq!(typed(&words("imagelock -- imagelock up")), Some(&*words("imagelock up")));
        assert_eq!([typed(&words("imagelock lock")), typed(&words("imagelock --"))], [None, None]);
    }

    #[test]
    fn a_project_may_be_named_in_two_ways() {
        for text in ["imagelock --project a/images.toml update w", "imagelock why --project=a/images.toml w"] {
            assert_eq!(project(&words(text)), Some("a/images.toml".into()), "{text}");
        }
        assert_eq!(project(&words("imagelock update --project")), None);
    }
}
