//! Text as the inside of a quoted HCL template.

use std::fmt::Write as _;

/// Escapes `text` for the inside of a quoted string, so that HCL reads it back as it is and evaluates nothing in it.
///
/// ```
/// assert_eq!(imagelock_scan::formats::quote(r#"${path.module} "x""#), r#"$${path.module} \"x\""#);
/// ```
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut before = None;
    while let Some(character) = characters.next() {
        match character {
            // A doubled sign is the escape; after one more sign it would read as that sign's escape instead.
            '$' | '%' if characters.peek() == Some(&'{') && before != Some(character) => {
                quoted.extend([character, character]);
            }
            '$' | '%' if characters.peek() == Some(&'{') => escape(&mut quoted, character),
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Bidirectional and invisible characters would show a reader another text than the tool reads.
            _ if character.is_control() || is_format(character) => escape(&mut quoted, character),
            _ => quoted.push(character),
        }
        before = Some(character);
    }
    quoted
}

fn escape(quoted: &mut String, character: char) {
    // Writing into a string cannot fail.
    let _ = match u32::from(character) {
        short @ 0..=0xffff => write!(quoted, "\\u{short:04x}"),
        long => write!(quoted, "\\U{long:08x}"),
    };
}

fn is_format(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use hcl_edit::expr::Expression;
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        let expression: Expression = format!("\"{}\"", quote(text)).parse().ok()?;
        expression.as_str().map(str::to_owned)
    }

    #[test]
    fn templates_quotes_and_line_ends_are_text() {
        for text in [
            "${path.module}",
            "%{ if true }x%{ endif }",
            "$${x}",
            "$$${x}",
            "%%{x}",
            "$",
            "$$",
            "{",
            "${",
            "%{",
            "\"",
            "\\",
            "\\\"",
            "a\nb\r\n\tc",
            "\u{202e}txt",
            "# x",
            "*/",
            "{{ .Values }}",
            "\u{0}",
            "\u{7f}",
            "😀${",
            "$%{",
            "%${",
        ] {
            assert_eq!(read(text).as_deref(), Some(text), "{}", quote(text));
        }
    }

    #[test]
    fn the_usual_escapes_are_the_ones_people_know() {
        assert_eq!(quote("${a} %{b} \"c\" \\"), r#"$${a} %%{b} \"c\" \\"#);
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_as_it_was(text in "([$%{}\"\\\\#*/\n\r\t \u{202e}a-z]|\\PC){0,40}") {
            prop_assert_eq!(read(&text), Some(text));
        }
    }
}
