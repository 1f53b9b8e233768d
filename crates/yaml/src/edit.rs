//! Changing scalars of a YAML file by replacing their bytes: nothing else changes.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::{Anchor, Entry, Kind, Node, Step, Style, Value, parse, quoted, stays_text};

/// A value to set at a path.
#[derive(Clone, Debug)]
pub struct Change {
    /// The path.
    pub path: Vec<Step>,
    /// The value: a text or a flag.
    pub value: Value,
}

/// Why a value cannot be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditError {
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

/// Bytes to put in the place of others.
struct Splice {
    at: Range<usize>,
    text: String,
}

/// Makes the changes in the first document of `text`, which is the one that Helm reads.
pub fn apply(text: &str, changes: &[Change]) -> Result<String, EditError> {
    let documents = parsed(text)?;
    let Some(root) = documents.first() else {
        let path = changes.first().map(|change| change.path.clone()).unwrap_or_default();
        return Err(EditError { path, reason: "the file is empty".to_owned(), help: OVERLAY, at: 0..0 });
    };
    let editor = Editor { text, root, used: aliases(&documents) };
    let mut splices = Vec::new();
    for change in changes {
        splices.extend(editor.splice(change)?);
    }
    // The sort is stable: keys that are added at one place stay in their order.
    splices.sort_by_key(|splice| splice.at.start);
    let mut edited = String::with_capacity(text.len() + 128 * splices.len());
    let mut at = 0;
    for splice in &splices {
        edited.push_str(text.get(at..splice.at.start).unwrap_or_default());
        edited.push_str(&splice.text);
        at = splice.at.end;
    }
    edited.push_str(text.get(at..).unwrap_or_default());
    prove(&documents, &edited, changes)?;
    Ok(edited)
}

fn parsed(text: &str) -> Result<Vec<Node>, EditError> {
    let not_yaml = |error: crate::YamlError| EditError {
        path: Vec::new(),
        reason: format!("it is not YAML: {}", error.reason),
        help: "mend the file",
        at: error.at,
    };
    parse(text).map_err(not_yaml)
}

/// Reads the edited text again: it must mean what was meant, and nothing else may have changed.
fn prove(before: &[Node], edited: &str, changes: &[Change]) -> Result<(), EditError> {
    let failed = || {
        let path = changes.first().map(|change| change.path.clone()).unwrap_or_default();
        let reason = "the edit would change more than was asked for".to_owned();
        EditError { path, reason, help: OVERLAY, at: 0..0 }
    };
    let after = parsed(edited).map_err(|_| failed())?;
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
    root: &'t Node,
    used: BTreeMap<usize, String>,
}

impl Editor<'_> {
    fn splice(&self, change: &Change) -> Result<Option<Splice>, EditError> {
        let Some((last, parents)) = change.path.split_last() else { return Ok(None) };
        let mut node = self.root;
        for (depth, step) in parents.iter().enumerate() {
            self.not_shared(node, change)?;
            node = below(node, step).ok_or_else(|| {
                let path = crate::display(&change.path[..=depth]);
                let reason = format!("the file has no `{path}`");
                EditError { path: change.path.clone(), reason, help: OVERLAY, at: start(node) }
            })?;
        }
        self.not_shared(node, change)?;
        match last {
            Step::Index(_) => match below(node, last) {
                Some(value) => self.replace(value, change),
                None => Err(refuse(change, node, "the list is shorter", OVERLAY)),
            },
            Step::Key(key) => {
                let Kind::Mapping { entries, flow } = &node.kind else {
                    return Err(refuse(change, node, "its parent is no mapping", OVERLAY));
                };
                let mut found = entries.iter().filter(|entry| entry.key == *key);
                match (found.next(), found.next()) {
                    (Some(entry), None) if entry.value.span.is_empty() => self.fill(entry, change).map(Some),
                    (Some(entry), None) => self.replace(&entry.value, change),
                    (Some(_), Some(again)) => {
                        let reason = format!("`{key}` is there twice");
                        let at = again.key_span.clone();
                        Err(EditError { path: change.path.clone(), reason, help: "remove one of them", at })
                    }
                    (None, _) => self.add(entries, *flow, key, node, change).map(Some),
                }
            }
        }
    }

    /// What an alias repeats elsewhere cannot be changed for one place alone.
    fn not_shared(&self, node: &Node, change: &Change) -> Result<(), EditError> {
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
    fn fill(&self, entry: &Entry, change: &Change) -> Result<Splice, EditError> {
        self.not_shared(&entry.value, change)?;
        let Value::Text { text, typed } = &change.value else {
            return Err(refuse(change, &entry.value, "nothing is to be set", OVERLAY));
        };
        let value = if *typed { text.clone() } else { quoted(text) };
        let end = entry.key_span.end;
        let colon = self.text[end..].find(':').map_or(end, |at| end + at + 1);
        Ok(Splice { at: colon..colon, text: format!(" {value}") })
    }

    fn replace(&self, node: &Node, change: &Change) -> Result<Option<Splice>, EditError> {
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
            Style::Plain if stays_text(new) && !text.is_empty() => new.clone(),
            Style::Single if !new.contains(['\'', '\n', '\r']) => format!("'{new}'"),
            Style::Block => return Err(refuse(change, node, "it is a text of several lines", OVERLAY)),
            _ => quoted(new),
        };
        Ok(Some(Splice { at: node.span.clone(), text: written }))
    }

    /// Adds a key beside its siblings: `digest` behind `tag`, others behind what they belong to.
    fn add(&self, entries: &[Entry], flow: bool, key: &str, node: &Node, change: &Change) -> Result<Splice, EditError> {
        let Value::Text { text, typed } = &change.value else {
            return Err(refuse(change, node, "nothing is to be set", OVERLAY));
        };
        let value = if *typed { text.clone() } else { quoted(text) };
        let key = if stays_text(key) && !key.contains(':') { key.to_owned() } else { quoted(key) };
        let line = format!("{key}: {value}");
        let sibling = sibling(entries, &key).ok_or_else(|| {
            refuse(change, node, "the mapping is empty, so that nothing shows how it is written", OVERLAY)
        })?;
        if flow {
            let at = sibling.value.span.end;
            return Ok(Splice { at: at..at, text: format!(", {line}") });
        }
        // Behind the sibling, on a line of its own, behind the sibling's comment.
        let end = sibling.value.span.end.max(sibling.key_span.end);
        let end = end + self.text[end..].find('\n').unwrap_or(self.text.len() - end);
        let end = if self.text[..end].ends_with('\r') { end - 1 } else { end };
        let start = sibling.key_span.start;
        let head = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let head = self.text[head..start].trim_start_matches('\u{feff}');
        // In `- repository: x`, the dash stands where the other keys have a space.
        let indent: String = head.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let eol = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        Ok(Splice { at: end..end, text: format!("{eol}{indent}{line}") })
    }
}

fn refuse(change: &Change, node: &Node, reason: &str, help: &'static str) -> EditError {
    EditError { path: change.path.clone(), reason: reason.to_owned(), help, at: start(node) }
}

fn start(node: &Node) -> Range<usize> {
    node.span.start..node.span.start
}

fn below<'n>(node: &'n Node, step: &Step) -> Option<&'n Node> {
    match (step, &node.kind) {
        (Step::Key(key), _) => node.get(key),
        (Step::Index(index), Kind::Sequence(nodes)) => nodes.get(*index),
        (Step::Index(_), _) => None,
    }
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
