//! The keys of a Compose file's mappings, with what merge keys and aliases repeat.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imagelock_adapter::Problem;
use imagelock_core::source::{Location, SourceFile};
use imagelock_yaml::{Kind, Node};

/// How far aliases lead to each other.
const DEEPEST: usize = 16;

const MERGE: &str = "<<";

/// A document, and its nodes by the numbers of their anchors.
pub(crate) struct Document {
    pub(crate) root: Node,
    anchored: BTreeMap<usize, Node>,
}

impl Document {
    pub(crate) fn of(root: Node) -> Self {
        let mut used = Vec::new();
        root.walk(&mut |node| {
            if let Kind::Alias(anchor) = &node.kind {
                used.push(anchor.id);
            }
        });
        used.sort_unstable();
        let mut anchored = BTreeMap::new();
        root.walk(&mut |node| {
            if let Some(anchor) = node.anchor.filter(|anchor| used.binary_search(anchor).is_ok()) {
                anchored.insert(anchor, node.clone());
            }
        });
        Self { root, anchored }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.root.get(key).is_some()
    }

    /// The value of a key, where it is there.
    pub(crate) fn get<'n>(
        &'n self,
        node: &'n Node,
        key: &str,
        file: &Arc<SourceFile>,
    ) -> Result<Option<&'n Node>, Problem> {
        for node in self.sources(node) {
            let mut own = node.entries().iter().filter(|entry| entry.key == key);
            let Some(entry) = own.next() else { continue };
            if let Some(again) = own.next() {
                let at = Location::new(file, again.key_span.clone());
                let first = Location::new(file, entry.key_span.clone());
                return Err(Problem::at(&at, format!("`{key}` is there twice")).also(&first, "the first one"));
            }
            let value = self.resolved(&entry.value);
            return Ok((value.tag.as_deref() != Some("!reset")).then_some(value));
        }
        Ok(None)
    }

    /// The entries of a mapping, with those of its merge keys.
    pub(crate) fn entries<'n>(
        &'n self,
        node: &'n Node,
        file: &Arc<SourceFile>,
    ) -> Result<BTreeMap<&'n str, &'n Node>, Problem> {
        let mut entries = BTreeMap::new();
        for node in self.sources(node) {
            let mut own = BTreeSet::new();
            for entry in node.entries().iter().filter(|entry| entry.key != MERGE) {
                if !own.insert(entry.key.as_str()) {
                    let at = Location::new(file, entry.key_span.clone());
                    return Err(Problem::at(&at, format!("`{}` is there twice", entry.key)));
                }
                entries.entry(entry.key.as_str()).or_insert_with(|| self.resolved(&entry.value));
            }
        }
        Ok(entries)
    }

    /// A mapping and those that its merge keys name, each once, in the order in which they count.
    fn sources<'n>(&'n self, node: &'n Node) -> Vec<&'n Node> {
        let (mut sources, mut seen, mut waiting) = (Vec::new(), BTreeSet::new(), vec![self.resolved(node)]);
        while let Some(node) = waiting.pop() {
            if seen.insert(std::ptr::from_ref(node)) {
                sources.push(node);
                let merged = node.entries().iter().filter(|entry| entry.key == MERGE);
                let merged: Vec<&Node> = merged.flat_map(|entry| self.items(&entry.value)).collect();
                waiting.extend(merged.into_iter().rev());
            }
        }
        sources
    }

    /// The items of a list, or the one value that stands in its place.
    pub(crate) fn items<'n>(&'n self, node: &'n Node) -> Vec<&'n Node> {
        match self.resolved(node) {
            Node { kind: Kind::Sequence(nodes), .. } => nodes.iter().map(|node| self.resolved(node)).collect(),
            node => vec![node],
        }
    }

    fn resolved<'n>(&'n self, mut node: &'n Node) -> &'n Node {
        for _ in 0..DEEPEST {
            let Kind::Alias(anchor) = &node.kind else { break };
            let Some(target) = self.anchored.get(&anchor.id) else { break };
            node = target;
        }
        node
    }
}

/// The text of a value that is there, without the end of line of a text of several lines.
pub(crate) fn present(node: &Node) -> Option<&str> {
    node.present().map(str::trim_end).filter(|text| !text.is_empty())
}
