//! The lines of a file that an error is about, as a terminal may show them.
//!
//! Only a few bytes round each place are looked at: a file with as many mistakes as lines is shown in proportion. What
//! steers a terminal is escaped, and a line that is too long to be read is cut.

use std::ops::Range;
use std::sync::Arc;

use imagelock_core::source::{Label, Location, SourceFile};

use crate::shell::escaped;

/// How many bytes of a line are shown before a place and behind its start.
const REACH: usize = 400;
/// Places further apart than this are shown apart.
const GAP: usize = 4 << 10;

/// Lines of a file that stand together.
pub(crate) struct Excerpt<'l> {
    /// The lines, escaped, without the last line end.
    pub(crate) text: String,
    /// The number of the first.
    pub(crate) first_line: usize,
    /// The places in them, in bytes of `text`.
    pub(crate) places: Vec<(&'l Label, Range<usize>)>,
}

/// The excerpts that show all of `labels`, which point into one file: the one with the first label, the rest in the order
/// of the file.
pub(crate) fn excerpts<'l>(labels: &[&'l Label]) -> Vec<Excerpt<'l>> {
    let Some(first) = labels.first() else { return Vec::new() };
    let file = &first.at.file;
    let mut sorted: Vec<(&Label, Range<usize>)> = labels.iter().map(|label| (*label, shown(label))).collect();
    sorted.sort_by_key(|(_, span)| (span.start, span.end));
    let mut groups: Vec<Vec<(&Label, Range<usize>)>> = Vec::new();
    for (label, span) in sorted {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|(_, last)| span.start < last.end + GAP) => {
                group.push((label, span));
            }
            _ => groups.push(vec![(label, span)]),
        }
    }
    let holds_first = |group: &Vec<(&Label, Range<usize>)>| group.iter().any(|(label, _)| std::ptr::eq(*label, *first));
    if let Some(at) = groups.iter().position(holds_first) {
        groups[..=at].rotate_right(1);
    }
    groups.into_iter().map(|group| excerpt(file, group)).collect()
}

/// A table or an array would underline all of its lines: the first is enough to find it.
fn shown(label: &Label) -> Range<usize> {
    let (text, span) = (label.at.file.text(), &label.at.span);
    let end = text.floor_char_boundary(span.end.min(span.start + REACH)).max(span.start);
    let line = text[span.start..end].find(['\n', '\r']).map_or(end, |line| span.start + line);
    span.start..line
}

fn excerpt<'l>(file: &Arc<SourceFile>, places: Vec<(&'l Label, Range<usize>)>) -> Excerpt<'l> {
    let whole = file.text();
    let start = places.first().map_or(0, |(_, span)| span.start);
    let end = places.iter().map(|(_, span)| span.end).max().unwrap_or(start);
    let (from, cut_before) = line_start(whole, start);
    let (to, cut_behind) = line_end(whole, end);
    let mut text = if cut_before { "…".to_owned() } else { String::new() };
    // Where each byte of the file's text went.
    let mut moved = Vec::with_capacity(to - from + 1);
    let lines = &whole[from..to];
    for (at, character) in lines.char_indices() {
        moved.resize(at + 1, text.len());
        match character {
            '\n' | '\t' => text.push(character),
            '\r' if lines[at..].starts_with("\r\n") => {}
            character => text.extend(escaped(character)),
        }
    }
    moved.resize(lines.len() + 1, text.len());
    if cut_behind {
        text.push('…');
    }
    let places = places.into_iter().map(|(label, span)| (label, moved[span.start - from]..moved[span.end - from]));
    let first_line = Location::new(file, start..start).line();
    Excerpt { text, first_line, places: places.collect() }
}

/// Where the line of a place starts, or what is shown of it; and whether something before that is left out.
fn line_start(text: &str, at: usize) -> (usize, bool) {
    let reach = text.ceil_char_boundary(at.saturating_sub(REACH));
    match text[reach..at].rfind('\n') {
        Some(end) => (reach + end + 1, false),
        None => (reach, reach > 0 && !text[..reach].ends_with('\n')),
    }
}

fn line_end(text: &str, at: usize) -> (usize, bool) {
    let reach = text.floor_char_boundary(at.saturating_add(REACH));
    let rest = &text[at..reach];
    match rest.find('\n') {
        Some(end) => (at + rest[..end].trim_end_matches('\r').len(), false),
        None => (reach, reach < text.len() && !text[reach..].starts_with('\n')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, spans: &[(usize, usize)]) -> Vec<(usize, String, Vec<String>)> {
        let file = SourceFile::new("a", text);
        let labels: Vec<Label> =
            spans.iter().map(|span| Label::primary(&Location::new(&file, span.0..span.1), "")).collect();
        let labels: Vec<&Label> = labels.iter().collect();
        let excerpts = excerpts(&labels).into_iter();
        let shown = |excerpt: Excerpt<'_>| {
            let marked = excerpt.places.iter().map(|(_, span)| excerpt.text[span.clone()].to_owned()).collect();
            (excerpt.first_line, excerpt.text, marked)
        };
        excerpts.map(shown).collect()
    }

    #[test]
    fn what_steers_a_terminal_is_escaped_and_the_place_moves_with_it() {
        let text = "\u{feff}a = 1\r\n\tb\u{9b}31m\u{202e} = \"é\u{7f}\"\r\nc\n";
        let at = |what: &str| text.find(what).unwrap();
        let mark = (0, 3);
        let value = (at("\"é"), at("\"\r\nc") + 1);
        assert_eq!(
            shown(text, &[value]),
            [(2, "\tb\\u{9b}31m\\u{202e} = \"é\\u{7f}\"".to_owned(), vec!["\"é\\u{7f}\"".to_owned()])]
        );
        assert_eq!(shown(text, &[mark]), [(1, "\\u{feff}a = 1".to_owned(), vec!["\\u{feff}".to_owned()])]);
        assert_eq!(shown("a\n", &[(2, 2)]), [(2, String::new(), vec![String::new()])]);
        assert_eq!(shown("", &[(0, 0)]), [(1, String::new(), vec![String::new()])]);
    }

    #[test]
    fn of_a_long_file_or_line_only_what_is_round_the_place_is_taken() {
        let lines = "x = 1\n".repeat(100_000);
        assert_eq!(shown(&lines, &[(300_000, 300_001)]), [(50_001, "x = 1".to_owned(), vec!["x".to_owned()])]);
        let line = format!("a = \"{}\"", "é".repeat(100_000));
        let found = shown(&line, &[(100_001, 190_000)]);
        let [(1, text, marked)] = &found[..] else { panic!("{found:?}") };
        assert!(text.starts_with("…é") && text.ends_with("é…") && text.len() < 4 * REACH, "{text}");
        assert!(marked[0].starts_with('é') && marked[0].len() <= REACH + 1);
    }

    #[test]
    fn places_that_are_near_stand_together_and_the_first_label_comes_first() {
        let text = "x = 1\n".repeat(10_000);
        let found = shown(&text, &[(30_000, 30_001), (0, 1), (6, 7), (59_994, 59_995)]);
        let lines: Vec<(usize, usize)> = found.iter().map(|(line, _, marked)| (*line, marked.len())).collect();
        assert_eq!(lines, [(5001, 1), (1, 2), (10_000, 1)]);
        assert_eq!(found[1].1, "x = 1\nx = 1");
    }

    #[test]
    fn as_many_mistakes_as_lines_take_as_many_bytes() {
        let of = |count: usize| {
            let file = SourceFile::new("a", "x = 1, ".repeat(count));
            let label = |at: usize| Label::primary(&Location::new(&file, at * 7..at * 7 + 1), "");
            let one = |at| excerpts(&[&label(at)]).iter().map(|excerpt| excerpt.text.len()).sum::<usize>();
            (0..count).map(one).max().unwrap_or_default()
        };
        assert_eq!(of(1000), of(8000), "what is shown of a mistake does not grow with the file");
    }
}
