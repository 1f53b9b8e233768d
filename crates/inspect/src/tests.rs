use imagelock_core::Digest;
use imagelock_core::oci::{Configuration, Descriptor};
use serde_json::{Value, json};

use super::*;

fn configuration(edit: impl FnOnce(&mut Configuration)) -> Configuration {
    let mut configuration =
        Configuration { diff_ids: vec![Digest::sha256(b"base"), Digest::sha256(b"app")], ..Configuration::default() };
    edit(&mut configuration);
    configuration
}

fn description(configuration: Configuration) -> Description {
    let descriptor = |digest: &Digest| Descriptor {
        media_type: String::new(),
        artifact_type: None,
        digest: digest.clone(),
        size: 10,
        platform: None,
        annotations: std::collections::BTreeMap::new(),
    };
    let layers = Description::layers(configuration.diff_ids.iter().map(descriptor).collect(), Some(&configuration));
    Description { size: 20, layers, configuration: Some(configuration), ..Description::default() }
}

fn package(purl: &str) -> Package {
    let (purl, version) = Purl::read(purl).unwrap();
    Package { purl, version: version.unwrap(), source: None, license: None }
}

fn with_packages(description: Description, purls: &[&str], by: By) -> Description {
    let packages = purls.iter().map(|purl| package(purl)).collect();
    Description { packages: Some(Listing { packages, release: None, by }), ..description }
}

fn other_layer() -> Description {
    description(configuration(|configuration| configuration.diff_ids[1] = Digest::sha256(b"other")))
}

fn difference(from: &Description, to: &Description) -> Value {
    serde_json::to_value(Difference::between(from, to)).unwrap()
}

#[test]
fn the_verdict_is_the_most_that_is_known() {
    let same = description(configuration(|_| ()));
    let root = description(configuration(|configuration| configuration.user = Some("root".to_owned())));
    let verdict = |from: &Description, to: &Description| Difference::between(from, to).verdict;
    assert_eq!(verdict(&same, &same), Verdict::Repacked);
    assert_eq!(verdict(&same, &root), Verdict::Configuration);
    assert_eq!(verdict(&same, &other_layer()), Verdict::Content);
    assert_eq!(verdict(&Description::default(), &same), Verdict::Unknown);
    let list = |description: Description, version: &str| {
        with_packages(description, &[&format!("pkg:apk/alpine/musl@{version}")], By::Attestation)
    };
    assert_eq!(verdict(&list(same.clone(), "1"), &list(other_layer(), "2")), Verdict::Packages);
    assert_eq!(verdict(&list(same.clone(), "1"), &list(other_layer(), "1")), Verdict::Content);
    // The layers are the same, whatever two lists say of them.
    assert_eq!(verdict(&list(same.clone(), "1"), &list(same, "2")), Verdict::Repacked);
}

#[test]
fn settings_are_told_with_their_grade_what_runs_first() {
    let from = description(configuration(|from| {
        from.user = Some("nonroot".to_owned());
        from.environment.insert("A".to_owned(), Some("1".to_owned()));
        from.labels.insert("version".to_owned(), "1".to_owned());
        from.ports.insert("80/tcp".to_owned());
    }));
    let to = description(configuration(|to| {
        to.entrypoint = vec!["/a".to_owned(), "b c".to_owned()];
        to.environment.insert("B".to_owned(), None);
        to.labels.insert("version".to_owned(), "2".to_owned());
        to.ports.insert("8080/tcp".to_owned());
    }));
    assert_eq!(
        difference(&from, &to)["config"],
        json!([
            { "what": "user", "from": "nonroot", "grade": "verified" },
            { "what": "entrypoint", "to": "[\"/a\",\"b c\"]", "grade": "verified" },
            { "what": "environment", "key": "A", "from": "1", "grade": "verified" },
            { "what": "environment", "key": "B", "to": "", "grade": "verified" },
            { "what": "port", "key": "80/tcp", "from": "80/tcp", "grade": "verified" },
            { "what": "port", "key": "8080/tcp", "to": "8080/tcp", "grade": "verified" },
            { "what": "label", "key": "version", "from": "1", "to": "2", "grade": "publisher" },
        ])
    );
}

#[test]
fn a_login_that_changes_is_told_and_not_shown() {
    let with = |password: &str| {
        description(configuration(|of| {
            drop(of.environment.insert("URL".to_owned(), Some(format!("postgres://anna:{password}@db/x"))));
        }))
    };
    let config = difference(&with("hunter2"), &with("hunter3"))["config"].clone();
    assert_eq!((&config[0]["from"], &config[0]["to"]), (&json!("postgres://db/x"), &json!("postgres://db/x")));
}

#[test]
fn packages_are_told_by_their_purl_without_a_version() {
    let purls = ["pkg:apk/wolfi/busybox@1", "pkg:apk/wolfi/openssl@3.3.2-r1?arch=x86_64", "pkg:apk/wolfi/wget@1.25"];
    let from = with_packages(description(configuration(|_| ())), &purls, By::Attestation);
    let purls = ["pkg:apk/wolfi/busybox@1", "pkg:apk/wolfi/curl@8", "pkg:apk/wolfi/openssl@3.3.2-r2?arch=x86_64"];
    let to = with_packages(other_layer(), &purls, By::Attestation);
    assert_eq!(
        difference(&from, &to)["packages"],
        json!({
            "added": [{ "purl": "pkg:apk/wolfi/curl@8", "name": "curl", "version": "8" }],
            "removed": [{ "purl": "pkg:apk/wolfi/wget@1.25", "name": "wget", "version": "1.25" }],
            "changed": [{ "purl": "pkg:apk/wolfi/openssl", "name": "openssl", "from": "3.3.2-r1", "to": "3.3.2-r2" }],
            "unchanged": 1, "source": "attestation", "grade": "publisher",
        })
    );
    assert_eq!(difference(&to, &from)["packages"]["changed"][0]["older"], true);
}

#[test]
fn several_versions_of_one_package_are_pairs_in_their_order() {
    let purls = ["pkg:npm/a@1", "pkg:npm/a@2", "pkg:npm/a@2", "pkg:npm/b@1", "pkg:npm/b@2"];
    let from = with_packages(description(configuration(|_| ())), &purls, By::Attestation);
    let to = with_packages(other_layer(), &["pkg:npm/a@3", "pkg:npm/a@1", "pkg:npm/b@3"], By::Referrer);
    let packages = Difference::between(&from, &to).packages.unwrap();
    let changed: Vec<_> =
        packages.changed.iter().map(|one| (one.name.as_str(), one.from.as_str(), one.to.as_str())).collect();
    assert_eq!(changed, [("a", "2", "3"), ("b", "1", "3")]);
    assert_eq!(packages.removed.iter().map(|one| one.purl.as_str()).collect::<Vec<_>>(), ["pkg:npm/b@2"]);
    assert_eq!((packages.unchanged, packages.by), (1, By::Referrer));
}

#[test]
fn lists_of_two_kinds_are_not_compared() {
    let from = with_packages(description(configuration(|_| ())), &["pkg:npm/a@1"], By::Attestation);
    let to = with_packages(other_layer(), &["pkg:npm/a@2"], By::Layers { read: 1, of: 2 });
    assert_eq!(difference(&from, &to)["packages"], Value::Null);
}

#[test]
fn layers_are_shared_however_they_are_compressed() {
    let one = description(configuration(|_| ()));
    let mut anew = one.clone();
    anew.layers[0].descriptor.digest = Digest::sha256(b"compressed anew");
    assert_eq!(difference(&one, &anew)["layers"], json!({ "shared": 2, "added": 0, "removed": 0 }));
    assert_eq!(difference(&one, &other_layer())["layers"], json!({ "shared": 1, "added": 1, "removed": 1 }));
}

#[test]
fn how_it_was_made_is_told_where_it_differs() {
    use attested::{Material, Provenance};
    let made = |revision: &str, base: &str| {
        let alpine = Material { uri: format!("pkg:docker/alpine@{base}"), digest: Some(format!("sha256:{base}")) };
        let provenance =
            Provenance { revision: Some(revision.to_owned()), materials: vec![alpine], ..Provenance::default() };
        Description { provenance: Some(provenance), ..other_layer() }
    };
    assert_eq!(difference(&made("a", "1"), &made("a", "1")).get("provenance"), None);
    assert_eq!(
        difference(&made("a", "1"), &made("b", "2"))["provenance"],
        json!([
            { "what": "revision", "from": "a", "to": "b", "grade": "publisher" },
            { "what": "pkg:docker/alpine", "from": "sha256:1", "to": "sha256:2", "grade": "publisher" },
        ])
    );
}

#[test]
fn bills_of_materials_are_read_again_with_the_same_packages() {
    let digest = Digest::sha256(b"manifest");
    let platform = "linux/amd64".parse().unwrap();
    let created = "2026-11-12T08:31:02Z".parse().unwrap();
    let mut musl = package("pkg:apk/alpine/musl@1.2.5-r0");
    musl.license = Some("MIT \u{202e}".to_owned());
    let packages = vec![musl, package("pkg:npm/%40types/node@20.0.0")];
    let subject = bom::Subject {
        name: "docker.io/library/web",
        version: "1",
        purl: "pkg:oci/web@sha256%3Aaa",
        manifest: &digest,
        platform: &platform,
        created: Some(&created),
        by: By::Attestation,
    };
    assert_eq!(bom::spdx(&subject, &packages), include_str!("bom/golden.spdx.json"));
    assert_eq!(bom::cyclonedx(&subject, &packages), include_str!("bom/golden.cdx.json"));
    let purls = |packages: &[Package]| packages.iter().map(|package| package.purl.clone()).collect::<Vec<_>>();
    for (text, media_type) in [
        (bom::spdx(&subject, &packages), "application/spdx+json"),
        (bom::cyclonedx(&subject, &packages), "application/vnd.cyclonedx+json"),
    ] {
        assert!(!text.contains('\u{202e}'));
        let layer = Descriptor {
            media_type: media_type.to_owned(),
            artifact_type: None,
            digest: digest.clone(),
            size: 0,
            platform: None,
            annotations: std::collections::BTreeMap::new(),
        };
        let attested::Said::Packages(read, _) = attested::read(&layer, text.as_bytes(), &[]).unwrap() else {
            panic!("packages are listed")
        };
        assert_eq!(purls(&read), purls(&packages));
    }
}
