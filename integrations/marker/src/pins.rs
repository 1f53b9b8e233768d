//! Files with markers, and what becomes of them.

use std::ops::Range;
use std::sync::Arc;

use imagelock_adapter::{Context, Output, Pinned, Problem, RenderError, Target};
use imagelock_core::ImageName;
use imagelock_core::source::{Location, SourceFile, Spanned};
use imagelock_edit::{Change, File, Marker, Part, spelled, splice};

use crate::value::{self, NoValue, Style};

/// A `[[marker]]` table.
pub(crate) struct Pins {
    pub(crate) edit: Vec<Spanned<String>>,
}

impl Target for Pins {
    fn title(&self) -> String {
        let patterns: Vec<&str> = self.edit.iter().map(|pattern| pattern.value.as_str()).collect();
        format!("marker {}", patterns.join(", "))
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        Vec::new()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let mut outputs = Vec::new();
        for File { text, pattern } in imagelock_edit::files(context.tree, &self.edit)? {
            if let Some(edited) = edited(&text, context)? {
                outputs.push(Output::edited(text.path(), edited.into_bytes(), &pattern.at));
            }
        }
        match self.edit.first() {
            Some(pattern) if outputs.is_empty() => Err(Problem::at(&pattern.at, "no file here has a marker")
                .help("write a comment `imagelock: NAME` behind the value, or alone on the line above")
                .into()),
            _ => Ok(outputs),
        }
    }
}

/// The file with its pins; nothing where it has no marker.
fn edited(file: &Arc<SourceFile>, context: &Context<'_>) -> Result<Option<String>, RenderError> {
    let text = file.text();
    let lines = lines(text);
    let (mut changes, mut found) = (Vec::new(), false);
    for (number, line) in lines.iter().enumerate() {
        let markers = Marker::all(&text[line.clone()], line.start);
        let marker = match &markers[..] {
            [] => continue,
            [marker] => marker,
            [first, second, ..] => {
                let problem = Problem::at(&at(file, &second.span), "a line has one marker");
                return Err(problem.also(&at(file, &first.span), "the other one").into());
            }
        };
        found = true;
        let here = at(file, &marker.span);
        let (image, part) = marker.read(context, &here)?;
        let line = Line { file, marker, image: &image, part };
        changes.push(line.change(&line.subject(&lines, number)?)?);
    }
    Ok(found.then(|| splice(text, changes)))
}

fn at(file: &Arc<SourceFile>, span: &Range<usize>) -> Location {
    Location::new(file, span.clone())
}

/// The bytes of each line, without its end and without a byte order mark.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let lines = text.split_inclusive('\n').map(|line| {
        let bytes = start..start + line.trim_end_matches(['\n', '\r']).len();
        start += line.len();
        bytes
    });
    let mut lines: Vec<Range<usize>> = lines.collect();
    if let Some(first) = lines.first_mut().filter(|_| text.starts_with('\u{feff}')) {
        first.start += '\u{feff}'.len_utf8();
    }
    lines
}

/// A line with a marker.
struct Line<'l, 'a> {
    file: &'l Arc<SourceFile>,
    marker: &'l Marker,
    image: &'l Pinned<'a>,
    part: Part,
}

impl Line<'_, '_> {
    /// The bytes that the marker is about, in pieces: the line without the comment, or the next line.
    fn subject(&self, lines: &[Range<usize>], number: usize) -> Result<Vec<Range<usize>>, RenderError> {
        let (line, comment) = (&lines[number], &self.marker.comment);
        let around = vec![line.start..comment.start, comment.end..line.end];
        let text = self.file.text();
        if around.iter().any(|piece| !text[piece.clone()].trim().is_empty()) {
            return Ok(around);
        }
        match lines.get(number + 1) {
            Some(next) if Marker::all(&text[next.clone()], next.start).is_empty() => {
                Ok(std::iter::once(next.clone()).collect())
            }
            _ => Err(self.problem("a marker alone on its line is about the next line, and there is none").into()),
        }
    }

    fn change(&self, subject: &[Range<usize>]) -> Result<Change, RenderError> {
        let text = self.file.text();
        let value = value::find(text, subject, self.image, self.part).map_err(|error| match error {
            NoValue::None => self
                .problem(format!("there is no {} on this line", what(self.part)))
                .help("a marker stands behind the value that it names, or alone on the line above"),
            NoValue::Several(first, second) => self
                .problem(format!("there are two values on this line that may be {}", what(self.part)))
                .also(&at(self.file, &first), "one")
                .also(&at(self.file, &second), "the other")
                .help("write each value on a line of its own"),
        })?;
        let old = &text[value.span.clone()];
        let new = self.written(old)?;
        // A word of YAML must not become a number: `1.9` goes on to `1.10`.
        let yaml = matches!(self.file.path().extension(), Some("yaml" | "yml"));
        let quoted = yaml && value.style == Style::Word && new != old && !imagelock_yaml::stays_text(&new);
        Ok(Change { span: value.span, text: if quoted { imagelock_yaml::quoted(&new) } else { new } })
    }

    fn written(&self, old: &str) -> Result<String, RenderError> {
        Ok(match self.part {
            Part::Reference => spelled(old, self.image),
            Part::Repository => {
                let same =
                    old.parse().is_ok_and(|old: imagelock_core::Reference| old.repository == self.image.repository);
                if same { old.to_owned() } else { self.image.repository.to_string() }
            }
            Part::Digest => self.image.digest().to_string(),
            Part::Tag => match self.image.tag() {
                Some(tag) => tag.to_string(),
                None => {
                    return Err(self.problem(format!("`{}` is locked without a tag", self.image.name)).into());
                }
            },
        })
    }

    fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::at(&at(self.file, &self.marker.span), message)
    }
}

fn what(part: Part) -> &'static str {
    match part {
        Part::Reference => "reference",
        Part::Repository => "repository",
        Part::Tag => "tag",
        Part::Digest => "digest",
    }
}
