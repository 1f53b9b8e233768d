//! The names that a project gives its images.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use crate::text::serde_as_text;

/// The name of an image in a project: lower-case letters and digits, joined by `.`, `_` or `-`, at most 100 bytes.
///
/// The grammar is narrow on purpose. A name becomes a Bazel package, an Earthly target, a key in HCL and in YAML; one
/// that none of them has to quote can be typed the same way in all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageName(Box<str>);

/// Why a text is not an [`ImageName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is nothing.
    #[error("the name of an image is not empty")]
    Empty,
    /// More than 100 bytes.
    #[error("the name of an image has at most 100 bytes, this one has {0}")]
    Length(usize),
    /// A character outside the grammar, or a separator at the start or the end.
    #[error("an image is named with lower-case letters and digits, joined by `.`, `_` or `-`{}", hint(.suggestion.as_deref()))]
    Grammar {
        /// A name like it that would do.
        suggestion: Option<String>,
    },
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!(": try `{name}`")).unwrap_or_default()
}

impl ImageName {
    /// The longest name, in bytes. Bazel makes a directory of it, which some file systems cut at 255 bytes.
    pub const MAX_BYTES: usize = 100;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name that is nearest to `text`, if any letter or digit is left of it.
    pub fn nearest(text: &str) -> Option<Self> {
        let mut name = String::new();
        for character in text.chars() {
            let character = character.to_ascii_lowercase();
            if character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '.' | '_') {
                name.push(character);
            } else if !name.ends_with('-') {
                name.push('-');
            }
        }
        name.trim_matches(|c: char| !c.is_ascii_alphanumeric()).parse().ok()
    }
}

impl FromStr for ImageName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let alphanumeric = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let bytes = text.as_bytes();
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
            return Err(NameError::Empty);
        };
        if bytes.len() > Self::MAX_BYTES {
            return Err(NameError::Length(bytes.len()));
        }
        let inside = bytes.iter().all(|&c| alphanumeric(c) || matches!(c, b'.' | b'_' | b'-'));
        if inside && alphanumeric(*first) && alphanumeric(*last) {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Grammar { suggestion: Self::nearest(text).map(|name| name.to_string()) })
        }
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl Borrow<str> for ImageName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

serde_as_text!(ImageName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_every_build_system_can_spell_are_taken() {
        for name in ["a", "9", "postgres", "postgres-16", "a.b_c-d", "a--b", &"x".repeat(100)] {
            assert_eq!(name.parse::<ImageName>().map(|n| n.to_string()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn other_names_are_refused_with_one_that_would_do() {
        for (name, nearest) in [
            ("Postgres", Some("postgres")),
            ("a/b", Some("a-b")),
            ("-a", Some("a")),
            ("a-", Some("a")),
            ("a b\"c", Some("a-b-c")),
            ("é", None),
            ("..", None),
        ] {
            let suggestion = nearest.map(str::to_owned);
            assert_eq!(name.parse::<ImageName>(), Err(NameError::Grammar { suggestion }), "{name}");
        }
        assert_eq!("".parse::<ImageName>(), Err(NameError::Empty));
        assert_eq!("x".repeat(101).parse::<ImageName>(), Err(NameError::Length(101)));
    }
}
