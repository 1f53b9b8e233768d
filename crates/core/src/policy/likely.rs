//! Which of a repository's tags are likely to point at an image.

use super::scheme::Scheme;
use super::tag_version::newest;
use crate::expression;
use crate::lockfile::LockedImage;
use crate::reference::Tag;

/// Tags in the order in which they are likely to point at an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likely<'a> {
    /// The tags.
    pub tags: Vec<&'a Tag>,
    /// How many tags are left out because they name signatures and other things that belong to an image: `sha256-….sig`.
    pub attached: usize,
}

/// Orders a repository's tags: the locked one, those of the version that the image says, the longest first, names without a
/// number such as `latest`, and the others as people would call them the newest.
pub fn likely<'a>(tags: &'a [Tag], locked: &LockedImage) -> Likely<'a> {
    let numbers = |text: &str| Scheme::Loose.read(text).map(|(version, _)| version.numbers).unwrap_or_default();
    let version = locked.version.as_deref().map(numbers).unwrap_or_default();
    let rank = |tag: &Tag| {
        let own = numbers(tag.as_str());
        let told = !own.is_empty() && (version.starts_with(&own) || !version.is_empty() && own.starts_with(&version));
        match tag {
            tag if Some(tag) == locked.tag.as_ref() => (0, 0),
            _ if told => (1, usize::MAX - own.len()),
            tag if !tag.as_str().contains(|c: char| c.is_ascii_digit()) => (2, 0),
            _ => (3, 0),
        }
    };
    let mut likely = newest(tags, usize::MAX);
    likely.retain(|tag| !is_attached(tag));
    let attached = tags.len() - likely.len();
    likely.sort_by_cached_key(|tag| rank(tag));
    Likely { tags: likely, attached }
}

/// Whether a tag is one of those by which signatures and attestations were found before registries had referrers: the
/// digest of what they belong to (OCI distribution 1.1, "Referrers Tag Schema").
fn is_attached(tag: &Tag) -> bool {
    let hex = tag.as_str().strip_prefix("sha256-").or_else(|| tag.as_str().strip_prefix("sha512-"));
    hex.is_some_and(|rest| rest.len() >= 64 && rest.bytes().take(64).all(|byte| byte.is_ascii_hexdigit()))
}

/// Returns whether a regular expression matches a tag, or what is wrong with it.
pub fn matching(pattern: &str) -> Result<impl Fn(&Tag) -> bool, String> {
    let regex = expression::bounded(pattern)?;
    Ok(move |tag: &Tag| regex.is_match(tag.as_str()))
}

#[cfg(test)]
mod tests {
    use proptest::strategy::{Strategy as _, ValueTree as _};

    use super::*;
    use crate::arbitrary;

    fn ordered(tag: Option<&str>, version: Option<&str>, tags: &[&str]) -> (Vec<String>, usize) {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let image = arbitrary::locked_image().new_tree(&mut runner).unwrap().current();
        let locked =
            LockedImage { tag: tag.map(|tag| tag.parse().unwrap()), version: version.map(str::to_owned), ..image };
        let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
        let likely = likely(&tags, &locked);
        (likely.tags.into_iter().map(ToString::to_string).collect(), likely.attached)
    }

    #[test]
    fn tags_of_the_version_that_an_image_says_come_before_others_and_signatures_not_at_all() {
        let signature = format!("sha256-{}.sig", "0".repeat(64));
        let tags = ["1", "1.24", "1.24.3", "1.24.3-alpine", "1.25.0", "2", "latest", "nightly-20240101", &signature];
        let (order, attached) = ordered(Some("latest"), Some("v1.24.3"), &tags);
        assert_eq!(order, ["latest", "1.24.3", "1.24.3-alpine", "1.24", "1", "1.25.0", "nightly-20240101", "2"]);
        assert_eq!(attached, 1);
        let (order, _) = ordered(None, None, &["1.2", "edge", "1.3", "latest"]);
        assert_eq!(order, ["latest", "edge", "1.3", "1.2"]);
    }

    #[test]
    fn a_pattern_is_found_anywhere_in_a_tag_and_a_broken_one_is_told() {
        let found = matching("^1\\.").unwrap();
        assert!(found(&"1.2".parse().unwrap()) && !found(&"21.2".parse().unwrap()));
        assert!(matching("(").is_err());
    }
}
