//! Reading a table key by key: what was asked for is known, so what is left over is a mistake.

use std::ops::RangeInclusive;
use std::str::FromStr;

use camino::Utf8PathBuf;

use super::error::ProjectError;
use super::node::{Entry, Node, NodeValue, Table};
use crate::source::{Location, Spanned, nearest};
use crate::update::Day;

/// A table that is being read. Adapters read theirs with it, so that every table has the same errors.
///
/// Each method notes the key as known and collects what is wrong with its value; [`Fields::finish`] gives all
/// mistakes, unknown keys included.
#[derive(Debug)]
pub struct Fields<'n> {
    table: &'n Table,
    at: &'n Location,
    what: String,
    known: Vec<&'static str>,
    errors: Vec<ProjectError>,
}

impl<'n> Fields<'n> {
    /// Starts to read `node`; `what` names the table in errors, as in `[[helm]]`.
    pub fn new(node: &'n Node, what: impl Into<String>) -> Result<Self, ProjectError> {
        let what = what.into();
        match &node.value {
            NodeValue::Table(table) => Ok(Self::of(table, &node.at, what)),
            _ => {
                Err(ProjectError::Type { key: what, expected: "a table", found: node.type_name(), at: node.at.clone() })
            }
        }
    }

    pub(super) fn of(table: &'n Table, at: &'n Location, what: String) -> Self {
        Self { table, at, what, known: Vec::new(), errors: Vec::new() }
    }

    /// The entry with this key, of any type.
    pub fn entry(&mut self, key: &'static str) -> Option<&'n Entry> {
        self.known.push(key);
        self.table.get(key)
    }

    /// Notes a mistake that the caller found.
    pub fn fail(&mut self, error: ProjectError) {
        self.errors.push(error);
    }

    fn typed<T>(
        &mut self,
        key: &'static str,
        expected: &'static str,
        take: impl FnOnce(&'n NodeValue) -> Option<T>,
    ) -> Option<(&'n Node, T)> {
        let entry = self.entry(key)?;
        let value = take(&entry.node.value);
        if value.is_none() {
            self.errors.push(type_error(key, expected, &entry.node));
        }
        Some((&entry.node, value?))
    }

    /// A string.
    pub fn text(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let (node, text) = self.typed(key, "a string", NodeValue::as_text)?;
        Some(Spanned { value: text.to_owned(), at: node.content_at() })
    }

    /// Whether the key is there, of any type; it is known from now on.
    pub fn has(&mut self, key: &'static str) -> bool {
        self.entry(key).is_some()
    }

    /// Whether the key is there; a mistake where it is not.
    pub fn required(&mut self, key: &'static str) -> bool {
        let is_there = self.has(key);
        if !is_there {
            self.missing(key);
        }
        is_there
    }

    /// Notes that a key is missing.
    pub fn missing(&mut self, key: &'static str) {
        let (what, at) = (self.what.clone(), self.at.clone());
        self.errors.push(ProjectError::MissingKey { what, key, at });
    }

    /// Which of these keys is there: one of them has to be, and they exclude each other.
    pub fn exclusive(&mut self, keys: &[&'static str]) -> Option<&'static str> {
        let given: Vec<&Entry> = keys.iter().copied().filter_map(|key| self.entry(key)).collect();
        match given[..] {
            [] => {
                self.missing(keys.first()?);
                None
            }
            [one] => keys.iter().find(|key| **key == one.key).copied(),
            [first, second, ..] => {
                let (at, first_at) = (second.key_at.clone(), first.key_at.clone());
                let (first, second) = (first.key.clone(), second.key.clone());
                self.errors.push(ProjectError::Exclusive { first, second, at, first_at });
                None
            }
        }
    }

    /// A string that has to be there.
    pub fn required_text(&mut self, key: &'static str) -> Option<Spanned<String>> {
        if self.required(key) { self.text(key) } else { None }
    }

    /// What `read` makes of the entries of a table whose keys a person chooses; its mistakes are noted.
    pub fn entries<T>(
        &mut self,
        key: &'static str,
        expected: &'static str,
        read: impl Fn(&'n Entry) -> Result<T, Vec<ProjectError>>,
    ) -> Vec<T> {
        let take = |value: &'n NodeValue| if let NodeValue::Table(table) = value { Some(&table.entries) } else { None };
        let found = self.typed(key, expected, take);
        found.into_iter().flat_map(|(_, entries)| entries).filter_map(|entry| self.noted(read(entry))).collect()
    }

    /// What `read` makes of the tables of an array; its mistakes are noted.
    pub fn tables<T>(&mut self, key: &'static str, read: impl Fn(&'n Node) -> Result<T, Vec<ProjectError>>) -> Vec<T> {
        let take = |value: &'n NodeValue| if let NodeValue::Array(nodes) = value { Some(nodes) } else { None };
        let found = self.typed(key, "an array of tables", take);
        found.into_iter().flat_map(|(_, nodes)| nodes).filter_map(|node| self.noted(read(node))).collect()
    }

    fn noted<T>(&mut self, read: Result<T, Vec<ProjectError>>) -> Option<T> {
        read.map_err(|errors| self.errors.extend(errors)).ok()
    }

    /// A string, or an array of them.
    pub fn one_or_many(&mut self, key: &'static str) -> Vec<Spanned<String>> {
        match self.entry(key).map(Entry::text) {
            None => Vec::new(),
            Some(Some(text)) => vec![text],
            Some(None) => self.texts(key).unwrap_or_default(),
        }
    }

    /// `true` or `false`; false where it is absent.
    pub fn flag(&mut self, key: &'static str) -> bool {
        let take = |value: &NodeValue| if let NodeValue::Boolean(flag) = value { Some(*flag) } else { None };
        self.typed(key, "a boolean", take).is_some_and(|(_, flag)| flag)
    }

    /// A number within bounds.
    pub fn number(&mut self, key: &'static str, bounds: RangeInclusive<u32>) -> Option<Spanned<u32>> {
        let take = |value: &NodeValue| if let NodeValue::Integer(number) = value { Some(*number) } else { None };
        let (node, number) = self.typed(key, "an integer", take)?;
        let fits = u32::try_from(number).ok().filter(|number| bounds.contains(number));
        if fits.is_none() {
            let reason = format!("`{key}` is a number from {} to {}, and not {number}", bounds.start(), bounds.end());
            self.errors.push(ProjectError::invalid(reason, &node.at));
        }
        Some(Spanned { value: fits?, at: node.at.clone() })
    }

    /// An array of strings.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<Spanned<String>>> {
        let take = |value: &'n NodeValue| if let NodeValue::Array(nodes) = value { Some(nodes) } else { None };
        let (_, nodes) = self.typed(key, "an array of strings", take)?;
        let mut texts = Vec::new();
        for node in nodes {
            match node.value.as_text() {
                Some(text) => texts.push(Spanned { value: text.to_owned(), at: node.content_at() }),
                None => self.errors.push(type_error(key, "an array of strings", node)),
            }
        }
        Some(texts)
    }

    /// A string that is parsed; the type's error is shown at it.
    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &'static str) -> Option<Spanned<T>> {
        let text = self.text(key)?;
        self.parse(text)
    }

    /// An array of strings that are parsed.
    pub fn all_parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &'static str) -> Option<Vec<Spanned<T>>> {
        let texts = self.texts(key)?;
        Some(texts.into_iter().filter_map(|text| self.parse(text)).collect())
    }

    fn parse<T: FromStr<Err: std::fmt::Display>>(&mut self, text: Spanned<String>) -> Option<Spanned<T>> {
        match text.value.parse() {
            Ok(value) => Some(Spanned { value, at: text.at }),
            Err(error) => {
                self.errors.push(ProjectError::invalid(error, &text.at));
                None
            }
        }
    }

    /// A day: TOML's own date, or a string.
    pub fn day(&mut self, key: &'static str) -> Option<Spanned<Day>> {
        let node = &self.entry(key)?.node;
        match &node.value {
            NodeValue::Text(text) => self.parse(Spanned { value: text.clone(), at: node.content_at() }),
            NodeValue::Other("a date") => {
                let written = node.at.file.text().get(node.at.span.clone()).unwrap_or_default();
                self.parse(Spanned { value: written.to_owned(), at: node.at.clone() })
            }
            _ => {
                self.errors.push(type_error(key, "a day", node));
                None
            }
        }
    }

    /// A path inside the repository, relative to the project file.
    pub fn path(&mut self, key: &'static str) -> Option<Spanned<Utf8PathBuf>> {
        let text = self.text(key)?;
        match crate::inside::normal(&text.value) {
            Ok(value) if value.as_str().is_empty() => {
                let reason = format!("`{key}` names the project's own folder: name something in it");
                self.errors.push(ProjectError::invalid(reason, &text.at));
                None
            }
            Ok(value) => Some(Spanned { value, at: text.at }),
            Err(reason) => {
                self.errors.push(ProjectError::invalid(format!("`{key}` {reason}"), &text.at));
                None
            }
        }
    }

    /// Ends the reading: every key that was not asked for is a mistake.
    pub fn finish(mut self) -> Result<(), Vec<ProjectError>> {
        self.note_unknown();
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }

    /// Ends the reading of single keys of a table that somebody else reads as well.
    pub(super) fn into_errors(self) -> Vec<ProjectError> {
        self.errors
    }

    fn note_unknown(&mut self) {
        for entry in &self.table.entries {
            if !self.known.contains(&entry.key.as_str()) {
                let mut known: Vec<&str> = self.known.clone();
                known.sort_unstable();
                known.dedup();
                self.errors.push(unknown_key(entry, &known));
            }
        }
    }
}

pub(super) fn unknown_key(entry: &Entry, known: &[&str]) -> ProjectError {
    ProjectError::UnknownKey {
        key: entry.key.clone(),
        nearest: nearest(&entry.key, known.iter().copied()).map(str::to_owned),
        known: known.iter().map(|&key| key.to_owned()).collect(),
        at: entry.key_at.clone(),
    }
}

fn type_error(key: &str, expected: &'static str, node: &Node) -> ProjectError {
    ProjectError::Type { key: key.to_owned(), expected, found: node.type_name(), at: node.at.clone() }
}

impl Entry {
    /// The string, if it is one.
    pub fn text(&self) -> Option<Spanned<String>> {
        let text = self.node.value.as_text()?;
        Some(Spanned { value: text.to_owned(), at: self.node.content_at() })
    }

    /// `true` or `false`, if it is one of them.
    pub fn flag(&self) -> Option<bool> {
        if let NodeValue::Boolean(flag) = self.node.value { Some(flag) } else { None }
    }

    /// What its string says; `expected` names it where it is none.
    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(
        &self,
        expected: &'static str,
    ) -> Result<Spanned<T>, ProjectError> {
        let text = self.text().ok_or_else(|| self.unexpected(expected))?;
        let value = text.value.parse().map_err(|error| ProjectError::invalid(error, &text.at))?;
        Ok(Spanned { value, at: text.at })
    }

    /// What its key says.
    pub fn parsed_key<T: FromStr<Err: std::fmt::Display>>(&self) -> Result<Spanned<T>, ProjectError> {
        let value = self.key.parse().map_err(|error| ProjectError::invalid(error, &self.key_at))?;
        Ok(Spanned { value, at: self.key_at.clone() })
    }

    /// The mistake of a value of another type.
    pub fn unexpected(&self, expected: &'static str) -> ProjectError {
        type_error(&self.key, expected, &self.node)
    }
}

impl NodeValue {
    /// The string, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}
