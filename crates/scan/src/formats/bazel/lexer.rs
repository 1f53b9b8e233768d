//! The words, strings and signs of Starlark, Bazel's language, with their bytes.
//!
//! It knows what a call with named arguments needs: strings of every kind, comments, brackets. It is no parser of
//! statements. The specification is Starlark's, "Lexical elements".

use std::ops::Range;

/// A word, a string or a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind<'t> {
    /// A name or a number.
    Word(&'t str),
    /// A string without escapes; nothing where it has some.
    Text(Option<&'t str>),
    /// Any other character.
    Sign(char),
}

/// The tokens of a text, and the bytes of its comments.
pub(super) fn lex(text: &str) -> (Vec<Token<'_>>, Vec<Range<usize>>) {
    let (mut tokens, mut comments) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let start = at;
        let rest = &text[at..];
        if next == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
            comments.push(start..at);
        } else if let Some((prefix, quote)) = opened(rest) {
            let inside = start + prefix + quote.len();
            let (length, closed) = closed(&text[inside..], quote);
            let said = &text[inside..inside + length];
            at = inside + length + closed;
            let plain = !said.contains('\\') && closed > 0;
            tokens.push(Token { kind: Kind::Text(plain.then_some(said)), span: start..at });
        } else if next == '_' || next.is_alphanumeric() {
            let length = rest.find(|next: char| next != '_' && !next.is_alphanumeric()).unwrap_or(rest.len());
            at += length;
            tokens.push(Token { kind: Kind::Word(&rest[..length]), span: start..at });
        } else {
            at += next.len_utf8();
            if !next.is_whitespace() && next != '\u{feff}' {
                tokens.push(Token { kind: Kind::Sign(next), span: start..at });
            }
        }
    }
    (tokens, comments)
}

/// How long the prefix of a string is, and what opens it.
fn opened(text: &str) -> Option<(usize, &'static str)> {
    let prefix = ["rb", "br", "r", "b"]
        .into_iter()
        .find(|prefix| text.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(['"', '\''])));
    let prefix = prefix.map_or(0, str::len);
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| text[prefix..].starts_with(quote))?;
    Some((prefix, quote))
}

/// How long a string is, and what closes it; nothing closes one that a line end is in the way of.
fn closed(text: &str, quote: &str) -> (usize, usize) {
    let mut escaped = false;
    for (at, next) in text.char_indices() {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' if quote.len() == 1 => return (at, 0),
            _ if text[at..].starts_with(quote) => return (at, quote.len()),
            _ => {}
        }
    }
    (text.len(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_every_kind_end_where_they_end() {
        let said = |text: &str| {
            let texts = lex(text).0.into_iter().filter_map(|token| match token.kind {
                Kind::Text(text) => Some(text.map(str::to_owned)),
                _ => None,
            });
            texts.collect::<Vec<_>>()
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(said("a('b', \"c # d\") # \"e\""), [some("b"), some("c # d")]);
        assert_eq!(said("'''a\n'b'\n''' r\"c\" b'd'"), [some("a\n'b'\n"), some("c"), some("d")]);
        assert_eq!(said("'a\\'b' \"c"), [None, None]);
        assert_eq!(said("'a\nb('c')"), [None, some("c")]);
    }
}
