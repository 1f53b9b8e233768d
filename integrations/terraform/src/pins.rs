//! Literals that are pinned where they stand: `image = "…" # imagelock: web`.
//!
//! Only the bytes between two quotes change. The file is never printed from its syntax tree, so that comments, line
//! ends and indentation stay, and what comes out is parsed again before anybody sees it.

use std::ops::Range;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Context, Output, Problem, RenderError, Target};
use imagelock_core::ImageName;
use imagelock_core::source::{Location, SourceFile, Spanned};

use crate::literals::{Comment, Kind, Marker, Text, comments, texts};
use crate::{Style, files, quote};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// A target that edits files with markers.
pub(crate) struct Pins {
    pub(crate) edit: Vec<Spanned<String>>,
    pub(crate) style: Style,
}

/// A literal and what it is to say.
struct Edit {
    /// Which of the file's strings it is.
    index: usize,
    value: String,
}

impl Target for Pins {
    fn title(&self) -> String {
        let patterns: Vec<&str> = self.edit.iter().map(|pattern| pattern.value.as_str()).collect();
        format!("terraform {}", patterns.join(", "))
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        Vec::new()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let mut outputs = Vec::new();
        let mut markers = 0;
        for (path, pattern) in files::matching(context, &self.edit)? {
            let Some(text) = context.tree.read_text(&path)? else {
                return Err(files::absent(context, &path, pattern));
            };
            // A file that no marker names need not be HCL that this parser reads.
            if comments(&text).is_empty() {
                continue;
            }
            let (edits, edited) = self.edited(context, &path, text)?;
            markers += edits;
            outputs.push(Output::edited(path, edited.into_bytes(), &pattern.at));
        }
        match self.edit.first() {
            Some(pattern) if markers == 0 => Err(Problem::at(&pattern.at, "no file here has a marker")
                .help("write `# imagelock: NAME` behind the literal, on its line")
                .into()),
            _ => Ok(outputs),
        }
    }
}

impl Pins {
    /// The file with its pins, and how many markers it has.
    fn edited(&self, context: &Context<'_>, path: &Utf8Path, text: String) -> Result<(usize, String), RenderError> {
        // The parser refuses the mark that editors on Windows write.
        let mark = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        let file = File { file: SourceFile::new(path, text), mark };
        let strings = texts(file.source()).map_err(|(reason, at)| file.not_hcl(&reason, at))?;
        let mut edits = Vec::new();
        for comment in comments(file.source()) {
            if let Some(edit) = self.edit(context, &file, &strings, &comment)? {
                edits.push(edit);
            }
        }
        let edited = splice(file.source(), &strings, &edits);
        if !only_changes(&edited, &strings, &edits) {
            return Err(file.problem(&(0..0), format!("`{path}` would not read back as it was pinned")));
        }
        let mark = &file.file.text()[..mark];
        Ok((edits.len(), format!("{mark}{edited}")))
    }

    /// What one marker asks for; nothing where it stands in a quoted string and so is none.
    fn edit(
        &self,
        context: &Context<'_>,
        file: &File,
        strings: &[Text],
        comment: &Comment<'_>,
    ) -> Result<Option<Edit>, RenderError> {
        match strings.iter().find(|text| text.span.contains(&comment.start)).map(|text| &text.kind) {
            Some(Kind::Heredoc) => {
                return Err(file.problem(&comment.span, "a marker in a heredoc is text of the heredoc".to_owned()));
            }
            Some(_) => return Ok(None),
            None => {}
        }
        let marker: Marker = comment.text.parse().map_err(|reason| file.problem(&comment.span, reason))?;
        let index = file.literal(strings, comment)?;
        let value = crate::part(context, &marker, &file.at(&comment.span), &self.style)?;
        Ok(Some(Edit { index, value }))
    }
}

/// A file whose spans count from behind the byte order mark.
struct File {
    file: Arc<SourceFile>,
    mark: usize,
}

impl File {
    fn source(&self) -> &str {
        &self.file.text()[self.mark..]
    }

    fn at(&self, span: &Range<usize>) -> Location {
        Location::new(&self.file, span.start + self.mark..span.end + self.mark)
    }

    fn problem(&self, span: &Range<usize>, message: String) -> RenderError {
        Problem::at(&self.at(span), message).into()
    }

    fn not_hcl(&self, reason: &str, at: usize) -> RenderError {
        let path: Utf8PathBuf = self.file.path().to_owned();
        self.problem(&(at..at), format!("`{path}` cannot be read as HCL: {reason}"))
    }

    /// The one literal on a marker's line.
    fn literal(&self, strings: &[Text], comment: &Comment<'_>) -> Result<usize, RenderError> {
        let on_line = |text: &Text| text.span.start < comment.line.end && comment.line.start < text.span.end;
        let values = strings.iter().enumerate().filter(|(_, text)| text.kind != Kind::Name && on_line(text));
        let values: Vec<(usize, &Text)> = values.collect();
        let help = "a marker stands behind one quoted string, on its line, and pins that";
        match values.as_slice() {
            [] => Err(Problem::at(&self.at(&comment.span), "there is no string on this line").help(help).into()),
            [(index, Text { kind: Kind::Literal(_), .. })] => Ok(*index),
            [(_, text)] => {
                let what = if text.kind == Kind::Heredoc { "a heredoc" } else { "a string with `${…}` in it" };
                let problem = Problem::at(&self.at(&text.span), format!("{what} is not pinned"));
                Err(problem.help("write the reference as a plain literal, or take it from the module").into())
            }
            [(_, first), (_, second), ..] => Err(Problem::at(&self.at(&first.span), "this line has two strings")
                .also(&self.at(&second.span), "the second")
                .help(help)
                .into()),
        }
    }
}

/// The source with the inside of each literal replaced. Edits are in the order of their lines, and so of their bytes.
fn splice(source: &str, strings: &[Text], edits: &[Edit]) -> String {
    let mut edited = String::with_capacity(source.len() + edits.len() * 100);
    let mut copied = 0;
    for edit in edits {
        let span = &strings[edit.index].span;
        edited.push_str(&source[copied..=span.start]);
        edited.push_str(&quote(&edit.value));
        copied = span.end - 1;
    }
    edited.push_str(&source[copied..]);
    edited
}

/// Whether the file still has the same strings, and those that were pinned say what they should.
fn only_changes(edited: &str, before: &[Text], edits: &[Edit]) -> bool {
    let Ok(after) = texts(edited) else { return false };
    let mut expected: Vec<Kind> = before.iter().map(|text| text.kind.clone()).collect();
    for edit in edits {
        expected[edit.index] = Kind::Literal(edit.value.clone());
    }
    after.len() == expected.len() && after.iter().zip(&expected).all(|(text, kind)| text.kind == *kind)
}
