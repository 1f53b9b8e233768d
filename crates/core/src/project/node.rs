//! TOML values with the places they were written at, apart from the library that parsed them.

use std::ops::Range;
use std::sync::Arc;

use toml_edit::{Document, Item, TableLike, Value};

use super::duplicate;
use super::error::ProjectError;
use crate::conflict;
use crate::source::{Location, SourceFile};

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: NodeValue,
    /// Where it was written. For a string, its quotes are part of it.
    pub at: Location,
}

/// A TOML value.
#[derive(Clone, Debug)]
pub enum NodeValue {
    /// A string.
    Text(String),
    /// `true` or `false`.
    Boolean(bool),
    /// An array, of values or of tables.
    Array(Vec<Node>),
    /// A table, however it is written.
    Table(Table),
    /// An integer.
    Integer(i64),
    /// Another number or a date, which no key of ours takes.
    Other(&'static str),
}

/// A table's entries in the order they are written.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The entries.
    pub entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key was written.
    pub key_at: Location,
    /// The value.
    pub node: Node,
}

impl Table {
    /// The entry with this key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

impl Node {
    /// Whether it is a table.
    pub fn is_table(&self) -> bool {
        matches!(self.value, NodeValue::Table(_))
    }

    /// What the value is, with its article, for an error.
    pub fn type_name(&self) -> &'static str {
        match &self.value {
            NodeValue::Text(_) => "a string",
            NodeValue::Boolean(_) => "a boolean",
            NodeValue::Array(_) => "an array",
            NodeValue::Table(_) => "a table",
            NodeValue::Integer(_) => "an integer",
            NodeValue::Other(name) => name,
        }
    }

    /// The place of a part of a string; `inside` counts in the bytes of its value, escapes taken into account. A string
    /// of several lines is shown whole.
    pub fn part_at(&self, inside: &Range<usize>) -> Location {
        let mut at = self.at.clone();
        let written = self.at.file.text().get(at.span.clone()).unwrap_or_default();
        let several_lines = ["\"\"\"", "'''"].iter().any(|quotes| written.starts_with(quotes) && written.len() >= 6);
        if !several_lines && written.starts_with(['"', '\'']) {
            let ends = written_at(written, inside.start).zip(written_at(written, inside.end));
            if let Some((start, end)) = ends {
                at = at.part(&(start..end));
            }
        }
        at
    }

    /// The place of a string's content, without its quotes; the bytes of a plain string's content are the bytes of
    /// the file, so that a part of it can be shown.
    pub fn content_at(&self) -> Location {
        let mut at = self.at.clone();
        let written = self.at.file.text().get(at.span.clone()).unwrap_or_default();
        let plain = matches!(&self.value, NodeValue::Text(text) if written.len() == text.len() + 2);
        if plain {
            at = at.part(&(1..written.len() - 1));
        }
        at
    }
}

/// Where the byte `at` of a string's value is in its written form, a string of one line with its quotes.
fn written_at(written: &str, at: usize) -> Option<usize> {
    let (mut value, mut position) = (0, 1);
    let content = written.get(1..written.len() - 1)?;
    if written.starts_with('\'') {
        return (at <= content.len()).then_some(at + 1);
    }
    let mut rest = content;
    while value < at {
        let first = rest.chars().next()?;
        let (length, bytes) = match first {
            '\\' => {
                // TOML 1.0, "String": `\uXXXX` and `\UXXXXXXXX`; 1.1 adds `\xHH` and `\e`.
                let digits = match rest.as_bytes().get(1)? {
                    b'x' => 2,
                    b'u' => 4,
                    b'U' => 8,
                    _ => 0,
                };
                let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok().and_then(char::from_u32);
                (2 + digits, code.map_or(1, char::len_utf8))
            }
            plain => (plain.len_utf8(), plain.len_utf8()),
        };
        (value, position) = (value + bytes, position + length);
        rest = rest.get(length..)?;
    }
    Some(position)
}

/// Parses a file into its top table.
pub(super) fn parse(file: &Arc<SourceFile>) -> Result<Table, ProjectError> {
    // The parser drops a byte order mark and counts its spans without it.
    let shift = if file.text().starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    match Document::parse(&file.text()[shift..]) {
        Ok(document) => Ok(Converter { file, shift }.table(document.as_table(), &(0..0))),
        Err(error) => {
            if let Some(marker) = conflict::first(file.text()) {
                return Err(ProjectError::ConflictMarkers { at: Location::new(file, marker) });
            }
            let end = file.text().len();
            let span = error.span().map_or(end..end, |span| span.start + shift..span.end + shift);
            if let Some(twice) = duplicate::find(file, &span) {
                return Err(twice);
            }
            Err(ProjectError::Syntax {
                reason: error.message().trim_end().replace('\n', ", "),
                at: Location::new(file, span),
            })
        }
    }
}

struct Converter<'a> {
    file: &'a Arc<SourceFile>,
    shift: usize,
}

impl Converter<'_> {
    fn at(&self, span: Range<usize>) -> Location {
        Location::new(self.file, span.start + self.shift..span.end + self.shift)
    }

    /// A table that only dotted keys write has no span of its own: the key's stands for it.
    fn table(&self, table: &dyn TableLike, fallback: &Range<usize>) -> Table {
        let entries = table.iter().map(|(key, item)| {
            let key_span = table.key(key).and_then(toml_edit::Key::span).unwrap_or_else(|| fallback.clone());
            let node = self.item(item, &key_span);
            Entry { key: key.to_owned(), key_at: self.at(key_span), node }
        });
        Table { entries: entries.collect() }
    }

    fn item(&self, item: &Item, key: &Range<usize>) -> Node {
        let span = item.span().unwrap_or_else(|| key.clone());
        let value = match item {
            Item::None => NodeValue::Other("nothing"),
            Item::Value(value) => return self.value(value, key),
            Item::Table(table) => NodeValue::Table(self.table(table, &span)),
            Item::ArrayOfTables(tables) => NodeValue::Array(
                tables
                    .iter()
                    .map(|table| {
                        let span = table.span().unwrap_or_else(|| key.clone());
                        Node { value: NodeValue::Table(self.table(table, &span)), at: self.at(span) }
                    })
                    .collect(),
            ),
        };
        Node { value, at: self.at(span) }
    }

    fn value(&self, value: &Value, key: &Range<usize>) -> Node {
        let span = value.span().unwrap_or_else(|| key.clone());
        let converted = match value {
            Value::String(text) => NodeValue::Text(text.value().clone()),
            Value::Boolean(flag) => NodeValue::Boolean(*flag.value()),
            Value::Array(array) => NodeValue::Array(array.iter().map(|value| self.value(value, &span)).collect()),
            Value::InlineTable(table) => NodeValue::Table(self.table(table, &span)),
            Value::Integer(number) => NodeValue::Integer(*number.value()),
            Value::Float(_) => NodeValue::Other("a float"),
            Value::Datetime(_) => NodeValue::Other("a date"),
        };
        Node { value: converted, at: self.at(span) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_of_a_string_is_found_behind_escapes_and_letters_of_several_bytes() {
        // The value is `a"`, twice an e with an acute accent, and `b`.
        let written = "\"a\\\"\\u00e9éb\"";
        for (value, place) in [(0, 1), (1, 2), (2, 4), (4, 10), (6, 12), (7, 13)] {
            assert_eq!(written_at(written, value), Some(place), "{value}");
        }
        assert_eq!(written_at(written, 8), None);
        assert_eq!(written_at("\"\\U0001f600\\x41\\nx\"", 4), Some(11));
        assert_eq!(written_at("\"\\U0001f600\\x41\\nx\"", 5), Some(15));
        assert_eq!(written_at("\"\\U0001f600\\x41\\nx\"", 6), Some(17));
    }

    #[test]
    fn a_table_is_one_however_it_is_written_and_nothing_else_is() {
        let file = SourceFile::new("a", "b.c = 1\nd = { e = 1 }\nf = [{ g = 1 }]\nh = \"{}\"\n[i]\n[[j]]\n");
        let table = parse(&file).unwrap();
        let tables = table.entries.iter().filter(|entry| entry.node.is_table()).map(|entry| entry.key.as_str());
        assert_eq!(tables.collect::<Vec<_>>(), ["b", "d", "i"]);
    }

    #[test]
    fn a_literal_string_has_no_escapes() {
        assert_eq!(written_at(r"'a\nb'", 3), Some(4));
        assert_eq!(written_at(r"'a\nb'", 4), Some(5));
        assert_eq!(written_at(r"'a\nb'", 5), None);
    }
}
