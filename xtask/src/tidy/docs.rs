//! What the documentation says of the repository has to be so: the index has every page, and the map the arrows of the
//! manifests.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use camino::Utf8Path;
use regex::Regex;

const INDEX: &str = "docs/README.md";
const MAP: &str = "ARCHITECTURE.md";
const SUPPLY: &str = "docs/supply-chain.md";
/// What stands on any package: it has no arrows on the map.
const ANY: &str = "any";

/// Whatever is missing, or not so.
pub(super) fn findings(files: &[(String, String)]) -> Result<Vec<String>> {
    Ok(pages(files).into_iter().chain(arrows(files)?).chain(dependencies(files)?).collect())
}

/// Every direct dependency says why it is there, and what is said is of one that is.
fn dependencies(files: &[(String, String)]) -> Result<Vec<String>> {
    let (name, row) =
        (Regex::new(r"(?m)^([a-z][A-Za-z0-9_-]*)(?:\.workspace)? = ")?, Regex::new(r"(?m)^\| (`[^|]*) \|")?);
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for (_, manifest) in
        files.iter().filter(|(file, text)| file.ends_with("Cargo.toml") && text.contains("\n[lints]\n"))
    {
        let sections = manifest.split("\n[").filter(|section| section.contains("dependencies]\n"));
        used.extend(
            sections.flat_map(|section| name.captures_iter(section)).filter_map(|found| Some(found.get(1)?.as_str())),
        );
    }
    used.retain(|name| *name != "imagelock" && !name.starts_with("imagelock-"));
    let rows = row.captures_iter(text(files, SUPPLY)).filter_map(|found| Some(found.get(1)?.as_str()));
    let told: BTreeSet<&str> = rows.flat_map(|row| row.split(", ")).map(|name| name.trim_matches('`')).collect();
    let missing = used.difference(&told).map(|name| format!("{SUPPLY}: no row for `{name}`"));
    let left = told.difference(&used).map(|name| format!("{SUPPLY}: `{name}` is no direct dependency"));
    Ok(missing.chain(left).collect())
}

fn text<'f>(files: &'f [(String, String)], name: &str) -> &'f str {
    files.iter().find(|(file, _)| file == name).map_or("", |(_, text)| text)
}

/// A page that the index does not name is found by nobody.
fn pages(files: &[(String, String)]) -> Vec<String> {
    let index = text(files, INDEX);
    let pages = files.iter().filter_map(|(name, _)| name.strip_prefix("docs/"));
    let pages = pages.filter(|page| super::has_extension(page, "md") && !page.ends_with("README.md"));
    let missing = pages.filter(|page| !index.contains(&format!("]({page})")));
    missing.map(|page| format!("{INDEX}: no link to {page}")).collect()
}

/// The map says for each package on which others it stands, as its manifest does. A row for a folder of packages names all
/// that any of them stands on.
fn arrows(files: &[(String, String)]) -> Result<Vec<String>> {
    let row = Regex::new(r"(?m)^\| `([a-z/*]+)` \| [a-z*-]+ \|([^|]*)\|")?;
    let mut rows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for found in row.captures_iter(text(files, MAP)) {
        let (Some(folder), Some(told)) = (found.get(1), found.get(2)) else { continue };
        rows.insert(folder.as_str(), told.as_str().split([',', ' ']).filter(|name| !name.is_empty()).collect());
    }
    // Adapters come and go by one line in the list of them. A package is called as its manifest says.
    let group = |name| {
        let package = format!("name = \"imagelock-{name}\"\n");
        let is_it = |(file, text): &(String, String)| file.starts_with("integrations/") && text.contains(&package);
        if files.iter().any(is_it) { "integrations" } else { name }
    };
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut missing = Vec::new();
    for (name, manifest) in files {
        let folder = Utf8Path::new(name).parent().filter(|_| name.ends_with("/Cargo.toml"));
        let Some(folder) = folder.filter(|_| manifest.contains("\n[lints]\n")) else { continue };
        let several = rows.keys().copied().find(|row| row.strip_suffix("/*") == folder.parent().map(Utf8Path::as_str));
        match rows.keys().copied().find(|row| *row == folder.as_str()).or(several) {
            Some(row) => found.entry(row).or_default().extend(stands_on(manifest).map(group)),
            None => missing.push(format!("{MAP}: no row for `{folder}`")),
        }
    }
    for (row, told) in rows.iter().filter(|(_, told)| !told.contains(ANY)) {
        let found = found.remove(row).unwrap_or_default();
        let list = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join(", ");
        if found != *told {
            missing.push(format!("{MAP}: `{row}` stands on {}, and not on {}", list(&found), list(told)));
        }
    }
    Ok(missing)
}

/// The packages of this repository that a manifest names, tests aside, by the ends of their names.
fn stands_on(manifest: &str) -> impl Iterator<Item = &str> {
    let mut counts = false;
    manifest.lines().filter_map(move |line| {
        if line.starts_with('[') {
            counts = line == "[dependencies]";
        }
        let name = line.strip_prefix("imagelock-").filter(|_| counts)?;
        name.split(['.', ' ']).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_says_why_it_is_there() {
        let manifest = "[package]\n[lints]\nworkspace = true\n\n[dependencies]\nimagelock-core.workspace = true\nregex.workspace = true\n\n\
                        [dev-dependencies]\ntar = { workspace = true }\n";
        let page = "| `regex`, `url` | texts |\n";
        let files = [("crates/x/Cargo.toml", manifest), (SUPPLY, page)];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(
            dependencies(&files).unwrap(),
            [format!("{SUPPLY}: no row for `tar`"), format!("{SUPPLY}: `url` is no direct dependency")]
        );
    }

    fn of(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        pages(&files).into_iter().chain(arrows(&files).unwrap()).collect()
    }

    #[test]
    fn a_page_that_the_index_does_not_name_is_found() {
        let found =
            of(&[("docs/README.md", "[a](a.md)"), ("docs/a.md", ""), ("docs/spec/b.md", ""), ("docs/c.json", "")]);
        assert_eq!(found, ["docs/README.md: no link to spec/b.md"]);
    }

    #[test]
    fn an_arrow_that_the_map_has_otherwise_is_found() {
        let manifest = |names: &str| {
            let names = names.replace(' ', ".workspace = true\nimagelock-");
            format!(
                "\n[lints]\nworkspace = true\n\n[dependencies]\nserde = \"1\"\nimagelock-{names}.workspace = true\n\n[dev-dependencies]\nimagelock-x = {{}}\n"
            )
        };
        let map = "| folder | package | stands on | what |\n|---|---|---|---|\n\
                   | `crates/scan` | imagelock-scan | core, yaml | x |\n\
                   | `integrations/*` | imagelock-* | core, edit | x |\n\
                   | `crates/cli` | imagelock | core, integrations | x |\n\
                   | `crates/core` | imagelock-core | | x |\n\
                   | `xtask` | xtask | any | x |\n";
        let files = |scan: &str, helm: &str| {
            of(&[
                ("ARCHITECTURE.md", map),
                ("crates/scan/Cargo.toml", &manifest(scan)),
                ("crates/cli/Cargo.toml", &manifest("core helm marker")),
                ("crates/core/Cargo.toml", "\n[lints]\n"),
                ("integrations/helm/Cargo.toml", &format!("name = \"imagelock-helm\"\n{}", manifest(helm))),
                ("integrations/helm/example/Cargo.toml", ""),
                ("integrations/marker/Cargo.toml", &format!("name = \"imagelock-marker\"\n{}", manifest("edit"))),
                ("xtask/Cargo.toml", &manifest("core")),
            ])
        };
        assert_eq!(files("yaml core", "core"), [""; 0]);
        assert_eq!(files("core", "core"), ["ARCHITECTURE.md: `crates/scan` stands on core, and not on core, yaml"]);
        assert_eq!(
            files("core yaml", "core registry"),
            ["ARCHITECTURE.md: `integrations/*` stands on core, edit, registry, and not on core, edit"]
        );
        let found = of(&[("ARCHITECTURE.md", ""), ("crates/new/Cargo.toml", &manifest("core"))]);
        assert_eq!(found, ["ARCHITECTURE.md: no row for `crates/new`"]);
    }
}
