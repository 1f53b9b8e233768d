//! Replacing bytes in a text: nothing else changes, and nothing is printed anew.

use std::ops::Range;

/// New text for some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The bytes.
    pub span: Range<usize>,
    /// What stands there from now on.
    pub text: String,
}

/// Two changes are about the same bytes, or one is about none of the text: whoever made them is mistaken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes {}..{} are to be changed twice, or are not there", .0.start, .0.end)]
pub struct Overlap(pub Range<usize>);

/// The text with all changes made.
pub fn splice(text: &str, mut changes: Vec<Change>) -> Result<String, Overlap> {
    changes.sort_by_key(|change| change.span.start);
    let added: usize = changes.iter().map(|change| change.text.len()).sum();
    let mut result = String::with_capacity(text.len() + added);
    let mut copied = 0;
    for Change { span, text: new } in changes {
        let before = text.get(copied..span.start).filter(|_| span.start <= span.end);
        result.push_str(before.ok_or_else(|| Overlap(span.clone()))?);
        result.push_str(&new);
        copied = span.end;
    }
    let rest = text.get(copied..).ok_or(Overlap(copied..copied))?;
    result.push_str(rest);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bytes_of_changes_differ_and_an_overlap_is_an_error() {
        let change = |span, text: &str| Change { span, text: text.to_owned() };
        assert_eq!(splice("abcdef", vec![change(4..5, "EE"), change(0..1, "")]).as_deref(), Ok("bcdEEf"));
        assert_eq!(splice("abc", Vec::new()).as_deref(), Ok("abc"));
        assert_eq!(splice("abc", vec![change(0..2, ""), change(1..2, "")]), Err(Overlap(1..2)));
        assert_eq!(splice("abc", vec![change(2..9, "")]), Err(Overlap(9..9)));
        assert!(splice("é", vec![change(1..2, "")]).is_err());
    }
}
