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

#[cfg(test)]
mod tests {
    use super::super::tests::tag;
    use super::*;

    #[test]
    fn an_edit_says_the_image_and_leaves_the_rest() {
        let image = tag("b", "b");
        let fields = render::Fields::of(&image);
        let says = |after: &str| is_with("[images]\na = \"a\"\n", after, &[], &[("b", &fields)]);
        assert!(says("[images]\nb = \"b\"\na = 'a'\n"));
        assert!(!says("[images]\na = \"a\"\n"), "the image is not there");
        assert!(!says("[images]\na = \"a\"\nb = \"c\"\n"), "the image is another");
        assert!(!says("[images]\na = \"c\"\nb = \"b\"\n"), "something else has changed");
        assert!(!says("[images]\na = \"a\"\nb = \"b\"\n[x]\ny = 1\n"), "something else is there");
        assert!(!says("[images]\nb = \"b\"\n"), "something else is gone");
        assert!(!says("[images\n"));
    }

    #[test]
    fn a_removal_takes_the_image_and_leaves_the_rest() {
        let before = "[images]\na = \"a\"\nb = \"b\"\n";
        let says = |after: &str| is_without(before, after, &[], "b");
        assert!(says("images = { a = 'a' }\n"));
        assert!(!says(before), "it is still there");
        assert!(!says("[images]\na = \"c\"\n"), "something else has changed");
        assert!(!says("[images]\n"), "something else is gone");
        assert!(!says("[images\n"));
        assert!(!is_without("[images]\na = \"a\"\n", "[images]\na = \"a\"\n", &[], "b"), "it was never there");
    }

    #[test]
    fn texts_say_the_same_where_tables_and_values_are_the_same_however_they_are_laid_out() {
        let is_same = |before: &str, after: &str| {
            let after = format!("{after}\n[x]\nnew = 1\n");
            is_but_for(before, &after, &["x"], "new")
        };
        for (before, after) in [
            ("a = 'b'", "a   = \"b\" # why"),
            ("a = [1, 2]", "a = [\n 1,\n 2,\n]"),
            ("a.b = 1", "[a]\nb = 1"),
            ("a = { b = true }", "[a]\nb = true"),
            ("a = [{ b = 1 }]", "[[a]]\nb = 1"),
            ("[a]", ""),
            ("[x]\nnew = 2", ""),
        ] {
            assert!(is_same(before, after), "{before}: {after}");
        }
        for (before, after) in [
            ("a = 1", "a = \"1\""),
            ("a = 1", "a = 2"),
            ("a = true", "a = false"),
            ("a = \"b\"", "a = \"B\""),
            ("a = [1, 2]", "a = [2, 1]"),
            ("a = [1]", "a = [1, 1]"),
            ("a = []", ""),
            ("[[a]]\nb = 1", "[[a]]\nb = 2"),
            ("a = { b = 1 }", "a = { c = 1 }"),
            ("[x]\nold = 1", ""),
        ] {
            assert!(!is_same(before, after), "{before}: {after}");
        }
        assert!(!is_but_for("a = 1", "a = 1", &["x"], "new"), "what was to be written is not there");
    }
}
