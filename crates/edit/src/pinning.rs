//! Pinning the images of a text: read, bind markers, choose, spell, quote, splice, and read again.
//!
//! What comes out is read again before anybody sees it: the same places, saying what was meant, and nothing left to do.

use std::sync::Arc;

use imagelock_adapter::{Context, Left, Problem, RenderError, Use};
use imagelock_core::Tag;
use imagelock_core::source::{Location, SourceFile};
use imagelock_scan::{Format, Parsed, Says, Site, Sure, Unreadable};

use crate::marker::{self, moved};
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
        let parsed = self.format.read(file.text()).map_err(|error| Stuck::Unreadable(self.unreadable(file, &error)))?;
        let Plan { changes, says, uses, kept } = self.plan(file, &parsed).map_err(Stuck::Mistake)?;
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
        let found = parsed.sites.iter().map(|site| site.text());
        if !found.eq(says.iter().map(Option::as_deref)) {
            return Err(refused("other places than the pinned ones would change"));
        }
        match self.plan(&again, &parsed) {
            Ok(plan) if plan.changes.is_empty() => Ok(Edited { text: again.text().to_owned(), uses, kept }),
            Ok(_) => Err(refused("a second run would change it again")),
            Err(error) => Err(refused(&error.to_string())),
        }
    }

    fn plan(&self, file: &Arc<SourceFile>, parsed: &Parsed) -> Result<Plan, RenderError> {
        let mut markers = marker::bind(file, parsed, self.context)?.into_iter().peekable();
        let ignored = marker::ignored(file, parsed);
        let mut plan =
            Plan { says: parsed.sites.iter().map(|site| site.text().map(str::to_owned)).collect(), ..Plan::default() };
        for (index, site) in parsed.sites.iter().enumerate() {
            let at = Location::new(file, site.span().clone());
            let written = &file.text()[site.span().clone()];
            let marker = markers.next_if(|marker| marker.site == index);
            let is_marked = marker.is_some();
            if !is_marked && ignored.contains_key(&site.line) {
                continue;
            }
            let (text, used) = if let Some(marker) = marker {
                let moved = marker.moved(site);
                (marker.text(site, self.spell)?, Use { image: marker.image.name.clone(), at: Some(at.clone()), moved })
            } else {
                match self.choice(site) {
                    Some(Choice::Pin(image)) => {
                        let tag = site.reference().and_then(|found| found.tag.as_ref());
                        let moved = moved(tag.map(Tag::as_str), image.tag());
                        let used = Use { image: image.name.clone(), at: Some(at.clone()), moved };
                        (self.spell.over(site.text().unwrap_or_default(), image)?, used)
                    }
                    Some(Choice::Keep(kept)) => {
                        plan.kept.extend(left(&kept, site, at, written));
                        continue;
                    }
                    None => continue,
                }
            };
            if Some(text.as_str()) != site.text() {
                let Some(quoted) = self.format.quote(written, &text) else {
                    if let Some(Left { at, reason }) =
                        left(&Kept::Unwritable, site, at.clone(), written).filter(|_| is_marked)
                    {
                        return Err(Problem::at(&at, reason).help("a text in quotes can be pinned").into());
                    }
                    plan.kept.extend(left(&Kept::Unwritable, site, at, written));
                    continue;
                };
                plan.changes.push(Change { span: site.span().clone(), text: quoted });
                plan.says[index] = Some(text);
            }
            plan.uses.push(used);
        }
        Ok(plan)
    }

    /// What a place means that no marker speaks of; nothing where it may be about no image at all.
    fn choice(&self, site: &Site) -> Option<Choice<'_, '_>> {
        let (reference, sure) = match &site.says {
            _ if !site.names_an_image() => return None,
            // What keys hold together has writers of its own.
            Says::Parts { .. } => return None,
            Says::Open { .. } => return Some(Choice::Keep(Kept::Open)),
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

    fn unreadable(&self, file: &Arc<SourceFile>, error: &Unreadable) -> RenderError {
        let at = Location::new(file, error.at.clone());
        let message = format!("`{}` cannot be read as {}: {}", file.path(), self.format.about(), error.reason);
        Problem::at(&at, message).into()
    }
}

/// What is told of a place that stays.
fn left(kept: &Kept, site: &Site, at: Location, written: &str) -> Option<Left> {
    let told = kept.tell(site.text().unwrap_or(written))?;
    let reason = if site.place.is_empty() { told } else { format!("{}: {told}", site.place) };
    Some(Left { at, reason })
}
