//! Alpine's secdb, whose form Wolfi's and Chainguard's `security.json` have as well: which version of a source package fixes what.
//!
//! A version `0` says that the package was never affected.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::range::Range;
use super::{Advisories, Advisory, AdvisoryError, Names, Naming, Release, called, is_of};

/// The file, as far as it is read.
#[derive(Deserialize)]
struct Document {
    /// `v3.20`; rolling distributions have none.
    #[serde(default)]
    distroversion: Option<String>,
    #[serde(default)]
    urlprefix: String,
    packages: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    pkg: Fixes,
}

#[derive(Deserialize)]
struct Fixes {
    name: String,
    /// Versions, and what each fixes. Some have nothing where they fix nothing.
    #[serde(default)]
    secfixes: Option<BTreeMap<String, Option<Vec<String>>>>,
}

pub(super) fn read(
    advisories: &mut Advisories,
    label: &str,
    bytes: &[u8],
    release: &Release,
    names: &Names,
) -> Result<bool, AdvisoryError> {
    let document: Document = serde_json::from_slice(bytes)?;
    if !document.is_about(release) {
        return Ok(false);
    }
    for Fixes { name, secfixes } in document.packages.into_iter().map(|entry| entry.pkg) {
        if !names.has(&name) {
            continue;
        }
        for (version, fixed) in secfixes.into_iter().flatten().filter(|(version, _)| version != "0") {
            for words in fixed.into_iter().flatten() {
                // Several names of one fault stand in one text.
                let (ids, aliases) = called(words.split_whitespace().map(str::to_owned));
                let ranges = vec![Range::before(&version)];
                let snapshot = label.to_owned();
                let advisory =
                    Advisory { ids, aliases, ranges, versions: [].into(), snapshot, naming: Naming::Sources };
                advisories.add(&name, advisory);
            }
        }
    }
    Ok(true)
}

impl Document {
    /// Whether it is about a release. Wolfi and Chainguard build from one set of packages, and their images have either name.
    fn is_about(&self, release: &Release) -> bool {
        match &self.distroversion {
            Some(version) => {
                let version = version.strip_prefix('v').unwrap_or(version);
                release.id == "alpine" && release.version.as_ref().is_some_and(|it| is_of(it, version))
            }
            None => {
                let ours = ["packages.wolfi.dev", "packages.cgr.dev", "apk.cgr.dev"];
                let host = self.urlprefix.split("://").last().unwrap_or_default().split('/').next().unwrap_or_default();
                matches!(release.id.as_str(), "wolfi" | "chainguard") && ours.contains(&host)
            }
        }
    }
}
