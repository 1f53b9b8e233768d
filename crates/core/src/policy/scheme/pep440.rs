//! Python's versions (PEP 440), without epochs and local versions, which no tag can hold.

use super::super::tag_version::{TagVersion, without_v};

pub(super) fn read(text: &str) -> Option<TagVersion> {
    let text = text.to_ascii_lowercase();
    let mut rest = Rest(without_v(&text));
    let mut version = TagVersion { numbers: vec![rest.digits()??], ..TagVersion::default() };
    while let Some(after) = rest.0.strip_prefix('.').filter(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
        rest = Rest(after);
        version.numbers.push(rest.digits()??);
    }
    let words = [
        ("alpha", "alpha"),
        ("beta", "beta"),
        ("preview", "rc"),
        ("pre", "rc"),
        ("rc", "rc"),
        ("a", "alpha"),
        ("b", "beta"),
        ("c", "rc"),
    ];
    if let Some((word, number)) = rest.marked(&words)? {
        version.pre = semver::Prerelease::new(&format!("{word}.{number}")).ok();
    }
    // `1.0-1` is the first post-release (PEP 440, "Implicit post releases").
    if let Some(after) = rest.0.strip_prefix('-').filter(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
        rest = Rest(after);
        version.build.push(rest.digits()??);
    } else if let Some((_, number)) = rest.marked(&[("post", ""), ("rev", ""), ("r", "")])? {
        version.build.push(number);
    }
    if let Some((_, number)) = rest.marked(&[("dev", "")])? {
        if version.pre.is_none() && version.build.is_empty() {
            // Below every pre-release: SemVer puts numbers below words.
            version.pre = semver::Prerelease::new(&format!("0.dev.{number}")).ok();
        } else {
            version.dev = Some(number);
        }
    }
    rest.0.is_empty().then_some(version)
}

struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// Takes a number; the outer nothing where there is none, the inner one where it is too large.
    fn digits(&mut self) -> Option<Option<u64>> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        (digits > 0).then(|| number.parse().ok())
    }

    /// Takes one of the words with its number, 0 where it has none, and the separators that may stand around; nothing where
    /// a number is too large.
    fn marked<'w>(&mut self, words: &[(&str, &'w str)]) -> Option<Option<(&'w str, u64)>> {
        let text = self.0.strip_prefix(['-', '_', '.']).unwrap_or(self.0);
        let Some((word, means)) = words.iter().find(|(word, _)| text.starts_with(word)) else { return Some(None) };
        let behind = &text[word.len()..];
        let parted = behind.strip_prefix(['-', '_', '.']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        self.0 = parted.unwrap_or(behind);
        let number = match self.digits() {
            None => 0,
            Some(number) => number?,
        };
        Some(Some((means, number)))
    }
}
