//! What others publish of what they know: snapshots of advisories, and of ends of life.

use std::cmp::Ordering;

use imagelock_inspect::advisory::{Advisories, Inside, Names, Release, check, judge};
use imagelock_inspect::endoflife::{self, Product};
use imagelock_inspect::{Package, Purl, Source};

use super::core::text;

/// Packages of three kinds, of one source, in two versions.
fn packages(version: &str) -> Vec<Package> {
    let source = Some(Source { name: "openssl".to_owned(), version: None });
    let kinds = ["apk", "deb", "rpm"].into_iter().filter_map(|kind| Purl::new(kind, None, "openssl-libs").ok());
    kinds.map(|purl| Package { purl, version: version.to_owned(), source: source.clone(), license: None }).collect()
}

/// Secdbs and archives of OSV records: what one says of a change, it says the other way round of the way back.
pub(crate) fn advisories(data: &[u8]) {
    let (old, new) = (packages("3.0.1"), packages("3.0.2"));
    let names = Names::of(old.iter().chain(&new));
    let is_one = check(data).is_ok();
    for (id, version) in [("alpine", "3.20.3"), ("wolfi", ""), ("debian", "12"), ("rhel", "9.4")] {
        let release = Release { id: id.to_owned(), version: Some(version.to_owned()) };
        let mut advisories = Advisories::default();
        match advisories.read("x", data, &release, &names) {
            Ok(_) => assert!(is_one),
            Err(error) => {
                assert!(!is_one && !error.to_string().is_empty());
                return;
            }
        }
        let judged = |from: &[Package], to: &[Package]| {
            let [from, to]: [Vec<&Package>; 2] = [from, to].map(|packages| packages.iter().collect());
            let inside = |packages| Inside { packages, advisories: &advisories };
            judge(inside(&from), inside(&to), &|_, one: &str, other: &str| -> Ordering { one.cmp(other) })
        };
        let (up, down, same) = (judged(&old, &new), judged(&new, &old), judged(&new, &new));
        assert_eq!((up.fixed.len(), up.introduced.len()), (down.introduced.len(), down.fixed.len()));
        assert_eq!(up.unchanged, down.unchanged);
        assert!(same.fixed.is_empty() && same.introduced.is_empty() && same.gone.is_empty());
        assert!(up.fixed.iter().all(|effect| !effect.package.is_empty()));
    }
}

/// Products: a version that is named is of a release.
pub(crate) fn endoflife(data: &[u8]) {
    let Ok(product) = Product::read(data) else { return };
    let Ok(today) = "2026-11-30".parse() else { return };
    for version in ["12", "3.20.3", "22.04", text(data)] {
        if let Some(cycle) = product.cycle(version) {
            assert!(version.starts_with(&cycle.name));
            assert!(cycle.words(today).is_some() || !cycle.has_ended(today));
        }
    }
    let products = [("debian".to_owned(), product)].into();
    for tag in ["10-slim", "16-bookworm", "debian12", text(data)] {
        if let Some((product, _)) = endoflife::of_tag(&products, "debian", tag) {
            assert_eq!(product, "debian");
        }
    }
}
