//! What images have installed, beside what the real tools say of the same files.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod compressed;
mod memory;
mod roots;
mod rpm_database;
mod versions;

use camino::Utf8Path;
use imagelock_inspect::{Compression, Contents, Limits, Search};

/// Reads a folder as the only layer of an image.
fn read_folder(root: &Utf8Path, paths: &[&str]) -> Contents {
    let mut layer = tar::Builder::new(Vec::new());
    layer.follow_symlinks(false);
    for path in paths {
        let file = root.join(path);
        if file.is_dir() {
            layer.append_dir_all(path, file).unwrap();
        } else {
            layer.append_path_with_name(file, path).unwrap();
        }
    }
    let mut search = Search::new(Limits::default());
    search.layer(Compression::None, layer.into_inner().unwrap().as_slice()).unwrap();
    search.finish()
}

/// The packages as `TYPE NAME VERSION`, sorted.
fn listed(contents: &Contents) -> Vec<String> {
    let line = |package: &imagelock_inspect::Package| {
        format!("{} {} {}", package.purl.kind(), package.purl.name(), package.version)
    };
    let mut lines: Vec<String> = contents.packages.iter().map(line).collect();
    lines.sort();
    lines
}

/// The lines that a program prints.
fn lines(command: &mut std::process::Command) -> Vec<String> {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {out}{err}");
    out.lines().map(ToOwned::to_owned).collect()
}
