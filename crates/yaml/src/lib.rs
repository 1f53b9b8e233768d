//! YAML as a tree with the bytes of everything in it, apart from the library that parsed it.
//!
//! - [`parse`] gives the documents of a text as [`Node`]s, [`read`] their comments too, [`Value::of`] what one of them
//!   means. What one reader of YAML takes for another text than the next is refused ([`parse`] says what).
//! - [`quoted`] and [`stays_text`] write a scalar that every version of YAML reads as text.
//! - [`ValuePath`] is a way into values: `controller.image`, `sidecars[0].image`.
//!
//! Files that people own are never printed anew: so nothing here prints a tree. It is not for generated files either,
//! which are templates.

mod parse;
mod path;
mod text;
mod value;

use std::ops::Range;

pub use parse::{MOST_BYTES, MOST_VALUES, Parsed, parse, read};
pub use path::{PathError, Step, ValuePath, display};
pub use text::{is_typed, quoted, stays_text};
pub use value::Value;

/// A node and the bytes it was written in.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub span: Range<usize>,
    /// The number of its anchor.
    pub anchor: Option<usize>,
    /// Its tag, in full: `tag:yaml.org,2002:str` for `!!str`, and `!` for the tag that says nothing.
    pub tag: Option<String>,
}

/// The anchor that an alias repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The name, without `&` or `*`.
    pub name: String,
    /// Its number in the text: a name may be given again, and means the latest.
    pub id: usize,
    /// What the key says that has this anchor, where it is a key's: keys are no nodes.
    pub key: Option<String>,
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
    Alias(Anchor),
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
            Kind::Scalar { text, style: Style::Plain } if self.tag.is_none() && text::is_null(text) => None,
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether every version of YAML reads a number, a truth value or nothing here, and no text.
    pub fn is_no_text(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, style: Style::Plain } if self.tag.is_none() && is_typed(text))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn value(written: &str) -> Node {
        parse(&format!("a: {written}")).unwrap()[0].get("a").unwrap().clone()
    }

    #[test]
    fn what_is_absent_is_not_present_and_a_text_is() {
        for written in ["", "~", "null", "NULL", "[a]", "{b: c}"] {
            assert_eq!(value(written).present(), None, "{written}");
        }
        for (written, text) in [("\"~\"", "~"), ("'null'", "null"), ("!!str ~", "~"), ("''", ""), ("1", "1")] {
            assert_eq!(value(written).present(), Some(text), "{written}");
        }
    }

    #[test]
    fn only_what_every_reader_takes_for_no_text_is_none() {
        for written in ["", "~", "true", "16", "1.5"] {
            assert!(value(written).is_no_text(), "{written}");
        }
        for written in ["a", "yes", "\"16\"", "'true'", "!!str 16", "|\n  16\n", "[16]", "{a: 16}"] {
            assert!(!value(written).is_no_text(), "{written}");
        }
    }
}
