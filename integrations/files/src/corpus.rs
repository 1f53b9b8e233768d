//! Every file of `tests/corpus`: what is certain or a default is pinned, and unpinned again to the bytes of before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::MemoryTree;
use imagelock_core::source::SourceFile;
use imagelock_core::{Lockfile, Reference};
use imagelock_edit::Unpinning;
use imagelock_edit::testing::{digest, lock, render};
use imagelock_scan::{Site, claiming};

use super::AllFiles;

fn files(folder: &Path, found: &mut BTreeMap<Utf8PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if !path.ends_with("findings.toml") {
            found.insert(path.clone().try_into().unwrap(), fs::read_to_string(path).unwrap());
        }
    }
}

/// The corpus by the paths that its files have in their folders.
fn corpus() -> Vec<(Utf8PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus");
    let mut all = Vec::new();
    for folder in fs::read_dir(root).unwrap() {
        let folder = folder.unwrap().path();
        let mut found = BTreeMap::new();
        files(&folder, &mut found);
        let inside = |path: &Utf8Path| path.strip_prefix(Utf8Path::from_path(&folder).unwrap()).unwrap().to_owned();
        all.extend(found.into_iter().map(|(path, text)| (inside(&path), text)));
    }
    all
}

/// What a file names with a tag and without a digest: only that changes, and can be given back.
fn unpinned(sites: &[Site]) -> BTreeSet<Reference> {
    let named = || sites.iter().filter(|site| site.names_an_image()).filter_map(Site::reference);
    let pinned: BTreeSet<_> =
        named().filter(|found| found.digest.is_some()).map(|found| found.repository.clone()).collect();
    let fits =
        |found: &&Reference| found.digest.is_none() && found.tag.is_some() && !pinned.contains(&found.repository);
    named().filter(fits).cloned().collect()
}

fn locked(references: &BTreeSet<Reference>) -> Lockfile {
    let images: Vec<(String, String)> = references
        .iter()
        .enumerate()
        .map(|(number, reference)| (format!("i{number}"), reference.to_string()))
        .collect();
    lock(&images.iter().map(|(name, reference)| (name.as_str(), reference.as_str(), '0')).collect::<Vec<_>>())
}

#[test]
fn every_file_is_pinned_and_unpinned_to_the_bytes_of_before() {
    let (mut pinned, mut told) = (0, 0);
    for (path, text) in corpus() {
        let Some(format) = claiming(&path, &text.as_str()) else { continue };
        let Ok(parsed) = format.read(&text) else { continue };
        let references = unpinned(&parsed.sites);
        if references.is_empty() || text.contains("imagelock:") {
            continue;
        }
        let tree = MemoryTree::default().file(path.clone(), text.clone());
        let outputs = render(&AllFiles, "[[files]]\nedit = '**'\n", &locked(&references), &tree);
        let outputs = outputs.unwrap_or_else(|error| panic!("{path}: {error}"));
        let [output] = &outputs[..] else { panic!("{path}: {} files", outputs.len()) };
        let after = SourceFile::new(&path, String::from_utf8(output.content.clone()).unwrap());
        let wanted = parsed
            .sites
            .iter()
            .filter(|site| site.names_an_image() && site.reference().is_some_and(|found| references.contains(found)));
        let (wanted, kept) = (wanted.count(), output.kept.len());
        assert!(output.uses.len() + kept >= wanted, "{path}: {:?}\n{}", output.kept, after.text());
        assert_eq!(after.text().matches(digest('0').hex()).count(), output.uses.len(), "{path}\n{}", after.text());
        let is_asked = |found: &Reference| found.digest == Some(digest('0'));
        let back = Unpinning { format, is_asked: &is_asked }.edit(&after).unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(back.text, text, "{path}\n{}", after.text());
        assert_eq!(back.kept, [], "{path}");
        pinned += output.uses.len();
        told += kept;
    }
    assert!(pinned > 200, "{pinned} places are pinned, {told} are told of");
}
