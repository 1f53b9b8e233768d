//! The filters that templates may use, beside Tera's own.
//!
//! | filter | gives | for |
//! |---|---|---|
//! | `comment` | the text on one line, hidden characters written as escapes | a comment that starts with `#` or `//` |
//! | `json_quote` | a JSON string with its quotes; also a YAML double-quoted and a Starlark ASCII string | values |
//! | `short` | `sha256:` and twelve digits of a digest | what people read |

use tera::{Kwargs, State};

use crate::language::{escape_json, is_hidden};

pub(crate) fn register(engine: &mut tera::Tera) {
    engine.register_filter("comment", Safe(comment));
    engine.register_filter("json_quote", Safe(json_quote));
    engine.register_filter("short", |text: &str, _: Kwargs, _: &State<'_>| short(text));
}

/// A filter whose result is not escaped again, because it is safe where it stands.
struct Safe(fn(&str) -> String);

impl tera::Filter<&str, String> for Safe {
    fn call(&self, value: &str, _: Kwargs, _: &State<'_>) -> String {
        (self.0)(value)
    }

    fn is_safe(&self) -> bool {
        true
    }
}

/// Text that cannot leave a line comment.
pub(crate) fn comment(text: &str) -> String {
    text.chars().fold(String::new(), |mut line, character| {
        match character {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push(' '),
            character if is_hidden(character) => line.extend(character.escape_unicode()),
            character => line.push(character),
        }
        line
    })
}

fn json_quote(text: &str) -> String {
    let mut quoted = b"\"".to_vec();
    // Writing to memory does not fail.
    drop(escape_json(text, &mut quoted));
    quoted.push(b'"');
    String::from_utf8_lossy(&quoted).into_owned()
}

fn short(text: &str) -> String {
    match text.split_once(':') {
        Some((algorithm, hex)) => format!("{algorithm}:{}", hex.get(..12).unwrap_or(hex)),
        None => text.to_owned(),
    }
}
