//! Snapshots, hostile ones among them, and what is said by them.

use std::cmp::Ordering;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::json;

use super::*;
use crate::{Purl, Source};

/// The order of versions that are numbers joined by points and hyphens, for tests.
fn compare(_: &str, one: &str, other: &str) -> Ordering {
    let parts = |text: &str| -> Vec<u64> { text.split(['.', '-', 'r']).filter_map(|part| part.parse().ok()).collect() };
    parts(one).cmp(&parts(other))
}

fn package(kind: &str, name: &str, version: &str, source: Option<(&str, Option<&str>)>) -> Package {
    let source = source.map(|(name, version)| Source { name: name.to_owned(), version: version.map(str::to_owned) });
    Package { purl: Purl::new(kind, None, name).unwrap(), version: version.to_owned(), source, license: None }
}

fn release(id: &str, version: &str) -> Release {
    Release { id: id.to_owned(), version: Some(version.to_owned()).filter(|version| !version.is_empty()) }
}

/// How a file is packed.
enum Packed {
    Stored,
    Deflated,
}

/// An archive of these files.
fn archive(files: &[(&str, &str, Packed)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content, packed) in files {
        let (method, data) = match packed {
            Packed::Stored => (0_u16, content.as_bytes().to_vec()),
            Packed::Deflated => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(content.as_bytes()).unwrap();
                (8, encoder.finish().unwrap())
            }
        };
        let mut checksum = flate2::Crc::new();
        checksum.update(content.as_bytes());
        let at = u32::try_from(bytes.len()).unwrap();
        let [size, length] = [data.len(), content.len()].map(|length| u32::try_from(length).unwrap().to_le_bytes());
        let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let common = [
            &[20, 0, 0, 0][..],
            &method.to_le_bytes(),
            &[0; 4],
            &checksum.sum().to_le_bytes(),
            &size,
            &length,
            &name_length,
            &[0, 0],
        ]
        .concat();
        bytes.extend([b"PK\x03\x04", &common[..], name.as_bytes(), &data].concat());
        directory.extend([b"PK\x01\x02\x14\0", &common[..], &[0; 10], &at.to_le_bytes(), name.as_bytes()].concat());
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let [size, at] = [directory.len(), bytes.len()].map(|length| u32::try_from(length).unwrap().to_le_bytes());
    bytes.extend(directory);
    bytes.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &at, &[0, 0]].concat());
    bytes
}

fn between(from: &[Package], to: &[Package], advisories: &Advisories) -> Effects {
    let [from, to]: [Vec<&Package>; 2] = [from, to].map(|packages| packages.iter().collect());
    let inside = |packages| Inside { packages, advisories };
    judge(inside(&from), inside(&to), &compare)
}

/// What a snapshot says of one change.
fn effects(snapshot: &[u8], of: &Release, from: &Package, to: &Package) -> Effects {
    let mut advisories = Advisories::default();
    let names = Names::of([from, to]);
    advisories.read("test", snapshot, of, &names).unwrap();
    between(std::slice::from_ref(from), std::slice::from_ref(to), &advisories)
}

fn told(effects: &[Effect]) -> Vec<String> {
    let told = effects
        .iter()
        .map(|effect| format!("{} {} {}", effect.id, effect.package, effect.fixed.as_deref().unwrap_or("-")));
    told.collect()
}

const SECDB: &str = r#"{"distroversion": "v3.20", "reponame": "main", "urlprefix": "https://dl-cdn.alpinelinux.org/alpine", "packages": [
    {"pkg": {"name": "openssl", "secfixes": {"0": ["CVE-2020-1"], "3.3.1-r1": ["CVE-2024-1"], "3.3.2-r0": ["CVE-2024-2 GHSA-x"],
        "3.3.2-r2": ["CVE-2024-3", "XSA-9"], "9.9.9-r9": ["CVE-2099-1"], "1.0.0-r0": null}}},
    {"pkg": {"name": "busybox", "secfixes": {}}}, {"pkg": {"name": "zlib"}}, {"pkg": {"name": "other", "secfixes": {"9": ["CVE-1-1"]}}}]}"#;

#[test]
fn what_lies_between_the_versions_is_fixed_and_what_affects_both_is_a_number() {
    let alpine = release("alpine", "3.20.3");
    let of = |version: &str| package("apk", "libssl3", version, Some(("openssl", None)));
    let up = effects(SECDB.as_bytes(), &alpine, &of("3.3.1-r1"), &of("3.3.2-r2"));
    assert_eq!(
        told(&up.fixed),
        ["CVE-2024-2 openssl 3.3.2-r0", "CVE-2024-3 openssl 3.3.2-r2", "XSA-9 openssl 3.3.2-r2"]
    );
    assert_eq!((up.introduced.len(), up.gone.len(), up.unchanged), (0, 0, 1));
    assert_eq!(
        (up.fixed[0].aliases.as_slice(), up.fixed[0].snapshot.as_str()),
        (["GHSA-x".to_owned()].as_slice(), "test")
    );
    // The other way round, the same are introduced.
    let down = effects(SECDB.as_bytes(), &alpine, &of("3.3.2-r2"), &of("3.3.1-r1"));
    assert_eq!((told(&down.introduced), down.fixed.len(), down.unchanged), (told(&up.fixed), 0, 1));
    let same = effects(SECDB.as_bytes(), &alpine, &of("3.3.1-r1"), &of("3.3.1-r1"));
    assert_eq!((same.fixed.len(), same.introduced.len(), same.unchanged), (0, 0, 4));
}

#[test]
fn what_comes_brings_and_what_goes_takes_with_it() {
    let (alpine, mut advisories) = (release("alpine", "3.20.0"), Advisories::default());
    let openssl = package("apk", "openssl", "3.3.2-r0", None);
    advisories.read("main", SECDB.as_bytes(), &alpine, &Names::of([&openssl])).unwrap();
    let came = between(&[], std::slice::from_ref(&openssl), &advisories);
    assert_eq!(
        told(&came.introduced),
        ["CVE-2024-3 openssl 3.3.2-r2", "CVE-2099-1 openssl 9.9.9-r9", "XSA-9 openssl 3.3.2-r2"]
    );
    let went = between(std::slice::from_ref(&openssl), &[], &advisories);
    assert_eq!((told(&went.gone), went.fixed.len()), (told(&came.introduced), 0));
}

#[test]
fn several_packages_of_one_source_count_once() {
    let (alpine, mut advisories) = (release("alpine", "3.20"), Advisories::default());
    let of = |name: &str, version: &str| package("apk", name, version, Some(("openssl", None)));
    let at = |version: &str| ["libssl3", "libcrypto3"].map(|name| of(name, version));
    let (from, to) = (at("3.3.1-r1"), at("3.3.2-r0"));
    advisories.read("main", SECDB.as_bytes(), &alpine, &Names::of(from.iter().chain(&to))).unwrap();
    let effects = between(&from, &to, &advisories);
    assert_eq!((told(&effects.fixed), effects.unchanged), (vec!["CVE-2024-2 openssl 3.3.2-r0".to_owned()], 3));
}

#[test]
fn a_snapshot_of_another_release_says_nothing() {
    let openssl = package("apk", "openssl", "1", None);
    for (id, version) in [("alpine", "3.2"), ("alpine", "3.21"), ("alpine", ""), ("debian", "3.20"), ("wolfi", "3.20")]
    {
        let mut advisories = Advisories::default();
        let is_about = advisories.read("x", SECDB.as_bytes(), &release(id, version), &Names::of([&openssl])).unwrap();
        assert!(!is_about && advisories == Advisories::default(), "{id} {version}");
    }
    for host in ["packages.wolfi.dev", "packages.cgr.dev"] {
        let wolfi = json!({ "reponame": "os", "urlprefix": format!("https://{host}"), "packages": [
            { "pkg": { "name": "openssl", "secfixes": { "2": ["CVE-2026-1"] } } }] });
        let mut advisories = Advisories::default();
        let read = |advisories: &mut Advisories, id| {
            advisories.read("x", wolfi.to_string().as_bytes(), &release(id, ""), &Names::of([&openssl]))
        };
        assert!(read(&mut advisories, "wolfi").unwrap() && read(&mut advisories, "chainguard").unwrap());
        assert!(!read(&mut advisories, "alpine").unwrap());
    }
}

fn record(id: &str, ecosystem: &str, name: &str, events: &serde_json::Value) -> serde_json::Value {
    json!({ "id": id, "affected": [{ "package": { "ecosystem": ecosystem, "name": name },
        "ranges": [{ "type": "ECOSYSTEM", "events": events }] }] })
}

#[test]
fn records_of_an_archive_are_read_by_source_and_version_of_the_source() {
    let mut dsa = record("DSA-1", "Debian:12", "openssl", &json!([{ "introduced": "0" }, { "fixed": "3.0.12" }]));
    dsa["upstream"] = json!(["CVE-2026-1", "CVE-2026-2"]);
    let tracked =
        record("DEBIAN-CVE-2026-1", "Debian:12", "openssl", &json!([{ "introduced": "0" }, { "fixed": "3.0.12" }]));
    let open = record("CVE-2026-3", "Debian:12", "openssl", &json!([{ "introduced": "3.0.12" }]));
    let elsewhere =
        record("CVE-2026-4", "Debian:13", "openssl", &json!([{ "introduced": "0" }, { "fixed": "3.0.12" }]));
    let mut withdrawn = record("CVE-2026-5", "Debian:12", "openssl", &json!([{ "introduced": "0" }]));
    withdrawn["withdrawn"] = json!("2026-01-01T00:00:00Z");
    let listed = json!({ "id": "CVE-2026-6", "aliases": null, "affected": [{ "package": { "ecosystem": "Debian:12", "name": "openssl" },
        "versions": ["3.0.11"], "ranges": [{ "type": "GIT", "events": [{ "introduced": "0" }] }] }, { "ranges": [] }] });
    let last =
        record("CVE-2026-7", "Debian:12", "openssl", &json!([{ "introduced": "0" }, { "last_affected": "3.0.11" }]));
    let texts: Vec<String> =
        [dsa, tracked, open, elsewhere, withdrawn, listed, last].iter().map(ToString::to_string).collect();
    let files: Vec<_> = texts
        .iter()
        .map(|text| ("a.json", text.as_str(), Packed::Deflated))
        .chain([("README", "x", Packed::Stored)])
        .collect();
    // The version of the package is another one than its source's.
    let of = |version: &str, source: &str| package("deb", "libssl3", version, Some(("openssl", Some(source))));
    let found = effects(&archive(&files), &release("debian", "12"), &of("99", "3.0.11"), &of("98", "3.0.12"));
    assert_eq!(
        told(&found.fixed),
        ["CVE-2026-1 openssl 3.0.12", "CVE-2026-2 openssl 3.0.12", "CVE-2026-6 openssl -", "CVE-2026-7 openssl -",]
    );
    assert_eq!(found.fixed[0].aliases, ["DSA-1"]);
    assert_eq!((told(&found.introduced), found.unchanged), (vec!["CVE-2026-3 openssl -".to_owned()], 0));
}

#[test]
fn some_distributions_name_what_is_installed_or_its_source_and_nothing_is_told_twice() {
    let fixed = json!([{ "introduced": "0" }, { "fixed": "3.0" }]);
    let ecosystem = "Red Hat:enterprise_linux:9::baseos";
    let files = |names: &[&str]| -> Vec<String> {
        names.iter().map(|name| record("RHSA-2026:1", ecosystem, name, &fixed).to_string()).collect()
    };
    let of = |version: &str| package("rpm", "openssl-libs", version, Some(("openssl", Some("99"))));
    for (names, expected) in [
        (&["openssl-libs"][..], "RHSA-2026:1 openssl-libs 3.0"),
        (&["openssl", "openssl-libs"], "RHSA-2026:1 openssl-libs 3.0"),
        (&["openssl"], "RHSA-2026:1 openssl 3.0"),
    ] {
        let texts = files(names);
        let files: Vec<_> = texts.iter().map(|text| ("x.json", text.as_str(), Packed::Stored)).collect();
        let found = effects(&archive(&files), &release("rhel", "9.4"), &of("2.0"), &of("3.0"));
        assert_eq!(told(&found.fixed), [expected]);
    }
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let (of, names) = (release("debian", "12"), Names::default());
    let error = |bytes: &[u8]| Advisories::default().read("x", bytes, &of, &names).unwrap_err().to_string();
    assert!(error(b"").contains("it is no snapshot") && error(b"[]").contains("it is no snapshot"));
    assert!(error(b"{}").starts_with("it is no secdb: missing field `packages`"));
    assert!(error(&[b"{\"packages\":", "[".repeat(200).as_bytes()].concat()).starts_with("it is no secdb"));
    assert!(error(b"PK\x03\x04").contains("it is cut off"));
    assert!(
        error(&archive(&[("a.json", "{}", Packed::Stored)]))
            .contains("`a.json` in its archive is no OSV record: missing field `id`")
    );
}

#[test]
fn an_archive_that_lies_is_refused_and_none_of_its_bytes_is_missed() {
    let whole =
        archive(&[("a.json", r#"{"id": "x"}"#, Packed::Deflated), ("b.json", r#"{"id": "y"}"#, Packed::Stored)]);
    let (of, names) = (release("debian", "12"), Names::default());
    let read = |bytes: &[u8]| Advisories::default().read("x", bytes, &of, &names);
    assert!(!read(&whole).unwrap());
    for cut in 0..whole.len() {
        assert!(read(&whole[..cut]).is_err(), "cut at {cut}");
    }
    // Another byte anywhere is refused, or changes nothing that is read: times, versions, attributes.
    for at in 0..whole.len() {
        let mut other = whole.clone();
        other[at] ^= 0xff;
        assert!(read(&other).is_ok_and(|is_about| !is_about) || read(&other).is_err(), "at {at}");
    }
    let mut bomb = archive(&[("a.json", &"0".repeat(1 << 20), Packed::Deflated)]);
    let size = (1_u32 << 20).to_le_bytes();
    let found = bomb.windows(4).rposition(|window| window == size).unwrap();
    bomb[found..found + 4].copy_from_slice(&2_u32.to_le_bytes());
    assert!(read(&bomb).unwrap_err().to_string().contains("is not what its checksum says"));
    bomb[found..found + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(read(&bomb).is_err());
    bomb[found..found + 4].copy_from_slice(&(1_u32 << 30).to_le_bytes());
    assert!(read(&bomb).unwrap_err().to_string().contains("leads beyond 16777216 bytes"));
}

#[test]
fn an_archive_with_more_files_than_16_bits_count_is_read() {
    let mut bytes = archive(&[("a.json", r#"{"id": "x"}"#, Packed::Stored)]);
    let end = bytes.len() - 22;
    let (size, at) = (bytes[end + 12..end + 16].to_vec(), bytes[end + 16..end + 20].to_vec());
    let tail = bytes.split_off(end);
    let record = [
        b"PK\x06\x06".as_slice(),
        &44_u64.to_le_bytes(),
        &[0; 12],
        &1_u64.to_le_bytes(),
        &1_u64.to_le_bytes(),
        &size,
        &[0; 4],
        &at,
        &[0; 4],
    ]
    .concat();
    let locator = [b"PK\x06\x07".as_slice(), &[0; 4], &(end as u64).to_le_bytes(), &[1, 0, 0, 0]].concat();
    let mut old = tail;
    old[8..20].fill(0xff);
    bytes.extend([record, locator, old].concat());
    assert!(!Advisories::default().read("x", &bytes, &release("debian", "12"), &Names::default()).unwrap());
    let locator = bytes.len() - 42;
    bytes[locator..locator + 4].fill(0);
    assert!(Advisories::default().read("x", &bytes, &release("debian", "12"), &Names::default()).is_err());
}

#[test]
fn a_step_to_another_release_is_judged_by_what_is_known_of_each() {
    let fixed = |version: &str| json!([{ "introduced": "0" }, { "fixed": version }]);
    let texts = [
        record("DEBIAN-CVE-2026-1", "Debian:11", "openssl", &json!([{ "introduced": "0" }])).to_string(),
        record("DEBIAN-CVE-2026-1", "Debian:12", "openssl", &fixed("3.0.1")).to_string(),
        record("DEBIAN-CVE-2026-2", "Debian:12", "openssl", &fixed("3.0.9")).to_string(),
    ];
    let files: Vec<_> = texts.iter().map(|text| ("x.json", text.as_str(), Packed::Deflated)).collect();
    let snapshot = archive(&files);
    let (from, to) = ([package("deb", "openssl", "1.1.1", None)], [package("deb", "openssl", "3.0.2", None)]);
    let known = |version: &str| {
        let mut advisories = Advisories::default();
        let names = Names::of(from.iter().chain(&to));
        advisories.read("x", &snapshot, &release("debian", version), &names).unwrap();
        advisories
    };
    let (old, new) = (known("11"), known("12"));
    let (from, to): (Vec<&Package>, Vec<&Package>) = (from.iter().collect(), to.iter().collect());
    let (from, to) = (Inside { packages: &from, advisories: &old }, Inside { packages: &to, advisories: &new });
    let effects = judge(from, to, &compare);
    assert_eq!(told(&effects.fixed), ["CVE-2026-1 openssl -"]);
    assert_eq!(told(&effects.introduced), ["CVE-2026-2 openssl 3.0.9"]);
}
