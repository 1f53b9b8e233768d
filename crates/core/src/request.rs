//! What an image is asked for, in the form that the lock records beside the answer.
//!
//! The lock repeats the request, so that whether the lock still answers the project file can be told without a
//! network: two requests are equal or they are not.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::platform::Platform;
use crate::policy::{Parts, Rule, RuleError};
use crate::reference::{Reference, Repository, Tag};

/// What is asked for: an image, and the platforms of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenRequest", into = "WrittenRequest")]
pub struct Request {
    /// Which image.
    pub wanted: Wanted,
    /// Which platforms of it; every platform that the image has, where none is named.
    pub platforms: Option<BTreeSet<Platform>>,
}

/// Which image is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What a tag points at.
    Tag {
        /// Where.
        repository: Repository,
        /// The tag to follow.
        tag: Tag,
    },
    /// A digest that a person chose; a tag beside it only tells people what it was.
    Digest {
        /// Where.
        repository: Repository,
        /// The tag it had.
        tag: Option<Tag>,
        /// The digest.
        digest: Digest,
    },
    /// The best of the repository's tags by a rule.
    Version {
        /// Where.
        repository: Repository,
        /// The rule.
        rule: Rule,
    },
    /// An image in an OCI image layout directory.
    Layout {
        /// The directory, relative to the project file.
        path: Utf8PathBuf,
        /// The `org.opencontainers.image.ref.name` of the image, where the layout holds several.
        tag: Option<Tag>,
    },
}

impl Wanted {
    /// What a reference asks for: its digest, or else its tag, or else `latest`, as everywhere.
    pub fn from_reference(reference: Reference) -> Self {
        let Reference { repository, tag, digest } = reference;
        match digest {
            Some(digest) => Self::Digest { repository, tag, digest },
            None => Self::Tag { repository, tag: tag.unwrap_or_else(Tag::latest) },
        }
    }

    /// Whether the request could have chosen the tag: the one that it follows, or any that its rule lets compete.
    pub fn admits(&self, tag: &Tag) -> bool {
        match self {
            Self::Tag { tag: followed, .. } => followed == tag,
            Self::Digest { tag: named, .. } => named.as_ref() == Some(tag),
            Self::Version { rule, .. } => rule.admits(tag),
            Self::Layout { .. } => false,
        }
    }

    /// The repository, unless the image comes from a directory.
    pub fn repository(&self) -> Option<&Repository> {
        match self {
            Self::Tag { repository, .. } | Self::Digest { repository, .. } | Self::Version { repository, .. } => {
                Some(repository)
            }
            Self::Layout { .. } => None,
        }
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag { repository, tag } => write!(formatter, "{repository}:{tag}"),
            Self::Digest { repository, tag, digest } => {
                write!(formatter, "{}", repository.with(tag.clone(), Some(digest.clone())))
            }
            Self::Version { repository, rule } => write!(formatter, "{repository} {rule}"),
            Self::Layout { path, tag: None } => write!(formatter, "{path}"),
            Self::Layout { path, tag: Some(tag) } => write!(formatter, "{path}:{tag}"),
        }
    }
}

/// The request as the lock writes it: one flat object, keys in byte order, absent ones left out.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct WrittenRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    dialect: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exclude: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<Utf8PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platforms: Option<BTreeSet<Platform>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    prerelease: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<Repository>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    select: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

/// A request in a lock that asks for nothing, or for two things at once.
#[derive(Debug, thiserror::Error)]
enum WrittenError {
    #[error("the request names neither a tag, a digest, a version rule nor a layout, or more than one of them")]
    Shape,
    #[error("the request has `platforms` and names none")]
    Platforms,
    #[error("{0}")]
    Layout(String),
    #[error(transparent)]
    Rule(#[from] RuleError),
}

impl From<Request> for WrittenRequest {
    fn from(Request { wanted, platforms }: Request) -> Self {
        let written = Self { platforms, ..Self::default() };
        match wanted {
            Wanted::Tag { repository, tag } => Self { repository: Some(repository), tag: Some(tag), ..written },
            Wanted::Digest { repository, tag, digest } => {
                Self { repository: Some(repository), tag, digest: Some(digest), ..written }
            }
            Wanted::Version { repository, rule } => {
                let Parts { version, tags, select, scheme, dialect, exclude, prerelease } = rule.parts().clone();
                let written = Self { dialect, exclude, prerelease, scheme, select, tags, version, ..written };
                Self { repository: Some(repository), ..written }
            }
            Wanted::Layout { path, tag } => Self { layout: Some(path), tag, ..written },
        }
    }
}

impl TryFrom<WrittenRequest> for Request {
    type Error = WrittenError;

    fn try_from(written: WrittenRequest) -> Result<Self, WrittenError> {
        let WrittenRequest { digest, layout, platforms, repository, tag, .. } = written;
        let WrittenRequest { version, tags, select, scheme, dialect, exclude, prerelease, .. } = written;
        let parts = Parts { version, tags, select, scheme, dialect, exclude, prerelease };
        if platforms.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(WrittenError::Platforms);
        }
        let ruled = !parts.is_empty();
        let wanted = match (repository, layout, digest, tag) {
            (Some(repository), None, None, None) if ruled => {
                let rule = Rule::of(parts)?;
                Wanted::Version { repository, rule }
            }
            _ if ruled => return Err(WrittenError::Shape),
            (Some(repository), None, Some(digest), tag) => Wanted::Digest { repository, tag, digest },
            (Some(repository), None, None, Some(tag)) => Wanted::Tag { repository, tag },
            (None, Some(path), None, tag) => {
                Wanted::Layout { path: crate::inside::checked(&path, "layout").map_err(WrittenError::Layout)?, tag }
            }
            _ => return Err(WrittenError::Shape),
        };
        Ok(Self { wanted, platforms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_request_survives_the_lock() {
        for text in [
            r#"{"repository":"docker.io/library/redis","tag":"8"}"#,
            r#"{"platforms":["linux/amd64","linux/arm64"],"repository":"docker.io/library/redis","tag":"8"}"#,
            r#"{"repository":"ghcr.io/a/b","tags":"^v(?<version>.*)$","version":"16"}"#,
            r#"{"repository":"ghcr.io/a/b","select":"numeric","tags":"-(?<order>\\d+)$"}"#,
            r#"{"layout":"third_party/tools-oci","tag":"1.0"}"#,
        ] {
            let request: Request = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&request).unwrap(), text);
        }
    }

    #[test]
    fn a_request_for_nothing_or_for_two_things_is_refused() {
        for text in [
            "{}",
            r#"{"repository":"docker.io/library/redis"}"#,
            r#"{"repository":"docker.io/library/redis","tag":"8","version":"8"}"#,
            r#"{"repository":"docker.io/library/redis","tag":"8","layout":"x"}"#,
            r#"{"tag":"8"}"#,
        ] {
            assert!(serde_json::from_str::<Request>(text).is_err(), "{text}");
        }
    }
}
