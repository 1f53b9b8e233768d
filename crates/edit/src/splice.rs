//! Replacing bytes in a text.

use std::ops::Range;

/// New text for some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The bytes.
    pub span: Range<usize>,
    /// What stands there from now on.
    pub text: String,
}

/// The text with all changes made. Changes that are the same are one; of two that overlap, the first counts.
pub fn splice(text: &str, mut changes: Vec<Change>) -> String {
    changes.sort_by_key(|change| change.span.start);
    let mut result = String::with_capacity(text.len() + changes.len() * 80);
    let mut copied = 0;
    for change in changes {
        let Some(before) = text.get(copied..change.span.start) else { continue };
        result.push_str(before);
        result.push_str(&change.text);
        copied = change.span.end;
    }
    result.push_str(text.get(copied..).unwrap_or_default());
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bytes_of_changes_differ() {
        let change = |span, text: &str| Change { span, text: text.to_owned() };
        assert_eq!(splice("abcdef", vec![change(4..5, "EE"), change(0..1, ""), change(4..5, "EE")]), "bcdEEf");
        assert_eq!(splice("abc", Vec::new()), "abc");
    }
}
