//! The TOML of one image. It is TOML 1.0, which every reader of Cargo manifests knows.

use std::fmt::Write as _;

use super::NewImage;
use crate::policy::Parts;
use crate::reference::{Reference, Repository};
use crate::request::Wanted;

/// What is written for an image.
pub(super) struct Fields {
    /// The values by their keys, each as TOML; one without a key is the shorthand.
    fields: Vec<(&'static str, String)>,
}

impl Fields {
    pub(super) fn of(image: &NewImage) -> Self {
        match &image.wanted {
            wanted @ (Wanted::Tag { .. } | Wanted::Digest { .. }) if image.platforms.is_empty() => {
                Self { fields: vec![("", string(&shorthand(wanted, &image.spelling)))] }
            }
            _ => Self::table(image),
        }
    }

    /// The image with a key for each thing that is said of it.
    pub(super) fn table(image: &NewImage) -> Self {
        let mut fields = Vec::new();
        match &image.wanted {
            Wanted::Tag { repository, tag } => {
                fields.push(("repository", string(&spelled(repository, &image.spelling))));
                fields.push(("tag", string(tag.as_str())));
            }
            Wanted::Digest { repository, tag, digest } => {
                fields.push(("repository", string(&spelled(repository, &image.spelling))));
                fields.extend(tag.iter().map(|tag| ("tag", string(tag.as_str()))));
                fields.push(("digest", string(digest.as_str())));
            }
            Wanted::Version { repository, rule } => {
                let Parts { version, tags, select, scheme, dialect, exclude, prerelease } = rule.parts();
                fields.push(("repository", string(&spelled(repository, &image.spelling))));
                fields.extend(version.iter().map(|version| ("version", string(version))));
                fields.extend(dialect.iter().map(|dialect| ("dialect", string(dialect))));
                fields.extend(scheme.iter().map(|scheme| ("scheme", string(scheme))));
                fields.extend(tags.iter().map(|tags| ("tags", literal(tags))));
                let excluded: Vec<String> = exclude.iter().map(|pattern| literal(pattern)).collect();
                fields.extend((!exclude.is_empty()).then(|| ("exclude", format!("[{}]", excluded.join(", ")))));
                fields.extend(prerelease.then(|| ("prerelease", "true".to_owned())));
                fields.extend(select.iter().map(|select| ("select", string(select))));
            }
            Wanted::Layout { path, tag } => {
                fields.push(("layout", string(path.as_str())));
                fields.extend(tag.iter().map(|tag| ("tag", string(tag.as_str()))));
            }
        }
        if !image.platforms.is_empty() {
            let platforms: Vec<String> = image.platforms.iter().map(|platform| string(&platform.to_string())).collect();
            fields.push(("platforms", format!("[{}]", platforms.join(", "))));
        }
        Self { fields }
    }

    /// Whether the image fits on the line of its name.
    pub(super) fn is_short(&self) -> bool {
        self.fields.len() == 1
    }

    /// The value on one line.
    pub(super) fn inline(&self) -> String {
        match &self.fields[..] {
            [("", value)] => value.clone(),
            _ => format!("{{ {} }}", self.lines().join(", ")),
        }
    }

    /// `key = value` for each key.
    pub(super) fn lines(&self) -> Vec<String> {
        self.fields.iter().map(|(key, value)| format!("{key} = {value}")).collect()
    }
}

/// The reference as it was spelled, where that means what is wanted.
fn shorthand(wanted: &Wanted, spelling: &str) -> String {
    let same = spelling.parse::<Reference>().is_ok_and(|spelled| Wanted::from_reference(spelled) == *wanted);
    if same { spelling.to_owned() } else { wanted.to_string() }
}

/// The repository as it was spelled, without the tag and the digest, which get keys of their own.
fn spelled(repository: &Repository, spelling: &str) -> String {
    let name = match spelling.parse::<Reference>() {
        Ok(reference) => {
            let name = spelling.split('@').next().unwrap_or_default();
            let tag = reference.tag.map(|tag| format!(":{tag}")).unwrap_or_default();
            name.strip_suffix(&tag).unwrap_or(name)
        }
        Err(_) => "",
    };
    if name.parse().as_ref() == Ok(repository) { name.to_owned() } else { repository.to_string() }
}

/// A key: quoted where TOML needs it.
pub(super) fn key(text: &str) -> String {
    let bare = !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'));
    if bare { text.to_owned() } else { string(text) }
}

/// A basic string (TOML 1.0, "String").
fn string(text: &str) -> String {
    let mut written = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => written.extend(['\\', character]),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            control if control.is_control() => drop(write!(written, "\\u{:04X}", u32::from(control))),
            plain => written.push(plain),
        }
    }
    written.push('"');
    written
}

/// A regular expression reads best without its backslashes doubled; TOML's literal string has no escapes at all.
fn literal(text: &str) -> String {
    let plain = !text.contains('\'') && !text.chars().any(char::is_control);
    if plain { format!("'{text}'") } else { string(text) }
}
