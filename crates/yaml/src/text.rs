//! Scalars: when plain text is text, and how it is quoted otherwise.

/// What YAML 1.1, which Go's readers know, and YAML 1.2 take for a boolean or for nothing.
const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

pub(crate) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Whether `text` without quotes is read as exactly this text by every version of YAML, in block and flow.
///
/// It is careful: for some texts that would be fine it says no, and they are quoted.
pub fn stays_text(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | ':' | '@' | '-' | '+');
    let Some(first) = text.chars().next() else { return false };
    let starts = first.is_ascii_alphanumeric() || matches!(first, '_' | '/');
    if !starts || !text.chars().all(fits) || text.ends_with(':') {
        return false;
    }
    if WORDS.contains(&text.to_ascii_lowercase().as_str()) {
        return false;
    }
    // Numbers in every base, exponents, dates and YAML 1.1's base 60 are made of these.
    let numeric = |c: char| {
        c.is_ascii_digit()
            || matches!(c, 'a'..='f' | 'A'..='F' | 'x' | 'X' | 'o' | 'O' | 'T' | 't' | 'Z' | 'z' | '.' | '_' | ':' | '-' | '+')
    };
    !text.chars().all(numeric) || first.is_ascii_alphabetic() && !text.contains(|c: char| c.is_ascii_digit())
}

/// Whether a plain text is nothing, a truth value or a number in YAML 1.1, as Go reads it, and in YAML 1.2 alike. What
/// is a number to one of them and a text to the other, such as `0o7` or `yes`, may be a text.
pub fn is_typed(text: &str) -> bool {
    let word = matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE");
    word || is_null(text) || is_number(text)
}

fn is_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits(rest);
    let rest = &rest[whole..];
    let (part, rest) = match rest.strip_prefix('.') {
        Some(rest) => (digits(rest), &rest[digits(rest)..]),
        None => (0, rest),
    };
    if whole + part == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(power) => {
            let power = power.strip_prefix(['-', '+']).unwrap_or(power);
            !power.is_empty() && digits(power) == power.len()
        }
    }
}

/// The text as a double-quoted scalar.
pub fn quoted(text: &str) -> String {
    // Paths and references are ASCII, and JSON's escapes of ASCII are YAML's.
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_takes_for_something_else_is_not_left_plain() {
        for text in [
            "",
            "~",
            "no",
            "On",
            "y",
            "null",
            "16",
            "1.10",
            "1e3",
            "0o7",
            "0x1F",
            "2024-01-01",
            "12:30:45",
            "1_000",
            "@x",
            "*x",
            "&x",
            "-x",
            "a b",
            "a#b",
            "a:",
            ".5",
            ".inf",
            "é",
            "true",
            "{a",
            "2024-01-01T00:00:00Z",
            "deadbeef0",
        ] {
            assert!(!stays_text(text), "{text}");
        }
    }

    #[test]
    fn what_every_version_takes_for_a_number_is_no_text() {
        for text in ["", "~", "null", "true", "FALSE", "0", "-1", "1.9", "0787849", ".5", "1.", "1e3", "1.5E-7"] {
            assert!(is_typed(text), "{text}");
        }
        for text in ["yes", "0x1F", "0o7", "1_000", "12:30", "2024-01-01", ".", "e3", "1e", "-", "nginx", "1.9.1"] {
            assert!(!is_typed(text), "{text}");
        }
    }

    #[test]
    fn references_and_versions_stay_plain() {
        for text in ["nginx", "v1.2.3", "1.27-alpine", "ghcr.io/acme/web:1@sha256:00", "docker.io", "bad", "latest"] {
            assert!(stays_text(text), "{text}");
        }
    }

    #[test]
    fn what_is_quoted_is_read_as_the_same_text() {
        for text in ["", "~", "no", "1.10", "a: b # c", "\"'\\", "a\tb\nc", "é"] {
            let read = crate::parse(&format!("a: {}\n", quoted(text))).unwrap();
            assert_eq!(read[0].get("a").and_then(crate::Node::present), Some(text));
        }
    }
}
