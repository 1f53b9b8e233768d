//! `diff`: what an update brings, by the cheapest source that answers.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use base64::Engine as _;
use imagelock_testkit::{Fault, Image, Layer, On, Registry};
use imagelock_tests::Monorepo;
use insta::assert_snapshot;
use serde_json::{Value, json};

const SPDX: &str = "https://spdx.dev/Document";
const PROVENANCE: &str = "https://slsa.dev/provenance/v0.2";

/// A list as BuildKit's scanner writes it.
fn spdx(purls: &[&str]) -> String {
    let package = |purl: &&str| {
        json!({ "name": "x", "SPDXID": "SPDXRef-x", "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl }] })
    };
    json!({ "spdxVersion": "SPDX-2.3", "packages": purls.iter().map(package).collect::<Vec<_>>() }).to_string()
}

fn provenance(revision: &str) -> String {
    json!({
        "builder": { "id": "https://ci.example.com/acme" },
        "buildType": "https://mobyproject.org/buildkit@v1",
        "materials": [{ "uri": "pkg:docker/alpine@3.22?platform=linux%2Famd64", "digest": { "sha256": "a".repeat(64) } }],
        "metadata": { "https://mobyproject.org/buildkit@v1#metadata": { "vcs": {
            "source": "https://github.com/acme/web.git", "revision": revision } } },
    })
    .to_string()
}

fn bare(version: &str, digit: char, created: &str) -> Image {
    Image::linux(["amd64"])
        .created(created)
        .label("org.opencontainers.image.version", version)
        .label("org.opencontainers.image.revision", &digit.to_string().repeat(40))
        .label("org.opencontainers.image.source", "https://github.com/acme/web.git")
        .layer(Layer::files([("base", "base")]))
        .layer(Layer::files([("app", version)]))
}

const OLD_PURLS: [&str; 3] = [
    "pkg:apk/wolfi/busybox@1.37.0-r8?arch=x86_64",
    "pkg:apk/wolfi/openssl@3.3.2-r1?arch=x86_64",
    "pkg:apk/wolfi/wget@1.25.0-r0?arch=x86_64",
];
const NEW_PURLS: [&str; 3] = [
    "pkg:apk/wolfi/busybox@1.37.0-r8?arch=x86_64",
    "pkg:apk/wolfi/openssl@3.3.2-r2?arch=x86_64",
    "pkg:golang/golang.org/x/net@v0.1.0",
];

fn old() -> Image {
    let image = bare("1.4.0", '1', "2026-11-20T06:00:00Z").user("nonroot").env("MODE=slow");
    image.statement(SPDX, &spdx(&OLD_PURLS)).statement(PROVENANCE, &provenance(&"1".repeat(40)))
}

fn new() -> Image {
    let image = bare("1.4.1", '2', "2026-11-23T06:00:00Z").env("MODE=fast").entrypoint(["/web", "--serve all"]);
    image.statement(SPDX, &spdx(&NEW_PURLS)).statement(PROVENANCE, &provenance(&"2".repeat(40)))
}

/// A repository whose lock moved from one image to the other; the old one is `old.lock`.
struct World {
    registry: Registry,
    repo: Monorepo,
}

impl World {
    fn on(registry: Registry, from: &Image, to: &Image) -> Self {
        registry.push("acme/web:1", from);
        let toml = format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host());
        let repo = Monorepo::builder().file("images.toml", toml).build();
        repo.imagelock(["lock"]).success();
        repo.write("old.lock", repo.read("images.lock"));
        registry.push("acme/web:1", to);
        // `update` leaves what only was packed anew as it is locked.
        std::fs::remove_file(repo.path("images.lock")).unwrap();
        repo.imagelock(["lock"]).success();
        Self { registry, repo }
    }

    fn new(from: &Image, to: &Image) -> Self {
        Self::on(Registry::start().unwrap(), from, to)
    }

    /// What is told, with the requests that it took: nothing is known before.
    fn told(&self, arguments: &[&str]) -> (String, usize) {
        let before = self.registry.log().len();
        let all = ["diff", "old.lock", "images.lock", "--no-cache"].iter().chain(arguments);
        let output = self.repo.imagelock(all).success();
        (self.masked(&output.stdout), self.registry.log().len() - before)
    }

    fn masked(&self, text: &str) -> String {
        let text = text.replace(self.registry.host(), "registry.example.com");
        regex::Regex::new("sha256:[0-9a-f]{64}").unwrap().replace_all(&text, "sha256:…").into_owned()
    }

    fn platform(&self) -> (Value, usize) {
        self.platform_within("500MB")
    }

    fn platform_within(&self, budget: &str) -> (Value, usize) {
        let (text, requests) = self.told(&["--format", "json", "--budget", budget]);
        let document: Value = serde_json::from_str(&text).unwrap();
        (document["images"][0]["platforms"]["linux/amd64"].clone(), requests)
    }
}

#[test]
fn what_the_digests_tell_takes_no_request() {
    let same = old().index_annotation("built", "again");
    let (platform, requests) = World::new(&old(), &same).platform();
    assert_eq!((platform, requests), (json!({ "verdict": "same" }), 0));
}

#[test]
fn what_the_configuration_tells_takes_two_requests_a_side() {
    let run_otherwise = |image: Image| image.label("a", "b").user("root");
    let base = || bare("1.4.0", '1', "2026-11-20T06:00:00Z").user("nonroot");
    let world = World::new(&base(), &run_otherwise(base()));
    let (platform, requests) = world.platform();
    assert_eq!(requests, 4);
    assert_eq!(platform["verdict"], "configuration");
    assert_eq!(
        platform["config"],
        json!([
            { "what": "user", "from": "nonroot", "to": "root", "grade": "verified" },
            { "what": "label", "key": "a", "to": "b", "grade": "publisher" },
        ])
    );
    assert_eq!(platform["layers"], json!({ "shared": 2, "added": 0, "removed": 0 }));
}

#[test]
fn what_builders_say_in_the_index_takes_six_requests_a_side() {
    let world = World::new(&old(), &new());
    let (platform, requests) = world.platform();
    assert_eq!(requests, 12);
    assert_eq!(platform["verdict"], "packages");
    assert_eq!(
        platform["packages"],
        json!({
            "source": "attestation", "grade": "publisher", "unchanged": 1,
            "changed": [{ "purl": "pkg:apk/wolfi/openssl", "name": "openssl", "from": "3.3.2-r1", "to": "3.3.2-r2" }],
            "added": [{ "purl": "pkg:golang/golang.org/x/net@v0.1.0", "name": "golang.org/x/net", "version": "v0.1.0" }],
            "removed": [{ "purl": "pkg:apk/wolfi/wget@1.25.0-r0", "name": "wget", "version": "1.25.0-r0" }],
        })
    );
    assert_eq!(platform["provenance"][0]["what"], "revision");
    // Only the layers of an update are new, and none of them was read.
    assert_eq!(world.registry.log().count("GET", "/v2/acme/web/referrers/"), 0);
}

#[test]
fn a_difference_reads_as_it_was_read() {
    let world = World::new(&old(), &new());
    assert_snapshot!(world.told(&[]).0, @r#"
    web: other packages, patch
      - registry.example.com/acme/web:1@sha256:…
      + registry.example.com/acme/web:1@sha256:…
      version   1.4.0 -> 1.4.1
      built     20 Nov 2026 -> 23 Nov 2026
      revision  111111111111 -> 222222222222 https://github.com/acme/web/compare/1111111111111111111111111111111111111111...2222222222222222222222222222222222222222
      config    user nonroot -> nothing
                entrypoint nothing -> ["/web","--serve all"]
                environment MODE slow -> fast
      packages  1 changed, 1 added, 1 removed, 1 as they were (said by the publisher, by an attestation in the index)
                openssl 3.3.2-r1 -> 3.3.2-r2
                + golang.org/x/net v0.1.0
                - wget 1.25.0-r0
      made      revision 111111111111 -> 222222222222 (said by the publisher)
      size      4.7 kB -> 4.8 kB, 1 of 2 layers as they were
    "#);
    assert_snapshot!(world.told(&["--format", "markdown"]).0, @r#"
    | image | what | level |
    |---|---|---|
    | web | other packages | patch |

    ### web

    - from: `registry.example.com/acme/web:1@sha256:…`
    - to: `registry.example.com/acme/web:1@sha256:…`
    - version: `1.4.0` → `1.4.1`
    - built: `20 Nov 2026` → `23 Nov 2026`
    - revision: `111111111111` → `222222222222` [`github.com/acme/web`](https://github.com/acme/web/compare/1111111111111111111111111111111111111111...2222222222222222222222222222222222222222)

    **linux/amd64**: other packages

    - config: user `nonroot` → nothing
    - config: entrypoint nothing → `["/web","--serve all"]`
    - config: environment `MODE` `slow` → `fast`
    - packages: 1 changed, 1 added, 1 removed, 1 as they were (said by the publisher, by an attestation in the index)
      - `openssl` `3.3.2-r1` → `3.3.2-r2`
      - new: `golang.org/x/net` `v0.1.0`
      - gone: `wget` `1.25.0-r0`
    - made: `revision` `111111111111` → `222222222222` (said by the publisher)
    - size: 4.7 kB → 4.8 kB, 1 of 2 layers as they were
    "#);
}

#[test]
fn the_same_locks_give_the_same_bytes() {
    let world = World::new(&old(), &new());
    for format in ["text", "json", "markdown"] {
        assert_eq!(world.told(&["--format", format]).0, world.told(&["--format", format, "--jobs", "1"]).0);
    }
}

/// What an image without attestations has under names: in the registry's list, or in cosign's tag.
fn beside(world: &World, image: &Image, purls: &[&str], cosign: bool) {
    let manifest = image.manifest_of("linux/amd64").unwrap();
    let hex = manifest.digest.trim_start_matches("sha256:");
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"{SPDX}","subject":[{{"name":"web","digest":{{"sha256":"{hex}"}}}}],"predicate":{}}}"#,
        spdx(purls)
    );
    let payload = base64::engine::general_purpose::STANDARD.encode(statement);
    let envelope =
        json!({ "payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [] }).to_string();
    if cosign {
        let layer = Layer::bytes("application/vnd.dsse.envelope.v1+json", envelope).annotation("predicateType", SPDX);
        world.registry.push(&format!("acme/web:sha256-{hex}.att"), &Image::artifact("").layer(layer));
    } else {
        let bundle = format!(r#"{{"mediaType":"x","dsseEnvelope":{envelope}}}"#);
        let kind = "application/vnd.dev.sigstore.bundle.v0.3+json";
        let artifact = Image::artifact(kind).layer(Layer::bytes(kind, bundle));
        let artifact = artifact.manifest_annotation("dev.sigstore.bundle.predicateType", SPDX);
        world.registry.push("acme/web", &artifact.subject_descriptor(manifest.clone()));
    }
}

#[test]
fn what_stands_beside_an_image_under_a_name_is_found_and_has_to_be_about_it() {
    let images = || (bare("1.4.0", '1', "2026-11-20T06:00:00Z"), bare("1.4.1", '2', "2026-11-23T06:00:00Z"));
    for (cosign, source) in [(false, "referrer"), (true, "cosign")] {
        for lists in [true, false] {
            let registry = if lists { Registry::builder() } else { Registry::builder().no_referrers() };
            let (from, to) = images();
            let world = World::on(registry.start().unwrap(), &from, &to);
            beside(&world, &from, &OLD_PURLS, cosign);
            beside(&world, &to, &NEW_PURLS, cosign);
            let packages = world.platform_within("0").0["packages"].clone();
            if lists || cosign {
                assert_eq!((&packages["source"], packages["changed"].as_array().unwrap().len()), (&json!(source), 1));
            } else {
                assert_eq!(packages, Value::Null, "nobody lists what has no tag");
            }
        }
    }
    // A statement about another image is nobody's word about this one.
    let (from, to) = images();
    let world = World::new(&from, &to);
    beside(&world, &from, &OLD_PURLS, true);
    let manifest = |image: &Image| image.manifest_of("linux/amd64").unwrap().digest.replace(':', "-");
    let moved = world.registry.digest_of("acme/web", &format!("{}.att", manifest(&from))).unwrap();
    let statement = world.registry.content("acme/web", &moved).unwrap();
    let tag = format!("acme/web:{}.att", manifest(&to));
    world.registry.put_manifest(&tag, "application/vnd.oci.image.manifest.v1+json", statement);
    let platform = world.platform_within("0").0;
    assert_eq!(platform["packages"], Value::Null);
    assert!(platform["notRead"].to_string().contains("the statement is about something else"), "{platform}");
}

#[test]
fn what_is_gone_is_named_and_what_fails_fails() {
    let world = World::new(&old(), &new());
    let gone = old().config_of("linux/amd64").unwrap().digest.clone();
    world.registry.fault(On::blob("acme/web").reference(&gone), Fault::status(404));
    let platform = world.platform().0;
    assert_eq!(platform["notRead"], json!([{ "what": "configuration", "reason": "no such blob" }]));
    assert_eq!((&platform["config"], &platform["verdict"]), (&Value::Null, &json!("packages")));
    world.registry.heal();
    world.registry.fault(On::blob("acme/web").reference(&gone), Fault::bytes("{}"));
    let failed = world.repo.imagelock(["diff", "old.lock", "--no-cache"]).exit(3);
    assert!(failed.stderr.contains("`web` could not be compared"), "{failed}");
    assert!(failed.stderr.contains("other bytes than it promised"), "{failed}");
}

#[test]
fn hostile_statements_are_named_and_nothing_of_them_steers_a_terminal() {
    let hostile = "pkg:npm/\u{1b}%5B31m\u{202e}x@1`|<script>";
    let image = |version: &str| bare(version, '1', "2026-11-20T06:00:00Z");
    let deep = (0..200).fold("{}".to_owned(), |inner, _| format!(r#"{{"components":[{inner}]}}"#));
    let deep = format!(r#"{{"bomFormat":"CycloneDX","components":[{deep}]}}"#);
    let world = World::new(
        &image("1").env("A=\u{1b}[31m\u{202e}@acme").statement(SPDX, &spdx(&["pkg:npm/left@1"])),
        &image("2").env("A=2").statement(SPDX, &spdx(&[hostile, "pkg:npm/left@2"])),
    );
    for format in ["text", "markdown", "json"] {
        let (text, _) = world.told(&["--format", format]);
        assert!(!text.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{text:?}");
        let outside: String = text.split('`').step_by(2).collect();
        assert!(format != "markdown" || !outside.contains("@acme") && !outside.contains("<script>"), "{text}");
    }
    let world = World::new(
        &image("1").statement("https://cyclonedx.org/bom", &deep),
        &image("2").statement(SPDX, "{\"spdxVersion\":\"SPDX-3.0\"}"),
    );
    let platform = world.platform_within("0").0;
    assert_eq!(platform["packages"], Value::Null);
    let told = platform["notRead"].to_string();
    assert!(told.contains("recursion limit") && told.contains("only SPDX 2"), "{told}");
}

/// An apk database, as `apk` writes it.
fn apk(packages: &[(&str, &str)]) -> String {
    let one = |(name, version): &(&str, &str)| format!("C:Q1x\nP:{name}\nV:{version}\nA:x86_64\no:{name}\nL:MIT\n\n");
    packages.iter().map(one).collect::<Vec<_>>().concat()
}

const OS: &str = "ID=wolfi\nVERSION_ID=20230201\n";

/// An image of a base, which is only shared where it is the same, and layers above it.
fn layered(base: &str, layers: &[Layer]) -> Image {
    let first = Layer::files([
        ("etc/os-release", OS),
        ("etc/base", base),
        ("lib/apk/db/installed", &apk(&[("musl", "1.2.5-r0")])),
    ]);
    layers.iter().fold(Image::linux(["amd64"]).layer(first), |image, layer| image.layer(layer.clone()))
}

fn layers_read(world: &World, image: &Image) -> usize {
    let fetched = |digest: &str| world.registry.log().count("GET", &format!("/v2/acme/web/blobs/{digest}"));
    image.layers_of("linux/amd64").iter().map(|layer| fetched(&layer.digest)).sum()
}

#[test]
fn a_changed_layer_costs_its_bytes_alone_and_shared_ones_are_not_read() {
    let installed =
        |version: &str| Layer::files([("lib/apk/db/installed", apk(&[("musl", "1.2.5-r0"), ("openssl", version)]))]);
    let (from, to) = (layered("base", &[installed("3.3.2-r1")]), layered("base", &[installed("3.3.2-r2")]));
    let world = World::new(&from, &to);
    let (platform, _) = world.platform();
    assert_eq!(platform["verdict"], "packages");
    assert_eq!(
        platform["packages"],
        json!({
            "added": [], "removed": [], "unchanged": 1, "source": "layers", "read": 1, "of": 2, "grade": "verified",
            "changed": [{ "purl": "pkg:apk/openssl", "name": "openssl", "from": "3.3.2-r1", "to": "3.3.2-r2" }],
        })
    );
    let base = &from.layers_of("linux/amd64")[0].digest;
    assert_eq!(world.registry.log().count("GET", &format!("/v2/acme/web/blobs/{base}")), 0, "the base is in both");
    assert_eq!((layers_read(&world, &from), layers_read(&world, &to)), (1, 1));
}

#[test]
fn a_base_that_is_another_is_read_and_a_step_back_is_told() {
    let with = |version: &str, base: &str| {
        let database = apk(&[("musl", version), ("wget", "1.25.0-r0")]);
        let first = Layer::files([("etc/os-release", OS), ("etc/base", base), ("lib/apk/db/installed", &database)]);
        Image::linux(["amd64"]).layer(first).layer(Layer::files([("app", "the same")]))
    };
    let world = World::new(&with("1.2.5-r10", "a"), &with("1.2.5-r9", "b"));
    let packages = world.platform().0["packages"].clone();
    assert_eq!(packages["changed"][0]["purl"], "pkg:apk/wolfi/musl");
    assert_eq!(packages["changed"][0]["older"], true, "r9 is older than r10");
}

#[test]
fn what_may_have_replaced_something_below_is_compared_with_what_is_there() {
    let python = |version: &str| {
        let path = format!("usr/lib/python3/site-packages/requests-{version}.dist-info/METADATA");
        (path, format!("Metadata-Version: 2.1\nName: requests\nVersion: {version}\n"))
    };
    let below = || Image::linux(["amd64"]).layer(Layer::files([python("2.31.0")]));
    let gone = "usr/lib/python3/site-packages/.wh.requests-2.31.0.dist-info";
    let upgraded = Layer::files([(gone.to_owned(), String::new()), python("2.32.0")]);
    let world = World::new(&below().layer(Layer::files([("a", "a")])), &below().layer(upgraded));
    let packages = world.platform().0["packages"].clone();
    assert_eq!(
        packages["changed"],
        json!([{ "purl": "pkg:pypi/requests", "name": "requests", "from": "2.31.0", "to": "2.32.0" }])
    );
    // What only one of the two removes of the base was a package of the base.
    let removed = Layer::files([(gone, "")]);
    let world = World::new(&below().layer(Layer::files([("a", "a")])), &below().layer(removed));
    let packages = world.platform().0["packages"].clone();
    assert_eq!(packages["removed"][0]["purl"], "pkg:pypi/requests@2.31.0");
    // A database that only one of the two has above the base is compared with the one in the base.
    let more = Layer::files([("lib/apk/db/installed", apk(&[("musl", "1.2.5-r0"), ("curl", "8.0-r0")]))]);
    let world = World::new(&layered("base", &[Layer::files([("a", "a")])]), &layered("base", &[more]));
    let packages = world.platform().0["packages"].clone();
    assert_eq!(packages["added"][0]["purl"], "pkg:apk/wolfi/curl@8.0-r0");
    assert_eq!((&packages["changed"], &packages["unchanged"]), (&json!([]), &json!(1)));
}

#[test]
fn layers_beyond_the_budget_are_skipped_and_named() {
    let (from, to) = (layered("a", &[]), layered("b", &[]));
    let world = World::new(&from, &to);
    let (text, _) = world.told(&["--budget", "4kB"]);
    assert!(text.contains("not read  packages: skipped: the layers have "), "{text}");
    assert!(text.contains("bytes, and `--budget` allows 4000"), "{text}");
    assert_eq!((layers_read(&world, &from), layers_read(&world, &to)), (0, 0));
    let (text, _) = world.told(&[]);
    assert!(text.contains("packages  none changed, 1 as they were (verified, read from 1 of 1 layers)"), "{text}");
}

#[test]
fn hostile_layers_are_named_and_other_bytes_fail() {
    let kind = "application/vnd.oci.image.layer.v1.tar+gzip";
    let image = |layer: Layer| Image::linux(["amd64"]).layer(layer);
    let world = World::new(&image(Layer::bytes(kind, "no archive")), &image(Layer::files([("a", "b")])));
    let platform = world.platform().0;
    assert_eq!((&platform["verdict"], &platform["packages"]), (&json!("content"), &Value::Null));
    assert!(platform["notRead"].to_string().contains("reading a layer"), "{platform}");
    let odd = World::new(&image(Layer::bytes("text/plain", "x")), &image(Layer::files([("a", "b")])));
    assert!(odd.platform().0["notRead"].to_string().contains("nobody here reads layers of the type `text/plain`"));
    let (from, to) = (layered("a", &[]), layered("b", &[]));
    let world = World::new(&from, &to);
    world.registry.fault(On::blob("acme/web").reference(&to.layers_of("linux/amd64")[0].digest), Fault::bytes("other"));
    let failed = world.repo.imagelock(["diff", "old.lock", "--no-cache"]).exit(3);
    assert!(failed.stderr.contains("instead of the"), "{failed}");
}

#[test]
fn a_platform_that_comes_or_goes_is_told_and_others_can_be_left_out() {
    let registry = Registry::start().unwrap();
    registry.push("acme/web:1", &Image::linux(["amd64", "arm64"]).seed("1"));
    let toml = format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host());
    let repo = Monorepo::builder().file("images.toml", toml).build();
    repo.imagelock(["lock"]).success();
    repo.write("old.lock", repo.read("images.lock"));
    registry.push("acme/web:1", &Image::linux(["arm64", "s390x"]).seed("1"));
    repo.imagelock(["update"]).success();
    let told = |arguments: &[&str]| {
        let all = ["diff", "old.lock", "--format", "json"].iter().chain(arguments);
        let document: Value = serde_json::from_str(&repo.imagelock(all).success().stdout).unwrap();
        let platforms = document["images"][0]["platforms"].as_object().unwrap().clone();
        platforms.iter().map(|(name, one)| format!("{name} {}", one["verdict"].as_str().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(told(&[]), ["linux/amd64 removed", "linux/arm64 same", "linux/s390x added"]);
    assert_eq!(told(&["--platform", "linux/arm64"]), ["linux/arm64 same"]);
}

#[test]
fn what_is_compared_is_named_by_revisions_locks_and_images() {
    let world = World::new(&old(), &new());
    let repo = &world.repo;
    repo.write("new.lock", repo.read("images.lock"));
    repo.write("images.lock", repo.read("old.lock"));
    if !repo.git(["init", "--quiet", "--initial-branch", "main"]) {
        return;
    }
    assert!(repo.git(["add", "--all"]) && repo.git(["commit", "--quiet", "--message", "x"]));
    let first = |arguments: &[&str]| {
        let output = repo.imagelock(["diff"].iter().chain(arguments)).success();
        output.stdout.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(first(&[]), "both locks are the same");
    repo.write("images.lock", repo.read("new.lock"));
    for arguments in [
        &[][..],
        &["HEAD"],
        &["main", "images.lock"],
        &["HEAD:images.lock"],
        &["old.lock", "new.lock"],
        &["--image", "web"],
    ] {
        assert_eq!(first(arguments), "web: other packages, patch", "{arguments:?}");
    }
    let web = format!("{}/acme/web", world.registry.host());
    let (one, other) = (format!("{web}@{}", old().digest()), new().digest().to_owned());
    assert!(first(&[&one, &other]).ends_with(": other packages, patch"));
    assert!(first(&["web", &other]).ends_with(": the same"));
    for (arguments, says) in [
        (&["absent.lock"][..], "there is no `absent.lock`"),
        (&["web"], "`web` names no lock"),
        (&["--image", "none"], "`none` is in neither lock"),
        (&["UPPER", "UPPER"], "`UPPER` names no image"),
    ] {
        let output = repo.imagelock(["diff"].iter().chain(arguments)).exit(2);
        assert!(output.stderr.contains(says), "{output}");
    }
    repo.imagelock(["diff", "--exit-code"]).exit(1);
    repo.imagelock(["diff", "new.lock", "--exit-code"]).success();
}

#[test]
fn images_that_come_and_go_are_told_without_a_request() {
    let world = World::new(&old(), &old());
    world.repo.write("images.toml", world.repo.read("images.toml").replace("web =", "site ="));
    world.repo.imagelock(["lock"]).success();
    let (text, requests) = world.told(&[]);
    let firsts: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ') && !line.is_empty()).collect();
    assert_eq!((firsts, requests), (vec!["site: new", "web: removed"], 0));
}

/// A repository whose tag has moved, and which is not updated yet.
fn moved() -> (Registry, Monorepo) {
    let registry = Registry::start().unwrap();
    registry.push("acme/web:1", &old());
    let toml = format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host());
    let repo = Monorepo::builder().file("images.toml", toml).build();
    repo.imagelock(["lock"]).success();
    registry.push("acme/web:1", &new());
    (registry, repo)
}

#[test]
fn the_summary_of_an_update_says_what_it_brings_as_far_as_few_requests_tell() {
    let (_registry, repo) = moved();
    repo.imagelock(["update", "--summary", "pr.md"]).success();
    let text = repo.read("pr.md");
    let brought = [
        "- config: user `nonroot` → nothing",
        "- config: entrypoint nothing → `[\"/web\",\"--serve all\"]`",
        "- config: environment `MODE` `slow` → `fast`",
        "- packages: 1 changed, 1 added, 1 removed, 1 as they were (said by the publisher, by an attestation in the index)",
        "  - `openssl` `3.3.2-r1` → `3.3.2-r2`",
        "  - new: `golang.org/x/net` `v0.1.0`",
        "  - gone: `wget` `1.25.0-r0`",
    ];
    assert!(text.contains(&brought.join("\n")), "{text}");
}

#[test]
fn an_update_does_not_fail_because_nobody_can_describe_it() {
    let (registry, repo) = moved();
    let statement = |image: &Image| image.digests().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let config = new().config_of("linux/amd64").unwrap().digest.clone();
    for digest in statement(&new()).into_iter().filter(|digest| *digest != config) {
        registry.fault(On::blob("acme/web").reference(&digest), Fault::status(500));
    }
    let output = repo.imagelock(["update", "--summary", "pr.md"]).success();
    assert!(output.stderr.contains("what `web` brings is not told"), "{output}");
    let text = repo.read("pr.md");
    assert!(text.starts_with("Update web\n") && !text.contains("- config"), "{text}");
}
