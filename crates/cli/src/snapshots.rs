//! What others know, out of the files that a project keeps of it: `[advisories]`, `[endoflife]`, and `[roots]`.

use std::collections::BTreeMap;

use imagelock_core::lockfile::LockedImage;
use imagelock_core::project::Snapshot;
use imagelock_core::source::Label;
use imagelock_core::update::Day;
use imagelock_core::{Digest, ImageName, Lockfile, Reference};
use imagelock_inspect::advisory;
use imagelock_inspect::endoflife::{self, Cycle, Product};
use serde::Serialize;

use crate::failure::{Failure, Kind, Problem};
use crate::session::Session;
use crate::trust;

/// The most bytes of a snapshot: the largest archive of a distribution's records has a fifth of it.
pub(crate) const SNAPSHOT_BYTES: u64 = 512 << 20;
/// The most bytes of a file of trust roots.
const ROOT_BYTES: u64 = 1 << 20;

/// The tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Advisories,
    EndOfLife,
    Roots,
}

impl Table {
    /// Its name in the project file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Advisories => "advisories",
            Self::EndOfLife => "endoflife",
            Self::Roots => "roots",
        }
    }

    /// Its entries.
    pub(crate) fn of<'s>(self, session: &'s Session<'_>) -> &'s BTreeMap<String, Snapshot> {
        match self {
            Self::Advisories => &session.project.advisories,
            Self::EndOfLife => &session.project.endoflife,
            Self::Roots => &session.project.roots,
        }
    }

    /// The command that fetches and pins what it names.
    fn command(self) -> &'static str {
        if self == Self::Roots { "trust update" } else { "advisories update" }
    }

    /// The most bytes of one of its files.
    pub(crate) fn most(self) -> u64 {
        if self == Self::Roots { ROOT_BYTES } else { SNAPSHOT_BYTES }
    }

    /// Why bytes are none of its snapshots.
    pub(crate) fn judge(self, bytes: &[u8]) -> Result<(), String> {
        match self {
            Self::Advisories => advisory::check(bytes).map_err(|error| error.to_string()),
            Self::EndOfLife => Product::read(bytes).map(drop).map_err(|error| error.to_string()),
            Self::Roots => trust::roots_of(bytes).map(drop),
        }
    }
}

/// A failure at the entry that it is about.
pub(crate) fn failure(snapshot: &Snapshot, message: impl Into<String>) -> Failure {
    Failure::new(Kind::Input, Problem::new(message).label(Label::primary(&snapshot.file.at, "")))
}

/// Reads a snapshot, which has to be what the project file says.
pub(crate) fn read(session: &Session<'_>, table: Table, snapshot: &Snapshot) -> Result<Vec<u8>, Failure> {
    let fetch = format!("`{{command}} {}` fetches and pins it", table.command());
    let path = session.root.join(&snapshot.file.value);
    let shown = session.show(&path);
    let Some(sha256) = &snapshot.sha256 else {
        return Err(failure(snapshot, format!("`{shown}` is not pinned: its entry has no `sha256`")).help(fetch));
    };
    let bytes = imagelock_files::bytes(&path, table.most()).map_err(|error| Failure::from(error.shown(&shown)))?;
    let Some(bytes) = bytes else {
        return Err(failure(snapshot, format!("cannot read `{shown}`: there is no such file")).help(fetch));
    };
    if !sha256.matches(&bytes) {
        let hex = Digest::sha256(&bytes).hex().to_owned();
        return Err(
            failure(snapshot, format!("`{shown}` is not what its `sha256` says: it hashes to {hex}")).help(fetch)
        );
    }
    Ok(bytes)
}

/// The products of `[endoflife]`.
pub(crate) fn products(session: &Session<'_>) -> Result<BTreeMap<String, Product>, Failure> {
    let mut products = BTreeMap::new();
    for (name, snapshot) in &session.project.endoflife {
        let bytes = read(session, Table::EndOfLife, snapshot)?;
        let wrong = |error| failure(snapshot, format!("`{}`: {error}", snapshot.file.value));
        products.insert(name.clone(), Product::read(&bytes).map_err(wrong)?);
    }
    Ok(products)
}

/// An image whose release has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Ended {
    pub(crate) name: ImageName,
    /// `ID` of `os-release`: `debian`.
    pub(crate) os: String,
    /// The release: `10`.
    pub(crate) version: String,
    /// The last day, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on: Option<Day>,
    /// Who says that the image is of this release: `tag`, or the `base` that it names.
    pub(crate) by: &'static str,
}

impl Ended {
    /// `debian 10, ended 30 Jun 2024, by its tag`
    pub(crate) fn words(&self) -> String {
        let on = self.on.map(|day| format!(" {}", day.words())).unwrap_or_default();
        let by = if self.by == "tag" { "its tag" } else { "the base that it names" };
        format!("{} {}, ended{on}, by {by}", self.os, self.version)
    }
}

/// The locked images whose releases have ended by `today`, as far as their tags and the bases that they name say what they are of.
pub(crate) fn ended(products: &BTreeMap<String, Product>, lock: &Lockfile, today: Day) -> Vec<Ended> {
    let images = lock.images.iter().filter_map(|(name, image)| {
        let (os, cycle, by) = release(products, image)?;
        let on = match cycle.end {
            endoflife::End::On(day) => Some(day),
            _ => None,
        };
        let (os, version) = (os.to_owned(), cycle.name.clone());
        cycle.has_ended(today).then(|| Ended { name: name.clone(), os, version, on, by })
    });
    images.collect()
}

fn release<'p>(
    products: &'p BTreeMap<String, Product>,
    image: &LockedImage,
) -> Option<(&'p str, &'p Cycle, &'static str)> {
    let of = |reference: &Reference, by| {
        let tag = reference.tag.as_ref()?;
        let (os, cycle) = endoflife::of_tag(products, reference.repository.last_component(), tag.as_str())?;
        Some((os, cycle, by))
    };
    let own = image.tagged().and_then(|reference| of(&reference, "tag"));
    let base = || image.base.name.as_ref().and_then(|name| of(&name.parse().ok()?, "base"));
    own.or_else(base)
}
