//! The marker adapter: a value in any text file, pinned where a comment names an image.
//!
//! `image = "nginx:1.27"  # imagelock: web` becomes `image = "docker.io/…@sha256:…"  # imagelock: web`, whatever the
//! language is: comments of most languages carry a marker, and quotes and words are found the same way in all of them.
//! `NAME:tag`, `NAME:digest`, `NAME:hex` and `NAME:repository` ask for parts. A marker alone on its line is about the
//! next line.
//!
//! It is not for files that another adapter reads by their grammar: Terraform, Dockerfiles, Earthfiles and Kubernetes
//! manifests have one of their own, which knows more.

use imagelock_adapter::{Adapter, Target};
use imagelock_core::project::{Fields, ProjectError, TargetTable};
use imagelock_edit::InPlace;
use imagelock_scan::Format;
use imagelock_scan::formats::{Plain, Words};

/// The adapter of `[[marker]]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Markers;

impl Adapter for Markers {
    fn id(&self) -> &'static str {
        "marker"
    }

    fn about(&self) -> &'static str {
        "values pinned in any text file, where a comment names an image"
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        let what = "[[marker]]";
        let mut fields = Fields::new(&table.node, what).map_err(|error| vec![error])?;
        let in_place = InPlace::read(self.id(), what, &table.node.at, &mut fields);
        let output = fields.path("output").map(|output| ("output", output.at));
        let images = in_place.images.as_ref().and_then(|images| Some(("images", images.first()?.at.clone())));
        for (key, at) in output.into_iter().chain(images) {
            let reason = format!("`{key}` does not fit here: markers in the files of `edit` name the images");
            fields.fail(ProjectError::invalid(reason, &at));
        }
        fields.finish()?;
        let formats: Vec<Box<dyn Format>> =
            [Words::Yaml, Words::Typed, Words::Text].map(|words| Box::new(Plain { words }) as Box<dyn Format>).into();
        Ok(Box::new(InPlace { formats, marked: true, ..in_place }))
    }
}

#[cfg(test)]
#[allow(clippy::format_collect, reason = "tests build texts of lines")]
mod tests;
