//! The Kubernetes adapter: the images of manifests pinned where they are written.
//!
//! A `[[kubernetes]]` table names manifests, and every `image` in them that the lock has follows it: only the bytes of
//! references change. The same search pins what Helm rendered on its way to Kubernetes ([`post_render`]), and finds
//! whatever Kubernetes would run unpinned ([`unpinned`]).
//!
//! It is not for manifests that are templates: those are not YAML before Helm, kustomize or another tool made them so.

mod manifests;

use imagelock_adapter::{Adapter, Target};
use imagelock_core::project::{Fields, ProjectError, TargetTable};
use imagelock_core::source::Spanned;
use imagelock_edit::InPlace;
use imagelock_scan::formats::Manifests;

pub use imagelock_scan::formats::kubernetes::{ManifestPath, ManifestPathError};
pub use imagelock_yaml::MOST_BYTES;
pub use manifests::{Finding, Reason, post_render, unpinned};

/// The adapter of `[[kubernetes]]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kubernetes;

const TEMPLATE: &str = "a template is no manifest yet: pin what it makes, with `{command} post-render` or `[[helm]]`";

impl Adapter for Kubernetes {
    fn id(&self) -> &'static str {
        "kubernetes"
    }

    fn about(&self) -> &'static str {
        "images pinned in Kubernetes manifests, in place"
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        let what = "[[kubernetes]]";
        let mut fields = Fields::new(&table.node, what).map_err(|error| vec![error])?;
        let in_place = InPlace::read(self.id(), what, &table.node.at, &mut fields);
        let paths: Vec<Spanned<ManifestPath>> = fields.all_parsed("paths").unwrap_or_default();
        if let Some(output) = fields.path("output") {
            let reason = "manifests are pinned in place: name them in `edit`, and leave `output` out";
            fields.fail(ProjectError::invalid(reason, &output.at));
        }
        fields.finish()?;
        let paths = paths.into_iter().map(|path| path.value).collect();
        let formats: Vec<Box<dyn imagelock_scan::Format>> = vec![Box::new(Manifests { paths })];
        Ok(Box::new(InPlace { formats, unreadable: Some(TEMPLATE), ..in_place }))
    }
}

#[cfg(test)]
mod tests;
