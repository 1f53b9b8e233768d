//! JSON as Go's `encoding/json` reads it, since Docker, containerd, Podman and the registries are written in Go.
//!
//! A key means a field in any letter case, `null` leaves a field empty, and text that is no Unicode becomes U+FFFD. In
//! one thing this reader is stricter: where Go takes the last of two keys that mean one field, and other readers the
//! first or the one in the right case, the document is refused. One digest would name two images.

use std::borrow::Cow;
use std::fmt::Formatter;
use std::marker::PhantomData;

use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// An object's fields.
pub trait Fields: Default {
    /// Their keys; any other key is passed over.
    const NAMES: &'static [&'static str];

    /// Reads the value of the field that `name` is the key of.
    fn set<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error>;
}

/// An object, whose keys are there once.
#[derive(Default)]
pub struct Object<T>(
    /// The fields.
    pub T,
);

impl<'de, T: Fields> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Fields> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<T>, A::Error> {
        let mut object = T::default();
        let mut seen: Vec<&'static str> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let Some(name) = T::NAMES.iter().find(|name| means(&key, name)) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if seen.contains(name) {
                return Err(A::Error::custom(format_args!("`{name}` stands twice in one object")));
            }
            seen.push(name);
            object.set(name, &mut map)?;
        }
        Ok(Object(object))
    }
}

/// An array that is read, and forgotten entry by entry.
pub struct Each<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Each<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Each<T> {
    type Value = Self;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self, A::Error> {
        while entries.next_element::<Option<T>>()?.is_some() {}
        Ok(self)
    }
}

/// Whether Go takes a key for the field `name`: letters match in both cases, and with the two letters outside ASCII that
/// are the same but for their case.
pub fn means(key: &str, name: &str) -> bool {
    let folded = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    key == name || key.chars().map(folded).eq(name.chars().map(folded))
}

/// The text of a document: what is no UTF-8, and halves of surrogate pairs, are U+FFFD.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return text;
    }
    let mut bytes = text.into_owned().into_bytes();
    let mut at = 0;
    // A backslash stands in strings alone; outside of them the parser refuses it.
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += found;
        at += match (unit(&bytes, at), unit(&bytes, at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                bytes[at + 2..at + 6].copy_from_slice(b"fffd");
                6
            }
            _ => 2,
        };
    }
    // Digits took the place of digits.
    String::from_utf8(bytes).unwrap_or_default().into()
}

/// The UTF-16 code unit that an escape is, `\uXXXX`.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Sizes {
        layers: Option<u64>,
    }

    impl Fields for Sizes {
        const NAMES: &'static [&'static str] = &["layers", "mediaType"];

        fn set<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error> {
            match name {
                "layers" => self.layers = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
            Ok(())
        }
    }

    fn layers(json: &str) -> Result<Option<u64>, String> {
        let object: Result<Object<Sizes>, _> = serde_json::from_str(json);
        object.map(|object| object.0.layers).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_means_a_field_in_any_case_as_go_folds_it() {
        for key in ["layers", "Layers", "LAYERS", "layer\u{17f}"] {
            assert_eq!(layers(&format!(r#"{{"x":[{{}}],"{key}":3}}"#)), Ok(Some(3)), "{key}");
        }
        for key in ["layer", "layerss", "läyers", ""] {
            assert_eq!(layers(&format!(r#"{{"{key}":3}}"#)), Ok(None), "{key}");
        }
        assert_eq!(layers(r#"{"layers":null}"#), Ok(None));
    }

    #[test]
    fn two_keys_for_one_field_are_refused_and_named() {
        for two in [r#""layers":1,"layers":1"#, r#""layers":1,"Layers":2"#, r#""layers":null,"LAYER\u017f":2"#] {
            let error = layers(&format!("{{{two}}}")).unwrap_err();
            assert!(error.starts_with("`layers` stands twice in one object"), "{error}");
        }
        let error = layers(r#"{"mediatype":"a","x":1,"x":2,"mediaType":"b"}"#).unwrap_err();
        assert!(error.starts_with("`mediaType` stands twice"), "{error}");
    }

    #[test]
    fn what_is_no_unicode_is_replaced_as_go_replaces_it() {
        for (written, read) in [
            (&b"\"caf\xe9\""[..], "caf\u{fffd}"),
            (br#""\ud83d\ude00""#, "\u{1f600}"),
            (br#""\uD83D""#, "\u{fffd}"),
            (br#""\ud83dA""#, "\u{fffd}A"),
            (br#""\udc00\ud800x""#, "\u{fffd}\u{fffd}x"),
            (br#""\ud800\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (br#""\\ud800""#, "\\ud800"),
            (br#""\u00e9\n\ud800""#, "\u{e9}\n\u{fffd}"),
        ] {
            assert_eq!(serde_json::from_str::<String>(&text(written)).unwrap(), read);
        }
        for broken in [&br#""\ud8"#[..], br#""\ud8zz""#, br#""\ud800\"#, br#""\ud800\u+123""#] {
            assert!(serde_json::from_str::<String>(&text(broken)).is_err());
        }
    }
}
