//! Drawing what went wrong: the message, the lines of the file, what to do.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use imagelock_core::source::{Label, Location};

use crate::excerpt::{Excerpt, excerpts};
use crate::failure::{Failure, Problem};
use crate::shell::{Shell, Stream, printable};

/// The place where messages write the command that the person typed.
const COMMAND: &str = "{command}";
/// How many places of one problem are drawn; programs get all of them.
const MOST_PLACES: usize = 100;

/// Prints a failure to standard error.
pub(crate) fn print(shell: &Shell, failure: &Failure, command: &str) {
    let drawn: Vec<String> = failure.problems.iter().map(|problem| draw(problem, command, shell.err)).collect();
    shell.drawn(&drawn.join("\n"));
}

fn draw(problem: &Problem, command: &str, stream: Stream) -> String {
    let speak = |text: &str| printable(&text.replace(COMMAND, command));
    let message = speak(&problem.message);
    let mut notes: Vec<String> = problem.notes.iter().map(|note| speak(note)).collect();
    let help: Vec<String> = problem.help.iter().map(|help| speak(help)).collect();
    let labels = &problem.labels[..problem.labels.len().min(MOST_PLACES)];
    if labels.len() < problem.labels.len() {
        notes.insert(0, format!("and {} places more", problem.labels.len() - labels.len()));
    }
    let files = by_file(labels);
    let shown: Vec<Shown<'_>> = files.iter().flat_map(|labels| of_one_file(labels)).collect();
    let mut group = Group::with_title(Level::ERROR.primary_title(message.as_str()));
    for (number, shown) in shown.iter().enumerate() {
        group = shown.draw(number, group);
    }
    let alone = shown.is_empty();
    if !alone {
        group = group.elements(notes.iter().map(|note| Level::NOTE.message(note.as_str())));
        group = group.elements(help.iter().map(|help| Level::HELP.message(help.as_str())));
    }
    let renderer = if stream.color { Renderer::styled() } else { Renderer::plain() };
    // Of a line that is longer than the terminal, what is round the place is shown.
    let renderer = match stream.width {
        Some(width) => renderer.term_width(width),
        None => renderer,
    };
    let mut drawn = with_places(&renderer.render(&[group]), &shown);
    drawn.push('\n');
    for line in &problem.lines {
        drawn.push_str(&printable(line));
        drawn.push('\n');
    }
    if alone {
        drawn.extend(notes.iter().map(|note| format!("   = note: {note}\n")));
        drawn.extend(help.iter().map(|help| format!("   = help: {help}\n")));
    }
    drawn
}

/// Something that is drawn below its path, line and column.
struct Shown<'l> {
    at: &'l Location,
    /// Nothing where the lines of the file are not shown.
    excerpt: Option<Excerpt<'l>>,
}

/// What is shown of one file.
fn of_one_file<'l>(labels: &[&'l Label]) -> Vec<Shown<'l>> {
    if !labels[0].at.file.shows_lines() {
        return labels.iter().map(|label| Shown { at: &label.at, excerpt: None }).collect();
    }
    let headed = |excerpt: Excerpt<'l>| {
        let head = excerpt.places.iter().find(|(label, _)| label.primary).or(excerpt.places.first());
        head.map(|(label, _)| &label.at).map(|at| Shown { at, excerpt: Some(excerpt) })
    };
    excerpts(labels).into_iter().filter_map(headed).collect()
}

/// Stands round the number of a place until it is replaced. Everything else that is drawn had it escaped.
const PLACE: char = '\u{1}';

impl Shown<'_> {
    fn draw<'s>(&'s self, number: usize, group: Group<'s>) -> Group<'s> {
        // The renderer counts lines and columns in what it is shown, which is not all of the file, and escaped.
        let path = format!("{PLACE}{number}{PLACE}");
        let Some(excerpt) = &self.excerpt else { return group.element(Origin::path(path).line(1)) };
        let annotations = excerpt.places.iter().map(|(label, span)| {
            let kind = if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(span.clone());
            if label.text.is_empty() { annotation } else { annotation.label(printable(&label.text)) }
        });
        let snippet = Snippet::source(excerpt.text.as_str()).path(path).line_start(excerpt.first_line);
        group.element(snippet.annotations(annotations))
    }
}

/// Puts the places of the files where the renderer wrote its own.
fn with_places(drawn: &str, shown: &[Shown<'_>]) -> String {
    let mut parts = drawn.split(PLACE);
    let mut text = parts.next().unwrap_or_default().to_owned();
    while let (Some(number), Some(rest)) = (parts.next(), parts.next()) {
        if let Some(shown) = number.parse().ok().and_then(|number: usize| shown.get(number)) {
            text.push_str(&printable(&shown.at.to_string()));
        }
        text.push_str(rest.trim_start_matches(|character: char| character == ':' || character.is_ascii_digit()));
    }
    text
}

/// Labels that point into one file are drawn together.
fn by_file(labels: &[Label]) -> Vec<Vec<&Label>> {
    let mut files: Vec<Vec<&Label>> = Vec::new();
    for label in labels {
        match files.iter_mut().find(|file| file[0].at.file == label.at.file) {
            Some(file) => file.push(label),
            None => files.push(vec![label]),
        }
    }
    files
}

/// A failure for programs: each problem with its message, its places and what to do.
pub(crate) fn json(failure: &Failure, command: &str) -> String {
    let speak = |text: &String| text.replace(COMMAND, command);
    let problems: Vec<serde_json::Value> = failure
        .problems
        .iter()
        .map(|problem| {
            let places: Vec<serde_json::Value> = problem
                .labels
                .iter()
                .map(|label| {
                    serde_json::json!({
                        "file": label.at.file.path(), "line": label.at.line(), "column": label.at.column(),
                        "text": label.text, "primary": label.primary,
                    })
                })
                .collect();
            serde_json::json!({
                "message": speak(&problem.message),
                "places": places,
                "images": problem.images,
                "details": problem.lines,
                "notes": problem.notes,
                "help": problem.help.iter().map(speak).collect::<Vec<_>>(),
            })
        })
        .collect();
    format!("{:#}\n", serde_json::json!({ "exitCode": failure.kind as u8, "errors": problems }))
}
