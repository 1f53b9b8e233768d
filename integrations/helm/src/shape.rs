//! How a chart writes an image into its values: the shapes, and which one a place has.

use std::fmt;
use std::str::FromStr;

use imagelock_yaml::{Step, Value};

use crate::reads::{Reads, Style, Templates};
use crate::schema;

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
        let scalar = |name: &&'static str| matches!(image.get(name), Some(Value::Text { .. } | Value::Null));
        let first = |names: &[&'static str]| names.iter().copied().find(scalar);
        Self {
            registry: first(&["registry"]),
            repository: first(&["repository", "image", "name"]),
            tag: first(&["tag", "version"]),
        }
    }

    pub(crate) fn tag_key(self) -> &'static str {
        self.tag.unwrap_or("tag")
    }
}

/// A shape and what told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) shape: Shape,
    pub(crate) because: String,
}

impl Told {
    fn new(shape: Shape, because: impl Into<String>) -> Self {
        Self { shape, because: because.into() }
    }
}

/// Why a place has no shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoShape {
    /// Nothing at the path is an image.
    NoImage,
    /// Something is, and nobody can tell how its digest is written.
    Unclear(String),
}

fn unclear(reason: impl Into<String>) -> Result<Told, NoShape> {
    Err(NoShape::Unclear(reason.into()))
}

/// Tells the shape of the image at `path` from the chart's values, schema and templates.
pub(crate) fn tell(
    image: &Value,
    siblings: Option<&Value>,
    path: &[Step],
    templates: &Templates<'_>,
) -> Result<Told, NoShape> {
    let looker = Looker { templates, inside: &path[templates.owner.depth..] };
    match image {
        Value::Text { text, .. } => looker.string(text, siblings, path),
        Value::Null if matches!(path.last(), Some(Step::Key(key)) if key.to_ascii_lowercase().ends_with("image")) => {
            looker.string("", siblings, path)
        }
        Value::Map(_) => looker.mapping(image),
        _ => Err(NoShape::NoImage),
    }
}

struct Looker<'a> {
    templates: &'a Templates<'a>,
    /// The path in the values of the chart whose templates are looked into.
    inside: &'a [Step],
}

impl Looker<'_> {
    fn string(&self, text: &str, siblings: Option<&Value>, path: &[Step]) -> Result<Told, NoShape> {
        if let Some(line) = self.templates.completed() {
            return unclear(format!("its templates write more behind it: `{}`", line.trim()));
        }
        let told = || Ok(Told::new(Shape::String, "the chart has a string"));
        let Some(Step::Key(key)) = path.last() else { return told() };
        let has_tag = text.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
        if has_tag {
            return told();
        }
        // `image: nginx` beside `tag: "1.27"` is put together by the templates; a digest in the string would end up
        // in front of the tag.
        let own = ["Tag", "Version"].map(|end| format!("{key}{end}"));
        let beside = ["tag", "imageTag", "version"].into_iter().map(str::to_owned).chain(own);
        for tag in beside.filter(|tag| siblings.is_some_and(|siblings| siblings.get(tag).is_some())) {
            // A `version` may be that of something else; the others are an image's own.
            if tag != "version" || self.templates.reads_beside(&tag) {
                return unclear(format!("its tag stands beside it, in `{tag}`"));
            }
        }
        told()
    }

    fn mapping(&self, image: &Value) -> Result<Told, NoShape> {
        let keys = Keys::of(image);
        let has = |key: &str| image.get(key).is_some() || self.schema_has(key);
        if keys.repository.is_none() && keys.tag.is_none() && !has("digest") {
            return Err(NoShape::NoImage);
        }
        let reads = self.templates.reads("digest");
        if image.get("useDigest").is_some() {
            // Some charts read the digest from a key for each platform or cloud.
            if has("digest") || reads == Reads::Certainly {
                return Ok(Told::new(Shape::UseDigest, "the chart has `useDigest`"));
            }
            return unclear("it has `useDigest` and no `digest`");
        }
        if has("digest") && (keys.repository.is_some() || keys.tag.is_some()) {
            return self.digest(image.get("digest"), "the chart has `digest`");
        }
        if has("sha") {
            return self.sha(image.get("sha"));
        }
        if let Some(other) = other_digest(image) {
            return unclear(format!("its digest may stand in `{other}`, which no shape writes"));
        }
        if reads > Reads::No {
            return self.digest(None, "the templates read `digest`");
        }
        if self.templates.reads("sha") > Reads::No {
            return self.sha(None);
        }
        self.without_digest(keys)
    }

    fn digest(&self, value: Option<&Value>, because: &str) -> Result<Told, NoShape> {
        match self.templates.style("digest", value) {
            Some(Style::Hex) => Ok(Told::new(Shape::DigestHex, "the templates write `@sha256:` before `digest`")),
            None if self.templates.write_sha256() => {
                unclear("its templates do not show whether `digest` is written with `sha256:` in front")
            }
            Some(Style::Whole) | None => Ok(Told::new(Shape::Digest, because)),
        }
    }

    fn sha(&self, value: Option<&Value>) -> Result<Told, NoShape> {
        match self.templates.style("sha", value) {
            Some(Style::Hex) => Ok(Told::new(Shape::ShaHex, "the templates write `@sha256:` before `sha`")),
            Some(Style::Whole) => Ok(Told::new(Shape::ShaPrefixed, "the templates write `@` before `sha`")),
            None => unclear("its templates do not show whether `sha` is written with `sha256:` in front"),
        }
    }

    fn without_digest(&self, keys: Keys) -> Result<Told, NoShape> {
        let tag = keys.tag_key();
        if keys.tag.is_none() && self.templates.reads(tag) == Reads::No {
            return unclear("it has neither `tag` nor a key for the digest");
        }
        if let Some(line) = self.templates.needs_plain(tag) {
            return unclear(format!(
                "its templates need the tag alone, so that a digest cannot stand behind it: `{}`",
                line.trim()
            ));
        }
        Ok(Told::new(Shape::TagDigest, "the chart has no key for a digest"))
    }

    fn schema_has(&self, key: &str) -> bool {
        let path: Vec<Step> = self.inside.iter().cloned().chain([Step::Key(key.to_owned())]).collect();
        self.templates.owner.chart.schema.as_ref().is_some_and(|root| schema::names(root, &path))
    }
}

/// A key that seems to hold the digest and is none of those that shapes write.
fn other_digest(image: &Value) -> Option<&str> {
    let Value::Map(entries) = image else { return None };
    let looks = |key: &str| {
        let key = key.to_ascii_lowercase();
        key.ends_with("digest") || key.ends_with("sha256") || key.ends_with("sha") || key == "hash"
    };
    entries.keys().map(String::as_str).find(|key| looks(key))
}
