//! Where a statement names images.

use std::ops::Range;

use imagelock_core::Reference;

use crate::lexer::{Statement, Word};

/// A text that names an image, or may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its bytes, without quotes.
    pub span: Range<usize>,
    /// Its line, counted from 0.
    pub line: usize,
    /// What kind of place it is.
    pub kind: Kind,
    /// What it names.
    pub reference: Reference,
}

/// How sure it is that a place names an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command takes an image there.
    Image,
    /// A value that may be anything: an argument's.
    Value,
    /// A word of any other command.
    Word,
}

/// The places of a statement. What needs a shell or an argument to be known is none.
pub fn places(text: &str, statement: &Statement) -> Vec<Place> {
    let finder = Finder { text };
    let Some((command, rest)) = statement.words.split_first() else { return Vec::new() };
    let second = rest.first().map_or("", |word| finder.raw(word));
    let found = match (finder.raw(command), second) {
        ("FROM", "DOCKERFILE") => finder.overrides(&rest[1..]),
        ("WITH", "DOCKER") => finder.options(&rest[1..], "--pull", Kind::Image),
        ("FROM", _) => {
            let image = rest.iter().rfind(|word| !finder.raw(word).starts_with("--"));
            image.and_then(|word| finder.whole(word, Kind::Image)).into_iter().chain(finder.overrides(rest)).collect()
        }
        ("COPY", _) => finder.options(rest, "--from", Kind::Image).into_iter().chain(finder.overrides(rest)).collect(),
        ("BUILD" | "DO", _) => finder.overrides(rest),
        ("ARG" | "LET" | "SET", _) => finder.assigned(rest).into_iter().collect(),
        _ => statement.words.iter().filter_map(|word| finder.any(word)).collect(),
    };
    found.into_iter().filter(|place| place.reference.familiar() != "scratch").collect()
}

struct Finder<'t> {
    text: &'t str,
}

impl Finder<'_> {
    fn raw(&self, word: &Word) -> &str {
        &self.text[word.span.clone()]
    }

    fn whole(&self, word: &Word, kind: Kind) -> Option<Place> {
        self.place(word, word.span.clone(), kind)
    }

    /// The place at `span` of a word, where it is a literal reference.
    fn place(&self, word: &Word, mut span: Range<usize>, kind: Kind) -> Option<Place> {
        let text = &self.text[span.clone()];
        let quoted =
            ['"', '\''].into_iter().any(|quote| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote));
        if quoted {
            span = span.start + 1..span.end - 1;
        }
        // A reference has no `$`, `+`, quote or backslash: what has is a variable, a target, or no literal.
        let reference = self.text[span.clone()].parse().ok().filter(|_| !word.broken)?;
        Some(Place { span, line: word.line, kind, reference })
    }

    /// The values of `name=value` and `name value`.
    fn options(&self, words: &[Word], name: &str, kind: Kind) -> Vec<Place> {
        let mut places = Vec::new();
        for (index, word) in words.iter().enumerate() {
            let Some(rest) = self.raw(word).strip_prefix(name) else { continue };
            places.extend(match rest.strip_prefix('=') {
                Some(value) => self.place(word, word.span.end - value.len()..word.span.end, kind),
                None if rest.is_empty() => words.get(index + 1).and_then(|word| self.whole(word, kind)),
                None => None,
            });
        }
        places
    }

    /// The values of `--build-arg NAME=value` and `--NAME=value`.
    fn overrides(&self, words: &[Word]) -> Vec<Place> {
        let mut places = Vec::new();
        for (index, word) in words.iter().enumerate() {
            let raw = self.raw(word);
            let after_option = index > 0 && self.raw(&words[index - 1]) == "--build-arg";
            if raw.starts_with("--") || after_option {
                places.extend(self.after_last_equals(word, Kind::Value).filter(|_| !raw.starts_with("--from=")));
            }
        }
        places
    }

    /// The value of `NAME=value`, `NAME = value`, with options in front.
    fn assigned(&self, words: &[Word]) -> Option<Place> {
        let words: Vec<&Word> = words.iter().skip_while(|word| self.raw(word).starts_with("--")).collect();
        match words[..] {
            [both] => self.after_last_equals(both, Kind::Value),
            [name, value] if self.raw(name).ends_with('=') => self.whole(value, Kind::Value),
            [_, value] => value_after(self.raw(value))
                .and_then(|len| self.place(value, value.span.end - len..value.span.end, Kind::Value)),
            [_, equals, value] if self.raw(equals) == "=" => self.whole(value, Kind::Value),
            _ => None,
        }
    }

    fn after_last_equals(&self, word: &Word, kind: Kind) -> Option<Place> {
        let (_, value) = self.raw(word).rsplit_once('=')?;
        self.place(word, word.span.end - value.len()..word.span.end, kind)
    }

    /// A word of any command, as a whole or after `=`. Nearly any word could be a repository: one that means an image
    /// has a tag or a digest.
    fn any(&self, word: &Word) -> Option<Place> {
        let place = self.whole(word, Kind::Word).or_else(|| self.after_last_equals(word, Kind::Word))?;
        (place.reference.tag.is_some() || place.reference.digest.is_some()).then_some(place)
    }
}

/// The length of what follows a leading `=`.
fn value_after(text: &str) -> Option<usize> {
    text.strip_prefix('=').map(str::len)
}
