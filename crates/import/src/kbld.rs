//! What kbld locks: its own configuration with `overrides` (`--lock-output`), and imgpkg's `ImagesLock`
//! (`--imgpkg-lock-output`), whose annotations tell what an image was before it was locked.

use std::sync::Arc;

use imagelock_core::source::SourceFile;
use imagelock_core::{Reference, Tag};

use crate::yaml::{self, Tree};
use crate::{Found, ImportError, at};

const WHAT: &str = "kbld lock";
const CONFIG: &str = "kbld.k14s.io/v1alpha1";
const IMAGES_LOCK: &str = "imgpkg.carvel.dev/v1alpha1";
/// The annotation with the reference that stood in the manifest.
const ID: &str = "kbld.carvel.dev/id";

pub(crate) fn read(file: &Arc<SourceFile>, found: &mut Found) -> Result<(), ImportError> {
    let documents = yaml::parse(file, WHAT)?;
    let anchors = documents.anchors();
    let mut any = false;
    for tree in documents.trees(&anchors) {
        any = true;
        let version = tree.text(&["apiVersion"]).unwrap_or_default();
        match (version, tree.text(&["kind"]).unwrap_or_default()) {
            (CONFIG, "Config") => config(tree, file, found),
            (IMAGES_LOCK, "ImagesLock") => {
                for image in tree.get("images").map(Tree::items).unwrap_or_default() {
                    locked(image.text(&["annotations", ID]), image.get("image"), file, found);
                }
            }
            (version, kind) => {
                let reason = format!(
                    "it is `{version}` `{kind}`, and `{CONFIG}` `Config` and `{IMAGES_LOCK}` `ImagesLock` are read"
                );
                let place = tree.get("apiVersion").map_or(tree.span(), |version| version.span());
                return Err(ImportError { what: WHAT, reason, at: at(file, place) });
            }
        }
    }
    let reason = || "it is empty".to_owned();
    if any { Ok(()) } else { Err(ImportError { what: WHAT, reason: reason(), at: at(file, &(0..0)) }) }
}

fn config(tree: Tree<'_>, file: &Arc<SourceFile>, found: &mut Found) {
    for (key, span, value) in tree.entries() {
        match key {
            "apiVersion" | "kind" | "metadata" | "minimumRequiredVersion" => {}
            "overrides" => {
                for image in value.items() {
                    locked(image.text(&["image"]), image.get("newImage"), file, found);
                }
            }
            _ => found.leave(format!("`{key}` is about how kbld builds and finds images"), at(file, span)),
        }
    }
}

/// Takes an image by what it was locked to, and the tag of what it was before.
fn locked(was: Option<&str>, image: Option<Tree<'_>>, file: &Arc<SourceFile>, found: &mut Found) {
    let Some((image, text)) = image.and_then(|image| Some((image, image.node.present()?))) else { return };
    let place = at(file, image.span());
    let reference = match text.parse::<Reference>() {
        Ok(reference) => reference,
        Err(error) => return found.leave(format!("`{text}` is no reference: {error}"), place),
    };
    let was = was.and_then(|was| was.parse::<Reference>().ok());
    // What was built or relocated was something else before, whose tag says nothing here.
    let same = was.filter(|was| was.repository == reference.repository && was.digest.is_none());
    let tag = same.map(|was| was.tag.unwrap_or_else(Tag::latest)).or(reference.tag);
    let spelling = reference.repository.with(tag.clone(), None).to_string();
    let spelling = if tag.is_some() { spelling } else { text.to_owned() };
    found.pinned(Reference { tag, ..reference }, &spelling, place);
}
