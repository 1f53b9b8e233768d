//! Where the lines of a new image go: in the order of the names, where the images are in that order; below the last of
//! its form otherwise.

use std::collections::BTreeMap;
use std::ops::Range;

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
        Some(Item::Value(Value::InlineTable(images))) => inline(text, images, name, &short),
        Some(Item::Table(images)) if images.is_dotted() => dotted(text, images, name, &short),
        Some(Item::Table(images)) if !fields.is_short() => {
            // Only a table with a header of its own has a place.
            let spans =
                images.iter().filter_map(|(key, item)| Some((key, item.as_table()?.span()?.start..end_of(item)?)));
            let at = match slot(spans.collect(), name) {
                Some(slot) => slot.line(text),
                None => Slot::Below(end(images)?).line(text),
            };
            Some(block(text, at, table()))
        }
        Some(Item::Table(images)) if images.is_implicit() => {
            let first = images.iter().filter_map(|(_, item)| item.span()).map(|span| span.start).min()?;
            let at = lines::with_comments_above(text, lines::start_of(text, first));
            Some(block(text, at, vec![format!("[{header}]"), short]))
        }
        Some(Item::Table(images)) => lines_in(text, images, &[(name, short)]),
        Some(_) => None,
    }
}

/// Returns the text with a line for each of several images, in the order of their names. `None` where images are no lines
/// under a header of their own.
pub(super) fn insert_lines(text: &str, images: &Item, new: &[(&str, &render::Fields)]) -> Option<String> {
    let images = images.as_table()?;
    let short = |fields: &render::Fields, name| format!("{} = {}", render::key(name), fields.inline());
    let new: Vec<(&str, String)> = new.iter().map(|(name, fields)| (*name, short(fields, name))).collect();
    lines_in(text, images, &new)
}

/// Inserts a table behind all others.
pub(super) fn at_the_end(text: &str, block: Vec<String>) -> String {
    self::block(text, text.len(), block)
}

/// Inserts a table with blank lines around it.
fn block(text: &str, at: usize, mut block: Vec<String>) -> String {
    let (before, after) = (lines::is_blank_before(text, at), lines::is_blank_at(text, at));
    if !before {
        block.insert(0, String::new());
    }
    if !after {
        block.push(String::new());
    }
    lines::insert(text, at, &block)
}

/// A place beside another image.
enum Slot {
    /// Below the image that ends at this byte.
    Below(usize),
    /// Above the image that starts at this byte.
    Above(usize),
}

impl Slot {
    /// The start of the line for it; comments stay with their images.
    fn line(&self, text: &str) -> usize {
        match self {
            Self::Below(end) => lines::with_comments_below(text, lines::end_of(text, *end)),
            Self::Above(start) => lines::with_comments_above(text, lines::start_of(text, *start)),
        }
    }
}

/// Images that are in the order of their names, with the bytes of each.
struct Ordered<'t>(Vec<(&'t str, Range<usize>)>);

impl<'t> Ordered<'t> {
    /// One image has no order, and images that run into each other have no place between them.
    fn new(mut images: Vec<(&'t str, Range<usize>)>) -> Option<Self> {
        images.sort_by_key(|(_, span)| span.start);
        let sorted = |pair: &[(&str, Range<usize>)]| pair[0].0 < pair[1].0 && pair[0].1.end <= pair[1].1.start;
        (images.len() > 1 && images.windows(2).all(sorted)).then_some(Self(images))
    }

    /// The place of a name among them.
    fn slot(&self, name: &str) -> Slot {
        match self.0.partition_point(|(key, _)| *key < name).checked_sub(1) {
            Some(before) => Slot::Below(self.0[before].1.end),
            None => Slot::Above(self.0[0].1.start),
        }
    }
}

fn slot(images: Vec<(&str, Range<usize>)>, name: &str) -> Option<Slot> {
    Ordered::new(images).map(|ordered| ordered.slot(name))
}

/// The bytes of each image, from its name to its end.
fn spans(images: &dyn TableLike, own: impl Fn(&Item) -> bool) -> Vec<(&str, Range<usize>)> {
    let own = images.iter().filter(|(_, item)| own(item));
    own.filter_map(|(key, item)| Some((key, images.key(key)?.span()?.start..end_of(item)?))).collect()
}

/// Inserts lines among those that stand under the table's own header.
fn lines_in(text: &str, images: &Table, new: &[(&str, String)]) -> Option<String> {
    let own = |item: &Item| item.as_table().is_none_or(Table::is_dotted) && !item.is_array_of_tables();
    let spans = spans(images, own);
    let key = spans.iter().map(|(_, span)| span.start).max();
    let indent = key.map(|at| &text[lines::start_of(text, at)..at]).filter(|indent| indent.trim().is_empty());
    let last = spans.iter().map(|(_, span)| span.end).max();
    let below = last.unwrap_or(images.span()?.end);
    let ordered = Ordered::new(spans);
    let mut places: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (name, short) in new {
        let slot = ordered.as_ref().map_or(Slot::Below(below), |ordered| ordered.slot(name));
        places.entry(slot.line(text)).or_default().push(format!("{}{short}", indent.unwrap_or_default()));
    }
    // From the end on, since what is inserted moves what stands behind it.
    Some(places.into_iter().rev().fold(text.to_owned(), |text, (at, new)| lines::insert(&text, at, &new)))
}

/// Inserts `images.name = …` among the lines of that form, with the same words in front of the name.
fn dotted(text: &str, images: &Table, name: &str, short: &str) -> Option<String> {
    let first_key = images.iter().filter_map(|(key, _)| images.key(key)?.span()).map(|span| span.start).min()?;
    let front = &text[lines::start_of(text, first_key)..first_key];
    let slot = slot(spans(images, |_| true), name).unwrap_or(Slot::Below(end(images)?));
    Some(lines::insert(text, slot.line(text), &[format!("{front}{short}")]))
}

/// Inserts among the values of `images = { … }`.
fn inline(text: &str, images: &InlineTable, name: &str, short: &str) -> Option<String> {
    let slot = slot(spans(images, |_| true), name).or(end(images).map(Slot::Below));
    Some(match slot {
        Some(Slot::Below(at)) => format!("{}, {short}{}", &text[..at], &text[at..]),
        Some(Slot::Above(at)) => format!("{}{short}, {}", &text[..at], &text[at..]),
        None => {
            let span = images.span()?;
            format!("{}{{ {short} }}{}", &text[..span.start], &text[span.end..])
        }
    })
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
        Item::Value(Value::InlineTable(table)) => own.max(end(table)),
        _ => own,
    }
}
