//! The marker adapter: a value in any text file, pinned where a comment names an image.
//!
//! `image = "nginx:1.27"  # imagelock: web` becomes `image = "docker.io/…@sha256:…"  # imagelock: web`, whatever the
//! language is: comments of most languages carry a marker, and quotes and words are found the same way in all of them
//! ([`value`]). `NAME:tag`, `NAME:digest` and `NAME:repository` ask for parts. A marker alone on its line is about the
//! next line, for languages whose lines end without comments, as Dockerfiles' do.
//!
//! It is not for files that another adapter reads by their grammar: Terraform, Earthfiles and Kubernetes manifests have
//! one of their own, which knows more.

mod pins;
mod value;

use imagelock_adapter::{Adapter, Common, Target};
use imagelock_core::project::{Fields, ProjectError, TargetTable};

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
        let edit = imagelock_edit::patterns(&mut fields, what, &table.node.at);
        let common = Common::read(&mut fields);
        let output = common.output.map(|output| ("output", output.at));
        let images = common.images.and_then(|images| Some(("images", images.into_iter().next()?.at)));
        for (key, at) in output.into_iter().chain(images) {
            let reason = format!("`{key}` does not fit here: markers in the files of `edit` name the images");
            fields.fail(ProjectError::invalid(reason, &at));
        }
        fields.finish()?;
        Ok(Box::new(pins::Pins { edit }))
    }
}

#[cfg(test)]
#[allow(clippy::format_collect, reason = "tests build texts of lines")]
mod tests;
