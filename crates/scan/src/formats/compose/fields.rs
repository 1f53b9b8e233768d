//! The keys of a Compose file's mappings, with what merge keys and aliases repeat.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use imagelock_yaml::{Kind, Node};

use crate::Unreadable;
use crate::formats::yaml::{MERGE, MOST_REPEATED, endless};

/// How far aliases lead to each other.
const DEEPEST: usize = 16;

/// The nodes of a document that aliases repeat, by the numbers of their anchors.
pub(super) struct Anchors<'n> {
    anchored: BTreeMap<usize, &'n Node>,
    /// How many more entries merge keys may repeat.
    left: Cell<usize>,
}

impl<'n> Anchors<'n> {
    pub(super) fn of(document: &'n Node) -> Self {
        let mut anchored = BTreeMap::new();
        document.walk(&mut |node| {
            if let Some(anchor) = node.anchor {
                anchored.insert(anchor, node);
            }
        });
        Self { anchored, left: Cell::new(MOST_REPEATED) }
    }

    /// The values of a mapping by their keys, with those of its merge keys; of what is no mapping, none.
    pub(super) fn fields(&self, node: &'n Node) -> Result<BTreeMap<&'n str, &'n Node>, Unreadable> {
        let mut fields = BTreeMap::new();
        for (index, source) in self.sources(node)?.into_iter().enumerate() {
            let mut own = BTreeSet::new();
            for entry in source.entries().iter().filter(|entry| entry.key != MERGE) {
                if index > 0 {
                    self.repeat(node)?;
                }
                if !own.insert(entry.key.as_str()) {
                    let reason = format!("`{}` is there twice", entry.key);
                    return Err(Unreadable { reason, at: entry.key_span.clone() });
                }
                fields.entry(entry.key.as_str()).or_insert_with(|| self.resolved(&entry.value));
            }
        }
        Ok(fields)
    }

    /// The items of a list, or the one value that stands in its place.
    pub(super) fn items(&self, node: &'n Node) -> Vec<&'n Node> {
        match self.resolved(node) {
            Node { kind: Kind::Sequence(nodes), .. } => nodes.iter().map(|node| self.resolved(node)).collect(),
            node => vec![node],
        }
    }

    /// A mapping and those that its merge keys name, each once, in the order in which they count.
    fn sources(&self, node: &'n Node) -> Result<Vec<&'n Node>, Unreadable> {
        let (mut sources, mut seen, mut waiting) = (Vec::new(), BTreeSet::new(), vec![self.resolved(node)]);
        while let Some(next) = waiting.pop() {
            if seen.insert(std::ptr::from_ref(next)) {
                sources.push(next);
                let merged = next.entries().iter().filter(|entry| entry.key == MERGE);
                let merged: Vec<&Node> = merged.flat_map(|entry| self.items(&entry.value)).collect();
                merged.iter().try_for_each(|_| self.repeat(node))?;
                waiting.extend(merged.into_iter().rev());
            }
        }
        Ok(sources)
    }

    fn resolved(&self, mut node: &'n Node) -> &'n Node {
        for _ in 0..DEEPEST {
            let Kind::Alias(anchor) = &node.kind else { break };
            let Some(target) = self.anchored.get(&anchor.id) else { break };
            node = target;
        }
        node
    }

    /// Counts what is repeated in a mapping.
    fn repeat(&self, node: &Node) -> Result<(), Unreadable> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| endless(node.span.clone()))?;
        self.left.set(left);
        Ok(())
    }
}
