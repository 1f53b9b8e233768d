//! The corpus: files of every format with the places that a person found in them, no more and no fewer.
//!
//! `tests/corpus/FOLDER/findings.toml` lists the files of its folder; a place is `LINE:COLUMN SURE STATE TEXT | PLACE`;
//! a default that names no image without a marker is a `word`.
//! Where a folder's findings differ, those that were read are written to `target/corpus/FOLDER.toml`, for a person to
//! compare.

#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use imagelock_core::Reference;
use imagelock_scan::{FORMATS, Format, Named, Says, Site, Sure};
use toml_edit::DocumentMut;

/// What is read of a file before a format claims it.
const HEAD: usize = 4096;

/// Files of a folder.
const FEWEST: usize = 6;

/// Files of all folders.
const FEWEST_IN_ALL: usize = 300;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files of a folder, by their paths in it.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(&inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path != folder.join("findings.toml") {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

fn format_of(path: &str, text: &str) -> &'static dyn Format {
    let head = &text[..(0..=HEAD.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap()];
    *FORMATS.iter().find(|format| format.claims(&Named::new(path), &head)).unwrap()
}

fn state(reference: Option<&Reference>) -> &'static str {
    match reference {
        None => "invalid",
        Some(Reference { digest: Some(_), .. }) => "pinned",
        Some(Reference { tag: Some(_), .. }) => "tag",
        Some(_) => "none",
    }
}

fn told(site: &Site, text: &str) -> String {
    let before = &text[..site.span().start];
    let column = before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1;
    let sure = match site.sure {
        Sure::Possible => "possible",
        // `scan` counts it only where a marker says so.
        Sure::Default if !site.names_an_image() => "word",
        Sure::Default => "default",
        Sure::Certain => "certain",
    };
    let says = match &site.says {
        Says::Whole { text, .. } => format!("{} {text}", state(site.reference())),
        Says::Parts { parts, .. } => format!("parts {} {}", state(site.reference()), parts.text()),
        Says::Open { span, default, .. } => {
            let default = default.as_ref().map(|default| format!(" = {}", default.familiar()));
            format!("variable {}{}", text[span.clone()].replace('\n', "\u{2424}"), default.unwrap_or_default())
        }
    };
    format!("{}:{column} {sure} {says} | {}", site.line, site.place)
}

/// Whether a place is one without a marker: literals that only a marker makes one have no name. In plain text there is
/// nothing else, and only where a marker is.
fn is_told(format: &dyn Format, site: &Site) -> bool {
    site.sure != Sure::Possible || !site.place.is_empty() || format.id() == "plain"
}

/// What a format says of a file.
fn read(path: &str, text: &str) -> (String, Vec<String>) {
    let format = format_of(path, text);
    match format.read(text) {
        Ok(parsed) => {
            let sites = parsed.sites.iter().filter(|site| is_told(format, site));
            (format.id().to_owned(), sites.map(|site| told(site, text)).collect())
        }
        Err(error) => (format.id().to_owned(), vec![format!("unreadable: {error}")]),
    }
}

fn written(found: &BTreeMap<String, (String, Vec<String>)>) -> String {
    let mut text = String::new();
    for (path, (format, sites)) in found {
        writeln!(text, "[{path:?}]\nformat = {format:?}").unwrap();
        match sites.as_slice() {
            [] => writeln!(text, "sites = []\n").unwrap(),
            sites => {
                let lines: Vec<String> = sites.iter().map(|site| format!("    {site:?},\n")).collect();
                writeln!(text, "sites = [\n{}]\n", lines.concat()).unwrap();
            }
        }
    }
    text
}

fn findings(folder: &Path) -> BTreeMap<String, (String, Vec<String>)> {
    let text = fs::read_to_string(folder.join("findings.toml")).unwrap_or_default();
    let document: DocumentMut = text.parse().unwrap();
    let tables = document.iter().map(|(path, item)| {
        let sites = item["sites"].as_array().unwrap().iter().map(|site| site.as_str().unwrap().to_owned());
        (path.to_owned(), (item["format"].as_str().unwrap().to_owned(), sites.collect()))
    });
    tables.collect()
}

fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("tests/corpus")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn every_file_of_the_corpus_has_exactly_the_places_that_were_found_in_it() {
    let mut wrong = Vec::new();
    for folder in folders() {
        let found: BTreeMap<_, _> =
            files(&folder).into_iter().map(|(path, text)| (path.clone(), read(&path, &text))).collect();
        let expected = findings(&folder);
        if found != expected {
            let name = folder.file_name().unwrap().to_str().unwrap();
            let out = root().join("target/corpus");
            fs::create_dir_all(&out).unwrap();
            fs::write(out.join(format!("{name}.toml")), written(&found)).unwrap();
            for path in found.keys().chain(expected.keys()).collect::<BTreeSet<_>>() {
                if found.get(path) != expected.get(path) {
                    wrong.push(format!("{name}/{path}: {:#?}, expected {:#?}", found.get(path), expected.get(path)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_format_has_a_folder_with_enough_files_and_all_have_enough_together() {
    let mut all = 0;
    for format in FORMATS {
        let folder = root().join("tests/corpus").join(format.id());
        assert!(folder.is_dir(), "`{}` has no folder in tests/corpus", format.id());
    }
    for folder in folders() {
        let files = files(&folder).len();
        assert!(files >= FEWEST, "{}: {files} files", folder.display());
        all += files;
    }
    assert!(all >= FEWEST_IN_ALL, "{all} files");
}

/// A digest more, and the same places say the same; the bytes of before, and all is as it was.
#[test]
fn a_place_that_is_pinned_reads_as_it_was_written_and_no_other_changes() {
    let digest = format!("@sha256:{}", "0a".repeat(32));
    for folder in folders() {
        for (path, text) in files(&folder) {
            let format = format_of(&path, &text);
            let Ok(before) = format.read(&text) else { continue };
            for (index, site) in before.sites.iter().enumerate() {
                let reference = site.reference().filter(|reference| reference.digest.is_none());
                let Some(said) = site.text().filter(|_| reference.is_some() && is_told(format, site)) else { continue };
                let pinned = format!("{said}{digest}");
                let Some(quoted) = format.quote(&text[site.span().clone()], &pinned) else { continue };
                let mut edited = text.clone();
                edited.replace_range(site.span().clone(), &quoted);
                let after = format.read(&edited).unwrap_or_else(|error| panic!("{path}: {error}\n{edited}"));
                let says = |site: &Site| site.text().map(str::to_owned);
                let mut expected: Vec<_> = before.sites.iter().map(says).collect();
                expected[index] = Some(pinned);
                assert_eq!(after.sites.iter().map(says).collect::<Vec<_>>(), expected, "{path}\n{edited}");
                let span = after.sites[index].span().clone();
                edited.replace_range(span, &text[site.span().clone()]);
                assert_eq!(edited, text, "{path}");
            }
        }
    }
}
