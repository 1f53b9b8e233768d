//! What `scan` leaves out, and what it finds beside what it knows: `[scan]`.

use std::str::FromStr;

use regex::Regex;

use super::error::ProjectError;
use super::fields::Fields;
use super::node::{Entry, Node, NodeValue};
use crate::expression;
use crate::source::Spanned;

/// The table `[scan]`.
#[derive(Clone, Debug, Default)]
pub struct ScanSettings {
    /// Paths, globs and folders that are left out.
    pub exclude: Vec<Spanned<String>>,
    /// Where images are named in files of no format: the tables `[[scan.rule]]`.
    pub rules: Vec<ScanRule>,
}

/// A table `[[scan.rule]]`.
#[derive(Clone, Debug)]
pub struct ScanRule {
    /// Paths and globs of the files.
    pub files: Vec<Spanned<String>>,
    /// What finds images in them.
    pub pattern: Spanned<ScanPattern>,
}

/// A regular expression with a group `image`: that is a reference wherever the expression matches.
#[derive(Clone, Debug)]
pub struct ScanPattern(Regex);

/// Why a text is no [`ScanPattern`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanPatternError {
    /// It does not parse or is too large.
    #[error("`pattern` is not a regular expression: {0}")]
    Expression(String),
    /// It does not tell where the image is.
    #[error("`pattern` needs a group `(?<image>…)`: it tells what of a match is the image")]
    Group,
}

impl FromStr for ScanPattern {
    type Err = ScanPatternError;

    fn from_str(text: &str) -> Result<Self, ScanPatternError> {
        let regex = expression::bounded(text).map_err(ScanPatternError::Expression)?;
        if regex.capture_names().flatten().any(|name| name == "image") {
            Ok(Self(regex))
        } else {
            Err(ScanPatternError::Group)
        }
    }
}

impl ScanPattern {
    /// The bytes of every image in a text, in their order.
    pub fn images<'t>(&'t self, text: &'t str) -> impl Iterator<Item = std::ops::Range<usize>> + 't {
        self.0.captures_iter(text).filter_map(|found| found.name("image").map(|image| image.range()))
    }
}

/// Reads the table.
pub(super) fn read(entry: &Entry) -> Result<ScanSettings, Vec<ProjectError>> {
    let mut fields = Fields::new(&entry.node, "[scan]").map_err(|error| vec![error])?;
    let mut settings = ScanSettings { exclude: fields.texts("exclude").unwrap_or_default(), rules: Vec::new() };
    if let Some(rules) = fields.entry("rule") {
        let NodeValue::Array(nodes) = &rules.node.value else {
            let reason = "rules are an array of tables: write `[[scan.rule]]`";
            fields.fail(ProjectError::invalid(reason, &rules.key_at));
            return fields.finish().map(|()| settings);
        };
        for node in nodes {
            match rule(node) {
                Ok(rule) => settings.rules.extend(rule),
                Err(errors) => errors.into_iter().for_each(|error| fields.fail(error)),
            }
        }
    }
    fields.finish()?;
    Ok(settings)
}

fn rule(node: &Node) -> Result<Option<ScanRule>, Vec<ProjectError>> {
    const WHAT: &str = "[[scan.rule]]";
    let mut fields = Fields::new(node, WHAT).map_err(|error| vec![error])?;
    for key in ["files", "pattern"] {
        if fields.entry(key).is_none() {
            fields.fail(ProjectError::MissingKey { what: WHAT.to_owned(), key, at: node.at.clone() });
        }
    }
    let rule = fields.texts("files").zip(fields.parsed("pattern")).map(|(files, pattern)| ScanRule { files, pattern });
    fields.finish()?;
    Ok(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_finds_what_its_group_is() {
        let pattern: ScanPattern = r"(?m)^image\s*=\s*(?<image>\S+)$".parse().unwrap();
        let text = "image = a:1\n# image = b:2\nimage=c\n";
        assert_eq!(pattern.images(text).map(|image| &text[image]).collect::<Vec<_>>(), ["a:1", "c"]);
    }

    #[test]
    fn a_pattern_without_its_group_or_too_large_is_refused() {
        let refused = |text: &str| text.parse::<ScanPattern>().unwrap_err().to_string();
        assert!(refused("image=(.*)").contains("needs a group"));
        assert_eq!(refused("(?<image>"), "`pattern` is not a regular expression: unclosed group");
        assert_eq!(refused(r"(?<image>\w{9999})"), "`pattern` is not a regular expression: it is too large");
    }
}
