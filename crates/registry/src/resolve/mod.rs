//! From requests to locked images: all of them, or every reason why not.
//!
//! A tag costs one `HEAD`; where it answers with the digest that is known, that is all. Otherwise the index, and for
//! each platform the manifest and, unless annotations say everything, the configuration are fetched by digest; what
//! the cache holds is not. Images that need the same answer share it.

mod facts;
mod image;
mod platforms;
mod shared;
mod source;
mod verify;

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use futures_util::future::join_all;
use imagelock_core::version::{Rule, newest};
use imagelock_core::{Digest, ImageName, LockedImage, Origin, Platform, Repository, Request, Tag, Wanted};

use self::image::Image;
use self::shared::Shared;
use self::source::Source;
use crate::client::Client;
use crate::error::{Context, Error, ErrorKind, Missing};
use crate::event::Event;
use crate::layout::Layout;

/// Whether bytes are an image's configuration.
#[cfg(test)]
pub(crate) fn readable(bytes: &[u8]) -> bool {
    facts::Config::read(bytes).is_ok()
}

/// How many tags an error names.
const NAMED: usize = 3;

/// Turns requests into locked images.
#[derive(Clone)]
#[must_use]
pub struct Resolver {
    client: Client,
    root: Utf8PathBuf,
}

/// One image to resolve.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Its name.
    pub name: &'a ImageName,
    /// What is asked for.
    pub request: &'a Request,
    /// What the lock has for it, if anything: where the request's answer is still that, nothing more is fetched.
    pub known: Option<&'a LockedImage>,
}

/// What one run finds out, each thing once.
#[derive(Default)]
struct Run {
    tags: Shared<Repository, Vec<Tag>>,
    digests: Shared<(Repository, Tag), Digest>,
    images: Shared<(Repository, Digest, Option<BTreeSet<Platform>>), Image>,
}

impl Resolver {
    /// Resolves with a client, and layouts relative to the current directory.
    pub fn new(client: Client) -> Self {
        Self { client, root: Utf8PathBuf::from(".") }
    }

    /// Sets the directory that paths of layouts are relative to: the project file's.
    pub fn root(mut self, directory: impl Into<Utf8PathBuf>) -> Self {
        self.root = directory.into();
        self
    }

    /// Returns the client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Resolves all images, or says for each that failed why it did, in the order of their names.
    pub async fn resolve(
        &self,
        steps: &[Step<'_>],
    ) -> Result<BTreeMap<ImageName, LockedImage>, Vec<(ImageName, Error)>> {
        let run = Run::default();
        let answers = join_all(steps.iter().map(|step| self.step(&run, step))).await;
        let mut images = BTreeMap::new();
        let mut failures = Vec::new();
        for (step, answer) in steps.iter().zip(answers) {
            match answer {
                Ok(image) => drop(images.insert(step.name.clone(), image)),
                Err(error) => failures.push((step.name.clone(), error)),
            }
        }
        failures.sort_by(|(one, _), (other, _)| one.cmp(other));
        if failures.is_empty() { Ok(images) } else { Err(failures) }
    }

    async fn step(&self, run: &Run, step: &Step<'_>) -> Result<LockedImage, Error> {
        let Step { name, request, known } = *step;
        let reporter = self.client.reporter();
        reporter.event(Event::Resolving { name, wanted: &request.wanted });
        let answer = self.answer(run, request, known).await;
        match &answer {
            Ok(image) => reporter.event(Event::Resolved { name, image, changed: known != Some(image) }),
            Err(error) => reporter.event(Event::Failed { name, error }),
        }
        answer
    }

    async fn answer(&self, run: &Run, request: &Request, known: Option<&LockedImage>) -> Result<LockedImage, Error> {
        let (repository, tag, digest) = match &request.wanted {
            Wanted::Layout { path, tag } => return self.layout(request, path, tag.as_ref()).await,
            Wanted::Digest { repository, tag, digest } => (repository, tag.clone(), digest.clone()),
            Wanted::Tag { repository, tag } => {
                (repository, Some(tag.clone()), self.digest(run, repository, tag).await?)
            }
            Wanted::Version { repository, rule } => {
                let tag = self.pick(run, repository, rule).await?;
                let digest = self.digest(run, repository, &tag).await?;
                (repository, Some(tag), digest)
            }
        };
        if let Some(known) = known.filter(|known| stands(known, request, repository, &digest)) {
            return Ok(LockedImage { tag, request: request.clone(), ..known.clone() });
        }
        let key = (repository.clone(), digest.clone(), request.platforms.clone());
        let image = run.images.get(key, async || {
            let source = Source::Registry(&self.client, repository);
            image::read(&source, &digest, request.platforms.as_ref()).await
        });
        let image = image.await.map_err(|error| told(error, repository, tag.as_ref(), Some(&digest)))?;
        Ok(locked(request, Origin::Registry(repository.clone()), tag, digest, image))
    }

    async fn layout(
        &self,
        request: &Request,
        path: &camino::Utf8Path,
        tag: Option<&Tag>,
    ) -> Result<LockedImage, Error> {
        let layout = Layout::open(&self.root.join(path))?;
        let (digest, _) = layout.image(tag)?;
        let image = image::read(&Source::Layout(layout), &digest, request.platforms.as_ref()).await?;
        Ok(locked(request, Origin::Layout(path.to_owned()), tag.cloned(), digest, image))
    }

    /// Returns what a tag points at.
    async fn digest(&self, run: &Run, repository: &Repository, tag: &Tag) -> Result<Digest, Error> {
        let work = async || {
            let reference = repository.with(Some(tag.clone()), None);
            match self.client.head(&reference).await? {
                Some(descriptor) => Ok(descriptor.digest),
                None => Err(self.absent(run, repository, tag).await),
            }
        };
        run.digests.get((repository.clone(), tag.clone()), work).await
    }

    /// Says that a tag is not there, and which ones are, if that can be found out.
    async fn absent(&self, run: &Run, repository: &Repository, tag: &Tag) -> Error {
        let kind = match self.tags(run, repository).await {
            Ok(tags) => {
                ErrorKind::NotFound { what: Missing::Tag, newest: newest(&tags, NAMED).into_iter().cloned().collect() }
            }
            Err(Error { kind: kind @ ErrorKind::NotFound { .. }, .. }) => kind,
            Err(_) => ErrorKind::NotFound { what: Missing::Tag, newest: Vec::new() },
        };
        let reference = repository.with(Some(tag.clone()), None).to_string();
        let host = repository.host().to_string();
        let context = Context { doing: "read", reference, host, status: Some(404), attempts: 1, login: None };
        Error { kind, context: Some(Box::new(context)) }
    }

    async fn tags(&self, run: &Run, repository: &Repository) -> Result<Vec<Tag>, Error> {
        run.tags.get(repository.clone(), async || self.client.tags(repository).await).await
    }

    async fn pick(&self, run: &Run, repository: &Repository, rule: &Rule) -> Result<Tag, Error> {
        let tags = self.tags(run, repository).await?;
        if let Some(picked) = rule.best(&tags) {
            return Ok(picked.tag.clone());
        }
        let newest = newest(&tags, NAMED).into_iter().cloned().collect();
        let kind = ErrorKind::NoTagFits { rule: rule.to_string(), newest };
        Err(told(kind.into(), repository, None, None))
    }
}

/// Adds what was being done to an error that does not say it.
fn told(error: Error, repository: &Repository, tag: Option<&Tag>, digest: Option<&Digest>) -> Error {
    if error.context.is_some() {
        return error;
    }
    let digest = digest.filter(|_| tag.is_none());
    let reference = repository.with(tag.cloned(), digest.cloned());
    let host = repository.host().to_string();
    let context =
        Context { doing: "lock", reference: reference.to_string(), host, status: None, attempts: 1, login: None };
    Error { context: Some(Box::new(context)), ..error }
}

/// Whether a locked image is still the whole answer: the same content, asked for the same platforms.
fn stands(known: &LockedImage, request: &Request, repository: &Repository, digest: &Digest) -> bool {
    let covers = request.platforms.iter().flatten().all(|platform| known.platforms.contains_key(platform));
    known.digest == *digest
        && known.repository() == Some(repository)
        && known.request.platforms == request.platforms
        && covers
        && !known.platforms.is_empty()
}

fn locked(request: &Request, origin: Origin, tag: Option<Tag>, digest: Digest, image: Image) -> LockedImage {
    LockedImage {
        request: request.clone(),
        origin,
        tag,
        digest,
        media_type: image.media_type,
        size: image.size,
        platforms: image.platforms,
        created: image.facts.created,
        version: image.facts.version,
        revision: image.facts.revision,
        source: image.facts.source,
        base: image.facts.base,
    }
}
