//! The notations of YAML.

use crate::generate::{Data, Dice, LOCKED};

/// Marks of keys. One without a blank behind it is a mark between brackets for YAML 1.1 alone.
const MARKS: &[&str] = &["? ", "? ", "? ", "?", "?\t", "?  "];

/// Writes what a manifest says in the notations that the dice show.
pub(crate) struct Writer<'d> {
    dice: &'d mut Dice,
    pub(crate) out: String,
    /// How many anchors there are: `&a0`, `&a1`.
    anchors: usize,
    /// How many braces are open.
    in_flow: usize,
}

impl<'d> Writer<'d> {
    pub(crate) fn new(dice: &'d mut Dice) -> Self {
        Self { dice, out: String::new(), anchors: 0, in_flow: 0 }
    }

    /// Writes a value in block notation, from the start of a line on.
    pub(crate) fn block(&mut self, data: &Data, indent: usize) {
        let space = " ".repeat(indent);
        match data {
            Data::Map(entries) => {
                for (key, value) in entries {
                    self.noise(indent);
                    self.out.push_str(&space);
                    self.entry(key, value, indent);
                }
            }
            Data::List(items) => {
                for item in items {
                    self.noise(indent);
                    self.out.push_str(&space);
                    self.out.push_str("- ");
                    match item {
                        Data::Map(entries) if !self.dice.one_in(4) => {
                            for (index, (key, value)) in entries.iter().enumerate() {
                                if index > 0 {
                                    self.out.push_str(&" ".repeat(indent + 2));
                                }
                                self.entry(key, value, indent + 2);
                            }
                        }
                        _ => {
                            self.flow(item);
                            self.end();
                        }
                    }
                }
            }
            Data::Text(_) | Data::Raw(_) => {
                self.out.push_str(&space);
                self.flow(data);
                self.end();
            }
        }
    }

    fn entry(&mut self, key: &str, value: &Data, indent: usize) {
        // What is there twice: one of them counts, and which one readers do not agree on.
        if self.dice.one_in(60) {
            let other = self.dice.pick(&["evil.example/twice:1", "ConfigMap", "v1", "{}"]);
            self.out.push_str(&format!("{key}: {other}\n{}", " ".repeat(indent)));
        }
        if self.dice.one_in(40) {
            let source = format!("{{x: &a{} {{{key}: evil.example/merged:1}}}}", self.anchors);
            self.out.push_str(&format!("metadata: {source}\n{0}<<: *a{1}\n{0}", " ".repeat(indent), self.anchors));
            self.anchors += 1;
        }
        let asked = self.dice.one_in(15);
        if asked {
            let mark = self.dice.pick(MARKS);
            self.out.push_str(mark);
        }
        self.property();
        self.key(key);
        if asked {
            self.out.push_str(&format!("\n{}", " ".repeat(indent)));
        }
        self.out.push_str(if asked { ": " } else { self.dice.pick(&[":", ":", ":", ":", ":", ": ", " :"]) });
        match value {
            Data::Map(_) | Data::List(_) if !self.dice.one_in(5) => {
                if self.dice.one_in(10) {
                    let fits = if matches!(value, Data::Map(_)) { " !!map" } else { " !!seq" };
                    let property = self.dice.pick(&[fits, fits, " &p", " ! ", " !x"]);
                    self.out.push_str(property);
                }
                self.end();
                self.block(value, indent + 2);
            }
            _ => {
                self.out.push(' ');
                // A tag of texts before a list is refused by everybody.
                if matches!(value, Data::Text(_)) {
                    self.property();
                }
                self.flow(value);
                self.end();
            }
        }
    }

    fn key(&mut self, key: &str) {
        match self.dice.roll(12) {
            0 => self.out.push_str(&format!("\"{key}\"")),
            1 => self.out.push_str(&format!("'{key}'")),
            2 => {
                let first = u32::from(key.as_bytes()[0]);
                let escape = [format!("\\x{first:02x}"), format!("\\u{first:04x}"), format!("\\U{first:08x}")];
                self.out.push_str(&format!("\"{}{}\"", escape[self.dice.roll(3)], &key[1..]));
            }
            _ => self.out.push_str(key),
        }
    }

    fn property(&mut self) {
        if self.dice.one_in(12) {
            let odd = ["!!map ", "!!seq ", "!x ", "!!int ", "&p !y "];
            let usual = ["!!str ", "! ", "&p ", "&p !!str ", "!!str &p ", "!<tag:yaml.org,2002:str> "];
            let property = if self.dice.one_in(8) { self.dice.pick(&odd) } else { self.dice.pick(&usual) };
            self.out.push_str(property);
        }
    }

    /// Writes a value on one line.
    fn flow(&mut self, data: &Data) {
        match data {
            // A text of several lines cannot stand between braces.
            Data::Raw(raw) if raw.contains('\n') && !self.dice.one_in(9) && self.in_flow > 0 => self.out.push('x'),
            Data::Raw(raw) => self.out.push_str(raw),
            Data::Text(text) => match self.dice.roll(8) {
                0 => self.out.push_str(&format!("\"{text}\"")),
                1 => self.out.push_str(&format!("'{text}'")),
                2 => {
                    let anchor = self.anchors;
                    self.anchors += 1;
                    self.out.push_str(&format!("&a{anchor} {text}"));
                }
                3 if self.anchors > 0 && self.dice.one_in(4) => {
                    let anchor = self.dice.roll(self.anchors);
                    self.out.push_str(&format!("*a{anchor} "));
                }
                _ => self.out.push_str(text),
            },
            Data::List(items) => {
                self.in_flow += 1;
                self.out.push('[');
                for item in items {
                    if self.dice.one_in(40) {
                        let pair = self.dice.pick(&["image: evil.example/pair:1, ", "image: evil.example/pair:1 "]);
                        let mark = self.dice.pick(MARKS);
                        self.out.push_str(&format!("{mark}{pair}"));
                    }
                    self.flow(item);
                    let comma = self.dice.pick(&[", ", ", ", ",", ",\n          ", " , "]);
                    self.out.push_str(comma);
                }
                self.out.push(']');
                self.in_flow -= 1;
            }
            Data::Map(entries) => {
                self.in_flow += 1;
                self.out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        let comma = self.dice.pick(&[", ", ", ", ",", ",\n          "]);
                        self.out.push_str(comma);
                    }
                    if self.dice.one_in(15) {
                        let mark = self.dice.pick(MARKS);
                        self.out.push_str(mark);
                    }
                    self.property();
                    self.key(key);
                    let tight = if matches!(value, Data::Text(_)) || self.dice.one_in(9) { ":" } else { ": " };
                    let colon = self.dice.pick(&[": ", ": ", ": ", tight, " : ", ":\n          "]);
                    self.out.push_str(colon);
                    self.flow(value);
                }
                self.out.push('}');
                self.in_flow -= 1;
            }
        }
    }

    fn end(&mut self) {
        let comment = self.dice.pick(&["", "", "", "", "", "", " # c", " # image: evil.example/comment:1", "  ", "\t"]);
        self.out.push_str(comment);
        self.out.push('\n');
    }

    fn noise(&mut self, indent: usize) {
        if self.dice.one_in(12) {
            let line = self.dice.pick(&["# c\n", "\n", "   # c: {\n", "#\n", " \n"]);
            self.out.push_str(line);
        }
        if self.dice.one_in(50) {
            self.out.push_str(&format!("{}x{}: &a{} {}\n", " ".repeat(indent), self.anchors, self.anchors, LOCKED));
            self.anchors += 1;
        }
    }
}
