//! Who uses an image.
//!
//! A target says so in its table, or takes all that it finds a place for: what it renders tells which images those are.
//! A manifest with one image in it does not use the others of the lock.

use std::collections::{BTreeMap, BTreeSet};

use imagelock_adapter::{Context, Rewrites, Templates};
use imagelock_core::{Digest, ImageName, LockedImage, Lockfile};

use crate::failure::Failure;
use crate::session::Session;
use crate::targets::{self, Rendered};
use crate::tree::DiskTree;

/// The targets of a project, and which images each takes.
pub(crate) struct Users(Vec<(String, Takes)>);

enum Takes {
    /// Those that its table names.
    Named(BTreeSet<ImageName>),
    /// Those whose digests are in what it renders.
    Written(BTreeSet<String>),
    /// Nobody can tell, since it cannot be rendered: all of them.
    Any,
}

/// The fewest hexadecimal digits of a digest.
const DIGITS: usize = 64;

impl Users {
    /// Looks at the targets of the project.
    pub(crate) fn of(session: &Session<'_>, lock: &Lockfile) -> Result<Self, Failure> {
        let targets = targets::read(&session.project)?;
        let tree = DiskTree::new(&session.root)?;
        let templates = Templates::new(&BTreeMap::new()).map_err(|error| Failure::input(error.to_string()))?;
        let rewrites = Rewrites::of(&session.project);
        let built = &session.project.built;
        let context = Context { lock, tree: &tree, templates: &templates, rewrites: &rewrites, built };
        let takes = |rendered: &Rendered| (rendered.target.title(), Takes::of(rendered, &context));
        Ok(Self(targets.iter().map(takes).collect()))
    }

    /// The titles of the targets that take an image.
    pub(crate) fn titles(&self, name: &ImageName, image: Option<&LockedImage>) -> Vec<String> {
        let takes = |takes: &Takes| match takes {
            Takes::Named(names) => names.contains(name),
            Takes::Any => true,
            Takes::Written(digests) => {
                image.is_some_and(|image| digests_of(image).any(|digest| digests.contains(digest.hex())))
            }
        };
        self.0.iter().filter(|(_, target)| takes(target)).map(|(title, _)| title.clone()).collect()
    }
}

impl Takes {
    fn of(rendered: &Rendered, context: &Context<'_>) -> Self {
        let named = rendered.target.images();
        if !named.is_empty() {
            return Self::Named(named.into_iter().map(|name| name.value).collect());
        }
        let Ok(outputs) = rendered.target.render(context) else { return Self::Any };
        let texts = outputs.iter().map(|output| String::from_utf8_lossy(&output.content));
        Self::Written(texts.flat_map(|text| digests_in(&text)).collect())
    }
}

fn digests_of(image: &LockedImage) -> impl Iterator<Item = &Digest> {
    std::iter::once(&image.digest).chain(image.platforms.values().map(|platform| &platform.digest))
}

/// The digits of all digests in a text, whatever stands round them: a purl has `sha256%3A` there.
fn digests_in(text: &str) -> Vec<String> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    let tails = words.filter_map(|word| {
        let start = word.bytes().rev().take_while(u8::is_ascii_hexdigit).count();
        let digits = &word[word.len() - start..];
        // `A` of `%3A` is a digit too: the digest is the last of them.
        let digits = if digits.len() % DIGITS == 0 { digits } else { digits.get(digits.len() % DIGITS..)? };
        (digits.len() >= DIGITS).then(|| digits.to_owned())
    });
    tails.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_found_whatever_stands_round_them() {
        let (short, long) = ("0a".repeat(32), "f1".repeat(64));
        for (text, digest) in [
            (format!("image: a@sha256:{short} # x"), &short),
            (format!("\"sha: {short}\""), &short),
            (format!("pkg:oci/a@sha256%3A{short}?x"), &short),
            (format!("a@sha512:{long}"), &long),
        ] {
            assert_eq!(digests_in(&text), std::slice::from_ref(digest), "{text}");
        }
        assert_eq!(digests_in("deadbeef"), Vec::<String>::new());
    }
}
