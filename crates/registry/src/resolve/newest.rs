//! Which tag is the newest by what the images say, for rules that no tag tells enough.

use futures_util::future::join_all;
use imagelock_core::policy::Rule;
use imagelock_core::update::Gate;
use imagelock_core::{Created, Digest, LockedImage, Repository, Tag, Wanted};

use super::lists::{Walk, walk};
use super::source::Source;
use super::{Resolver, Run, Step, image, told};
use crate::error::{Error, ErrorKind, NoNewest};

/// A tag that competes, and when its image says that it was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The tag.
    pub tag: Tag,
    /// What it points at.
    pub digest: Digest,
    /// When that was built.
    pub created: Created,
}

impl Resolver {
    /// Returns the tags that compete for a step whose rule asks the images, what was built last first; of another, none.
    pub async fn dated(&self, step: &Step<'_>) -> Result<Vec<Built>, Error> {
        let Wanted::Version { repository, rule } = &step.request.wanted else { return Ok(Vec::new()) };
        if !rule.asks_images() {
            return Ok(Vec::new());
        }
        let run = Run::of(std::slice::from_ref(step));
        let built = self.by_time(&run, step, repository, rule).await;
        built.map_err(|error| self.client.clean(error))
    }

    /// Returns the tags that compete, what was built last first. Each of them is read, and an answer without one of them would
    /// be a guess: so what cannot be read fails all.
    pub(super) async fn by_time(
        &self,
        run: &Run<'_>,
        step: &Step<'_>,
        repository: &Repository,
        rule: &Rule,
    ) -> Result<Vec<Built>, Error> {
        let list = run.lists.get(&self.client, repository).await?;
        let competing = list.competing(rule, step.limit);
        let competing = competing.map_err(|kind| told(kind.into(), "lock", repository, None, None))?;
        let read = join_all(competing.iter().map(|tag| self.built(run, step, repository, tag))).await;
        let mut built: Vec<Built> = read.into_iter().collect::<Result<_, _>>()?;
        built.sort_unstable_by(|one, other| (&other.created, &other.tag).cmp(&(&one.created, &one.tag)));
        Ok(built)
    }

    /// Returns the tag that was built last.
    pub(super) async fn last_built(
        &self,
        run: &Run<'_>,
        step: &Step<'_>,
        repository: &Repository,
        rule: &Rule,
    ) -> Result<Tag, Error> {
        let built = self.by_time(run, step, repository, rule).await?;
        in_order(&built, 1).map_err(|error| told(ErrorKind::from(error).into(), "lock", repository, None, None))?;
        // No candidate at all was an error before.
        built.into_iter().next().map(|built| built.tag).ok_or_else(|| ErrorKind::from(NoNewest::Nothing).into())
    }

    /// Returns the tags that an image with a gate may take, down to the one that is locked.
    pub(super) async fn walk_by_time(
        &self,
        run: &Run<'_>,
        step: &Step<'_>,
        (repository, rule): (&Repository, &Rule),
        (gate, known): (&dyn Gate, &LockedImage),
    ) -> Result<Walk, Error> {
        let built = self.by_time(run, step, repository, rule).await?;
        let known = known.tag.as_ref();
        let down_to = built.iter().position(|built| Some(&built.tag) == known).map_or(built.len(), |at| at + 1);
        in_order(&built, down_to)
            .map_err(|error| told(ErrorKind::from(error).into(), "lock", repository, None, None))?;
        Ok(walk(built[..down_to].iter().map(|built| &built.tag), known, gate))
    }

    async fn built(&self, run: &Run<'_>, step: &Step<'_>, repository: &Repository, tag: &Tag) -> Result<Built, Error> {
        let digest = self.digest(run, repository, tag).await?;
        self.client.name(repository, Some(tag), &digest);
        let source = Source::registry(&run.documents, &self.client, repository);
        let created = image::created(&source, &digest, step.request.platforms.as_ref()).await;
        let created = created.and_then(|created| match created {
            Some(created) if created.is_evidence() => Ok(created),
            said => Err(ErrorKind::from(NoNewest::Untimed { tag: tag.clone(), said }).into()),
        });
        let created = created.map_err(|error| told(error, "lock", repository, Some(tag), Some(&digest)))?;
        Ok(Built { tag: tag.clone(), digest, created })
    }
}

/// Refuses two different images of the same time among the first ones: nothing tells which of them is newer.
fn in_order(built: &[Built], first: usize) -> Result<(), NoNewest> {
    let same = built.windows(2).take(first).find_map(|pair| match pair {
        [one, other] if one.created == other.created && one.digest != other.digest => Some((one, other)),
        _ => None,
    });
    same.map_or(Ok(()), |(one, other)| {
        let (tag, other, created) = (one.tag.clone(), other.tag.clone(), one.created.clone());
        Err(NoNewest::Together { tag, other, created })
    })
}
