//! What adapters and surveys stand on beside the lock.

use camino::Utf8Path;
use imagelock_adapter::{Context, Rewrites, Templates};
use imagelock_core::{Lockfile, Project};

use crate::failure::Failure;
use crate::tree::DiskTree;

/// The files of a project, its templates, and the registries that stand in others' place.
pub(crate) struct Ground<'p> {
    project: &'p Project,
    pub(crate) tree: DiskTree,
    pub(crate) templates: Templates,
    pub(crate) rewrites: Rewrites,
}

impl<'p> Ground<'p> {
    /// That of the project at a root, with the embedded templates.
    pub(crate) fn of(root: &Utf8Path, project: &'p Project) -> Result<Self, Failure> {
        let (tree, rewrites) = (DiskTree::of(root, &project.scan)?, Rewrites::of(project));
        Ok(Self { project, tree, templates: Templates::default(), rewrites })
    }

    /// What adapters are given with a lock.
    pub(crate) fn context<'a>(&'a self, lock: &'a Lockfile) -> Context<'a> {
        let Self { project, tree, templates, rewrites } = self;
        Context { lock, tree, templates, rewrites, built: &project.built }
    }
}
