//! A page of a list of tags (OCI distribution-spec, "Listing Tags"), read as it comes.
//!
//! Registries that do not page send everything at once, and some of them much more than tags: Google's add a map of all
//! manifests. So a page may be long, and nothing of it is kept but names that are tags.

use std::fmt;
use std::io::{self, BufReader, Read};

use bytes::{Buf as _, Bytes};
use imagelock_core::Tag;
use imagelock_core::oci::json::means;
use serde::Deserializer as _;
use serde::de::{Deserialize, DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use tokio::sync::mpsc::Receiver;

use crate::error::quoted;

/// The longest text in a page: no tag, digest or name of a repository comes near.
const TEXT_BYTES: usize = 64 << 10;
/// The deepest nesting in a page: Google's lists have four levels.
const DEPTH: usize = 64;

/// What one page says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// The names that are tags, as they came.
    pub(crate) tags: Vec<Tag>,
    /// How many names break the grammar of tags, and so could not be asked for.
    pub(crate) invalid: u64,
}

/// Why a page is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PageError {
    /// It has more tags than are allowed.
    TooMany,
    /// It is not a list of tags.
    Malformed(String),
}

/// Reads a page of at most `most` tags.
pub(crate) fn read(page: impl Read, most: usize) -> Result<Page, PageError> {
    let mut found = FoundTags { page: Page::default(), most, full: false };
    let mut deserializer = serde_json::Deserializer::from_reader(Bounded::new(page));
    let read = deserializer.deserialize_map(ListDocument(&mut found)).and_then(|()| deserializer.end());
    match read {
        Ok(()) => Ok(found.page),
        Err(_) if found.full => Err(PageError::TooMany),
        Err(error) => Err(PageError::Malformed(quoted(&error.to_string()))),
    }
}

struct FoundTags {
    page: Page,
    most: usize,
    full: bool,
}

struct ListDocument<'a>(&'a mut FoundTags);

impl<'de> Visitor<'de> for ListDocument<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with `tags`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = false;
        while let Some(key) = map.next_key::<String>()? {
            if !means(&key, "tags") {
                map.next_value::<IgnoredAny>()?;
            } else if std::mem::replace(&mut seen, true) {
                // One reader would take the first, another the last.
                return Err(A::Error::custom("`tags` stands there twice"));
            } else {
                map.next_value_seed(Names(&mut *self.0))?;
            }
        }
        Ok(())
    }
}

struct Names<'a>(&'a mut FoundTags);

impl<'de> DeserializeSeed<'de> for Names<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Names<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of tags")
    }

    /// Some registries write `null` for none.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let FoundTags { page, most, full } = self.0;
        while let Some(Name(tag)) = sequence.next_element()? {
            match tag {
                None => page.invalid += 1,
                Some(_) if page.tags.len() >= *most => {
                    *full = true;
                    return Err(A::Error::custom("too many tags"));
                }
                Some(tag) => page.tags.push(tag),
            }
        }
        Ok(())
    }
}

/// An entry of the list, if it is a tag.
struct Name(Option<Tag>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a tag")
            }

            fn visit_str<E>(self, text: &str) -> Result<Name, E> {
                Ok(Name(text.parse().ok()))
            }

            /// Go reads `null` as no text.
            fn visit_unit<E>(self) -> Result<Name, E> {
                Ok(Name(None))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

/// A page whose texts and whose nesting end, so that what the parser under it holds at a time is bounded. Between texts a
/// run of spaces is one, which spares the parser a page that is padded.
struct Bounded<R> {
    inner: R,
    depth: usize,
    /// The length of the text that is being read.
    text: Option<usize>,
    escaped: bool,
    spaced: bool,
}

impl<R: Read> Bounded<R> {
    fn new(inner: R) -> BufReader<Self> {
        // The parser asks for one byte at a time.
        BufReader::new(Self { inner, depth: 0, text: None, escaped: false, spaced: false })
    }

    /// Takes note of a byte, and returns whether the parser needs it.
    fn note(&mut self, byte: u8) -> Result<bool, &'static str> {
        if let Some(length) = &mut self.text {
            *length += 1;
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.text = None,
                _ if *length > TEXT_BYTES => return Err("a text in it is too long"),
                _ => {}
            }
            return Ok(true);
        }
        let space = matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        if space {
            return Ok(!std::mem::replace(&mut self.spaced, true));
        }
        self.spaced = false;
        match byte {
            b'"' => self.text = Some(0),
            b'[' | b'{' if self.depth >= DEPTH => return Err("it is nested too deep"),
            b'[' | b'{' => self.depth += 1,
            b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        Ok(true)
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let size = self.inner.read(buffer)?;
            let mut kept = 0;
            for at in 0..size {
                let byte = buffer[at];
                if self.note(byte).map_err(io::Error::other)? {
                    buffer[kept] = byte;
                    kept += 1;
                }
            }
            if kept > 0 || size == 0 {
                return Ok(kept);
            }
        }
    }
}

/// The pieces of a body as they arrive, for a reader on a thread of its own.
pub(crate) struct Pieces {
    arriving: Receiver<Bytes>,
    piece: Bytes,
}

impl Pieces {
    pub(crate) fn new(arriving: Receiver<Bytes>) -> Self {
        Self { arriving, piece: Bytes::new() }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.arriving.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let size = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..size]);
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Result<(Vec<String>, u64), PageError> {
        let page = read(text.as_bytes(), 3)?;
        Ok((page.tags.iter().map(ToString::to_string).collect(), page.invalid))
    }

    #[test]
    fn tags_are_kept_and_whatever_stands_around_them_is_not() {
        for (text, tags, invalid) in [
            (r#"{"name":"app","tags":["b","a","b"]}"#, &["b", "a", "b"][..], 0),
            (r#"{"tags":null}"#, &[], 0),
            (r#"{"tags":[]} "#, &[], 0),
            ("{}", &[], 0),
            (r#"{"Tags":["a"]}"#, &["a"], 0),
            (r#"{"manifest":{"sha256:a":{"tag":["x"],"n":[[1,{"tags":["y"]}]]}},"tags":["1"],"child":[]}"#, &["1"], 0),
            (r#"{"tags":["../x","","a","\u001b[0m",null,"a b"]}"#, &["a"], 5),
            (r#"{"tags":["\u0061\n","\u0062"]}"#, &["b"], 1),
        ] {
            let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
            assert_eq!(page(text), Ok((tags, invalid)), "{text}");
        }
    }

    #[test]
    fn what_is_no_list_of_tags_is_an_error() {
        for text in [
            "",
            "<html>",
            "[]",
            "null",
            r#"{"tags":["a""#,
            r#"{"tags":["a"]} x"#,
            r#"{"tags":"a"}"#,
            r#"{"tags":{}}"#,
            r#"{"tags":[1]}"#,
            r#"{"tags":[["a"]]}"#,
            r#"{"tags":["a"],"tags":["b"]}"#,
            r#"{"tags":["a"],"TAGS":["b"]}"#,
            r#"{"tags":["a" "b"]}"#,
        ] {
            assert!(matches!(page(text), Err(PageError::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn spaces_between_texts_are_one_and_those_within_them_are_kept() {
        let spaces = " \n\t".repeat(50_000);
        let text = format!(r#"{{{spaces}"tags"{spaces}:{spaces}["a  b",{spaces}"1"]{spaces}}}{spaces}"#);
        assert_eq!(page(&text), Ok((vec!["1".to_owned()], 1)));
        assert!(page(r#"{"x":1 2,"tags":["1"]}"#).is_err());
    }

    #[test]
    fn a_page_costs_the_memory_of_its_tags_whatever_stands_beside_them() {
        let manifest =
            |image: usize| format!(r#""sha256:{image:064}":{{"layerId":"","tag":["x"],"timeCreatedMs":"1"}}"#);
        let manifests: Vec<String> = (0..20_000).map(manifest).collect();
        let padding = " ".repeat(1 << 20);
        let page = format!(r#"{{"manifest":{{{}}},{padding}"tags":["1","/","2"]}}"#, manifests.join(","));
        let measured = allocation_counter::measure(|| assert_eq!(read(page.as_bytes(), 3).unwrap().tags.len(), 2));
        assert!(measured.bytes_max < 16 << 10, "{} bytes for a page of {}", measured.bytes_max, page.len());
    }

    #[test]
    fn more_tags_than_are_allowed_are_told_as_that() {
        assert_eq!(page(r#"{"tags":["1","2","3","4"]}"#), Err(PageError::TooMany));
        assert_eq!(page(r#"{"tags":["1","2","3","/"]}"#).map(|(tags, _)| tags.len()), Ok(3));
    }

    #[test]
    fn a_text_or_a_nesting_without_end_is_refused_where_it_is_too_much() {
        let text = |length: usize| format!(r#"{{"x\"":"{}","tags":["1"]}}"#, "\\\"".repeat(length));
        assert!(page(&text(1000)).is_ok());
        let long = format!(r#"{{"{}":1}}"#, "a".repeat(TEXT_BYTES + 1));
        let quotes = format!(r#"{{"{}a":1}}"#, "\\\"".repeat(TEXT_BYTES / 2 + 1));
        let deep = |depth: usize| format!(r#"{{"x":{}{},"tags":["1"]}}"#, "[".repeat(depth), "]".repeat(depth));
        assert!(page(&deep(DEPTH - 1)).is_ok());
        for text in [long, quotes, deep(DEPTH)] {
            assert!(matches!(page(&text), Err(PageError::Malformed(_))));
        }
        // Brackets within a text are no nesting.
        assert!(page(&format!(r#"{{"x":"{}","tags":["1"]}}"#, "[".repeat(DEPTH * 2))).is_ok());
    }
}
