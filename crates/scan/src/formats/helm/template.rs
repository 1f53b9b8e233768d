//! Literals in templates of charts: the lines `image: a:1` that are an image before anything is rendered.
//!
//! A template is no YAML, and this is no parser of templates: what a line does not say whole is left to what Helm renders.

use std::ops::Range;

use imagelock_core::Reference;

use super::super::yaml;
use crate::comment::speaking;
use crate::{Format, Head, Lines, Named, Parsed, Site, Sure, Unreadable};

/// Templates of charts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Template;

impl Format for Template {
    fn id(&self) -> &'static str {
        "helm-template"
    }

    fn about(&self) -> &'static str {
        "a template of a chart"
    }

    fn claims(&self, path: &Named<'_>, head: &dyn Head) -> bool {
        let inside = || path.parent().is_some_and(|parent| parent.iter().any(|part| part == "templates"));
        let is_template = || path.extension() == Some("tpl") || yaml::is_yaml(path) && head.text().contains("{{");
        inside() && is_template()
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        let lines = Lines::new(text);
        let sites = image_lines(text).into_iter().map(|span| {
            let said = &text[span.clone()];
            Site::whole(span, said, Sure::Certain, &lines, "image")
        });
        Ok(Parsed { sites: sites.collect(), comments: speaking(text, &lines, &["#"], |_| false) })
    }

    fn quote(&self, _: &str, new: &str) -> Option<String> {
        Some(new.to_owned())
    }
}

/// The references in the lines `image: a:1` and `- image: "a:1"` of a text, without quotes.
pub(in super::super) fn image_lines(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut passed = Passed::default();
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if !passed.is_text(content) {
            found.extend(literal(content).map(|span| at + span.start..at + span.end));
        }
        at += line.len();
    }
    found
}

/// What of the lines before counts for the next one.
#[derive(Default)]
struct Passed {
    /// Whether a comment of the template goes on.
    comment: bool,
    /// How far a key is indented that has a text of several lines.
    block: Option<usize>,
    /// Whether the document is one that nothing runs.
    stored: bool,
}

/// The kinds whose content is data or a schema.
const STORED: &[&str] = &["ConfigMap", "Secret", "CustomResourceDefinition"];

impl Passed {
    /// Whether a line is text of a comment or of a value.
    fn is_text(&mut self, line: &str) -> bool {
        let was_comment = self.comment;
        self.comment = match (line.rfind("/*"), line.rfind("*/")) {
            (Some(opened), closed) if line.contains("{{") => closed.is_none_or(|closed| closed < opened),
            (_, Some(_)) => false,
            _ => was_comment,
        };
        let inner = line.trim_start_matches(' ');
        let indent = line.len() - inner.len();
        if was_comment || inner.is_empty() || self.block.is_some_and(|block| indent > block) {
            return true;
        }
        if indent == 0 {
            let kind = line.strip_prefix("kind:").map(|kind| kind.trim_matches([' ', '"', '\'']));
            self.stored = kind.map_or(self.stored && !line.starts_with("---"), |kind| STORED.contains(&kind));
        }
        let head = inner.trim_end_matches(['-', '+', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        self.block = block(head).map(|column| indent + column);
        self.stored
    }
}

/// How far what a text of several lines belongs to stands behind the start of a line: a key behind `- `, or the item itself.
fn block(line: &str) -> Option<usize> {
    let mut column = 0;
    while let Some(rest) = line[column..].strip_prefix("- ") {
        let inner = rest.trim_start();
        if matches!(inner, "|" | ">") {
            return Some(column);
        }
        column = line.len() - inner.len();
    }
    (line.ends_with(": |") || line.ends_with(": >")).then_some(column)
}

/// The bytes of the reference in a line that is `image: a:1`.
fn literal(line: &str) -> Option<Range<usize>> {
    let key = line.trim_start_matches([' ', '-']);
    let Some(value) = key.strip_prefix("image:") else { return in_flow(line) };
    let value = value.strip_prefix([' ', '\t'])?.trim_start();
    let start = line.len() - value.len();
    let (said, skipped) = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => (value[1..].split(quote).next()?, 1),
        _ => (value.split(" #").next()?.trim_end(), 0),
    };
    // Behind a quote, only a comment may follow.
    let behind = value[skipped + said.len()..].trim_start_matches(['"', '\'']).trim_start();
    let is_whole = behind.is_empty() || behind.starts_with('#');
    (is_whole && said.parse::<Reference>().is_ok()).then(|| start + skipped..start + skipped + said.len())
}

/// The same in `{name: web, image: a:1}`, where that starts a value and no template is in front.
fn in_flow(line: &str) -> Option<Range<usize>> {
    let flow = line.find('{').filter(|at| {
        let before = line[..*at].trim_end();
        before.is_empty() || before.ends_with(['-', ':'])
    })?;
    let at = line.match_indices("image:").map(|(at, _)| at).find(|at| {
        let before = line[..*at].trim_end();
        *at > flow && before.ends_with(['{', ',']) && before.matches(['"', '\'']).count().is_multiple_of(2)
    })?;
    let value = line[at + "image:".len()..].strip_prefix([' ', '\t'])?.trim_start();
    let start = line.len() - value.len();
    let (said, skipped) = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => (value[1..].split(quote).next()?, 1),
        _ => (value.split([',', '}']).next()?.trim_end(), 0),
    };
    let is_closed = value.contains('}') && !line[..start].contains("{{");
    (is_closed && said.parse::<Reference>().is_ok()).then(|| start + skipped..start + skipped + said.len())
}
