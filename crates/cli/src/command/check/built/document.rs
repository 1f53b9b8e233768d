//! What `check --built` tells programs.

use serde::Serialize;

use super::judge::{Judged, State};
use crate::command::check::document::Found;
use crate::finding::Finding;

/// The document.
#[derive(Serialize)]
pub(super) struct Document<'d> {
    builds: Vec<OfBuild<'d>>,
    findings: Vec<Found<'d>>,
}

#[derive(Serialize)]
struct OfBuild<'d> {
    what: &'d str,
    #[serde(skip_serializing_if = "str::is_empty")]
    which: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<&'d str>,
    images: Vec<Image<'d>>,
    others: usize,
}

#[derive(Serialize)]
struct Image<'d> {
    image: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'d str>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'d str>,
}

pub(super) fn of<'d>(judged: &'d [Judged<'_>], findings: &'d [Finding]) -> Document<'d> {
    let build = |judged: &'d Judged<'_>| OfBuild {
        what: &judged.build.what,
        which: &judged.build.which,
        manifest: judged.build.manifest.as_ref().map(imagelock_core::Digest::as_str),
        images: judged.images.iter().map(image).collect(),
        others: judged.others,
    };
    Document { builds: judged.iter().map(build).collect(), findings: findings.iter().map(Found::of).collect() }
}

fn image(used: &super::judge::Used) -> Image<'_> {
    let (state, name) = match &used.state {
        State::Locked(name) => ("locked", Some(name.as_str())),
        State::Built => ("built", None),
        State::Unlocked => ("unlocked", None),
    };
    Image { image: &used.image, platform: used.platform.as_deref(), state, name }
}
