//! A text, or an expression that a whole text has to match.

use std::fmt;
use std::str::FromStr;

use crate::expression;

/// What an identity has to be: this text, or, where it begins with `^` and ends with `$`, one that the expression matches as
/// a whole.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    expression: Option<regex::Regex>,
}

/// Why a text is no [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is nobody's.
    #[error("an identity is not empty")]
    Empty,
    /// Half of an expression: it would be taken for a text that nobody has, or for an expression that is not anchored.
    #[error("an expression begins with `^` and ends with `$`, so that it matches the whole text")]
    Anchors,
    /// No expression.
    #[error("no regular expression: {0}")]
    Expression(String),
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text.trim().is_empty() {
            return Err(PatternError::Empty);
        }
        let is_escaped = text
            .strip_suffix('$')
            .is_some_and(|rest| rest.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1);
        let expression = match (text.starts_with('^'), text.ends_with('$') && !is_escaped) {
            (false, false) => None,
            (true, true) if text.len() > 1 => {
                // In a group of its own: `^a|b$` means either text, and not what begins or ends with one of them.
                let inner = &text[1..text.len() - 1];
                let whole = format!(r"\A(?:{inner})\z");
                // What is whole only inside of the group would close it.
                expression::bounded(inner).map_err(PatternError::Expression)?;
                Some(expression::bounded(&whole).map_err(PatternError::Expression)?)
            }
            _ => return Err(PatternError::Anchors),
        };
        Ok(Self { text: text.to_owned(), expression })
    }
}

impl Pattern {
    /// Whether a text is the one that is meant, or one of them.
    pub fn matches(&self, text: &str) -> bool {
        self.expression.as_ref().map_or_else(|| self.text == text, |expression| expression.is_match(text))
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().matches(text)
    }

    #[test]
    fn a_text_is_itself_and_an_expression_matches_from_end_to_end() {
        assert!(matches("me@example.com", "me@example.com"));
        for other in ["me@example.com.evil.org", "Me@example.com", "me@exampleXcom", ""] {
            assert!(!matches("me@example.com", other), "{other}");
        }
        assert!(matches("^me@example\\.com$", "me@example.com"));
        for other in ["me@example.com\n", "xme@example.com", "me@example.com.evil.org"] {
            assert!(!matches("^me@example\\.com$", other), "{other:?}");
        }
    }

    #[test]
    fn neither_an_alternative_nor_a_flag_nor_a_bracket_gets_out_of_the_anchors() {
        for (pattern, other) in
            [("^a|b$", "axx"), ("^a|b$", "xxb"), ("^(?m)a$", "a\nb"), ("^(?m)^a$|b$", "x\na"), ("^(?x)a #$", "axx")]
        {
            assert!(!pattern.parse::<Pattern>().is_ok_and(|read| read.matches(other)), "{pattern} {other:?}");
        }
        assert!(matches("^a|b$", "a") && matches("^a|b$", "b"));
        assert!("^a)|(?:.*$".parse::<Pattern>().is_err());
    }

    #[test]
    fn half_of_an_expression_is_none() {
        for half in ["^a", "a$", "^", "$", "^a\\$"] {
            assert_eq!(half.parse::<Pattern>(), Err(PatternError::Anchors), "{half}");
        }
        assert_eq!(" ".parse::<Pattern>(), Err(PatternError::Empty));
        assert!(matches!("^($".parse::<Pattern>(), Err(PatternError::Expression(_))));
        assert!(matches("^a\\\\$", "a\\"));
    }
}
