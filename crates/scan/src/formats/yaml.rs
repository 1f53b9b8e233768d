//! What the formats that are YAML share: documents that are no templates, the bytes of scalars, comments beside them, and
//! quotes.

use std::ops::Range;

pub(super) use imagelock_yaml::Parsed;
use imagelock_yaml::{Kind, Node, quoted, read, stays_text};

use crate::comment::{Comment, speaking};
use crate::{Lines, Named, Unreadable};

/// The key whose value's entries are those of its mapping too.
pub(super) const MERGE: &str = "<<";

/// What aliases repeat is visited again wherever they stand, and no further than this many values: Kubernetes' own
/// reader refuses far less.
pub(super) const MOST_REPEATED: usize = 1_000_000;

/// Aliases repeat themselves, or too much; `at` is where that was noticed.
pub(super) fn endless(at: Range<usize>) -> Unreadable {
    Unreadable { reason: "its aliases repeat themselves, or more than anybody reads".to_owned(), at }
}

/// The documents of a text and its comments. A template of YAML is none yet.
pub(super) fn documents(text: &str) -> Result<Parsed, Unreadable> {
    let parsed =
        read(text).map_err(|error| template_line(text).unwrap_or(Unreadable { reason: error.reason, at: error.at }))?;
    match template(text, &parsed.documents) {
        Some(at) => Err(Unreadable { reason: TEMPLATE.to_owned(), at }),
        None => Ok(parsed),
    }
}

/// The bytes of a node: a text of several lines ends in front of its line end.
pub(super) fn written(text: &str, node: &Node) -> Range<usize> {
    let written = text.get(node.span.clone()).unwrap_or_default().trim_end_matches(['\n', '\r']);
    node.span.start..node.span.start + written.len()
}

/// Whether a file is YAML by its name, templates of YAML included: `values.yaml.gotmpl`.
pub(super) fn is_yaml(path: &Named<'_>) -> bool {
    let mut parts = path.file_name().unwrap_or_default().split('.').skip(1);
    parts.any(|part| ["yaml", "yml", "eyaml", "sls"].iter().any(|end| end.eq_ignore_ascii_case(part)))
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
        Some(b'|' | b'>') => block(before, new).unwrap_or_else(|| quoted(new)),
        Some(b'"' | b'\'') => quoted(new),
        _ if stays_text(new) => new.to_owned(),
        _ => quoted(new),
    })
}

/// A block of one line with another line in it.
fn block(before: &str, new: &str) -> Option<String> {
    let (head, line) = before.split_once('\n')?;
    let indent = line.len() - line.trim_start_matches(' ').len();
    let is_line = !line.trim_end().contains('\n') && !new.starts_with(' ') && !new.contains(['\n', '\r']);
    (is_line && indent > 0).then(|| format!("{head}\n{}{new}", &line[..indent]))
}

const TEMPLATE: &str = "it is a template";

/// The line by which a text that is no YAML is a template of Helm's.
fn template_line(text: &str) -> Option<Unreadable> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let value = line.trim_start_matches([' ', '\t', '-']);
        if value.strip_prefix("image:").unwrap_or(value).trim_start().starts_with("{{") {
            return Some(Unreadable { reason: TEMPLATE.to_owned(), at: start..start + line.trim_end().len() });
        }
        start += line.len();
    }
    None
}

/// Where the braces of a template are mappings to a parser of YAML.
fn template(text: &str, documents: &[Node]) -> Option<Range<usize>> {
    let mut found = None;
    for document in documents {
        document.walk(&mut |node| {
            let braces = matches!(node.kind, Kind::Mapping { flow: true, .. });
            if braces && found.is_none() && text.get(node.span.clone()).is_some_and(|text| text.starts_with("{{")) {
                found = Some(node.span.clone());
            }
        });
    }
    found
}
