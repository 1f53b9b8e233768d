//! What was shown to others and must not come back in what is told: passwords, tokens, and the headers with them.
//!
//! A peer that was shown a secret may write it into a message, a header or a document, and an error that repeats it
//! would bring it into a log. So every header with a secret is made here, and every error goes through [`Sent::clean`].

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imagelock_core::Platform;
use reqwest::header::HeaderValue;

use crate::error::{Error, MESSAGE_BYTES};

/// What stands where a secret stood.
const REDACTED: &str = "[redacted]";

/// A secret of fewer bytes is in every other word: to cut it out of them would tell it.
const SHORTEST: usize = 4;

/// The secrets of a run.
#[derive(Default)]
pub(crate) struct Sent {
    /// In lower case: a peer may write one in any case.
    secrets: Mutex<BTreeSet<Box<str>>>,
}

impl Sent {
    /// Makes the header of Basic authentication.
    pub(crate) fn basic(&self, username: &str, password: &str) -> Result<HeaderValue, &'static str> {
        let login = STANDARD.encode(format!("{username}:{password}"));
        self.note(password);
        self.keep(unpadded(&login));
        header(&format!("Basic {login}"))
    }

    /// Makes the header that carries a token.
    pub(crate) fn bearer(&self, token: &str) -> Result<HeaderValue, &'static str> {
        self.keep(token);
        header(&format!("Bearer {token}"))
    }

    /// Keeps a password, or another secret that people chose or copy: as it is, and in base64.
    pub(crate) fn note(&self, secret: &str) {
        self.keep(secret);
        self.keep(unpadded(&STANDARD.encode(secret)));
    }

    fn keep(&self, secret: &str) {
        let secret = secret.to_ascii_lowercase();
        if secret.len() >= SHORTEST {
            self.secrets.lock().unwrap_or_else(PoisonError::into_inner).insert(secret.into());
        }
    }

    /// Cuts every secret out of a text, however it is encoded for an address or in JSON.
    pub(crate) fn cut(&self, text: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if secrets.is_empty() {
            return text.to_owned();
        }
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for read in [Decoded::plain(text), Decoded::of(text)] {
            // What was cut off at the most that is repeated may end within a secret.
            let open = text.len() + 4 > MESSAGE_BYTES;
            for secret in secrets.iter() {
                ranges.extend(read.text.match_indices(&**secret).map(|(at, _)| read.range(at, secret.len())));
                ranges.extend(open.then(|| read.unfinished(secret)).flatten());
            }
        }
        without(text, ranges)
    }

    /// Cuts every secret out of an error.
    pub(crate) fn clean(&self, mut error: Error) -> Error {
        for text in error.quoted_mut() {
            let cut = self.cut(text);
            if cut != *text {
                *text = cut;
            }
        }
        error.retain(&|name| self.is_clean(name), &|platform: &Platform| self.is_clean(&platform.to_string()));
        error
    }

    fn is_clean(&self, text: &str) -> bool {
        self.cut(text) == text
    }
}

/// A text without the escapes of addresses and of JSON, in lower case, and where each of its bytes was written.
struct Decoded {
    text: String,
    /// Where the character of each byte begins and ends in the source.
    from: Vec<Range<usize>>,
}

impl Decoded {
    fn plain(source: &str) -> Self {
        let mut read = Self { text: String::new(), from: Vec::new() };
        source.char_indices().for_each(|(at, character)| read.push(character, at..at + character.len_utf8()));
        read
    }

    fn of(source: &str) -> Self {
        let mut read = Self { text: String::new(), from: Vec::new() };
        let mut at = 0;
        while let Some(character) = source[at..].chars().next() {
            let (character, length) = escape(&source[at..]).unwrap_or((character, character.len_utf8()));
            read.push(character, at..at + length);
            at += length;
        }
        read
    }

    fn push(&mut self, character: char, from: Range<usize>) {
        let character = character.to_ascii_lowercase();
        self.text.push(character);
        self.from.extend(std::iter::repeat_n(from, character.len_utf8()));
    }

    fn range(&self, at: usize, length: usize) -> Range<usize> {
        self.from[at].start..self.from[at + length - 1].end
    }

    /// The end of the text, where it is the beginning of a secret.
    fn unfinished(&self, secret: &str) -> Option<Range<usize>> {
        let longest = self.text.len().min(secret.len() - 1);
        let fits = |length: &usize| secret.get(..*length).is_some_and(|start| self.text.ends_with(start));
        let length = (2..=longest).rev().find(fits)?;
        Some(self.range(self.text.len() - length, length))
    }
}

/// Reads `%41`, `\u0041`, `\x41`, `&#65;`, `&#x41;`, `\"` and `\/` at the beginning of a text: the character, and the
/// length of what stands for it. Only what is written in ASCII is read: secrets are.
fn escape(text: &str) -> Option<(char, usize)> {
    let hex = |from: usize, digits: usize| {
        let code = u8::try_from(u32::from_str_radix(text.get(from..from + digits)?, 16).ok()?).ok()?;
        code.is_ascii().then_some((char::from(code), from + digits))
    };
    if text.starts_with('%') {
        return hex(1, 2);
    }
    if let Some(entity) = text.strip_prefix("&#") {
        let end = entity.find(';').filter(|end| *end <= 6)?;
        let digits = &entity[..end];
        let code = match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => digits.parse().ok()?,
        };
        let code = u8::try_from(code).ok().filter(u8::is_ascii)?;
        return Some((char::from(code), end + 3));
    }
    let escaped = text.strip_prefix('\\')?;
    match escaped.chars().next()? {
        'u' => hex(2, 4),
        'x' => hex(2, 2),
        character @ ('"' | '\\' | '/' | '\'') => Some((character, 2)),
        _ => None,
    }
}

/// Padding is left out as often as not.
fn unpadded(encoded: &str) -> &str {
    encoded.trim_end_matches('=')
}

fn without(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut cut = String::new();
    let mut at = 0;
    for range in ranges {
        if range.start >= at {
            cut.push_str(&text[at..range.start]);
            cut.push_str(REDACTED);
        }
        at = at.max(range.end);
    }
    cut.push_str(&text[at..]);
    cut
}

fn header(text: &str) -> Result<HeaderValue, &'static str> {
    let mut header = HeaderValue::from_str(text).map_err(|_| "it has characters that no header can carry")?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent() -> Sent {
        let sent = Sent::default();
        sent.basic("me", "hun=ter/2 \"x\"").unwrap();
        sent.bearer("eyJhbGciOi.J9").unwrap();
        sent
    }

    #[test]
    fn what_was_sent_is_cut_out_in_every_encoding() {
        let encoded = STANDARD.encode("me:hun=ter/2 \"x\"");
        for (text, expected) in [
            (format!("you sent Basic {encoded}"), "you sent Basic [redacted]=="),
            (format!("you sent {}", encoded.trim_end_matches('=')), "you sent [redacted]"),
            (STANDARD.encode("hun=ter/2 \"x\""), "[redacted]=="),
            ("me:hun=ter/2 \"x\" twice hun=ter/2 \"x\".".to_owned(), "me:[redacted] twice [redacted]."),
            ("HUN=TER/2 \"X\"".to_owned(), "[redacted]"),
            ("?p=hun%3Dter%2F2%20%22x%22&q".to_owned(), "?p=[redacted]&q"),
            ("hun%3dter%2f2%20%22x%22".to_owned(), "[redacted]"),
            ("%68un=ter/2 %22x\"".to_owned(), "[redacted]"),
            (r#"{"a":"hun=ter\/2 \"x\""}"#.to_owned(), r#"{"a":"[redacted]"}"#),
            (r"hun=ter/\u0032 \x22x\u0022".to_owned(), "[redacted]"),
            ("hun&#61;ter/2 &#x22;x&#34;".to_owned(), "[redacted]"),
            ("Bearer eyJhbGciOi.J9, eyJhbGciOi.J9".to_owned(), "Bearer [redacted], [redacted]"),
            (
                "hunter2 is nobody's, 100 % \\ &#; &#999999; é".to_owned(),
                "hunter2 is nobody's, 100 % \\ &#; &#999999; é",
            ),
            (String::new(), ""),
        ] {
            assert_eq!(sent().cut(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_secret_that_is_cut_off_where_a_message_ends_is_cut_out_too() {
        let sent = sent();
        for kept in 2..8 {
            let message = format!("{}eyJhbGciOi.J9", "x".repeat(MESSAGE_BYTES - kept));
            let cut = sent.cut(&message[..MESSAGE_BYTES]);
            assert!(cut.ends_with("x[redacted]"), "{kept}: {}", &cut[cut.len() - 20..]);
        }
        assert_eq!(sent.cut("a short text may end in eyJ"), "a short text may end in eyJ");
    }

    #[test]
    fn a_secret_of_a_letter_or_two_is_not_cut_out_of_words() {
        let sent = Sent::default();
        sent.basic("me", "no").unwrap();
        assert_eq!(sent.cut("no such tag"), "no such tag");
        assert_eq!(sent.cut("Basic bWU6bm8="), "Basic [redacted]=");
    }

    proptest! {
        #[test]
        fn no_text_keeps_a_secret(before in ".{0,12}", secret in "[0-9#$%&'*+./:;=?@^_~-]{4,12}", after in ".{0,12}") {
            let sent = Sent::default();
            sent.note(&secret);
            let cut = sent.cut(&format!("{before}{secret}{after}"));
            prop_assert!(!cut.contains(&secret), "{cut}");
        }
    }
}
