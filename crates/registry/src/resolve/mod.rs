//! From requests to locked images: all of them, or every reason why not.
//!
//! A tag costs one `HEAD`; where it answers with the digest that is known, that is all. Otherwise the index, and for
//! each platform the manifest and, unless annotations say everything, the configuration are fetched by digest; what
//! the cache holds is not. What a digest names in a repository is read once in a run, whoever asks for it.

mod answer;
mod image;
mod lists;
mod newest;
mod platforms;
mod shared;
mod source;
mod verify;

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use futures_util::future::join_all;
use imagelock_core::update::{Gate, Waiting};
use imagelock_core::{Created, Digest, ImageName, LockedImage, Origin, Platform, Repository, Request, Tag};

use self::image::Image;
use self::lists::Lists;
pub use self::newest::Built;
pub(crate) use self::platforms::NESTED;
pub use self::shared::Shared;
use self::source::{Documents, Source};
use crate::client::Client;
use crate::error::{Context, Error};
use crate::event::Event;
use crate::layout::Layout;

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
    /// Which answer is taken.
    pub take: Take<'a>,
    /// How many tags may compete where each of them is read to find the newest.
    pub limit: u32,
    /// What judges whether an answer may take the place of the known one, where the request is the same; without it every
    /// answer may. An answer that may not waits, and the best that may is taken.
    pub gate: Option<&'a dyn Gate>,
}

impl<'a> Step<'a> {
    /// The gate and what it guards.
    fn gated(&self) -> Option<(&'a dyn Gate, &'a LockedImage)> {
        self.gate.zip(self.known.filter(|known| known.request == *self.request))
    }
}

/// Which of the answers that a request admits is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Take<'a> {
    /// The newest: what the tag points at now, or the best tag.
    #[default]
    Newest,
    /// The newest that has other content. An image that was only built again, so that its index is another and every
    /// platform's manifest is what it was, stays as it is known, unless the known digest is gone.
    Changed,
    /// The one that somebody names: a tag, a digest, or both. That the request admits it is the caller's to see to.
    Named {
        /// The tag; without one, a tag that points at the digest is looked for.
        tag: Option<&'a Tag>,
        /// The digest; without one, what the tag points at.
        digest: Option<&'a Digest>,
    },
}

/// What a run found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The answers.
    pub images: BTreeMap<ImageName, LockedImage>,
    /// The images that were built again with the same content and stayed as they are known, each with its new digest.
    pub rebuilt: BTreeMap<ImageName, Digest>,
    /// The best answers that were not taken, since their gates keep them waiting.
    pub waiting: BTreeMap<ImageName, Waiting>,
}

/// The answer to one step.
struct Answered {
    image: LockedImage,
    /// The digest of the index that was built again with the same content, where the known answer stays although there is
    /// one.
    rebuilt: Option<Digest>,
    /// The best answer that may not be taken.
    waiting: Option<Waiting>,
}

impl Answered {
    fn with(image: LockedImage) -> Self {
        Self { image, rebuilt: None, waiting: None }
    }
}

/// What a tag points at.
#[derive(Clone)]
struct Pointed {
    digest: Digest,
    /// Since when the registry says that it has it.
    since: Option<Created>,
}

/// What one run finds out, each thing once.
struct Run<'a> {
    lists: Lists<'a>,
    digests: Shared<(Repository, Tag), Pointed>,
    images: Shared<(Repository, Digest, Option<BTreeSet<Platform>>), Image>,
    documents: Documents,
}

impl<'a> Run<'a> {
    fn of(steps: &[Step<'a>]) -> Self {
        Self {
            lists: Lists::of(steps),
            digests: Shared::default(),
            images: Shared::default(),
            documents: Documents::default(),
        }
    }
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
    pub async fn resolve(&self, steps: &[Step<'_>]) -> Result<Resolved, Vec<(ImageName, Error)>> {
        let (resolved, failures) = self.attempt(steps).await;
        if failures.is_empty() { Ok(resolved) } else { Err(failures) }
    }

    /// Resolves the images that can be, and says of the others why they cannot, in the order of their names.
    pub async fn attempt(&self, steps: &[Step<'_>]) -> (Resolved, Vec<(ImageName, Error)>) {
        let run = Run::of(steps);
        let answers = join_all(steps.iter().map(|step| self.step(&run, step))).await;
        let mut resolved = Resolved::default();
        let mut failures = Vec::new();
        for (step, answer) in steps.iter().zip(answers) {
            match answer {
                Ok(Answered { image, rebuilt, waiting }) => {
                    resolved.images.insert(step.name.clone(), image);
                    resolved.rebuilt.extend(rebuilt.map(|digest| (step.name.clone(), digest)));
                    resolved.waiting.extend(waiting.map(|waiting| (step.name.clone(), waiting)));
                }
                Err(error) => failures.push((step.name.clone(), error)),
            }
        }
        failures.sort_by(|(one, _), (other, _)| one.cmp(other));
        (resolved, failures)
    }

    async fn step(&self, run: &Run<'_>, step: &Step<'_>) -> Result<Answered, Error> {
        let Step { name, request, known, .. } = *step;
        let reporter = self.client.reporter();
        reporter.event(Event::Resolving { name, wanted: &request.wanted });
        let answer = self.answer(run, step).await.map_err(|error| self.client.clean(error));
        match &answer {
            Ok(Answered { image, .. }) => {
                reporter.event(Event::Resolved { name, image, changed: known != Some(image) });
            }
            Err(error) => reporter.event(Event::Failed { name, error }),
        }
        answer
    }

    async fn layout(
        &self,
        run: &Run<'_>,
        request: &Request,
        path: &camino::Utf8Path,
        tag: Option<&Tag>,
    ) -> Result<LockedImage, Error> {
        let layout = Layout::within(&self.root, path)?;
        let (digest, _) = layout.image(tag)?;
        let source = Source::layout(&run.documents, layout);
        let image = image::read(&source, &digest, request.platforms.as_ref()).await?;
        run.documents.tell(&**self.client.reporter(), path.as_str(), &image.odd);
        Ok(locked(request, Origin::Layout(path.to_owned()), tag.cloned(), digest, image))
    }
}

/// Adds what was being done to an error that does not say it; and to one about a part of the image, of which one.
fn told(
    mut error: Error,
    doing: &'static str,
    repository: &Repository,
    tag: Option<&Tag>,
    digest: Option<&Digest>,
) -> Error {
    let reference = reference(repository, tag, digest);
    match &mut error.context {
        Some(context) => context.serves(&reference),
        None => {
            let host = repository.host().to_string();
            error.context = Some(Box::new(Context { doing, reference, host, status: None, attempts: 1, login: None }));
        }
    }
    error
}

/// What people call an image: by its tag where it has one.
fn reference(repository: &Repository, tag: Option<&Tag>, digest: Option<&Digest>) -> String {
    let digest = digest.filter(|_| tag.is_none());
    repository.with(tag.cloned(), digest.cloned()).to_string()
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
        signatures: Vec::new(),
    }
}
