//! Where the lines of a new image go.

use toml_edit::{InlineTable, Item, Table, TableLike, Value};

use super::{lines, path, render};

/// Returns the text with the image's lines in it, unless the file is laid out in a way that this does not know.
pub(super) fn insert(
    text: &str,
    prefix: &[&'static str],
    images: Option<&Item>,
    name: &str,
    fields: &render::Fields,
) -> Option<String> {
    let key = render::key(name);
    let short = format!("{key} = {}", fields.inline());
    let header = path(prefix).collect::<Vec<_>>().join(".");
    let table = || {
        let mut table = vec![format!("[{header}.{key}]")];
        table.extend(fields.lines());
        table
    };
    match images {
        None if fields.is_short() => Some(block(text, text.len(), vec![format!("[{header}]"), short])),
        None => Some(block(text, text.len(), table())),
        Some(Item::Value(Value::InlineTable(images))) => inline(text, images, &short),
        Some(Item::Table(images)) if images.is_dotted() => dotted(text, images, &short),
        Some(Item::Table(images)) if !fields.is_short() => {
            let at = lines::with_comments_below(text, lines::end_of(text, end(images)?));
            Some(block(text, at, table()))
        }
        Some(Item::Table(images)) if images.is_implicit() => {
            let first = images.iter().filter_map(|(_, item)| item.span()).map(|span| span.start).min()?;
            let at = lines::with_comments_above(text, lines::start_of(text, first));
            Some(block(text, at, vec![format!("[{header}]"), short]))
        }
        Some(Item::Table(images)) => line(text, images, &short),
        Some(_) => None,
    }
}

/// Inserts a table with blank lines around it.
fn block(text: &str, at: usize, mut block: Vec<String>) -> String {
    let (before, after) = (lines::is_blank_before(text, at), lines::is_blank_at(text, at));
    if !before || (at == text.len() && !text.is_empty() && !text.ends_with('\n')) {
        block.insert(0, String::new());
    }
    if !after {
        block.push(String::new());
    }
    lines::insert(text, at, &block)
}

/// Inserts a line below the last that stands under the table's own header.
fn line(text: &str, images: &Table, short: &str) -> Option<String> {
    let own = |item: &Item| item.as_table().is_none_or(Table::is_dotted) && !item.is_array_of_tables();
    let entries = || images.iter().filter(|(_, item)| own(item));
    let last = entries().filter_map(|(_, item)| end_of(item)).max();
    let key = entries().filter_map(|(key, _)| images.key(key)?.span()).map(|span| span.start).max();
    let indent = key.map(|at| &text[lines::start_of(text, at)..at]).filter(|indent| indent.trim().is_empty());
    let end = lines::end_of(text, last.unwrap_or(images.span()?.end));
    let at = lines::with_comments_below(text, end);
    Some(lines::insert(text, at, &[format!("{}{short}", indent.unwrap_or_default())]))
}

/// Inserts `images.name = …` below the last line of that form, with the same words in front of the name.
fn dotted(text: &str, images: &Table, short: &str) -> Option<String> {
    let first_key = images.iter().filter_map(|(key, _)| images.key(key)?.span()).map(|span| span.start).min()?;
    let front = &text[lines::start_of(text, first_key)..first_key];
    let at = lines::with_comments_below(text, lines::end_of(text, end(images)?));
    Some(lines::insert(text, at, &[format!("{front}{short}")]))
}

/// Inserts behind the last value of `images = { … }`.
fn inline(text: &str, images: &InlineTable, short: &str) -> Option<String> {
    match end(images) {
        Some(at) => Some(format!("{}, {short}{}", &text[..at], &text[at..])),
        None => {
            let span = images.span()?;
            Some(format!("{}{{ {short} }}{}", &text[..span.start], &text[span.end..]))
        }
    }
}

fn end(table: &dyn TableLike) -> Option<usize> {
    table.iter().filter_map(|(_, item)| end_of(item)).max()
}

/// Where the last thing that was written of an item ends.
pub(super) fn end_of(item: &Item) -> Option<usize> {
    let own = item.span().map(|span| span.end);
    match item {
        Item::Table(table) => own.max(end(table)),
        // The span of a table that only dotted keys write is its key.
        Item::Value(Value::InlineTable(table)) if table.is_dotted() => own.max(end(table)),
        _ => own,
    }
}
