//! From a request to the tag and the digest that answer it, and what is taken of them.

use imagelock_core::policy::Rule;
use imagelock_core::{Digest, LockedImage, Origin, Repository, Tag, Wanted};

use super::image::{self, Image};
use super::source::Source;
use super::{Resolver, Run, Step, Take, locked, reference, stands, told};
use crate::client::Absent;
use crate::error::{Context, Error, ErrorKind, Missing};

impl Resolver {
    /// Returns the answer to a step, and the digest of the index that was built again with the same content, where the
    /// known answer stays although there is one.
    pub(super) async fn answer(&self, run: &Run<'_>, step: &Step<'_>) -> Result<(LockedImage, Option<Digest>), Error> {
        let Step { request, known, take, .. } = *step;
        let (repository, tag, digest) = match &request.wanted {
            Wanted::Layout { path, tag } => return Ok((self.layout(run, request, path, tag.as_ref()).await?, None)),
            Wanted::Digest { repository, tag, digest } => (repository, tag.clone(), digest.clone()),
            Wanted::Tag { repository, tag } => {
                let digest = match take {
                    Take::Named { digest: Some(digest), .. } => digest.clone(),
                    _ => self.digest(run, repository, tag).await?,
                };
                (repository, Some(tag.clone()), digest)
            }
            Wanted::Version { repository, rule } => {
                let (tag, digest) = self.version(run, repository, rule, step).await?;
                (repository, Some(tag), digest)
            }
        };
        self.client.name(repository, tag.as_ref(), &digest);
        if let Some(known) = known.filter(|known| stands(known, request, repository, &digest)) {
            return Ok((LockedImage { tag, request: request.clone(), ..known.clone() }, None));
        }
        let key = (repository.clone(), digest.clone(), request.platforms.clone());
        let image = run.images.get(key, async || {
            let source = Source::registry(&run.documents, &self.client, repository);
            image::read(&source, &digest, request.platforms.as_ref()).await
        });
        let image = image.await.map_err(|error| told(error, "lock", repository, tag.as_ref(), Some(&digest)))?;
        let whole = reference(repository, tag.as_ref(), Some(&digest));
        run.documents.tell(&**self.client.reporter(), &whole, &image.odd);
        let known = known.filter(|known| take == Take::Changed && known.request == *request && known.tag == tag);
        if let Some(known) = known.filter(|known| same_content(known, repository, &image)) {
            // A pin that nobody can pull is of no use, so it is asked for; in no other case.
            let pinned = repository.with(None, Some(known.digest.clone()));
            if self.client.head(&pinned).await?.is_some() {
                return Ok((known.clone(), Some(digest)));
            }
        }
        Ok((locked(request, Origin::Registry(repository.clone()), tag, digest, image), None))
    }

    /// Returns the tag and the digest that answer a version rule.
    async fn version(
        &self,
        run: &Run<'_>,
        repository: &Repository,
        rule: &Rule,
        step: &Step<'_>,
    ) -> Result<(Tag, Digest), Error> {
        match step.take {
            Take::Named { tag: Some(tag), digest: Some(digest) } => Ok((tag.clone(), digest.clone())),
            Take::Named { tag: Some(tag), digest: None } => Ok((tag.clone(), self.digest(run, repository, tag).await?)),
            Take::Named { tag: None, digest: Some(digest) } => {
                let best = self.pick(run, repository, rule).await?;
                let known = step.known.and_then(|known| known.tag.clone());
                let known = known.filter(|known| *known != best && rule.admits(known));
                let mut asked = Vec::new();
                for tag in std::iter::once(best).chain(known) {
                    if self.digest(run, repository, &tag).await? == *digest {
                        return Ok((tag, digest.clone()));
                    }
                    asked.push(tag);
                }
                let kind = ErrorKind::Unnamed { digest: digest.clone(), asked };
                Err(told(kind.into(), "lock", repository, None, None))
            }
            Take::Newest | Take::Changed | Take::Named { tag: None, digest: None } => {
                let tag = self.pick(run, repository, rule).await?;
                let digest = self.digest(run, repository, &tag).await?;
                Ok((tag, digest))
            }
        }
    }

    /// Returns what a tag points at.
    async fn digest(&self, run: &Run<'_>, repository: &Repository, tag: &Tag) -> Result<Digest, Error> {
        let work = async || {
            let reference = repository.with(Some(tag.clone()), None);
            match self.client.pointed(&reference).await? {
                Ok(descriptor) => Ok(descriptor.digest),
                Err(asked) => self.absent(run, repository, tag, asked).await,
            }
        };
        run.digests.get((repository.clone(), tag.clone()), work).await
    }

    /// Looks again for a tag that a registry says is not there, since some say so of every `HEAD`: where the list of
    /// tags has it, or there is no list, a `GET` settles it, unless it was one that said so. Otherwise says which tags there
    /// are.
    async fn absent(&self, run: &Run<'_>, repository: &Repository, tag: &Tag, asked: Absent) -> Result<Digest, Error> {
        let reference = repository.with(Some(tag.clone()), None);
        let list = run.lists.get(&self.client, repository).await;
        let (look, kind) = match &list {
            Ok(list) if list.has(tag) => (true, missing(Missing::Listed, Vec::new())),
            Ok(list) => (false, missing(Missing::Tag, list.newest.clone())),
            Err(Error { kind: kind @ ErrorKind::NotFound { what: Missing::Repository, .. }, .. }) => {
                (false, kind.clone())
            }
            // A list that goes on is that of a repository.
            Err(Error { kind: ErrorKind::Paging { .. }, .. }) => (true, missing(Missing::Tag, Vec::new())),
            Err(error) => (!error.may_pass(), missing(Missing::TagOrRepository, Vec::new())),
        };
        if look
            && asked == Absent::ByHead
            && let Some(descriptor) = self.client.get(&reference).await?
        {
            return Ok(descriptor.digest);
        }
        let host = repository.host().to_string();
        let reference = reference.to_string();
        let login = list.err().and_then(|error| match error.kind {
            ErrorKind::Unauthorized(refusal) | ErrorKind::Forbidden(refusal) => Some(refusal.login),
            _ => error.context?.login,
        });
        let context = Context { doing: "read", reference, host, status: Some(404), attempts: 1, login };
        Err(Error { kind, context: Some(Box::new(context)) })
    }

    async fn pick(&self, run: &Run<'_>, repository: &Repository, rule: &Rule) -> Result<Tag, Error> {
        let list = run.lists.get(&self.client, repository).await?;
        let pick = list.pick(rule).map_err(|kind| told(kind.into(), "lock", repository, None, None))?;
        run.documents.tell(&**self.client.reporter(), &repository.to_string(), pick.odd.as_slice());
        Ok(pick.tag)
    }
}

fn missing(what: Missing, newest: Vec<Tag>) -> ErrorKind {
    ErrorKind::NotFound { what, newest }
}

/// Whether every platform's manifest is what is known, and there is no platform more and none less: then the same runs
/// everywhere, whatever else an index says. `BuildKit` gives an image that comes whole from its cache a new index, since the
/// attestation in it tells of another build.
fn same_content(known: &LockedImage, repository: &Repository, image: &Image) -> bool {
    let found = image.platforms.iter().map(|(platform, locked)| (platform, &locked.digest));
    let locked = known.platforms.iter().map(|(platform, locked)| (platform, &locked.digest));
    known.repository() == Some(repository) && !image.platforms.is_empty() && found.eq(locked)
}
