//! Manifests of people, with their images pinned.

use std::sync::Arc;

use imagelock_adapter::{Context, Output, Pinned, Problem, RenderError, Target};
use imagelock_core::ImageName;
use imagelock_core::source::{Location, SourceFile, Spanned};
use imagelock_edit::{Change, File, Found, Marker, Part, Reading, Written, settled, spelled};

use crate::manifests::find::Found as Image;
use crate::manifests::{self, Lines, ManifestError, ManifestPath};

mod markers;

/// A `[[kubernetes]]` table.
pub(crate) struct Manifests {
    pub(crate) at: Location,
    pub(crate) edit: Vec<Spanned<String>>,
    pub(crate) images: Option<Vec<Spanned<ImageName>>>,
    pub(crate) paths: Vec<Spanned<ManifestPath>>,
    pub(crate) strict: bool,
}

/// What one file has, beside what is to change in it.
#[derive(Default)]
struct InFile {
    warnings: Vec<String>,
    /// The images that it has afterwards.
    images: Vec<String>,
}

impl Target for Manifests {
    fn title(&self) -> String {
        let patterns: Vec<&str> = self.edit.iter().map(|pattern| pattern.value.as_str()).collect();
        format!("kubernetes {}", patterns.join(", "))
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        self.images.clone().unwrap_or_default()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let written = Written::new(context, self.images.as_deref())?;
        let mut outputs = Vec::new();
        for File { text, pattern } in imagelock_edit::files(context.tree, &self.edit)? {
            let (edited, warnings) = self.edited(&text, &written, context, pattern)?;
            let output = Output::edited(text.path(), edited.into_bytes(), &pattern.at);
            outputs.push(warnings.into_iter().fold(output, Output::warn));
        }
        Ok(outputs)
    }
}

impl Manifests {
    fn edited(
        &self,
        file: &Arc<SourceFile>,
        written: &Written<'_>,
        context: &Context<'_>,
        pattern: &Spanned<String>,
    ) -> Result<(String, Vec<String>), RenderError> {
        let paths: Vec<ManifestPath> = self.paths.iter().map(|path| path.value.clone()).collect();
        let read = |file: &Arc<SourceFile>| {
            let manifests = manifests::find(file.text(), &paths).map_err(|error| unreadable(file, &error, pattern))?;
            self.reading(file, &manifests, written, context)
        };
        let (text, InFile { warnings, images }) = settled(file, read)?;
        // The same images in the same places, and nothing else.
        let after = manifests::find(&text, &paths).map_err(|error| unreadable(file, &error, pattern))?;
        if !after.images.iter().map(|image| &image.text).eq(&images) {
            let problem = format!("`{}` would not read back as it was pinned", file.path());
            return Err(Problem::at(&pattern.at, problem).into());
        }
        Ok((text, warnings))
    }

    /// What is to change in a file, what a person should know, and the images that it has then.
    fn reading(
        &self,
        file: &Arc<SourceFile>,
        manifests: &manifests::Manifests,
        written: &Written<'_>,
        context: &Context<'_>,
    ) -> Result<Reading<InFile>, RenderError> {
        let text = file.text();
        let lines = Lines::of(text);
        let mut markers = markers::bound(file, manifests)?;
        let (mut changes, mut found) = (Vec::new(), InFile::default());
        for (index, image) in manifests.images.iter().enumerate() {
            let at = Location::new(file, image.span.clone());
            match choose(file, image, markers.remove(&index), written, context)? {
                Ok(pinned) => {
                    let reference = spelled(&image.text, &pinned);
                    found.images.push(reference.clone());
                    if reference != image.text {
                        let text = manifests::written(text, image, &reference);
                        changes.push(Change { span: image.span.clone(), text });
                    }
                }
                Err(reason) if self.strict => return Err(self.unpinned(&at, &reason).into()),
                Err(reason) => {
                    found.images.push(image.text.clone());
                    let place = lines.place(image);
                    found.warnings.push(format!("line {}: {place}: {reason}", place.line));
                }
            }
        }
        Ok(Reading { changes, found })
    }

    fn unpinned(&self, at: &Location, reason: &str) -> Problem {
        Problem::at(at, reason)
            .also(&self.at, "`strict` asks for every image")
            .help("declare it with `{command} add`, or say which image it is: `# imagelock: NAME`")
    }
}

/// The image that stands at a place, by its marker or by its reference; or why there is none.
fn choose<'a>(
    file: &Arc<SourceFile>,
    image: &Image,
    marker: Option<Marker>,
    written: &Written<'a>,
    context: &Context<'a>,
) -> Result<Result<Pinned<'a>, String>, RenderError> {
    if let Some(marker) = marker {
        let at = Location::new(file, marker.span.clone());
        return match marker.read(context, &at)? {
            (pinned, Part::Reference) => Ok(Ok(pinned)),
            _ => Err(Problem::at(&at, "an `image` in a manifest is a whole reference, not a part of one").into()),
        };
    }
    let shown = &image.text;
    let reference = match shown.parse() {
        Ok(reference) => reference,
        Err(error) => {
            let error: imagelock_core::reference::ReferenceError = error;
            return Ok(Err(format!("`{shown}` is not pinned: {error}")));
        }
    };
    Ok(match written.find(&reference) {
        Found::Image(pinned) => Ok(pinned.clone()),
        Found::Unknown => Err(format!("`{shown}` is not in images.lock")),
        Found::Others(images) => Err(format!("`{shown}` is not in images.lock, which has {}", named(&images))),
        Found::Ambiguous(images) => {
            Err(format!("`{shown}` may be {}: say which, with `# imagelock: NAME` behind it", named(&images)))
        }
    })
}

fn named(images: &[&Pinned<'_>]) -> String {
    let named = images.iter().map(|image| match image.tag() {
        Some(tag) => format!("`{}` ({tag})", image.name),
        None => format!("`{}`", image.name),
    });
    named.collect::<Vec<_>>().join(" and ")
}

/// The line by which a text that is no YAML is a template of Helm's, counted from 1. In a text that is YAML, braces at
/// the start of a line are a part of a text of several lines.
fn template(text: &str) -> Option<usize> {
    let line = text.lines().position(|line| {
        let value = line.trim_start_matches([' ', '\t', '-']);
        value.strip_prefix("image:").unwrap_or(value).trim_start().starts_with("{{")
    });
    line.map(|line| line + 1)
}

fn unreadable(file: &Arc<SourceFile>, error: &ManifestError, pattern: &Spanned<String>) -> RenderError {
    match error {
        ManifestError::NotYaml { line, reason } => match template(file.text()) {
            Some(line) => not_yaml(file, line, "it is a template", pattern),
            None => not_yaml(file, *line, reason, pattern),
        },
        ManifestError::Unknown(_) | ManifestError::NotReadBack { .. } => {
            Problem::at(&pattern.at, error.to_string()).into()
        }
    }
}

fn not_yaml(file: &Arc<SourceFile>, line: usize, reason: &str, pattern: &Spanned<String>) -> RenderError {
    let start: usize = file.text().split_inclusive('\n').take(line - 1).map(str::len).sum();
    let length = file.text()[start..].lines().next().map_or(0, str::len);
    let at = Location::new(file, start..start + length);
    Problem::at(&at, format!("`{}` is not YAML: {reason}", file.path()))
        .also(&pattern.at, "asked for here")
        .help("a template is no manifest yet: pin what it makes, with `{command} post-render` or `[[helm]]`")
        .into()
}

#[cfg(test)]
mod tests;
