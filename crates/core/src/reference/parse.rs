//! The grammar of references, after `distribution/reference` and the OCI distribution specification, section
//! "Pulling manifests".

use std::net::Ipv6Addr;
use std::ops::Range;
use std::str::FromStr;

use super::{Host, Reference, Repository, Tag};
use crate::digest::{Digest, DigestError};
use crate::text::quoted;

/// Docker Hub's older name; references with it mean `docker.io`.
const LEGACY_DOCKER_HUB: &str = "index.docker.io";
const MAX_PATH: usize = 255;
const MAX_TAG: usize = 128;

/// Why a text is not a reference, and which bytes of it show that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct ReferenceError {
    /// What is wrong.
    pub kind: ReferenceErrorKind,
    /// The bytes of the text that are wrong.
    pub at: Range<usize>,
}

impl ReferenceError {
    /// The same error in a longer text, in which `bytes` stand in front.
    #[must_use]
    pub fn behind(self, bytes: usize) -> Self {
        Self { at: self.at.start + bytes..self.at.end + bytes, ..self }
    }
}

/// What is wrong with a reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceErrorKind {
    /// There is nothing, or nothing in front of the tag.
    #[error("a reference needs a repository")]
    Empty,
    /// A URL instead of a reference.
    #[error("there is no scheme here: leave out `{0}`")]
    Scheme(String),
    /// The host is not one.
    #[error("{} is not a registry's host", quoted(.0))]
    Host(String),
    /// The port is not one.
    #[error("{} is not a port", quoted(.0))]
    Port(String),
    /// Upper-case letters in the repository.
    #[error("a repository is lower-case: did you mean `{lower}`?")]
    Uppercase {
        /// The repository as it would be accepted.
        lower: String,
    },
    /// A part of the repository's path breaks the grammar.
    #[error("{} is not part of a repository: lower-case letters and digits are, joined by `.`, `_`, `__` or `-`", quoted(.0))]
    Component(String),
    /// A path of more than 255 bytes.
    #[error("a repository has at most 255 bytes, this one has {0}")]
    PathLength(usize),
    /// A name of 64 hexadecimal digits, which Docker keeps for image identifiers.
    #[error("64 hexadecimal digits are an image's identifier, not a repository")]
    Identifier,
    /// The tag breaks the grammar.
    #[error("{} is not a tag: letters, digits, `_`, `.` and `-` are, and `.` and `-` do not come first", quoted(.0))]
    Tag(String),
    /// A tag of more than 128 bytes.
    #[error("a tag has at most 128 bytes, this one has {0}")]
    TagLength(usize),
    /// The digest is not one.
    #[error("{0}")]
    Digest(DigestError),
}

type Result<T> = std::result::Result<T, ReferenceError>;

fn fail<T>(kind: ReferenceErrorKind, at: Range<usize>) -> Result<T> {
    Err(ReferenceError { kind, at })
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(end) = text.find("://") {
            return fail(ReferenceErrorKind::Scheme(text[..end + 3].to_owned()), 0..end + 3);
        }
        let (rest, digest) = match text.split_once('@') {
            None => (text, None),
            Some((rest, digest)) => match digest.parse::<Digest>() {
                Ok(digest) => (rest, Some(digest)),
                Err(error) => return fail(ReferenceErrorKind::Digest(error), rest.len() + 1..text.len()),
            },
        };
        // The last colon starts a tag unless a slash follows: then it belongs to the host's port.
        let (name, tag) = match rest.rfind(':') {
            Some(colon) if !rest[colon..].contains('/') => (&rest[..colon], Some((colon + 1, &rest[colon + 1..]))),
            _ => (rest, None),
        };
        let tag = tag.map(|(start, tag)| tag_at(tag, start)).transpose()?;
        Ok(Self { repository: name.parse()?, tag, digest })
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    fn from_str(name: &str) -> Result<Self> {
        if name.is_empty() {
            return fail(ReferenceErrorKind::Empty, 0..0);
        }
        if name.len() == 64 && name.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')) {
            return fail(ReferenceErrorKind::Identifier, 0..64);
        }
        let (host, rest, start) = match name.split_once('/') {
            Some((first, rest)) if is_host(first) => (first, rest, first.len() + 1),
            _ => (Host::DOCKER_HUB, name, 0),
        };
        let host: Host = host.parse()?;
        repository(host, rest, start, name)
    }
}

/// Makes a repository of its parts. `start` is the offset of the path in the text that errors point into, `whole` that
/// text.
pub(super) fn repository(host: Host, rest: &str, start: usize, whole: &str) -> Result<Repository> {
    path(rest, start, whole)?;
    let library = host.is_docker_hub() && !rest.contains('/');
    let path = if library { format!("library/{rest}") } else { rest.to_owned() };
    if path.len() > MAX_PATH {
        return fail(ReferenceErrorKind::PathLength(path.len()), start..start + rest.len());
    }
    Ok(Repository { host, path: path.into() })
}

/// Whether the first part of a name is a host. Newer Docker also takes an upper-case word for one, as in `Acme/web`;
/// who writes that means the repository `acme/web`, and is told so.
fn is_host(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':'])
}

impl FromStr for Host {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(end) = text.find("://") {
            return fail(ReferenceErrorKind::Scheme(text[..end + 3].to_owned()), 0..end + 3);
        }
        let bad = |text: &str| fail(ReferenceErrorKind::Host(text.to_owned()), 0..text.len());
        let (name, port) = if let Some(rest) = text.strip_prefix('[') {
            let Some((address, port)) = rest.split_once(']') else { return bad(text) };
            if address.parse::<Ipv6Addr>().is_err() {
                return bad(text);
            }
            match port.strip_prefix(':') {
                None if port.is_empty() => (text, None),
                None => return bad(text),
                Some(port) => (&text[..text.len() - port.len() - 1], Some(port)),
            }
        } else {
            let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
            let label = |label: &str| {
                let inside = label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
                inside && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
            };
            if name.len() > MAX_PATH || !name.split('.').all(label) {
                return bad(text);
            }
            (name, port)
        };
        if let Some(port) = port {
            let digits = !port.is_empty() && port.bytes().all(|c| c.is_ascii_digit());
            if !digits || port.parse::<u16>().is_err() {
                return fail(ReferenceErrorKind::Port(port.to_owned()), name.len() + 1..text.len());
            }
        }
        let host = text.to_ascii_lowercase();
        Ok(Self(if host == LEGACY_DOCKER_HUB { Self::DOCKER_HUB.into() } else { host.into() }))
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self> {
        tag_at(text, 0)
    }
}

fn tag_at(tag: &str, start: usize) -> Result<Tag> {
    let at = start..start + tag.len();
    let word = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
    let first = tag.bytes().next().is_some_and(word);
    if !first || !tag.bytes().all(|c| word(c) || matches!(c, b'.' | b'-')) {
        return fail(ReferenceErrorKind::Tag(tag.to_owned()), at);
    }
    if tag.len() > MAX_TAG {
        return fail(ReferenceErrorKind::TagLength(tag.len()), at);
    }
    Ok(Tag(tag.into()))
}

/// Checks the path of a repository.
fn path(path: &str, start: usize, whole: &str) -> Result<()> {
    if path.is_empty() {
        return fail(ReferenceErrorKind::Empty, start..start);
    }
    let lower = path.to_ascii_lowercase();
    if lower != path && lower.split('/').all(is_component) {
        let lower = format!("{}{lower}", &whole[..start]);
        return fail(ReferenceErrorKind::Uppercase { lower }, start..start + path.len());
    }
    if path.len() > MAX_PATH {
        return fail(ReferenceErrorKind::PathLength(path.len()), start..start + path.len());
    }
    let mut at = start;
    for component in path.split('/') {
        if !is_component(component) {
            return fail(ReferenceErrorKind::Component(component.to_owned()), at..at + component.len());
        }
        at += component.len() + 1;
    }
    Ok(())
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(component: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut rest = component.trim_start_matches(alphanumeric);
    if rest.len() == component.len() {
        return false;
    }
    while !rest.is_empty() {
        let end = rest.find(alphanumeric).unwrap_or(rest.len());
        let (separator, after) = rest.split_at(end);
        let dashes = separator.bytes().all(|c| c == b'-');
        if after.is_empty() || !(dashes || matches!(separator, "." | "_" | "__")) {
            return false;
        }
        rest = after.trim_start_matches(alphanumeric);
    }
    true
}
