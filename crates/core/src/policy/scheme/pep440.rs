//! Python's versions (PEP 440), without epochs and local versions, which no tag can hold.

use super::super::tag_version::{TagVersion, without_v};

pub(super) fn read(text: &str) -> Option<TagVersion> {
    let text = text.to_ascii_lowercase();
    let mut rest = Rest(without_v(&text));
    let mut version = TagVersion { numbers: vec![rest.digits().ok()??], ..TagVersion::default() };
    while let Some(after) = rest.0.strip_prefix('.').filter(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
        rest = Rest(after);
        version.numbers.push(rest.digits().ok()??);
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
    if let Some((word, number)) = rest.marked(&words).ok()? {
        version.pre = semver::Prerelease::new(&format!("{word}.{number}")).ok();
    }
    // `1.0-1` is the first post-release (PEP 440, "Implicit post releases").
    if let Some(after) = rest.0.strip_prefix('-').filter(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
        rest = Rest(after);
        version.build.push(rest.digits().ok()??);
    } else if let Some((_, number)) = rest.marked(&[("post", ""), ("rev", ""), ("r", "")]).ok()? {
        version.build.push(number);
    }
    if let Some((_, number)) = rest.marked(&[("dev", "")]).ok()? {
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

/// A number that is none here.
struct TooLarge;

impl Rest<'_> {
    /// Takes a number; nothing where there is none.
    fn digits(&mut self) -> Result<Option<u64>, TooLarge> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        if digits == 0 { Ok(None) } else { number.parse().map(Some).map_err(|_| TooLarge) }
    }

    /// Takes one of the words with its number, 0 where it has none, and the separators that may stand around.
    fn marked<'w>(&mut self, words: &[(&str, &'w str)]) -> Result<Option<(&'w str, u64)>, TooLarge> {
        let text = self.0.strip_prefix(['-', '_', '.']).unwrap_or(self.0);
        let Some((word, means)) = words.iter().find(|(word, _)| text.starts_with(word)) else { return Ok(None) };
        let behind = &text[word.len()..];
        let parted = behind.strip_prefix(['-', '_', '.']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        self.0 = parted.unwrap_or(behind);
        Ok(Some((means, self.digits()?.unwrap_or(0))))
    }
}
