//! What is known of an image, as text.

use std::collections::BTreeMap;

use imagelock_core::compare::shortened;
use imagelock_inspect::attested::Material;

use super::{Inspected, Listed, Of, Whole};
use crate::report::{bytes, counted, day};
use crate::shell::printable;

/// The columns that a label takes.
const LABEL: usize = 19;
/// How many packages of a kind are named; JSON has all.
const PACKAGES: usize = 20;

struct Rows(String);

impl Rows {
    /// A line; one without a value is none.
    fn row(&mut self, label: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            let row = format!("  {label:LABEL$}{}", printable(value.as_ref()));
            self.0.push_str(row.trim_end());
            self.0.push('\n');
        }
    }

    /// A line for each value, with the label on the first.
    fn rows(&mut self, label: &str, values: impl IntoIterator<Item = String>) {
        for (number, value) in values.into_iter().enumerate() {
            self.row(if number == 0 { label } else { "" }, Some(value));
        }
    }
}

pub(super) fn of(image: &Inspected) -> String {
    let mut rows = Rows(format!("{}\n", printable(&image.reference)));
    let said = |text: &String| format!("{text} (said by the publisher)");
    rows.row("version", image.brief.version.as_ref().map(said));
    rows.row("built", image.brief.created.as_ref().and_then(day));
    rows.row("revision", image.revision.as_ref().map(said));
    rows.row("source", image.source.as_ref().map(said));
    let digest = image.base.digest.as_ref().map(|digest| digest.short().to_owned());
    let base: Vec<String> = image.base.name.iter().cloned().chain(digest).collect();
    rows.row("base", (!base.is_empty()).then(|| said(&base.join(" "))));
    rows.row("signature", image.signed.note.as_ref());
    rows.row("platforms", Some(image.brief.platforms().join(", ")));
    for (platform, whole) in &image.inspected {
        rows.0.push_str(&format!("\n{platform}  {}\n", whole.manifest));
        platform_rows(&mut rows, whole);
    }
    rows.0
}

fn platform_rows(rows: &mut Rows, whole: &Whole) {
    if let Some(config) = &whole.config {
        let words = |words: &[String]| (!words.is_empty()).then(|| serde_json::to_string(words).unwrap_or_default());
        rows.row("user", Some(config.user.as_deref().unwrap_or("root, since none is named")));
        rows.row("entrypoint", words(&config.entrypoint));
        rows.row("command", words(&config.command));
        rows.row("working directory", config.working_directory.as_ref());
        let variable =
            |(name, value): (&String, &Option<String>)| format!("{name}={}", value.as_deref().unwrap_or_default());
        rows.rows("environment", config.environment.iter().map(variable));
        rows.rows("ports", config.ports.iter().cloned());
        rows.rows("volumes", config.volumes.iter().cloned());
        rows.row("stop signal", config.stop_signal.as_ref());
        rows.rows("labels", config.labels.iter().map(|(key, value)| format!("{key}={value}")));
    }
    rows.row("size", Some(format!("{} in {}", bytes(whole.size), counted(whole.layers, "layer", "layers"))));
    if let Some(listed) = &whole.packages {
        packages(rows, listed);
    }
    if let Some(provenance) = &whole.provenance {
        let said = |text: &String| format!("{} (said by the publisher)", shortened(text));
        rows.row("built by", provenance.builder.as_ref().map(said));
        rows.row("built from", provenance.source.as_ref().map(said));
        rows.row("at revision", provenance.revision.as_ref().map(said));
        let material = |material: &Material| match &material.digest {
            Some(digest) => format!("{} {}", material.what(), shortened(digest)),
            None => material.uri.clone(),
        };
        rows.rows("made of", provenance.materials.iter().map(material));
    }
    rows.rows("about it", whole.attestations.iter().cloned());
    rows.rows("not read", whole.not_read.iter().map(|not_read| format!("{}: {}", not_read.what, not_read.reason)));
}

fn packages(rows: &mut Rows, listed: &Listed) {
    let Listed { by, grade, release, items } = listed;
    rows.row(
        "release",
        release.as_ref().map(|Of { os, version, end }| {
            let version = version.iter().map(|version| format!(" {version}"));
            let end = end.iter().map(|end| format!(", {end}"));
            format!("{os}{}", version.chain(end).collect::<String>())
        }),
    );
    let count = counted(items.len(), "package", "packages");
    rows.row("packages", Some(format!("{count} ({}, {})", grade.words(), by.words())));
    let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for item in items {
        let rest = item.purl.strip_prefix("pkg:").unwrap_or(&item.purl);
        let kind = rest.split('/').next().unwrap_or_default();
        kinds.entry(kind).or_default().push(format!("{} {}", item.name, item.version));
    }
    for (kind, names) in kinds {
        let more = names.len().saturating_sub(PACKAGES);
        let more = (more > 0).then(|| format!("{more} more: `--format json` has all"));
        rows.rows(&format!("  {kind}"), names.into_iter().take(PACKAGES).chain(more));
    }
}
