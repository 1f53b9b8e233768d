//! Finding the images in manifests.
//!
//! An `image` that is a text names an image wherever it stands, in pods and in the resources of operators, but for
//! the places that hold no configuration of anything that runs.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use super::ManifestPath;
use imagelock_yaml::{Entry, Kind, Node, Style};

/// An image in a manifest.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) object: Rc<Object>,
    pub(crate) container: Option<String>,
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
    /// How it is written; nothing for an alias.
    pub(crate) style: Option<Style>,
}

/// The object that a place is in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    pub(crate) kind: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
}

/// The kinds whose content is data or a schema, which Kubernetes does not run.
const NOT_RUN: &[&str] = &["ConfigMap", "Secret", "CustomResourceDefinition"];

/// The images of all documents, in the order of their bytes.
pub(super) fn images(documents: &[Node], paths: &[ManifestPath]) -> Vec<Found> {
    let mut found = Vec::new();
    for document in documents {
        let mut anchored = BTreeMap::new();
        document.walk(&mut |node| {
            if let Some(anchor) = &node.anchor {
                anchored.insert(anchor.as_str(), node);
            }
        });
        let mut finder = Finder { paths, anchored, object: Rc::default(), keys: Vec::new(), found: &mut found };
        finder.node(document);
    }
    found
}

struct Finder<'n, 'f> {
    paths: &'n [ManifestPath],
    anchored: BTreeMap<&'n str, &'n Node>,
    object: Rc<Object>,
    /// The keys from the object to here.
    keys: Vec<&'n str>,
    found: &'f mut Vec<Found>,
}

impl<'n> Finder<'n, '_> {
    fn node(&mut self, node: &'n Node) {
        match &node.kind {
            Kind::Sequence(nodes) => nodes.iter().for_each(|node| self.node(node)),
            Kind::Mapping { entries, .. } => match object(node) {
                Some(object) if NOT_RUN.contains(&object.kind.as_str()) => {}
                Some(object) => {
                    let outer = std::mem::replace(&mut self.object, Rc::new(object));
                    let keys = std::mem::take(&mut self.keys);
                    self.entries(node, entries);
                    (self.object, self.keys) = (outer, keys);
                }
                None => self.entries(node, entries),
            },
            Kind::Scalar { .. } | Kind::Alias(_) => {}
        }
    }

    fn entries(&mut self, parent: &'n Node, entries: &'n [Entry]) {
        for entry in entries {
            self.keys.push(&entry.key);
            let named = entry.key == "image" || self.is_asked_for();
            match entry.key.as_str() {
                "metadata" | "status" => {}
                _ if named && self.text(parent, &entry.value) => {}
                // An image volume: `volumes[].image.reference`.
                "image" => match entry.value.get("reference") {
                    Some(reference) if self.text(parent, reference) => {}
                    _ => self.node(&entry.value),
                },
                _ => self.node(&entry.value),
            }
            self.keys.pop();
        }
    }

    fn is_asked_for(&self) -> bool {
        self.paths
            .iter()
            .any(|path| path.kind.as_ref().is_none_or(|kind| *kind == self.object.kind) && path.keys == self.keys)
    }

    /// Notes the node if it is a text or repeats one. What is absent names no image.
    fn text(&mut self, parent: &'n Node, node: &'n Node) -> bool {
        let (scalar, style) = match &node.kind {
            Kind::Alias(name) => match self.anchored.get(name.as_str()) {
                Some(target) => (*target, None),
                None => return false,
            },
            Kind::Scalar { style, .. } => (node, Some(*style)),
            _ => return false,
        };
        if !matches!(scalar.kind, Kind::Scalar { .. }) {
            return false;
        }
        if let Some(text) = scalar.present().map(str::trim_end).filter(|text| !text.is_empty()) {
            self.found.push(Found {
                object: Rc::clone(&self.object),
                container: parent.get("name").and_then(Node::present).map(str::to_owned),
                text: text.to_owned(),
                span: node.span.clone(),
                style,
            });
        }
        true
    }
}

/// What an object is called, if the mapping is one.
fn object(node: &Node) -> Option<Object> {
    node.get("apiVersion")?;
    let kind = node.get("kind")?.present()?.to_owned();
    let metadata = |key| node.get("metadata").and_then(|metadata| metadata.get(key)).and_then(Node::present);
    let name = metadata("name").or_else(|| metadata("generateName")).unwrap_or_default().to_owned();
    Some(Object { kind, namespace: metadata("namespace").map(str::to_owned), name })
}
