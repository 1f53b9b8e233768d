//! The Kubernetes adapter: the images of manifests pinned where they are written.
//!
//! A `[[kubernetes]]` table names manifests, and every `image` in them that the lock has follows it: only the bytes of
//! references change. The same search pins what Helm rendered on its way to Kubernetes ([`post_render`]), and finds
//! whatever Kubernetes would run unpinned ([`unpinned`]).
//!
//! It is not for manifests that are templates: those are not YAML before Helm, kustomize or another tool made them so.

mod in_place;
mod manifests;

use imagelock_adapter::{Adapter, Common, Target};
use imagelock_core::project::{Fields, ProjectError, TargetTable};

pub use imagelock_yaml::MOST_BYTES;
pub use manifests::{
    Finding, ManifestError, ManifestPath, ManifestPathError, Place, PostRender, PostRendered, Reason, Replaced,
    post_render, unpinned,
};

/// The adapter of `[[kubernetes]]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kubernetes;

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
        let edit = imagelock_edit::patterns(&mut fields, what, &table.node.at);
        let images = fields.all_parsed("images");
        let paths = fields.all_parsed("paths").unwrap_or_default();
        let strict = fields.flag("strict");
        if let Some(output) = Common::read(&mut fields).output {
            let reason = "manifests are pinned in place: name them in `edit`, and leave `output` out";
            fields.fail(ProjectError::invalid(reason, &output.at));
        }
        fields.finish()?;
        Ok(Box::new(in_place::Manifests { at: table.node.at.clone(), edit, images, paths, strict }))
    }
}
