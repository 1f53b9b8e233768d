//! What a person names to be compared or looked at: a locked image, one that a registry has, or a lock.

use camino::Utf8Path;
use imagelock_core::lockfile::{self, LockedImage, Lockfile};
use imagelock_core::policy::LIMIT;
use imagelock_core::source::SourceFile;
use imagelock_core::{Digest, ImageName, Reference, Repository, Request, Tag, Wanted};
use imagelock_registry::{Step, Take};
use imagelock_survey::{Base, HistoryError};

use crate::failure::Failure;
use crate::input::LOCK_BYTES;
use crate::network;
use crate::progress::Progress;
use crate::report;
use crate::session::Session;

/// One image of two.
pub(super) enum Side {
    /// One that is locked: nothing has to be asked.
    Locked(Box<LockedImage>),
    /// One that a registry has.
    Asked(Reference),
}

impl Side {
    /// Reads what a person wrote. A digest alone and `:TAG` are in `repository`.
    pub(super) fn read(session: &Session<'_>, text: &str, repository: Option<Repository>) -> Result<Self, Failure> {
        let lock = session.lockfile()?;
        let name = text.parse::<ImageName>().ok();
        if let Some(image) = name.and_then(|name| lock.images.get(&name)) {
            return Ok(Self::Locked(Box::new(image.clone())));
        }
        let digest = text.parse::<Digest>().ok();
        let tag = text.strip_prefix(':').and_then(|tag| tag.parse::<Tag>().ok());
        let reference = match (digest, tag, repository) {
            (None, None, _) => text.parse::<Reference>().map_err(|error| {
                let failure = Failure::input(format!("`{text}` names no image: {error}"));
                failure.help("write the name of a locked image, or a reference such as `docker.io/library/redis:8`")
            })?,
            (digest, tag, Some(repository)) => repository.with(tag, digest),
            (_, _, None) => {
                let failure = Failure::input(format!("`{text}` does not say which repository it is of"));
                return Err(failure
                    .help("write the first image with its repository: `{command} compare REPOSITORY@DIGEST DIGEST`"));
            }
        };
        // What a lock has of a digest is what its registry would say.
        let known = lock.images.into_values().find(|image| {
            image.repository() == Some(&reference.repository) && reference.digest.as_ref() == Some(&image.digest)
        });
        Ok(match known {
            Some(image) => Self::Locked(Box::new(LockedImage { tag: reference.tag.or(image.tag), ..image })),
            None => Self::Asked(reference),
        })
    }

    pub(super) fn repository(&self) -> Option<Repository> {
        match self {
            Self::Locked(image) => image.repository().cloned(),
            Self::Asked(reference) => Some(reference.repository.clone()),
        }
    }
}

/// As people write an image, with its digest.
pub(super) fn reference(image: &LockedImage) -> String {
    let whole = image.tagged().map(|reference| reference.to_string());
    let layout = || image.layout().map(|path| format!("{path}@{}", image.digest)).unwrap_or_default();
    whole.unwrap_or_else(layout)
}

/// The images; what is not locked is asked for, and nothing is written. Where that fails, `failed` is what they could not be.
pub(super) fn images<const N: usize>(
    session: &Session<'_>,
    sides: [Side; N],
    failed: &'static str,
) -> Result<[LockedImage; N], Failure> {
    let asked = sides.iter().enumerate().filter_map(|(number, side)| match side {
        Side::Locked(_) => None,
        Side::Asked(reference) => {
            let wanted = Wanted::from_reference(reference.clone());
            let name = ["first", "second"].get(number)?.parse().ok()?;
            Some((name, Request { wanted, platforms: None }))
        }
    });
    let requests: Vec<(ImageName, Request)> = asked.collect();
    let mut asked = resolve(session, &requests, failed)?.into_iter();
    let images: Vec<LockedImage> = sides
        .into_iter()
        .filter_map(|side| match side {
            Side::Locked(image) => Some(*image),
            Side::Asked(_) => asked.next(),
        })
        .collect();
    // Whatever was asked for came, or the run has failed.
    images.try_into().map_err(|_| Failure::input("an image has no answer"))
}

/// The answers, in the order of the requests.
fn resolve(
    session: &Session<'_>,
    requests: &[(ImageName, Request)],
    failed: &str,
) -> Result<Vec<LockedImage>, Failure> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let progress = Progress::start(&session.host.shell, "Resolving", requests.len());
    let resolver = session.resolver(progress.clone())?;
    let steps: Vec<Step<'_>> = requests
        .iter()
        .map(|(name, request)| Step { name, request, known: None, take: Take::Newest, limit: LIMIT, gate: None })
        .collect();
    let resolved = network::run(resolver.resolve(&steps));
    progress.finish();
    let failed = |errors: Vec<_>| report::unresolved(session, &errors, requests.len(), failed);
    Ok(resolved?.map_err(failed)?.images.into_values().collect())
}

/// The lock that a person means with `images.lock` or `REV:images.lock`; nothing where that is an image.
pub(super) fn lock(session: &Session<'_>, text: &str) -> Result<Option<Lockfile>, Failure> {
    if text == lockfile::FILE_NAME {
        return session.locked(&[]).map(Some);
    }
    let Some(revision) = text.strip_suffix(lockfile::FILE_NAME).and_then(|rest| rest.strip_suffix(':')) else {
        return Ok(None);
    };
    lock_in(session, revision).map(Some)
}

/// The lock of a commit that a text names; nothing where it names none.
pub(super) fn lock_of_revision(session: &Session<'_>, text: &str) -> Result<Option<Lockfile>, Failure> {
    match Base::at(&session.root.canonicalize_utf8()?, text) {
        Ok(commit) => lock_at(commit, text).map(Some),
        Err(HistoryError::NoRepository(_) | HistoryError::NoCommit { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The lock of a commit, read from Git's files.
pub(super) fn lock_in(session: &Session<'_>, revision: &str) -> Result<Lockfile, Failure> {
    lock_at(Base::at(&session.root.canonicalize_utf8()?, revision)?, revision)
}

fn lock_at(mut commit: Base, revision: &str) -> Result<Lockfile, Failure> {
    let name = format!("{revision}:{}", lockfile::FILE_NAME);
    let Some(bytes) = commit.file(Utf8Path::new(lockfile::FILE_NAME))? else {
        return Err(Failure::input(format!("there is no `{}` in {revision}", lockfile::FILE_NAME)));
    };
    let too_large = bytes.len() as u64 > LOCK_BYTES;
    let Some(held) = String::from_utf8(bytes).ok().filter(|_| !too_large) else {
        return Err(Failure::input(format!("`{name}` is no lock: it is not text in UTF-8, or too large")));
    };
    Ok(Lockfile::parse(&SourceFile::new(name, held))?)
}
