//! What differs in a file, as `git diff` shows it: with its colours where the stream takes colours.

use anstyle::{AnsiColor, Style};
use similar::TextDiff;

use crate::shell::{Stream, printable, styled};

const HEAD: Style = Style::new().bold();
const PLACE: Style = AnsiColor::Cyan.on_default();
const OLD: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();

/// The difference between two contents of the file that people know as `shown`, in unified form.
pub(crate) fn unified(shown: &str, old: &[u8], new: &[u8], stream: Stream) -> String {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let diff = TextDiff::from_lines(old.as_ref(), new.as_ref());
    let unified = diff.unified_diff().context_radius(2).header(shown, shown).to_string();
    let mut text = String::new();
    for (number, line) in unified.lines().enumerate() {
        let style = match line.as_bytes().first() {
            _ if number < 2 => Some(HEAD),
            Some(b'@') => Some(PLACE),
            Some(b'-') => Some(OLD),
            Some(b'+') => Some(NEW),
            _ => None,
        };
        let (on, off) = style.map(|style| styled(stream, style)).unwrap_or_default();
        text.push_str(&format!("{on}{}{off}\n", printable(line)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD_TEXT: &[u8] = b"a\nimage: web:1\n-- c\n";
    const NEW_TEXT: &[u8] = b"a\nimage: web:2\x1b[2J\n-- c\n";

    #[test]
    fn a_difference_is_plain_where_nothing_takes_colours() {
        assert_eq!(
            unified("k.yaml", OLD_TEXT, NEW_TEXT, Stream::default()),
            "--- k.yaml\n+++ k.yaml\n@@ -1,3 +1,3 @@\n a\n-image: web:1\n+image: web:2\\u{1b}[2J\n -- c\n"
        );
        assert_eq!(unified("k.yaml", OLD_TEXT, OLD_TEXT, Stream::default()), "");
    }

    #[test]
    fn with_colours_only_the_kind_of_a_line_steers_the_terminal() {
        let text = unified("k.yaml", OLD_TEXT, NEW_TEXT, Stream { color: true, width: None });
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "\u{1b}[1m--- k.yaml\u{1b}[0m",
                "\u{1b}[1m+++ k.yaml\u{1b}[0m",
                "\u{1b}[36m@@ -1,3 +1,3 @@\u{1b}[0m",
                " a",
                "\u{1b}[31m-image: web:1\u{1b}[0m",
                "\u{1b}[32m+image: web:2\\u{1b}[2J\u{1b}[0m",
                " -- c",
            ]
        );
    }
}
