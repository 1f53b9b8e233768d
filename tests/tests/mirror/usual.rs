use imagelock_testkit::{Auth, Fault, Image, Layer, On, Registry, media_type};
use imagelock_tests::Monorepo;

use crate::{Stage, images, layer};

#[test]
fn everything_that_the_lock_names_is_there_and_the_lines_that_it_takes_are_told() {
    let stage = Stage::new();
    let done = stage.repo.imagelock(["mirror", &stage.to()]).success();
    assert!(stage.is_whole());
    let host = stage.source.host();
    let prefix = stage.below("");
    let expected =
        format!("[registries.\"{host}\"]\nrewrite = \"{}/{}\"\n", stage.target.host(), prefix.trim_end_matches('/'));
    assert_eq!(done.stdout, expected);
    // With these lines, what is rendered names the mirror, and there is nothing left to tell.
    stage.repo.write("images.toml", stage.repo.read("images.toml") + &done.stdout);
    let again = stage.repo.imagelock(["mirror", &stage.to()]).success();
    assert_eq!(again.stdout, "");
    assert!(again.stderr.contains("0 blobs sent"), "{}", again.stderr);
}

#[test]
fn a_blob_is_sent_once_and_taken_over_by_other_repositories() {
    let stage = Stage::new();
    stage.repo.imagelock(["mirror", &stage.to()]).success();
    let shared = stage.one.layers_of("linux/amd64")[0].digest.clone();
    assert!(stage.two.layers_of("linux/amd64").iter().any(|layer| layer.digest == shared));
    let log = stage.target.log().entries();
    let finished: Vec<&str> = log
        .iter()
        .filter(|entry| entry.method == "PUT" && entry.status == 201)
        .filter_map(|entry| entry.query.as_deref())
        .collect();
    let of = |digest: &str| finished.iter().filter(|query| query.contains(&digest[7..])).count();
    for image in [&stage.one, &stage.two] {
        for layer in image.layers_of("linux/amd64") {
            assert_eq!(of(&layer.digest), 1, "{finished:?}");
        }
    }
    let mounted = log.iter().filter(|entry| entry.query.as_deref().is_some_and(|query| query.contains("mount=")));
    assert_eq!(mounted.filter(|entry| entry.status == 201).count(), 1);
    let fetched = stage.source.log().entries();
    let fetched = fetched.iter().filter(|entry| entry.path.ends_with(&shared) && entry.status == 200);
    assert_eq!(fetched.count(), 1);
}

#[test]
fn manifests_come_behind_what_they_name_and_tags_at_the_end() {
    let stage = Stage::new();
    stage.repo.imagelock(["mirror", &stage.to()]).success();
    // The registry refuses a manifest whose blobs it lacks, so every `201` stands behind those of what it names.
    let log = stage.target.log().entries();
    let manifests: Vec<_> =
        log.iter().filter(|entry| entry.method == "PUT" && entry.path.contains("/manifests/")).collect();
    assert!(manifests.iter().all(|entry| entry.status == 201));
    for repository in ["acme/one", "acme/two"] {
        let below = format!("/v2/{}/manifests/", stage.below(repository));
        let names: Vec<&str> = manifests.iter().filter_map(|entry| entry.path.strip_prefix(&below)).collect();
        let tags: Vec<bool> = names.iter().map(|name| !name.contains(':')).collect();
        assert_eq!(tags.iter().filter(|is_tag| **is_tag).count(), 1, "{names:?}");
        assert!(tags.last().unwrap(), "{names:?}");
    }
}

#[test]
fn another_run_sends_only_what_lacks() {
    let stage = Stage::new();
    stage.target.fault(On::manifest("*").method("PUT"), Fault::status(403));
    let failed = stage.repo.imagelock(["mirror", &stage.to()]).exit(3);
    assert!(failed.stderr.contains("`one` could not be mirrored: cannot write "), "{}", failed.stderr);
    stage.target.heal();
    stage.target.log().take();
    stage.repo.imagelock(["mirror", &stage.to()]).success();
    assert!(stage.is_whole());
    assert!(stage.target.log().find("PUT", "/v2/").iter().all(|entry| entry.path.contains("/manifests/")));
    // What the target loses comes back, and nothing else.
    let lost = stage.two.layers_of("linux/amd64")[1].clone();
    assert!(stage.target.delete_blob(&stage.below("acme/two"), &lost.digest));
    stage.target.log().take();
    stage.repo.imagelock(["mirror", &stage.to()]).success();
    assert!(stage.is_whole());
    let sent: u64 = stage
        .target
        .log()
        .find("PUT", "/v2/")
        .iter()
        .filter(|entry| entry.path.contains("/uploads/"))
        .map(|entry| entry.bytes_received)
        .sum();
    assert_eq!(sent, lost.size as u64);
}

#[test]
fn a_tag_that_points_elsewhere_there_is_set_right() {
    let stage = Stage::new();
    stage.repo.imagelock(["mirror", &stage.to()]).success();
    let below = stage.below("acme/one");
    stage.target.push(&format!("{below}:1"), &Image::linux(["arm64"]));
    stage.repo.imagelock(["mirror", &stage.to()]).success();
    assert!(stage.is_whole());
}

#[test]
fn an_image_whose_blobs_are_not_there_is_named_by_nothing() {
    let stage = Stage::new();
    let lost = stage.two.layers_of("linux/amd64")[1].digest.clone();
    stage.source.delete_blob("acme/two", &lost);
    let failed = stage.repo.imagelock(["mirror", &stage.to()]).exit(3);
    assert!(
        failed.stderr.contains("`two` could not be mirrored") && failed.stderr.contains("no such blob"),
        "{}",
        failed.stderr
    );
    assert_eq!(stage.target.digest_of(&stage.below("acme/two"), "2"), None);
    assert_eq!(stage.target.log().count("PUT", &format!("/v2/{}/manifests", stage.below("acme/two"))), 0);
    // The other one is whole.
    assert!(stage.target.digest_of(&stage.below("acme/one"), "1").is_some());
    assert_eq!(failed.stdout, "");
}

/// What stands beside an image: a signature under a tag of cosign's, a bill of materials that names its subject, and a signature
/// of that.
fn beside(source: &Registry, image: &Image) -> Vec<(String, String)> {
    let sbom =
        Image::artifact("application/spdx+json").layer(Layer::bytes("application/spdx+json", "{}")).subject(image);
    let signature = Image::artifact("application/x-signature").layer(Layer::bytes("application/x", "s")).subject(&sbom);
    let platform = image.manifest_of("linux/amd64").unwrap().clone();
    let about =
        Image::artifact("application/x-about").layer(Layer::bytes("application/x", "p")).subject_descriptor(platform);
    let old = Image::linux(["amd64"]).seed("signature").layer(layer("payload"));
    let tag = format!("{}.sig", image.digest().replace(':', "-"));
    source.push("acme/one", &sbom);
    source.push("acme/one", &signature);
    source.push("acme/one", &about);
    source.push(&format!("acme/one:{tag}"), &old);
    source.push("acme/one:sha256-0000.sig", &Image::linux(["s390x"]));
    let digest = |image: &Image| image.digest().to_owned();
    vec![
        (String::new(), digest(&sbom)),
        (String::new(), digest(&signature)),
        (String::new(), digest(&about)),
        (tag, digest(&old)),
    ]
}

#[test]
fn what_there_is_about_an_image_comes_along_unless_nobody_wants_it() {
    for without in [false, true] {
        for api in [true, false] {
            let target = if api { Registry::builder() } else { Registry::builder().no_referrers() };
            let stage = Stage::with(Registry::start().unwrap(), target.start().unwrap(), &[]);
            let about = beside(&stage.source, &stage.one);
            let to = stage.to();
            let arguments = ["mirror", &to, "--without-referrers"];
            stage.repo.imagelock(&arguments[..if without { 3 } else { 2 }]).success();
            let below = stage.below("acme/one");
            for (tag, digest) in &about {
                assert_eq!(stage.target.content(&below, digest).is_some(), !without, "{tag} {digest}");
                if !tag.is_empty() {
                    assert_eq!(stage.target.digest_of(&below, tag).is_some(), !without);
                }
            }
            assert_eq!(stage.target.digest_of(&below, "sha256-0000.sig"), None, "nobody asked for that");
            // Where the registry has no list, the tag that stands in for it is written.
            let fallback = stage.target.digest_of(&below, &stage.one.digest().replace(':', "-"));
            assert_eq!(fallback.is_some(), !without && !api);
            if let Some(list) = fallback {
                let list = String::from_utf8(stage.target.content(&below, &list).unwrap().to_vec()).unwrap();
                assert!(list.contains(&about[0].1) && list.contains("application/spdx+json"), "{list}");
            }
            // And another run has nothing to do.
            stage.target.log().take();
            stage.repo.imagelock(["mirror", &stage.to(), "--without-referrers"]).success();
            assert_eq!((stage.count("PUT"), stage.count("POST")), (0, 1), "{:?}", stage.target.log().lines());
        }
    }
}

#[test]
fn a_repositorys_tags_are_listed_once_however_many_of_its_images_are_copied() {
    let stage = Stage::new();
    let (about, other) = (beside(&stage.source, &stage.one), Image::linux(["s390x"]));
    stage.source.push("acme/one:9", &other);
    let more = format!("other = \"{}/acme/one:9\"\n", stage.source.host());
    stage.repo.write("images.toml", stage.repo.read("images.toml") + &more);
    stage.repo.imagelock(["lock"]).success();
    let to = stage.to();
    for arguments in [["mirror", to.as_str()], ["pull", "vendor"]] {
        stage.source.log().take();
        stage.repo.imagelock(arguments).success();
        for repository in ["acme/one", "acme/two"] {
            assert_eq!(stage.source.log().count("GET", &format!("/v2/{repository}/tags/list")), 1, "{arguments:?}");
        }
    }
    let below = stage.below("acme/one");
    assert_eq!(stage.target.digest_of(&below, "9").as_deref(), Some(other.digest()));
    assert!(stage.target.digest_of(&below, &about[3].0).is_some());
}

#[test]
fn a_list_of_tags_that_is_refused_costs_no_signature() {
    let stage = Stage::new();
    let about = beside(&stage.source, &stage.one);
    stage.source.fault(On::tags("*"), Fault::status(403));
    stage.repo.imagelock(["mirror", &stage.to()]).success();
    assert!(stage.target.digest_of(&stage.below("acme/one"), &about[3].0).is_some());
}

#[test]
fn what_is_listed_as_being_about_an_image_and_is_not_stays() {
    let stage = Stage::new();
    let other = Image::artifact("application/x").layer(Layer::bytes("application/x", "x")).subject(&stage.two);
    let digest = stage.source.push("acme/one", &other);
    let list = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{{"mediaType":"{}","digest":"{digest}","size":{}}}]}}"#,
        media_type::OCI_INDEX,
        media_type::OCI_MANIFEST,
        other.bytes().len()
    );
    stage.source.fault(On::referrers("acme/one"), Fault::status(200).body(list));
    stage.repo.imagelock(["mirror", &stage.to()]).success();
    assert_eq!(stage.target.content(&stage.below("acme/one"), &digest), None);
}

#[test]
fn what_is_shown_to_the_source_is_never_shown_to_the_target_and_the_other_way_round() {
    let start = |user: &str| {
        let auth = Auth::token().user(user, &format!("{user}-secret")).no_anonymous();
        Registry::builder().auth(auth).start().unwrap()
    };
    let (source, target) = (start("reader"), start("writer"));
    let variable = |host: &str| format!("IMAGELOCK_AUTH_{}", host.replace('.', "_").replace(':', "___"));
    let (reader, writer) = (variable(source.host()), variable(target.host()));
    let environment = [(reader.as_str(), "reader:reader-secret"), (writer.as_str(), "writer:writer-secret")];
    let stage = Stage::with(source, target, &environment);
    let about = beside(&stage.source, &stage.one);
    stage.repo.imagelock(["mirror", &stage.to(), "--verify-bytes"]).success();
    assert!(stage.is_whole() && !about.is_empty());
    // `reader` and `writer` at the beginning of a login, in base64.
    let shown = |registry: &Registry, login: &str| {
        let log = registry.log().entries();
        log.iter().filter_map(|entry| entry.authorization.as_deref()).any(|shown| shown.contains(login))
    };
    assert!(shown(&stage.source, "cmVhZGVy") && shown(&stage.target, "d3JpdGVy"));
    assert!(!shown(&stage.source, "d3JpdGVy") && !shown(&stage.target, "cmVhZGVy"));
    // Nothing that may write is asked for of the source, and for no other repository of the target than those of the lock.
    let scopes = |registry: &Registry| -> Vec<String> {
        registry.log().find("GET", "/token").into_iter().filter_map(|entry| entry.query).collect()
    };
    assert!(scopes(&stage.source).iter().all(|query| !query.contains("push")));
    assert!(scopes(&stage.target).iter().any(|query| query.contains("push")));
    assert!(scopes(&stage.target).iter().all(|query| query.contains("corp%2F")));
    for registry in [&stage.source, &stage.target] {
        assert!(registry.log().entries().iter().all(|entry| !entry.second_host));
    }
}

#[test]
fn images_of_one_name_in_two_registries_stay_apart() {
    let (other, stage) = (Registry::start().unwrap(), Stage::new());
    other.push("acme/one:1", &Image::linux(["s390x"]));
    let more = format!("other = \"{}/acme/one:1\"\n", other.host());
    stage.repo.write("images.toml", stage.repo.read("images.toml") + &more);
    stage.repo.imagelock(["lock"]).success();
    stage.repo.imagelock(["mirror", stage.target.host()]).success();
    for registry in [&stage.source, &other] {
        let below = format!("{}/acme/one", registry.host().replace(':', "-"));
        assert_eq!(stage.target.digest_of(&below, "1"), registry.digest_of("acme/one", "1"));
    }
    // Where images.toml makes one of them, nothing is copied.
    let rewrite = |host: &str| format!("[registries.\"{host}\"]\nrewrite = \"{}/hub\"\n", stage.target.host());
    let toml = stage.repo.read("images.toml") + &rewrite(stage.source.host()) + &rewrite(other.host());
    stage.repo.write("images.toml", toml);
    stage.target.log().take();
    let refused = stage.repo.imagelock(["mirror", stage.target.host()]).exit(2);
    assert!(refused.stderr.contains("would both become"), "{}", refused.stderr);
    assert!(stage.target.log().is_empty());
}

#[test]
fn what_is_there_already_or_in_a_layout_is_passed_over() {
    let target = Registry::start().unwrap();
    let (one, two) = images();
    target.push("acme/one:1", &one);
    let toml = format!("[images]\none = \"{}/acme/one:1\"\ntwo = {{ layout = \"oci\" }}\n", target.host());
    let repo = Monorepo::builder().file("images.toml", toml).build();
    two.write_layout(repo.path("oci"), "2").unwrap();
    repo.imagelock(["lock"]).success();
    let done = repo.imagelock(["mirror", target.host(), "--format", "json"]).success();
    let document: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(document, serde_json::json!({ "images": [], "rewrite": {}, "skipped": ["one", "two"] }));
    assert!(done.stderr.contains("Skipped one"), "{}", done.stderr);
}

#[test]
fn one_image_alone_is_copied_for_who_wants_no_other() {
    let stage = Stage::new();
    let done = stage.repo.imagelock(["mirror", &stage.to(), "--image", "one", "--format", "json"]).success();
    let document: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let below = stage.below("acme/one");
    assert_eq!(document["images"][0]["to"], format!("{}/{below}", stage.target.host()));
    assert_eq!(document["images"][0]["tag"], "1");
    assert_eq!(document["images"][0]["digest"], stage.one.digest());
    assert_eq!(document["images"].as_array().unwrap().len(), 1);
    assert_eq!(stage.target.digest_of(&stage.below("acme/two"), "2"), None);
}
