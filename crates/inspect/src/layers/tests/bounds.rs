//! Layers that ask for too much.

use super::super::{Compression, Limits, Search};
use super::{Layer, apk, gzip, not_read, purls, read};

const APK: &str = "lib/apk/db/installed";

fn read_within(limits: Limits, layers: Vec<Layer>) -> super::Contents {
    let mut search = Search::new(limits);
    for layer in layers {
        search.layer(Compression::None, layer.bytes().as_slice()).unwrap();
    }
    search.finish()
}

#[test]
fn a_file_that_is_too_large_is_named_and_an_older_one_does_not_count() {
    let limits = Limits { file: 100, ..Limits::default() };
    let layers = vec![Layer::new().file(APK, apk("musl", "1").repeat(20)), Layer::new().file(APK, apk("old", "1"))];
    let contents = read_within(limits, layers);
    assert!(contents.packages.is_empty());
    assert_eq!(not_read(&contents), [format!("{APK}: it has 240 bytes, and no more than 100 are read of one file")]);
}

#[test]
fn a_layer_that_unpacks_to_too_much_is_read_so_far() {
    let limits = Limits { unpacked: 1_000_000, ..Limits::default() };
    let bomb = Layer::new().file(APK, apk("musl", "1")).file("zeros", vec![0; 2_000_000]).bytes();
    let mut search = Search::new(limits);
    search.layer(Compression::Gzip, gzip(&bomb).as_slice()).unwrap();
    assert!(!search.wants_more());
    let contents = search.finish();
    assert_eq!(purls(&contents), ["pkg:apk/musl@1"]);
    assert_eq!(
        not_read(&contents),
        ["zeros: the layers unpack to more than 1000000 bytes, and what follows here was not read"]
    );
}

#[test]
fn more_paths_than_are_held_end_the_search() {
    let limits = Limits { paths: 10, ..Limits::default() };
    let many = (0..20).fold(Layer::new(), |layer, number| layer.file(&format!("f{number:02}"), ""));
    let contents = read_within(limits, vec![many, Layer::new().file(APK, apk("musl", "1"))]);
    assert!(contents.packages.is_empty());
    assert_eq!(not_read(&contents), ["f10: the layers have more than 10 paths, and what follows here was not read"]);
}

#[test]
fn more_packages_than_are_held_are_named() {
    let limits = Limits { packages: 1000, ..Limits::default() };
    let contents = read_within(limits, vec![Layer::new().file(APK, apk("musl", "1").repeat(100))]);
    assert_eq!(not_read(&contents), [format!("{APK}: the packages of the image take more than 1000 bytes")]);
}

#[test]
fn many_files_that_are_not_read_are_counted() {
    let part = |number: usize| format!("var/lib/dpkg/status.d/{number}");
    let many = (0..300).fold(Layer::new(), |layer, number| layer.hard_link(&part(number), "elsewhere"));
    let contents = read([many]);
    assert_eq!(contents.not_read.len(), 257);
    assert_eq!(not_read(&contents).last().unwrap(), ": 44 more were not read");
}

#[test]
fn a_path_that_no_system_opens_is_named() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(5000);
    header.set_cksum();
    let contents = read([Layer::new().raw(&header, &[b'a'; 5000]).file("short", "")]);
    assert_eq!(contents.not_read.len(), 1);
    assert_eq!(contents.not_read[0].reason.to_string(), "its path is longer than 4096 bytes");
    assert_eq!(contents.not_read[0].path.len(), 4096);
}

#[test]
fn a_broken_layer_ends_the_search() {
    let mut search = Search::new(Limits::default());
    search.layer(Compression::None, [b'x'; 600].as_slice()).unwrap_err();
    assert!(!search.wants_more());
    assert_eq!(not_read(&search.finish()), [": a layer is broken"]);
}
