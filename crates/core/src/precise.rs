//! An answer that somebody names, judged against the request that it should answer.

use std::fmt;
use std::str::FromStr;

use crate::digest::{Digest, DigestError};
use crate::reference::{ReferenceError, Tag};
use crate::request::{Request, Wanted};

/// A tag, a digest, or both: `16.9`, `sha256:…`, `16.9@sha256:…`. It names an image of the request's repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precise {
    tag: Option<Tag>,
    digest: Option<Digest>,
}

/// The text names neither a tag nor a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PreciseError {
    /// It should be a tag.
    #[error("{0}; write a tag, a digest or TAG@DIGEST of the image's own repository")]
    Tag(#[from] ReferenceError),
    /// It should be a digest.
    #[error("{0}; write a tag, a digest or TAG@DIGEST of the image's own repository")]
    Digest(#[from] DigestError),
}

/// Why a request does not admit what somebody names. Each is mended in the project file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The request follows another tag.
    #[error("the request follows the tag `{follows}`, and `{named}` is another")]
    OtherTag {
        /// The tag that is followed.
        follows: Tag,
        /// The tag that somebody names.
        named: Tag,
    },
    /// The rule does not admit the tag.
    #[error("`{named}` does not fit {rule}")]
    Rule {
        /// The rule.
        rule: String,
        /// The tag that somebody names.
        named: Tag,
    },
    /// The request is pinned to something else.
    #[error("the request is pinned to {}, and `{named}` is another", .digest.short())]
    Pinned {
        /// The digest that is asked for.
        digest: Digest,
        /// What somebody names.
        named: Precise,
    },
    /// The request is for what is in a directory.
    #[error("the image comes from a layout directory, which holds what it holds")]
    Layout,
}

impl Refused {
    /// What to change in the project file, so that the answer would be one.
    pub fn help(&self) -> String {
        match self {
            Self::OtherTag { named, .. } => format!("write `tag = \"{named}\"` there and lock, or name a digest"),
            Self::Rule { .. } => "change the rule there so that it admits the tag".to_owned(),
            Self::Pinned { .. } => "change the digest there and lock".to_owned(),
            Self::Layout => "put another image into the directory and lock".to_owned(),
        }
    }
}

impl Precise {
    /// The tag, where one is named.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest, where one is named.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Judges whether a lock with this answer answers the request, as far as that can be told without a registry.
    pub fn judge(&self, request: &Request) -> Result<(), Refused> {
        match &request.wanted {
            Wanted::Layout { .. } => Err(Refused::Layout),
            Wanted::Tag { tag, .. } => match &self.tag {
                Some(named) if named != tag => Err(Refused::OtherTag { follows: tag.clone(), named: named.clone() }),
                _ => Ok(()),
            },
            Wanted::Version { rule, .. } => match &self.tag {
                Some(named) if !rule.admits(named) => {
                    Err(Refused::Rule { rule: rule.to_string(), named: named.clone() })
                }
                _ => Ok(()),
            },
            Wanted::Digest { digest, tag, .. } => {
                let same = self.digest.as_ref().is_none_or(|named| named == digest);
                let same_tag = self.tag.as_ref().is_none_or(|named| tag.as_ref() == Some(named));
                let named = || self.clone();
                if same && same_tag { Ok(()) } else { Err(Refused::Pinned { digest: digest.clone(), named: named() }) }
            }
        }
    }
}

impl FromStr for Precise {
    type Err = PreciseError;

    fn from_str(text: &str) -> Result<Self, PreciseError> {
        if let Some((tag, digest)) = text.split_once('@') {
            return Ok(Self { tag: Some(tag.parse()?), digest: Some(digest.parse()?) });
        }
        // No tag has a colon, and every digest has one.
        if text.contains(':') {
            return Ok(Self { tag: None, digest: Some(text.parse()?) });
        }
        Ok(Self { tag: Some(text.parse()?), digest: None })
    }
}

impl fmt::Display for Precise {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.tag, &self.digest) {
            (Some(tag), Some(digest)) => write!(formatter, "{tag}@{digest}"),
            (Some(tag), None) => write!(formatter, "{tag}"),
            (None, Some(digest)) => write!(formatter, "{digest}"),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Digest {
        Digest::sha256(text.as_bytes())
    }

    fn request(wanted: &str) -> Request {
        serde_json::from_str(&format!(r#"{{"repository":"docker.io/library/redis",{wanted}}}"#)).unwrap()
    }

    fn judge(named: &str, wanted: &str) -> Result<(), String> {
        let judged = named.parse::<Precise>().unwrap().judge(&request(wanted));
        judged.map_err(|refused| format!("{refused}; {}", refused.help()))
    }

    #[test]
    fn tags_digests_and_both_are_told_apart() {
        let one = digest("1");
        for text in ["16.9".to_owned(), one.to_string(), format!("16.9@{one}")] {
            assert_eq!(text.parse::<Precise>().unwrap().to_string(), text);
        }
        for text in ["", "a b", "@", "1@", &format!("@{one}"), "sha256:12", "ghcr.io/acme/web:1", "a:1", "-1"] {
            assert!(text.parse::<Precise>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_followed_tag_admits_itself_and_any_digest() {
        let wanted = r#""tag":"8""#;
        assert_eq!(judge("8", wanted), Ok(()));
        assert_eq!(judge(digest("1").as_str(), wanted), Ok(()));
        let refused = judge(&format!("8.2@{}", digest("1")), wanted).unwrap_err();
        assert_eq!(
            refused,
            "the request follows the tag `8`, and `8.2` is another; write `tag = \"8.2\"` there and lock, or name a digest"
        );
    }

    #[test]
    fn a_rule_admits_the_tags_that_it_would_choose_from() {
        let wanted = r#""tags":"^(?<version>\\d+\\.\\d+)-alpine$","version":"16""#;
        assert_eq!(judge("16.8-alpine", wanted), Ok(()));
        assert_eq!(judge(&format!("16.8-alpine@{}", digest("1")), wanted), Ok(()));
        for tag in ["17.1-alpine", "16.8", "latest"] {
            assert!(judge(tag, wanted).unwrap_err().starts_with(&format!("`{tag}` does not fit version 16")), "{tag}");
        }
    }

    #[test]
    fn what_is_pinned_in_the_project_file_is_changed_there() {
        let wanted = format!(r#""digest":"{}","tag":"8""#, digest("1"));
        assert_eq!(judge(digest("1").as_str(), &wanted), Ok(()));
        assert_eq!(judge(&format!("8@{}", digest("1")), &wanted), Ok(()));
        assert!(judge(digest("2").as_str(), &wanted).unwrap_err().ends_with("change the digest there and lock"));
        assert!(judge("9", &wanted).is_err());
        let layout: Request = serde_json::from_str(r#"{"layout":"img"}"#).unwrap();
        assert_eq!("8".parse::<Precise>().unwrap().judge(&layout), Err(Refused::Layout));
    }
}
