//! Where a key for a digest goes among keys of YAML, and what takes it away again.
//!
//! A key that is added stands behind the tag, in the same line between braces, else in a line of its own with the same
//! indentation. Taking it away gives the bytes of before.

use std::ops::Range;

use imagelock_yaml::{Entry, Kind, Node};

use super::row::Keys;
use crate::Room;

/// The room of a digest under `key` beside the tag of a mapping, or beside its repository.
pub(super) fn of_key(text: &str, node: &Node, keys: &Keys, key: &str) -> Room {
    let none = Room::Own("a key for the digest cannot be written here: write it beside the tag");
    let digest = keys.digest.iter().find_map(|way| entry(node, way));
    if let Some((mapping, digest)) = digest {
        return existing(text, mapping, digest).map_or(none, |at| Room::Key { at, before: String::new() });
    }
    let beside = [keys.tag, keys.repository].into_iter().flatten().find_map(|way| entry(node, way));
    beside.and_then(|(mapping, beside)| new(text, mapping, beside, key)).unwrap_or(none)
}

/// The mapping and the entry at the end of a way; what an alias repeats or a key merges is written elsewhere.
fn entry<'n>(node: &'n Node, way: &[&str]) -> Option<(&'n Node, &'n Entry)> {
    let (last, above) = way.split_last()?;
    let own = |node: &'n Node, key: &str| node.entries().iter().rfind(|entry| entry.key == key);
    let mapping = above.iter().try_fold(node, |node, key| Some(&own(node, key)?.value))?;
    Some((mapping, own(mapping, last)?))
}

fn new(text: &str, mapping: &Node, beside: &Entry, key: &str) -> Option<Room> {
    let written = text.get(beside.key_span.start..beside.value.span.end)?;
    if !matches!(beside.value.kind, Kind::Scalar { .. }) || written.contains('\n') {
        return None;
    }
    if is_flow(mapping) {
        let end = beside.value.span.end;
        return Some(Room::Key { at: end..end, before: format!(", {key}: ") });
    }
    let line = text[..beside.key_span.start].rfind('\n').map_or(0, |at| at + 1);
    let front = text[line..beside.key_span.start].trim_start_matches('\u{feff}');
    if !front.bytes().all(|byte| matches!(byte, b' ' | b'-')) {
        return None;
    }
    let rest = &text[beside.value.span.end..];
    let length = rest.find('\n').unwrap_or(rest.len());
    let length = rest[..length].trim_end_matches('\r').len();
    let end = beside.value.span.end + length;
    let newline = if text[end..].starts_with("\r\n") { "\r\n" } else { "\n" };
    Some(Room::Key { at: end..end, before: format!("{newline}{}{key}: ", " ".repeat(front.len())) })
}

/// The bytes of an entry with what parts it from the one in front.
fn existing(text: &str, mapping: &Node, entry: &Entry) -> Option<Range<usize>> {
    let front = text.get(..entry.key_span.start)?.trim_end_matches([' ', '\n', '\r']);
    if is_flow(mapping) {
        return front.ends_with(',').then(|| front.len() - 1..entry.value.span.end);
    }
    let line = text[..entry.key_span.start].rfind('\n').map_or(0, |at| at + 1);
    let is_alone = text[line..entry.key_span.start].bytes().all(|byte| byte == b' ') && line > 0;
    let value = text.get(entry.value.span.clone())?.trim_end();
    let end = entry.value.span.start + value.len();
    let rest = text[end..].split('\n').next().unwrap_or_default();
    let start = text[..line].strip_suffix("\r\n").or_else(|| text[..line].strip_suffix('\n'))?.len();
    (is_alone && rest.trim_end().is_empty()).then_some(start..end)
}

fn is_flow(mapping: &Node) -> bool {
    matches!(mapping.kind, Kind::Mapping { flow: true, .. })
}
