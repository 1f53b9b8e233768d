//! YAML as a tree with the bytes of everything in it, apart from the library that parsed it.
//!
//! - [`parse`] gives the documents of a text as [`Node`]s, [`Value::of`] what one of them means.
//! - [`apply`] changes values of a person's file by replacing their bytes.
//! - [`quoted`] and [`stays_text`] write a scalar that every version of YAML reads as text.
//! - [`ValuePath`] is a way into values: `controller.image`, `sidecars[0].image`.
//!
//! Files that people own are never printed anew: so nothing here prints a tree. It is not for generated files either,
//! which are templates.

mod edit;
mod path;
mod text;
mod value;

use std::ops::Range;

use yaml_edit::{Document, SyntaxKind, YamlFile, YamlNode};

pub use edit::{Change, EditError, apply};
pub use path::{PathError, Step, ValuePath, display};
pub use text::{quoted, stays_text};
pub use value::Value;

/// A node and the bytes it was written in.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub span: Range<usize>,
    /// The name of its anchor.
    pub anchor: Option<String>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A scalar.
    Scalar {
        /// What it says.
        text: String,
        /// How it is written.
        style: Style,
    },
    /// A mapping.
    Mapping {
        /// Its entries, in their order.
        entries: Vec<Entry>,
        /// Whether it is written with braces.
        flow: bool,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// A repetition of what an anchor names.
    Alias(String),
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In `'…'`.
    Single,
    /// In `"…"`.
    Double,
    /// Behind `|` or `>`.
    Block,
}

/// A key of a mapping and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The bytes of the key.
    pub key_span: Range<usize>,
    /// The value.
    pub value: Node,
}

/// The text is not YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct YamlError {
    /// What is wrong.
    pub reason: String,
    /// Where.
    pub at: Range<usize>,
}

/// No manifest is nested deeper than this; a text that is was written to exhaust the stack.
const DEEPEST: usize = 100;

const BOM: &str = "\u{feff}";

/// The documents of a text; a document of comments alone is none.
pub fn parse(text: &str) -> Result<Vec<Node>, YamlError> {
    // The parser's spans would be three bytes off where a byte order mark stands in front.
    let body = text.strip_prefix(BOM).unwrap_or(text);
    let skipped = text.len() - body.len();
    shallow(body)?;
    let parsed = YamlFile::parse(body);
    if let Some(error) = parsed.positioned_errors().first() {
        let range = &error.range;
        // What is missing at the end is reported behind the end.
        let inside = |at: u32| (skipped + at as usize).min(text.len());
        let at = inside(range.start)..inside(range.end);
        return Err(YamlError { reason: error.message.clone(), at });
    }
    let converter = Converter { text: body, skipped, anchors: anchors(body) };
    parsed.tree().documents().filter_map(|document| converter.document(&document)).collect()
}

/// Refuses what the parser's recursion could not take.
fn shallow(text: &str) -> Result<(), YamlError> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'\n' if depth < DEEPEST => depth = 0,
            _ => {}
        }
        if depth >= DEEPEST * 10 {
            return Err(YamlError { reason: "it is nested too deeply".to_owned(), at: at..at + 1 });
        }
    }
    Ok(())
}

/// The anchors with the bytes they start at.
fn anchors(text: &str) -> Vec<(usize, &str)> {
    if !text.contains('&') {
        return Vec::new();
    }
    let mut at = 0;
    let tokens = yaml_edit::lex(text).into_iter().map(|(kind, token)| {
        at += token.len();
        (kind, at - token.len(), token)
    });
    let anchors = tokens.filter(|(kind, ..)| *kind == SyntaxKind::ANCHOR);
    anchors.map(|(_, at, token)| (at, token.trim_start_matches('&'))).collect()
}

struct Converter<'t> {
    text: &'t str,
    skipped: usize,
    anchors: Vec<(usize, &'t str)>,
}

impl Converter<'_> {
    fn document(&self, document: &Document) -> Option<Result<Node, YamlError>> {
        let node = if let Some(mapping) = document.as_mapping() {
            YamlNode::Mapping(mapping)
        } else if let Some(sequence) = document.as_sequence() {
            YamlNode::Sequence(sequence)
        } else if let Some(scalar) = document.as_scalar() {
            YamlNode::Scalar(scalar)
        } else {
            return None;
        };
        Some(self.node(&node, document.byte_range().start as usize, 0))
    }

    /// `after` is where the node may have begun: what stands between is its anchor and its tag.
    fn node(&self, node: &YamlNode, after: usize, depth: usize) -> Result<Node, YamlError> {
        let range = node.byte_range();
        let (start, end) = (range.start as usize, range.end as usize);
        let span = start + self.skipped..end + self.skipped;
        if depth > DEEPEST {
            return Err(YamlError { reason: "it is nested too deeply".to_owned(), at: span });
        }
        let anchor = self.anchor(after..start);
        let kind = match node {
            YamlNode::Scalar(scalar) => {
                let written = self.text.get(start..end).unwrap_or_default();
                Kind::Scalar { text: text::value(written, &scalar.as_string()), style: style(written) }
            }
            YamlNode::Mapping(mapping) => {
                let mut entries = Vec::new();
                for entry in mapping.entries() {
                    let Some(key) = entry.key_node() else { continue };
                    let key_range = key.byte_range();
                    let key_span = key_range.start as usize + self.skipped..key_range.end as usize + self.skipped;
                    let key_text = match &key {
                        YamlNode::Scalar(scalar) => scalar.as_string(),
                        // Other keys name nothing that anybody asks for.
                        _ => continue,
                    };
                    let value = match entry.value_node() {
                        Some(value) => self.node(&value, key_range.end as usize, depth + 1)?,
                        None => null(key_span.end),
                    };
                    entries.push(Entry { key: key_text, key_span, value });
                }
                Kind::Mapping { entries, flow: mapping.is_flow_style() }
            }
            YamlNode::Sequence(sequence) => {
                let mut nodes = Vec::new();
                let mut after = start;
                for value in sequence.values() {
                    nodes.push(self.node(&value, after, depth + 1)?);
                    after = value.byte_range().end as usize;
                }
                Kind::Sequence(nodes)
            }
            YamlNode::Alias(alias) => Kind::Alias(alias.name().trim_start_matches('*').to_owned()),
            YamlNode::TaggedNode(tagged) => {
                let inner = tagged.as_mapping().map(YamlNode::Mapping);
                let inner = inner.or_else(|| tagged.as_sequence().map(YamlNode::Sequence));
                let inner = inner.or_else(|| tagged.value().map(YamlNode::Scalar));
                let Some(inner) = inner else { return Ok(null(span.start)) };
                let mut node = self.node(&inner, start, depth + 1)?;
                node.anchor = node.anchor.or(anchor);
                return Ok(node);
            }
        };
        Ok(Node { kind, span, anchor })
    }

    fn anchor(&self, gap: Range<usize>) -> Option<String> {
        let first = self.anchors.partition_point(|(at, _)| *at < gap.start);
        let (at, name) = self.anchors.get(first)?;
        (*at < gap.end).then(|| (*name).to_owned())
    }
}

fn null(at: usize) -> Node {
    Node { kind: Kind::Scalar { text: String::new(), style: Style::Plain }, span: at..at, anchor: None }
}

fn style(written: &str) -> Style {
    match written.as_bytes().first() {
        Some(b'\'') => Style::Single,
        Some(b'"') => Style::Double,
        Some(b'|' | b'>') => Style::Block,
        _ => Style::Plain,
    }
}

impl Node {
    /// The entries, if this is a mapping.
    pub fn entries(&self) -> &[Entry] {
        if let Kind::Mapping { entries, .. } = &self.kind { entries } else { &[] }
    }

    /// The value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The text of a value that is there: nothing for `~`, `null` and the absent value.
    pub fn present(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, style: Style::Plain } if text::is_null(text) => None,
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Calls `visit` with this node and all below it.
    pub fn walk<'n>(&'n self, visit: &mut impl FnMut(&'n Self)) {
        visit(self);
        match &self.kind {
            Kind::Mapping { entries, .. } => entries.iter().for_each(|entry| entry.value.walk(visit)),
            Kind::Sequence(nodes) => nodes.iter().for_each(|node| node.walk(visit)),
            Kind::Scalar { .. } | Kind::Alias(_) => {}
        }
    }
}
