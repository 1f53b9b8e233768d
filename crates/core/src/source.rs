//! Where in a file something stands, so that an error can show it.
//!
//! Nothing here reads or draws: whoever reads a file makes a [`SourceFile`] of it, an error carries [`Location`]s,
//! and the command line draws them.

use std::ops::Range;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

/// A text and the path under which people know it.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    path: Utf8PathBuf,
    text: String,
}

impl SourceFile {
    /// Makes a file that locations can point into. `path` is what errors print.
    pub fn new(path: impl Into<Utf8PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// The path that errors print.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A range of bytes in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The bytes.
    pub span: Range<usize>,
}

impl Location {
    /// The first line, counted from 1.
    pub fn line(&self) -> usize {
        self.before().bytes().filter(|&byte| byte == b'\n').count() + 1
    }

    /// The first column, counted from 1 in characters.
    pub fn column(&self) -> usize {
        let before = self.before();
        let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        // A byte order mark is no character of the line: editors do not count it.
        line.trim_start_matches('\u{feff}').chars().count() + 1
    }

    fn before(&self) -> &str {
        let mut start = self.span.start.min(self.file.text.len());
        while !self.file.text.is_char_boundary(start) {
            start -= 1;
        }
        &self.file.text[..start]
    }

    /// A part of this location: `inside` counts from its start. For a reference within a string.
    #[must_use]
    pub fn part(&self, inside: &Range<usize>) -> Self {
        let clamp = |at: usize| (self.span.start + at).min(self.span.end);
        Self { file: Arc::clone(&self.file), span: clamp(inside.start)..clamp(inside.end) }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}:{}", self.file.path, self.line(), self.column())
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub at: Location,
}

/// One underlined place of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub at: Location,
    /// What to say at it; may be empty.
    pub text: String,
    /// Whether this is where the mistake is, or a place that explains it.
    pub primary: bool,
}

impl Label {
    /// The place of the mistake.
    pub fn primary(at: &Location, text: impl Into<String>) -> Self {
        Self { at: at.clone(), text: text.into(), primary: true }
    }

    /// A place that explains the mistake.
    pub fn also(at: &Location, text: impl Into<String>) -> Self {
        Self { at: at.clone(), text: text.into(), primary: false }
    }
}

/// An error that knows the places it is about.
pub trait Located: std::error::Error {
    /// The places, the primary one first.
    fn labels(&self) -> Vec<Label>;

    /// What the person can do about it, a line each.
    fn help(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Returns the candidate that `word` most likely means, if one is near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(word.len()).div_ceil(3))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Renders an error with its places and its help, for tests: what the command line draws, without the drawing.
#[cfg(test)]
pub(crate) fn render(error: &impl Located) -> String {
    let mut text = format!("{error}\n");
    for Label { at, text: label, primary } in error.labels() {
        let shown = at.file.text().get(at.span.clone()).expect("a label that ends within a character");
        let mark = if primary { "-->" } else { ":::" };
        text.push_str(format!("{mark} {at} {shown:?} {label}").trim_end());
        text.push('\n');
    }
    for help in error.help() {
        text.push_str(&format!("help: {help}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let file = SourceFile::new("images.toml", "[images]\nä = \"x\"\r\nb");
        let at = |span| Location { file: Arc::clone(&file), span };
        assert_eq!(at(0..1).to_string(), "images.toml:1:1");
        assert_eq!(at(14..17).to_string(), "images.toml:2:5");
        assert_eq!(at(19..20).to_string(), "images.toml:3:1");
        assert_eq!(at(99..100).to_string(), "images.toml:3:2");
    }

    #[test]
    fn a_misspelt_word_finds_its_neighbour_and_a_strange_one_finds_none() {
        let keys = ["platforms", "repository", "tag", "tags", "version"];
        assert_eq!(nearest("platform", keys), Some("platforms"));
        assert_eq!(nearest("Versoin", keys), Some("version"));
        assert_eq!(nearest("colour", keys), None);
    }
}
