//! What YAML means, with anchors and merge keys resolved and the bytes forgotten.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::text::{is_null, stays_text};
use crate::{Anchor, Kind, Node, Step, Style};

/// A value as a template sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// A scalar.
    Text {
        /// As it is written.
        text: String,
        /// Whether it is a number or a boolean.
        typed: bool,
    },
    /// A mapping. Its keys keep their order, which does not count when two are compared.
    Map(IndexMap<String, Value>),
    /// A list.
    List(Vec<Value>),
}

/// Aliases of aliases grow without bound; no values file has this many values.
const MOST: usize = 1_000_000;

impl Value {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), typed: false }
    }

    /// A boolean.
    pub fn flag(flag: bool) -> Self {
        Self::Text { text: flag.to_string(), typed: true }
    }

    /// A mapping with nothing in it.
    pub fn empty() -> Self {
        Self::Map(IndexMap::new())
    }

    /// Resolves a document; nothing where its aliases do not end.
    pub fn of(document: &Node) -> Option<Self> {
        let mut anchored = BTreeMap::new();
        document.walk(&mut |node| {
            if let Some(anchor) = node.anchor {
                anchored.insert(anchor, node);
            }
        });
        Resolver { anchored, left: MOST, open: Vec::new() }.value(document)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.get(key),
            _ => None,
        }
    }

    /// The value at a path.
    pub fn at(&self, path: &[Step]) -> Option<&Self> {
        path.iter().try_fold(self, |value, step| match (step, value) {
            (Step::Key(key), value) => value.get(key),
            (Step::Index(index), Self::List(items)) => items.get(*index),
            (Step::Index(_), _) => None,
        })
    }

    /// The text of a scalar that is there and not empty.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// Puts `value` at `path`, making the mappings on the way; false where something else is in the way.
    pub fn set(&mut self, path: &[Step], value: Self) -> bool {
        let Some((first, rest)) = path.split_first() else {
            *self = value;
            return true;
        };
        match (first, self) {
            (Step::Index(index), Self::List(items)) => items.get_mut(*index).is_some_and(|item| item.set(rest, value)),
            (Step::Key(key), Self::Map(entries)) => entries.entry(key.clone()).or_default().set(rest, value),
            (Step::Key(_), slot @ Self::Null) => {
                *slot = Self::empty();
                slot.set(path, value)
            }
            _ => false,
        }
    }

    /// Lays `over` upon this, as charts lay values upon each other: mappings merge, nothing deletes, all else replaces.
    pub fn merge(&mut self, over: &Self) {
        match (self, over) {
            (Self::Map(entries), Self::Map(overs)) => {
                for (key, over) in overs {
                    match entries.entry(key.clone()) {
                        Entry::Occupied(found) if *over == Self::Null => drop(found.shift_remove()),
                        Entry::Occupied(mut found) => found.get_mut().merge(over),
                        Entry::Vacant(place) => drop(place.insert(over.clone())),
                    }
                }
            }
            (value, over) => *value = over.clone(),
        }
    }
}

/// Aliases inside of what aliases repeat: one in the other as often as a text says would exhaust the stack.
const DEEPEST: usize = 100;

struct Resolver<'n> {
    /// The nodes by the number of their anchor.
    anchored: BTreeMap<usize, &'n Node>,
    left: usize,
    open: Vec<usize>,
}

impl<'n> Resolver<'n> {
    fn value(&mut self, node: &'n Node) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        Some(match &node.kind {
            Kind::Scalar { text, style: Style::Plain } if node.tag.is_none() && is_null(text) => Value::Null,
            Kind::Scalar { text, style } => {
                let typed = *style == Style::Plain && node.tag.is_none() && !stays_text(text);
                Value::Text { text: text.clone(), typed }
            }
            Kind::Sequence(nodes) => Value::List(nodes.iter().map(|node| self.value(node)).collect::<Option<_>>()?),
            Kind::Alias(Anchor { key: Some(key), .. }) => Value::text(key.as_str()),
            Kind::Alias(anchor) => {
                let target = *self.anchored.get(&anchor.id)?;
                if self.open.contains(&anchor.id) || self.open.len() >= DEEPEST {
                    return None;
                }
                self.open.push(anchor.id);
                let value = self.value(target);
                self.open.pop();
                value?
            }
            Kind::Mapping { entries, .. } => {
                let mut merged: IndexMap<String, Value> = IndexMap::new();
                for entry in entries.iter().filter(|entry| entry.key != "<<") {
                    let value = self.value(&entry.value)?;
                    // Of two keys that are the same, Go's readers take the last.
                    merged.insert(entry.key.clone(), value);
                }
                for entry in entries.iter().filter(|entry| entry.key == "<<") {
                    let sources = match self.value(&entry.value)? {
                        Value::List(items) => items,
                        other => vec![other],
                    };
                    for (key, value) in sources.into_iter().flat_map(|source| match source {
                        Value::Map(entries) => entries,
                        _ => IndexMap::new(),
                    }) {
                        merged.entry(key).or_insert(value);
                    }
                }
                Value::Map(merged)
            }
        })
    }
}

#[cfg(test)]
#[allow(clippy::format_collect, reason = "tests build texts of lines")]
mod tests;
