//! Where in a file something stands, so that an error can show it.
//!
//! Nothing here reads or draws: whoever reads a file makes a [`SourceFile`] of it, an error carries [`Location`]s,
//! and the command line draws them.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};

/// A text and the path under which people know it.
pub struct SourceFile {
    path: Utf8PathBuf,
    text: String,
    shows_lines: bool,
    /// Made when the first line is asked for: most files have no mistake.
    marks: OnceLock<Vec<Mark>>,
}

/// A place whose line and column were counted.
struct Mark {
    at: usize,
    position: Position,
}

/// Lines and characters before a place.
#[derive(Clone, Copy, Default)]
struct Position {
    line: usize,
    column: usize,
}

/// The bytes between two marks, and so the most that is read to tell where a place is.
const STRIDE: usize = 256;

impl SourceFile {
    /// Makes a file that locations can point into. `path` is what errors print.
    pub fn new(path: impl Into<Utf8PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into(), shows_lines: true, marks: OnceLock::new() })
    }

    /// Makes a file whose lines are shown to nobody: one that a link in a repository leads to may hold the secrets of
    /// whoever runs imagelock there.
    pub fn unseen(path: impl Into<Utf8PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into(), shows_lines: false, marks: OnceLock::new() })
    }

    /// The same text under another path.
    pub fn renamed(&self, path: impl Into<Utf8PathBuf>) -> Arc<Self> {
        let (text, shows_lines) = (self.text.clone(), self.shows_lines);
        Arc::new(Self { path: path.into(), text, shows_lines, marks: OnceLock::new() })
    }

    /// Whether errors show the lines that they are about.
    pub fn shows_lines(&self) -> bool {
        self.shows_lines
    }

    /// The path that errors print.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn position(&self, at: usize) -> Position {
        let mark = self.mark(at);
        self.text[mark.at..at].chars().fold(mark.position, Position::after)
    }

    /// The last mark that is not behind `at`.
    fn mark(&self, at: usize) -> &Mark {
        let marks = self.marks.get_or_init(|| self.count());
        &marks[marks.partition_point(|mark| mark.at <= at) - 1]
    }

    /// A long line has marks in it as well: it may hold all of a file.
    fn count(&self) -> Vec<Mark> {
        let mut position = Position::default();
        let mut marks = vec![Mark { at: 0, position }];
        for (at, character) in self.text.char_indices() {
            if at >= marks.len() * STRIDE {
                marks.push(Mark { at, position });
            }
            position = position.after(character);
        }
        marks
    }
}

impl Position {
    fn after(self, character: char) -> Self {
        match character {
            '\n' => Self { line: self.line + 1, column: 0 },
            // A byte order mark is no character of the line: editors do not count it.
            '\u{feff}' if self.column == 0 => self,
            _ => Self { column: self.column + 1, ..self },
        }
    }
}

impl PartialEq for SourceFile {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, &self.text) == (&other.path, &other.text)
    }
}

impl Eq for SourceFile {}

impl std::fmt::Debug for SourceFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, text, .. } = self;
        formatter.debug_struct("SourceFile").field("path", path).field("text", text).finish()
    }
}

/// A range of bytes in a file, made by [`Location::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The bytes: within the text, from the start of a character to the end of one.
    pub span: Range<usize>,
}

impl Location {
    /// Makes a place of what a parser said. Parsers count in their own ways: a place within a character becomes that
    /// character, and one behind the end the end.
    pub fn new(file: &Arc<SourceFile>, span: Range<usize>) -> Self {
        let text = file.text();
        let start = text.floor_char_boundary(span.start);
        let end = text.ceil_char_boundary(span.end).clamp(start, text.len());
        Self { file: Arc::clone(file), span: start..end }
    }

    /// The first line, counted from 1.
    pub fn line(&self) -> usize {
        self.file.position(self.span.start).line + 1
    }

    /// The first column, counted from 1 in characters.
    pub fn column(&self) -> usize {
        self.file.position(self.span.start).column + 1
    }

    /// A part of this location: `inside` counts from its start. For a reference within a string.
    #[must_use]
    pub fn part(&self, inside: &Range<usize>) -> Self {
        let clamp = |at: usize| self.span.start.saturating_add(at).min(self.span.end);
        Self::new(&self.file, clamp(inside.start)..clamp(inside.end))
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Position { line, column } = self.file.position(self.span.start);
        write!(formatter, "{}:{}:{}", self.file.path, line + 1, column + 1)
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
        let at = |span| Location::new(&file, span);
        assert_eq!(at(0..1).to_string(), "images.toml:1:1");
        assert_eq!(at(14..17).to_string(), "images.toml:2:5");
        assert_eq!(at(19..20).to_string(), "images.toml:3:1");
        assert_eq!(at(99..100).to_string(), "images.toml:3:2");
    }

    #[test]
    fn a_place_within_a_character_or_behind_the_end_becomes_one_that_can_be_shown() {
        let file = SourceFile::new("a", "\u{feff}é\n");
        for (span, shown, place) in [
            (1..1, "\u{feff}", "a:1:1"),
            (1..4, "\u{feff}é", "a:1:1"),
            (4..4, "é", "a:1:1"),
            (4..5, "é", "a:1:1"),
            (5..5, "", "a:1:2"),
            (6..99, "", "a:2:1"),
            (usize::MAX..usize::MAX, "", "a:2:1"),
        ] {
            let at = Location::new(&file, span.clone());
            assert_eq!((&file.text()[at.span.clone()], at.to_string()), (shown, place.to_owned()), "{span:?}");
        }
        let whole = Location::new(&file, 0..6);
        assert_eq!(whole.part(&(4..4)).span, 3..5);
        assert_eq!(whole.part(&(usize::MAX..usize::MAX)).span, 6..6);
        #[allow(clippy::reversed_empty_ranges, reason = "a parser may say anything")]
        let reversed = Location::new(&file, 5..3);
        assert_eq!(reversed.span, 5..5);
    }

    #[test]
    fn a_place_is_told_from_a_few_bytes_before_it_however_long_the_file_or_its_lines_are() {
        for text in ["é = 1\n".repeat(4000), "é".repeat(12_000), "\n".repeat(20_000)] {
            let file = SourceFile::new("a", text);
            let marks = file.count().len();
            assert!(marks <= file.text().len() / STRIDE + 1, "{marks} marks");
            let (mut line, mut column) = (1, 1);
            for (at, character) in file.text().char_indices() {
                let here = Location::new(&file, at..at);
                assert_eq!((here.line(), here.column()), (line, column));
                assert!(at - file.mark(at).at < STRIDE + 4, "{} bytes are read for {at}", at - file.mark(at).at);
                (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
        }
    }

    #[test]
    fn a_file_is_its_path_and_its_text_and_is_shown_as_it_was_under_another_path() {
        let file = SourceFile::new("a", "text");
        assert_eq!((file.path().as_str(), file.text(), file.shows_lines()), ("a", "text", true));
        assert_eq!(file, SourceFile::new("a", "text"));
        assert_ne!(file, SourceFile::new("a", "other"));
        assert_ne!(file, file.renamed("b"));
        let unseen = SourceFile::unseen("a", "text").renamed("b");
        assert_eq!((unseen.path().as_str(), unseen.text(), unseen.shows_lines()), ("b", "text", false));
        assert!(file.renamed("b").shows_lines());
    }

    #[test]
    fn a_byte_order_mark_counts_as_a_character_behind_the_start_of_a_line_alone() {
        let file = SourceFile::new("a", "\u{feff}a\u{feff}b");
        assert_eq!(Location::new(&file, 3..4).column(), 1);
        assert_eq!(Location::new(&file, 7..8).column(), 3);
    }

    #[test]
    fn an_error_that_knows_no_way_out_gives_no_advice() {
        #[derive(Debug, thiserror::Error)]
        #[error("broken")]
        struct Broken;
        impl Located for Broken {
            fn labels(&self) -> Vec<Label> {
                Vec::new()
            }
        }
        assert_eq!(Broken.help(), [""; 0]);
    }

    #[test]
    fn a_misspelt_word_finds_its_neighbour_and_a_strange_one_finds_none() {
        let keys = ["platforms", "repository", "tag", "tags", "version"];
        assert_eq!(nearest("platform", keys), Some("platforms"));
        assert_eq!(nearest("Versoin", keys), Some("version"));
        assert_eq!(nearest("colour", keys), None);
        // One letter of three may be another, and no more.
        assert_eq!(nearest("tga", ["tag"]), Some("tag"));
        assert_eq!(nearest("tug", ["tar"]), None);
    }
}
