//! Text that somebody else wrote: serde for the types that are validated text, written once; quotes for errors; and the
//! characters that steer what a reader sees instead of showing something. And how long something takes, in words.

use std::time::Duration;

/// Gives a type with `FromStr` and `Display` the serde form of a JSON string, and refuses invalid text with the
/// type's own message. Text that has another canonical form is refused too: readers that know no canonical forms would
/// find another value there.
macro_rules! serde_as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                let value: Self = text.parse().map_err(serde::de::Error::custom)?;
                $crate::text::canonical(&value.to_string(), &text).map_err(serde::de::Error::custom)?;
                Ok(value)
            }
        }
    };
}

pub(crate) use serde_as_text;

/// Refuses a text that is not in its canonical form.
pub(crate) fn canonical(form: &str, text: &str) -> Result<(), String> {
    if form == text { Ok(()) } else { Err(format!("`{text}` has the canonical form `{form}`")) }
}

/// The text in backticks, as errors quote it; two backticks with nothing between would say nothing.
pub(crate) fn quoted(text: &str) -> String {
    if text.is_empty() { "an empty text".to_owned() } else { format!("`{text}`") }
}

/// A time as people say it: `90 s`, `10 min`, `1 h`, or milliseconds below a second.
pub fn time(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        seconds if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

/// Whether a character steers a terminal, an editor or a diff instead of showing something: the controls C0, DEL and C1,
/// the marks that turn the direction of writing (Unicode's `Bidi_Control`), the separators of lines and paragraphs, and the
/// byte order mark. Line ends and tabs are among them.
pub fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Escapes in a JSON text, as `\u` and four hexadecimal digits, every character that [`steers`] and that JSON lets
/// stand raw in strings. What the text means does not change: outside of strings JSON has none of these characters but
/// the line ends and tabs between its tokens, which stay.
pub fn escape_json(json: &str) -> String {
    // JSON itself has C0 escaped within strings (RFC 8259, section 7), and nothing else that steers is ASCII but DEL.
    let raw = |character: char| character > '\u{1f}' && steers(character);
    let mut escaped = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find(raw) {
        let (before, after) = rest.split_at(at);
        escaped.push_str(before);
        let mut characters = after.chars();
        if let Some(character) = characters.next() {
            // All of them are in the basic plane, so that four digits are enough.
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        }
        rest = characters.as_str();
    }
    escaped.push_str(rest);
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_written_as_people_say_them() {
        let times = [20, 600, 7200, 90].map(|seconds| time(Duration::from_secs(seconds)));
        assert_eq!(times, ["20 s", "10 min", "2 h", "90 s"]);
        assert_eq!(time(Duration::from_millis(50)), "50 ms");
    }

    #[test]
    fn what_steers_is_escaped_and_what_shows_stays() {
        let json =
            "{\n\t\"\u{7f}\u{9b}31m\": \"a\u{202e}b\u{2066}\u{feff}\u{2028}\u{200f}\u{61c}é\u{200d}日\u{1f600}\\n\"\n}";
        let expected =
            "{\n\t\"\\u007f\\u009b31m\": \"a\\u202eb\\u2066\\ufeff\\u2028\\u200f\\u061cé\u{200d}日\u{1f600}\\n\"\n}";
        assert_eq!(escape_json(json), expected);
        assert_eq!(escape_json("{}\n"), "{}\n");
    }

    #[test]
    fn the_characters_that_steer_are_the_ones_that_are_named() {
        let all: Vec<u32> = (0..0x11_0000_u32).filter(|code| char::from_u32(*code).is_some_and(steers)).collect();
        let ranges = [(0, 0x1f), (0x7f, 0x9f), (0x61c, 0x61c), (0x200e, 0x200f), (0x2028, 0x202e), (0x2066, 0x2069)];
        let named = ranges.into_iter().chain([(0xfeff, 0xfeff)]).flat_map(|(first, last)| first..=last);
        assert_eq!(all, named.collect::<Vec<u32>>());
    }

    proptest! {
        #[test]
        fn an_escaped_document_means_what_it_meant(texts in prop::collection::vec(any::<String>(), 0..4)) {
            let json = serde_json::to_string_pretty(&texts).unwrap();
            let escaped = escape_json(&json);
            prop_assert!(!escaped.chars().any(|character| steers(character) && character != '\n'), "{:?}", escaped);
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&escaped).unwrap(), texts);
            prop_assert_eq!(escape_json(&escaped), escaped);
        }
    }
}
