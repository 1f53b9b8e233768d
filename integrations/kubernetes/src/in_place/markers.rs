//! Which image of a manifest a marker is about.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use imagelock_adapter::{Problem, RenderError};
use imagelock_core::source::{Location, SourceFile};
use imagelock_edit::Marker;

use crate::manifests::Manifests;
use crate::manifests::find::Found;

/// The markers of a file by the number of the image that each is about: the one on its line, or on the next line where
/// a marker stands alone.
///
/// A marker of no image is an error, since whoever wrote it meant one, and so is a marker of several. What stands in a
/// text is none, and a marker inside of a comment is commented out with it.
pub(super) fn bound(file: &Arc<SourceFile>, manifests: &Manifests) -> Result<BTreeMap<usize, Marker>, RenderError> {
    let text = file.text();
    let at = |span: &Range<usize>| Location::new(file, span.clone());
    let mut bound: BTreeMap<usize, Marker> = BTreeMap::new();
    for comment in &manifests.comments {
        let markers = Marker::all(&text[comment.clone()], comment.start);
        let Some(marker) = markers.into_iter().find(|marker| marker.comment.start == comment.start) else { continue };
        let here = about(text, comment);
        let first = manifests.images.partition_point(|image| image.span.end <= here.start);
        let images: Vec<(usize, &Found)> = manifests
            .images
            .iter()
            .enumerate()
            .skip(first)
            .take_while(|(_, image)| image.span.start < here.end)
            .collect();
        match images[..] {
            [(index, _)] => {
                if let Some(other) = bound.insert(index, marker.clone()) {
                    let problem = Problem::at(&at(&marker.span), "an image has one marker");
                    return Err(problem.also(&at(&other.span), "the other one").into());
                }
            }
            [] => {
                let problem = Problem::at(&at(&marker.span), "this marker stands at no image");
                return Err(problem.help("put it behind the image, or alone on the line above").into());
            }
            [(_, one), (_, other), ..] => {
                let problem = Problem::at(&at(&marker.span), "this marker stands at several images");
                return Err(problem
                    .also(&at(&one.span), "one")
                    .also(&at(&other.span), "another")
                    .help("write each image on a line of its own")
                    .into());
            }
        }
    }
    Ok(bound)
}

/// The bytes that a comment is about: its line up to it, or the next line where nothing else stands on its own.
fn about(text: &str, comment: &Range<usize>) -> Range<usize> {
    let breaks = ['\n', '\r'];
    let start = text[..comment.start].rfind(breaks).map_or(0, |at| at + 1);
    if !text[start..comment.start].trim_matches([' ', '\t', '\u{feff}']).is_empty() {
        return start..comment.start;
    }
    let rest = &text[comment.end..];
    let next = comment.end + rest.strip_prefix("\r\n").map_or(1, |_| 2).min(rest.len());
    next..text[next..].find(breaks).map_or(text.len(), |at| next + at)
}
