//! The order of Alpine's versions, `digit{.digit}...{letter}{_suffix{#}}...{~hash}{-r#}` (apk-package(5)).
//!
//! A version is a row of tokens whose kinds only ever rise. Two are compared token by token; the first kind that differs,
//! or the first token, decides.

use std::cmp::Ordering;

use super::{numbers, run};

/// The suffixes in their order: those before the release, and those after it.
const SUFFIXES: [&[u8]; 9] = [b"alpha", b"beta", b"pre", b"rc", b"cvs", b"svn", b"git", b"hg", b"p"];

/// How many of the suffixes come before the release.
const BEFORE: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    FirstNumber,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
    End,
    Invalid,
}

#[derive(Clone, Copy)]
struct Token<'a> {
    kind: Kind,
    value: &'a [u8],
    /// The place of a suffix in its order.
    suffix: usize,
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (Tokens::of(left), Tokens::of(right));
    loop {
        let (one, other) = (left.token, right.token);
        if one.kind != other.kind {
            return at_a_fork(&one, &other);
        }
        if one.kind >= Kind::End {
            return Ordering::Equal;
        }
        let ordering = values(&one, &other);
        if ordering.is_ne() {
            return ordering;
        }
        left.advance();
        right.advance();
    }
}

/// The longer version is the later one, unless a suffix makes it a pre-release.
fn at_a_fork(one: &Token<'_>, other: &Token<'_>) -> Ordering {
    let is_before = |token: &Token<'_>| token.kind == Kind::Suffix && token.suffix < BEFORE;
    if is_before(one) {
        Ordering::Less
    } else if is_before(other) {
        Ordering::Greater
    } else {
        other.kind.cmp(&one.kind)
    }
}

fn values(one: &Token<'_>, other: &Token<'_>) -> Ordering {
    match one.kind {
        // A leading zero makes a fraction of a number: `1.09` comes before `1.1`.
        Kind::Number if one.value.first() == Some(&b'0') || other.value.first() == Some(&b'0') => {
            one.value.cmp(other.value)
        }
        Kind::FirstNumber | Kind::Number | Kind::SuffixNumber | Kind::Revision => numbers(one.value, other.value),
        Kind::Suffix => one.suffix.cmp(&other.suffix),
        Kind::Letter | Kind::Hash | Kind::End | Kind::Invalid => one.value.cmp(other.value),
    }
}

struct Tokens<'a> {
    token: Token<'a>,
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    fn of(version: &'a str) -> Self {
        let end = Token { kind: Kind::End, value: b"", suffix: 0 };
        let mut tokens = Self { token: end, rest: version.as_bytes() };
        tokens.number(Kind::FirstNumber);
        tokens
    }

    fn advance(&mut self) {
        let before = self.token.kind;
        let Some((first, rest)) = self.rest.split_first() else {
            self.token.kind = Kind::End;
            return;
        };
        match first {
            b'a'..=b'z' if before <= Kind::Number => {
                self.token = Token { kind: Kind::Letter, value: &self.rest[..1], suffix: 0 };
                self.rest = rest;
            }
            b'.' if before <= Kind::Number => {
                self.rest = rest;
                self.number(Kind::Number);
            }
            b'0'..=b'9' if before <= Kind::Number => self.number(Kind::Number),
            b'0'..=b'9' if before == Kind::Suffix => self.number(Kind::SuffixNumber),
            b'_' if before <= Kind::SuffixNumber => {
                let (name, rest) = run(rest, u8::is_ascii_lowercase);
                self.rest = rest;
                let suffix = SUFFIXES.iter().position(|suffix| *suffix == name);
                let kind = if suffix.is_some() { Kind::Suffix } else { Kind::Invalid };
                self.token = Token { kind, value: name, suffix: suffix.unwrap_or_default() };
            }
            b'~' if before < Kind::Hash => {
                let (hash, rest) = run(rest, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
                self.rest = rest;
                let kind = if hash.is_empty() { Kind::Invalid } else { Kind::Hash };
                self.token = Token { kind, value: hash, suffix: 0 };
            }
            b'-' if before < Kind::Revision && rest.first() == Some(&b'r') => {
                self.rest = &rest[1..];
                self.number(Kind::Revision);
            }
            _ => self.token.kind = Kind::Invalid,
        }
    }

    fn number(&mut self, kind: Kind) {
        let (digits, rest) = run(self.rest, u8::is_ascii_digit);
        self.rest = rest;
        let kind = if digits.is_empty() { Kind::Invalid } else { kind };
        self.token = Token { kind, value: digits, suffix: 0 };
    }
}
