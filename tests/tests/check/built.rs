//! `--built`: what builders say of their builds, honest or not. What a real one says is in `buildkit/proof.rs`.

use imagelock_testkit::{Image, Registry, sha256};
use imagelock_tests::{Monorepo, need};
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{adopted, digest, registry, rendered};

const KIND: &str = "https://slsa.dev/provenance/v1";
const BUILDKIT: &str = "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md";

/// The predicate of a build of these materials: addresses, each with the digits of its digest.
fn made_of(materials: &[(&str, &str)]) -> String {
    let material = |(uri, hex): &(&str, &str)| json!({ "uri": uri, "digest": { "sha256": hex } });
    let materials: Vec<Value> = materials.iter().map(material).collect();
    json!({ "buildDefinition": { "buildType": BUILDKIT, "resolvedDependencies": materials } }).to_string()
}

/// The registry, a locked repository, and the digits of the locked `web`.
fn locked() -> (Registry, Monorepo, String) {
    let registry = registry();
    let repo = rendered(adopted(registry.host(), ""));
    let lock: Value = serde_json::from_str(&repo.read("images.lock")).unwrap();
    let web = lock["images"]["web"]["digest"].as_str().unwrap()[7..].to_owned();
    (registry, repo, web)
}

#[test]
fn a_file_of_a_build_is_told_in_every_form() {
    let (registry, repo, web) = locked();
    let host = registry.host();
    let (good, moved) = (format!("pkg:docker/{host}/web@1?platform=linux%2Famd64"), digest('a'));
    let own = format!("pkg:docker/{host}/own@2");
    let before = registry.log().len();
    repo.write("good.json", made_of(&[(&good, &web), (&own, &moved[7..]), ("https://example.com/a.git", &web)]));
    assert_snapshot!(repo.imagelock(["check", "--built", "good.json"]), @r"
    exit: 0
    ----- stderr -----
           Built [REGISTRY]/own:2@sha256:[1] here, so it is in no lock: check it, too
         Checked 1 build of 2 images and 1 other thing: no findings
    ");
    repo.write("bad.json", made_of(&[(&good, &moved[7..]), ("pkg:docker/node@22", &moved[7..]), (&good, &web)]));
    assert_snapshot!(repo.imagelock(["check", "--built", "bad.json", "good.json"]), @r"
    exit: 1
    ----- stdout -----
    error: `bad.json` was built from `[REGISTRY]/web:1@sha256:[1]`, and `web` is locked at sha256:[2] (1, [REGISTRY]/web)
      = help: build it again from what is locked
    error: `bad.json` was built from `docker.io/library/node:22@sha256:[1]`, which is in no lock
      = help: imagelock add docker.io/library/node:22
    ----- stderr -----
           Built [REGISTRY]/own:2@sha256:[1] here, so it is in no lock: check it, too
         Checked 2 builds of 5 images and 1 other thing: 2 findings
    ");
    let told = repo.imagelock(["check", "--built", "bad.json", "--format", "json"]).exit(1);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let states: Vec<_> = told["builds"][0]["images"].as_array().unwrap().iter().map(|image| &image["state"]).collect();
    assert_eq!(states, ["locked", "unlocked", "unlocked"]);
    let findings = told["findings"].as_array().unwrap();
    assert_eq!((&findings[0]["rule"], &findings[0]["file"]), (&json!("base"), &json!("bad.json")));
    let github = repo.imagelock(["check", "--built", "bad.json", "--format", "github"]).exit(1).stdout;
    assert!(github.starts_with("::error file=bad.json,line=1,endLine=1,col=1,endColumn=1,title=base::`bad.json` was"));
    for form in ["sarif", "junit"] {
        assert!(repo.imagelock(["check", "--built", "bad.json", "--format", form]).exit(1).stdout.contains("node:22"));
    }
    assert_eq!(registry.log().len(), before, "no registry is asked");
}

#[test]
fn what_proves_nothing_fails() {
    let (registry, repo, web) = locked();
    let uri = format!("pkg:docker/{}/web@1", registry.host());
    let other = made_of(&[(&uri, &web)]).replace(BUILDKIT, "https://actions.github.io/buildtypes/workflow/v1");
    let silent = format!(r#"{{"materials":[{{"uri":"{uri}"}}],"buildType":"https://mobyproject.org/buildkit@v1"}}"#);
    let two = made_of(&[(&format!("{uri}?digest={}", digest('b')), &web)]);
    let sbom = r#"{"predicateType":"https://spdx.dev/Document","predicate":{}}"#.to_owned();
    for (text, says) in [
        (
            other,
            "has provenance of the kind `https://actions.github.io/buildtypes/workflow/v1`, which need not name all",
        ),
        (made_of(&[]).replace("buildType", "x"), "has provenance that does not say what kind of build it was"),
        (silent, "whose digest its provenance does not say"),
        (two, "and `web` is locked at"),
        ("{}".to_owned(), "says nothing of what went into a build"),
        (sbom, "says nothing of what went into a build"),
    ] {
        repo.write("file.json", &text);
        let output = repo.imagelock(["check", "--built", "file.json"]).exit(1);
        assert!(output.stdout.contains(says), "{text}: {output}");
    }
    let deep = format!(r#"{{"predicateType":"{KIND}","predicate":{}}}"#, "[".repeat(100_000));
    for text in ["", "x", "7", "[]", r#"{"predicateType":7}"#, r#"{"materials":{}}"#, &deep, "{\"a\":\"\u{1b}[31m\""] {
        repo.write("file.json", text);
        let output = repo.imagelock(["check", "--built", "file.json"]);
        let exit = output.to_string().lines().next().unwrap().to_owned();
        assert!(matches!(exit.as_str(), "exit: 1" | "exit: 2"), "{text:.40}: {output}");
        assert!(!output.stdout.contains('\u{1b}') && !output.stderr.contains('\u{1b}'));
    }
    // Nothing that was mistyped is asked for.
    let before = registry.log().len();
    for absent in ["out/provenance.json", "absent", "No!"] {
        let output = repo.imagelock(["check", "--built", absent]).exit(2);
        assert!(output.stderr.contains(&format!("there is no file `{absent}`, and it is no image")), "{output}");
    }
    assert_eq!(registry.log().len(), before);
    repo.imagelock(["check", "--built", "file.json", "--strict"]).exit(2);
}

#[test]
fn every_platform_of_an_image_says_what_went_into_it() {
    let (registry, repo, web) = locked();
    let host = registry.host();
    let (uri, image) = (format!("pkg:docker/{host}/web@1"), Image::linux(["amd64", "arm64"]).seed("app"));
    let whole = image.clone().statement(KIND, &made_of(&[(&uri, &web)]));
    let evil = made_of(&[("pkg:docker/evil\u{1b}[31m@1", &web[..10])]);
    for (name, image) in [
        ("whole", &whole),
        ("none", &image),
        ("one", &Image::linux(["amd64"]).seed("one")),
        ("sbom", &image.clone().statement("https://spdx.dev/Document", "{}")),
        ("broken", &image.clone().statement(KIND, r#"{"buildDefinition":7}"#)),
        ("evil", &image.clone().statement(KIND, &evil)),
    ] {
        registry.push(&format!("{name}:1"), image);
    }
    let told = |name: &str| repo.imagelock(["check", "--built", &format!("{host}/{name}:1")]);
    assert!(told("whole").success().stderr.contains("Checked 2 builds of 2 images: no findings"));
    assert_snapshot!(told("none"), @r"
    exit: 1
    ----- stdout -----
    error: `[REGISTRY]/none:1` (linux/amd64) was built without provenance
      = help: build it with BuildKit and `--attest type=provenance,mode=max`
    error: `[REGISTRY]/none:1` (linux/arm64) was built without provenance
      = help: build it with BuildKit and `--attest type=provenance,mode=max`
    ----- stderr -----
          Asking [REGISTRY] for [REGISTRY]/none:1
         Checked 2 builds of 0 images: 2 findings
    ");
    for (name, says) in [
        ("one", "/one:1` was built without provenance"),
        ("sbom", "(linux/arm64) was built without provenance"),
        ("broken", "has provenance that cannot be read: not what the statement should be"),
        ("evil", "was built from `pkg:docker/evil\\u{1b}[31m@1`, whose digest its provenance does not say"),
    ] {
        let output = told(name).exit(1);
        assert!(output.stdout.contains(says), "{name}: {output}");
    }
}

#[test]
fn a_layout_and_a_tar_of_it_are_read_without_a_network() {
    let (registry, repo, web) = locked();
    let uri = format!("pkg:docker/{}/web@1", registry.host());
    let whole = Image::linux(["amd64", "arm64"]).seed("app").statement(KIND, &made_of(&[(&uri, &web)]));
    let before = registry.log().len();
    whole.write_layout(repo.path("layout").as_std_path(), "app:1").unwrap();
    let tar = need!("busybox");
    let pack = || {
        repo.run(&tar, ["tar", "-cf", "app.tar", "-C", "layout", "."]).success();
    };
    pack();
    for what in ["layout", "app.tar"] {
        let output = repo.imagelock(["check", "--built", what]).success();
        assert!(output.stderr.contains("2 builds of 2 images: no findings"), "{what}: {output}");
    }
    let (from, to) = (whole.manifest_of("linux/arm64").unwrap().digest.clone(), sha256(b"other"));
    let path = format!("layout/blobs/sha256/{}", &whole.digest()[7..]);
    let text = repo.read(&path);
    // The index that the layout names is changed with it, so that its digest is right.
    let said = format!(r#""vnd.docker.reference.digest":"{from}""#);
    assert!(text.contains(&said), "{text}");
    let text = text.replace(&said, &format!(r#""vnd.docker.reference.digest":"{to}""#));
    repo.write(format!("layout/blobs/sha256/{}", &sha256(text.as_bytes())[7..]), &text);
    let top = repo.read("layout/index.json").replace(whole.digest(), &sha256(text.as_bytes()));
    repo.write("layout/index.json", top);
    pack();
    for what in ["layout", "app.tar"] {
        let output = repo.imagelock(["check", "--built", what]).exit(1);
        assert!(output.stdout.contains("(linux/arm64) was built without provenance"), "{what}: {output}");
        assert_eq!(output.stdout.matches("error").count(), 1, "{what}: {output}");
    }
    std::fs::remove_file(repo.path(format!("layout/blobs/sha256/{}", &sha256(text.as_bytes())[7..]))).unwrap();
    repo.write("layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    pack();
    for what in ["layout", "app.tar"] {
        repo.imagelock(["check", "--built", what]).exit(2);
    }
    assert_eq!(registry.log().len(), before);
}
