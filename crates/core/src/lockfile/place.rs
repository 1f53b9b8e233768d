//! Where in the text of a lock a value stands. Its reader keeps no places: they are looked for again where an error needs one.

use std::borrow::Cow;
use std::fmt::Formatter;
use std::ops::Range;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, de};

/// The bytes of the value that the keys lead to; where one of them is not there, of what it should stand in.
pub(super) fn value(text: &str, path: &[&str]) -> Range<usize> {
    (0..=path.len())
        .rev()
        .find_map(|length| {
            let mut json = serde_json::Deserializer::from_str(text);
            let stopped = Seek(&path[..length]).deserialize(&mut json).err()?;
            Some(opened(text, token(text, stopped.line(), stopped.column())))
        })
        .unwrap_or(0..0)
}

/// The bracket of an object or an array, behind which `serde_json` stops: it reads on to what comes next.
fn opened(text: &str, stopped: Range<usize>) -> Range<usize> {
    let before = text[..stopped.end].trim_end();
    let before = before.strip_suffix(['}', ']']).unwrap_or(before).trim_end();
    if before.ends_with(['{', '[']) { before.len() - 1..before.len() } else { stopped }
}

/// Walks along the keys and stops with an error at the value, because errors are what `serde_json` gives a place.
struct Seek<'a>(&'a [&'a str]);

impl Seek<'_> {
    fn scalar<E: de::Error>(&self) -> Result<(), E> {
        if self.0.is_empty() { Err(E::custom("here")) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let [first, rest @ ..] = self.0 else { return Err(A::Error::custom("here")) };
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            if key == *first {
                map.next_value_seed(Seek(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        self.scalar::<A::Error>()?;
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.scalar()
    }
}

/// What `serde_json` stumbled over. It reports the last byte that it read: the end of a token, which is shown whole.
pub(super) fn token(text: &str, line: usize, column: usize) -> Range<usize> {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let line = text[start..].lines().next().unwrap_or_default();
    let at = line.floor_char_boundary(column.saturating_sub(1));
    let end = line.ceil_char_boundary((at + 1).min(line.len()));
    let (before, found) = (&line[..at], &line[at..end]);
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let first = match found {
        "\"" => before.rfind('"').unwrap_or(at),
        _ if found.starts_with(word) => before.trim_end_matches(word).len(),
        _ => at,
    };
    start + first..start + end
}
