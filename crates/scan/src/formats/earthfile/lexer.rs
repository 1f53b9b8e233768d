//! The lines, words and comments of an Earthfile, each with its bytes.
//!
//! It knows what a pin needs: that a line may go on after a backslash, with comments between; that `#` starts a comment
//! only where a word could start; that quotes keep blanks together. It does not know the commands.

use std::ops::Range;

/// A command with all its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statement {
    /// Its words, the command first.
    pub(super) words: Vec<Word>,
}

/// A word, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Its bytes, with quotes.
    pub(super) span: Range<usize>,
    /// Whether it goes on in another line.
    pub(super) broken: bool,
}

/// What an Earthfile is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lexed {
    /// The statements.
    pub(super) statements: Vec<Statement>,
    /// The bytes of the comments, from `#` to the end of the line.
    pub(super) comments: Vec<Range<usize>>,
}

/// Takes an Earthfile apart.
pub(super) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer { text, lexed: Lexed::default(), statement: Statement::default(), quote: None, open: false };
    // Windows writes a mark in front that is no part of the first word.
    let mut start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    for line in text[start..].split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        lexer.line(start..start + content.len());
        start += line.len();
    }
    lexer.end();
    lexer.lexed
}

struct Lexer<'t> {
    text: &'t str,
    lexed: Lexed,
    statement: Statement,
    quote: Option<u8>,
    /// Whether the last line ended in the middle of a word.
    open: bool,
}

impl Lexer<'_> {
    fn line(&mut self, span: Range<usize>) {
        let bytes = self.text.as_bytes();
        let mut at = span.start;
        while at < span.end && is_blank(bytes[at]) {
            at += 1;
        }
        if at < span.end && bytes[at] == b'#' {
            // Between the lines of a statement, too.
            self.lexed.comments.push(at..span.end);
            return;
        }
        let (end, goes_on) = match self.text[at..span.end].trim_end_matches([' ', '\t']).strip_suffix('\\') {
            Some(content) => (at + content.len(), true),
            None => (span.end, false),
        };
        let joined = self.open && at == span.start;
        self.open = false;
        self.words(at..end, joined);
        if goes_on {
            self.open = end > at && (self.quote.is_some() || !is_blank(bytes[end - 1]));
        } else {
            self.end();
        }
    }

    fn words(&mut self, span: Range<usize>, joined: bool) {
        let mut at = span.start;
        if joined
            && at < span.end
            && !is_blank(self.text.as_bytes()[at])
            && let Some(last) = self.statement.words.last_mut()
        {
            last.broken = true;
        }
        let mut broken = joined || self.quote.is_some();
        while at < span.end {
            let byte = self.text.as_bytes()[at];
            if self.quote.is_none() && is_blank(byte) {
                at += 1;
            } else if self.quote.is_none() && byte == b'#' {
                self.lexed.comments.push(at..span.end);
                return;
            } else {
                let end = self.word(at, span.end);
                self.statement.words.push(Word { span: at..end, broken });
                at = end;
            }
            broken = false;
        }
        if self.quote.is_some()
            && let Some(last) = self.statement.words.last_mut()
        {
            last.broken = true;
        }
    }

    /// Returns the end of the word that starts at `at`.
    fn word(&mut self, mut at: usize, end: usize) -> usize {
        let bytes = self.text.as_bytes();
        while at < end {
            match (self.quote, bytes[at]) {
                (None, byte) if is_blank(byte) => break,
                (None, byte @ (b'"' | b'\'')) => self.quote = Some(byte),
                (None | Some(b'"'), b'\\') => at += 1,
                (Some(quote), byte) if byte == quote => self.quote = None,
                _ => {}
            }
            at += 1;
        }
        at.min(end)
    }

    fn end(&mut self) {
        self.quote = None;
        self.open = false;
        let statement = std::mem::take(&mut self.statement);
        if !statement.words.is_empty() {
            self.lexed.statements.push(statement);
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
#[path = "lexer_tests.rs"]
mod tests;
