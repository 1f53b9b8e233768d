//! What was seen when: the ledgers of a project, what is added to them, and the version tags that were pushed again.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use imagelock_core::seen::{Before, FILE_NAME, Ledger};
use imagelock_core::source::Label;
use imagelock_core::summary;
use imagelock_core::update::Waiting;
use imagelock_core::{Created, Digest, ImageName, Lockfile, Repository, Tag, Wanted};
use imagelock_files::Writer;
use serde::Serialize;

use crate::failure::{Failure, Kind, Problem};
use crate::input::{self, SEEN_BYTES};
use crate::report::short;
use crate::session::Session;
use crate::shell::Shell;

/// The ledgers of a project.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The one that is written.
    own: Ledger,
    /// Whether it is there.
    exists: bool,
    /// What it and all others have.
    all: Ledger,
}

/// A tag that was seen at a digest.
struct Sighting<'s> {
    name: &'s ImageName,
    repository: &'s Repository,
    tag: &'s Tag,
    digest: &'s Digest,
}

/// A version tag that points at something else than it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PushedAgain {
    name: ImageName,
    #[serde(skip)]
    repository: Repository,
    tag: Tag,
    from: Earlier,
    to: Digest,
}

/// What it pointed at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Earlier {
    digest: Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen: Option<Created>,
}

/// What a run found out.
pub(crate) struct Found<'f> {
    /// The lock as it was, and as it is to be.
    old: &'f Lockfile,
    new: &'f Lockfile,
    waiting: &'f BTreeMap<ImageName, Waiting>,
    /// The images that were built again with the same content, by their new digests.
    rebuilt: &'f BTreeMap<ImageName, Digest>,
    /// The images that were asked for.
    asked: BTreeSet<&'f ImageName>,
}

impl Seen {
    /// Reads `images.seen` of a project, and the ledgers that it names.
    pub(crate) fn read(session: &Session<'_>) -> Result<Self, Failure> {
        let own = ledger(session, &session.root.join(FILE_NAME))?;
        let exists = own.is_some();
        let own = own.unwrap_or_default();
        let mut all = own.clone();
        for path in &session.project.ledgers {
            let Some(other) = ledger(session, &session.root.join(&path.value))? else {
                let problem = Problem::new(format!("cannot read the ledger `{}`: there is no such file", path.value));
                return Err(Failure::new(Kind::Input, problem.label(Label::primary(&path.at, ""))));
            };
            all.extend(&other);
        }
        Ok(Self { own, exists, all })
    }

    /// Likewise for who writes to another file: that one too.
    pub(crate) fn read_beside(session: &Session<'_>, path: &Utf8Path) -> Result<Self, Failure> {
        let project = Self::read(session)?;
        let own = ledger(session, path)?;
        let (exists, own) = (own.is_some(), own.unwrap_or_default());
        let mut all = project.all;
        all.extend(&own);
        Ok(Self { own, exists, all })
    }

    /// What was seen by anybody.
    pub(crate) fn all(&self) -> &Ledger {
        &self.all
    }

    /// The version tags that point at something else than they did, by the lock or by what was seen.
    pub(crate) fn pushed_again(&self, session: &Session<'_>, found: &Found<'_>) -> Vec<PushedAgain> {
        let mut pushed: BTreeMap<(&ImageName, &Tag), PushedAgain> = BTreeMap::new();
        for Sighting { name, repository, tag, digest } in found.sightings(session) {
            let ruled = session.project.images.get(name).map(|declared| &declared.request.wanted);
            if !matches!(ruled, Some(Wanted::Version { .. })) || found.rebuilt.get(name) == Some(digest) {
                continue;
            }
            let locked =
                found.old.images.get(name).filter(|old| old.tag.as_ref() == Some(tag) && old.digest != *digest);
            let locked = locked.map(|old| Earlier {
                digest: old.digest.clone(),
                first_seen: self.all.first_seen(repository, tag, &old.digest).cloned(),
            });
            let before = || {
                let Before { digest, first_seen } = self.all.before(repository, tag, digest)?;
                Some(Earlier { digest, first_seen: Some(first_seen) })
            };
            if let Some(from) = locked.or_else(before) {
                let (repository, to) = (repository.clone(), digest.clone());
                let again = PushedAgain { name: name.clone(), repository, tag: tag.clone(), from, to };
                pushed.insert((name, tag), again);
            }
        }
        pushed.into_values().collect()
    }

    /// Notes what a run has seen, `at` that time, and writes the file of a project that has one or wants one: where an image
    /// has to be so old, or somebody asks for it by `wanted`.
    pub(crate) fn record(
        self,
        session: &Session<'_>,
        found: &Found<'_>,
        at: &Created,
        wanted: bool,
    ) -> Result<(), Failure> {
        if wanted || self.is_wanted(session) {
            let path = session.root.join(FILE_NAME);
            let text = self.noted(session, found, at).encode();
            if session.write(&path, text.as_bytes())? {
                session.host.shell.status("Wrote", session.show(&path).as_str());
            }
        }
        Ok(())
    }

    /// Whether [`record`](Self::record) would note something, for nobody who asks for it.
    pub(crate) fn notes(&self, session: &Session<'_>, found: &Found<'_>, at: &Created) -> bool {
        self.is_wanted(session) && self.noted(session, found, at) != self.own
    }

    /// Likewise, to another file, without a word.
    pub(crate) fn record_at(
        self,
        session: &Session<'_>,
        found: &Found<'_>,
        at: &Created,
        path: &Utf8Path,
    ) -> Result<(), Failure> {
        if self.is_wanted(session) {
            let folder = path.parent().unwrap_or(path);
            Writer::new(folder).replace(path, self.noted(session, found, at).encode().as_bytes())?;
        }
        Ok(())
    }

    fn is_wanted(&self, session: &Session<'_>) -> bool {
        let waits = session.project.images.values().any(|declared| declared.update.appetite.cooldown.is_some());
        self.exists || waits
    }

    fn noted(&self, session: &Session<'_>, found: &Found<'_>, at: &Created) -> Ledger {
        let mut own = self.own.clone();
        for Sighting { repository, tag, digest, .. } in found.sightings(session) {
            own.note(repository, tag, digest, at);
        }
        own.prune(&session.project, found.new, at);
        own
    }
}

impl<'f> Found<'f> {
    pub(crate) fn of(
        old: &'f Lockfile,
        new: &'f Lockfile,
        waiting: &'f BTreeMap<ImageName, Waiting>,
        rebuilt: &'f BTreeMap<ImageName, Digest>,
        asked: impl IntoIterator<Item = &'f ImageName>,
    ) -> Self {
        Self { old, new, waiting, rebuilt, asked: asked.into_iter().collect() }
    }

    /// Which tags were seen at which digests.
    fn sightings<'s>(&'s self, session: &'s Session<'_>) -> impl Iterator<Item = Sighting<'s>> {
        self.asked.iter().flat_map(move |name| {
            let locked = self.new.images.get(*name);
            let repository = session.project.images.get(*name).and_then(|it| it.request.wanted.repository());
            let taken = locked.and_then(|image| image.tag.as_ref().zip(Some(&image.digest)));
            let rebuilt = locked.and_then(|image| image.tag.as_ref()).zip(self.rebuilt.get(*name));
            let waits = self.waiting.get(*name).and_then(|it| it.tag.as_ref().zip(it.digest.as_ref()));
            // Where another digest waits under the same tag, the tag is not at what stays locked any more.
            let taken = taken.filter(|(tag, digest)| {
                let elsewhere =
                    [waits, rebuilt].into_iter().flatten().any(|(other, at)| other == *tag && at != *digest);
                !elsewhere
            });
            let others = self.waiting.get(*name).into_iter().flat_map(|it| &it.others);
            let seen = [taken, rebuilt, waits].into_iter().flatten().chain(others.map(|(tag, digest)| (tag, digest)));
            let of = move |(tag, digest)| repository.map(|repository| Sighting { name, repository, tag, digest });
            seen.filter_map(of)
        })
    }
}

impl PushedAgain {
    /// The same for a summary.
    pub(crate) fn told(&self) -> summary::PushedAgain<'_> {
        let Self { repository, tag, from, to, .. } = self;
        let first_seen = from.first_seen.as_ref();
        summary::PushedAgain { repository, tag, was: &from.digest, first_seen, is: to }
    }
}

/// Says which version tags were pushed again.
pub(crate) fn tell(shell: &Shell, pushed: &[PushedAgain]) {
    for PushedAgain { repository, tag, from, to, .. } in pushed {
        let since = from.first_seen.as_ref().map(|at| format!(", first seen {}", at.day())).unwrap_or_default();
        let (was, is) = (short(from.digest.as_str()), short(to.as_str()));
        shell.warn(&format!("{repository}:{tag} was pushed again: {was}{since}, is now {is}"));
    }
}

fn ledger(session: &Session<'_>, path: &Utf8Path) -> Result<Option<Ledger>, Failure> {
    let Some(file) = input::source(path, &session.root, &session.directory, SEEN_BYTES)? else { return Ok(None) };
    Ok(Some(Ledger::parse(&file).map_err(|error| Failure::located(Kind::Input, &[error]))?))
}
