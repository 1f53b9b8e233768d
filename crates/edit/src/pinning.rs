//! Pinning the images of a text: read, bind markers, choose, spell, quote, splice, and read again.
//!
//! What comes out is read again before anybody sees it: the same places, saying what was meant, and nothing left to do.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use imagelock_adapter::{Context, Left, Problem, RenderError, Use};
use imagelock_core::source::{Location, SourceFile};
use imagelock_core::{ImageName, Tag};
use imagelock_scan::{Format, Parsed, Says, Site, Sure, Unreadable};

use crate::marker::{self, Marker, moved};
use crate::parts::PartsWriter;
use crate::{Change, Choice, Kept, Matcher, Spell, splice};

/// How the images of a text are pinned.
#[derive(Clone, Copy)]
pub struct Pinning<'p, 'a> {
    /// The language of the text.
    pub format: &'p dyn Format,
    /// The images that places may mean.
    pub images: &'p Matcher<'a>,
    /// How they are written.
    pub spell: &'p Spell,
    /// The lock that markers name images of.
    pub context: &'p Context<'a>,
}

/// A text with its images pinned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edited {
    /// The whole text.
    pub text: String,
    /// The images that it has, each with its place in the text of before.
    pub uses: Vec<Use>,
    /// The places that stay as they are, and why, for people.
    pub kept: Vec<Left>,
}

/// Why a text is not edited.
#[derive(Debug)]
pub enum Stuck {
    /// Its format cannot read it.
    Unreadable(RenderError),
    /// A person made a mistake: in a marker, or with a platform that is not locked.
    Mistake(RenderError),
    /// What came out did not read back as what was meant.
    Refused(RenderError),
}

impl From<Stuck> for RenderError {
    fn from(stuck: Stuck) -> Self {
        match stuck {
            Stuck::Unreadable(error) | Stuck::Mistake(error) | Stuck::Refused(error) => error,
        }
    }
}

/// What is to become of a place.
enum Step {
    /// It may be about no image at all.
    Pass,
    /// It stays.
    Keep(Kept),
    /// It says this image from now on.
    Write { changes: Vec<Change>, says: String, image: ImageName, moved: Option<(String, String)> },
}

/// What is to become of a text.
#[derive(Default)]
struct Plan {
    changes: Vec<Change>,
    /// What each place says afterwards; nothing where it is open.
    says: Vec<Option<String>>,
    uses: Vec<Use>,
    kept: Vec<Left>,
}

impl Pinning<'_, '_> {
    /// Pins the images of a text.
    pub fn edit(&self, file: &Arc<SourceFile>) -> Result<Edited, Stuck> {
        self.edit_as(file, true)
    }

    /// Pins the images of a text that no comment speaks of: those are somebody else's.
    pub fn edit_unmarked(&self, file: &Arc<SourceFile>) -> Result<Edited, Stuck> {
        self.edit_as(file, false)
    }

    fn edit_as(&self, file: &Arc<SourceFile>, marked: bool) -> Result<Edited, Stuck> {
        let parsed =
            self.format.read(file.text()).map_err(|error| Stuck::Unreadable(unreadable(self.format, file, &error)))?;
        let Plan { changes, says, uses, kept } = self.plan(file, &parsed, marked).map_err(Stuck::Mistake)?;
        if changes.is_empty() {
            return Ok(Edited { text: file.text().to_owned(), uses, kept });
        }
        let refused = |reason: &str| {
            let at = uses.iter().find_map(|used| used.at.clone());
            let at = at.unwrap_or_else(|| Location::new(file, 0..0));
            let problem = Problem::at(&at, format!("`{}` would not read back as it was pinned: {reason}", file.path()));
            Stuck::Refused(problem.help("pin this place by hand, or write it in a simpler way").into())
        };
        let text = splice(file.text(), changes).map_err(|error| refused(&error.to_string()))?;
        let again = SourceFile::new(file.path(), text);
        let parsed = self.format.read(again.text()).map_err(|error| refused(&error.reason))?;
        let found = parsed.sites.iter().map(Site::said);
        if !found.eq(says.iter().map(|says| says.as_deref().map(Cow::from))) {
            return Err(refused("other places than the pinned ones would change"));
        }
        match self.plan(&again, &parsed, marked) {
            Ok(plan) if plan.changes.is_empty() => Ok(Edited { text: again.text().to_owned(), uses, kept }),
            Ok(_) => Err(refused("a second run would change it again")),
            Err(error) => Err(refused(&error.to_string())),
        }
    }

    fn plan(&self, file: &Arc<SourceFile>, parsed: &Parsed, marked: bool) -> Result<Plan, RenderError> {
        let markers = if marked { marker::bind(file, parsed, self.context)? } else { Vec::new() };
        let mut markers = markers.into_iter().peekable();
        let ignored = marker::ignored(file, parsed);
        let spoken_of: BTreeSet<usize> =
            parsed.comments.iter().filter(|_| !marked).map(imagelock_scan::Comment::subject).collect();
        let says = parsed.sites.iter().map(|site| site.said().map(Cow::into_owned)).collect();
        let mut plan = Plan { says, ..Plan::default() };
        for (index, site) in parsed.sites.iter().enumerate() {
            let marker = markers.next_if(|marker| marker.site == index);
            if marker.is_none() && ignored.contains_key(&site.line)
                || !spoken_of.is_empty() && lines(file, site).any(|line| spoken_of.contains(&line))
            {
                continue;
            }
            let at = Location::new(file, site.span().clone());
            let written = &file.text()[site.span().clone()];
            match self.step(file.text(), site, marker.as_ref())? {
                Step::Pass => {}
                Step::Write { changes, says, image, moved } => {
                    plan.changes.extend(changes);
                    plan.says[index] = Some(says);
                    plan.uses.push(Use { image, at: Some(at), moved });
                }
                Step::Keep(kept) => {
                    let left = left(&kept, site, at, written);
                    match left.as_ref().filter(|_| marker.is_some()) {
                        Some(Left { at, reason }) => return Err(asked(&kept, at, reason)),
                        None => plan.kept.extend(left),
                    }
                }
            }
        }
        Ok(plan)
    }

    /// What is to become of one place.
    fn step(&self, text: &str, site: &Site, marker: Option<&Marker<'_>>) -> Result<Step, RenderError> {
        let chosen;
        let (image, moved) = match marker {
            Some(marker) => (&marker.image, marker.moved(site)),
            None => match self.choice(site) {
                Some(Choice::Pin(image)) => {
                    chosen = image;
                    let tag = site.reference().and_then(|found| found.tag.as_ref());
                    (chosen, moved(tag.map(Tag::as_str), image.tag()))
                }
                Some(Choice::Keep(kept)) => return Ok(Step::Keep(kept)),
                None => return Ok(Step::Pass),
            },
        };
        let name = image.name.clone();
        if let Says::Parts { parts, reference } = &site.says {
            let writer = PartsWriter { format: self.format, text, parts };
            return Ok(match writer.pin(reference.as_ref().ok(), image, &self.spell.digest(image)?) {
                Ok((changes, says)) => Step::Write { changes, says, image: name, moved },
                Err(kept) => Step::Keep(kept),
            });
        }
        let says = match marker {
            Some(marker) => marker.text(site, self.spell)?,
            None => self.spell.over(site.text().unwrap_or_default(), image)?,
        };
        let span = site.span().clone();
        let changes = if Some(says.as_str()) == site.text() {
            Vec::new()
        } else {
            let written = &text[span.clone()];
            match self.format.quote(written, &says) {
                Some(quoted) => {
                    // What is escaped stays so, and can be given back.
                    let longer = says.strip_prefix(site.text().unwrap_or_default());
                    let longer = longer.filter(|_| written.contains('\\')).map(|more| longer_by(written, more));
                    vec![Change { span, text: longer.unwrap_or(quoted) }]
                }
                None => return Ok(Step::Keep(Kept::Unwritable)),
            }
        };
        Ok(Step::Write { changes, says, image: name, moved })
    }

    /// What a place means that no marker speaks of; nothing where it may be about no image at all.
    fn choice(&self, site: &Site) -> Option<Choice<'_, '_>> {
        let (reference, sure) = match &site.says {
            _ if !site.names_an_image() => return None,
            // What it is by default is pinned, or told of, where it is given.
            Says::Open { given: true, .. } => return None,
            Says::Open { .. } => return Some(Choice::Keep(Kept::Open)),
            Says::Parts { reference, .. } => (reference, true),
            Says::Whole { reference, .. } => (reference, site.sure == Sure::Certain),
        };
        let reference = match reference {
            Ok(reference) => reference,
            Err(error) => return Some(Choice::Keep(Kept::NotAReference(error.to_string()))),
        };
        let choice = self.images.choose(reference);
        match &choice {
            Choice::Keep(Kept::OtherTags(_)) if !sure && reference.digest.is_none() => None,
            Choice::Keep(Kept::NotLocked) if !sure => None,
            _ => Some(choice),
        }
    }
}

/// A text in its quotes with more at its end.
fn longer_by(written: &str, more: &str) -> String {
    let end = written.trim_end_matches(['"', '\'']).len();
    format!("{}{more}{}", &written[..end], &written[end..])
}

/// The lines of a place, which may stand apart.
fn lines(file: &Arc<SourceFile>, site: &Site) -> impl Iterator<Item = usize> {
    let pieces = match &site.says {
        Says::Parts { parts, .. } => parts.pieces().map(|piece| piece.span.clone()).collect(),
        _ => Vec::new(),
    };
    std::iter::once(site.line).chain(pieces.into_iter().map(|span| Location::new(file, span).line()))
}

/// The mistake of a text that its format cannot read.
pub(crate) fn unreadable(format: &dyn Format, file: &Arc<SourceFile>, error: &Unreadable) -> RenderError {
    let at = Location::new(file, error.at.clone());
    let message = format!("`{}` cannot be read as {}: {}", file.path(), format.about(), error.reason);
    Problem::at(&at, message).into()
}

/// The mistake of a marker at a place that cannot be written.
fn asked(kept: &Kept, at: &Location, reason: &str) -> RenderError {
    let problem = Problem::at(at, reason);
    let problem = if *kept == Kept::Unwritable { problem.help("a text in quotes can be pinned") } else { problem };
    problem.into()
}

/// What is told of a place that stays.
pub(crate) fn left(kept: &Kept, site: &Site, at: Location, written: &str) -> Option<Left> {
    let told = kept.tell(site.said().as_deref().unwrap_or(written))?;
    let reason = if site.place.is_empty() { told } else { format!("{}: {told}", site.place) };
    Some(Left { at, reason })
}

#[cfg(test)]
pub(crate) mod tests;
