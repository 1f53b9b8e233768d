//! An order for all other versions: SemVer 2.0.0 where it is the rule, and numbers and words elsewhere.

use std::cmp::Ordering;

use super::{run, significant};

/// What a `-` after the numbers means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dash {
    /// A pre-release begins, as in SemVer.
    PreRelease,
    /// Nothing: `1.0-2` comes after `1.0`.
    Separator,
}

/// A part of a version. The variants are in their order: what begins a pre-release comes before the end.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Token<'a> {
    /// A pre-release, by its stage.
    Before(u8),
    End,
    /// What is published after the release: a patch, a word that says nothing of the order.
    Word(&'a str),
    /// The digits without leading zeros; the longer ones are the larger number.
    Number(usize, &'a [u8]),
    /// An identifier of a pre-release of SemVer that is no number: it comes after those that are.
    Identifier(&'a str),
}

pub(super) fn compare(left: &str, right: &str, dash: Dash) -> Ordering {
    tokens(left, dash).cmp(&tokens(right, dash))
}

/// The stages of a pre-release, by the words that languages and people use for them.
fn stage(word: &str) -> Option<u8> {
    Some(match word.to_ascii_lowercase().as_str() {
        "dev" | "snapshot" => 0,
        "a" | "alpha" => 1,
        "b" | "beta" => 2,
        "m" | "milestone" => 3,
        "c" | "rc" | "cr" | "pre" | "preview" => 4,
        _ => return None,
    })
}

/// Words that a version has and that say nothing.
fn says_nothing(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "final" | "ga" | "release")
}

fn tokens(version: &str, dash: Dash) -> Vec<Token<'_>> {
    let version = version.trim();
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    // What is built from the same source has the same place in the order.
    let version = version.split_once('+').map_or(version, |(version, _)| version);
    let (release, before) = match dash {
        Dash::PreRelease => version.split_once('-').map_or((version, None), |(release, rest)| (release, Some(rest))),
        Dash::Separator => (version, None),
    };
    let mut tokens = Vec::new();
    words(release, &mut tokens);
    if let Some(before) = before {
        tokens.push(Token::Before(0));
        tokens.extend(before.split('.').map(|identifier| {
            let digits = identifier.as_bytes();
            let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
            if is_number { number(digits) } else { Token::Identifier(identifier) }
        }));
    }
    tokens.push(Token::End);
    tokens
}

fn words<'a>(mut rest: &'a str, tokens: &mut Vec<Token<'a>>) {
    while let Some(first) = rest.bytes().next() {
        let belongs: fn(&u8) -> bool = match first {
            b'0'..=b'9' => u8::is_ascii_digit,
            // What is not ASCII stays whole.
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => |byte| byte.is_ascii_alphabetic() || !byte.is_ascii(),
            _ => |byte| byte.is_ascii() && !byte.is_ascii_alphanumeric(),
        };
        let (word, after) = rest.split_at(run(rest.as_bytes(), belongs).0.len());
        rest = after;
        match first {
            b'0'..=b'9' => tokens.push(number(word.as_bytes())),
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. if !says_nothing(word) => {
                tokens.push(stage(word).map_or(Token::Word(word), Token::Before));
            }
            _ => {}
        }
    }
}

fn number(digits: &[u8]) -> Token<'_> {
    let digits = significant(digits);
    Token::Number(digits.len(), digits)
}
