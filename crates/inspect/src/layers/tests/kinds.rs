//! Everything that is looked for, where images have it.

use super::super::{Compression, Limits, Search};
use super::{Layer, not_read, purls, read};
use crate::database::{auditable, go, rpm};

/// An executable of 64 bits, with a segment for its data behind so many bytes, and with sections.
fn executable(before: usize, sections: &[(&str, &[u8])]) -> Vec<u8> {
    let numbers = |numbers: &[(usize, u64)]| -> Vec<u8> {
        numbers.iter().flat_map(|(size, number)| number.to_le_bytes()[..*size].to_vec()).collect()
    };
    let start = 128 + before as u64;
    let (mut names, mut data, mut headers) = (vec![0], Vec::new(), vec![0; 64]);
    for (name, bytes) in sections.iter().copied().chain([(".shstrtab", b"".as_slice())]) {
        let (kind, at) = if name == ".shstrtab" { (3, names.len()) } else { (1, names.len()) };
        names.extend([name.as_bytes(), b"\0"].concat());
        let bytes = if name == ".shstrtab" { names.clone() } else { bytes.to_vec() };
        data.resize(data.len().next_multiple_of(16), 0);
        let place = [(8, start + data.len() as u64), (8, bytes.len() as u64), (8, 0), (8, 1), (8, 0)];
        headers.extend(numbers(&[(4, at as u64), (4, kind), (8, 0), (8, 0)]));
        headers.extend(numbers(&place));
        data.extend(bytes);
    }
    data.resize(data.len().next_multiple_of(16), 0);
    let (size, count) = (data.len() as u64, sections.len() as u64 + 2);
    let mut file = b"\x7FELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend(numbers(&[(2, 2), (2, 62), (4, 1), (8, 0), (8, 64), (8, start + size), (4, 0), (2, 64)]));
    file.extend(numbers(&[(2, 56), (2, 1), (2, 64), (2, count), (2, count - 1)]));
    file.extend(numbers(&[(4, 1), (4, 6), (8, start), (8, start), (8, start), (8, size), (8, size), (8, 16)]));
    file.resize(128 + before, 0);
    [file, data, headers].concat()
}

fn go_information() -> Vec<u8> {
    go::tests::information("go1.24.1", "mod\tgithub.com/acme/web\tv1.2.0\t\ndep\tgolang.org/x/net\tv0.1.0\th1:a=\n")
}

const GO: [&str; 3] =
    ["pkg:golang/github.com/acme/web@v1.2.0", "pkg:golang/golang.org/x/net@v0.1.0", "pkg:golang/stdlib@1.24.1"];

#[test]
fn executables_say_what_they_were_built_from() {
    let crates = auditable::tests::section(br#"{"packages":[{"name":"serde","version":"1.0.219"}]}"#);
    let web = executable(0, &[(".go.buildinfo", &go_information())]);
    let job = executable(0, &[(".dep-v0", &crates)]);
    // Without sections the first segment that can be written has it.
    let bare = executable(0, &[("x", &go_information())]);
    let contents = read([Layer::new().program("usr/bin/web", &web).program("job", &job)]);
    assert_eq!(purls(&contents), [["pkg:cargo/serde@1.0.219"].as_slice(), &GO].concat());
    assert_eq!(purls(&read([Layer::new().program("bare", &bare)])), GO);
    assert_eq!(purls(&read([Layer::new().file("not-executable", &web)])), [] as [&str; 0]);
    assert_eq!(
        not_read(&read([Layer::new().program("script", b"#!/bin/sh\n").program("empty", b"")])),
        [] as [&str; 0]
    );
}

#[test]
fn a_large_executable_is_read_where_go_has_what_it_says() {
    let mut search = Search::new(Limits { file: 4000, ..Limits::default() });
    let layer = Layer::new()
        .program("usr/bin/web", &executable(100_000, &[("x", &go_information())]))
        .program("usr/bin/other", &executable(100_000, &[("x", b"nothing")]))
        .program("usr/bin/rust", &executable(100_000, &[(".dep-v0", b"nothing")]))
        .program("usr/bin/small", &executable(5000, &[(".dep-v0", b"nothing")]));
    search.layer(Compression::None, layer.bytes().as_slice()).unwrap();
    let contents = search.finish();
    assert_eq!(purls(&contents), GO);
    let named: Vec<&str> = contents.not_read.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(named, ["usr/bin/rust", "usr/bin/small"]);
}

#[test]
fn an_executable_that_cannot_be_read_is_named() {
    let mut old = go_information();
    old[15] = 0;
    let contents = read([Layer::new().program("usr/bin/old", &executable(0, &[(".go.buildinfo", &old)]))]);
    assert_eq!(
        not_read(&contents),
        ["usr/bin/old: it was built by a Go before 1.18, whose build information is not read"]
    );
}

#[test]
fn packages_of_languages_are_found_and_hidden_one_by_one() {
    let site = "usr/lib/python3.13/site-packages";
    let modules = "usr/lib/node_modules";
    let contents = read([
        Layer::new()
            .file(&format!("{site}/a-2.dist-info/METADATA"), "Name: a\nVersion: 2\n")
            .file(&format!("{site}/.wh.a-1.dist-info"), "")
            .file(&format!("{modules}/npm/package.json"), r#"{"name":"npm","version":"11.0.0"}"#)
            .file("broken/node_modules/x/package.json", "{"),
        Layer::new()
            .file("etc/os-release", "ID=debian\n")
            .file(&format!("{site}/a-1.dist-info/METADATA"), "Name: a\nVersion: 1\n")
            .file(&format!("{site}/b.egg-info"), "Name: B_c\nVersion: 1\n")
            .file(&format!("{modules}/npm/package.json"), r#"{"name":"npm","version":"10.0.0"}"#)
            .file(
                &format!("{modules}/npm/node_modules/@npmcli/fs/package.json"),
                r#"{"name":"@npmcli/fs","version":"3.1.0"}"#,
            ),
    ]);
    assert_eq!(
        purls(&contents),
        ["pkg:npm/%40npmcli/fs@3.1.0", "pkg:npm/npm@11.0.0", "pkg:pypi/a@2", "pkg:pypi/b-c@1"]
    );
    assert_eq!(not_read(&contents), ["broken/node_modules/x/package.json: it is no JSON"]);
}

#[test]
fn jars_are_read_as_streams_and_count_with_what_they_unpack_to() {
    let pom = b"groupId=org.acme\nartifactId=web\nversion=1\n";
    let jar = crate::database::java::tests::streamed("META-INF/maven/org.acme/web/pom.properties", pom);
    let bomb = crate::database::java::tests::streamed("zeros", &vec![0; 3_000_000]);
    let mut search = Search::new(Limits { unpacked: 1_000_000, file: 100, ..Limits::default() });
    let layer = Layer::new().file("app/web.jar", &jar).file("app/bomb.jar", &bomb).file("app/z.jar", &jar);
    search.layer(Compression::None, layer.bytes().as_slice()).unwrap();
    assert!(!search.wants_more());
    let contents = search.finish();
    assert_eq!(purls(&contents), ["pkg:maven/org.acme/web@1"]);
    assert_eq!(contents.not_read.len(), 2);
}

#[test]
fn of_several_databases_of_rpm_the_newest_is_read_and_what_is_not_is_named() {
    let line = |name: &str| format!("{name}\t1-2\t0\t0\tM\t(none)\t0\tnoarch\t0\t{name}-1-2.src.rpm\n");
    let manifest = "var/lib/rpmmanifest/container-manifest-2";
    let contents = read([
        Layer::new().file(manifest, line("new")).file("etc/os-release", "ID=rhel\n"),
        Layer::new().file("var/lib/rpm/Packages", "old").file("var/lib/rpm/rpmdb.sqlite-wal", ""),
    ]);
    assert_eq!(purls(&contents), ["pkg:rpm/redhat/new@1-2"]);
    assert_eq!(not_read(&contents), [] as [&str; 0]);

    let contents = read([Layer::new()
        .link("var/lib/rpm", "../../usr/lib/sysimage/rpm")
        .file("usr/lib/sysimage/rpm/Packages", "old")
        .file("usr/lib/sysimage/rpm/rpmdb.sqlite-wal", "changes")]);
    assert_eq!(
        not_read(&contents),
        [
            "usr/lib/sysimage/rpm/Packages: it is a Berkeley DB",
            "usr/lib/sysimage/rpm/rpmdb.sqlite-wal: what it would change is not read",
        ]
    );

    let header = rpm::header::tests::header(&rpm::header::tests::CURL);
    let slots = Layer::new().file("usr/lib/sysimage/rpm/Packages.db", rpm::ndb::tests::database(&header));
    assert_eq!(purls(&read([slots])), ["pkg:rpm/libcurl@8.6.0-1.fc40?epoch=1"]);
    let broken = read([Layer::new().file("var/lib/rpm/rpmdb.sqlite", "SQLite format 3\0")]);
    assert_eq!(not_read(&broken), ["var/lib/rpm/rpmdb.sqlite: it is a broken SQLite database"]);
}
