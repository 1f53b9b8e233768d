//! Tests of the adapter on trees in memory. The charts here are as small as what they show.

mod charts;
mod in_place;
mod overlay;
mod properties;
mod table;
mod wild;

use flate2::{Compression, write::GzEncoder};
use imagelock_adapter::MemoryTree;
use imagelock_core::Lockfile;
use imagelock_edit::testing;

use crate::Helm;

/// The digests of the lock below.
const WEB: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const DB: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

fn lock() -> Lockfile {
    testing::lock(&[("web", "ghcr.io/acme/web:1.10", '1'), ("db", "postgres:16.9-alpine", '2')])
}

/// A chart in `chart/` with values and one template.
fn chart(values: &str, template: &str) -> MemoryTree {
    MemoryTree::default()
        .file("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n")
        .file("chart/values.yaml", values)
        .file("chart/templates/all.yaml", template)
}

/// A package of files, `below` before each path: `helm package` lays them in a folder.
fn package(below: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("{below}{path}"), content.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

fn overlay_of(tree: &MemoryTree, values: &str) -> Result<String, String> {
    let project = format!("[[helm]]\nchart = \"chart\"\noutput = \"images.yaml\"\nvalues = {{ {values} }}\n");
    testing::only(&Helm, &project, &lock(), tree)
}

/// The overlay without its head of two lines.
fn body(tree: &MemoryTree, values: &str) -> String {
    let text = overlay_of(tree, values).unwrap();
    text.splitn(3, '\n').nth(2).unwrap().to_owned()
}

fn in_place(values: &str, wanted: &str) -> Result<String, String> {
    in_place_of(&chart(values, ""), wanted)
}

fn in_place_of(tree: &MemoryTree, wanted: &str) -> Result<String, String> {
    let project = format!("[[helm]]\nchart = \"chart\"\nin-place = true\nvalues = {{ {wanted} }}\n");
    testing::only(&Helm, &project, &lock(), tree)
}
