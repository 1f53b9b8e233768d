//! What an update fixes and brings, by the snapshots of `[advisories]`.

use std::collections::BTreeMap;

use imagelock_core::project::Snapshot;
use imagelock_inspect::advisory::{Advisories, Inside, Names, Release, judge};
use imagelock_inspect::{Advised, KnownBy, NotRead, Package, Packages, compare_versions};

use super::Compared;
use crate::failure::Failure;
use crate::session::Session;
use crate::snapshots::{self, Table, failure};

/// A snapshot that was read.
struct Read<'s> {
    name: &'s str,
    snapshot: &'s Snapshot,
    bytes: Vec<u8>,
}

/// What is known of the packages of one release, and who knows it.
type Known = (Advisories, Vec<KnownBy>);

/// Says of every platform whose packages were compared what that fixes. Without snapshots nothing is said.
pub(super) fn tell<'s>(session: &'s Session<'_>, images: &mut [Compared]) -> Result<(), Failure> {
    let snapshots = &session.project.advisories;
    if snapshots.is_empty() {
        return Ok(());
    }
    let read = |(name, snapshot): (&'s String, &'s Snapshot)| {
        Ok(Read { name, snapshot, bytes: snapshots::read(session, Table::Advisories, snapshot)? })
    };
    let read = snapshots.iter().map(read).collect::<Result<Vec<Read<'_>>, Failure>>()?;
    let known = known(&read, images)?;
    let differences = images.iter_mut().flat_map(|image| image.platforms.values_mut());
    for difference in differences {
        let Some(packages) = &difference.packages else { continue };
        match advised(packages, &known) {
            Ok(advised) => difference.advisories = Some(advised),
            Err(reason) => difference.not_read.push(NotRead { what: "advisories".to_owned(), reason }),
        }
    }
    Ok(())
}

/// Reads the snapshots once for each release that the packages are of.
fn known(read: &[Read<'_>], images: &[Compared]) -> Result<BTreeMap<Release, Known>, Failure> {
    let mut packages: BTreeMap<&Release, Vec<&Package>> = BTreeMap::new();
    for difference in images.iter().flat_map(|image| image.platforms.values()) {
        let Some(found) = &difference.packages else { continue };
        for release in found.releases.iter().flatten() {
            packages.entry(release).or_default().extend(found.pairs.iter().flatten().flatten());
        }
    }
    let mut known = BTreeMap::new();
    for (release, packages) in packages {
        let names = Names::of(packages);
        let (mut advisories, mut by) = (Advisories::default(), Vec::new());
        for Read { name, snapshot, bytes } in read {
            let about = advisories.read(name, bytes, release, &names);
            if about.map_err(|error| failure(snapshot, format!("`{}`: {error}", snapshot.file.value)))? {
                let sha256 = snapshot.sha256.as_ref().map(|digest| digest.hex().to_owned()).unwrap_or_default();
                by.push(KnownBy { name: (*name).to_owned(), sha256, date: snapshot.date });
            }
        }
        known.insert(release.clone(), (advisories, by));
    }
    Ok(known)
}

/// What a change of packages fixes and brings: each side is judged by what is known of its own release.
fn advised(packages: &Packages, known: &BTreeMap<Release, Known>) -> Result<Advised, String> {
    let of = |release: &Option<Release>| {
        let unknown = || "nothing says which release of which distribution the packages are of".to_owned();
        let release = release.as_ref().ok_or_else(unknown)?;
        let known = known.get(release).filter(|(_, by)| !by.is_empty());
        known.ok_or_else(|| format!("no snapshot is about {}", release.words()))
    };
    let [was, is] = &packages.releases;
    let (was, is) = (of(was)?, of(is)?);
    let side = |at: usize| -> Vec<&Package> { packages.pairs.iter().filter_map(|pair| pair[at].as_ref()).collect() };
    let (old, new) = (side(0), side(1));
    let (from, to) = (Inside { packages: &old, advisories: &was.0 }, Inside { packages: &new, advisories: &is.0 });
    let mut snapshots = was.1.clone();
    snapshots.extend(is.1.iter().filter(|known| !was.1.contains(known)).cloned());
    Ok(Advised { effects: judge(from, to, &compare_versions), snapshots })
}
