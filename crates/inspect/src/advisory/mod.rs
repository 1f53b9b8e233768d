//! What a change of packages fixes and what it brings, by snapshots of advisories.
//!
//! A snapshot is one file: Alpine's secdb, Wolfi's and Chainguard's `security.json`, which have the same form, or an archive of
//! OSV records, as osv.dev publishes one for each ecosystem. Only what is about the packages in question is kept of it.
//!
//! An advisory *affects* a version where one of its ranges has it. **Fixed** is what affected the old version and does not
//! affect the new one, **introduced** what is the other way round; of what affects both there is a number. Advisories of
//! distributions name source packages, so a package is looked up by what it was built from where that is known.

mod archive;
mod judge;
mod osv;
mod range;
mod secdb;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

pub use archive::ArchiveError;
pub use judge::{Effect, Effects, Inside, judge};
use range::Range;

use crate::Package;

/// Which release of which distribution an image is of, as its `os-release` says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// `ID`: `debian`, `alpine`, `wolfi`.
    pub id: String,
    /// `VERSION_ID`: `12`, `3.20.3`. Absent where it is a rolling one.
    pub version: Option<String>,
}

impl Release {
    /// For people: `debian 12`.
    pub fn words(&self) -> String {
        self.version.as_ref().map_or_else(|| self.id.clone(), |version| format!("{} {version}", self.id))
    }
}

/// How two versions of a type of packages are ordered; the type is a purl's.
pub type Compare<'c> = &'c dyn Fn(&str, &str, &str) -> Ordering;

/// Why a snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum AdvisoryError {
    /// It is neither an archive nor JSON of a form that is known.
    #[error("it is no snapshot of advisories: neither an archive of OSV records nor a secdb of Alpine's form")]
    Form,
    /// It is JSON, and not as it should be.
    #[error("it is no secdb: {0}")]
    Json(#[from] serde_json::Error),
    /// The archive cannot be read.
    #[error("its archive cannot be read: {0}")]
    Archive(#[from] ArchiveError),
    /// A record in the archive is none of OSV's.
    #[error("`{name}` in its archive is no OSV record: {reason}")]
    Record {
        /// The file in the archive.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

/// What is known of some packages of one release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advisories {
    /// By the names that the snapshot has for packages.
    by_package: BTreeMap<String, Vec<Advisory>>,
}

/// One advisory on one package.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Advisory {
    /// What it is called: CVEs where there are any, and what calls them together.
    ids: Vec<String>,
    /// What else it is called.
    aliases: Vec<String>,
    ranges: Vec<Range>,
    /// Versions that are affected beside the ranges.
    versions: BTreeSet<String>,
    /// Which snapshot says so.
    snapshot: String,
    naming: Naming,
}

/// What an advisory calls a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// By what it was built from.
    Sources,
    /// By that, or by what is installed.
    Either,
}

/// Reads a snapshot through and keeps nothing of it: whether it is one.
pub fn check(bytes: &[u8]) -> Result<(), AdvisoryError> {
    let release = Release { id: String::new(), version: None };
    Advisories::default().read("", bytes, &release, &Names::default()).map(drop)
}

impl Advisories {
    /// Adds what a snapshot, which people know as `label`, says of these packages in this release. One that is about another
    /// release says nothing. Returns whether it is about this one.
    pub fn read(&mut self, label: &str, bytes: &[u8], release: &Release, names: &Names) -> Result<bool, AdvisoryError> {
        if archive::is_one(bytes) {
            return osv::read(self, label, bytes, release, names);
        }
        match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => secdb::read(self, label, bytes, release, names),
            _ => Err(AdvisoryError::Form),
        }
    }

    fn add(&mut self, package: &str, advisory: Advisory) {
        self.by_package.entry(package.to_owned()).or_default().push(advisory);
    }

    /// What is known of a package: by its source where it has one, and by its own name where advisories may be about that. What
    /// they say of the package itself counts before what they say of its source: it would be told twice.
    fn of<'a>(&'a self, package: &Package) -> impl Iterator<Item = (&'a str, &'a Advisory)> {
        let named = |name: &str| {
            let found = self.by_package.get_key_value(name);
            found.into_iter().flat_map(|(name, all)| all.iter().map(move |advisory| (name.as_str(), advisory)))
        };
        let own = package.purl.name();
        let source = package.source.as_ref().map_or(own.as_str(), |source| source.name.as_str());
        let by_own: Vec<_> = named(&own).filter(|(_, advisory)| advisory.naming == Naming::Either).collect();
        let is_named = own != source && !by_own.is_empty();
        let by_source = named(source).filter(move |(_, advisory)| advisory.naming == Naming::Sources || !is_named);
        let by_source: Vec<_> = by_source.collect();
        by_source.into_iter().chain(by_own.into_iter().filter(move |_| is_named))
    }
}

/// The names by which packages may be known to a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// Those of these packages: their own and those of their sources.
    pub fn of<'p>(packages: impl IntoIterator<Item = &'p Package>) -> Self {
        let names = packages.into_iter().flat_map(|package| {
            let source = package.source.as_ref().map(|source| source.name.clone());
            source.into_iter().chain([package.purl.name()])
        });
        Self(names.collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// Sorts what an advisory is called, its own name first: CVEs are what people look for, and what has none is called what it is.
fn called(all: impl IntoIterator<Item = String>) -> (Vec<String>, Vec<String>) {
    let mut all = all.into_iter();
    let own = all.next();
    let others: BTreeSet<String> = all.filter(|id| Some(id) != own.as_ref()).collect();
    let ids = own.iter().chain(&others);
    // Distributions put their names in front of a CVE's: `DEBIAN-CVE-2026-1`.
    let cve =
        |id: &String| id.find("CVE-").filter(|at| *at == 0 || id[..*at].ends_with('-')).map(|at| id[at..].to_owned());
    let cves: BTreeSet<String> = ids.filter_map(cve).collect();
    if cves.is_empty() {
        return (own.into_iter().collect(), others.into_iter().collect());
    }
    let aliases = own.into_iter().chain(others).filter(|id| cve(id).is_none()).collect();
    (cves.into_iter().collect(), aliases)
}

/// Whether a version is `of`, or a longer one that starts with its parts: `3.20.3` is of `3.20`.
pub(crate) fn is_of(version: &str, of: &str) -> bool {
    let rest = version.strip_prefix(of);
    !of.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
