//! What locked images were built on, and whether that has moved since.
//!
//! Publishers say it (`base` in the lock): a reference, and the digest that it had. Where the same reference is locked, the lock
//! is what it has to be now, and nobody is asked. Any other is asked for only where a person wants that.

use std::collections::BTreeMap;

use imagelock_core::lockfile::LockedImage;
use imagelock_core::{Digest, ImageName, Lockfile, Reference};
use imagelock_registry::{Client, Error, ErrorKind};
use serde::Serialize;

use crate::failure::{Failure, Kind, Problem};
use crate::network;
use crate::progress::Progress;
use crate::session::Session;

/// An image whose base is another one now than it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Moved {
    pub(crate) name: ImageName,
    /// The reference that it was built on, in its publisher's words: hostile text wherever it is printed.
    base: String,
    /// The digest that the base had.
    from: Digest,
    /// The digest that it has.
    to: Digest,
    /// Who says so: `lock` or `registry`.
    by: &'static str,
    /// The locked image that the base is.
    #[serde(skip_serializing_if = "Option::is_none")]
    locked: Option<ImageName>,
}

/// A base that was asked for, and of which nobody tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Untold {
    base: String,
    reason: String,
}

/// What is known of the bases.
#[derive(Default)]
pub(crate) struct Bases {
    /// In the order of the images' names.
    pub(crate) moved: Vec<Moved>,
    /// In the order of the bases.
    pub(crate) untold: Vec<Untold>,
}

impl Moved {
    /// `stands on docker.io/library/debian:12 of before: sha256:9a3f… -> sha256:4d2f…, which is locked as debian`
    pub(crate) fn words(&self) -> String {
        let locked = self.locked.as_ref().map(|name| format!(", which is locked as {name}")).unwrap_or_default();
        format!("stands on {} of before: {} -> {}{locked}", self.base, self.from.short(), self.to.short())
    }
}

impl Untold {
    pub(crate) fn words(&self) -> String {
        format!("nobody tells whether {} has moved: {}", self.base, self.reason)
    }
}

/// An image that says what it was built on.
struct On<'l> {
    name: &'l ImageName,
    base: Reference,
    digest: &'l Digest,
}

/// Looks at the bases of the locked images that are `asked` for; where `ask` is set, in their registries too: one `HEAD` for
/// each base, and its index where it has another digest, since publishers may name the manifest of a platform.
pub(crate) fn bases(
    session: &Session<'_>,
    lock: &Lockfile,
    asked: impl Fn(&ImageName) -> bool,
    ask: bool,
) -> Result<Bases, Failure> {
    let mut found = Bases::default();
    let mut left: BTreeMap<Reference, Vec<On<'_>>> = BTreeMap::new();
    for on in lock.images.iter().filter(|(name, _)| asked(name)).filter_map(|(name, image)| on(name, image)) {
        match lock.images.iter().find(|(_, image)| is(image, &on)) {
            Some((_, image)) if image.has(on.digest) => {}
            Some((name, image)) => found.moved.push(on.moved(&image.digest, "lock", Some(name))),
            None => left.entry(on.base.clone()).or_default().push(on),
        }
    }
    if ask && !left.is_empty() {
        from_registries(session, &left, &mut found)?;
    }
    found.moved.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// What an image says that it was built on, where that can have moved.
fn on<'l>(name: &'l ImageName, image: &'l LockedImage) -> Option<On<'l>> {
    let base: Reference = image.base.name.as_ref()?.parse().ok()?;
    let base = Reference { tag: Some(base.tag.unwrap_or_else(imagelock_core::Tag::latest)), ..base };
    base.digest.is_none().then_some(On { name, base, digest: image.base.digest.as_ref()? })
}

/// Whether a locked image is the base. One that is locked for some platforms lacks the manifests of others, so that only its
/// index can tell.
fn is(image: &LockedImage, on: &On<'_>) -> bool {
    let is_base = image.repository() == Some(&on.base.repository) && image.tag == on.base.tag;
    is_base && (image.request.platforms.is_none() || image.has(on.digest))
}

impl On<'_> {
    fn moved(&self, to: &Digest, by: &'static str, locked: Option<&ImageName>) -> Moved {
        Moved {
            name: self.name.clone(),
            base: self.base.to_string(),
            from: self.digest.clone(),
            to: to.clone(),
            by,
            locked: locked.cloned(),
        }
    }
}

fn from_registries(
    session: &Session<'_>,
    left: &BTreeMap<Reference, Vec<On<'_>>>,
    found: &mut Bases,
) -> Result<(), Failure> {
    let progress = Progress::start(&session.host.shell, "Asking", left.len());
    let client = session.resolver(progress.clone())?.client().clone();
    let work = async {
        let now = left.iter().map(|(base, all)| now(&client, base, all));
        futures_util::future::try_join_all(now).await
    };
    let answers = network::run(work);
    progress.finish();
    let failed = |error: Error| Failure::new(Kind::Registry, Problem::new(format!("cannot ask for a base: {error}")));
    for ((base, all), answer) in left.iter().zip(answers?.map_err(failed)?) {
        match answer {
            Ok(digests) => found.moved.extend(all.iter().filter_map(|on| {
                let moved = !digests.contains(on.digest);
                digests.first().filter(|_| moved).map(|to| on.moved(to, "registry", None))
            })),
            Err(reason) => found.untold.push(Untold { base: base.to_string(), reason }),
        }
    }
    Ok(())
}

/// The digests that a reference has now, the first of its index; or why nobody tells.
async fn now(client: &Client, base: &Reference, all: &[On<'_>]) -> Result<Result<Vec<Digest>, String>, Error> {
    let digest = match client.head(base).await {
        Ok(Some(descriptor)) => descriptor.digest,
        Ok(None) => return Ok(Err("no such tag".to_owned())),
        // A vendor's base may lie where nobody else may look, and that is no failure of the run.
        Err(Error { kind: kind @ (ErrorKind::Unauthorized(_) | ErrorKind::Forbidden(_)), .. }) => {
            return Ok(Err(kind.to_string()));
        }
        Err(error) => return Err(error),
    };
    if all.iter().all(|on| *on.digest == digest) {
        return Ok(Ok(vec![digest]));
    }
    let (_, document) = client.document(&base.repository, &digest).await?;
    let below = document.manifests.into_iter().map(|entry| entry.digest);
    Ok(Ok(std::iter::once(digest).chain(below).collect()))
}
