//! YAML with its aliases and merge keys, as far as these formats need it: a value by its key, and where it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use imagelock_core::source::SourceFile;
use imagelock_yaml::{Kind, Node};

use crate::{ImportError, at};

/// How far aliases and merge keys are followed; also the end of those that lead to themselves.
const DEPTH: usize = 16;

/// A file's documents.
pub(crate) struct Documents {
    nodes: Vec<Node>,
}

/// One of them, with the anchors of its file.
#[derive(Clone, Copy)]
pub(crate) struct Tree<'n> {
    anchors: &'n BTreeMap<usize, &'n Node>,
    pub(crate) node: &'n Node,
}

pub(crate) fn parse(file: &Arc<SourceFile>, what: &'static str) -> Result<Documents, ImportError> {
    match imagelock_yaml::parse(file.text()) {
        Ok(nodes) => Ok(Documents { nodes }),
        Err(error) => Err(ImportError { what, reason: error.reason, at: at(file, &error.at) }),
    }
}

impl Documents {
    pub(crate) fn anchors(&self) -> BTreeMap<usize, &Node> {
        let mut anchors = BTreeMap::new();
        for document in &self.nodes {
            document.walk(&mut |node| {
                anchors.extend(node.anchor.map(|id| (id, node)));
            });
        }
        anchors
    }

    pub(crate) fn trees<'n>(&'n self, anchors: &'n BTreeMap<usize, &'n Node>) -> impl Iterator<Item = Tree<'n>> {
        self.nodes.iter().map(move |node| Tree { anchors, node })
    }
}

impl<'n> Tree<'n> {
    fn with(self, node: &'n Node) -> Self {
        let mut node = node;
        for _ in 0..DEPTH {
            match &node.kind {
                Kind::Alias(anchor) => match self.anchors.get(&anchor.id) {
                    Some(named) => node = named,
                    None => break,
                },
                _ => break,
            }
        }
        Self { node, ..self }
    }

    /// The value of a key, also where a merge key brings it.
    pub(crate) fn get(self, key: &str) -> Option<Self> {
        self.get_within(key, DEPTH, &mut BTreeSet::new())
    }

    /// Looks into each mapping once: merge keys may bring the same one in more ways than there is time for.
    fn get_within(self, key: &str, depth: usize, seen: &mut BTreeSet<*const Node>) -> Option<Self> {
        if !seen.insert(std::ptr::from_ref(self.node)) {
            return None;
        }
        if let Some(node) = self.node.get(key) {
            return Some(self.with(node));
        }
        let depth = depth.checked_sub(1)?;
        let merged = self.with(self.node.get("<<")?);
        match &merged.node.kind {
            Kind::Sequence(nodes) => nodes.iter().find_map(|node| self.with(node).get_within(key, depth, seen)),
            _ => merged.get_within(key, depth, seen),
        }
    }

    /// A value further down.
    pub(crate) fn at(self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self, |tree, key| tree.get(key))
    }

    /// The text of a value further down.
    pub(crate) fn text(self, path: &[&str]) -> Option<&'n str> {
        self.at(path)?.node.present()
    }

    pub(crate) fn items(self) -> Vec<Self> {
        match &self.node.kind {
            Kind::Sequence(nodes) => nodes.iter().map(|node| self.with(node)).collect(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn entries(self) -> Vec<(&'n str, &'n Range<usize>, Self)> {
        let entries = self.node.entries().iter();
        entries.map(|entry| (&*entry.key, &entry.key_span, self.with(&entry.value))).collect()
    }

    pub(crate) fn span(self) -> &'n Range<usize> {
        &self.node.span
    }
}
