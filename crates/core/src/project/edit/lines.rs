//! Lines of a text: where they start and end, and which comments belong to which.

use std::ops::Range;

/// How the lines of `text` end.
pub(super) fn end(text: &str) -> &'static str {
    let first = text.find('\n');
    if first.is_some_and(|at| text[..at].ends_with('\r')) { "\r\n" } else { "\n" }
}

/// Where the line that holds the byte `at` starts.
pub(super) fn start_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1)
}

/// Where the line that holds the byte `at` ends, after its line end.
pub(super) fn end_of(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// The line before the one that starts at `start`.
fn before(text: &str, start: usize) -> Option<Range<usize>> {
    let end = start.checked_sub(1)?;
    Some(start_of(text, end)..start)
}

/// The line that starts at `start`; at the end of the text an empty one.
fn after(text: &str, start: usize) -> Range<usize> {
    start..end_of(text, start)
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// The start of the comment lines right above the line that starts at `start`.
pub(super) fn with_comments_above(text: &str, mut start: usize) -> usize {
    while let Some(line) = before(text, start).filter(|line| is_comment(&text[line.clone()])) {
        start = line.start;
    }
    start
}

/// The end of the comment lines right below the line that ends at `end`, unless they stand right above another line
/// and so belong to that one.
pub(super) fn with_comments_below(text: &str, end: usize) -> usize {
    let mut line = after(text, end);
    while is_comment(&text[line.clone()]) {
        line = after(text, line.end);
    }
    if is_blank(&text[line.clone()]) { line.start } else { end }
}

/// Whether a blank line, or nothing more, starts at `start`.
pub(super) fn is_blank_at(text: &str, start: usize) -> bool {
    is_blank(&text[after(text, start)])
}

/// Whether the line before `start` is blank, or there is none.
pub(super) fn is_blank_before(text: &str, start: usize) -> bool {
    before(text, start).is_none_or(|line| is_blank(&text[line]))
}

/// Inserts whole `lines` at `at`, the start of a line or the end of the text. A text whose last line has no end keeps
/// it so.
pub(super) fn insert(text: &str, at: usize, lines: &[String]) -> String {
    let end = end(text);
    let inserted = lines.join(end);
    let (head, tail) = text.split_at(at);
    if tail.is_empty() && !head.is_empty() && !head.ends_with('\n') {
        format!("{head}{end}{inserted}")
    } else {
        format!("{head}{inserted}{end}{tail}")
    }
}

/// Removes whole lines. Where blank lines stand on both sides, one of them goes too.
pub(super) fn remove(text: &str, lines: Range<usize>) -> String {
    let Range { mut start, mut end } = lines;
    if is_blank_before(text, start) && is_blank_at(text, end) {
        match before(text, start) {
            Some(line) => start = line.start,
            None => end = after(text, end).end,
        }
    }
    let (head, tail) = (&text[..start], &text[end..]);
    if tail.is_empty() && !text.ends_with('\n') {
        let head = head.strip_suffix('\n').unwrap_or(head);
        return head.strip_suffix('\r').unwrap_or(head).to_owned();
    }
    format!("{head}{tail}")
}
