//! Which bytes go with an image.

use toml_edit::{InlineTable, Item, TableLike, Value};

use super::{insert, lines};

/// Returns the text without the image, unless the file is laid out in a way that this does not know.
pub(super) fn withdraw(text: &str, images: &Item, name: &str) -> Option<String> {
    if let Item::Value(Value::InlineTable(images)) = images {
        return from_inline(text, images, name);
    }
    let images = images.as_table()?;
    let item = images.get(name)?;
    let first = match item {
        Item::Table(table) if table.is_dotted() => images.key(name)?.span()?.start,
        Item::Table(table) if table.is_implicit() => return None,
        Item::Table(table) => table.span()?.start,
        Item::Value(_) => images.key(name)?.span()?.start,
        Item::ArrayOfTables(_) | Item::None => return None,
    };
    let start = lines::with_comments_above(text, lines::start_of(text, first));
    let end = lines::end_of(text, insert::end_of(item)?);
    let is_table = item.as_table().is_some_and(|table| !table.is_dotted());
    let end = if is_table { lines::with_comments_below(text, end) } else { end };
    Some(lines::remove(text, start..end))
}

/// Removes `name = …` and one of the commas beside it.
fn from_inline(text: &str, images: &InlineTable, name: &str) -> Option<String> {
    let images: &dyn TableLike = images;
    let mut spans = Vec::new();
    for (key, item) in images.iter() {
        spans.push((key, images.key(key)?.span()?.start..insert::end_of(item)?));
    }
    spans.sort_by_key(|(_, span)| span.start);
    let at = spans.iter().position(|(key, _)| *key == name)?;
    let (start, end) = match (at.checked_sub(1), spans.get(at + 1)) {
        (_, Some((_, next))) => (spans[at].1.start, next.start),
        (Some(previous), None) => (spans[previous].1.end, spans[at].1.end),
        (None, None) => return None,
    };
    Some(format!("{}{}", &text[..start], &text[end..]))
}
