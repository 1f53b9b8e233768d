//! Writing locked digests into Earthfiles of people, and into Dockerfiles that `FROM DOCKERFILE` builds: only the bytes
//! of a reference change.
//!
//! A place is pinned by the marker `# imagelock: NAME`, on its line or alone on the line above, or because its
//! `repository:tag` is one that the lock has. The marker is the stronger form: it still holds when the lock moves to
//! another tag.

use std::collections::BTreeMap;
use std::ops::Range;

use camino::Utf8Path;
use imagelock_adapter::{Context, Pinned, Problem, RenderError};
use imagelock_core::source::{Location, SourceFile, Spanned};
use imagelock_core::{ImageName, Reference, Tag};

use crate::dockerfile;
use crate::lexer::{self, Comment};
use crate::places::{self, Kind, Place};

/// The images that places may name by reference.
pub struct Pins<'a> {
    images: Vec<Pinned<'a>>,
    /// Indexes of images, by `repository:tag`.
    by_reference: BTreeMap<Reference, Vec<usize>>,
}

/// A file with its pins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The whole text.
    pub text: String,
    /// What a person should know.
    pub warnings: Vec<String>,
}

impl<'a> Pins<'a> {
    /// The images that a target takes.
    pub fn of(named: Option<&[Spanned<ImageName>]>, context: &Context<'a>) -> Result<Self, RenderError> {
        let images = context.images(named)?;
        let mut by_reference: BTreeMap<Reference, Vec<usize>> = BTreeMap::new();
        for (index, image) in images.iter().enumerate() {
            let Some(tag) = image.tag() else { continue };
            for repository in image.image.repository().into_iter().chain([&image.repository]) {
                let indexes = by_reference.entry(repository.with(Some(tag.clone()), None)).or_default();
                if !indexes.contains(&index) {
                    indexes.push(index);
                }
            }
        }
        Ok(Self { images, by_reference })
    }

    /// Writes the pins into the text of a file.
    pub fn write(&self, path: &Utf8Path, text: &str, context: &Context<'a>) -> Result<Edited, RenderError> {
        let file = SourceFile::new(path, text);
        let at = |span: &Range<usize>| Location::new(&file, span.clone());
        let (places, comments) = read(path, text, &at)?;
        let mut edits: BTreeMap<usize, (Range<usize>, String)> = BTreeMap::new();
        for comment in &comments {
            let Some(marker) = marker(text, comment) else { continue };
            let marker_at = at(&marker);
            let name: ImageName = text[marker].parse().map_err(|error| {
                let problem = Problem::at(&marker_at, format!("a marker is `# imagelock: NAME`: {error}"));
                RenderError::from(problem)
            })?;
            let image = context.image(&name, Some(&marker_at))?;
            let line = if comment.alone { comment.line + 1 } else { comment.line };
            let place = marked(&places, line, &image, &marker_at)?;
            edits.insert(place.span.start, (place.span.clone(), pinned(&text[place.span.clone()], place, &image)));
        }
        let mut warnings = Vec::new();
        for place in places.iter().filter(|place| place.kind != Kind::Word) {
            if edits.contains_key(&place.span.start) {
                continue;
            }
            if let Some(image) = self.named(place, &at(&place.span))? {
                edits.insert(place.span.start, (place.span.clone(), pinned(&text[place.span.clone()], place, image)));
            } else if let Some(image) = self.left_behind(place) {
                warnings.push(left_behind(&at(&place.span), place, image));
            }
        }
        Ok(Edited { text: splice(text, edits.into_values()), warnings })
    }

    /// The image that a place names by its `repository:tag`.
    fn named(&self, place: &Place, at: &Location) -> Result<Option<&Pinned<'a>>, RenderError> {
        let Reference { repository, tag, digest } = &place.reference;
        let sure = place.kind == Kind::Image && digest.is_none();
        let Some(tag) = tag.clone().or_else(|| sure.then(Tag::latest)) else { return Ok(None) };
        let reference = repository.with(Some(tag), None);
        let indexes = self.by_reference.get(&reference).map_or(&[][..], Vec::as_slice);
        let Some(first) = indexes.first().and_then(|&index| self.images.get(index)) else { return Ok(None) };
        let other =
            indexes.iter().filter_map(|&index| self.images.get(index)).find(|image| image.digest() != first.digest());
        match other {
            None => Ok(Some(first)),
            Some(other) => {
                let message = format!("`{}` and `{}` are two digests of `{reference}`", first.name, other.name);
                let help = format!("say which one is meant, on the line above: `# imagelock: {}`", first.name);
                Err(Problem::at(at, message).help(help).into())
            }
        }
    }

    /// The image that a pin meant once: its repository is in the lock, its tag and digest are not.
    fn left_behind(&self, place: &Place) -> Option<&Pinned<'a>> {
        let Reference { repository, digest: Some(digest), .. } = &place.reference else { return None };
        let mut same = self.images.iter().filter(|image| is_of(repository, image)).peekable();
        let first = same.peek().copied()?;
        (!same.any(|image| image.digest() == digest)).then_some(first)
    }
}

/// Where a file names images, and its comments.
fn read(
    path: &Utf8Path,
    text: &str,
    at: &impl Fn(&Range<usize>) -> Location,
) -> Result<(Vec<Place>, Vec<Comment>), RenderError> {
    if path.file_name().is_some_and(dockerfile::is_dockerfile) {
        return dockerfile::read(text).map_err(|error| Problem::at(&at(&(error.at..error.at)), error.message).into());
    }
    let lexed = lexer::lex(text);
    let places = lexed.statements.iter().flat_map(|statement| places::places(text, statement)).collect();
    Ok((places, lexed.comments))
}

fn left_behind(at: &Location, place: &Place, image: &Pinned<'_>) -> String {
    let reference = place.reference.repository.with(place.reference.tag.clone(), None);
    let (name, locked) = (image.name, image.repository.with(image.tag().cloned(), None));
    format!(
        "{at}: `{reference}` keeps its digest: images.lock has `{locked}`; `# imagelock: {name}` above it follows the lock"
    )
}

/// The bytes of the name in a marker.
fn marker(text: &str, comment: &Comment) -> Option<Range<usize>> {
    let name = text[comment.span.clone()].trim_start_matches('#').trim_start().strip_prefix("imagelock:")?.trim();
    let end = comment.span.start + text[comment.span.clone()].trim_end().len();
    Some(end - name.len()..end)
}

/// The one place that a marker is about.
fn marked<'p>(places: &'p [Place], line: usize, image: &Pinned<'_>, at: &Location) -> Result<&'p Place, RenderError> {
    let here = || places.iter().filter(|place| place.line == line);
    let sure: Vec<&Place> = here().filter(|place| place.kind != Kind::Word).collect();
    let own: Vec<&Place> = here().filter(|place| is_of(&place.reference.repository, image)).collect();
    match (&sure[..], &own[..]) {
        ([place], _) if place.kind == Kind::Image => Ok(place),
        (_, [place]) | ([place], []) => Ok(place),
        ([], []) => {
            let problem = Problem::at(at, format!("the marker of `{}` stands at no image", image.name));
            Err(problem.help("put it on the line of a literal reference, or alone on the line above").into())
        }
        _ => {
            let problem = Problem::at(at, format!("the marker of `{}` stands at several images", image.name));
            Err(problem.help("write each image on a line of its own, with `\\` at the end of the line before").into())
        }
    }
}

fn is_of(repository: &imagelock_core::Repository, image: &Pinned<'_>) -> bool {
    *repository == image.repository || image.image.repository() == Some(repository)
}

/// The text of a pin; the repository stays spelled as the person spelled it, where it is the same.
fn pinned(written: &str, place: &Place, image: &Pinned<'_>) -> String {
    let locked = image.tagged();
    if place.reference.repository != image.repository {
        return locked.to_string();
    }
    let name = written.split('@').next().unwrap_or(written);
    // A colon before the last slash belongs to a port.
    let path = name.rfind('/').map_or(0, |slash| slash + 1);
    let repository = name[path..].find(':').map_or(name, |colon| &name[..path + colon]);
    let full = locked.to_string();
    let suffix = full.strip_prefix(&image.repository.to_string()).unwrap_or_default();
    format!("{repository}{suffix}")
}

fn splice(text: &str, edits: impl Iterator<Item = (Range<usize>, String)>) -> String {
    let (mut result, mut end) = (String::with_capacity(text.len()), 0);
    for (span, new) in edits {
        result.push_str(&text[end..span.start]);
        result.push_str(&new);
        end = span.end;
    }
    result.push_str(&text[end..]);
    result
}
