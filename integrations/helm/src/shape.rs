//! How a chart writes an image into its values: the shapes, and which one a place has.

use std::fmt;
use std::str::FromStr;

use regex::Regex;

use crate::chart::Owner;
use imagelock_yaml::Value;
use imagelock_yaml::{Step, display};

/// How an image is written into values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One string, `repository:tag@digest`.
    String,
    /// A key `digest` with the whole digest, beside `repository` and `tag`, with or without `registry`.
    Digest,
    /// A key `digest` with the digits alone: the templates write `@sha256:` in front.
    DigestHex,
    /// A key `digest` that counts only where `useDigest` is true.
    UseDigest,
    /// A key `sha` with the digits alone.
    ShaHex,
    /// A key `sha` with the whole digest.
    ShaPrefixed,
    /// No key for the digest: it is written behind the tag.
    TagDigest,
}

const NAMES: &[(&str, Shape)] = &[
    ("string", Shape::String),
    ("digest", Shape::Digest),
    ("digest-hex", Shape::DigestHex),
    ("use-digest", Shape::UseDigest),
    ("sha-hex", Shape::ShaHex),
    ("sha-prefixed", Shape::ShaPrefixed),
    ("tag-digest", Shape::TagDigest),
];

/// The text names no shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a shape: the shapes are {names}", names = names())]
pub struct ShapeError(String);

fn names() -> String {
    NAMES.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl FromStr for Shape {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        let found = NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, shape)| *shape).ok_or_else(|| ShapeError(text.to_owned()))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, shape)| shape == self).map_or("", |(name, _)| name);
        formatter.pad(name)
    }
}

impl Shape {
    /// The key that takes the digest, where there is one.
    pub(crate) fn digest_key(self) -> Option<&'static str> {
        match self {
            Self::Digest | Self::DigestHex | Self::UseDigest => Some("digest"),
            Self::ShaHex | Self::ShaPrefixed => Some("sha"),
            Self::String | Self::TagDigest => None,
        }
    }

    pub(crate) fn is_hex(self) -> bool {
        matches!(self, Self::DigestHex | Self::ShaHex)
    }
}

/// The keys under which a mapping names an image, without those of its digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) registry: Option<&'static str>,
    pub(crate) repository: Option<&'static str>,
    pub(crate) tag: Option<&'static str>,
}

impl Keys {
    pub(crate) fn of(image: &Value) -> Self {
        let first = |names: &[&'static str]| names.iter().copied().find(|name| image.get(name).is_some());
        Self {
            registry: first(&["registry"]),
            repository: first(&["repository", "name"]),
            tag: first(&["tag", "version"]),
        }
    }
}

/// A shape and what told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) shape: Shape,
    pub(crate) because: String,
}

/// Why a place has no shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoShape {
    /// Nothing at the path is an image.
    NoImage,
    /// Something is, and nobody can tell how its digest is written.
    Unclear(String),
}

/// Tells the shape of the image at `path` from the chart's values, schema and templates.
pub(crate) fn tell(image: &Value, siblings: Option<&Value>, path: &[Step], owner: &Owner<'_>) -> Result<Told, NoShape> {
    let looker = Looker { owner, inside: display(&path[owner.depth..]) };
    let told = |shape, because: String| Ok(Told { shape, because });
    match image {
        Value::Text { text, .. } => looker.string(text, siblings, path),
        Value::Null if matches!(path.last(), Some(Step::Key(key)) if key.to_ascii_lowercase().ends_with("image")) => {
            looker.string("", siblings, path)
        }
        Value::Map(_) => {
            let keys = Keys::of(image);
            let has_digest = image.get("digest").is_some() || looker.schema_has("digest");
            if image.get("useDigest").is_some() {
                return told(Shape::UseDigest, "the chart has `useDigest`".to_owned());
            }
            if has_digest && (keys.repository.is_some() || keys.tag.is_some()) {
                return match looker.style("digest", image.get("digest")) {
                    Some(Style::Hex) => {
                        told(Shape::DigestHex, "the templates write `@sha256:` before `digest`".to_owned())
                    }
                    _ => told(Shape::Digest, "the chart has `digest`".to_owned()),
                };
            }
            if image.get("sha").is_some() {
                return match looker.style("sha", image.get("sha")) {
                    Some(Style::Hex) => told(Shape::ShaHex, "the templates write `@sha256:` before `sha`".to_owned()),
                    Some(Style::Whole) => told(Shape::ShaPrefixed, "the templates write `@` before `sha`".to_owned()),
                    None => Err(NoShape::Unclear(
                        "its templates do not show whether `sha` is written with `sha256:` in front".to_owned(),
                    )),
                };
            }
            looker.without_digest(keys)
        }
        _ => Err(NoShape::NoImage),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Hex,
    Whole,
}

struct Looker<'a> {
    owner: &'a Owner<'a>,
    /// The path as the owner's templates write it, behind `.Values.`.
    inside: String,
}

impl Looker<'_> {
    fn string(&self, text: &str, siblings: Option<&Value>, path: &[Step]) -> Result<Told, NoShape> {
        let Some(Step::Key(key)) = path.last() else {
            return Ok(Told { shape: Shape::String, because: "the chart has a string".to_owned() });
        };
        // `image: nginx` beside `tag: "1.27"` is put together by the templates; a digest in the string would end up
        // in front of the tag.
        let beside = ["tag", "imageTag", "version"].into_iter().map(str::to_owned).chain([format!("{key}Tag")]);
        for tag in beside.filter(|tag| siblings.is_some_and(|siblings| siblings.get(tag).is_some())) {
            let has_tag = text.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
            if !has_tag && self.mentions(&sibling(&self.inside, &tag)) {
                return Err(NoShape::Unclear(format!("its tag stands beside it, in `{tag}`")));
            }
        }
        Ok(Told { shape: Shape::String, because: "the chart has a string".to_owned() })
    }

    fn without_digest(&self, keys: Keys) -> Result<Told, NoShape> {
        let told = |shape, because: &str| Ok(Told { shape, because: because.to_owned() });
        if keys.repository.is_none() && keys.tag.is_none() {
            return Err(NoShape::NoImage);
        }
        for (key, shape) in [("digest", Shape::Digest), ("sha", Shape::ShaPrefixed)] {
            if !self.mentions(&format!("{}.{key}", self.inside)) {
                continue;
            }
            return match (shape, self.style(key, None)) {
                (Shape::Digest, Some(Style::Hex)) => {
                    told(Shape::DigestHex, "the templates write `@sha256:` before `digest`")
                }
                (Shape::Digest, _) => told(Shape::Digest, "the templates read `digest`"),
                (_, Some(Style::Hex)) => told(Shape::ShaHex, "the templates write `@sha256:` before `sha`"),
                (shape, _) => told(shape, "the templates read `sha`"),
            };
        }
        if keys.tag.is_none() && !self.mentions(&format!("{}.tag", self.inside)) {
            return Err(NoShape::Unclear("it has neither `tag` nor a key for the digest".to_owned()));
        }
        if self.tag_grows() {
            let reason = "its templates write something behind the tag, so that a digest cannot stand there";
            return Err(NoShape::Unclear(reason.to_owned()));
        }
        told(Shape::TagDigest, "the chart has no key for a digest")
    }

    /// How the templates put `@` before a key: the lines that name this very path count before those of helpers.
    fn style(&self, key: &str, value: Option<&Value>) -> Option<Style> {
        let exact = format!("{}.{key}", self.inside);
        let lines = |wanted: &dyn Fn(&str) -> bool| -> Option<Style> {
            let lines = self.owner.templates.iter().flat_map(|text| text.lines());
            let mut styles = lines.filter(|line| wanted(line)).filter_map(style_of);
            let first = styles.next()?;
            styles.all(|style| style == first).then_some(first)
        };
        let by_templates = lines(&|line| line.contains(&exact)).or_else(|| lines(&|line| names_key(line, key)));
        by_templates.or_else(|| match value.and_then(Value::as_text) {
            Some(text) if text.starts_with("sha256:") => Some(Style::Whole),
            Some(text) if text.len() == 64 && text.bytes().all(|c| c.is_ascii_hexdigit()) => Some(Style::Hex),
            _ => None,
        })
    }

    fn mentions(&self, path: &str) -> bool {
        let path = format!(".Values.{path}");
        self.owner.templates.iter().any(|text| {
            text.match_indices(&path)
                .any(|(at, _)| !text[at + path.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
        })
    }

    fn schema_has(&self, key: &str) -> bool {
        let Some(schema) = &self.owner.chart.schema else { return false };
        let pointer = self.inside.replace('.', "/properties/");
        schema.pointer(&format!("/properties/{pointer}/properties/{key}")).is_some()
    }

    /// Whether the templates write more behind this image's tag, such as `-distroless`.
    fn tag_grows(&self) -> bool {
        let path = regex::escape(&format!(".Values.{}.tag", self.inside));
        let Ok(grows) = Regex::new(&format!(r"{path}\b[^}}\n]*\}}\}}-[a-z{{]")) else { return false };
        self.owner.templates.iter().any(|text| grows.is_match(text))
    }
}

/// Whether the templates write the tag into a label, which takes neither `@` nor `:` and at most 63 characters.
pub(crate) fn tag_is_a_label(owner: &Owner<'_>) -> bool {
    let lines = owner.templates.iter().flat_map(|text| text.lines());
    let mut labels = lines.filter(|line| line.contains("app.kubernetes.io/version") || line.contains("version:"));
    labels.any(|line| line.contains(".tag") || line.contains("imageTag"))
}

fn sibling(path: &str, key: &str) -> String {
    path.rsplit_once('.').map_or_else(|| key.to_owned(), |(parent, _)| format!("{parent}.{key}"))
}

fn names_key(line: &str, key: &str) -> bool {
    let key = format!(".{key}");
    line.match_indices(&key)
        .any(|(at, _)| !line[at + key.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
}

fn style_of(line: &str) -> Option<Style> {
    if line.contains("@sha256:") {
        Some(Style::Hex)
    } else if line.contains("@{{") || line.contains("@%s") || line.contains("\"@\"") || line.contains("@%v") {
        Some(Style::Whole)
    } else {
        None
    }
}
