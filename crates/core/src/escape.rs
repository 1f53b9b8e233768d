//! Text as the inside of a quoted string of another language, so that it cannot end it and shows all that it holds.

use std::fmt::Write as _;

/// The inside of a JSON string. Characters that change how text around them looks, such as bidirectional overrides, are
/// escaped as well, so that a reviewer sees them.
pub fn json(text: &str) -> String {
    escape(text, |character, escaped| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            by_number(escaped, u32::from(*unit));
        }
    })
}

/// The inside of a double-quoted string of YAML, which is one of Starlark too.
pub fn yaml(text: &str) -> String {
    escape(text, |character, escaped| by_number(escaped, u32::from(character)))
}

/// The inside of a quoted template of HCL, which evaluates nothing in it.
///
/// ```
/// assert_eq!(imagelock_core::escape::hcl(r#"${path.module} "x""#), r#"$${path.module} \"x\""#);
/// ```
pub fn hcl(text: &str) -> String {
    let escaped = yaml(text);
    let mut result = String::with_capacity(escaped.len());
    let mut before = None;
    let mut characters = escaped.chars().peekable();
    while let Some(character) = characters.next() {
        let opens = matches!(character, '$' | '%') && characters.peek() == Some(&'{');
        match character {
            // A doubled sign is the escape; behind one more sign it would read as that sign's escape instead.
            '$' | '%' if opens && before == Some(character) => by_number(&mut result, u32::from(character)),
            '$' | '%' if opens => result.extend([character, character]),
            _ => result.push(character),
        }
        before = Some(character);
    }
    result
}

/// A code span of Markdown that shows the text on one line, in a paragraph and in a table's cell.
///
/// Escapes of Markdown and of HTML are no help against what a forge does with the text behind them: it finds `@names`,
/// `#123`, hashes of commits and addresses in what is shown, however it was written. Only in code it looks for nothing. What
/// would end the span or the cell is shown as an escape.
///
/// ```
/// assert_eq!(imagelock_core::escape::markdown("@acme <b>#1</b>"), "`@acme <b>#1</b>`");
/// assert_eq!(imagelock_core::escape::markdown("a`b|c\n"), "`a\\u{60}b\\u{7c}c\\n`");
/// ```
pub fn markdown(text: &str) -> String {
    let mut span = String::with_capacity(text.len() + 2);
    span.push('`');
    for character in text.chars() {
        match character {
            '\n' => span.push_str("\\n"),
            '\r' => span.push_str("\\r"),
            '\t' => span.push_str("\\t"),
            '`' | '|' => span.extend(character.escape_unicode()),
            character if is_hidden(character) => span.extend(character.escape_unicode()),
            character => span.push(character),
        }
    }
    // Two backticks with nothing between are no span.
    if text.is_empty() {
        span.push(' ');
    }
    span.push('`');
    span
}

/// Text of an HTML page, between tags or between the quotes of an attribute: what a browser shows is the text, and what would
/// not be seen in it as an escape.
///
/// It makes no link safe: what an address leads to is decided before.
///
/// ```
/// assert_eq!(imagelock_core::escape::html("<b>\"x\"</b>\u{202e}"), "&lt;b&gt;&quot;x&quot;&lt;/b&gt;\\u{202e}");
/// ```
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '`' => escaped.push_str("&#96;"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            character if is_hidden(character) => escaped.extend(character.escape_unicode()),
            character => escaped.push(character),
        }
    }
    escaped
}

fn escape(text: &str, hidden: impl Fn(char, &mut String)) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            character if is_hidden(character) => hidden(character, &mut escaped),
            character => escaped.push(character),
        }
    }
    escaped
}

fn by_number(escaped: &mut String, number: u32) {
    // Writing into a string does not fail.
    let _ = if number <= 0xffff { write!(escaped, "\\u{number:04x}") } else { write!(escaped, "\\U{number:08x}") };
}

/// Whether a character is not seen, or changes how its neighbours are seen.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
