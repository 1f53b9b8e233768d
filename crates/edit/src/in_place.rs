//! A target that pins the images of people's files where they are written: all adapters that do so are this one, with a
//! format of their own.

use camino::Utf8Path;
use imagelock_adapter::{Context, Left, Output, Problem, RenderError, Target};
use imagelock_core::ImageName;
use imagelock_core::project::Fields;
use imagelock_core::source::{Location, Spanned};
use imagelock_scan::{Format, HEAD, Named, WORD};

use crate::files::{File, Files};
use crate::{Edited, Matcher, Pinning, Spell};

/// A table that pins in place.
pub struct InPlace {
    /// The adapter, for the target's title.
    pub adapter: &'static str,
    /// The table.
    pub at: Location,
    /// The files.
    pub files: Files,
    /// The images that places may mean; all of the lock where it is absent.
    pub images: Option<Vec<Spanned<ImageName>>>,
    /// Whether a place that stays as it is is an error.
    pub strict: bool,
    /// How images are written.
    pub spell: Spell,
    /// The formats: the first that claims a file reads it, and the last reads all others.
    pub formats: Vec<Box<dyn Format>>,
    /// Whether only markers make a place one: a file without any is not read, and a table without any is a mistake.
    pub marked: bool,
    /// What to do about a file that the format cannot read.
    pub unreadable: Option<&'static str>,
}

impl InPlace {
    /// Reads `edit`, `exclude`, `images` and `strict`. A mistake is noted in `fields`.
    pub fn read(adapter: &'static str, what: &str, at: &Location, fields: &mut Fields<'_>) -> Self {
        let files = Files::read(fields, what, at);
        let (images, strict) = (fields.all_parsed("images"), fields.flag("strict"));
        let (spell, formats) = (Spell::default(), Vec::new());
        Self { adapter, at: at.clone(), files, images, strict, spell, formats, marked: false, unreadable: None }
    }

    fn format(&self, path: &Utf8Path, text: &str) -> Option<&dyn Format> {
        let head = &text[..text.floor_char_boundary(HEAD)];
        let path = Named::new(path);
        let claims = self.formats.iter().find(|format| format.claims(&path, &head));
        claims.or(self.formats.last()).map(Box::as_ref)
    }
}

/// The mistake that places stay as they are where the table at `at` says `strict`; nothing where none does.
pub fn strict(kept: &[Left], at: &Location) -> Option<RenderError> {
    let (first, others) = kept.split_first()?;
    let mut problem = Problem::at(&first.at, first.reason.clone());
    for other in others {
        problem = problem.also(&other.at, other.reason.clone());
    }
    let help = "declare it with `{command} add`, say which image it is (`imagelock: NAME` in a comment), or that it is \
                built here (`built = [\"…\"]`)";
    Some(problem.also(at, "`strict` asks for every image").help(help).into())
}

impl Target for InPlace {
    fn title(&self) -> String {
        let patterns: Vec<&str> = self.files.edit.iter().map(|pattern| pattern.value.as_str()).collect();
        format!("{} {}", self.adapter, patterns.join(", "))
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        self.images.clone().unwrap_or_default()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let images = Matcher::new(context, self.images.as_deref())?;
        let (mut outputs, mut used, mut left) = (Vec::new(), false, Vec::new());
        let mut errors = Vec::new();
        for File { text, pattern } in self.files.find(context.tree)? {
            let Some(format) = self.format(text.path(), text.text()) else { continue };
            // A file that no marker names need not be one that the format can read.
            if self.marked && !text.text().contains(WORD) {
                continue;
            }
            let pinning = Pinning { format, images: &images, spell: &self.spell, context };
            let Edited { text: content, uses, kept } = match pinning.edit(&text) {
                Ok(edited) => edited,
                Err(stuck) => {
                    errors.push(self.explain(stuck.into(), pattern));
                    continue;
                }
            };
            if self.marked && uses.is_empty() {
                continue;
            }
            used |= !uses.is_empty();
            left.extend(kept.iter().cloned());
            outputs.push(Output { uses, kept, ..Output::edited(text.path(), content.into_bytes(), &pattern.at) });
        }
        errors.extend(strict(&left, &self.at).filter(|_| self.strict));
        match self.files.edit.first() {
            _ if !errors.is_empty() => Err(RenderError::Several(errors)),
            Some(pattern) if self.marked && !used => Err(Problem::at(&pattern.at, "no file here has a marker")
                .help("write a comment `imagelock: NAME` at the end of the line, or alone on the line above")
                .into()),
            _ => Ok(outputs),
        }
    }
}

impl InPlace {
    /// Adds to a mistake in a file what asked for it.
    fn explain(&self, error: RenderError, pattern: &Spanned<String>) -> RenderError {
        match error {
            RenderError::Problem(problem) if problem.help.is_empty() => {
                let problem = problem.also(&pattern.at, "asked for here");
                self.unreadable.map_or(problem.clone(), |help| problem.help(help)).into()
            }
            error => error,
        }
    }
}

#[cfg(test)]
mod tests;
