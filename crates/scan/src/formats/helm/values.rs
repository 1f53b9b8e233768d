//! Values of charts: what is called an image, as one text or in parts.
//!
//! What a value means is the chart's business, so every place is a default. A repository of Git or of charts is none.

use imagelock_core::Reference;
use imagelock_yaml::{Kind, Node, Step, display};

use super::super::paths::{Syntax, documents, in_order};
use super::super::row::{Absent, Keys};
use super::super::table::{Reader, said};
use super::super::variables::variables;
use super::super::walk::Document;
use super::super::yaml::{self, written};
use crate::{Format, Head, Lines, Named, Parsed, Parts, Piece, Room, Says, Site, Sure, Unreadable};

/// Values of charts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Values;

impl Format for Values {
    fn id(&self) -> &'static str {
        "helm-values"
    }

    fn about(&self) -> &'static str {
        "values of a chart"
    }

    fn claims(&self, path: &Named<'_>, _: &dyn Head) -> bool {
        let name = path.file_name().unwrap_or_default();
        let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or_default();
        stem.starts_with("values") || stem.ends_with(".values") || stem.ends_with("-values")
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        let lines = Lines::new(text);
        let (documents, comments) = documents(Syntax::Yaml, text, &lines)?;
        let mut sites = Vec::new();
        for root in &documents {
            let reader = Reader { text, lines: &lines, document: Document::new(root) };
            collect(&reader, root, &[], &mut sites);
        }
        Ok(Parsed { sites: in_order(sites), comments })
    }

    fn quote(&self, before: &str, new: &str) -> Option<String> {
        yaml::quote(before, new)
    }
}

/// The keys of a mapping that is called an image.
const NAMED: Keys = Keys {
    registry: &[&["registry"], &["hub"], &["imageRegistry"]],
    repository: &[&["repository"], &["repo"], &["image"], &["name"]],
    tag: &[&["tag"], &["version"], &["imageTag"]],
    digest: &[&["digest"], &["sha"], &["sha256"]],
    absent: Absent::Stays(SHAPES),
};

/// The keys of a mapping that is called something else.
const UNNAMED: Keys = Keys {
    registry: &[&["registry"]],
    repository: &[&["repository"]],
    tag: &[&["tag"]],
    digest: &[&["digest"], &["sha"]],
    absent: Absent::Stays(SHAPES),
};

/// How a chart takes a digest, its templates say.
const SHAPES: &str = "only the chart says how it takes a digest: `[[helm]]` writes it in that shape";

/// The keys beside a text that is an image without its tag.
const BESIDE: &[&str] = &["tag", "imageTag", "image_tag"];

/// Notes the images in values, below some steps.
pub(in super::super) fn collect<'n>(reader: &Reader<'_, 'n>, values: &'n Node, steps: &[Step], sites: &mut Vec<Site>) {
    let mut collector = Collector { reader, steps: steps.to_vec(), sites };
    collector.node(values);
}

struct Collector<'r, 't, 'n> {
    reader: &'r Reader<'t, 'n>,
    steps: Vec<Step>,
    sites: &'r mut Vec<Site>,
}

impl<'n> Collector<'_, '_, 'n> {
    /// What aliases repeat stands where it is anchored.
    fn node(&mut self, node: &'n Node) {
        match &node.kind {
            Kind::Mapping { entries, .. } => {
                for entry in entries {
                    self.steps.push(Step::Key(entry.key.clone()));
                    if !self.image(node, &entry.key, &entry.value) {
                        self.node(&entry.value);
                    }
                    self.steps.pop();
                }
            }
            Kind::Sequence(nodes) => {
                for (index, item) in nodes.iter().enumerate() {
                    self.steps.push(Step::Index(index));
                    if !self.one_of_several(item) && !self.parts(item, &UNNAMED, false) {
                        self.node(item);
                    }
                    self.steps.pop();
                }
            }
            Kind::Scalar { .. } | Kind::Alias(_) => {}
        }
    }

    /// Notes the value of a key if it is an image.
    fn image(&mut self, parent: &'n Node, key: &str, value: &'n Node) -> bool {
        let called = is_image(key);
        // What a key that is called so repeats is an image whatever its own key is called.
        let value = if called { self.reader.document.resolved(value) } else { value };
        match &value.kind {
            Kind::Mapping { .. } if called => self.parts(value, &NAMED, true),
            Kind::Mapping { .. } => self.parts(value, &UNNAMED, false),
            Kind::Scalar { .. } if called => self.text(parent, value),
            Kind::Scalar { .. } => self.one_of_several(value),
            _ => false,
        }
    }

    /// Notes a text below a key that is called images: `images: {web: "a:1"}`. One without a tag may be anything.
    fn one_of_several(&mut self, node: &'n Node) -> bool {
        let below = self.steps.split_last().map_or(&[][..], |(_, above)| above);
        let is_below =
            below.iter().any(|step| matches!(step, Step::Key(key) if key.to_ascii_lowercase().ends_with("images")));
        let said = said(node).filter(|text| is_below && may_be_image(text) && !is_word(text));
        said.is_some() && self.whole(node, &display(&self.steps))
    }

    /// Notes a mapping that holds an image in parts. One that is not called so has a repository and more.
    fn parts(&mut self, node: &'n Node, keys: &Keys, called: bool) -> bool {
        let get = |key: &str| self.reader.document.get(node, key);
        let has = |key: &str| get(key).is_some();
        let repository = keys.repository.iter().find_map(|way| get(way.first()?)?.present());
        let Some(repository) = repository.filter(|repository| may_be_image(repository)) else { return false };
        if !(called || has("tag") || has("digest") || has("sha") || has("registry") && has("pullPolicy")) {
            return false;
        }
        let place = display(&self.steps);
        // A whole reference under `name` or `repository`, with nothing beside it, is one text.
        let alone = !["registry", "tag", "version", "imageTag", "digest", "sha"].iter().any(|key| has(key));
        let whole = keys.repository.iter().find_map(|way| get(way.first()?));
        if let Some(whole) = whole.filter(|_| alone && !is_word(repository)) {
            return self.whole(whole, &place);
        }
        let mut site = self.reader.parts(node, keys, Sure::Default, &place);
        if let Some(Says::Parts { parts, .. }) = site.as_mut().map(|site| &mut site.says) {
            let is_off = get("useDigest").is_some_and(|used| used.present() != Some("true"));
            // Nothing tells whether digits alone are wanted where nothing stands.
            let is_filled = |piece: &Piece| !piece.text.is_empty() || has("digest");
            parts.digest = parts.digest.take().filter(is_filled);
            if is_off {
                parts.room = Room::Closed(SHAPES);
            }
        }
        self.sites.extend(site);
        true
    }

    /// Notes a text that is called an image, with the tag beside it.
    fn text(&mut self, parent: &'n Node, node: &'n Node) -> bool {
        let Some(text) = said(node).filter(|text| may_be_image(text)) else { return true };
        let place = display(&self.steps);
        let beside = BESIDE.iter().find_map(|key| self.reader.document.get(parent, key));
        let piece = |node: &Node, text: &str| Piece { span: written(self.reader.text, node), text: text.to_owned() };
        let tag = beside.and_then(|tag| Some(piece(tag, tag.present()?))).filter(|_| is_word(text));
        let Some(tag) = tag else { return self.whole(node, &place) };
        let room = Room::Own(SHAPES);
        let parts = Parts { repository: Some(piece(node, text)), tag: Some(tag), room, ..Parts::default() };
        self.sites.extend(self.reader.together(parts, Sure::Default, &place));
        true
    }

    fn whole(&mut self, node: &'n Node, place: &str) -> bool {
        let Some(text) = said(node) else { return true };
        let span = written(self.reader.text, node);
        if !variables(text).is_empty() {
            self.sites.push(Site { sure: Sure::Default, ..Site::open(span, self.reader.lines, place) });
        } else if text.parse::<Reference>().is_ok() {
            self.sites.push(Site::whole(span, text, Sure::Default, self.reader.lines, place));
        }
        true
    }
}

/// Whether a key is called an image: `image`, `sidecarImage`, `init-image`, `IMAGE`.
pub(super) fn is_image(key: &str) -> bool {
    key.to_ascii_lowercase().ends_with("image")
}

/// Whether a text can be an image: paths, addresses and pictures are none.
pub(super) fn may_be_image(text: &str) -> bool {
    // Behind `oci://` stands a chart.
    let address = text.contains("://") && !text.starts_with("docker://");
    let picture = [".png", ".svg", ".jpg", ".jpeg", ".gif", ".ico", ".webp", ".git", ".iso", ".qcow2", ".img"];
    !text.is_empty() && !address && !text.starts_with(['/', '.', '~']) && !picture.iter().any(|end| text.ends_with(end))
}

/// Whether a text has neither a tag nor a digest.
pub(super) fn is_word(text: &str) -> bool {
    let formed = |found: Reference| found.tag.is_some() || found.digest.is_some();
    !text.parse().is_ok_and(formed)
}
