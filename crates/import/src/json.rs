//! JSON with the bytes of everything in it; also with what JSON5 adds to it and people write in configuration: comments,
//! commas at the end, names without quotes, quotes of both kinds.

use std::collections::BTreeSet;
use std::ops::Range;

/// How deep values may lie in each other: deeper than any of these formats, and no way to exhaust the stack.
const DEPTH: usize = 64;

/// A value and its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) span: Range<usize>,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// `null`, `true`, a number: nothing that these formats say of images.
    Other,
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A key of an object and its value.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) node: Node,
}

/// The text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonError {
    pub(crate) reason: String,
    pub(crate) at: Range<usize>,
}

impl Node {
    pub(crate) fn members(&self) -> &[Member] {
        if let Value::Object(members) = &self.value { members } else { &[] }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.key == key).map(|member| &member.node)
    }

    pub(crate) fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The texts of a list, or the one text.
    pub(crate) fn texts(&self) -> Vec<(&str, &Range<usize>)> {
        let one = |node: &'_ Self| node.text().is_some();
        let nodes = if one(self) { std::slice::from_ref(self) } else { self.items() };
        nodes.iter().filter_map(|node| Some((node.text()?, &node.span))).collect()
    }
}

/// Reads a document.
pub(crate) fn parse(text: &str) -> Result<Node, JsonError> {
    let mut reader = Reader { text, at: text.len() - text.trim_start_matches('\u{feff}').len() };
    let node = reader.value(0)?;
    reader.blank()?;
    if reader.at < text.len() { Err(reader.unexpected()) } else { Ok(node) }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn fail(&self, reason: impl Into<String>) -> JsonError {
        let end = self.at + self.peek().map_or(0, char::len_utf8);
        JsonError { reason: reason.into(), at: self.at..end }
    }

    fn unexpected(&self) -> JsonError {
        match self.peek() {
            Some(character) => self.fail(format!("`{}` is not expected here", character.escape_default())),
            None => self.fail("it ends too early"),
        }
    }

    fn take(&mut self, character: char) -> bool {
        let found = self.peek() == Some(character);
        if found {
            self.at += character.len_utf8();
        }
        found
    }

    /// Skips blanks and comments.
    fn blank(&mut self) -> Result<(), JsonError> {
        loop {
            self.at = self.text.len() - self.rest().trim_start_matches([' ', '\t', '\n', '\r']).len();
            if self.rest().starts_with("//") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if self.rest().starts_with("/*") {
                let end = self.rest()[2..].find("*/").ok_or_else(|| self.fail("this comment has no end"))?;
                self.at += 2 + end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, JsonError> {
        self.blank()?;
        if depth > DEPTH {
            return Err(self.fail(format!("it is nested deeper than {DEPTH} levels")));
        }
        let start = self.at;
        let value = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.list(depth)?,
            Some('"' | '\'') => Value::Text(self.quoted()?),
            _ => {
                self.word()?;
                Value::Other
            }
        };
        Ok(Node { value, span: start..self.at })
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.take('{');
        let (mut members, mut keys) = (Vec::new(), BTreeSet::new());
        loop {
            self.blank()?;
            if self.take('}') {
                return Ok(Value::Object(members));
            }
            let start = self.at;
            let key = if matches!(self.peek(), Some('"' | '\'')) { self.quoted()? } else { self.word()?.to_owned() };
            let key_span = start..self.at;
            if !keys.insert(key.clone()) {
                return Err(JsonError { reason: format!("`{key}` is there twice"), at: key_span });
            }
            self.blank()?;
            if !self.take(':') {
                return Err(self.unexpected());
            }
            let node = self.value(depth + 1)?;
            members.push(Member { key, key_span, node });
            self.blank()?;
            if !self.take(',') && self.peek() != Some('}') {
                return Err(self.unexpected());
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.take('[');
        let mut items = Vec::new();
        loop {
            self.blank()?;
            if self.take(']') {
                return Ok(Value::List(items));
            }
            items.push(self.value(depth + 1)?);
            self.blank()?;
            if !self.take(',') && self.peek() != Some(']') {
                return Err(self.unexpected());
            }
        }
    }

    /// A number, a name, or a key without quotes.
    fn word(&mut self) -> Result<&'t str, JsonError> {
        let other = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | '+' | '.'));
        let word = &self.rest()[..self.rest().find(other).unwrap_or(self.rest().len())];
        if word.is_empty() {
            return Err(self.unexpected());
        }
        self.at += word.len();
        Ok(word)
    }

    fn quoted(&mut self) -> Result<String, JsonError> {
        let (start, quote) = (self.at, self.peek().unwrap_or('"'));
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(character) = self.peek() else {
                return Err(JsonError { reason: "this text has no end".to_owned(), at: start..start + 1 });
            };
            match character {
                '\n' | '\r' => return Err(self.fail("a text ends on its line")),
                '\\' => text.extend(self.escape()?),
                _ => {
                    self.at += character.len_utf8();
                    if character == quote {
                        return Ok(text);
                    }
                    text.push(character);
                }
            }
        }
    }

    /// What an escape means; a line that goes on means nothing.
    fn escape(&mut self) -> Result<Option<char>, JsonError> {
        self.at += 1;
        let Some(character) = self.peek() else { return Err(self.unexpected()) };
        let plain = match character {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '\n' => {
                self.at += 1;
                return Ok(None);
            }
            'u' => return self.unicode().map(Some),
            other => other,
        };
        self.at += character.len_utf8();
        Ok(Some(plain))
    }

    /// `\u` and four digits; half of a pair of surrogates means the character that stands for what cannot be read.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let unit = |rest: &str| rest.strip_prefix('u').and_then(|rest| u32::from_str_radix(rest.get(..4)?, 16).ok());
        let Some(first) = unit(self.rest()) else { return Err(self.fail("`\\u` has four digits")) };
        self.at += 5;
        let second = self.rest().strip_prefix('\\').and_then(unit).filter(|second| (0xdc00..0xe000).contains(second));
        if let (0xd800..0xdc00, Some(second)) = (first, second) {
            self.at += 6;
            return Ok(char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).unwrap_or('\u{fffd}'));
        }
        Ok(char::from_u32(first).unwrap_or('\u{fffd}'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_write_in_configuration_is_read_with_its_places() {
        let text = "\u{feff}// ours\n{ a: 'it\\'s', /* b */ \"b\": [1, -2.5, true, null,], \"c\\u00e9\\ud83d\\ude00\": {}, }\n";
        let node = parse(text).unwrap();
        assert_eq!(node.get("a").unwrap().text(), Some("it's"));
        assert_eq!(&text[node.get("a").unwrap().span.clone()], "'it\\'s'");
        assert_eq!(node.get("b").unwrap().items().len(), 4);
        assert_eq!(node.members()[2].key, "cé😀");
        assert_eq!(&text[node.members()[1].key_span.clone()], "\"b\"");
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        for (text, reason, at) in [
            ("", "it ends too early", 0..0),
            ("{", "it ends too early", 1..1),
            ("{} x", "`x` is not expected here", 3..4),
            ("{\"a\" 1}", "`1` is not expected here", 5..6),
            ("[1 2]", "`2` is not expected here", 3..4),
            ("\"a", "this text has no end", 0..1),
            ("\"a\n\"", "a text ends on its line", 2..3),
            ("{a: 1, a: 2}", "`a` is there twice", 7..8),
            ("/* a", "this comment has no end", 0..1),
            ("\"\\u12\"", "`\\u` has four digits", 2..3),
        ] {
            assert_eq!(parse(text).unwrap_err(), JsonError { reason: reason.to_owned(), at }, "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).unwrap_err().reason.contains("deeper than 64"));
    }

    #[test]
    fn every_escape_means_what_json_says() {
        let text = r#""\b\f\n\r\t\/\\\"\u0041\ud83d\ude00""#;
        assert_eq!(parse(text).unwrap().text(), Some("\u{8}\u{c}\n\r\t/\\\"A😀"));
        // A line that goes on means nothing, and half of a pair means no character.
        assert_eq!(parse("'a\\\nb'").unwrap().text(), Some("ab"));
        for half in [r#""\ud83dx""#, r#""\ude00x""#, r#""\ud83d\u0041""#] {
            assert!(parse(half).unwrap().text().unwrap().starts_with('\u{fffd}'), "{half}");
        }
        assert_eq!(parse(r#""\ud800\udc00\udbff\udfff""#).unwrap().text(), Some("\u{10000}\u{10ffff}"));
    }

    #[test]
    fn comments_end_where_they_end_and_are_no_values() {
        for text in ["[1, 2] // a", "// a\n[1, /* b */ 2]", "/**/[1,/* // */2]// [", "[1 // a\n// b\n, 2]\n/* c */ "] {
            let node = parse(text).unwrap();
            assert_eq!(node.items().len(), 2, "{text}");
            assert!(text[node.span.clone()].starts_with('[') && text[node.span].ends_with(']'), "{text}");
        }
        assert!(parse("/*/ 1").is_err() && parse("/ 1").is_err());
    }

    #[test]
    fn values_lie_in_each_other_as_deep_as_is_allowed() {
        let nested = |open: &str, depth: usize, close: &str| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        for (open, close) in [("[", "]"), ("{a:", "}")] {
            assert!(parse(&nested(open, DEPTH, close)).is_ok());
            assert!(parse(&nested(open, DEPTH + 1, close)).unwrap_err().reason.contains("deeper than 64"));
        }
    }

    proptest! {
        #[test]
        fn what_another_parser_writes_is_read_as_it_was_meant(texts in prop::collection::vec("\\PC{0,8}", 0..6)) {
            let written = serde_json::to_string_pretty(&serde_json::json!({ "a": texts, "b": {} })).unwrap();
            let node = parse(&written).unwrap();
            let read: Vec<&str> = node.get("a").unwrap().items().iter().filter_map(Node::text).collect();
            prop_assert_eq!(read, texts);
        }

        #[test]
        fn no_text_makes_it_panic(text in r#"[\[\]{}:,"'/*\\u0-9a\n é]{0,40}"#) {
            let _ = parse(&text);
        }
    }
}
