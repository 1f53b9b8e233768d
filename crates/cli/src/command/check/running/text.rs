//! What `check --running` tells people.

use imagelock_core::Digest;

use super::judge::{Image, Judged, State};
use crate::report::counted;
use crate::table::{Narrowing, Table};

const HEADS: [&str; 6] = ["STATE", "IMAGE", "DIGEST", "LOCKED", "COUNT", "WHERE"];

/// Where it runs is cut first; what it is stays.
const STEPS: &[Narrowing] = &[
    Narrowing::CutEnd(5, 12),
    Narrowing::Drop(5),
    Narrowing::CutStart(1, 16),
    Narrowing::CutEnd(3, 12),
    Narrowing::Drop(4),
    Narrowing::Drop(2),
];

/// A row for each image.
pub(super) fn table(judged: &Judged, width: Option<usize>) -> String {
    let table = Table { heads: Some(HEADS), rows: judged.images.iter().map(cells).collect(), steps: STEPS };
    table.lines(width).join("\n") + "\n"
}

fn cells(image: &Image) -> [String; 6] {
    let locked = match &image.state {
        State::Locked(name) => name.to_string(),
        State::Former { name, commit, committed } => format!("{name}, in {commit}, {}", committed.day()),
        State::Unlocked | State::Unknown | State::Built => String::new(),
    };
    let others = image.places.len().saturating_sub(1);
    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
    let place = image.places.first().map(|place| format!("{place}{more}")).unwrap_or_default();
    [
        image.state.name().to_owned(),
        image.image.clone(),
        image.digests.first().map(Digest::short).unwrap_or_default().to_owned(),
        locked,
        image.places.len().to_string(),
        place,
    ]
}

/// `pods of Kubernetes: 9 containers of 4 images: 7 locked, 1 former, 1 unlocked; 2 have ended`
pub(super) fn summary(judged: &Judged) -> String {
    let count = |state: &str| -> usize {
        let fitting = judged.images.iter().filter(|image| image.state.name() == state);
        fitting.map(|image| image.places.len()).sum()
    };
    let states = ["locked", "built", "former", "unknown", "unlocked"].map(|state| (state, count(state)));
    let all: usize = states.iter().map(|(_, count)| count).sum();
    let parts: Vec<String> =
        states.iter().filter(|(_, count)| *count > 0).map(|(state, count)| format!("{count} {state}")).collect();
    let ended = if judged.ended > 0 { format!("; {} ended", judged.ended) } else { String::new() };
    let images = counted(judged.images.len(), "image", "images");
    let all = counted(all, "container", "containers");
    format!("{}: {all} of {images}: {}{ended}", judged.by, parts.join(", "))
}
