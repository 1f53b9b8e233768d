//! One file after the other, on all cores: is it one to look at, what reads it, and what comes out.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8Path;
use imagelock_adapter::{Context, Left, Output, RenderError, Seal, TreeError, Visitor};
use imagelock_core::source::{Located, Location, SourceFile, Spanned};
use imagelock_edit::{Edited, Matcher, Named, Pinning, Spell, Stuck};
use imagelock_scan::{Format, PLAIN, WORD, claiming, plain, start};

/// What a file holds, or why it cannot be read.
type Content = Result<Vec<u8>, TreeError>;

/// What pins the files that it is shown.
pub(crate) struct Pinner<'p, 'a> {
    formats: Option<&'p BTreeSet<&'static str>>,
    named: &'p Named<'p>,
    images: &'p Matcher<'a>,
    spell: &'p Spell,
    context: &'p Context<'a>,
    found: Mutex<Found>,
}

/// What came out.
#[derive(Default)]
pub(crate) struct Found {
    /// The files that have images, or something that a person should know.
    pub(crate) outputs: Vec<Output>,
    /// Mistakes of people's.
    pub(crate) errors: Vec<RenderError>,
}

impl<'p, 'a> Pinner<'p, 'a> {
    pub(crate) fn new(
        formats: Option<&'p BTreeSet<&'static str>>,
        named: &'p Named<'p>,
        images: &'p Matcher<'a>,
        spell: &'p Spell,
        context: &'p Context<'a>,
    ) -> Self {
        Self { formats, named, images, spell, context, found: Mutex::default() }
    }

    /// All that came out, in the order of the files.
    pub(crate) fn found(self) -> Found {
        let mut found = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.outputs.sort_by(|one, other| one.path.cmp(&other.path));
        let place = |error: &RenderError| error.labels().first().map(|label| label.at.to_string());
        found.errors.sort_by_key(place);
        found
    }

    fn format(&self, path: &Utf8Path, head: &[u8]) -> Option<&'static dyn Format> {
        let format = claiming(path, &start(head))?;
        self.formats.is_none_or(|formats| formats.contains(format.id())).then_some(format)
    }

    /// Pins a file; nothing where it is none that could have an image.
    fn pin(&self, path: &Utf8Path, content: Content, asked: &Location) -> Result<Option<Output>, RenderError> {
        let told = |at, reason| Ok(Some(Output::told(path, Left { at, reason }, asked)));
        let whole = || Location::new(&SourceFile::new(path, ""), 0..0);
        let bytes = match content {
            Ok(bytes) => bytes,
            Err(error) => return told(whole(), error.to_string()),
        };
        let Some(format) = self.format(path, &bytes).filter(|_| Seal::of(&bytes) == Seal::Absent) else {
            return Ok(None);
        };
        let is_plain = format.id() == PLAIN;
        let text = match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => text,
            // Whatever it is, it is nobody's mistake that it is none that could have a marker.
            _ if is_plain => return Ok(None),
            _ => return told(whole(), format!("`{path}` is not text in UTF-8")),
        };
        if is_plain && !text.contains(WORD) {
            return Ok(None);
        }
        let file = SourceFile::new(path, text);
        let pinning = Pinning { format, images: self.images, spell: self.spell, context: self.context };
        match pinning.edit(&file) {
            Ok(Edited { uses, kept, .. }) if uses.is_empty() && kept.is_empty() => Ok(None),
            Ok(Edited { text, uses, kept }) => {
                Ok(Some(Output { uses, kept, ..Output::edited(path, text.into_bytes(), asked) }))
            }
            Err(Stuck::Mistake(error)) if !is_plain => match Self::by_words(&file, &pinning) {
                Some(Edited { text, uses, kept }) => {
                    Ok(Some(Output { uses, kept, ..Output::edited(path, text.into_bytes(), asked) }))
                }
                None => Err(error),
            },
            // Text of any language may speak of markers without having any.
            Err(stuck) => {
                let error = RenderError::from(stuck);
                let at = error.labels().into_iter().next().map_or_else(whole, |label| label.at);
                told(at, error.to_string())
            }
        }
    }
}

impl Pinner<'_, '_> {
    /// Pins a file whose format has no place for what a marker speaks of, as one that holds images together by keys has
    /// none for a tag alone: what comments speak of as in any text, and the rest in its format.
    fn by_words(file: &Arc<SourceFile>, pinning: &Pinning<'_, '_>) -> Option<Edited> {
        let marked = Pinning { format: plain(file.path())?, ..*pinning }.edit(file).ok()?;
        let rest = pinning.edit_unmarked(&SourceFile::new(file.path(), marked.text)).ok()?;
        // Read again, the format still has to have none: another reading would pin another place.
        let again = pinning.edit(&SourceFile::new(file.path(), rest.text.clone()));
        if !matches!(again, Err(Stuck::Mistake(_))) {
            return None;
        }
        let uses = marked.uses.into_iter().chain(rest.uses).collect();
        Some(Edited { uses, kept: rest.kept, text: rest.text })
    }
}

impl Visitor for Pinner<'_, '_> {
    fn is_named(&self, path: &Utf8Path) -> bool {
        self.named.pattern(path).is_some()
    }

    fn is_wanted(&self, path: &Utf8Path, head: &[u8]) -> bool {
        let is_marked = || !head.contains(&0) && !self.context.lock.images.is_empty();
        self.format(path, head).is_some_and(|format| format.id() != PLAIN || is_marked())
    }

    fn visit(&self, path: &Utf8Path, content: Content) {
        let Some(Spanned { at, .. }) = self.named.pattern(path) else { return };
        let pinned = self.pin(path, content, at);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        match pinned {
            Ok(output) => found.outputs.extend(output),
            Err(error) => found.errors.push(error),
        }
    }
}
