//! Setting values in a YAML or JSON file at their paths by replacing their bytes: nothing else changes.
//!
//! A key that is added stands where its siblings stand, and is written as they are. What is JSON stays JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use imagelock_scan::Lines;
use imagelock_yaml::{Anchor, Entry, Kind, Node, Step, Style, Value, YamlError, display, parse, quoted, stays_text};

use crate::{Change, splice};

/// A value to set at a path.
#[derive(Clone, Debug)]
pub struct SetValue {
    /// The path.
    pub path: Vec<Step>,
    /// The value: a text or a flag.
    pub value: Value,
}

/// Why a value cannot be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetError {
    /// The path that was to be set.
    pub path: Vec<Step>,
    /// Why it cannot be.
    pub reason: String,
    /// What to do.
    pub help: &'static str,
    /// The bytes of the text that are in the way.
    pub at: Range<usize>,
}

const OVERLAY: &str = "write the values to a file of their own: `output = \"…\"`";

/// Sets values in the first document of `text`, which is the one that Helm reads.
pub fn set_values(text: &str, values: &[SetValue]) -> Result<String, SetError> {
    let documents = parsed(text)?;
    let Some(root) = documents.first() else {
        let path = values.first().map(|change| change.path.clone()).unwrap_or_default();
        return Err(SetError { path, reason: "the file is empty".to_owned(), help: OVERLAY, at: 0..0 });
    };
    let is_json = is_json(text);
    let (mut entries, eol) = (BTreeMap::new(), if text.contains("\r\n") { "\r\n" } else { "\n" });
    root.walk(&mut |node| {
        for entry in node.entries() {
            entries
                .entry((std::ptr::from_ref(node), entry.key.as_str()))
                .and_modify(|(_, again)| *again = Some(entry))
                .or_insert((entry, None));
        }
    });
    let editor = Editor { text, lines: Lines::new(text), eol, root, is_json, entries, used: aliases(&documents) };
    // The order of two that stand at one place stays.
    let (mut changes, mut opened) = (Vec::new(), BTreeSet::new());
    for value in values {
        let Some(Splice { at, mut text, opens }) = editor.splice(value)? else { continue };
        if opens && !opened.insert(at.start) {
            text.insert_str(0, ", ");
        }
        changes.push(Change { span: at, text });
    }
    let edited = splice(text, changes).ok().filter(|edited| !is_json || self::is_json(edited));
    prove(&documents, edited.as_deref(), values)?;
    Ok(edited.unwrap_or_default())
}

fn is_json(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with('{') && serde_json::from_str::<serde_json::Value>(text).is_ok()
}

/// Bytes to put in the place of others.
struct Splice {
    at: Range<usize>,
    text: String,
    /// Whether it is the first of a mapping that was empty.
    opens: bool,
}

impl Splice {
    fn new(at: Range<usize>, text: String) -> Self {
        Self { at, text, opens: false }
    }
}

fn parsed(text: &str) -> Result<Vec<Node>, SetError> {
    let not_yaml = |error: YamlError| SetError {
        path: Vec::new(),
        reason: format!("it is not YAML: {}", error.reason),
        help: "mend the file",
        at: error.at,
    };
    parse(text).map_err(not_yaml)
}

/// Reads the edited text again: it must mean what was meant, and nothing else may have changed.
fn prove(before: &[Node], edited: Option<&str>, changes: &[SetValue]) -> Result<(), SetError> {
    let failed = || {
        let path = changes.first().map(|change| change.path.clone()).unwrap_or_default();
        let reason = "the edit would change more than was asked for".to_owned();
        SetError { path, reason, help: OVERLAY, at: 0..0 }
    };
    let after = parsed(edited.ok_or_else(failed)?).map_err(|_| failed())?;
    if before.len() != after.len() {
        return Err(failed());
    }
    for (index, (before, after)) in before.iter().zip(&after).enumerate() {
        let (Some(mut expected), Some(found)) = (Value::of(before), Value::of(after)) else { return Err(failed()) };
        if index == 0 && !changes.iter().all(|change| expected.set(&change.path, change.value.clone())) {
            return Err(failed());
        }
        if expected != found {
            return Err(failed());
        }
    }
    Ok(())
}

/// The anchors that aliases repeat, with their names.
fn aliases(documents: &[Node]) -> BTreeMap<usize, String> {
    let mut used = BTreeMap::new();
    for document in documents {
        document.walk(&mut |node| {
            if let Kind::Alias(anchor) = &node.kind {
                used.insert(anchor.id, anchor.name.clone());
            }
        });
    }
    used
}

struct Editor<'t> {
    text: &'t str,
    lines: Lines,
    eol: &'static str,
    root: &'t Node,
    is_json: bool,
    /// The first and the last entry of each key of a mapping, where that is another one.
    entries: BTreeMap<(*const Node, &'t str), (&'t Entry, Option<&'t Entry>)>,
    used: BTreeMap<usize, String>,
}

impl<'t> Editor<'t> {
    fn splice(&self, change: &SetValue) -> Result<Option<Splice>, SetError> {
        let Some((last, parents)) = change.path.split_last() else { return Ok(None) };
        let mut node = self.root;
        for (depth, step) in parents.iter().enumerate() {
            self.not_shared(node, change)?;
            node = self.below(node, step).ok_or_else(|| {
                let path = display(&change.path[..=depth]);
                let reason = format!("the file has no `{path}`");
                SetError { path: change.path.clone(), reason, help: OVERLAY, at: start(node) }
            })?;
        }
        self.not_shared(node, change)?;
        match last {
            Step::Index(_) => match self.below(node, last) {
                Some(value) => self.replace(value, change),
                None => Err(refuse(change, node, "the list is shorter", OVERLAY)),
            },
            Step::Key(key) => {
                let Kind::Mapping { entries, flow } = &node.kind else {
                    return Err(refuse(change, node, "its parent is no mapping", OVERLAY));
                };
                match self.entries.get(&(std::ptr::from_ref(node), key.as_str())) {
                    Some((entry, None)) if entry.value.span.is_empty() => self.fill(entry, change).map(Some),
                    Some((entry, None)) => self.replace(&entry.value, change),
                    Some((_, Some(again))) => {
                        let reason = format!("`{key}` is there twice");
                        let at = again.key_span.clone();
                        Err(SetError { path: change.path.clone(), reason, help: "remove one of them", at })
                    }
                    None => self.add(entries, *flow, key, node, change).map(Some),
                }
            }
        }
    }

    fn below(&self, node: &'t Node, step: &Step) -> Option<&'t Node> {
        match (step, &node.kind) {
            (Step::Key(key), _) => {
                self.entries.get(&(std::ptr::from_ref(node), key.as_str())).map(|(entry, _)| &entry.value)
            }
            (Step::Index(index), Kind::Sequence(nodes)) => nodes.get(*index),
            (Step::Index(_), _) => None,
        }
    }

    /// What an alias repeats elsewhere cannot be changed for one place alone.
    fn not_shared(&self, node: &Node, change: &SetValue) -> Result<(), SetError> {
        let reason = match (&node.kind, node.anchor) {
            (Kind::Alias(Anchor { name, .. }), _) => format!("`*{name}` stands there, which repeats `&{name}`"),
            (_, Some(id)) => match self.used.get(&id) {
                Some(name) => format!("`&{name}` is repeated elsewhere as `*{name}`, and would change there too"),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        let help = "write the values out in this place, or write an overlay: `output = \"…\"`";
        Err(refuse(change, node, &reason, help))
    }

    /// Writes a value where none is: right behind the colon, in front of whatever comment there is.
    fn fill(&self, entry: &Entry, change: &SetValue) -> Result<Splice, SetError> {
        self.not_shared(&entry.value, change)?;
        let Value::Text { text, typed } = &change.value else {
            return Err(refuse(change, &entry.value, "nothing is to be set", OVERLAY));
        };
        let value = if *typed { text.clone() } else { quoted(text) };
        let end = entry.key_span.end;
        let colon = self.text[end..].find(':').map_or(end, |at| end + at + 1);
        Ok(Splice::new(colon..colon, format!(" {value}")))
    }

    fn replace(&self, node: &Node, change: &SetValue) -> Result<Option<Splice>, SetError> {
        self.not_shared(node, change)?;
        let Kind::Scalar { text, style } = &node.kind else {
            return Err(refuse(change, node, "it is no text", OVERLAY));
        };
        let Value::Text { text: new, typed } = &change.value else { return Ok(None) };
        let plain_text = *style != Style::Plain || stays_text(text);
        if text == new && *typed != plain_text {
            return Ok(None);
        }
        let written = match style {
            _ if *typed => new.clone(),
            Style::Plain if stays_text(new) && !text.is_empty() && !self.is_json => new.clone(),
            Style::Single if !new.contains(['\'', '\n', '\r']) => format!("'{new}'"),
            Style::Block => return Err(refuse(change, node, "it is a text of several lines", OVERLAY)),
            _ => quoted(new),
        };
        Ok(Some(Splice::new(node.span.clone(), written)))
    }

    /// Adds a key beside its siblings: `digest` behind `tag`, others behind what they belong to.
    fn add(
        &self,
        entries: &[Entry],
        flow: bool,
        key: &str,
        node: &Node,
        change: &SetValue,
    ) -> Result<Splice, SetError> {
        let Value::Text { text, typed } = &change.value else {
            return Err(refuse(change, node, "nothing is to be set", OVERLAY));
        };
        let value = if *typed { text.clone() } else { quoted(text) };
        let sibling = match sibling(entries, key) {
            Some(sibling) => sibling,
            None if flow && entries.is_empty() => {
                let line = format!("{}: {value}", written_key(key, self.is_json));
                return Ok(Splice { opens: true, ..Splice::new(node.span.start + 1..node.span.start + 1, line) });
            }
            None => {
                let reason = "the mapping is empty, so that nothing shows how it is written";
                return Err(refuse(change, node, reason, OVERLAY));
            }
        };
        let start = sibling.key_span.start;
        let is_quoted = self.is_json || self.text[start..].starts_with(['"', '\'']);
        let colon = self.text.get(sibling.key_span.end..sibling.value.span.start).unwrap_or_default();
        let colon = if is_quoted && colon.trim_matches(' ') == ":" { colon } else { ": " };
        let line = format!("{}{colon}{value}", written_key(key, is_quoted));
        let line_start = self.lines.range(self.lines.of(start)).start;
        let head = self.text[line_start..start].trim_start_matches('\u{feff}');
        let end = sibling.value.span.end.max(sibling.key_span.end);
        let line_end = self.lines.range(self.lines.of(end)).end;
        let line_end = line_end - usize::from(self.text[..line_end].ends_with('\n'));
        let eol = self.eol;
        if flow {
            // On a line of its own, where the sibling has one.
            let alone =
                head.chars().all(|c| matches!(c, ' ' | '\t')) && matches!(self.text[end..line_end].trim(), "" | ",");
            let text = if alone { format!(",{eol}{head}{line}") } else { format!(", {line}") };
            return Ok(Splice::new(end..end, text));
        }
        // Behind the sibling, on a line of its own, behind the sibling's comment.
        let line_end = if self.text[..line_end].ends_with('\r') { line_end - 1 } else { line_end };
        // In `- repository: x`, the dash stands where the other keys have a space.
        let indent: String = head.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        Ok(Splice::new(line_end..line_end, format!("{eol}{indent}{line}")))
    }
}

/// A key as it is written, in quotes where its siblings have them or where it is no plain text.
fn written_key(key: &str, is_quoted: bool) -> String {
    if !is_quoted && stays_text(key) && !key.contains(':') { key.to_owned() } else { quoted(key) }
}

fn refuse(change: &SetValue, node: &Node, reason: &str, help: &'static str) -> SetError {
    SetError { path: change.path.clone(), reason: reason.to_owned(), help, at: start(node) }
}

fn start(node: &Node) -> Range<usize> {
    node.span.start..node.span.start
}

/// The sibling behind which a key is added: one on a single line.
fn sibling<'e>(entries: &'e [Entry], key: &str) -> Option<&'e Entry> {
    let order: &[&str] = match key {
        "registry" => &[],
        "repository" => &["registry"],
        "tag" => &["repository", "name", "registry"],
        "useDigest" => &["digest", "tag"],
        _ => &["tag", "version", "repository", "name", "registry"],
    };
    let single = |entry: &&Entry| match &entry.value.kind {
        Kind::Scalar { style, .. } => *style != Style::Block,
        Kind::Alias(_) => true,
        Kind::Mapping { flow, .. } => *flow,
        Kind::Sequence(_) => false,
    };
    let named = order.iter().find_map(|name| entries.iter().filter(single).find(|entry| entry.key == *name));
    named.or_else(|| entries.iter().rfind(single))
}

#[cfg(test)]
mod tests;
