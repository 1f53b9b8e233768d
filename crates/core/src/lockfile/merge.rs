//! Making one lock of two, image by image. A merge of lines knows nothing of images: it takes a size from one side and
//! the digest beside it from the other, without a conflict. So an image is taken whole, or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::parse::LockfileError;
use super::{LockedImage, Lockfile, judge, place};
use crate::conflict::{self, Side, Sides};
use crate::digest::Digest;
use crate::extends::Extended;
use crate::name::ImageName;
use crate::reference::Tag;
use crate::request::Request;
use crate::source::{Location, SourceFile};

/// What became of two locks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// The images that are the same on both sides, or that one side decides about.
    pub lockfile: Lockfile,
    /// How many of them only one side has as they are.
    pub taken: usize,
    /// The images whose digest is known, and whose other lines may be from either side: they have to be read again.
    pub unclear: BTreeMap<ImageName, Known>,
    /// The images that both sides have locked, and differently; they are not in the lock.
    pub clashes: Vec<Clash>,
    /// What the two sides are called.
    pub labels: [String; 2],
}

/// What is known of an image whose lines are mixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its tag.
    pub tag: Option<Tag>,
    /// Its digest.
    pub digest: Digest,
}

/// An image about which two locks say different things; one that a side does not have was removed there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The image.
    pub name: ImageName,
    /// What one side has.
    pub ours: Option<LockedImage>,
    /// What the other has.
    pub theirs: Option<LockedImage>,
}

impl Merged {
    fn take(&mut self, name: &ImageName, image: &LockedImage) {
        self.taken += 1;
        self.lockfile.images.insert(name.clone(), image.clone());
    }

    /// The whole text with the images that clash between markers, each image whole, as [`Lockfile::merge_sides`] reads it.
    pub fn marked(&self) -> String {
        let side = |side: fn(&Clash) -> &Option<LockedImage>| {
            let mut lockfile = self.lockfile.clone();
            let images = self.clashes.iter().filter_map(|clash| Some((clash.name.clone(), side(clash).clone()?)));
            lockfile.images.extend(images);
            lockfile.encode()
        };
        let (ours, theirs) = (side(|clash| &clash.ours), side(|clash| &clash.theirs));
        let Some((ours_parts, theirs_parts)) = parts(&ours).zip(parts(&theirs)) else {
            return conflict::marked(&ours, &theirs);
        };
        let keys: BTreeSet<&Part<'_>> = ours_parts.keys().chain(theirs_parts.keys()).collect();
        let mut text = String::new();
        let mut apart = [String::new(), String::new()];
        let flush = |text: &mut String, apart: &mut [String; 2]| {
            let [ours, theirs] = std::mem::take(apart);
            if !ours.is_empty() || !theirs.is_empty() {
                text.push_str(&conflict::marked(&ours, &theirs));
            }
        };
        for key in keys {
            match (ours_parts.get(key), theirs_parts.get(key)) {
                (Some(ours), Some(theirs)) if ours == theirs => {
                    flush(&mut text, &mut apart);
                    text.push_str(ours);
                }
                (ours, theirs) => {
                    apart[0].push_str(ours.copied().unwrap_or_default());
                    apart[1].push_str(theirs.copied().unwrap_or_default());
                }
            }
        }
        flush(&mut text, &mut apart);
        text
    }
}

/// A part of a lock's text, in the order in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'t> {
    Head,
    /// The lines of an image, by their first.
    Image(&'t str),
    Foot,
}

/// The parts of a lock as it is written. `None` where it has no images.
fn parts(text: &str) -> Option<BTreeMap<Part<'_>, &str>> {
    const IMAGES: &str = "\n  \"images\": {\n";
    let head = text.find(IMAGES)? + IMAGES.len();
    let mut parts = BTreeMap::from([(Part::Head, &text[..head])]);
    let mut start = head;
    while text[start..].starts_with("    \"") {
        // Only the bracket of an image stands so far to the left.
        let close = start + text[start..].find("\n    }")? + 1;
        let end = close + text[close..].find('\n')? + 1;
        let name = text[start..].split('"').nth(1)?;
        parts.insert(Part::Image(name), &text[start..end]);
        start = end;
    }
    parts.insert(Part::Foot, &text[start..]);
    Some(parts)
}

impl Lockfile {
    /// Makes one lock of two that come from `base`. Where both sides have changed an image, the side counts that changed what
    /// is asked for: the other only moved an answer to what is asked for no longer.
    pub fn merge(base: &Self, ours: &Self, theirs: &Self) -> Merged {
        let mut merged = Merged { labels: ["ours".to_owned(), "theirs".to_owned()], ..Merged::default() };
        merged.lockfile.extends = extended(Some(base), ours, theirs);
        let names: BTreeSet<&ImageName> =
            base.images.keys().chain(ours.images.keys()).chain(theirs.images.keys()).collect();
        for name in names {
            let [base, ours, theirs] = [base, ours, theirs].map(|side| side.images.get(name));
            let request = |image: Option<&LockedImage>| image.map(|image| image.request.clone());
            let chosen = if ours == theirs {
                merged.lockfile.images.extend(ours.map(|image| (name.clone(), image.clone())));
                continue;
            } else if ours == base {
                Some(theirs)
            } else if theirs == base {
                Some(ours)
            } else if request(ours) == request(theirs) {
                let same = ours.zip(theirs).filter(|(ours, theirs)| ours.digest == theirs.digest);
                // The same image, of which one side knows to tell more.
                same.map(|(ours, theirs)| if text(ours) >= text(theirs) { Some(ours) } else { Some(theirs) })
            } else if request(theirs) == request(base) {
                Some(ours)
            } else if request(ours) == request(base) {
                Some(theirs)
            } else {
                None
            };
            match chosen {
                Some(Some(image)) => merged.take(name, image),
                Some(None) => {}
                None => {
                    let (ours, theirs) = (ours.cloned(), theirs.cloned());
                    merged.clashes.push(Clash { name: name.clone(), ours, theirs });
                }
            }
        }
        merged
    }

    /// Makes one lock of both sides of a conflicted one, with the answers that fit what `asked` says is asked for. `None`
    /// where no merge left markers.
    pub fn merge_sides<'r>(
        file: &Arc<SourceFile>,
        asked: impl IntoIterator<Item = (&'r ImageName, &'r Request)>,
    ) -> Result<Option<Merged>, LockfileError> {
        let Some(marker) = conflict::first(file.text()) else { return Ok(None) };
        let unmerged = |reason: String| LockfileError::Unmerged { reason, at: Location::new(file, marker.clone()) };
        let Sides { ours, base, theirs } =
            conflict::sides(file.text()).ok_or_else(|| unmerged("a marker is missing".to_owned()))?;
        let read = |side: &Side, which: &str| {
            let file = SourceFile::new(file.path(), side.text.as_str());
            Self::unjudged(&file).map_err(|error| unmerged(format!("{which}, {error}")))
        };
        let (ours_lock, theirs_lock) = (read(&ours, "on the one side")?, read(&theirs, "on the other side")?);
        // Without a base that is a lock, less can be told.
        let base = base.and_then(|base| read(&base, "").ok());
        let mut merged = Merged { labels: [ours.label.clone(), theirs.label.clone()], ..Merged::default() };
        merged.lockfile.extends = extended(base.as_ref(), &ours_lock, &theirs_lock);
        for (name, request) in asked {
            let fits = |image: &LockedImage| image.request == *request && judge::holds(image);
            let one = One { name, base: base.as_ref() };
            let found = [(ours_lock.images.get(name), &ours), (theirs_lock.images.get(name), &theirs)];
            one.choose(found, fits, &mut merged);
        }
        Ok(Some(merged))
    }
}

/// What two locks extend: what one side has changed. Where both have, nothing is said, and the next `lock` says it.
fn extended(base: Option<&Lockfile>, ours: &Lockfile, theirs: &Lockfile) -> Option<Extended> {
    let is_base = |side: &Lockfile| base.is_some_and(|base| base.extends == side.extends);
    match () {
        () if ours.extends == theirs.extends || is_base(theirs) => ours.extends.clone(),
        () if is_base(ours) => theirs.extends.clone(),
        () => None,
    }
}

/// One image of a conflicted lock.
struct One<'a> {
    name: &'a ImageName,
    /// What both sides come from, where that is known.
    base: Option<&'a Lockfile>,
}

impl One<'_> {
    fn choose(
        &self,
        [(ours, ours_side), (theirs, theirs_side)]: [(Option<&LockedImage>, &Side); 2],
        fits: impl Fn(&LockedImage) -> bool,
        merged: &mut Merged,
    ) {
        let fitting = |image: Option<&LockedImage>| image.filter(|image| fits(image)).cloned();
        let (mut first, mut second) = (fitting(ours), fitting(theirs));
        if ours == theirs {
            merged.lockfile.images.extend(first.map(|image| (self.name.clone(), image)));
            return;
        }
        // Who has left it as it was says nothing, unless nobody else fits.
        let base = self.base.map(|base| base.images.get(self.name));
        let whole = base == Some(ours) || base == Some(theirs);
        if whole && first.is_some() && second.is_some() {
            if base == Some(ours) { first = None } else { second = None }
        }
        match (first, second) {
            (None, None) => {}
            (Some(ours), Some(theirs)) if ours.digest == theirs.digest => self.unclear(&ours, merged),
            (Some(ours), Some(theirs)) => {
                merged.clashes.push(Clash { name: self.name.clone(), ours: Some(ours), theirs: Some(theirs) });
            }
            (Some(image), None) if whole || theirs.is_none() || self.is_apart(ours_side) => {
                merged.take(self.name, &image);
            }
            (None, Some(image)) if whole || ours.is_none() || self.is_apart(theirs_side) => {
                merged.take(self.name, &image);
            }
            (Some(image), None) | (None, Some(image)) => self.unclear(&image, merged),
        }
    }

    fn unclear(&self, image: &LockedImage, merged: &mut Merged) {
        let known = Known { tag: image.tag.clone(), digest: image.digest.clone() };
        merged.unclear.insert(self.name.clone(), known);
    }

    /// Whether every line of the image is the side's own.
    fn is_apart(&self, side: &Side) -> bool {
        let text = &*side.text;
        let opened = place::value(text, &["images", self.name.as_str()]).start;
        let start = text[..opened].rfind('\n').map_or(0, |end| end + 1);
        let Some(close) = text[opened..].find("\n    }") else { return false };
        side.is_apart(&(start..opened + close + "\n    }".len()))
    }
}

/// An image as it is written, to compare how much is told.
fn text(image: &LockedImage) -> (usize, String) {
    let text = serde_json::to_string(image).unwrap_or_default();
    (text.len(), text)
}
