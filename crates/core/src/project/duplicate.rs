//! An image that one file declares twice. TOML forbids the second key before anything knows that it is an image, and
//! its parser tells only where the second stands.

use std::ops::Range;
use std::sync::Arc;

use toml_edit::{Document, TableLike};

use super::error::ProjectError;
use crate::source::{Location, SourceFile};

/// A key that no person writes, to find out which table a line belongs to.
const PROBE: &str = "imagelock-probe-d41d8cd9";

/// Returns the error that shows both places, if the second key, at `span`, names an image that stands further up.
pub(super) fn find(file: &Arc<SourceFile>, span: &Range<usize>) -> Option<ProjectError> {
    let text = file.text();
    text.get(span.clone())?;
    let line = text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
    let (before, shift) = match text[..line].strip_prefix('\u{feff}') {
        Some(before) => (before, '\u{feff}'.len_utf8()),
        None => (&text[..line], 0),
    };
    let mut path = Vec::new();
    let keys = &text[line..span.end];
    if keys.trim_start().starts_with('[') {
        let header = Document::parse(format!("{keys}]")).ok()?;
        only_path(header.as_table(), &mut path)?;
    } else {
        let probed = Document::parse(format!("{before}\n{PROBE} = 0\n")).ok()?;
        path_to_probe(probed.as_table(), &mut path).then_some(())?;
        let entry = Document::parse(format!("{keys} = {{}}")).ok()?;
        only_path(entry.as_table(), &mut path)?;
    }
    let (name, around) = path.split_last()?;
    let images: [&[&str]; 2] = [&["images"], &["workspace", "metadata", "images", "images"]];
    if !images.iter().any(|images| around == *images) {
        return None;
    }
    let document = Document::parse(before).ok()?;
    let mut table: &dyn TableLike = document.as_table();
    for key in around {
        table = table.get(key)?.as_table_like()?;
    }
    let first = table.key(name)?.span()?;
    let at = |span: Range<usize>| Location::new(file, span);
    Some(ProjectError::DeclaredTwice {
        name: name.clone(),
        at: at(span.clone()),
        first: at(first.start + shift..first.end + shift),
    })
}

/// The keys down a document that has only one.
fn only_path(table: &dyn TableLike, path: &mut Vec<String>) -> Option<()> {
    let mut table = table;
    while let Some((key, item)) = table.iter().next() {
        path.push(key.to_owned());
        table = item.as_table_like()?;
    }
    Some(())
}

fn path_to_probe(table: &dyn TableLike, path: &mut Vec<String>) -> bool {
    if table.contains_key(PROBE) {
        return true;
    }
    for (key, item) in table.iter() {
        let Some(table) = item.as_table_like() else { continue };
        path.push(key.to_owned());
        if path_to_probe(table, path) {
            return true;
        }
        path.pop();
    }
    false
}
