//! `diff` with snapshots of advisories: what an update fixes and what it brings.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_core::Digest;
use imagelock_testkit::{Image, Layer, Registry};
use imagelock_tests::Monorepo;
use insta::assert_snapshot;
use serde_json::{Value, json};

const SECDB: &str = r#"{
  "distroversion": "v3.20",
  "packages": [
    { "pkg": { "name": "openssl", "secfixes": {
      "3.3.2-r2": ["CVE-2026-1234 GHSA-aaaa-bbbb-cccc"], "3.3.2-r1": ["CVE-2025-1"], "3.3.9-r0": ["CVE-2026-9"] } } },
    { "pkg": { "name": "wget", "secfixes": { "9.0-r0": ["CVE-2026-7"] } } },
    { "pkg": { "name": "curl", "secfixes": { "8.9.0-r1": ["CVE-2026-8<b>|x"] } } }
  ]
}"#;

/// An apk database: name, version, and what it was built from.
fn apk(packages: &[(&str, &str, &str)]) -> String {
    packages.iter().fold(String::new(), |text, (name, version, origin)| {
        text + &format!("P:{name}\nV:{version}\nA:x86_64\no:{origin}\n\n")
    })
}

fn image(version: &str, packages: &[(&str, &str, &str)]) -> Image {
    let database = apk(packages);
    let files = [
        ("etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n"),
        ("lib/apk/db/installed", database.as_str()),
        ("version", version),
    ];
    Image::linux(["amd64"]).label("org.opencontainers.image.version", version).layer(Layer::files(files))
}

struct World {
    registry: Registry,
    repo: Monorepo,
}

impl World {
    /// A lock that moved from one image to the other, beside a snapshot.
    fn new(from: &Image, to: &Image, snapshot: &str) -> Self {
        let registry = Registry::start().unwrap();
        registry.push("acme/web:1", from);
        let sha256 = Digest::sha256(SECDB.as_bytes()).hex().to_owned();
        let toml = format!(
            "[images]\nweb = \"{}/acme/web:1\"\n\n[advisories]\nalpine = {{ file = 'alpine.json', sha256 = '{sha256}', \
             date = 2026-11-24 }}\n",
            registry.host()
        );
        let repo = Monorepo::builder().file("images.toml", toml).file("alpine.json", snapshot).build();
        repo.imagelock(["lock"]).success();
        repo.write("old.lock", repo.read("images.lock"));
        registry.push("acme/web:1", to);
        repo.imagelock(["update"]).success();
        Self { registry, repo }
    }

    fn text(&self) -> String {
        let output = self.repo.imagelock(["diff", "old.lock", "images.lock"]).success().stdout;
        let text = output.replace(self.registry.host(), "registry.example.com");
        regex::Regex::new("sha256:[0-9a-f]{64}").unwrap().replace_all(&text, "sha256:…").into_owned()
    }

    fn platform(&self) -> Value {
        let output = self.repo.imagelock(["diff", "old.lock", "images.lock", "--format", "json"]).success().stdout;
        let document: Value = serde_json::from_str(&output).unwrap();
        document["images"][0]["platforms"]["linux/amd64"].clone()
    }
}

const OLD: &[(&str, &str, &str)] =
    &[("libcrypto3", "3.3.2-r1", "openssl"), ("libssl3", "3.3.2-r1", "openssl"), ("wget", "1.25.0-r0", "wget")];
const NEW: &[(&str, &str, &str)] =
    &[("curl", "8.9.0-r0", "curl"), ("libcrypto3", "3.3.2-r2", "openssl"), ("libssl3", "3.3.2-r2", "openssl")];

#[test]
fn what_is_fixed_introduced_and_gone_is_told_with_who_knows_it() {
    let world = World::new(&image("1", OLD), &image("2", NEW), SECDB);
    let told = world.text();
    assert_snapshot!(told, @r"
    web: other packages, major
      - registry.example.com/acme/web:1@sha256:…
      + registry.example.com/acme/web:1@sha256:…
      version   1 -> 2
      packages  2 changed, 1 added, 1 removed, 0 as they were (verified, read from 1 of 1 layers)
                libcrypto3 3.3.2-r1 -> 3.3.2-r2
                libssl3 3.3.2-r1 -> 3.3.2-r2
                + curl 8.9.0-r0
                - wget 1.25.0-r0
      faults    1 fixed, 1 introduced, 1 gone with their package, 1 as they were (alpine of 24 Nov 2026, sha256:0ec3cb7f43b0)
                fixes CVE-2026-1234 in openssl, by 3.3.2-r2
                brings CVE-2026-8<b>|x in curl, by 8.9.0-r1
      size      4.3 kB, 0 of 1 layers as they were
    ");
    assert_eq!(world.text(), told, "the same inputs give the same bytes");
    let advised = &world.platform()["advisories"];
    assert_eq!(
        advised["fixed"],
        json!([{ "id": "CVE-2026-1234", "package": "openssl", "fixed": "3.3.2-r2", "aliases": ["GHSA-aaaa-bbbb-cccc"],
                 "snapshot": "alpine" }])
    );
    assert_eq!(advised["introduced"][0]["id"], "CVE-2026-8<b>|x");
    assert_eq!((&advised["gone"][0]["id"], &advised["unchanged"]), (&json!("CVE-2026-7"), &json!(1)));
    let known = &advised["snapshots"][0];
    assert_eq!((&known["name"], &known["date"]), (&json!("alpine"), &json!("2026-11-24")));
    let markdown = world.repo.imagelock(["diff", "old.lock", "images.lock", "--format", "markdown"]).success().stdout;
    assert!(markdown.contains("brings `CVE-2026-8<b>\\u{7c}x` in `curl`"), "{markdown}");
}

#[test]
fn a_step_back_brings_what_the_newer_one_had_fixed() {
    let world = World::new(&image("2", NEW), &image("1", OLD), SECDB);
    let advised = &world.platform()["advisories"];
    assert_eq!(advised["introduced"][0]["id"], "CVE-2026-1234");
    assert_eq!(advised["fixed"], json!([]));
}

#[test]
fn a_list_that_names_its_release_is_judged_and_one_that_does_not_is_said_to_be_none() {
    let listed = |version: &str, distro: &str| {
        let purl = format!("pkg:apk/alpine/libssl3@{version}?arch=x86_64{distro}&upstream=openssl");
        let document = json!({ "spdxVersion": "SPDX-2.3", "packages": [{ "name": "x", "SPDXID": "SPDXRef-x",
            "externalRefs": [{ "referenceType": "purl", "referenceLocator": purl }] }] });
        let image = Image::linux(["amd64"]).layer(Layer::files([("app", version)]));
        image.statement("https://spdx.dev/Document", &document.to_string())
    };
    let of = |distro: &str| World::new(&listed("3.3.2-r1", distro), &listed("3.3.2-r2", distro), SECDB).platform();
    assert_eq!(of("&distro=alpine-3.20.3")["advisories"]["fixed"][0]["id"], "CVE-2026-1234");
    let unknown = of("");
    assert_eq!(unknown["advisories"], Value::Null);
    let reason = "nothing says which release of which distribution the packages are of";
    assert_eq!(unknown["notRead"][0], json!({ "what": "advisories", "reason": reason }));
    let other = of("&distro=alpine-3.19.1");
    assert_eq!(other["notRead"][0]["reason"], "no snapshot is about alpine 3.19.1");
}

#[test]
fn a_snapshot_that_is_not_what_it_should_be_fails_the_run() {
    let world = World::new(&image("1", OLD), &image("2", NEW), &SECDB.replace("CVE-2025-1", "CVE-2025-2"));
    let output = world.repo.imagelock(["diff", "old.lock", "images.lock"]).exit(2);
    assert!(output.stderr.contains("`alpine.json` is not what its `sha256` says"), "{output}");
    assert!(output.stderr.contains("images.toml:5:"), "{output}");
}

#[test]
fn a_release_that_a_shared_base_says_is_found_there() {
    let base = || Layer::files([("etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n")]);
    let above = |packages: &[(&str, &str, &str)]| {
        let database = apk(packages);
        Image::linux(["amd64"]).layer(base()).layer(Layer::files([("lib/apk/db/installed", database.as_str())]))
    };
    let platform = World::new(&above(OLD), &above(NEW), SECDB).platform();
    assert_eq!(platform["advisories"]["fixed"][0]["id"], "CVE-2026-1234", "{platform}");
    assert_eq!(platform["packages"]["changed"][0]["purl"], "pkg:apk/alpine/libcrypto3");
}
