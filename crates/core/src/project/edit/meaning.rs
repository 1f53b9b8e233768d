//! What a document says, apart from how it is laid out: an edit changes one image and nothing else.

use std::collections::BTreeMap;

use toml_edit::{Document, Item, TableLike, Value};

use super::{path, render};

#[derive(Debug, PartialEq)]
enum Meaning {
    Value(String),
    List(Vec<Meaning>),
    Table(BTreeMap<String, Meaning>),
}

/// Whether `after` says what `before` says, and the images.
pub(super) fn is_with(before: &str, after: &str, prefix: &[&'static str], images: &[(&str, &render::Fields)]) -> bool {
    let (Some(mut before), Some(mut after)) = (read(before), read(after)) else { return false };
    let added = images.iter().all(|(name, fields)| {
        let wanted = format!("x = {}", fields.inline());
        let image = read(&wanted).and_then(|mut image| image.remove("x"));
        take(&mut before, prefix, name);
        image.is_some() && take(&mut after, prefix, name) == image
    });
    added && tidy(before) == tidy(after)
}

/// Whether `after` says what `before` says, but for the image.
pub(super) fn is_without(before: &str, after: &str, prefix: &[&'static str], name: &str) -> bool {
    let (Some(mut before), Some(after)) = (read(before), read(after)) else { return false };
    take(&mut before, prefix, name).is_some() && tidy(before) == tidy(after)
}

/// Whether `after` says what `before` says, but for one key of the tables in `prefix`.
pub(super) fn is_but_for(before: &str, after: &str, prefix: &[&'static str], key: &str) -> bool {
    let (Some(mut before), Some(mut after)) = (read(before), read(after)) else { return false };
    take_at(&mut before, prefix.iter().copied(), key);
    take_at(&mut after, prefix.iter().copied(), key).is_some() && tidy(before) == tidy(after)
}

fn read(text: &str) -> Option<BTreeMap<String, Meaning>> {
    Document::parse(text).ok().map(|document| table(document.as_table()))
}

fn table(table: &dyn TableLike) -> BTreeMap<String, Meaning> {
    table.iter().map(|(key, found)| (key.to_owned(), item(found))).collect()
}

fn item(item: &Item) -> Meaning {
    match item {
        Item::Value(found) => value(found),
        Item::Table(found) => Meaning::Table(table(found)),
        Item::ArrayOfTables(found) => Meaning::List(found.iter().map(|found| Meaning::Table(table(found))).collect()),
        Item::None => Meaning::List(Vec::new()),
    }
}

fn value(value: &Value) -> Meaning {
    match value {
        Value::String(text) => Meaning::Value(format!("string {}", text.value())),
        Value::Array(found) => Meaning::List(found.iter().map(self::value).collect()),
        Value::InlineTable(found) => Meaning::Table(table(found)),
        other => Meaning::Value(other.clone().decorated("", "").to_string()),
    }
}

fn take(table: &mut BTreeMap<String, Meaning>, prefix: &[&'static str], name: &str) -> Option<Meaning> {
    take_at(table, path(prefix), name)
}

fn take_at(
    table: &mut BTreeMap<String, Meaning>,
    path: impl Iterator<Item = &'static str>,
    name: &str,
) -> Option<Meaning> {
    let mut table = table;
    for key in path {
        let Some(Meaning::Table(next)) = table.get_mut(key) else { return None };
        table = next;
    }
    table.remove(name)
}

/// A table that holds nothing says nothing: it may come and go with its only image.
fn tidy(table: BTreeMap<String, Meaning>) -> BTreeMap<String, Meaning> {
    let tidied = table.into_iter().map(|(key, meaning)| match meaning {
        Meaning::Table(table) => (key, Meaning::Table(tidy(table))),
        other => (key, other),
    });
    tidied.filter(|(_, meaning)| !matches!(meaning, Meaning::Table(table) if table.is_empty())).collect()
}
