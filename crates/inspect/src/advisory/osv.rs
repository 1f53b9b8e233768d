//! Archives of OSV records (OSV schema 1.7), of which each is about packages of some ecosystems.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::archive::Archive;
use super::range::{End, Range};
use super::{Advisories, Advisory, AdvisoryError, Names, Naming, Release, called, is_of};

/// A record, as far as it is read.
#[derive(Deserialize)]
struct Record {
    id: String,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    /// The faults that a distribution's advisory is about.
    #[serde(default)]
    upstream: Option<Vec<String>>,
    #[serde(default)]
    withdrawn: Option<String>,
    #[serde(default)]
    affected: Option<Vec<Affected>>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(default)]
    package: Option<Named>,
    #[serde(default)]
    ranges: Option<Vec<Events>>,
    #[serde(default)]
    versions: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Named {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct Events {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    introduced: Option<String>,
    #[serde(default)]
    fixed: Option<String>,
    #[serde(default)]
    last_affected: Option<String>,
}

pub(super) fn read(
    advisories: &mut Advisories,
    label: &str,
    bytes: &[u8],
    release: &Release,
    names: &Names,
) -> Result<bool, AdvisoryError> {
    let mut is_about = false;
    let mut record = Vec::new();
    for entry in Archive::open(bytes)?.entries() {
        let entry = entry?;
        if !entry.name.ends_with(".json") {
            continue;
        }
        entry.read(&mut record)?;
        let wrong =
            |error: serde_json::Error| AdvisoryError::Record { name: entry.name.clone(), reason: error.to_string() };
        let record: Record = serde_json::from_slice(&record).map_err(wrong)?;
        is_about |= add(advisories, label, record, release, names);
    }
    Ok(is_about)
}

/// Adds what a record says of these packages; whether it says anything of the release.
fn add(advisories: &mut Advisories, label: &str, record: Record, release: &Release, names: &Names) -> bool {
    let Record { id, aliases, upstream, withdrawn, affected } = record;
    if withdrawn.is_some() {
        return false;
    }
    let all = [id].into_iter().chain(aliases.into_iter().flatten()).chain(upstream.into_iter().flatten());
    let (ids, aliases) = called(all);
    let mut is_about = false;
    for Affected { package, ranges, versions } in affected.into_iter().flatten() {
        let Some(package) = package.filter(|package| is_ecosystem(&package.ecosystem, release)) else { continue };
        is_about = true;
        if !names.has(&package.name) {
            continue;
        }
        let ranges = ranges.into_iter().flatten().filter(|range| range.kind != "GIT");
        let ranges: Vec<Range> = ranges.flat_map(|range| of_events(range.events)).collect();
        let versions: BTreeSet<String> = versions.into_iter().flatten().collect();
        let (ids, aliases, snapshot) = (ids.clone(), aliases.clone(), label.to_owned());
        let naming = naming(release);
        advisories.add(&package.name, Advisory { ids, aliases, ranges, versions, snapshot, naming });
    }
    is_about
}

/// The ranges that events say, in their order: each `introduced` starts one.
fn of_events(events: Vec<Event>) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for Event { introduced, fixed, last_affected } in events {
        if let Some(first) = introduced {
            let introduced = Some(first).filter(|first| first != "0");
            ranges.push(Range { introduced, end: End::Open });
        }
        let end = fixed.map(End::Fixed).or(last_affected.map(End::Last));
        if let (Some(end), Some(range)) = (end, ranges.last_mut()) {
            range.end = end;
        }
    }
    ranges
}

/// What records of a release call a package: in the families of Debian and Alpine its source; those of Red Hat and SUSE have
/// either.
fn naming(release: &Release) -> Naming {
    match release.id.as_str() {
        "debian" | "ubuntu" | "alpine" | "wolfi" | "chainguard" => Naming::Sources,
        _ => Naming::Either,
    }
}

/// Whether an ecosystem (OSV schema, "Defined ecosystems") is that of a release.
fn is_ecosystem(ecosystem: &str, release: &Release) -> bool {
    let (name, rest) = ecosystem.split_once(':').unwrap_or((ecosystem, ""));
    let version = release.version.as_deref().unwrap_or_default();
    let is_of_major = |rest: &str| rest == version.split('.').next().unwrap_or_default();
    match (name, release.id.as_str()) {
        ("Debian", "debian") | ("Rocky Linux", "rocky") | ("AlmaLinux", "almalinux") => is_of_major(rest),
        // `22.04:LTS`; what Pro has is none of who did not buy it.
        ("Ubuntu", "ubuntu") => rest.split(':').next() == Some(version),
        ("Alpine", "alpine") => is_of(version, rest.strip_prefix('v').unwrap_or(rest)),
        ("Wolfi" | "Chainguard", "wolfi" | "chainguard") => true,
        // The end of a CPE: `enterprise_linux:9::baseos`.
        ("Red Hat", "rhel" | "ubi") => {
            let mut parts = rest.split(':');
            parts.next() == Some("enterprise_linux") && parts.next().is_some_and(|it| it == version || is_of_major(it))
        }
        ("SUSE", "sles") => {
            let (major, minor) = version.split_once('.').unwrap_or((version, ""));
            let pack = if minor.is_empty() { String::new() } else { format!(" SP{minor}") };
            rest == format!("Linux Enterprise Server {major}{pack}")
        }
        ("openSUSE", "opensuse-leap") => rest == format!("Leap {version}"),
        ("openSUSE", "opensuse-tumbleweed") => rest == "Tumbleweed",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(ecosystem: &str, id: &str, version: &str) -> bool {
        is_ecosystem(ecosystem, &Release { id: id.to_owned(), version: Some(version.to_owned()) })
    }

    #[test]
    fn an_ecosystem_is_that_of_one_release() {
        for (ecosystem, id, version) in [
            ("Debian:12", "debian", "12"),
            ("Ubuntu:22.04:LTS", "ubuntu", "22.04"),
            ("Ubuntu:25.10", "ubuntu", "25.10"),
            ("Alpine:v3.20", "alpine", "3.20.3"),
            ("Wolfi", "wolfi", "20230201"),
            ("Red Hat:enterprise_linux:9::baseos", "rhel", "9.4"),
            ("Red Hat:enterprise_linux:9.4::appstream", "rhel", "9.4"),
            ("Rocky Linux:9", "rocky", "9.3"),
            ("AlmaLinux:8", "almalinux", "8.10"),
            ("SUSE:Linux Enterprise Server 15 SP5", "sles", "15.5"),
            ("openSUSE:Leap 15.5", "opensuse-leap", "15.5"),
        ] {
            assert!(is(ecosystem, id, version), "{ecosystem}");
        }
        for (ecosystem, id, version) in [
            ("Debian:1", "debian", "12"),
            ("Debian", "debian", "12"),
            ("Ubuntu:Pro:22.04:LTS", "ubuntu", "22.04"),
            ("Ubuntu:22.04:LTS", "debian", "22.04"),
            ("Alpine:v3.2", "alpine", "3.20.3"),
            ("Alpine:v", "alpine", "3.20.3"),
            ("Red Hat:rhel_eus:9.2::baseos", "rhel", "9.4"),
            ("Red Hat:enterprise_linux:8::baseos", "rhel", "9.4"),
            ("npm", "debian", "12"),
            ("", "debian", ""),
        ] {
            assert!(!is(ecosystem, id, version), "{ecosystem}");
        }
    }
}
