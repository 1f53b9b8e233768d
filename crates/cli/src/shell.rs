//! The only way out: status and errors to standard error, results to standard output.

use std::io::{self, BufWriter, IsTerminal, Write};
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
        self.progress.suspend(|| drop(io::stderr().lock().write_all(text.as_bytes())));
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
        if io::stdout().is_terminal() {
            self.result(&String::from_utf8_lossy(content));
        } else {
            self.write(content);
        }
    }

    fn write(&self, bytes: &[u8]) {
        self.progress.suspend(|| {
            let mut out = io::stdout().lock();
            drop(out.write_all(bytes).and_then(|()| out.flush()));
        });
    }

    /// The one result of a run for programs, JSON: what comes after it, such as why a check fails, is for people alone.
    pub(crate) fn answer(&self, json: &str) {
        // A closed stream has nobody left who could be told.
        drop(self.answer_by(|out| out.write_all(json.as_bytes())));
    }

    /// The same as it is made: a long one is never whole in memory. What cannot be written as JSON is an error.
    pub(crate) fn answer_of(&self, value: &impl serde::Serialize) -> serde_json::Result<()> {
        let mut wrong = None;
        let written = self.answer_by(|out| {
            match serde_json::to_writer_pretty(&mut *out, value) {
                Err(error) if error.is_io() => return Err(io::Error::from(error)),
                done => wrong = done.err(),
            }
            out.write_all(b"\n")
        });
        drop(written);
        wrong.map_or(Ok(()), Err)
    }

    fn answer_by(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        if self.answered.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        if let Some(aside) = &self.aside {
            let mut kept = Vec::new();
            write(&mut kept)?;
            *aside.lock().unwrap_or_else(PoisonError::into_inner) = String::from_utf8(kept).ok();
            return Ok(());
        }
        self.progress.suspend(|| {
            let mut out = Escaping(BufWriter::with_capacity(PIECE, io::stdout().lock()));
            write(&mut out)?;
            out.flush()
        })
    }
}

/// How much of an answer is written at once, in bytes.
const PIECE: usize = 64 << 10;

/// Writes JSON on, with all that [`steers`] escaped. It is given whole characters, as the writers of JSON have them.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.iter().all(|byte| *byte < 0x7f) {
            self.0.write_all(bytes)?;
        } else {
            let text = std::str::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            self.0.write_all(escape_json(text).as_bytes())?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
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
    escaped_but(text, |_| false)
}

/// The same for a text of several lines.
pub(crate) fn printable_lines(text: &str) -> String {
    escaped_but(text, |character| matches!(character, '\n' | '\t'))
}

/// A text whose characters are escaped where they have to be, but for those that are `shown`.
fn escaped_but(text: &str, shown: impl Fn(char) -> bool) -> String {
    // Most texts are of characters that every terminal shows, and only the others are taken apart.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') || shown(char::from(byte))) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len()), |mut all, character| {
        if shown(character) {
            all.push(character);
        } else {
            all.extend(escaped(character));
        }
        all
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
    fn an_answer_is_escaped_piece_by_piece() {
        let mut out = Escaping(Vec::new());
        serde_json::to_writer(&mut out, &["1.0\u{1b}\u{9b}x", "\u{7f}", "é\u{202e}\n"]).unwrap();
        assert_eq!(String::from_utf8(out.0).unwrap(), r#"["1.0\u001b\u009bx","\u007f","é\u202e\n"]"#);
    }

    #[test]
    fn a_publisher_cannot_move_the_cursor_or_turn_the_text() {
        assert_eq!(printable("1.0\u{1b}[2J\r\n\u{202e}x"), "1.0\\u{1b}[2J\\r\\n\\u{202e}x");
        assert_eq!(printable("Ünïcode 1.0"), "Ünïcode 1.0");
        assert_eq!(printable_lines("a\tb\r\n\u{9b}c\u{7f}\u{feff}"), "a\tb\\r\n\\u{9b}c\\u{7f}\\u{feff}");
    }
}
