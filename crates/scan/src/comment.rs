//! Comments that speak to imagelock: `# imagelock: postgres:tag`.

use std::ops::Range;

use crate::{Lines, moved};

/// What a comment says first when it speaks to imagelock.
pub const WORD: &str = "imagelock:";

/// What a comment says to have its line left alone: `# imagelock: ignore (made by a test)`.
const IGNORE: &str = "ignore";

/// A comment that speaks to imagelock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its bytes, with what opens and closes it.
    pub span: Range<usize>,
    /// The bytes of the first word that it says: `postgres:tag`; what follows is for people.
    pub said: Range<usize>,
    /// Its line, counted from 1.
    pub line: usize,
    /// Whether nothing else stands on the line: it speaks of the next one.
    pub alone: bool,
}

/// Finds the comments that speak to imagelock. A comment starts with one of `openers`; what is `hidden`, by the byte it
/// starts at, is text of the language and no comment.
pub(crate) fn speaking(
    text: &str,
    lines: &Lines,
    openers: &[&'static str],
    hidden: impl Fn(usize) -> bool,
) -> Vec<Comment> {
    let mut comments: Vec<Comment> = Vec::new();
    for (word, _) in text.match_indices(WORD) {
        // A line has one comment that speaks. Two are a mistake, and more say nothing new.
        if comments.len() > 1 && comments[comments.len() - 2].line == lines.of(word) {
            continue;
        }
        comments.extend(at(text, lines, openers, word).filter(|comment| !hidden(comment.span.start)));
    }
    comments
}

impl Comment {
    /// The line that it speaks of: its own, or the next where nothing else stands on its own.
    pub fn subject(&self) -> usize {
        self.line + usize::from(self.alone)
    }

    /// Why the line is to be left alone, if that is what it asks for; empty where it says no reason.
    pub fn ignores<'t>(&self, text: &'t str) -> Option<&'t str> {
        let asked = text.get(self.said.clone()) == Some(IGNORE);
        let reason = text.get(self.said.end..self.span.end).filter(|_| asked)?.trim();
        let reason = reason.strip_suffix("-->").or_else(|| reason.strip_suffix("*/")).unwrap_or(reason).trim();
        Some(reason.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')).unwrap_or(reason))
    }

    /// The same comment where so many bytes stand in front of the text.
    pub(crate) fn moved(self, by: usize) -> Self {
        Self { span: moved(self.span, by), said: moved(self.said, by), ..self }
    }
}

fn at(text: &str, lines: &Lines, openers: &[&'static str], word: usize) -> Option<Comment> {
    let number = lines.of(word);
    let line = lines.range(number);
    let (line, start) = (text[line.clone()].trim_end_matches(['\n', '\r']), line.start);
    let before = line[..word - start].trim_end_matches([' ', '\t']);
    let opener = openers.iter().find(|opener| before.ends_with(**opener))?;
    let opens = before.len() - opener.len();
    let front = line[..opens].trim_start_matches('\u{feff}').trim_start();
    // `https://imagelock:8080` is no comment, and in `# image = "a" # imagelock: web` all is one.
    if *opener == "//" && front.ends_with(':') || !front.is_empty() && front.starts_with(opener) {
        return None;
    }
    let closer = match *opener {
        "<!--" => Some("-->"),
        "/*" => Some("*/"),
        _ => None,
    };
    let rest = &line[word - start + WORD.len()..];
    let inside = closer.and_then(|closer| rest.find(closer)).unwrap_or(rest.len());
    let closes = closer.filter(|closer| rest[inside..].starts_with(*closer)).map_or(0, str::len);
    let spoken = rest[..inside].trim_start_matches([' ', '\t']);
    let said_at = word + WORD.len() + inside - spoken.len();
    let said = spoken.split([' ', '\t', ',']).next().unwrap_or_default();
    let end = word + WORD.len() + inside + closes;
    Some(Comment {
        span: start + opens..end,
        said: said_at..said_at + said.len(),
        line: number,
        alone: front.is_empty() && line[end - start..].trim().is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::plain::OPENERS;

    fn said(text: &str) -> Vec<(&str, &str, bool)> {
        let comments = speaking(text, &Lines::new(text), OPENERS, |_| false);
        comments.into_iter().map(|comment| (&text[comment.said], &text[comment.span], comment.alone)).collect()
    }

    #[test]
    fn every_kind_of_comment_speaks() {
        for (line, comment, alone) in [
            ("image: a:1 # imagelock: web", "# imagelock: web", false),
            ("x = \"a:1\" // imagelock: web", "// imagelock: web", false),
            ("SELECT 'a:1'; -- imagelock: web", "-- imagelock: web", false),
            ("<i>a:1</i> <!-- imagelock: web -->", "<!-- imagelock: web -->", false),
            ("image = a:1 ;imagelock:web", ";imagelock:web", false),
            ("/* imagelock: web */ f(\"a:1\");", "/* imagelock: web */", false),
            ("#\timagelock: \tweb, and more", "#\timagelock: \tweb, and more", true),
            ("  <!-- imagelock: web -->  ", "<!-- imagelock: web -->", true),
            ("\u{feff}# imagelock: web", "# imagelock: web", true),
        ] {
            assert_eq!(said(line), [("web", comment, alone)], "{line}");
            assert_eq!(said(&format!("é\r\n{line}\r\n")), [("web", comment, alone)], "{line}");
        }
    }

    #[test]
    fn other_text_and_what_is_commented_out_is_silent() {
        for line in [
            "# see imagelock: it pins",
            "url: https://imagelock:80/",
            "imagelock: web",
            "# imagelock-seal:00",
            "# a = \"x:1\" # imagelock: web",
            "  // a = \"x:1\" // imagelock: web",
        ] {
            assert_eq!(said(line), [], "{line}");
        }
    }

    #[test]
    fn a_comment_asks_to_leave_its_line_alone_and_says_why() {
        for (line, reason) in [
            ("image: a:1 # imagelock: ignore (a test's own)", Some("a test's own")),
            ("image: a:1 # imagelock: ignore", Some("")),
            ("/* imagelock: ignore moves every day */ f(\"a:1\");", Some("moves every day")),
            ("<!-- imagelock: ignore (x) -->", Some("x")),
            ("image: a:1 # imagelock: ignored", None),
            ("image: a:1 # imagelock: web, ignore", None),
        ] {
            let comments = speaking(line, &Lines::new(line), OPENERS, |_| false);
            assert_eq!(comments[0].ignores(line), reason, "{line}");
        }
    }

    #[test]
    fn an_empty_comment_says_nothing() {
        assert_eq!(said("a # imagelock:"), [("", "# imagelock:", false)]);
        assert_eq!(said("/*imagelock:*/a"), [("", "/*imagelock:*/", false)]);
    }
}
