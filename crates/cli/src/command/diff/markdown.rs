//! What differs, as Markdown for a page or a comment: what others wrote is code, which calls nobody and links nowhere.

use imagelock_core::{escape, summary};

use super::Compared;
use super::lines::{Line, Piece, groups, known, users, verdict};

/// No forge takes more than this in one text.
const BYTES: usize = 60_000;
/// What of a difference an update tells: the rest stands in what both locks know.
const BROUGHT: [&str; 3] = ["config", "packages", "faults"];

pub(super) fn of(images: &[Compared]) -> String {
    if images.is_empty() {
        return "Both locks are the same.\n".to_owned();
    }
    let mut text = "| image | what | level |\n|---|---|---|\n".to_owned();
    for image in images {
        let row = format!("| {} | {} | {} |\n", name(image), verdict(image), image.level.unwrap_or_default());
        text.push_str(&row);
    }
    let mut left_out = 0;
    for image in images {
        let section = section(image);
        if text.len() + section.len() > BYTES {
            left_out += 1;
        } else {
            text.push_str(&section);
        }
    }
    if left_out > 0 {
        text.push_str(&format!("\n{left_out} more are left out: `--format json` has all.\n"));
    }
    text
}

fn name(image: &Compared) -> String {
    image.name.as_ref().map_or_else(|| code(&image.called()), ToString::to_string)
}

fn section(image: &Compared) -> String {
    let mut text = format!("\n### {}\n\n", name(image));
    for (what, reference) in [("from", &image.from), ("to", &image.to)] {
        if let Some(reference) = reference {
            text.push_str(&format!("- {what}: {}\n", code(reference)));
        }
    }
    text.push_str(&list(&known(image)));
    text.push_str(&list(&users(image)));
    for group in groups(image) {
        let names: Vec<String> = group.platforms.iter().map(ToString::to_string).collect();
        text.push_str(&format!("\n**{}**: {}\n\n", names.join(", "), group.verdict.words()));
        text.push_str(&list(&group.lines));
    }
    text
}

/// What runs in another way, which packages differ, and what that fixes, as lines of a list.
pub(super) fn brought(image: &Compared) -> Vec<String> {
    let groups = groups(image);
    let several = groups.len() > 1;
    let mut all = Vec::new();
    for group in groups {
        let names: Vec<String> = group.platforms.iter().map(ToString::to_string).collect();
        let told = group.lines.into_iter().filter(|line| BROUGHT.contains(&line.about) && !line.says("unchanged"));
        let lines = list(&told.collect::<Vec<_>>());
        if several && !lines.is_empty() {
            all.push(format!("- on {}: {}", names.join(", "), group.verdict.words()));
        }
        all.extend(lines.lines().map(str::to_owned));
    }
    all
}

fn list(lines: &[Line]) -> String {
    lines.iter().fold(String::new(), |text, line| {
        let pieces: String = line.pieces.iter().map(piece).collect();
        let start = if line.is_part { "  - ".to_owned() } else { format!("- {}: ", line.about) };
        text + &start + pieces.trim_end() + "\n"
    })
}

fn piece(piece: &Piece) -> String {
    match piece {
        // In a list these would begin another one.
        Piece::Word(word) if word == "+ " => "new: ".to_owned(),
        Piece::Word(word) if word == "- " => "gone: ".to_owned(),
        Piece::Word(word) => word.clone(),
        Piece::Theirs(text) if text.is_empty() => "nothing".to_owned(),
        Piece::Theirs(text) => code(text),
        Piece::Link(link) => summary::linked(link),
        Piece::Arrow => " → ".to_owned(),
    }
}

fn code(text: &str) -> String {
    escape::markdown(text)
}
