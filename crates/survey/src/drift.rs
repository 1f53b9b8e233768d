//! What is named differently in different places.

use std::collections::BTreeMap;

use imagelock_core::{Digest, Repository, Tag};

use crate::Mention;

/// One repository that is named differently in different places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift<'m> {
    /// One tag with several digests.
    Digests {
        /// The repository.
        repository: &'m Repository,
        /// The tag.
        tag: Tag,
        /// The places of each digest; those without one say none.
        places: BTreeMap<&'m Digest, Vec<&'m Mention>>,
    },
    /// Several tags.
    Tags {
        /// The repository.
        repository: &'m Repository,
        /// The places of each tag.
        places: BTreeMap<Tag, Vec<&'m Mention>>,
    },
}

/// Finds what drifts: one repository and tag with several digests, and one repository with several tags. What a variable
/// decides and what the repository builds says nothing.
pub fn drift(mentions: &[Mention]) -> Vec<Drift<'_>> {
    let mut repositories: BTreeMap<&Repository, BTreeMap<Tag, Vec<&Mention>>> = BTreeMap::new();
    for mention in mentions {
        if let Some((repository, Some(tag))) = mention.follows() {
            repositories.entry(repository).or_default().entry(tag).or_default().push(mention);
        }
    }
    let mut found = Vec::new();
    for (repository, tags) in repositories {
        for (tag, mentions) in &tags {
            let mut places: BTreeMap<&Digest, Vec<&Mention>> = BTreeMap::new();
            for mention in mentions {
                if let Some(digest) = mention.digest_of() {
                    places.entry(digest).or_default().push(mention);
                }
            }
            if places.len() > 1 {
                found.push(Drift::Digests { repository, tag: tag.clone(), places });
            }
        }
        if tags.len() > 1 {
            found.push(Drift::Tags { repository, places: tags });
        }
    }
    found
}
