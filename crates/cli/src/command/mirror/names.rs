//! Where in the target each repository goes, and what images.toml takes to name it there.

use std::collections::{BTreeMap, BTreeSet};

use imagelock_core::project::{Mirror, Project};
use imagelock_core::{Host, Repository};

use super::Trip;
use crate::failure::Failure;

/// Where the repositories of each registry go: below its name, since two registries may have one repository each of one name.
/// What images.toml rewrites to the target already goes where that says.
pub(super) struct Names<'a> {
    to: &'a Mirror,
    project: &'a Project,
}

impl<'a> Names<'a> {
    pub(super) fn of(to: &'a Mirror, project: &'a Project) -> Self {
        Self { to, project }
    }

    /// The repository of the target in which a repository's images are kept.
    pub(super) fn target(&self, from: &Repository) -> Result<Repository, Failure> {
        self.place(from.host()).repository(from).map_err(|error| {
            Failure::input(format!("`{from}` has no name below `{}`: {error}", shown(self.to)))
                .help("a shorter prefix leaves more room for it")
        })
    }

    fn rewrite(&self, host: &Host) -> Option<&'a Mirror> {
        let rewrite = &self.project.registries.get(host)?.rewrite.as_ref()?.value;
        let below = rewrite.prefix == self.to.prefix || rewrite.prefix.starts_with(&format!("{}/", self.to.prefix));
        (rewrite.host == self.to.host && (below || self.to.prefix.is_empty())).then_some(rewrite)
    }

    fn place(&self, host: &Host) -> Mirror {
        if let Some(rewrite) = self.rewrite(host) {
            return rewrite.clone();
        }
        let separator = if self.to.prefix.is_empty() { "" } else { "/" };
        Mirror { host: self.to.host.clone(), prefix: format!("{}{separator}{}", self.to.prefix, folder(host)) }
    }

    /// What stands in the place of each of these registries.
    pub(super) fn rewrites(&self, hosts: &BTreeSet<&Host>) -> BTreeMap<String, String> {
        hosts.iter().map(|host| (host.to_string(), shown(&self.place(host)))).collect()
    }

    /// The lines of images.toml that are not there yet.
    pub(super) fn lines(&self, hosts: &BTreeSet<&Host>) -> String {
        let mut lines = String::new();
        for host in hosts.iter().filter(|host| self.rewrite(host).is_none()) {
            let is_there = self.project.registries.contains_key(*host);
            // A table that stands twice is an error.
            let head = format!("[registries.\"{host}\"]");
            lines += &if is_there { format!("# under {head}\n") } else { format!("{head}\n") };
            lines += &format!("rewrite = \"{}\"\n", shown(&self.place(host)));
        }
        lines
    }
}

/// Refuses two repositories that would become one.
pub(super) fn distinct(trips: &[Trip<'_>]) -> Result<(), Failure> {
    let mut sources: BTreeMap<&Repository, &Repository> = BTreeMap::new();
    for trip in trips {
        if let Some(other) = sources.insert(&trip.to, trip.from).filter(|other| *other != trip.from) {
            let message = format!("`{other}` and `{}` would both become `{}`", trip.from, trip.to);
            return Err(Failure::input(message).help("`--image NAME` copies them apart, to two prefixes"));
        }
    }
    Ok(())
}

fn shown(mirror: &Mirror) -> String {
    let separator = if mirror.prefix.is_empty() { "" } else { "/" };
    format!("{}{separator}{}", mirror.host, mirror.prefix)
}

/// A host as a part of a repository's name, which has no colons and no brackets (OCI distribution-spec, "Pulling manifests").
fn folder(host: &Host) -> String {
    let kept = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
    let folder: String = host.as_str().chars().map(|c| if kept(c) { c } else { '-' }).collect();
    folder.trim_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_becomes_a_part_of_a_repositorys_name() {
        for (host, expected) in [
            ("docker.io", "docker.io"),
            ("ghcr.io", "ghcr.io"),
            ("127.0.0.1:5000", "127.0.0.1-5000"),
            ("registry.example.com:8443", "registry.example.com-8443"),
            ("[::1]:5000", "1--5000"),
        ] {
            let host: Host = host.parse().unwrap();
            assert_eq!(folder(&host), expected);
            let mirror = Mirror { host: host.clone(), prefix: folder(&host) };
            assert!(mirror.repository(&Repository::new(host, "acme/app").unwrap()).is_ok());
        }
    }
}
