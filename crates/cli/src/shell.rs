//! The only way out: status and errors to standard error, results to standard output.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use indicatif::MultiProgress;

const GREEN: Style = AnsiColor::BrightGreen.on_default().bold();
const CYAN: Style = AnsiColor::BrightCyan.on_default().bold();
const YELLOW: Style = AnsiColor::BrightYellow.on_default().bold();

/// The two streams, and how they may be used.
pub(crate) struct Shell {
    pub(crate) color: bool,
    pub(crate) terminal: bool,
    quiet: bool,
    answered: AtomicBool,
    pub(crate) progress: MultiProgress,
}

impl Shell {
    pub(crate) fn new(color: bool, terminal: bool, quiet: bool) -> Self {
        Self { color, terminal, quiet, answered: AtomicBool::new(false), progress: MultiProgress::new() }
    }

    /// A verb of something done, right-aligned to twelve columns as Cargo prints them.
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
            let (on, off) = self.styled(style);
            self.error_text(&format!("{on}{verb:>12}{off} {text}\n"));
        }
    }

    /// A warning; quiet keeps it.
    pub(crate) fn warn(&self, text: &str) {
        let (on, off) = self.styled(YELLOW);
        self.error_text(&format!("{on}warning{off}: {text}\n"));
    }

    /// Text to standard error, above the progress bar where there is one.
    pub(crate) fn error_text(&self, text: &str) {
        // A closed stream has nobody left who could be told.
        self.progress.suspend(|| drop(std::io::stderr().lock().write_all(text.as_bytes())));
    }

    /// A result to standard output.
    pub(crate) fn result(&self, text: &str) {
        self.progress.suspend(|| {
            let mut out = std::io::stdout().lock();
            drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
        });
    }

    /// The one result of a run for programs: what comes after it, such as why a check fails, is for people alone.
    pub(crate) fn answer(&self, text: &str) {
        if !self.answered.swap(true, Ordering::Relaxed) {
            self.result(text);
        }
    }

    fn styled(&self, style: Style) -> (String, String) {
        if self.color {
            (style.render().to_string(), style.render_reset().to_string())
        } else {
            (String::new(), String::new())
        }
    }
}

/// Text of a publisher or a registry as a terminal may show it: control characters and characters that turn the
/// direction of text are written as escapes.
pub(crate) fn printable(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().fold(String::new(), |mut printable, character| {
        if hidden(character) {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
        printable
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publisher_cannot_move_the_cursor_or_turn_the_text() {
        assert_eq!(printable("1.0\u{1b}[2J\r\n\u{202e}x"), "1.0\\u{1b}[2J\\r\\n\\u{202e}x");
        assert_eq!(printable("Ünïcode 1.0"), "Ünïcode 1.0");
    }
}
