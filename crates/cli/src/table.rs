//! Text for people that fits a terminal: tables whose columns give way, and lines that are broken between words.
//!
//! Where no width is known, in a pipe or a file, all of it is there: programs read it. On a terminal a table takes its
//! [`Narrowing`]s one by one until its lines fit; which they are, and in which order, is said by who makes the table. A digest
//! is never cut: half of one looks like another. What steers a terminal is escaped before anything is measured.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::shell::printable;

/// What stands between two columns.
const GAP: &str = "  ";

/// One way in which a table becomes narrower.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Narrowing {
    /// The cells of this column lose their end, until they are no wider than the number.
    CutEnd(usize, usize),
    /// They lose their start: what is said at the end tells more.
    CutStart(usize, usize),
    /// The column goes.
    Drop(usize),
}

/// Rows of `N` cells.
pub(crate) struct Table<const N: usize> {
    /// What stands over the columns, where anything does.
    pub(crate) heads: Option<[&'static str; N]>,
    /// A column of empty cells is left out, but for the first.
    pub(crate) rows: Vec<[String; N]>,
    /// How it becomes narrower.
    pub(crate) steps: &'static [Narrowing],
}

impl<const N: usize> Table<N> {
    /// The lines of the table, the heads first, each no wider than `room` columns of a terminal.
    pub(crate) fn lines(&self, room: Option<usize>) -> Vec<String> {
        let escaped = |row: &[String; N]| row.each_ref().map(|cell| printable(cell));
        let rows: Vec<[String; N]> = self.rows.iter().map(escaped).collect();
        let widest = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or_default();
        let widths: [usize; N] = std::array::from_fn(|column| match widest(column) {
            0 if column > 0 && !rows.is_empty() => 0,
            cells => cells.max(self.heads.map_or(0, |heads| heads[column].width())),
        });
        let fitted = room.map_or(widths, |room| self.fitted(widths, room));
        let from_start = |column| {
            let cut = |step: &Narrowing| matches!(step, Narrowing::CutStart(at, _) if *at == column);
            self.steps.iter().any(cut)
        };
        let heads = self.heads.map(|heads| heads.map(str::to_owned));
        let line = |row: &[String; N]| {
            let shown = (0..N).filter(|&column| fitted[column] > 0);
            let cells = shown.map(|column| {
                let cell = cut(&row[column], fitted[column], from_start(column));
                format!("{cell}{:1$}", "", fitted[column] - cell.width())
            });
            cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
        };
        heads.iter().chain(&rows).map(line).collect()
    }

    /// How wide the columns are where all of them have `room`; those that go have no width.
    fn fitted(&self, whole: [usize; N], room: usize) -> [usize; N] {
        let mut widths = whole;
        for step in self.steps {
            let over = total(&widths).saturating_sub(room);
            match *step {
                _ if over == 0 => break,
                Narrowing::CutEnd(column, least) | Narrowing::CutStart(column, least) => {
                    widths[column] = widths[column].saturating_sub(over).max(least).min(widths[column]);
                }
                Narrowing::Drop(column) => widths[column] = 0,
            }
        }
        // A column that went later leaves room for what was cut before it.
        for step in self.steps.iter().rev() {
            if let Narrowing::CutEnd(column, _) | Narrowing::CutStart(column, _) = *step
                && widths[column] > 0
            {
                let left = room.saturating_sub(total(&widths));
                widths[column] = (widths[column] + left).min(whole[column]);
            }
        }
        widths
    }
}

fn total<const N: usize>(widths: &[usize; N]) -> usize {
    let shown = widths.iter().filter(|width| **width > 0);
    shown.map(|width| width + GAP.len()).sum::<usize>().saturating_sub(GAP.len())
}

/// As much of a text as has room, with `…` for the rest.
fn cut(text: &str, room: usize, from_start: bool) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let fits = |character: &char| match left.checked_sub(character.width().unwrap_or_default()) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    if from_start {
        let kept: Vec<char> = text.chars().rev().take_while(fits).collect();
        std::iter::once('…').chain(kept.into_iter().rev()).collect()
    } else {
        text.chars().take_while(fits).chain(['…']).collect()
    }
}

/// A line, broken between words where it is wider than `room`; what goes on is indented by two more. A word that is wider
/// than the terminal stays whole, so that it can be copied.
pub(crate) fn wrapped(line: &str, room: Option<usize>) -> String {
    let line = printable(line);
    let Some(room) = room.filter(|room| line.width() > *room) else { return line };
    let start = line.len() - line.trim_start().len();
    let indent = format!("\n{:1$}", "", start + 2);
    let (mut text, mut used, mut gap) = (line[..start].to_owned(), start, 0);
    for word in line[start..].split(' ') {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        if used > start && used + gap + word.width() > room {
            text.push_str(&indent);
            used = start + 2;
        } else {
            text.push_str(&" ".repeat(gap));
            used += gap;
        }
        text.push_str(word);
        used += word.width();
        gap = 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name, a place, a digest and a comment: the comment is cut and goes, then the place is cut and goes, then the
    /// digest goes whole, and the name is cut.
    const STEPS: &[Narrowing] = &[
        Narrowing::CutEnd(3, 8),
        Narrowing::CutStart(1, 10),
        Narrowing::Drop(3),
        Narrowing::Drop(1),
        Narrowing::Drop(2),
        Narrowing::CutEnd(0, 1),
    ];

    fn table(rows: &[[&str; 4]]) -> Table<4> {
        let rows = rows.iter().map(|row| row.map(str::to_owned)).collect();
        Table { heads: Some(["NAME", "PLACE", "DIGEST", "COMMENT"]), rows, steps: STEPS }
    }

    const ROWS: &[[&str; 4]] = &[
        ["postgres", "docker.io/library/postgres", "4d2f8a90c1b7", "what a publisher says of it, at some length"],
        ["web", "ghcr.io/acme/web", "9a3fd1c06b2e", ""],
    ];

    #[test]
    fn without_a_width_nothing_is_cut() {
        let whole = [
            "NAME      PLACE                       DIGEST        COMMENT",
            "postgres  docker.io/library/postgres  4d2f8a90c1b7  what a publisher says of it, at some length",
            "web       ghcr.io/acme/web            9a3fd1c06b2e",
        ];
        assert_eq!(table(ROWS).lines(None), whole);
        assert_eq!(table(ROWS).lines(Some(120)), whole);
    }

    #[test]
    fn columns_give_way_in_the_order_of_the_steps() {
        assert_eq!(
            table(ROWS).lines(Some(80)),
            [
                "NAME      PLACE                       DIGEST        COMMENT",
                "postgres  docker.io/library/postgres  4d2f8a90c1b7  what a publisher says of it…",
                "web       ghcr.io/acme/web            9a3fd1c06b2e",
            ]
        );
        assert_eq!(
            table(ROWS).lines(Some(50)),
            [
                "NAME      PLACE             DIGEST        COMMENT",
                "postgres  …ibrary/postgres  4d2f8a90c1b7  what a …",
                "web       ghcr.io/acme/web  9a3fd1c06b2e",
            ]
        );
        assert_eq!(
            table(ROWS).lines(Some(40)),
            [
                "NAME      PLACE             DIGEST",
                "postgres  …ibrary/postgres  4d2f8a90c1b7",
                "web       ghcr.io/acme/web  9a3fd1c06b2e",
            ]
        );
        assert_eq!(
            table(ROWS).lines(Some(30)),
            ["NAME      DIGEST", "postgres  4d2f8a90c1b7", "web       9a3fd1c06b2e"]
        );
        assert_eq!(table(ROWS).lines(Some(5)), ["NAME", "post…", "web"]);
    }

    #[test]
    fn at_every_width_the_lines_fit_and_a_digest_is_whole_or_not_there() {
        for room in 1..150 {
            for line in table(ROWS).lines(Some(room)) {
                assert!(line.width() <= room, "{room}: {line}");
                let digests = ROWS.iter().filter(|row| line.contains(&row[2][..2]));
                assert!(digests.into_iter().all(|row| line.contains(row[2])), "{room}: {line}");
            }
        }
    }

    #[test]
    fn a_column_in_which_nothing_is_said_is_left_out() {
        let lines = table(&[["web", "", "9a3fd1c06b2e", ""]]).lines(None);
        assert_eq!(lines, ["NAME  DIGEST", "web   9a3fd1c06b2e"]);
        assert_eq!(table(&[]).lines(None), ["NAME  PLACE  DIGEST  COMMENT"]);
    }

    #[test]
    fn width_is_what_a_terminal_shows_and_what_steers_it_is_escaped() {
        let lines = table(&[["世界世界世界", "", "9a3fd1c06b2e", ""]]).lines(Some(10));
        assert_eq!(lines, ["NAME", "世界世界…"]);
        assert_eq!(table(&[["a\u{1b}[2J\n", "b", "c", ""]]).lines(None)[1], "a\\u{1b}[2J\\n  b      c");
    }

    #[test]
    fn a_line_is_broken_between_words_and_a_word_stays_whole() {
        let line = "  picked tag 16.9 by version 16, locked to sha256:4d2f8a90c1b7…     images.toml:7:9";
        assert_eq!(wrapped(line, None), line);
        assert_eq!(wrapped(line, Some(120)), line);
        assert_eq!(
            wrapped(line, Some(40)),
            "  picked tag 16.9 by version 16, locked\n    to sha256:4d2f8a90c1b7…\n    images.toml:7:9"
        );
        assert_eq!(wrapped("sha256:4d2f8a90c1b7 x", Some(4)), "sha256:4d2f8a90c1b7\n  x");
        assert_eq!(wrapped("a\u{1b} b", Some(8)), "a\\u{1b}\n  b");
    }
}
