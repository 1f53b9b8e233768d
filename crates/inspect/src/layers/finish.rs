//! What was found in the layers, put together.

use super::path::shown;
use super::place::{self, Group};
use super::search::{Found, Says};
use super::{Contents, NotRead};
use crate::database::Record;
use crate::database::os_release::OsRelease;
use crate::package::{Package, Purl, Source};

pub(super) fn contents(mut found: Vec<Found>) -> Contents {
    // Of the files of a group the newest layer's is in use, and of one layer's the first.
    found.sort_by_cached_key(|found| (found.layer, place::rank(&found.path), found.path.clone()));
    keep_one(&mut found, Group::Apk);
    keep_one(&mut found, Group::Rpm);
    let os = distribution(&found);
    let mut contents = Contents { os, ..Contents::default() };
    for Found { path, says, .. } in found {
        match says {
            Says::Os(_) => {}
            Says::NotRead(reason) => contents.not_read.push(NotRead { path: shown(&path), reason }),
            Says::Packages(records, missing) => {
                let missing = missing.map(|reason| NotRead { path: shown(&path), reason });
                contents.not_read.extend(missing);
                for record in records {
                    match package(record, contents.os.as_ref()) {
                        Ok(package) => contents.packages.push(package),
                        Err(error) => contents.not_read.push(NotRead { path: shown(&path), reason: error.into() }),
                    }
                }
            }
        }
    }
    contents.packages.sort_unstable();
    contents.packages.dedup();
    contents
}

fn keep_one(found: &mut Vec<Found>, group: Group) {
    let mut is_first = true;
    found.retain(|found| found.place.is_none_or(|place| place.group() != group) || std::mem::take(&mut is_first));
}

/// `etc/os-release` comes before the one that it usually is a link to (os-release(5)).
fn distribution(found: &[Found]) -> Option<OsRelease> {
    let read = found.iter().filter_map(|found| match &found.says {
        Says::Os(os) => Some((place::rank(&found.path), os)),
        _ => None,
    });
    read.min_by_key(|(rank, _)| *rank).map(|(_, os)| os.clone())
}

fn package(record: Record, os: Option<&OsRelease>) -> Result<Package, crate::package::PurlError> {
    let Record { kind, namespace, name, version, source, license } = record;
    let distributions = os.filter(|_| matches!(kind, "apk" | "deb" | "rpm")).map(|os| os.namespace(kind));
    let purl = Purl::new(kind, namespace.as_deref().or(distributions), &name)?;
    let source = source.filter(|Source { name: source, version }| *source != name || version.is_some());
    Ok(Package { purl, version, source, license })
}
