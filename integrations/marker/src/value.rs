//! Finding the value that a marker is about, in a line of any language.
//!
//! A value is a text in quotes, or a word. Those that cannot be the part of an image that the marker names are left
//! out; of the others, the one that looks most like it counts. Two that look like it equally are an error: a marker
//! never changes what nobody meant.

use std::ops::Range;

use imagelock_adapter::Pinned;
use imagelock_core::{Digest, Reference, Tag};
use imagelock_edit::Part;

/// A value that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    /// Its bytes, without quotes.
    pub(crate) span: Range<usize>,
    pub(crate) style: Style,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// In quotes.
    Quoted,
    /// Without.
    Word,
    /// A digest somewhere in a text.
    Inside,
}

/// Why no value was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoValue {
    /// There is none.
    None,
    /// There are these.
    Several(Range<usize>, Range<usize>),
}

/// How much a value looks like what is wanted; the order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// It could be.
    Word,
    /// It stands where values stand.
    Placed,
    /// It has the form of one.
    Formed,
    /// It is of the marker's image.
    Same,
}

const QUOTES: &[char] = &['"', '\'', '`'];
const HEX_DIGITS: usize = 64;
const ALGORITHM: &str = "sha256:";

/// The value in some pieces of a text.
pub(crate) fn find(text: &str, pieces: &[Range<usize>], image: &Pinned<'_>, part: Part) -> Result<Value, NoValue> {
    let values: Vec<Value> = pieces.iter().flat_map(|piece| values(text, piece)).collect();
    let judged = values.iter().filter_map(|value| {
        let placed = value.style == Style::Quoted || is_behind_a_sign(text, &value.span);
        Some((likeness(&text[value.span.clone()], placed, image, part)?, value.clone()))
    });
    let mut judged: Vec<(Likeness, Value)> = judged.collect();
    if part == Part::Digest && judged.is_empty() {
        judged = pieces.iter().flat_map(|piece| digests(text, piece)).map(|value| (Likeness::Same, value)).collect();
    }
    let Some(best) = judged.iter().map(|(likeness, _)| *likeness).max() else { return Err(NoValue::None) };
    let best: Vec<&Value> = judged.iter().filter(|(found, _)| *found == best).map(|(_, value)| value).collect();
    match best[..] {
        // A word among others is a word of the language: only one that stands alone is a value.
        [_, ..] if values.len() > 1 && judged.iter().all(|(likeness, _)| *likeness == Likeness::Word) => {
            Err(NoValue::None)
        }
        [one] => Ok(one.clone()),
        [first, second, ..] => Err(NoValue::Several(first.span.clone(), second.span.clone())),
        [] => Err(NoValue::None),
    }
}

/// How much a text looks like the part of the image; nothing where it cannot be it.
fn likeness(value: &str, placed: bool, image: &Pinned<'_>, part: Part) -> Option<Likeness> {
    // Nothing between two quotes waits to be filled.
    if value.is_empty() {
        return Some(Likeness::Placed);
    }
    let by_place = if placed { Likeness::Placed } else { Likeness::Word };
    match part {
        Part::Tag => value.parse::<Tag>().ok().map(|_| by_place),
        Part::Digest => value.parse::<Digest>().ok().map(|_| Likeness::Same),
        Part::Reference | Part::Repository => {
            let reference: Reference = value.parse().ok()?;
            if part == Part::Repository && (reference.tag.is_some() || reference.digest.is_some()) {
                return None;
            }
            let same =
                reference.repository == image.repository || image.image.repository() == Some(&reference.repository);
            let formed = value.contains(['/', ':', '@']);
            Some(if same {
                Likeness::Same
            } else if formed {
                Likeness::Formed
            } else {
                by_place
            })
        }
    }
}

/// Whether a word stands behind `=` or `:`, as values do.
fn is_behind_a_sign(text: &str, span: &Range<usize>) -> bool {
    text[..span.start].trim_end_matches([' ', '\t']).ends_with(['=', ':'])
}

/// The values of a piece: what stands in quotes, and the words between.
fn values(text: &str, piece: &Range<usize>) -> Vec<Value> {
    let mut values = Vec::new();
    let mut at = piece.start;
    while at < piece.end {
        let rest = &text[at..piece.end];
        let Some(open) = rest.find(QUOTES) else {
            words(text, at..piece.end, &mut values);
            break;
        };
        let quote = rest[open..].chars().next().unwrap_or_default();
        let inside = at + open + quote.len_utf8();
        let Some(length) = text[inside..piece.end].find(quote) else {
            // An apostrophe opens nothing.
            words(text, at..piece.end, &mut values);
            break;
        };
        words(text, at..at + open, &mut values);
        let end = inside + length + quote.len_utf8();
        // `"image": "…"`: the first is a key.
        let is_key = text[end..piece.end].trim_start_matches([' ', '\t']).starts_with(':');
        if !is_key {
            values.push(Value { span: inside..inside + length, style: Style::Quoted });
        }
        at = end;
    }
    values
}

/// The words of a text without quotes, each without its key and without the punctuation round it.
fn words(text: &str, piece: Range<usize>, values: &mut Vec<Value>) {
    let mut at = piece.start;
    for part in text[piece].split_inclusive([' ', '\t', '(', ')', ',', ';', '=', '<', '>', '{', '}']) {
        let trimmed = part.trim_end_matches([' ', '\t', '(', ')', ',', ';', '<', '>', '{', '}']);
        // `KEY=` and `key:` are keys, and `call(` is a function.
        if !trimmed.is_empty() && !trimmed.ends_with(['=', ':']) && !part.ends_with('(') {
            values.push(Value { span: at..at + trimmed.len(), style: Style::Word });
        }
        at += part.len();
    }
}

/// Digests inside of other texts: `FROM nginx@sha256:…`.
fn digests<'t>(text: &'t str, piece: &Range<usize>) -> impl Iterator<Item = Value> + use<'t> {
    let start = piece.start;
    text[piece.clone()].match_indices(ALGORITHM).filter_map(move |(found, _)| {
        let hex = text[start + found + ALGORITHM.len()..].bytes().take_while(u8::is_ascii_hexdigit).count();
        let span = start + found..start + found + ALGORITHM.len() + HEX_DIGITS;
        (hex == HEX_DIGITS).then_some(Value { span, style: Style::Inside })
    })
}
