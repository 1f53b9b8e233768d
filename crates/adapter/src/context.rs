//! What a target is rendered from.

use std::collections::BTreeMap;

use imagelock_core::project::{Built, Mirror};
use imagelock_core::source::{Location, Spanned};
use imagelock_core::{Digest, Host, ImageName, LockedImage, Lockfile, Project, Reference, Repository, Tag};

use crate::{RenderError, Templates, Tree};

/// What a target is rendered from: the lock, the repository's files, the templates.
pub struct Context<'a> {
    /// The lock.
    pub lock: &'a Lockfile,
    /// The repository.
    pub tree: &'a dyn Tree,
    /// The templates.
    pub templates: &'a Templates,
    /// Registries that others stand in for.
    pub rewrites: &'a Rewrites,
    /// The images that the repository builds itself.
    pub built: &'a Built,
}

/// Registries that are written in other registries' place: a mirror that production pulls from. Digests stay.
#[derive(Clone, Debug, Default)]
pub struct Rewrites(BTreeMap<Host, Mirror>);

/// A locked image as it is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned<'a> {
    /// Its name.
    pub name: &'a ImageName,
    /// The image in the lock.
    pub image: &'a LockedImage,
    /// The repository to write, rewritten where the user asks for it.
    pub repository: Repository,
}

impl Rewrites {
    /// The rewrites that the project file asks for.
    pub fn of(project: &Project) -> Self {
        let rewrites = project.registries.iter();
        Self(rewrites.filter_map(|(host, settings)| Some((host.clone(), settings.rewrite.clone()?.value))).collect())
    }

    /// Adds one that the command line asks for.
    pub fn insert(&mut self, host: Host, to: Mirror) {
        self.0.insert(host, to);
    }

    fn apply(&self, name: &ImageName, repository: &Repository) -> Result<Repository, RenderError> {
        match self.0.get(repository.host()) {
            None => Ok(repository.clone()),
            Some(to) => to
                .repository(repository)
                .map_err(|error| RenderError::Rewrite { name: name.clone(), reason: error.to_string() }),
        }
    }
}

impl<'a> Context<'a> {
    /// The image that a target names; an error at `at` where the lock lacks it or no registry has it.
    pub fn image(&self, name: &ImageName, at: Option<&Location>) -> Result<Pinned<'a>, RenderError> {
        let Some((name, image)) = self.lock.images.get_key_value(name) else {
            return Err(RenderError::NotLocked { name: name.clone(), at: at.cloned() });
        };
        let Some(repository) = image.repository() else {
            return Err(RenderError::NoRepository { name: name.clone(), at: at.cloned() });
        };
        Ok(Pinned { name, image, repository: self.rewrites.apply(name, repository)? })
    }

    /// The images that a target takes: those that it names, or all that a registry has.
    pub fn images(&self, named: Option<&[Spanned<ImageName>]>) -> Result<Vec<Pinned<'a>>, RenderError> {
        let Some(named) = named else {
            let all = self.lock.images.iter().filter(|(_, image)| image.repository().is_some());
            return all.map(|(name, _)| self.image(name, None)).collect();
        };
        let mut names: Vec<&Spanned<ImageName>> = named.iter().collect();
        names.sort_by(|a, b| a.value.cmp(&b.value));
        names.dedup_by(|a, b| a.value == b.value);
        names.into_iter().map(|name| self.image(&name.value, Some(&name.at))).collect()
    }
}

impl<'a> Pinned<'a> {
    /// The tag, where the image was locked by one.
    pub fn tag(&self) -> Option<&'a Tag> {
        self.image.tag.as_ref()
    }

    /// The digest of the index, or of the manifest where there is no index.
    pub fn digest(&self) -> &'a Digest {
        &self.image.digest
    }

    /// `repository@digest`.
    pub fn pinned(&self) -> Reference {
        self.repository.with(None, Some(self.image.digest.clone()))
    }

    /// `repository:tag@digest`.
    pub fn tagged(&self) -> Reference {
        self.repository.with(self.image.tag.clone(), Some(self.image.digest.clone()))
    }

    /// What makes the digest readable, for a comment: `latest, 1.24.3, 23 Nov 2026`. Publishers wrote parts of it:
    /// it goes through the `comment` filter.
    pub fn about(&self) -> String {
        let image = self.image;
        let tag = image.tag.as_ref().map(ToString::to_string);
        let version = image.version.clone().filter(|version| Some(version) != tag.as_ref());
        let day = image.created.as_ref().filter(|created| created.is_evidence()).map(imagelock_core::Created::day);
        let parts: Vec<String> = [tag, version, day].into_iter().flatten().collect();
        parts.join(", ")
    }
}
