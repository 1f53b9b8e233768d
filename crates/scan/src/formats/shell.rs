//! Where shell scripts, makefiles and files of environment variables may name images.
//!
//! None is certain: a script runs what its words become. Told are what `docker run` and `docker pull` are given, the values
//! of variables that are called images, and whole references with a digest.

use std::ops::Range;

use imagelock_core::Reference;

use super::paths::in_order;
use super::variables::variables;
use crate::comment::speaking;
use crate::{Format, Head, Lines, Named, Parsed, Site, Sure, Unreadable};

/// Scripts, and files of variables.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shell;

/// What runs images.
const ENGINES: &[&str] = &["docker", "podman", "nerdctl"];

/// Options of engines without a value.
const ALONE: &[&str] = &[
    "--all-tags",
    "--detach",
    "--init",
    "--interactive",
    "--no-healthcheck",
    "--no-hosts",
    "--oom-kill-disable",
    "--privileged",
    "--publish-all",
    "--quiet",
    "--read-only",
    "--replace",
    "--rm",
    "--tty",
];

impl Format for Shell {
    fn id(&self) -> &'static str {
        "shell"
    }

    fn about(&self) -> &'static str {
        "a script"
    }

    fn claims(&self, path: &Named<'_>, head: &dyn Head) -> bool {
        let name = path.file_name().unwrap_or_default();
        let script = matches!(path.extension(), Some("sh" | "bash" | "zsh" | "ksh" | "env" | "mk"));
        let shebang = || head.text().strip_prefix("#!").and_then(|rest| rest.lines().next());
        script
            || matches!(name, ".env" | "Makefile" | "GNUmakefile" | "makefile" | ".envrc")
            || name.starts_with(".env.")
            || path.extension().is_none() && shebang().is_some_and(|shebang| shebang.ends_with("sh"))
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        let lines = Lines::new(text);
        let (mut sites, mut at, mut command) = (Vec::new(), 0, Command::None);
        for line in text.split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            let goes_on = content.ends_with('\\');
            let content = content.strip_suffix('\\').unwrap_or(content);
            let (mut last, mut assigned) = ("", "");
            for word in words(content) {
                let (start, word) = (at + word.start, &content[word]);
                command = command.next(word);
                sites.extend(site(word, start, assigned, command, &lines));
                // `NAME ?= a:1` of a makefile.
                (last, assigned) = if matches!(word, "=" | ":=" | "?=" | "::=") { ("", last) } else { (word, "") };
            }
            if !goes_on {
                command = Command::None;
            }
            at += line.len();
        }
        Ok(Parsed { sites: in_order(sites), comments: speaking(text, &lines, &["#"], |_| false) })
    }

    fn quote(&self, _: &str, new: &str) -> Option<String> {
        Some(new.to_owned())
    }
}

/// How far a command has come that runs an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    /// It runs none.
    None,
    /// An engine was called.
    Engine,
    /// It runs or pulls: options follow, and the image.
    Runs,
    /// The value of an option follows.
    Value,
    /// This is the image.
    Image,
    /// The image is behind.
    Done,
}

impl Command {
    /// What a word makes of it.
    fn next(self, word: &str) -> Self {
        let name = word.rsplit('/').next().unwrap_or(word);
        if matches!(word, ";" | "&&" | "||" | "|" | "&" | "then" | "do" | "{" | "(") {
            return Self::None;
        }
        match self {
            Self::None | Self::Done if ENGINES.contains(&name.trim_start_matches(['@', '-', '$', '(', '`'])) => {
                Self::Engine
            }
            Self::Engine if matches!(word, "run" | "pull" | "create") => Self::Runs,
            Self::Engine if matches!(word, "container" | "image") => Self::Engine,
            Self::Engine => Self::None,
            Self::Value => Self::Runs,
            Self::Runs if takes_value(word) => Self::Value,
            Self::Runs if word.starts_with('-') => Self::Runs,
            Self::Runs => Self::Image,
            Self::Image => Self::Done,
            other => other,
        }
    }
}

/// Whether an option has its value in the next word.
fn takes_value(option: &str) -> bool {
    let Some(rest) = option.strip_prefix('-').filter(|_| !option.contains('=')) else { return false };
    match rest.strip_prefix('-') {
        Some(_) => !ALONE.contains(&option),
        // `-it` is two without a value; `-p8080:80` has its own.
        None => rest.len() == 1 && !matches!(rest, "d" | "i" | "q" | "t" | "P" | "a"),
    }
}

/// The place that a word is, or has the default of a variable for.
fn site(word: &str, start: usize, before: &str, command: Command, lines: &Lines) -> Option<Site> {
    let assigned = word.split_once('=').filter(|(name, _)| command != Command::Image && is_name(name));
    let (name, value, at) = match assigned {
        Some((name, value)) => (name, value, word.len() - value.len()),
        None => (before, word, 0),
    };
    let (value, at) = unquoted(value, at);
    let used = variables(value);
    let (value, at, name) = match &used[..] {
        [] => (value, at, name),
        [only] if only.span == (0..value.len()) => {
            let default = only.default.clone()?;
            let named = if command == Command::Image { "image" } else { only.name };
            (&value[default.clone()], at + default.start, named)
        }
        _ => return None,
    };
    let reference: Reference = value.parse().ok()?;
    let formed = reference.tag.is_some() || reference.digest.is_some();
    let called = name.to_ascii_lowercase().contains("image") && formed;
    let runs = command == Command::Image && is_word_of_image(value);
    let place = if command == Command::Image { "run" } else { name };
    (reference.digest.is_some() || called || runs)
        .then(|| Site::whole(start + at..start + at + value.len(), value, Sure::Possible, lines, place))
}

fn is_name(text: &str) -> bool {
    let name = text.trim_end_matches([':', '?', '+']);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_word_of_image(value: &str) -> bool {
    value.starts_with(|first: char| first.is_ascii_alphanumeric())
}

/// A value without the quotes round it.
fn unquoted(value: &str, at: usize) -> (&str, usize) {
    let inside = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    inside.map_or((value, at), |inside| (inside, at + 1))
}

/// The words of a line up to its comment; quotes and braces keep blanks together.
fn words(line: &str) -> Vec<Range<usize>> {
    let (mut words, mut start, mut quote, mut braces) = (Vec::new(), None, None, 0_usize);
    for (at, next) in line.char_indices() {
        match next {
            _ if quote == Some(next) => quote = None,
            _ if quote.is_some() => {}
            '#' if start.is_none() => break,
            '"' | '\'' => {
                quote = Some(next);
                start.get_or_insert(at);
            }
            '{' => {
                braces += 1;
                start.get_or_insert(at);
            }
            '}' => {
                braces = braces.saturating_sub(1);
                start.get_or_insert(at);
            }
            ' ' | '\t' if braces == 0 => words.extend(start.take().map(|start| start..at)),
            ';' | ')' if braces == 0 => {
                words.extend(start.take().map(|start| start..at));
                words.push(at..at + 1);
            }
            _ => {
                start.get_or_insert(at);
            }
        }
    }
    words.extend(start.map(|start| start..line.len()));
    words
}
