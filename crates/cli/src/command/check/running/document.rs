//! What `check --running` tells programs.

use imagelock_core::{Created, Digest, ImageName};
use serde::Serialize;

use super::judge::{Image, Judged, State};

/// The document.
#[derive(Serialize)]
pub(super) struct Document<'d> {
    by: &'d str,
    running: Vec<One<'d>>,
    /// How many containers have ended.
    ended: usize,
    #[serde(rename = "historyIsCut", skip_serializing_if = "std::ops::Not::not")]
    history_is_cut: bool,
}

#[derive(Serialize)]
struct One<'d> {
    state: &'static str,
    image: &'d str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    digests: &'d [Digest],
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'d ImageName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    committed: Option<&'d Created>,
    count: usize,
    places: &'d [String],
}

pub(super) fn of(judged: &Judged) -> Document<'_> {
    let running = judged.images.iter().map(one).collect();
    Document { by: &judged.by, running, ended: judged.ended, history_is_cut: judged.is_cut }
}

fn one(image: &Image) -> One<'_> {
    let (name, commit, committed) = match &image.state {
        State::Locked(name) => (Some(name), None, None),
        State::Former { name, commit, committed } => (Some(name), Some(commit.as_str()), Some(committed)),
        State::Unlocked | State::Unknown | State::Built => (None, None, None),
    };
    let Image { state, image, digests, places } = image;
    One { state: state.name(), image, digests, name, commit, committed, count: places.len(), places }
}
