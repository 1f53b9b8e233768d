//! What an update brought, read from the document of `diff --format json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The document, as far as the page tells it.
#[derive(Deserialize)]
pub(super) struct Document {
    images: Vec<Image>,
}

#[derive(Deserialize)]
struct Image {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    from: Value,
    #[serde(default)]
    to: Value,
    #[serde(default)]
    platforms: BTreeMap<String, Platform>,
}

#[derive(Deserialize)]
struct Platform {
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    config: Vec<Value>,
    #[serde(default)]
    packages: Packages,
    #[serde(default)]
    advisories: Faults,
}

/// What became of known faults.
#[derive(Default, Deserialize)]
struct Faults {
    #[serde(default)]
    fixed: Vec<Fault>,
    #[serde(default)]
    introduced: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    id: String,
    package: String,
    #[serde(default)]
    fixed: Option<String>,
}

#[derive(Default, Deserialize)]
struct Packages {
    #[serde(default)]
    added: Vec<Package>,
    #[serde(default)]
    removed: Vec<Package>,
    #[serde(default)]
    changed: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    purl: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
}

/// What the page shows of it.
#[derive(Serialize)]
pub(super) struct Difference {
    rows: Vec<Row>,
}

#[derive(Default, Serialize)]
struct Row {
    image: String,
    platform: String,
    what: String,
    from: String,
    to: String,
    faults: String,
}

impl Difference {
    pub(super) fn of(document: Document) -> Self {
        Self { rows: document.images.into_iter().flat_map(image).collect() }
    }
}

fn image(image: Image) -> Vec<Row> {
    let name = image.name.unwrap_or_else(|| said(&image.to));
    let of = |platform: &str| Row { image: name.clone(), platform: platform.to_owned(), ..Row::default() };
    let mut rows = vec![Row { what: "image".to_owned(), from: said(&image.from), to: said(&image.to), ..of("") }];
    for (platform, found) in image.platforms {
        rows.push(Row { what: found.verdict, ..of(&platform) });
        rows.extend(found.config.iter().map(|change| config(change, of(&platform))));
        let Faults { fixed, introduced } = found.advisories;
        rows.extend(fixed.into_iter().map(|fault| told(fault, "fixes", of(&platform))));
        rows.extend(introduced.into_iter().map(|fault| told(fault, "brings", of(&platform))));
        let Packages { added, removed, changed } = found.packages;
        rows.extend(changed.into_iter().map(|package| changed_package(package, of(&platform))));
        rows.extend(added.into_iter().map(|Package { purl, version, to, .. }| {
            let to = to.or(version).unwrap_or_else(|| "added".to_owned());
            Row { what: purl, to, ..of(&platform) }
        }));
        rows.extend(removed.into_iter().map(|Package { purl, version, from, .. }| {
            let from = from.or(version).unwrap_or_else(|| "was there".to_owned());
            Row { what: purl, from, to: "removed".to_owned(), ..of(&platform) }
        }));
    }
    rows
}

fn changed_package(package: Package, row: Row) -> Row {
    let Package { purl, from, to, .. } = package;
    Row { what: purl, from: from.unwrap_or_default(), to: to.unwrap_or_default(), ..row }
}

/// A fault of a package, and the version that fixes it.
fn told(fault: Fault, verb: &str, row: Row) -> Row {
    Row { what: fault.package, to: fault.fixed.unwrap_or_default(), faults: format!("{verb} {}", fault.id), ..row }
}

/// A change of the configuration: an object with what it is about and both values, or a text.
fn config(change: &Value, row: Row) -> Row {
    let field = |names: &[&str]| names.iter().find_map(|name| change.get(name)).map(said).unwrap_or_default();
    match change {
        Value::Object(_) => {
            let what = [field(&["what", "field"]), field(&["key", "name"])].join(" ");
            Row { what: what.trim().to_owned(), from: field(&["from"]), to: field(&["to"]), ..row }
        }
        other => Row { what: said(other), ..row },
    }
}

/// A value in words: of an image what people tell it by, of a list its parts.
fn said(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(said).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => {
            let named = ["id", "version", "tag", "reference", "digest"].iter().find_map(|name| fields.get(*name));
            named.map_or_else(|| value.to_string(), said)
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_line_by_line() {
        let text = r#"{"images": [{"name": "web", "from": {"tag": "1", "digest": "sha256:0"}, "to": {"version": "2"},
            "platforms": {"linux/amd64": {"verdict": "changed", "config": [{"what": "environment", "key": "MODE", "from": "root", "to": "65532"}],
            "packages": {"added": [{"purl": "pkg:apk/a", "version": "1"}], "removed": [{"purl": "pkg:apk/b"}],
            "changed": [{"purl": "pkg:apk/openssl", "from": "1", "to": "2"}]},
            "advisories": {"fixed": [{"id": "CVE-1", "package": "openssl", "fixed": "2"}], "introduced": [{"id": "CVE-2", "package": "a"}]}}}}]}"#;
        let difference = Difference::of(serde_json::from_str(text).unwrap());
        let rows: Vec<String> = difference
            .rows
            .iter()
            .map(|row| [&*row.image, &row.platform, &row.what, &row.from, &row.to, &row.faults].join("|"))
            .collect();
        assert_eq!(
            rows,
            [
                "web||image|1|2|",
                "web|linux/amd64|changed|||",
                "web|linux/amd64|environment MODE|root|65532|",
                "web|linux/amd64|openssl||2|fixes CVE-1",
                "web|linux/amd64|a|||brings CVE-2",
                "web|linux/amd64|pkg:apk/openssl|1|2|",
                "web|linux/amd64|pkg:apk/a||1|",
                "web|linux/amd64|pkg:apk/b|was there|removed|",
            ]
        );
    }

    #[test]
    fn what_is_left_out_of_a_difference_is_nothing() {
        let rows = |text: &str| Difference::of(serde_json::from_str(text).unwrap()).rows.len();
        assert_eq!((rows(r#"{"images": []}"#), rows(r#"{"images": [{}]}"#)), (0, 1));
        assert!(serde_json::from_str::<Document>("[]").is_err());
    }
}
