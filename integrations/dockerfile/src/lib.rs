//! The Dockerfile adapter: the images of Dockerfiles and Containerfiles pinned where they are written.
//!
//! A `[[dockerfile]]` table names them, and every image that `FROM`, `COPY --from` and `RUN --mount=from=` take follows
//! the lock, like the defaults of `ARG`s: only the bytes of references change.
//!
//! It is not for Dockerfiles that must stay as they are: BuildKit takes a policy instead, which is `[[buildkit]]`'s.

use imagelock_adapter::{Adapter, Target};
use imagelock_core::project::{Fields, ProjectError, TargetTable};
use imagelock_edit::InPlace;

/// The adapter of `[[dockerfile]]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dockerfile;

impl Adapter for Dockerfile {
    fn id(&self) -> &'static str {
        "dockerfile"
    }

    fn about(&self) -> &'static str {
        "images pinned in Dockerfiles, in place"
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        let what = "[[dockerfile]]";
        let mut fields = Fields::new(&table.node, what).map_err(|error| vec![error])?;
        let in_place = InPlace::read(self.id(), what, &table.node.at, &mut fields);
        if let Some(output) = fields.path("output") {
            let reason = "Dockerfiles are pinned in place: name them in `edit`, and leave `output` out";
            fields.fail(ProjectError::invalid(reason, &output.at));
        }
        fields.finish()?;
        let formats: Vec<Box<dyn imagelock_scan::Format>> = vec![Box::new(imagelock_scan::formats::Dockerfile)];
        Ok(Box::new(InPlace { formats, ..in_place }))
    }
}

#[cfg(test)]
mod tests;
