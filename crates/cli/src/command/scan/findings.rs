//! What of a scan is to be mended, for those who read findings.

use imagelock_core::Tag;
use imagelock_survey::{Drift, Mention, State, drift};

use super::ScanFound;
use crate::finding::{self, Finding, Level, Place, Rule};

/// The rules, each with what it asks for.
pub(super) const RULES: &[Rule] = &[
    ("unpinned", "An image is referred to by a digest, so that what is run is what was tested."),
    ("drift", "One name stands for one image in all places of a repository."),
    ("invalid", "What stands in the place of an image is a reference."),
];

/// The findings of a scan: those that are asked for, or `all`.
pub(super) fn of(found: &ScanFound<'_>, all: bool) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut add = |rule, mention: &Mention, message| {
        let about = format!("{}:{}", mention.place, mention.reference);
        let at = Place::from(mention);
        findings.push(Finding { rule, level: Level::Warning, at, message, help: None, about });
    };
    for &mention in &found.mentions {
        match mention.state {
            State::Tag | State::None => add("unpinned", mention, format!("`{}` has no digest", mention.reference)),
            State::Invalid if all => add("invalid", mention, format!("`{}` is no image reference", mention.reference)),
            _ => {}
        }
    }
    let every = if all { drift(&found.surveyed.mentions) } else { Vec::new() };
    for drift in found.drifts.iter().chain(&every) {
        match drift {
            Drift::Digests { repository, tag, places } => {
                for (digest, mentions) in places {
                    let others = places.len() - 1;
                    let message =
                        format!("`{repository}:{tag}` stands here with {digest}, elsewhere with {others} more");
                    for mention in mentions {
                        add("drift", mention, message.clone());
                    }
                }
            }
            Drift::Tags { repository, places } => {
                for (tag, mentions) in places {
                    let others: Vec<&str> = places.keys().filter(|other| *other != tag).map(Tag::as_str).collect();
                    let message = format!("`{repository}` stands here with `{tag}`, elsewhere with {}", some(&others));
                    for mention in mentions {
                        add("drift", mention, message.clone());
                    }
                }
            }
        }
    }
    finding::sort(&mut findings);
    findings
}

/// The first few of some tags, and how many more there are.
fn some(tags: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = tags.iter().take(SHOWN).map(|tag| format!("`{tag}`")).collect();
    let more = tags.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_few_of_many_tags_are_told() {
        assert_eq!(some(&["1", "2", "3", "4"]), "`1`, `2`, `3` and 1 more");
    }
}
