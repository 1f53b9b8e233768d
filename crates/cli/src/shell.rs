//! The only way out: status and errors to standard error, results to standard output.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use imagelock_core::text::{escape_json, steers};
use indicatif::MultiProgress;

const GREEN: Style = AnsiColor::BrightGreen.on_default().bold();
const CYAN: Style = AnsiColor::BrightCyan.on_default().bold();
pub(crate) const RED: Style = AnsiColor::BrightRed.on_default().bold();
pub(crate) const YELLOW: Style = AnsiColor::BrightYellow.on_default().bold();

/// The columns that a verb takes, right-aligned as Cargo prints them, and the space behind it.
const VERB: usize = 13;

/// What a stream may be given.
#[derive(Clone, Copy, Default)]
pub(crate) struct Stream {
    /// Whether it takes colours.
    pub(crate) color: bool,
    /// The columns of the terminal that it is; nothing where it is none, and whatever is written there stays whole.
    pub(crate) width: Option<usize>,
}

/// The two streams, and how they may be used.
pub(crate) struct Shell {
    pub(crate) out: Stream,
    pub(crate) err: Stream,
    pub(crate) terminal: bool,
    quiet: bool,
    answered: AtomicBool,
    /// What stands in standard output's place for the result of one run of several.
    aside: Option<Mutex<Option<String>>>,
    pub(crate) progress: MultiProgress,
}

impl Shell {
    pub(crate) fn new(out: Stream, err: Stream, terminal: bool, quiet: bool) -> Self {
        let (answered, progress) = (AtomicBool::new(false), MultiProgress::new());
        Self { out, err, terminal, quiet, answered, aside: None, progress }
    }

    /// The same for one run of several: its result for programs is kept.
    pub(crate) fn aside(&self) -> Self {
        Self { aside: Some(Mutex::default()), ..Self::new(self.out, self.err, self.terminal, self.quiet) }
    }

    /// The result for programs that was kept.
    pub(crate) fn taken(&self) -> Option<String> {
        self.aside.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The columns behind a verb.
    pub(crate) fn room(&self) -> Option<usize> {
        self.err.width.map(|width| width.saturating_sub(VERB))
    }

    /// A verb of something done.
    pub(crate) fn status(&self, verb: &str, text: &str) {
        self.line(GREEN, verb, text);
    }

    /// A verb of something that goes on.
    pub(crate) fn doing(&self, verb: &str, text: &str) {
        self.line(CYAN, verb, text);
    }

    /// A verb of something that a person should look at.
    pub(crate) fn attention(&self, verb: &str, text: &str) {
        self.line(YELLOW, verb, text);
    }

    fn line(&self, style: Style, verb: &str, text: &str) {
        if !self.quiet {
            let ((on, off), width) = (styled(self.err, style), VERB - 1);
            self.drawn(&format!("{on}{verb:>width$}{off} {}\n", printable(text)));
        }
    }

    /// A warning; quiet keeps it.
    pub(crate) fn warn(&self, text: &str) {
        let (on, off) = styled(self.err, YELLOW);
        self.drawn(&format!("{on}warning{off}: {}\n", printable(text)));
    }

    /// Text to standard error, above the progress bar where there is one. It may hold colours, and so whoever drew it saw
    /// to it that nothing else in it steers a terminal.
    pub(crate) fn drawn(&self, text: &str) {
        // A closed stream has nobody left who could be told.
        self.progress.suspend(|| drop(std::io::stderr().lock().write_all(text.as_bytes())));
    }

    /// A result for people to standard output.
    pub(crate) fn result(&self, text: &str) {
        self.write(printable_lines(text).as_bytes());
    }

    /// A result that may hold colours, and so whoever drew it saw to the rest as for [`Shell::drawn`].
    pub(crate) fn result_drawn(&self, text: &str) {
        self.write(text.as_bytes());
    }

    /// A file's content to standard output, as it is; on a terminal as one may show it.
    pub(crate) fn content(&self, content: &[u8]) {
        if std::io::stdout().is_terminal() {
            self.result(&String::from_utf8_lossy(content));
        } else {
            self.write(content);
        }
    }

    fn write(&self, bytes: &[u8]) {
        self.progress.suspend(|| {
            let mut out = std::io::stdout().lock();
            drop(out.write_all(bytes).and_then(|()| out.flush()));
        });
    }

    /// The one result of a run for programs, JSON: what comes after it, such as why a check fails, is for people alone.
    pub(crate) fn answer(&self, json: &str) {
        if self.answered.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Some(aside) = &self.aside {
            *aside.lock().unwrap_or_else(PoisonError::into_inner) = Some(json.to_owned());
        } else {
            self.write(escape_json(json).as_bytes());
        }
    }
}

/// What turns a style on and off again; nothing where the stream takes no colours.
pub(crate) fn styled(stream: Stream, style: Style) -> (String, String) {
    if stream.color {
        (style.render().to_string(), style.render_reset().to_string())
    } else {
        (String::new(), String::new())
    }
}

/// Text of a publisher, a registry or a repository as a terminal may show it, on one line: what steers a terminal, turns
/// the direction of text or cannot be seen is written as an escape.
pub(crate) fn printable(text: &str) -> String {
    text.chars().flat_map(escaped).collect()
}

/// The same for a text of several lines.
pub(crate) fn printable_lines(text: &str) -> String {
    let shown = |character| matches!(character, '\n' | '\t');
    text.chars().fold(String::with_capacity(text.len()), |mut lines, character| {
        if shown(character) {
            lines.push(character);
        } else {
            lines.extend(escaped(character));
        }
        lines
    })
}

/// A character, or its escape where it must not reach a terminal.
pub(crate) fn escaped(character: char) -> impl Iterator<Item = char> {
    let hidden = steers(character)
        || matches!(
            character,
            '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}'
                | '\u{3164}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        );
    let escape = hidden.then(|| character.escape_default());
    let plain = (!hidden).then_some(character);
    escape.into_iter().flatten().chain(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publisher_cannot_move_the_cursor_or_turn_the_text() {
        assert_eq!(printable("1.0\u{1b}[2J\r\n\u{202e}x"), "1.0\\u{1b}[2J\\r\\n\\u{202e}x");
        assert_eq!(printable("Ünïcode 1.0"), "Ünïcode 1.0");
        assert_eq!(printable_lines("a\tb\r\n\u{9b}c\u{7f}\u{feff}"), "a\tb\\r\n\\u{9b}c\\u{7f}\\u{feff}");
    }
}
