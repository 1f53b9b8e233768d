//! What the formats that are YAML share: comments beside scalars, and quotes.

use std::ops::Range;

use camino::Utf8Path;
use imagelock_yaml::{quoted, stays_text};

use crate::Lines;
use crate::comment::{Comment, speaking};

/// Whether a file is YAML by its name, templates of YAML included: `values.yaml.gotmpl`.
pub(super) fn is_yaml(path: &Utf8Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_lowercase();
    name.split('.').skip(1).any(|part| matches!(part, "yaml" | "yml" | "eyaml" | "sls"))
}

/// Those of a text's comments that speak to imagelock.
pub(super) fn comments(text: &str, lines: &Lines, comments: &[Range<usize>]) -> Vec<Comment> {
    speaking(text, lines, &["#"], |at| {
        let after = comments.partition_point(|span| span.start <= at);
        after == 0 || !comments[after - 1].contains(&at)
    })
}

/// A text in the quotes that stood there. An alias stays an alias: what it repeats is written elsewhere.
pub(super) fn quote(before: &str, new: &str) -> Option<String> {
    Some(match before.as_bytes().first() {
        Some(b'*') => return None,
        Some(b'\'') if !new.contains(['\'', '\n', '\r']) => format!("'{new}'"),
        Some(b'"' | b'\'' | b'|' | b'>') => quoted(new),
        _ if stays_text(new) => new.to_owned(),
        _ => quoted(new),
    })
}
