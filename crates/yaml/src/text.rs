//! Scalars: when plain text is text, and how it is quoted otherwise.

/// What YAML 1.1, which Helm reads, and YAML 1.2 take for a boolean or for nothing.
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

/// The text as a double-quoted scalar.
pub fn quoted(text: &str) -> String {
    // Paths and references are ASCII, and JSON's escapes of ASCII are YAML's.
    serde_json::Value::from(text).to_string()
}

/// The value of a scalar. Single-line plain and quoted ones are read here, where the rules are few; the library folds
/// the others.
pub(crate) fn value(written: &str, folded: &str) -> String {
    let one_line = !written.contains(['\n', '\r']);
    match written.as_bytes() {
        [b'\'', .., b'\''] if one_line && written.len() >= 2 => written[1..written.len() - 1].replace("''", "'"),
        [b'\'' | b'"' | b'|' | b'>', ..] => folded.to_owned(),
        _ if one_line => written.trim_matches([' ', '\t']).to_owned(),
        _ => folded.to_owned(),
    }
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
    fn references_and_versions_stay_plain() {
        for text in ["nginx", "v1.2.3", "1.27-alpine", "ghcr.io/acme/web:1@sha256:00", "docker.io", "bad", "latest"] {
            assert!(stays_text(text), "{text}");
        }
    }
}
