//! What differs, as text.

use super::Compared;
use super::lines::{Line, Piece, groups, known, users, verdict};
use crate::shell::printable;

/// The columns that a label takes.
const LABEL: usize = 10;

pub(super) fn of(images: &[Compared]) -> String {
    if images.is_empty() {
        return "both locks are the same\n".to_owned();
    }
    images.iter().map(image).collect::<Vec<_>>().join("\n")
}

fn image(image: &Compared) -> String {
    let level = image.level.filter(|level| *level != "none").map(|level| format!(", {level}")).unwrap_or_default();
    let mut text = format!("{}: {}{level}\n", printable(&image.called()), verdict(image));
    for (sign, reference) in [("-", &image.from), ("+", &image.to)] {
        if let Some(reference) = reference {
            text.push_str(&format!("  {sign} {}\n", printable(reference)));
        }
    }
    text.push_str(&rows(&known(image), 2));
    let groups = groups(image);
    let several = groups.len() > 1;
    for group in groups {
        if several {
            let names: Vec<String> = group.platforms.iter().map(ToString::to_string).collect();
            text.push_str(&format!("  {}: {}\n", names.join(", "), group.verdict.words()));
        }
        text.push_str(&rows(&group.lines, if several { 4 } else { 2 }));
    }
    text + &rows(&users(image), 2)
}

fn rows(lines: &[Line], indent: usize) -> String {
    let mut before = "";
    let mut text = String::new();
    for line in lines {
        let label = if line.about == before { "" } else { line.about };
        before = line.about;
        let pieces: String = line.pieces.iter().map(piece).collect();
        let row = format!("{:indent$}{label:LABEL$}{pieces}", "");
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Word(word) => word.clone(),
        Piece::Theirs(text) if text.is_empty() => "\"\"".to_owned(),
        Piece::Theirs(text) | Piece::Link(text) => printable(text),
        Piece::Arrow => " -> ".to_owned(),
    }
}
