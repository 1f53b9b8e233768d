//! What a tag says of its image beside the version: `alpine3.20`, `jre-jammy`, `debian-12-r24`.

use std::fmt::{Display, Formatter};

/// A flavour. Its *kind* is its text with `*` for its numbers, so `alpine`, `alpine3.19` and `alpine3.20` are of one kind,
/// and `bookworm` is of another. Only tags of one kind compete; the numbers order what the version leaves open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flavour {
    parts: Natural,
    kind: String,
}

impl Flavour {
    pub(super) fn new(text: &str) -> Self {
        let mut kind = String::new();
        for part in Natural::of(text).0 {
            match part {
                // `3.20` is one number with a point in it.
                Part::Number(..) if kind.ends_with("*.") => drop(kind.pop()),
                Part::Number(..) => kind.push('*'),
                Part::Text(text) => kind.push_str(&text),
            }
        }
        let kind = kind.trim_end_matches(['*', '-', '_', '.']).to_owned();
        Self { parts: Natural::of(text), kind }
    }

    pub(super) fn kind(&self) -> &str {
        &self.kind
    }
}

impl Display for Flavour {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        self.parts.fmt(formatter)
    }
}

/// A text whose runs of digits compare as numbers and whose rest compares by bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Natural(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(Number),
    Text(String),
}

/// Digits without leading zeros, told apart by length first, so that no number is too long.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(usize, String);

impl Number {
    /// Reads digits alone.
    pub(super) fn of(text: &str) -> Option<Self> {
        let digits = text.trim_start_matches('0');
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| Self(digits.len(), digits.to_owned()))
    }
}

impl Display for Number {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(if self.0 == 0 { "0" } else { &self.1 })
    }
}

impl Natural {
    pub(super) fn of(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let end = if digits > 0 { digits } else { rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()) };
            let (part, behind) = rest.split_at(end);
            parts.push(Number::of(part).map_or_else(|| Part::Text(part.to_owned()), Part::Number));
            rest = behind;
        }
        Self(parts)
    }
}

impl Display for Natural {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Number(number) => number.fmt(formatter),
            Part::Text(text) => formatter.write_str(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_a_flavour_without_its_numbers() {
        for (text, kind) in [
            ("alpine", "alpine"),
            ("alpine3.20", "alpine"),
            ("debian-12-r24", "debian-*-r"),
            ("windowsservercore-ltsc2022", "windowsservercore-ltsc"),
            ("nanoserver-1809", "nanoserver"),
            ("ubi9-minimal", "ubi*-minimal"),
            ("jre-jammy", "jre-jammy"),
            ("", ""),
        ] {
            assert_eq!(Flavour::new(text).kind(), kind, "{text}");
        }
    }

    #[test]
    fn numbers_in_texts_compare_by_value() {
        for (less, more) in [("alpine3.9", "alpine3.20"), ("alpine", "alpine3.9"), ("debian-12-r9", "debian-12-r10")] {
            assert!(Flavour::new(less) < Flavour::new(more), "{less} {more}");
        }
        assert_eq!(Natural::of("r007").to_string(), "r7");
        assert!(Natural::of("99999999999999999999999") > Natural::of("9"));
    }
}
