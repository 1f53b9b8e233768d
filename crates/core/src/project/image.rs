//! Reading one image: the shorthand or the table.

use std::collections::BTreeSet;

use super::error::ProjectError;
use super::fields::Fields;
use super::node::{Entry, NodeValue};
use super::{Declared, trusting, updating};
use crate::platform::Platform;
use crate::policy::{LIMIT, MOST, Parts, Rule};
use crate::reference::{Reference, ReferenceError, Repository, Tag};
use crate::request::{Request, Wanted};
use crate::source::{Location, Spanned, nearest};
use crate::update::{self, Settings};

/// What holds for the images of a file: its `[defaults]`.
#[derive(Default)]
pub(super) struct Defaults {
    pub(super) platforms: Option<BTreeSet<Platform>>,
    pub(super) update: update::Defaults,
    pub(super) trust: trusting::Said,
}

/// Reads the image that `entry` declares.
pub(super) fn read(entry: &Entry, defaults: &Defaults) -> Result<Declared, Vec<ProjectError>> {
    match &entry.node.value {
        NodeValue::Text(text) => shorthand(text, entry, defaults).map_err(|error| vec![error]),
        NodeValue::Table(_) => table(entry, defaults),
        _ => Err(vec![ProjectError::Type {
            key: entry.key.clone(),
            expected: "a reference or a table",
            found: entry.node.type_name(),
            at: entry.node.at.clone(),
        }]),
    }
}

fn shorthand(text: &str, entry: &Entry, defaults: &Defaults) -> Result<Declared, ProjectError> {
    let reference: Reference =
        text.parse().map_err(|error: ReferenceError| ProjectError::invalid(&error, &entry.node.part_at(&error.at)))?;
    let (trust, signatures) = defaults.trust.of(&trusting::Level::default(), Some(&reference.repository));
    let request = Request { wanted: Wanted::from_reference(reference), platforms: defaults.platforms.clone() };
    let update = Settings { appetite: defaults.update.all, ..Settings::default() };
    let (at, value_at) = (entry.key_at.clone(), entry.node.content_at());
    let labels = BTreeSet::new();
    Ok(Declared { request, limit: LIMIT, trust, signatures, update, labels, widen: None, at, value_at })
}

fn table(entry: &Entry, defaults: &Defaults) -> Result<Declared, Vec<ProjectError>> {
    if let Some((name, at)) = dotted_name(entry) {
        let reason = format!("a name with a dot in it is written in quotes: `\"{name}\"`");
        return Err(vec![ProjectError::invalid(reason, &at)]);
    }
    let what = format!("[images.{}]", entry.key);
    let mut fields = Fields::new(&entry.node, what.clone()).map_err(|error| vec![error])?;
    if !means(entry, "repository") && !means(entry, "layout") {
        fields.fail(ProjectError::MissingKey { what, key: "repository", at: entry.key_at.clone() });
    }
    let repository = repository(&mut fields);
    let layout = fields.path("layout");
    let tag = fields.parsed::<Tag>("tag");
    let digest = fields.parsed::<crate::Digest>("digest");
    let ruled = RuleFields::read(&mut fields);
    let platforms = platforms(&mut fields).or_else(|| defaults.platforms.clone());
    let update = updating::settings(&mut fields, &defaults.update);
    let labels = labels(&mut fields);
    let own = trusting::level(&mut fields);
    let widen = fields.text("widen");
    if let Some(why) = widen.as_ref().filter(|why| why.value.trim().is_empty()) {
        fields.fail(ProjectError::invalid("`widen` says why", &why.at));
    }

    let rule_at = ruled.first();
    for (first, second) in [
        (at("repository", repository.as_ref()), at("layout", layout.as_ref())),
        (at("tag", tag.as_ref()), rule_at.clone()),
        (at("digest", digest.as_ref()), rule_at.clone()),
        (at("layout", layout.as_ref()), rule_at),
        (at("layout", layout.as_ref()), at("digest", digest.as_ref())),
    ] {
        if let (Some((first, first_at)), Some((second, at))) = (first, second) {
            let (first, second) = (first.to_owned(), second.to_owned());
            fields.fail(ProjectError::Exclusive { first, second, at, first_at });
        }
    }
    let rule = ruled.rule(entry, &mut fields);
    let limit = ruled.limit(rule.as_ref(), &mut fields);
    fields.finish()?;

    let value_at = at("", repository.as_ref()).or(at("", layout.as_ref())).map_or(entry.key_at.clone(), |(_, at)| at);
    let tag = tag.map(|tag| tag.value);
    let (trust, signatures) = defaults.trust.of(&own, repository.as_ref().map(|repository| &repository.value));
    let wanted = match (repository, layout, rule, digest) {
        (Some(repository), _, Some(rule), _) => Wanted::Version { repository: repository.value, rule },
        (Some(repository), _, _, Some(digest)) => {
            Wanted::Digest { repository: repository.value, tag, digest: digest.value }
        }
        (Some(repository), ..) => Wanted::Tag { repository: repository.value, tag: tag.unwrap_or_else(Tag::latest) },
        (None, Some(layout), ..) => Wanted::Layout { path: layout.value, tag },
        // `finish` has failed: either key is missing or its value was refused.
        (None, None, ..) => return Err(Vec::new()),
    };
    let (request, at) = (Request { wanted, platforms }, entry.key_at.clone());
    Ok(Declared { request, limit, trust, signatures, update, labels, widen, at, value_at })
}

/// The keys that make a version rule.
struct RuleFields {
    texts: [(&'static str, Option<Spanned<String>>); 5],
    exclude: Option<Vec<Spanned<String>>>,
    prerelease: bool,
    limit: Option<Spanned<u32>>,
}

impl RuleFields {
    fn read(fields: &mut Fields<'_>) -> Self {
        let texts = ["version", "tags", "select", "scheme", "dialect"].map(|key| (key, fields.text(key)));
        let exclude = fields.texts("exclude");
        if let (Some([]), Some(entry)) = (exclude.as_deref(), fields.entry("exclude")) {
            let reason = "`exclude` names none: without the key, no tag is left out";
            fields.fail(ProjectError::invalid(reason, &entry.node.at));
        }
        let limit = fields.number("limit", 1..=MOST);
        Self { texts, exclude, prerelease: fields.flag("prerelease"), limit }
    }

    fn first(&self) -> Option<(&'static str, Location)> {
        let text = self.texts.iter().find_map(|(key, text)| at(key, text.as_ref()));
        text.or_else(|| at("exclude", self.exclude.as_ref()?.first()))
    }

    fn rule(&self, entry: &Entry, fields: &mut Fields<'_>) -> Option<Rule> {
        // A key of another type has its error already; what it would have said is not known.
        if self.texts.iter().any(|(key, text)| text.is_none() && has(entry, key)) {
            return None;
        }
        let [version, tags, select, scheme, dialect] =
            self.texts.each_ref().map(|(_, text)| text.as_ref().map(|text| text.value.clone()));
        let exclude = self.exclude.iter().flatten().map(|text| text.value.clone()).collect();
        let parts = Parts { version, tags, select, scheme, dialect, exclude, prerelease: self.prerelease };
        if parts.is_empty() {
            return None;
        }
        Rule::of(parts)
            .map_err(|error| {
                let at = self.place(error.key()).unwrap_or_else(|| entry.key_at.clone());
                fields.fail(ProjectError::invalid(error, &at));
            })
            .ok()
    }

    /// How many tags may compete, where each of them is read.
    fn limit(&self, rule: Option<&Rule>, fields: &mut Fields<'_>) -> u32 {
        let Some(Spanned { value, at }) = &self.limit else { return LIMIT };
        if !rule.is_some_and(Rule::asks_images) {
            fields.fail(ProjectError::invalid(
                "`limit` needs `select = \"newest\"`: no other rule reads what competes",
                at,
            ));
        }
        *value
    }

    fn place(&self, key: &str) -> Option<Location> {
        let text = self.texts.iter().find(|(other, _)| *other == key).and_then(|(_, text)| text.as_ref());
        let excluded = || self.exclude.as_ref().filter(|_| key == "exclude")?.first();
        text.or_else(excluded).map(|text| text.at.clone())
    }
}

/// The name that was meant by a name with a dot that lacks its quotes, which TOML reads as a table in a table.
pub(super) fn dotted_name(entry: &Entry) -> Option<(String, Location)> {
    let NodeValue::Table(table) = &entry.node.value else { return None };
    let [inner] = &table.entries[..] else { return None };
    let file = &entry.key_at.file;
    let between = file.text().get(entry.key_at.span.end..inner.key_at.span.start)?;
    let (rest, end) = dotted_name(inner).unwrap_or_else(|| (inner.key.clone(), inner.key_at.clone()));
    // `redis.tag = "8"` is a table with a key; `node.js = "…"` and `[images.node.js]` are not.
    if between.trim() != "." || nearest(&inner.key, KEYS).is_some() {
        return None;
    }
    let at = Location::new(file, entry.key_at.span.start..end.span.end);
    Some((format!("{}.{rest}", entry.key), at))
}

/// The keys of an image and of a registry.
const KEYS: [&str; 33] = [
    "repository",
    "layout",
    "tag",
    "digest",
    "version",
    "tags",
    "select",
    "scheme",
    "dialect",
    "exclude",
    "prerelease",
    "limit",
    "platforms",
    "updates",
    "cooldown",
    "hold",
    "until",
    "role",
    "labels",
    "verify",
    "threshold",
    "tlog",
    "signatures",
    "signed-as",
    "attestations",
    "inherit",
    "widen",
    "mirrors",
    "insecure",
    "ca",
    "token-hosts",
    "redirect-hosts",
    "rewrite",
];

fn has(entry: &Entry, key: &str) -> bool {
    matches!(&entry.node.value, NodeValue::Table(table) if table.get(key).is_some())
}

/// Whether the table has the key, or one that is misspelt and has its own error.
fn means(entry: &Entry, key: &str) -> bool {
    let NodeValue::Table(table) = &entry.node.value else { return false };
    table.entries.iter().any(|entry| nearest(&entry.key, KEYS) == Some(key))
}

fn at<'k, T>(key: &'k str, value: Option<&Spanned<T>>) -> Option<(&'k str, Location)> {
    value.map(|value| (key, value.at.clone()))
}

/// The repository without tag and digest, which have keys of their own.
fn repository(fields: &mut Fields<'_>) -> Option<Spanned<Repository>> {
    let text = fields.text("repository")?;
    let node = &fields.entry("repository")?.node;
    match text.value.parse::<Reference>() {
        Ok(Reference { repository, tag: None, digest: None }) => Some(Spanned { value: repository, at: text.at }),
        Ok(Reference { repository, tag, digest }) => {
            let tag = tag.map(|tag| format!(" and `tag = \"{tag}\"`")).unwrap_or_default();
            let digest = digest.map(|digest| format!(" and `digest = \"{digest}\"`")).unwrap_or_default();
            let reason =
                format!("tag and digest have keys of their own: write `{}`{tag}{digest}", repository.familiar());
            fields.fail(ProjectError::invalid(reason, &text.at));
            None
        }
        Err(error) => {
            fields.fail(ProjectError::invalid(&error, &node.part_at(&error.at)));
            None
        }
    }
}

pub(super) fn labels(fields: &mut Fields<'_>) -> BTreeSet<String> {
    let labels = fields.texts("labels").unwrap_or_default();
    for label in labels.iter().filter(|label| label.value.trim().is_empty()) {
        fields.fail(ProjectError::invalid("a label is a name: a team's, a product's", &label.at));
    }
    labels.into_iter().map(|label| label.value).collect()
}

pub(super) fn platforms(fields: &mut Fields<'_>) -> Option<BTreeSet<Platform>> {
    let platforms = fields.all_parsed::<Platform>("platforms")?;
    let entry = fields.entry("platforms")?;
    if matches!(&entry.node.value, NodeValue::Array(nodes) if nodes.is_empty()) {
        let reason = "`platforms` names none: without the key, an image is locked with every platform that it has";
        fields.fail(ProjectError::invalid(reason, &entry.node.at));
    }
    Some(platforms.into_iter().map(|platform| platform.value).collect())
}
