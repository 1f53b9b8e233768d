//! JSON with comments and with commas behind the last item, which editors and their tools allow.

use std::ops::Range;

/// The text as JSON, every byte at its place, and the bytes of the comments: those and last commas become blanks.
pub(super) fn without_comments(text: &str) -> (String, Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut comments = Vec::new();
    let mut commas = Vec::new();
    let mut comma = None;
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'"' => {
                at = end_of_string(bytes, at + 1);
                comma = None;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = text[at..].find(['\n', '\r']).map_or(bytes.len(), |length| at + length);
                comments.push(start..at);
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = text[at + 2..].find("*/").map_or(bytes.len(), |length| at + 2 + length + 2);
                comments.push(start..at);
            }
            byte => {
                match byte {
                    b',' => comma = Some(at),
                    b'}' | b']' => commas.extend(comma.take()),
                    b' ' | b'\t' | b'\n' | b'\r' => {}
                    _ => comma = None,
                }
                at += 1;
            }
        }
    }
    let mut plain = bytes.to_vec();
    for comment in &comments {
        for byte in plain[comment.clone()].iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
            *byte = b' ';
        }
    }
    for comma in commas {
        plain[comma] = b' ';
    }
    // Comments are replaced whole and all else that is replaced is ASCII: what was UTF-8 still is.
    (String::from_utf8_lossy(&plain).into_owned(), comments)
}

/// Whether a text of JSON gives a key a text, as far as the text goes.
pub(super) fn gives(text: &str, key: &str) -> bool {
    text.match_indices(key).any(|(at, _)| {
        let value = text[at + key.len()..].strip_prefix('"').and_then(|rest| rest.trim_start().strip_prefix(':'));
        text[..at].ends_with('"') && value.is_some_and(|value| value.trim_start().starts_with('"'))
    })
}

fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_last_commas_are_blank_and_texts_stay() {
        for (text, plain) in [
            ("{\"a\": 1, // é\n}", "{\"a\": 1       \n}"),
            ("[1, /* , */ 2,]", "[1,         2 ]"),
            ("{\"a\": \"http://x, }\"}", "{\"a\": \"http://x, }\"}"),
            ("{\"a\\\"//\": [],}", "{\"a\\\"//\": [] }"),
            ("/*", "  "),
            ("[1,,]", "[1, ]"),
        ] {
            assert_eq!(without_comments(text).0, plain, "{text}");
        }
    }
}
