//! Charts as they are found in the wild, one file each in `tests/charts/`: told right, or refused, by Helm's own word. What is
//! written for each, the adapter's own tests know; `imagelock_helm::testing` says what a file has in it.

use std::process::Command;

use camino::Utf8Path;
use imagelock_adapter::{MemoryTree, Output};
use imagelock_core::Lockfile;
use imagelock_edit::testing;
use imagelock_helm::Helm;
use imagelock_helm::testing::{Chart, IMAGES};
use imagelock_kubernetes::unpinned;
use imagelock_tests::{Monorepo, need};

use crate::images;

fn charts() -> Vec<Chart> {
    let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("charts");
    let mut paths: Vec<_> = folder.read_dir_utf8().unwrap().map(|entry| entry.unwrap().path().to_owned()).collect();
    paths.sort();
    paths.iter().map(|path| Chart::read(path.file_stem().unwrap(), &fs_err::read_to_string(path).unwrap())).collect()
}

fn lock() -> Lockfile {
    testing::lock(&IMAGES)
}

/// `WEB`, `DB` and so on stand for the locked digests.
fn expanded(image: &str) -> String {
    IMAGES.iter().fold(image.to_owned(), |text, (name, _, digit)| {
        text.replace(&format!("@{}", name.to_uppercase()), &format!("@sha256:{}", digit.to_string().repeat(64)))
    })
}

/// Renders the chart's table, or says why not.
fn outputs(chart: &Chart, way: &str) -> Result<Vec<Output>, String> {
    let tree =
        chart.files.iter().fold(MemoryTree::default(), |tree, (path, text)| tree.file(path.clone(), text.clone()));
    let project = format!("[[helm]]\nchart = 'web'\n{way}\nvalues = {{ {} }}\n", chart.maps);
    testing::render(&Helm, &project, &lock(), &tree)
}

/// Panics with what is wrong, where something is.
fn comes_out(helm: &Utf8Path, chart: &Chart, way: &str) {
    let name = &chart.name;
    let outputs = outputs(chart, way);
    if let Some(text) = chart.refused() {
        let error = outputs.as_ref().expect_err(name);
        return assert!(error.contains(text), "{name} {way}: {error}");
    }
    let (mut expected, warnings): (Vec<String>, _) = (chart.runs().into_iter().map(expanded).collect(), chart.warns());
    let outputs = outputs.unwrap_or_else(|error| panic!("{name} {way}: {error}"));
    let told: Vec<&String> = outputs.iter().flat_map(|output| &output.warnings).collect();
    assert_eq!(told.len(), warnings.len(), "{name} {way}: {told:?}");
    for (told, text) in told.iter().zip(warnings) {
        assert!(told.contains(text), "{name} {way}: {told}");
    }
    let repo = chart.files.iter().fold(Monorepo::builder(), |repo, (path, text)| repo.file(path, text)).build();
    let mut arguments = vec!["template", "release", "web"];
    for output in outputs {
        repo.write(&output.path, &output.content);
        if output.path == "images.yaml" {
            arguments.extend(["-f", "images.yaml"]);
        }
    }
    let output = Command::new(helm).args(arguments).current_dir(repo.root()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {way}: {told}");
    let rendered = String::from_utf8(output.stdout).unwrap();
    // What is warned of is found in what Helm renders; all else is as the lock says.
    let findings = testing::with_context(&lock(), |context| unpinned(&rendered, context, &[]).unwrap());
    assert_eq!(findings.is_empty(), !expected.is_empty(), "{name} {way}: {findings:?}");
    if !expected.is_empty() {
        let mut found = images(&rendered);
        let ours = |text: &String| text.parse::<imagelock_core::Reference>().unwrap().to_string();
        expected = expected.iter().map(ours).collect();
        found = found.iter().map(ours).collect();
        assert_eq!(found, expected, "{name} {way}");
    }
}

fn every_chart(helm: &Utf8Path) {
    let charts = charts();
    assert!(charts.len() >= 40, "{} charts are left", charts.len());
    let wrong: Vec<&str> = charts
        .iter()
        .flat_map(|chart| ["output = 'images.yaml'", "in-place = true"].map(|way| (chart, way)))
        .filter(|(chart, way)| std::panic::catch_unwind(|| comes_out(helm, chart, way)).is_err())
        .map(|(chart, _)| chart.name.as_str())
        .collect();
    assert!(wrong.is_empty(), "{wrong:?} came out otherwise");
}

#[test]
fn charts_of_the_wild_are_told_right_or_refused_by_helm_3() {
    every_chart(&need!("helm3"));
}

#[test]
fn charts_of_the_wild_are_told_right_or_refused_by_helm_4() {
    every_chart(&need!("helm4"));
}
