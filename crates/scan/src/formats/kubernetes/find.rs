//! Finding the images in manifests.
//!
//! An `image` that is a text names an image wherever it stands, in pods and in the resources of operators, but for
//! the places that hold no configuration of anything that runs. What a merge key or an alias repeats stands where it is
//! repeated; of a key that is there twice, both count, since readers differ in which one they take.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use imagelock_yaml::{Anchor, Entry, Kind, Node};

use super::ManifestPath;
use crate::Unreadable;
use crate::formats::yaml::{MERGE, MOST_REPEATED, endless, written};

/// An image in a manifest.
#[derive(Clone, Debug)]
pub(crate) struct FoundImage {
    pub(crate) object: Rc<Object>,
    pub(crate) container: Option<String>,
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
    /// The bytes of what an alias repeats.
    pub(crate) repeats: Option<Range<usize>>,
}

/// The object that a place is in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    pub(crate) kind: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
}

/// The kinds whose content is data, a schema or another machine's, which Kubernetes does not run, with the start of their `apiVersion`: as
/// a document or as an item of a list. Inside of another object they may be a pod in disguise, since Kubernetes passes
/// over an `apiVersion` and a `kind` that it does not expect.
const NOT_RUN: &[(&str, &str)] = &[
    ("ConfigMap", "v1"),
    ("Secret", "v1"),
    ("CustomResourceDefinition", "apiextensions.k8s.io/"),
    // A repository whose tags Flux lists: it has none itself.
    ("ImageRepository", "image.toolkit.fluxcd.io/"),
    // Images of machines.
    ("OpenStackMachine", "infrastructure.cluster.x-k8s.io/"),
    ("OpenStackMachineTemplate", "infrastructure.cluster.x-k8s.io/"),
];

/// Aliases inside of what aliases repeat: one in the other as often as a text says would exhaust the stack.
const DEEPEST: usize = 100;

/// The images of all documents, each once, in the order of their bytes.
pub(super) fn images(text: &str, documents: &[Node], paths: &[ManifestPath]) -> Result<Vec<FoundImage>, Unreadable> {
    let mut found = Vec::new();
    for document in documents {
        let mut anchored = BTreeMap::new();
        document.walk(&mut |node| {
            if let Some(anchor) = node.anchor {
                anchored.insert(anchor, node);
            }
        });
        let (object, keys, open) = (Rc::default(), Vec::new(), Vec::new());
        let mut finder = Finder { text, paths, anchored, object, keys, open, repeated: 0, found: &mut found };
        finder.node(document, true)?;
    }
    found.sort_by_key(|image: &FoundImage| image.span.start);
    found.dedup_by(|one, other| one.span == other.span);
    Ok(found)
}

struct Finder<'n, 'f> {
    text: &'n str,
    paths: &'n [ManifestPath],
    anchored: BTreeMap<usize, &'n Node>,
    object: Rc<Object>,
    /// The keys from the object to here.
    keys: Vec<&'n str>,
    /// The anchors whose repetition this is inside of.
    open: Vec<usize>,
    /// How many values were visited by way of aliases.
    repeated: usize,
    found: &'f mut Vec<FoundImage>,
}

impl<'n> Finder<'n, '_> {
    /// `top` says that an object stands here which Kubernetes takes by its kind: a document, or an item of its `items`.
    fn node(&mut self, node: &'n Node, top: bool) -> Result<(), Unreadable> {
        if !self.open.is_empty() {
            self.repeated += 1;
        }
        match &node.kind {
            Kind::Sequence(nodes) => nodes.iter().try_for_each(|node| self.node(node, top)),
            Kind::Mapping { entries, .. } if top && self.is_not_run(entries) => Ok(()),
            Kind::Mapping { entries, .. } => match object(node) {
                Some(object) => {
                    let outer = std::mem::replace(&mut self.object, Rc::new(object));
                    let keys = std::mem::take(&mut self.keys);
                    self.entries(node, entries, top)?;
                    (self.object, self.keys) = (outer, keys);
                    Ok(())
                }
                None => self.entries(node, entries, top),
            },
            Kind::Alias(anchor) => {
                let Some(target) = self.anchored.get(&anchor.id).copied() else { return Ok(()) };
                if self.open.contains(&anchor.id) || self.open.len() >= DEEPEST || self.repeated > MOST_REPEATED {
                    return Err(endless(node.span.clone()));
                }
                self.open.push(anchor.id);
                self.node(target, top)?;
                self.open.pop();
                Ok(())
            }
            Kind::Scalar { .. } => Ok(()),
        }
    }

    fn entries(&mut self, parent: &'n Node, entries: &'n [Entry], top: bool) -> Result<(), Unreadable> {
        let mut container = None;
        for entry in entries {
            if entry.key == MERGE {
                self.node(&entry.value, false)?;
                continue;
            }
            self.keys.push(&entry.key);
            match entry.key.as_str() {
                "metadata" | "status" => {}
                _ if self.is_image() => {
                    let name = container.get_or_insert_with(|| parent.get("name").and_then(Node::present));
                    if !self.text(*name, &entry.value) {
                        self.node(&entry.value, false)?;
                    }
                }
                key => self.node(&entry.value, top && key == "items")?,
            }
            self.keys.pop();
        }
        Ok(())
    }

    /// Whether the keys lead to an image: to an `image`, to the `reference` of an image volume, or where one is asked
    /// for.
    fn is_image(&self) -> bool {
        match self.keys[..] {
            [.., "image"] | [.., "image", "reference"] => true,
            _ => self
                .paths
                .iter()
                .any(|path| path.kind.as_ref().is_none_or(|kind| *kind == self.object.kind) && path.keys == self.keys),
        }
    }

    /// Notes the node if it is a text or repeats one. What is absent names no image, and neither does a number.
    fn text(&mut self, container: Option<&str>, node: &'n Node) -> bool {
        let text = match (&node.kind, &self.resolved(node).kind) {
            (Kind::Alias(Anchor { key: Some(key), .. }), _) => key,
            (_, Kind::Scalar { text, .. }) => text,
            _ => return false,
        };
        let (text, scalar) = (text.trim_end(), self.resolved(node));
        if scalar.is_no_text() || text.is_empty() {
            return true;
        }
        // What it says is not what it means: it is no reference.
        let binary = scalar.tag.as_ref().is_some_and(|tag| tag.ends_with(":binary"));
        self.found.push(FoundImage {
            object: Rc::clone(&self.object),
            container: container.map(str::to_owned),
            text: if binary { format!("!!binary {text}") } else { text.to_owned() },
            span: written(self.text, node),
            repeats: matches!(node.kind, Kind::Alias(_)).then(|| written(self.text, scalar)),
        });
        true
    }

    /// Whether a mapping is an object that Kubernetes stores and does not run, by every `kind` that it has.
    fn is_not_run(&self, entries: &[Entry]) -> bool {
        let all = |key: &str, fits: &dyn Fn(&str) -> bool| {
            let mut values = entries.iter().filter(|entry| entry.key == key).map(|entry| self.resolved(&entry.value));
            entries.iter().any(|entry| entry.key == key) && values.all(|value| value.present().is_some_and(fits))
        };
        // Whatever its kind, kubectl and Helm take an object with `items` for a list of others.
        let holds = entries.iter().any(|entry| entry.key == MERGE || entry.key == "items");
        !holds
            && NOT_RUN.iter().any(|(kind, version)| {
                let is_of_version =
                    |found: &str| found == *version || version.ends_with('/') && found.starts_with(version);
                all("kind", &|found| found == *kind) && all("apiVersion", &is_of_version)
            })
    }

    /// The node that an alias repeats.
    fn resolved<'e>(&self, node: &'e Node) -> &'e Node
    where
        'n: 'e,
    {
        match &node.kind {
            Kind::Alias(anchor) => self.anchored.get(&anchor.id).copied().unwrap_or(node),
            _ => node,
        }
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
