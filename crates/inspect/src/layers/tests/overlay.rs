//! What newer layers hide of older ones.

use super::super::{Compression, Limits, Search};
use super::{ALPINE, Layer, apk, deb, not_read, purls, read};

const APK: &str = "lib/apk/db/installed";
const STATUS: &str = "var/lib/dpkg/status";

#[test]
fn the_newest_database_counts() {
    let contents = read([
        Layer::new().file(APK, apk("musl", "1.2.5-r1")),
        Layer::new().file("etc/os-release", ALPINE).file(APK, apk("musl", "1.2.4-r0") + &apk("curl", "8-r0")),
    ]);
    assert_eq!(purls(&contents), ["pkg:apk/alpine/musl@1.2.5-r1"]);
    assert_eq!(contents.os.unwrap().version_id.as_deref(), Some("3.22.1"));
}

#[test]
fn what_a_newer_layer_removed_is_gone() {
    let base = || Layer::new().file("usr/lib/os-release", "ID=debian\n").file(STATUS, deb("bash", "5.2"));
    for gone in [
        Layer::new().file("var/lib/dpkg/.wh.status", ""),
        Layer::new().file("./var/lib/.wh.dpkg", ""),
        Layer::new().file(".wh.var", ""),
        Layer::new().file("var/lib/dpkg/.wh..wh..opq", ""),
        Layer::new().file("var/.wh..wh..opq", ""),
        Layer::new().link("var/lib", "/data"),
        Layer::new().file("var", ""),
        Layer::new().folder("var/lib/dpkg/status/"),
    ] {
        assert!(read([gone, base()]).packages.is_empty());
    }
    for stays in [
        Layer::new().file("var/lib/dpkg/.wh.status-old", ""),
        Layer::new().file("var/lib/dpkg/.wh..wh.plnk", ""),
        Layer::new().folder("var/lib/dpkg"),
        Layer::new().file("var/lib/dpkg2/.wh..wh..opq", ""),
        Layer::new().file("status/.wh.var", ""),
    ] {
        assert_eq!(purls(&read([stays, base()])), ["pkg:deb/debian/bash@5.2"]);
    }
}

#[test]
fn what_is_removed_is_told_for_who_does_not_read_the_layers_below() {
    let layer = Layer::new().file("opt/.wh.tool", "").file("srv/.wh..wh..opq", "").file("opt/.wh..wh.plnk", "");
    let gone: Vec<String> = read([layer, Layer::new().file(".wh.old", "")]).gone.into_iter().collect();
    assert_eq!(gone, ["old", "opt/tool", "srv/"]);
}

#[test]
fn a_mark_hides_nothing_of_its_own_layer() {
    let marks = [("var/lib/.wh.dpkg", ""), ("var/lib/.wh..wh..opq", "")];
    for (path, text) in marks {
        let before = Layer::new().file(path, text).file(STATUS, deb("bash", "5.2"));
        let after = Layer::new().file(STATUS, deb("bash", "5.2")).file(path, text);
        let older = || Layer::new().file("var/lib/dpkg/status.d/old", "Package: old\nVersion: 1\n");
        assert_eq!(purls(&read([before, older()])), ["pkg:deb/bash@5.2"]);
        assert_eq!(purls(&read([after, older()])), ["pkg:deb/bash@5.2"]);
    }
}

#[test]
fn files_for_one_package_each_come_from_every_layer() {
    let part = |name: &str, version: &str| format!("Package: {name}\nVersion: {version}\n");
    let contents = read([
        Layer::new().file("var/lib/dpkg/status.d/libc6", part("libc6", "2.41")),
        Layer::new()
            .file("etc/os-release", "ID=debian\n")
            .file("var/lib/dpkg/status.d/libc6", part("libc6", "2.36"))
            .file("var/lib/dpkg/status.d/tzdata", part("tzdata", "2025b"))
            .file("var/lib/dpkg/status.d/tzdata.md5sums", part("no", "1")),
    ]);
    assert_eq!(purls(&contents), ["pkg:deb/debian/libc6@2.41", "pkg:deb/debian/tzdata@2025b"]);
}

#[test]
fn the_last_of_several_entries_of_one_path_counts() {
    let contents = read([Layer::new()
        .file(APK, apk("a", "1"))
        .file("./lib/apk/db/installed", apk("b", "1"))
        .file(STATUS, deb("c", "1"))
        .link("var", "elsewhere")]);
    assert_eq!(purls(&contents), ["pkg:apk/b@1"]);
    assert_eq!(not_read(&contents), ["var: it is a link to `elsewhere`, which was not read"]);
}

#[test]
fn a_database_is_found_behind_the_links_that_images_have() {
    let contents = read([Layer::new()
        .link("lib", "usr/lib")
        .link("etc/os-release", "../usr/lib/os-release")
        .file("usr/lib/os-release", "ID=wolfi\n")
        .file("usr/lib/apk/db/installed", apk("glibc", "2.42-r0"))
        .hard_link("lib/apk/db/installed", "/usr/lib/apk/db/installed")]);
    assert_eq!(purls(&contents), ["pkg:apk/wolfi/glibc@2.42-r0"]);
    assert_eq!(not_read(&contents), [] as [&str; 0]);
}

#[test]
fn one_database_of_alpine_counts_where_layers_have_it_at_two_places() {
    let contents = read([
        Layer::new().file("usr/lib/apk/db/installed", apk("musl", "2")),
        Layer::new().file(APK, apk("musl", "1")),
    ]);
    assert_eq!(purls(&contents), ["pkg:apk/musl@2"]);
}

#[test]
fn links_to_where_nothing_is_looked_for_are_named() {
    let contents = read([Layer::new()
        .link("var/lib/dpkg", "/opt/dpkg")
        .link("usr/lib/apk/db/installed", "../../../../../srv/installed")
        .hard_link(APK, "srv/installed")]);
    assert_eq!(
        not_read(&contents),
        [
            "lib/apk/db/installed: it is a hard link to `srv/installed`, which was not read",
            "var/lib/dpkg: it is a link to `opt/dpkg`, which was not read",
        ]
    );
}

#[test]
fn older_layers_are_wanted_until_they_can_say_nothing() {
    let feed = |search: &mut Search, layer: Layer| search.layer(Compression::None, layer.bytes().as_slice()).unwrap();
    let mut search = Search::new(Limits::default());
    feed(&mut search, Layer::new().file(APK, apk("musl", "1")).file("etc/os-release", ALPINE));
    assert!(search.wants_more());
    feed(&mut search, Layer::new().file(".wh..wh..opq", ""));
    assert!(!search.wants_more());

    let mut search = Search::of_system(Limits::default());
    feed(&mut search, Layer::new().file(APK, apk("musl", "1")));
    assert!(search.wants_more());
    feed(&mut search, Layer::new().file("etc/os-release", ALPINE));
    assert!(!search.wants_more());
    feed(&mut search, Layer::new().file("var/lib/dpkg/status", deb("late", "1")));
    assert_eq!(purls(&search.finish()), ["pkg:apk/alpine/musl@1"]);
}
