//! The filters that templates may use, beside Tera's own. `docs/templates.md` shows each with an example, and a test
//! runs those.

use imagelock_core::escape::{self, is_hidden};
use tera::{Kwargs, State, TeraResult};

type Escape = fn(&str) -> String;

/// The filters that put a text into the quotes of a language.
const QUOTES: &[(&str, Escape)] = &[
    ("json_quote", escape::json),
    ("yaml_quote", escape::yaml),
    // Starlark's escapes are YAML's, for all that is escaped here.
    ("starlark_quote", escape::yaml),
    ("hcl_quote", escape::hcl),
];

/// The names of all filters.
pub const FILTERS: &[&str] =
    &["comment", "hcl_quote", "json_quote", "markdown", "purl", "shell_quote", "short", "starlark_quote", "yaml_quote"];

pub(crate) fn register(engine: &mut tera::Tera) {
    for &(name, escape) in QUOTES {
        engine.register_filter(name, Safe(move |text: &str| Ok(format!("\"{}\"", escape(text)))));
    }
    engine.register_filter("comment", Safe(|text: &str| Ok(comment(text))));
    engine.register_filter("markdown", Safe(|text: &str| Ok(escape::markdown(text))));
    engine.register_filter("shell_quote", Safe(shell_quote));
    engine.register_filter("short", |text: &str, _: Kwargs, _: &State<'_>| short(text));
    engine.register_filter("purl", |text: &str, _: Kwargs, _: &State<'_>| -> TeraResult<String> {
        let reference = text.parse().map_err(|error| tera::Error::message(format!("`{text}` has no purl: {error}")))?;
        crate::purl(&reference, None)
            .ok_or_else(|| tera::Error::message(format!("`{text}` has no digest, and so no purl")))
    });
}

/// A filter whose result is not escaped again, because it is safe where it stands.
struct Safe<F>(F);

impl<F: Fn(&str) -> TeraResult<String> + Sync + Send + 'static> tera::Filter<&str, TeraResult<String>> for Safe<F> {
    fn call(&self, value: &str, _: Kwargs, _: &State<'_>) -> TeraResult<String> {
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

/// One word of a POSIX shell.
fn shell_quote(text: &str) -> TeraResult<String> {
    if text.contains('\0') {
        return Err(tera::Error::message("no word of a shell holds the character NUL"));
    }
    Ok(format!("'{}'", text.replace('\'', "'\\''")))
}

fn short(text: &str) -> String {
    match text.split_once(':') {
        Some((algorithm, hex)) => format!("{algorithm}:{}", hex.get(..12).unwrap_or(hex)),
        None => text.to_owned(),
    }
}
