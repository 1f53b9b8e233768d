//! What a project extends: another project's lock, in a file, or in a registry with a copy beside this project's own lock.
//!
//! The copy is what every command reads, so that none but `lock` and `update` asks for it. Its digest is that of the manifest
//! under which it was published, which is a function of its bytes; the lock says which digest it was made with.

use std::sync::Arc;

use camino::Utf8Path;
use imagelock_core::extends::{ARTIFACT_TYPE, Extended, Extends, Publisher, manifest};
use imagelock_core::source::{Label, Location, SourceFile, Spanned};
use imagelock_core::{Digest, Lockfile, Reference, Repository};
use imagelock_registry::{Client, Error};

use crate::failure::{Failure, Kind, Problem};
use crate::input::{self, LOCK_BYTES};
use crate::network;
use crate::progress::Progress;
use crate::session::Session;

/// The copy of a published lock, beside `images.lock`.
pub(crate) const FILE_NAME: &str = "images.extends.lock";

/// Whether what is extended is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetch {
    /// Nobody is asked: the copy has to be there.
    Never,
    /// Where the copy is not there, or not what the lock was made with.
    Missing,
    /// What its tag means now, unless a digest is asked for.
    Newest,
}

/// Makes the project whole with what it extends. What was fetched is kept by the session, to be written with the lock.
pub(crate) fn inherit(session: &mut Session<'_>, fetch: Fetch) -> Result<(), Failure> {
    let Some(extends) = session.project.inheritance.extends.clone() else { return Ok(()) };
    let (file, digest) = match &extends.value.publisher {
        Publisher::Path(path) => {
            let path = session.root.join(path);
            let file = read(session, &path)?;
            let none = || failed(Kind::Input, &extends, format!("there is no `{}`", session.show(&path)));
            let file = file.ok_or_else(none)?;
            let digest = Digest::sha256(file.text().as_bytes());
            (file, digest)
        }
        Publisher::Registry(repository, _) => published(session, &extends, repository, fetch)?,
    };
    let lock = Lockfile::parse(&file)?;
    let extended = Extended { publisher: extends.value.publisher.clone(), digest };
    Ok(session.project.inherit(&lock, extended)?)
}

fn read(session: &Session<'_>, path: &Utf8Path) -> Result<Option<Arc<SourceFile>>, Failure> {
    input::source(path, &session.root, &session.directory, LOCK_BYTES)
}

/// A published lock, and the digest of its manifest.
fn published(
    session: &mut Session<'_>,
    extends: &Spanned<Extends>,
    repository: &Repository,
    fetch: Fetch,
) -> Result<(Arc<SourceFile>, Digest), Failure> {
    let chosen = extends.value.digest.clone();
    let locked = locked(session, extends);
    // A lock with the markers of a merge does not say what it was made with; the copy is not moved for that.
    let is_unknown = locked.is_err();
    let wanted = chosen.clone().or(locked.unwrap_or_default());
    let kept = read(session, &session.root.join(FILE_NAME))?.map(|file| (published_as(file.text()), file));
    let fits = kept.filter(|(digest, _)| wanted.as_ref().is_none_or(|wanted| wanted == digest));
    let asks = match fetch {
        Fetch::Never => false,
        Fetch::Missing => fits.is_none() || wanted.is_none() && !is_unknown,
        Fetch::Newest => fits.is_none() || chosen.is_none(),
    };
    if !asks {
        let (digest, file) = fits.ok_or_else(|| {
            let message =
                format!("`{FILE_NAME}`, the copy of {}, is not there, or is another one", extends.value.publisher);
            failed(Kind::Check, extends, message).help("run `{command} lock`, and commit it")
        })?;
        return Ok((file, digest));
    }
    let digest = if fetch == Fetch::Newest { chosen } else { wanted };
    let Publisher::Registry(_, tag) = &extends.value.publisher else {
        return Err(Failure::input("it is no reference"));
    };
    let reference = repository.with(tag.clone(), digest);
    session.host.shell.doing("Reading", &format!("{}, which is extended", extends.value.publisher));
    let progress = Progress::start(&session.host.shell, "Reading", 1);
    let client = session.resolver(progress.clone())?.client().clone();
    let fetched = network::run(fetched(&client, &reference));
    progress.finish();
    let (digest, bytes) = fetched?.map_err(|error| {
        let mut failure = failed(Kind::Registry, extends, format!("cannot read what is extended: {error}"));
        failure.problems.iter_mut().for_each(|problem| problem.help.extend(error.help()));
        failure
    })?;
    let text = String::from_utf8(bytes).ok().filter(|text| published_as(text) == digest).ok_or_else(|| {
        let message = format!("{reference} is no lock that was published with `publish`");
        failed(Kind::Input, extends, message)
    })?;
    session.extends = Some(text.clone().into_bytes());
    Ok((SourceFile::new(FILE_NAME, text), digest))
}

/// The digest under which a lock is published.
fn published_as(lock: &str) -> Digest {
    Digest::sha256(manifest(lock.as_bytes()).as_bytes())
}

/// The digest that this project's lock was made with, if it was. A lock that cannot be read is told of by whoever needs it.
fn locked(session: &Session<'_>, extends: &Spanned<Extends>) -> Result<Option<Digest>, Failure> {
    let extended = session.lockfile_if_any()?.and_then(|lock| lock.extends);
    Ok(extended.filter(|extended| extended.publisher == extends.value.publisher).map(|extended| extended.digest))
}

/// The digest of a manifest, and the lock in it; no bytes where it has none.
async fn fetched(client: &Client, reference: &Reference) -> Result<(Digest, Vec<u8>), Error> {
    let digest = match &reference.digest {
        Some(digest) => digest.clone(),
        None => match client.head(reference).await? {
            Some(found) => found.digest,
            None => {
                return Err(
                    imagelock_registry::ErrorKind::Malformed { reason: format!("there is no {reference}") }.into()
                );
            }
        },
    };
    let (_, document) = client.document(&reference.repository, &digest).await?;
    let layer = document.layers.iter().find(|layer| layer.media_type == ARTIFACT_TYPE);
    let Some(layer) = layer else { return Ok((digest, Vec::new())) };
    let bytes = client.blob(&reference.repository, &layer.digest, LOCK_BYTES).await?;
    Ok((digest, bytes.to_vec()))
}

fn failed(kind: Kind, extends: &Spanned<Extends>, message: String) -> Failure {
    let at: &Location = &extends.at;
    Failure::new(kind, Problem::new(message).label(Label::primary(at, "")))
}
