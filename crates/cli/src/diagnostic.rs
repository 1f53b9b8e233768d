//! Drawing what went wrong: the message, the lines of the file, what to do.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use imagelock_core::source::{Label, Location};

use crate::failure::{Failure, Problem};
use crate::shell::{Shell, printable};

/// The place where messages write the command that the person typed.
const COMMAND: &str = "{command}";

/// Prints a failure to standard error.
pub(crate) fn print(shell: &Shell, failure: &Failure, command: &str) {
    let drawn: Vec<String> = failure.problems.iter().map(|problem| draw(problem, command, shell.color)).collect();
    shell.error_text(&drawn.join("\n"));
}

fn draw(problem: &Problem, command: &str, color: bool) -> String {
    let speak = |text: &str| printable(&text.replace(COMMAND, command));
    let message = speak(&problem.message);
    let (notes, help): (Vec<String>, Vec<String>) =
        (problem.notes.iter().map(|note| speak(note)).collect(), problem.help.iter().map(|help| speak(help)).collect());
    let mut group = Group::with_title(Level::ERROR.primary_title(message.as_str()));
    for labels in by_file(&problem.labels) {
        group = group.element(snippet(&labels));
    }
    let alone = problem.labels.is_empty();
    if !alone {
        group = group.elements(notes.iter().map(|note| Level::NOTE.message(note.as_str())));
        group = group.elements(help.iter().map(|help| Level::HELP.message(help.as_str())));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut drawn = renderer.render(&[group]).clone();
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

fn snippet<'a>(labels: &[&'a Label]) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let file = &labels[0].at.file;
    let annotations = labels.iter().map(|label| {
        let kind = if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(span(&label.at));
        if label.text.is_empty() { annotation } else { annotation.label(label.text.as_str()) }
    });
    Snippet::source(file.text()).path(file.path().as_str()).line_start(1).annotations(annotations)
}

/// A table or an array would underline all of its lines: the first is enough to find it.
fn span(at: &Location) -> std::ops::Range<usize> {
    let text = at.file.text();
    let start = at.span.start.min(text.len());
    let end = at.span.end.clamp(start, text.len());
    let first_line = text.get(start..end).and_then(|inside| inside.find(['\n', '\r'])).map_or(end, |line| start + line);
    start..first_line
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
