//! What the services of a Compose file say about images: the one reader of its keys.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use imagelock_yaml::{Kind, Node, Style};

use super::fields::Anchors;
use crate::Unreadable;
use crate::formats::yaml;

/// What a Compose file says about images, apart from the files that it names: those are the caller's to read.
#[derive(Clone, Debug, Default)]
pub struct Composition {
    /// The services of all documents by their names; a later document's keys stand above an earlier one's.
    pub services: BTreeMap<String, Declaration>,
    /// The files that it includes.
    pub includes: Vec<Scalar>,
    /// Whether it has services or includes files that have.
    pub is_one: bool,
}

/// What a service says about its images, by itself.
#[derive(Clone, Debug, Default)]
pub struct Declaration {
    /// The bytes of the service.
    pub span: Range<usize>,
    /// Its `image`.
    pub image: Option<Scalar>,
    /// What becomes of it; nothing where the service that it extends decides.
    pub origin: Option<Origin>,
    /// The service that it extends.
    pub extends: Option<Extends>,
    /// The images of its volumes and hooks.
    pub beyond: Vec<Beyond>,
    /// The images that its build takes for contexts, `docker-image://` in front.
    pub(super) contexts: Vec<Scalar>,
    /// The Dockerfile that stands in the file.
    pub(super) inline: Option<Scalar>,
}

/// Where what a service runs comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is pulled.
    Pulled,
    /// It is built: its `image` names the result.
    Built,
    /// A provider runs it, and there is no image.
    Provided,
}

/// The service that another one extends.
#[derive(Clone, Debug, Default)]
pub struct Extends {
    /// Its name, where that is a text.
    pub service: Option<String>,
    /// The file that has it, where that is another one.
    pub file: Option<String>,
}

/// An image where no override reaches.
#[derive(Clone, Debug)]
pub struct Beyond {
    /// The key of the service under which it stands: `volumes`, `pre_start`.
    pub key: &'static str,
    /// The image.
    pub image: Scalar,
}

/// A text and its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scalar {
    /// What it says, without the line end of a text of several lines.
    pub text: String,
    /// Its bytes, quotes included.
    pub span: Range<usize>,
}

/// The lists of a service that name images, and the key of their items that does.
const BEYOND: &[(&str, &str)] =
    &[("volumes", "source"), ("pre_start", "image"), ("post_start", "image"), ("pre_stop", "image")];

impl Composition {
    /// Reads a Compose file.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        Self::of(text, &yaml::documents(text)?.documents)
    }

    /// Reads the documents of a text.
    pub(super) fn of(text: &str, documents: &[Node]) -> Result<Self, Unreadable> {
        let mut composition = Self::default();
        for document in documents {
            ServiceReader { text, anchors: Anchors::of(document) }.document(document, &mut composition)?;
        }
        // A volume may have the image of a service, by its name.
        let names: BTreeSet<String> = composition.services.keys().cloned().collect();
        for service in composition.services.values_mut() {
            service.beyond.retain(|beyond| beyond.key != "volumes" || !names.contains(&beyond.image.text));
        }
        Ok(composition)
    }
}

impl Declaration {
    /// The same service with what an earlier document says about it.
    fn over(mut self, earlier: Self) -> Self {
        self.image = self.image.or(earlier.image);
        self.origin = self.origin.or(earlier.origin);
        self.extends = self.extends.or(earlier.extends);
        self.beyond.extend(earlier.beyond);
        self.contexts.extend(earlier.contexts);
        self.inline = self.inline.or(earlier.inline);
        self
    }
}

struct ServiceReader<'n> {
    text: &'n str,
    anchors: Anchors<'n>,
}

impl<'n> ServiceReader<'n> {
    fn document(&self, document: &'n Node, composition: &mut Composition) -> Result<(), Unreadable> {
        let fields = self.anchors.fields(document)?;
        composition.is_one |= fields.contains_key("services") || fields.contains_key("include");
        if let Some(services) = fields.get("services") {
            for (name, service) in self.anchors.fields(services)? {
                let earlier = composition.services.remove(name).unwrap_or_default();
                composition.services.insert(name.to_owned(), self.service(service)?.over(earlier));
            }
        }
        for named in fields.get("include").map(|include| self.anchors.items(include)).unwrap_or_default() {
            let fields = self.anchors.fields(named)?;
            let paths = fields.get("path").map_or_else(|| vec![named], |paths| self.anchors.items(paths));
            composition.includes.extend(paths.into_iter().filter_map(|path| self.scalar(path)));
        }
        Ok(())
    }

    fn service(&self, service: &'n Node) -> Result<Declaration, Unreadable> {
        let fields = self.anchors.fields(service)?;
        let said = |key: &str| fields.get(key).copied().filter(|node| !is_reset(node));
        let mut declared = Declaration { span: service.span.clone(), ..Declaration::default() };
        declared.origin = match (said("provider"), said("build")) {
            (Some(_), _) => Some(Origin::Provided),
            (None, Some(_)) => Some(Origin::Built),
            // What is taken back is no more inherited.
            (None, None) => ["build", "provider"].iter().any(|key| fields.contains_key(key)).then_some(Origin::Pulled),
        };
        declared.image = said("image").and_then(|image| self.scalar(image));
        if let Some(extends) = said("extends") {
            let fields = self.anchors.fields(extends)?;
            let text = |key: &str| fields.get(key).and_then(|node| self.scalar(node)).map(|scalar| scalar.text);
            let service = self.scalar(extends).map(|scalar| scalar.text).or_else(|| text("service"));
            declared.extends = Some(Extends { service, file: text("file") });
        }
        if let Some(build) = said("build") {
            self.build(build, &mut declared)?;
        }
        for (list, key) in BEYOND {
            for item in said(list).map(|list| self.anchors.items(list)).unwrap_or_default() {
                let fields = self.anchors.fields(item)?;
                let is_image =
                    || fields.get("type").and_then(|kind| self.scalar(kind)).is_some_and(|s| s.text == "image");
                let image = fields.get(key).and_then(|node| self.scalar(node));
                let image = image.filter(|_| *list != "volumes" || is_image());
                declared.beyond.extend(image.map(|image| Beyond { key: list, image }));
            }
        }
        Ok(declared)
    }

    fn build(&self, build: &'n Node, declared: &mut Declaration) -> Result<(), Unreadable> {
        const SCHEME: &str = "docker-image://";
        let fields = self.anchors.fields(build)?;
        if let Some(contexts) = fields.get("additional_contexts") {
            let values = self.anchors.fields(contexts)?.into_values().chain(self.anchors.items(contexts));
            for scalar in values.filter_map(|value| self.scalar(value)) {
                // In a list, an item is `name=docker-image://…`.
                let Some(at) = scalar.text.find(SCHEME) else { continue };
                let named = at == 0 || scalar.text[..at].ends_with('=') && !scalar.text[..at - 1].contains('=');
                declared.contexts.extend(self.part(&scalar, at).filter(|_| named));
            }
        }
        declared.inline = fields.get("dockerfile_inline").and_then(|node| match &node.kind {
            Kind::Scalar { text, style: Style::Block } => Some(Scalar { text: text.clone(), span: node.span.clone() }),
            _ => None,
        });
        Ok(())
    }

    /// The text of a value that is there.
    fn scalar(&self, node: &Node) -> Option<Scalar> {
        let text = node.present().filter(|_| !node.is_no_text()).map(str::trim_end).filter(|text| !text.is_empty())?;
        Some(Scalar { text: text.to_owned(), span: yaml::written(self.text, node) })
    }

    fn part(&self, scalar: &Scalar, at: usize) -> Option<Scalar> {
        if at == 0 { Some(scalar.clone()) } else { scalar.part(self.text, at..scalar.text.len()) }
    }
}

impl Scalar {
    /// A part of what it says, with its bytes in the file; nothing where escapes or broken lines stand between.
    pub(super) fn part(&self, file: &str, part: Range<usize>) -> Option<Self> {
        let written = file.get(self.span.clone())?;
        let quote = usize::from(written.starts_with(['"', '\'']));
        let inside = written.get(quote..written.len().checked_sub(quote)?)?;
        let start = self.span.start + quote + part.start;
        let text = self.text.get(part).filter(|_| inside == self.text)?;
        Some(Self { text: text.to_owned(), span: start..start + text.len() })
    }
}

fn is_reset(node: &Node) -> bool {
    node.tag.as_deref() == Some("!reset")
}
