//! The adapter of all files: the images of a repository pinned where they are written, in every format that imagelock
//! reads.
//!
//! A `[[files]]` table with `edit = ["**"]` takes the files that `scan` looks at, and of each the places that `scan`
//! finds. A file that another target edits or writes is that one's. What cannot be read or written is told, and keeps no
//! other file from being pinned.
//!
//! It is not for values that need a shape, which is `[[helm]]`'s, nor for files of imagelock's own.

mod pinner;

use std::collections::BTreeSet;

use imagelock_adapter::{Adapter, Context, Output, RenderError, Target};
use imagelock_core::ImageName;
use imagelock_core::project::{Fields, ProjectError, TargetTable};
use imagelock_core::source::{Location, Spanned, nearest};
use imagelock_edit::{Files, Matcher, Spell, strict};
use imagelock_scan::{FORMATS, HEAD};

use self::pinner::{Found, Pinner};

/// The adapter of `[[files]]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllFiles;

impl Adapter for AllFiles {
    fn id(&self) -> &'static str {
        "files"
    }

    fn about(&self) -> &'static str {
        "images pinned in files of every format, in place"
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        let what = "[[files]]";
        let mut fields = Fields::new(&table.node, what).map_err(|error| vec![error])?;
        let at = table.node.at.clone();
        let files = Files::read(&mut fields, what, &at);
        let (images, strict) = (fields.all_parsed("images"), fields.flag("strict"));
        let formats = formats(&mut fields);
        if let Some(output) = fields.path("output") {
            let reason = "files are pinned in place: name them in `edit`, and leave `output` out";
            fields.fail(ProjectError::invalid(reason, &output.at));
        }
        fields.finish()?;
        Ok(Box::new(InAllFiles { at, files, images, strict, formats }))
    }
}

/// The formats that a table names; all where it names none.
fn formats(fields: &mut Fields<'_>) -> Option<BTreeSet<&'static str>> {
    let mut formats = BTreeSet::new();
    for name in fields.texts("formats")? {
        match FORMATS.iter().find(|format| format.id() == name.value) {
            Some(format) => drop(formats.insert(format.id())),
            None => {
                let meant = nearest(&name.value, FORMATS.iter().map(|format| format.id()));
                let meant = meant.map(|meant| format!(": did you mean `{meant}`?")).unwrap_or_default();
                fields.fail(ProjectError::invalid(format!("there is no format `{}`{meant}", name.value), &name.at));
            }
        }
    }
    Some(formats)
}

/// A table of `[[files]]`.
struct InAllFiles {
    at: Location,
    files: Files,
    images: Option<Vec<Spanned<ImageName>>>,
    strict: bool,
    formats: Option<BTreeSet<&'static str>>,
}

impl Target for InAllFiles {
    fn title(&self) -> String {
        let patterns: Vec<&str> = self.files.edit.iter().map(|pattern| pattern.value.as_str()).collect();
        format!("files {}", patterns.join(", "))
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        self.images.clone().unwrap_or_default()
    }

    fn is_wide(&self) -> bool {
        true
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let images = Matcher::new(context, self.images.as_deref())?;
        let (named, spell) = (self.files.named()?, Spell::default());
        let pinner = Pinner::new(self.formats.as_ref(), &named, &images, &spell, context);
        context.tree.visit(&named.starts(), HEAD, &pinner)?;
        named.all_found(context.tree)?;
        let Found { outputs, mut errors } = pinner.found();
        let kept: Vec<_> = outputs.iter().flat_map(|output| output.kept.iter().cloned()).collect();
        errors.extend(strict(&kept, &self.at).filter(|_| self.strict));
        if errors.is_empty() { Ok(outputs) } else { Err(RenderError::Several(errors)) }
    }
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
