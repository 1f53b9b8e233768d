//! From a request to the tag and the digest that answer it, and what is taken of them.

use imagelock_core::policy::Rule;
use imagelock_core::update::{Candidate, Gate, Held, Reason, Ruling, Waiting};
use imagelock_core::{Digest, LockedImage, Origin, Repository, Tag, Wanted};

use super::image::{self, Image};
use super::lists::Walk;
use super::source::Source;
use super::{Answered, Pointed, Resolver, Run, Step, Take, locked, reference, stands, told};
use crate::client::{Absent, Descriptor};
use crate::error::{Context, Error, ErrorKind, Missing};

impl Resolver {
    /// Returns the answer to a step, or the best that its gate lets through.
    pub(super) async fn answer(&self, run: &Run<'_>, step: &Step<'_>) -> Result<Answered, Error> {
        let (repository, tag, digest) = match (&step.request.wanted, step.gated()) {
            (Wanted::Layout { path, tag }, gated) => {
                let image = self.layout(run, step.request, path, tag.as_ref()).await?;
                let Some((gate, known)) = gated else { return Ok(Answered::with(image)) };
                let mut waiting = None;
                let taken = passes(gate, Candidate { image: Some(&image), ..Candidate::default() }, &mut waiting);
                return Ok(Answered { image: if taken { image } else { known.clone() }, rebuilt: None, waiting });
            }
            (Wanted::Digest { repository, tag, digest }, _) => (repository, tag.clone(), digest.clone()),
            (Wanted::Tag { repository, tag }, Some((gate, known))) => {
                return self.allowed(run, step, repository, vec![(tag.clone(), None)], (gate, known)).await;
            }
            (Wanted::Version { repository, rule }, Some((gate, known))) => {
                let walk = if rule.asks_images() {
                    self.walk_by_time(run, step, (repository, rule), (gate, known)).await?
                } else {
                    // What no tag fits has to be said all the same.
                    self.pick(run, repository, rule).await?;
                    run.lists.get(&self.client, repository).await?.walk(step.name)
                };
                return self.allowed(run, step, repository, walk, (gate, known)).await;
            }
            (Wanted::Tag { repository, tag }, None) => {
                let digest = match step.take {
                    Take::Named { digest: Some(digest), .. } => digest.clone(),
                    _ => self.digest(run, repository, tag).await?,
                };
                (repository, Some(tag.clone()), digest)
            }
            (Wanted::Version { repository, rule }, None) => {
                let (tag, digest) = self.version(run, repository, rule, step).await?;
                (repository, Some(tag), digest)
            }
        };
        self.pointed(run, step, repository, tag, digest).await
    }

    /// Returns the first of the candidates that the gate lets through; where there is none, what is known stays.
    async fn allowed(
        &self,
        run: &Run<'_>,
        step: &Step<'_>,
        repository: &Repository,
        candidates: Walk,
        (gate, known): (&dyn Gate, &LockedImage),
    ) -> Result<Answered, Error> {
        let mut waiting = None;
        for (tag, held) in candidates {
            let candidate = Candidate { tag: Some(&tag), ..Candidate::default() };
            if let Some(held) = held {
                let digest = if gate.wants_digest() { Some(self.digest(run, repository, &tag).await?) } else { None };
                Waiting::note(&mut waiting, Candidate { digest: digest.as_ref(), ..candidate }, held);
                continue;
            }
            let Pointed { digest, since } = self.points(run, repository, &tag).await?;
            let candidate = Candidate { digest: Some(&digest), since: since.as_ref(), ..candidate };
            let moves = digest != known.digest || known.tag.as_ref() != Some(&tag);
            if moves && !passes(gate, candidate, &mut waiting) {
                continue;
            }
            match self.pointed(run, step, repository, Some(tag.clone()), digest.clone()).await {
                Ok(answered) => {
                    let image = &answered.image;
                    // What has the same content and comes all the same is in the place of a digest that is gone.
                    let same =
                        image.platforms == known.platforms && image.tag == known.tag && step.take == Take::Changed;
                    if same || passes(gate, Candidate { image: Some(image), ..candidate }, &mut waiting) {
                        return Ok(Answered { waiting, ..answered });
                    }
                }
                Err(error) => {
                    // The parts of an image are pushed one after another, and its index sometimes before the last.
                    let ErrorKind::MissingPlatforms { missing, .. } = error.kind else { return Err(error) };
                    let reasons = vec![Reason::Platforms { missing: missing.into_iter().collect() }];
                    Waiting::note(&mut waiting, candidate, Held { level: None, down: false, reasons });
                }
            }
        }
        Ok(Answered { waiting, ..Answered::with(known.clone()) })
    }

    /// Returns what a digest names: what is known where that is it, or has the same content.
    async fn pointed(
        &self,
        run: &Run<'_>,
        step: &Step<'_>,
        repository: &Repository,
        tag: Option<Tag>,
        digest: Digest,
    ) -> Result<Answered, Error> {
        let Step { request, known, take, .. } = *step;
        self.client.name(repository, tag.as_ref(), &digest);
        if let Some(known) = known.filter(|known| stands(known, request, repository, &digest)) {
            return Ok(Answered::with(LockedImage { tag, request: request.clone(), ..known.clone() }));
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
                return Ok(Answered { rebuilt: Some(digest), ..Answered::with(known.clone()) });
            }
        }
        Ok(Answered::with(locked(request, Origin::Registry(repository.clone()), tag, digest, image)))
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
                let best = self.best(run, step, repository, rule).await?;
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
                let tag = self.best(run, step, repository, rule).await?;
                let digest = self.digest(run, repository, &tag).await?;
                Ok((tag, digest))
            }
        }
    }

    /// Returns the digest that a tag points at.
    pub(super) async fn digest(&self, run: &Run<'_>, repository: &Repository, tag: &Tag) -> Result<Digest, Error> {
        Ok(self.points(run, repository, tag).await?.digest)
    }

    /// Returns what a tag points at.
    async fn points(&self, run: &Run<'_>, repository: &Repository, tag: &Tag) -> Result<Pointed, Error> {
        let work = async || {
            let reference = repository.with(Some(tag.clone()), None);
            match self.client.pointed(&reference).await? {
                Ok(descriptor) => Ok(descriptor.into()),
                Err(asked) => self.absent(run, repository, tag, asked).await,
            }
        };
        run.digests.get((repository.clone(), tag.clone()), work).await
    }

    /// Looks again for a tag that a registry says is not there, since some say so of every `HEAD`: where the list of
    /// tags has it, or there is no list, a `GET` settles it, unless it was one that said so. Otherwise says which tags there
    /// are.
    async fn absent(&self, run: &Run<'_>, repository: &Repository, tag: &Tag, asked: Absent) -> Result<Pointed, Error> {
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
            return Ok(descriptor.into());
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

    /// Returns the best tag by a rule.
    async fn best(&self, run: &Run<'_>, step: &Step<'_>, repository: &Repository, rule: &Rule) -> Result<Tag, Error> {
        if rule.asks_images() {
            return self.last_built(run, step, repository, rule).await;
        }
        self.pick(run, repository, rule).await
    }

    async fn pick(&self, run: &Run<'_>, repository: &Repository, rule: &Rule) -> Result<Tag, Error> {
        let list = run.lists.get(&self.client, repository).await?;
        let pick = list.pick(rule).map_err(|kind| told(kind.into(), "lock", repository, None, None))?;
        run.documents.tell(&**self.client.reporter(), &repository.to_string(), pick.odd.as_slice());
        Ok(pick.tag)
    }
}

impl From<Descriptor> for Pointed {
    fn from(Descriptor { digest, modified: since, .. }: Descriptor) -> Self {
        Self { digest, since }
    }
}

fn missing(what: Missing, newest: Vec<Tag>) -> ErrorKind {
    ErrorKind::NotFound { what, newest }
}

/// Whether a gate lets a candidate through, as far as it is known; the first that it does not is noted.
fn passes(gate: &dyn Gate, candidate: Candidate<'_>, waiting: &mut Option<Waiting>) -> bool {
    let Ruling::Wait(held) = gate.judge(candidate) else { return true };
    Waiting::note(waiting, candidate, held);
    false
}

/// Whether every platform's manifest is what is known, and there is no platform more and none less: then the same runs
/// everywhere, whatever else an index says. `BuildKit` gives an image that comes whole from its cache a new index, since the
/// attestation in it tells of another build.
fn same_content(known: &LockedImage, repository: &Repository, image: &Image) -> bool {
    let found = image.platforms.iter().map(|(platform, locked)| (platform, &locked.digest));
    let locked = known.platforms.iter().map(|(platform, locked)| (platform, &locked.digest));
    known.repository() == Some(repository) && !image.platforms.is_empty() && found.eq(locked)
}
