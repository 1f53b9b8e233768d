//! What two descriptions of one platform differ in.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use imagelock_core::Digest;
use imagelock_core::oci::Configuration;
use imagelock_core::update::Day;
use serde::Serialize;

use crate::advisory::{Effects, Release};
use crate::attested::Provenance;
use crate::configuration::{Setting, settings};
use crate::description::{By, Description, Listing, NotRead};
use crate::order::compare_versions;
use crate::package::{Grade, Package, Purl, Source};

/// What a platform of the second image is beside that of the first, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The same manifest, as the digests prove: nothing that runs has changed.
    Same,
    /// Another manifest around the same configuration and the same layers, compressed or described anew: the same runs.
    Repacked,
    /// The same layers, run in another way.
    Configuration,
    /// Other packages.
    Packages,
    /// Other layers with the same packages, or with packages that nobody could compare.
    Content,
    /// The platform is there now.
    Added,
    /// The platform is gone.
    Removed,
    /// Nothing could be read that would tell.
    Unknown,
}

impl Verdict {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Same => "the same",
            Self::Repacked => "packed anew, the same runs",
            Self::Configuration => "runs in another way",
            Self::Packages => "other packages",
            Self::Content => "other content",
            Self::Added => "new platform",
            Self::Removed => "platform is gone",
            Self::Unknown => "unknown",
        }
    }
}

/// What differs between two descriptions of one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// All of it in one word.
    pub verdict: Verdict,
    /// What of the configuration differs; nothing where it was not compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Vec<Setting>>,
    /// Which packages differ; nothing where they were not compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packages: Option<Packages>,
    /// What that fixes and brings, where somebody keeps snapshots of advisories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advisories: Option<Advised>,
    /// How it was made, where that differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provenance: Vec<Made>,
    /// The layers of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<Layers>,
    /// What has to be fetched to run it, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Sizes>,
    /// What was not read of either, and why.
    #[serde(rename = "notRead", skip_serializing_if = "Vec::is_empty")]
    pub not_read: Vec<NotRead>,
}

/// What a change of packages fixes and brings, and who knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advised {
    /// What became of faults.
    #[serde(flatten)]
    pub effects: Effects,
    /// The snapshots that are about this release.
    pub snapshots: Vec<KnownBy>,
}

/// A snapshot of advisories, as a difference names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownBy {
    /// Its name in the project file.
    pub name: String,
    /// What it hashes to.
    pub sha256: String,
    /// The day on which it was fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Day>,
}

/// How many layers both have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Layers {
    /// In both.
    pub shared: usize,
    /// In the second alone.
    pub added: usize,
    /// In the first alone.
    pub removed: usize,
}

/// Two sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Of the first.
    pub from: u64,
    /// Of the second.
    pub to: u64,
}

/// Which packages differ. A package is told by its purl without a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Packages {
    /// In the second alone.
    pub added: Vec<Installed>,
    /// In the first alone.
    pub removed: Vec<Installed>,
    /// In both, in other versions.
    pub changed: Vec<Changed>,
    /// How many are in both, in one version.
    pub unchanged: usize,
    /// Every package as it was and as it is, those that stayed as well.
    #[serde(skip)]
    pub pairs: Vec<[Option<Package>; 2]>,
    /// The releases that both lists are of, where that is known; one that does not say is taken to be of the other's.
    #[serde(skip)]
    pub releases: [Option<Release>; 2],
    /// Where the lists were found.
    #[serde(flatten)]
    pub by: By,
    /// Whose word they are.
    pub grade: Grade,
}

/// A package of one of two images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Installed {
    /// Its purl, with the version.
    pub purl: String,
    /// What it is, without a version.
    #[serde(skip)]
    pub identity: Purl,
    /// The name that people know it by.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it was built from, where that has another name.
    #[serde(skip)]
    pub source: Option<Source>,
}

/// A package of both images in other versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// What it is, without a version.
    pub purl: Purl,
    /// The name that people know it by.
    pub name: String,
    /// The version that it had.
    pub from: String,
    /// The version that it has.
    pub to: String,
    /// Whether that is a step back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub older: bool,
    /// What it is built from now, where that has another name.
    #[serde(skip)]
    pub source: Option<Source>,
}

/// Something of how an image was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Made {
    /// `builder`, `source`, `revision`, or what of the materials it is.
    pub what: String,
    /// What it was: hostile text wherever it is printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it is, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whose word it is.
    pub grade: Grade,
}

impl Difference {
    /// A difference of which a word is all there is to say.
    pub fn told(verdict: Verdict) -> Self {
        Self {
            verdict,
            config: None,
            packages: None,
            advisories: None,
            provenance: Vec::new(),
            layers: None,
            size: None,
            not_read: Vec::new(),
        }
    }

    /// What the second description has that the first has not, and the other way round. Packages are compared where both
    /// lists are of one kind: what two tools find in one image differs, too.
    pub fn between(from: &Description, to: &Description) -> Self {
        let config = from.configuration.as_ref().zip(to.configuration.as_ref()).map(|(from, to)| settings(from, to));
        let lists = from.packages.as_ref().zip(to.packages.as_ref());
        let packages = lists.filter(|(from, to)| alike(from.by, to.by)).map(|(from, to)| Packages::between(from, to));
        let provenance = from.provenance.as_ref().zip(to.provenance.as_ref()).map(|(from, to)| made(from, to));
        let known = !from.layers.is_empty() && !to.layers.is_empty();
        let layers = known.then(|| Layers::between(from, to));
        let mut not_read: Vec<NotRead> = from.not_read.iter().chain(&to.not_read).cloned().collect();
        not_read.sort();
        not_read.dedup();
        let verdict = verdict(from, to, config.as_deref(), packages.as_ref(), layers);
        let size = known.then_some(Sizes { from: from.size, to: to.size });
        Self {
            verdict,
            config,
            packages,
            advisories: None,
            provenance: provenance.unwrap_or_default(),
            layers,
            size,
            not_read,
        }
    }
}

fn alike(from: By, to: By) -> bool {
    from.grade() == to.grade()
}

fn verdict(
    from: &Description,
    to: &Description,
    config: Option<&[Setting]>,
    packages: Option<&Packages>,
    layers: Option<Layers>,
) -> Verdict {
    let diff_ids = |side: &Description| -> Option<Vec<Digest>> {
        side.configuration.as_ref().map(|configuration: &Configuration| configuration.diff_ids.clone())
    };
    let same_layers = match (diff_ids(from), diff_ids(to)) {
        (Some(from), Some(to)) => Some(from == to),
        _ => layers.map(|layers| layers.added == 0 && layers.removed == 0),
    };
    match (same_layers, config, packages) {
        (_, _, Some(packages)) if packages.differ() && same_layers != Some(true) => Verdict::Packages,
        (Some(true), Some([]), _) => Verdict::Repacked,
        (Some(true), Some(_), _) => Verdict::Configuration,
        (Some(false), ..) => Verdict::Content,
        _ => Verdict::Unknown,
    }
}

impl Layers {
    fn between(from: &Description, to: &Description) -> Self {
        let identities =
            |side: &Description| -> Vec<Digest> { side.layers.iter().map(|layer| layer.identity().clone()).collect() };
        let (mut from, to) = (identities(from), identities(to));
        let mut shared = 0;
        for layer in &to {
            if let Some(at) = from.iter().position(|other| other == layer) {
                from.swap_remove(at);
                shared += 1;
            }
        }
        Self { shared, added: to.len() - shared, removed: from.len() }
    }
}

impl Packages {
    /// Whether any package differs.
    pub fn differ(&self) -> bool {
        !(self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty())
    }

    fn between(from: &Listing, to: &Listing) -> Self {
        let (old, new) = (grouped(&from.packages), grouped(&to.packages));
        let identities: BTreeSet<&Purl> = old.keys().chain(new.keys()).copied().collect();
        let by = match (from.by, to.by) {
            (By::Layers { read: one, of: some }, By::Layers { read, of }) => {
                By::Layers { read: read.max(one), of: of.max(some) }
            }
            (from, to) => from.max(to),
        };
        let none = Vec::new();
        let (added, removed, changed) = (Vec::new(), Vec::new(), Vec::new());
        let release = |one: &Listing, other: &Listing| one.release.clone().or_else(|| other.release.clone());
        let releases = [release(from, to), release(to, from)];
        let (pairs, grade) = (Vec::new(), by.grade());
        let mut packages = Self { added, removed, changed, unchanged: 0, pairs, releases, by, grade };
        for identity in identities {
            packages.compare(identity, old.get(identity).unwrap_or(&none), new.get(identity).unwrap_or(&none));
        }
        packages
    }

    /// Several versions of one package are pairs in the order of the versions, but for those that are on both sides.
    fn compare(&mut self, identity: &Purl, old: &[&Package], new: &[&Package]) {
        let order = |one: &str, other: &str| compare_versions(identity.kind(), one, other);
        let only = |these: &[&Package], those: &[&Package]| -> Vec<Package> {
            let alone = these.iter().filter(|one| those.iter().all(|other| other.version != one.version));
            let mut alone: Vec<Package> = alone.map(|package| (*package).clone()).collect();
            alone.sort_by(|one, other| order(&one.version, &other.version).then(one.version.cmp(&other.version)));
            alone
        };
        let (gone, come) = (only(old, new), only(new, old));
        self.unchanged += old.len() - gone.len();
        let stays = old.iter().filter(|one| new.iter().any(|other| other.version == one.version));
        self.pairs.extend(stays.map(|package| [Some((*package).clone()), Some((*package).clone())]));
        let pair = |at: usize| [gone.get(at).cloned(), come.get(at).cloned()];
        self.pairs.extend((0..gone.len().max(come.len())).map(pair));
        let pairs = gone.len().min(come.len());
        for (from, to) in gone.iter().zip(&come) {
            self.changed.push(Changed {
                purl: identity.clone(),
                name: identity.name(),
                older: order(&from.version, &to.version) == Ordering::Greater,
                from: from.version.clone(),
                to: to.version.clone(),
                source: to.source.clone(),
            });
        }
        self.removed.extend(gone.into_iter().skip(pairs).map(Installed::of));
        self.added.extend(come.into_iter().skip(pairs).map(Installed::of));
    }
}

impl Installed {
    /// A package as a difference tells it.
    fn of(package: Package) -> Self {
        let Package { purl, version, source, .. } = package;
        Self { name: purl.name(), purl: purl.at(&version), identity: purl, version, source }
    }
}

fn grouped(packages: &[Package]) -> BTreeMap<&Purl, Vec<&Package>> {
    let mut groups: BTreeMap<&Purl, Vec<&Package>> = BTreeMap::new();
    for package in packages {
        let group = groups.entry(&package.purl).or_default();
        if group.iter().all(|other| other.version != package.version) {
            group.push(package);
        }
    }
    groups
}

fn made(from: &Provenance, to: &Provenance) -> Vec<Made> {
    let line = |what: &str, from: Option<String>, to: Option<String>| {
        (from != to).then(|| Made { what: what.to_owned(), from, to, grade: Grade::Publisher })
    };
    let mut lines: Vec<Made> = [
        line("builder", from.builder.clone(), to.builder.clone()),
        line("source", from.source.clone(), to.source.clone()),
        line("revision", from.revision.clone(), to.revision.clone()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let materials = |side: &Provenance| -> BTreeMap<String, BTreeSet<String>> {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for material in &side.materials {
            let version = material.digest.clone().unwrap_or_else(|| material.uri.clone());
            all.entry(material.what().to_owned()).or_default().insert(version);
        }
        all
    };
    let (old, new) = (materials(from), materials(to));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let shown = |side: &BTreeMap<String, BTreeSet<String>>, name: &String| {
        side.get(name).map(|versions| versions.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
    };
    lines.extend(names.into_iter().filter_map(|name| line(name, shown(&old, name), shown(&new, name))));
    lines
}
