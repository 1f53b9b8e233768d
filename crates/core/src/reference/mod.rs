//! Image references: what `docker pull` accepts, parsed as the Docker and OCI distribution projects do.
//!
//! The familiar form (`nginx`) and the full form (`docker.io/library/nginx`) parse to one value; [`Display`] prints
//! the full form, [`Reference::familiar`] the short one. A host is lower-cased, since DNS does not tell case apart;
//! an upper-case repository is an error, as in Docker.
//!
//! [`Display`]: std::fmt::Display

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

pub use parse::{ReferenceError, ReferenceErrorKind};

use crate::digest::Digest;
use crate::text::serde_as_text;

/// A registry's host, with a port where it has one: `docker.io`, `localhost:5000`, `[::1]:5000`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(Box<str>);

impl Host {
    /// The host that a reference without one means.
    pub const DOCKER_HUB: &'static str = "docker.io";

    /// The host as text, with its port.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is Docker Hub, which answers under other names than its references have.
    pub fn is_docker_hub(&self) -> bool {
        &*self.0 == Self::DOCKER_HUB
    }

    /// The host without its port or brackets: `::1` of `[::1]:5000`.
    pub fn name(&self) -> &str {
        match self.0.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => address,
            None => self.0.split_once(':').map_or(&*self.0, |(name, _)| name),
        }
    }

    /// Whether the host is this machine: `localhost`, `127.0.0.0/8` or `::1`.
    pub fn is_loopback(&self) -> bool {
        let name = self.name();
        name == "localhost"
            || name.ends_with(".localhost")
            || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

serde_as_text!(Host);

/// A host, or every host below one: `*.example.com`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPattern(Box<str>);

impl HostPattern {
    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostPattern {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        match text.strip_prefix("*.") {
            None => text.parse::<Host>().map(|host| Self(host.0)),
            Some(rest) => {
                let host: Host = rest.parse().map_err(|error: ReferenceError| error.behind(2))?;
                Ok(Self(format!("*.{host}").into()))
            }
        }
    }
}

/// A repository in a registry: `docker.io/library/postgres`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    host: Host,
    path: Box<str>,
}

impl Repository {
    /// Makes a repository of a host and a path that were parsed apart, as in a lock. On Docker Hub a path of one part
    /// means an official image, as it does in a reference.
    pub fn new(host: Host, path: &str) -> Result<Self, ReferenceError> {
        parse::repository(host, path, 0, path)
    }

    /// The registry.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The path within the registry: `library/postgres`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The shortest text that means this repository: `postgres`, `acme/web`, `ghcr.io/acme/web`.
    pub fn familiar(&self) -> String {
        if !self.host.is_docker_hub() {
            return self.to_string();
        }
        let short = match self.path.strip_prefix("library/") {
            Some(name) if !name.contains('/') => name,
            _ => &self.path,
        };
        // `docker.io/a.b/c` is not `a.b/c`, which has a host of its own.
        if short.parse().as_ref() == Ok(self) { short.to_owned() } else { self.to_string() }
    }

    /// The last part of the path: `postgres`.
    pub fn last_component(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// This repository with a tag, a digest or both.
    pub fn with(&self, tag: Option<Tag>, digest: Option<Digest>) -> Reference {
        Reference { repository: self.clone(), tag, digest }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.host, self.path)
    }
}

serde_as_text!(Repository);

/// A tag (OCI distribution-spec, "Pulling manifests"): `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Box<str>);

impl Tag {
    /// The tag that a reference without one means.
    pub fn latest() -> Self {
        Self("latest".into())
    }

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

serde_as_text!(Tag);

/// A repository with a tag, a digest, both or neither.
///
/// ```
/// use imagelock_core::Reference;
///
/// let reference: Reference = "postgres:16".parse()?;
/// assert_eq!(reference.to_string(), "docker.io/library/postgres:16");
/// assert_eq!(reference.familiar(), "postgres:16");
/// # Ok::<(), imagelock_core::reference::ReferenceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Where the image is.
    pub repository: Repository,
    /// The tag; nothing is put in its place, a reference without one is not the same as one with `latest`.
    pub tag: Option<Tag>,
    /// The digest; with a tag beside it, the digest decides and the tag only tells.
    pub digest: Option<Digest>,
}

impl Reference {
    /// The shortest text that means this reference.
    pub fn familiar(&self) -> String {
        format!("{}{}", self.repository.familiar(), self.suffix())
    }

    fn suffix(&self) -> String {
        let tag = self.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = self.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
        tag + &digest
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.repository, self.suffix())
    }
}

serde_as_text!(Reference);
