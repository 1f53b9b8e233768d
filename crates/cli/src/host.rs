//! Where a command runs: the directory, the streams, and what the person calls the program.

use std::io::{IsTerminal, stderr, stdout};
use std::time::{Duration, SystemTime};

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum, ValueHint};
use imagelock_core::Created;
use imagelock_core::update::Day;
use terminal_size::terminal_size_of;

use crate::shell::{Shell, Stream};

/// Options that every command takes.
#[derive(Args, Clone, Debug, Default)]
pub struct Global {
    /// The project file, instead of the nearest images.toml above the working directory
    #[arg(long, global = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub project: Option<Utf8PathBuf>,
    /// What the result on standard output is
    #[arg(long, global = true, value_enum, default_value_t)]
    pub format: Format,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t)]
    pub color: Color,
    /// Say only what went wrong
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Requests to one registry at a time
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// How long registries may take in all: 90s, 10m, 2h [default: 1h; a day for pull and mirror]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub time_limit: Option<Duration>,
    /// What counts as now, a day or a time: 2026-11-28, 2026-11-28T06:00:00Z; a day alone is its end
    #[arg(long, global = true, value_name = "DATE", value_parser = moment)]
    pub as_of: Option<Created>,
    /// Do not read or write the cache of what registries answered
    #[arg(long, global = true)]
    pub no_cache: bool,
}

/// Reads `90s`, `10m` or `2h`; a number alone is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => Some(Duration::from_millis(1)),
        "" | "s" => Some(Duration::from_secs(1)),
        "m" | "min" => Some(Duration::from_mins(1)),
        "h" => Some(Duration::from_hours(1)),
        _ => None,
    };
    let number = digits.parse::<u32>().ok().filter(|number| *number > 0);
    let time = number.zip(unit).and_then(|(number, unit)| unit.checked_mul(number));
    time.ok_or_else(|| "write a time such as `90s`, `10m` or `2h`".to_owned())
}

/// Reads a time, or a day, which is its end: what is told to be eligible on that day is.
fn moment(text: &str) -> Result<Created, String> {
    let day = || Ok::<_, String>(text.parse::<Day>().map_err(|error| error.to_string())?.end());
    text.parse::<Created>().or_else(|_| day())
}

/// What the result on standard output is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people
    #[default]
    Text,
    /// JSON for programs
    Json,
    /// Of `check` and `scan`: findings in SARIF 2.1.0, for code scanning
    Sarif,
    /// Of `check` and `scan`: findings as annotations of GitHub's
    Github,
    /// Of `check`: findings as a report of tests (JUnit), for build servers
    Junit,
    /// Of `scan`: which file uses which image, for Mermaid
    Mermaid,
    /// Of `scan`: which file uses which image, for Graphviz
    Dot,
    /// Of `outdated` and `diff`: Markdown for a page or a comment
    Markdown,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Where a command runs.
pub struct Host {
    pub(crate) global: Global,
    pub(crate) directory: Option<Utf8PathBuf>,
    pub(crate) command: String,
    pub(crate) shell: Shell,
}

impl Host {
    /// The process's own directory and streams.
    pub fn new(global: Global) -> Self {
        let clever = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let stream = |terminal: bool, size: Option<(terminal_size::Width, terminal_size::Height)>| Stream {
            color: match global.color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => terminal && clever && !plain,
            },
            width: width(terminal, std::env::var("COLUMNS").ok().as_deref(), size.map(|(width, _)| width.0)),
        };
        let out = stream(stdout().is_terminal(), terminal_size_of(stdout()));
        let err = stream(stderr().is_terminal(), terminal_size_of(stderr()));
        let shell = Shell::new(out, err, stderr().is_terminal() && clever && !global.quiet, global.quiet);
        Self { global, directory: None, command: command_name(), shell }
    }

    /// Runs in `directory` instead of the process's own.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<Utf8PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// The same for one project of several, whose document is kept for that of all.
    pub(crate) fn within(&self, project: Utf8PathBuf) -> Self {
        let global = Global { project: Some(project), ..self.global.clone() };
        let (directory, command) = (self.directory.clone(), self.command.clone());
        Self { global, directory, command, shell: self.shell.aside() }
    }

    /// Now, or what somebody says that it is. Nothing below the commands reads a clock.
    pub(crate) fn now(&self) -> Created {
        if let Some(as_of) = &self.global.as_of {
            return as_of.clone();
        }
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Created::from_unix_seconds(since.as_secs().try_into().unwrap_or(i64::MAX))
    }

    /// What messages tell people to type in front of a command's name; `cargo xtask` or `imagelock`, by the name of
    /// the running program, unless it is said here.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = command.into();
        self
    }
}

/// How wide what is written to a stream may be: what `COLUMNS` says of a terminal, or what the terminal says itself. What
/// is no terminal takes lines of any length.
fn width(terminal: bool, said: Option<&str>, measured: Option<u16>) -> Option<usize> {
    let said = said.and_then(|said| said.parse().ok());
    said.or(measured).filter(|width| terminal && *width > 0).map(usize::from)
}

/// What the person typed, by the name of the program: an `xtask` is run through Cargo's alias of that name.
fn command_name() -> String {
    let program = std::env::args_os().next().map(std::path::PathBuf::from);
    match program.as_deref().and_then(|path| path.file_stem()).and_then(|stem| stem.to_str()) {
        Some("cargo-images") => "cargo images".to_owned(),
        Some(name) if name.ends_with("xtask") => "cargo xtask".to_owned(),
        _ => "imagelock".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_has_a_width() {
        assert_eq!(width(true, None, Some(80)), Some(80));
        assert_eq!(width(true, Some("120"), Some(80)), Some(120));
        assert_eq!(width(true, Some("wide"), Some(80)), Some(80));
        assert_eq!(width(true, None, None), None);
        assert_eq!(width(true, Some("0"), Some(80)), None);
        assert_eq!(width(false, Some("120"), None), None);
    }

    #[test]
    fn a_moment_is_a_time_or_the_end_of_a_day() {
        let read = |text: &str| moment(text).map(|moment| moment.to_string());
        assert_eq!(read("2026-11-28").unwrap(), "2026-11-28T23:59:59Z");
        assert_eq!(read("2026-11-28T06:00:00+02:00").unwrap(), "2026-11-28T04:00:00Z");
        assert!(read("yesterday").unwrap_err().contains("write it as `2026-12-31`"));
    }

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("10m", 600), ("10min", 600), ("2h", 7200)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("50ms"), Ok(Duration::from_millis(50)));
        for text in
            ["", "s", "0", "0h", "-1s", "1.5h", "2d", "10 m", "h2", "99999999999999999999s", "9999999999999999999h"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
