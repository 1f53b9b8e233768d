//! Images that the repository builds itself: `built = ["adservice", "ghcr.io/acme/*"]`.

use std::str::FromStr;

use regex::Regex;

use crate::reference::{ReferenceError, Repository};

/// The repositories of images that this project builds: nothing pins them, and nothing warns of them.
#[derive(Clone, Debug, Default)]
pub struct Built(Vec<BuiltPattern>);

/// A repository, or many of them: `*` stands for any characters of one part, `**` for any parts.
#[derive(Clone, Debug)]
pub struct BuiltPattern(Regex);

/// Why a text names no repositories.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuiltError {
    /// It would be no repository without its stars.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// It names a tag or a digest, which decide nothing about who builds it.
    #[error("a repository is named without a tag and without a digest here")]
    Tag,
}

/// More stars than anybody needs, and few enough that no pattern is slow to make.
const MOST_STARS: usize = 16;

impl FromStr for BuiltPattern {
    type Err = BuiltError;

    fn from_str(text: &str) -> Result<Self, BuiltError> {
        // With a letter in the place of its stars it is a reference, or it names nothing: so the short forms of Docker
        // hold here as they do in references.
        let stars = text.matches('*').count();
        let plain = text.replace('*', if stars > MOST_STARS { "" } else { "a" });
        let reference: crate::Reference = plain.parse()?;
        if reference.tag.is_some() || reference.digest.is_some() {
            return Err(BuiltError::Tag);
        }
        let full = reference.repository.to_string();
        let prefix = full.strip_suffix(&*plain).map_or(String::new(), regex::escape);
        let pattern = if full.ends_with(&plain) { text } else { &full };
        let pattern = regex::escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*");
        match Regex::new(&format!("^{prefix}{pattern}$")) {
            Ok(regex) => Ok(Self(regex)),
            // An escaped text is an expression, and a short one.
            Err(_) => Err(BuiltError::Tag),
        }
    }
}

impl BuiltPattern {
    /// Whether it names the repository.
    pub fn names(&self, repository: &Repository) -> bool {
        self.0.is_match(&repository.to_string())
    }
}

impl Built {
    /// Those of these patterns.
    pub fn new(patterns: impl IntoIterator<Item = BuiltPattern>) -> Self {
        Self(patterns.into_iter().collect())
    }

    /// Adds those of other patterns.
    pub fn extend(&mut self, patterns: impl IntoIterator<Item = BuiltPattern>) {
        self.0.extend(patterns);
    }

    /// Whether the repository's images are built here.
    pub fn names(&self, repository: &Repository) -> bool {
        !self.0.is_empty() && {
            let full = repository.to_string();
            self.0.iter().any(|pattern| pattern.0.is_match(&full))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pattern: &str, repository: &str) -> bool {
        let reference: crate::Reference = repository.parse().unwrap();
        Built::new([pattern.parse().unwrap()]).names(&reference.repository)
    }

    #[test]
    fn a_name_is_a_repository_as_it_is_in_references() {
        for (pattern, repository) in [
            ("adservice", "adservice"),
            ("adservice", "docker.io/library/adservice"),
            ("docker.io/adservice", "adservice"),
            ("index.docker.io/library/adservice", "adservice"),
            ("acme/*", "docker.io/acme/web"),
            ("ghcr.io/acme/*", "ghcr.io/acme/web"),
            ("ghcr.io/acme/web-*", "ghcr.io/acme/web-front"),
            ("ghcr.io/**", "ghcr.io/acme/tools/web"),
            ("localhost:5000/*", "localhost:5000/web"),
            ("*", "web"),
        ] {
            assert!(names(pattern, repository), "{pattern} {repository}");
        }
        for (pattern, repository) in [
            ("adservice", "ghcr.io/acme/adservice"),
            ("adservice", "adservices"),
            ("ghcr.io/acme/*", "ghcr.io/acme/tools/web"),
            ("ghcr.io/acme/*", "ghcr.io/acme-evil/web"),
            ("ghcr.io/acme/*", "ghcrxio/acme/web"),
            ("*", "acme/web"),
        ] {
            assert!(!names(pattern, repository), "{pattern} {repository}");
        }
    }

    #[test]
    fn what_names_no_repository_is_refused() {
        for text in ["", "Web", "web:1", "web:*", "web@sha256:0", "../x", "[", "(a|b)", &"*".repeat(99)] {
            assert!(text.parse::<BuiltPattern>().is_err(), "{text}");
        }
    }
}
