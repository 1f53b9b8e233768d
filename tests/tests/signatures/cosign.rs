//! What real cosign signs in real registries of both generations.

use camino::Utf8Path;
use imagelock_testkit::Image;
use imagelock_tests::{GENERATIONS, Monorepo, RealRegistry, need};
use serde_json::{Value, json};

use crate::{found, image, kept, locked};

/// A repository with cosign's keys, of which `cosign.pub` is the one that is asked for.
fn stage(cosign: &Utf8Path, host: &str) -> Monorepo {
    let toml = format!(
        "[defaults]\nverify = {{ key = \"cosign.pub\" }}\ntlog = false\n\n[images]\napp = \"{host}/acme/app:1\"\n"
    );
    let repo = Monorepo::builder().env("COSIGN_PASSWORD", "").file("images.toml", toml).build();
    for name in ["cosign", "other"] {
        repo.run(cosign, ["generate-key-pair", "--output-key-prefix", name]).success();
    }
    repo
}

/// Runs cosign on an image with a key, as its version 3 does, or as those before it did.
fn cosign(repo: &Monorepo, program: &Utf8Path, what: &[&str], key: &str, image: &str) {
    let key = format!("{key}.key");
    let fixed =
        ["--key", &key, "--tlog-upload=false", "--use-signing-config=false", "-y", "--allow-http-registry", image];
    repo.run(program, what.iter().chain(&fixed)).success();
}

/// A registry with an image, a repository that demands its signature, and how cosign names it.
fn pushed(registry: &Utf8Path, tool: &Utf8Path) -> (RealRegistry, Monorepo, String) {
    let registry = RealRegistry::new(registry).start();
    let repo = stage(tool, registry.host());
    image().push_to(&registry.url(), "acme/app", "1", None).unwrap();
    let app = format!("{}/acme/app@{}", registry.host(), image().digest());
    (registry, repo, app)
}

const LEGACY: &[&str] = &["sign", "--new-bundle-format=false"];

#[test]
fn an_image_enters_the_lock_when_it_is_signed_and_not_before() {
    for generation in GENERATIONS {
        let (program, tool) = need!(generation, "cosign");
        let (registry, repo, app) = pushed(&program, &tool);
        let refused = repo.imagelock(["lock"]).exit(1).stderr;
        assert!(refused.contains("`app` is unsigned; it has to be signed by the key `cosign.pub`"), "{refused}");
        assert!(refused.contains("images.toml:2:10"), "{refused}");
        cosign(&repo, &tool, &["sign"], "other", &app);
        let refused = repo.imagelock(["lock"]).exit(1).stderr;
        assert!(refused.contains("`app` is signed wrongly"), "{refused}");
        assert!(refused.contains("it was not made with this key"), "{refused}");
        assert!(!repo.path("images.lock").exists() && kept(&repo).is_empty());

        cosign(&repo, &tool, &["sign"], "cosign", &app);
        let told = repo.imagelock(["lock"]).success().stderr;
        assert!(told.contains("Verified app, signed by the key `cosign.pub`"), "{told}");
        let signature = &locked(&repo, "app")["signatures"][0];
        assert_eq!(signature["key"], "cosign.pub");
        assert_eq!(kept(&repo), [format!("{}.json", signature["bundle"].as_str().unwrap().replace(':', "-"))]);

        // From here on without anybody to ask.
        let before = registry.requests().len();
        repo.imagelock(["lock", "--locked"]).success();
        repo.imagelock(["lock"]).success();
        assert_eq!(found(&repo), Vec::<String>::new());
        assert_eq!(registry.requests().len(), before, "{generation}");
        repo.imagelock(["verify"]).success();
    }
}

#[test]
fn the_format_before_bundles_counts_for_the_repository_that_it_was_made_for() {
    for generation in GENERATIONS {
        let (program, tool, crane) = need!(generation, "cosign", "crane");
        let registry = RealRegistry::new(&program).start();
        let repo = stage(&tool, registry.host());
        image().push_to(&registry.url(), "acme/app", "1", None).unwrap();
        let host = registry.host();
        cosign(&repo, &tool, LEGACY, "cosign", &format!("{host}/acme/app@{}", image().digest()));
        repo.imagelock(["lock"]).success();
        assert_eq!(kept(&repo).len(), 1);
        repo.imagelock(["lock", "--locked"]).success();

        // The same image and its signature under another name.
        let tag = image().digest().replace(':', "-");
        for name in ["1", &format!("{tag}.sig")] {
            let (from, to) = (format!("{host}/acme/app:{name}"), format!("{host}/acme/copy:{name}"));
            repo.run(&crane, ["copy", "--insecure", &from, &to]).success();
        }
        repo.write("images.toml", repo.read("images.toml").replace("/app:1", "/copy:1"));
        let refused = repo.imagelock(["lock"]).exit(1).stderr;
        assert!(refused.contains("it was made for") && refused.contains("which is another repository"), "{refused}");
        repo.write(
            "images.toml",
            repo.read("images.toml")
                + &format!("[[trust]]\nrepository = \"{host}/acme/*\"\nsigned-as = \"{host}/acme/app\"\n"),
        );
        repo.imagelock(["lock"]).success();

        // Signatures in a repository of their own.
        repo.run(&crane, ["copy", "--insecure", &format!("{host}/acme/app:1"), &format!("{host}/plain/app:1")])
            .success();
        let text = format!(
            "[images.app]\nrepository = \"{host}/plain/app\"\ntag = \"1\"\nverify = {{ key = \"cosign.pub\" }}\ntlog = false\n\
             signatures = \"{host}/acme/app\"\nsigned-as = \"{host}/acme/app\"\n"
        );
        repo.write("images.toml", &text);
        repo.imagelock(["lock"]).success();
        repo.write("images.toml", text.replace("signatures", "# signatures"));
        repo.write("images.lock", "{\n  \"images\": {},\n  \"version\": 1\n}\n");
        assert!(repo.imagelock(["lock"]).exit(1).stderr.contains("is unsigned"));
    }
}

#[test]
fn provenance_counts_and_a_scan_does_not() {
    for generation in GENERATIONS {
        let (program, tool) = need!(generation, "cosign");
        let (_registry, repo, app) = pushed(&program, &tool);
        repo.write("p.json", r#"{"buildDefinition": {"buildType": "x"}, "runDetails": {"builder": {"id": "x"}}}"#);
        let attest = |kind| ["attest", "--predicate", "p.json", "--type", kind];
        cosign(&repo, &tool, &attest("https://example.com/scan"), "cosign", &app);
        let refused = repo.imagelock(["lock"]).exit(1).stderr;
        assert!(refused.contains("`https://example.com/scan` of the image, which counts for nothing"), "{refused}");
        cosign(&repo, &tool, &attest("slsaprovenance1"), "cosign", &app);
        repo.imagelock(["lock"]).success();
        repo.imagelock(["lock", "--locked"]).success();
    }
}

#[test]
fn an_attestation_of_each_platform_that_is_signed_itself_counts() {
    for generation in GENERATIONS {
        let (program, tool, oras) = need!(generation, "cosign", "oras");
        let (registry, repo, app) = pushed(&program, &tool);
        let repository = app.split('@').next().unwrap().to_owned();
        // As Docker Hardened Images do it: a signature of an attestation of a platform, and none of the image.
        let attest = |key: &str, kind: &str| {
            let annotations = json!({ "said.json": { "in-toto.io/predicate-type": kind } });
            repo.write("annotations.json", annotations.to_string());
            repo.write("said.json", json!({ "kind": kind, "by": key }).to_string());
            for platform in ["linux/amd64", "linux/arm64"] {
                let about = format!("{repository}@{}", image().manifest_of(platform).unwrap().digest);
                let attach = ["attach", "--plain-http", "--annotation-file", "annotations.json", "--format", "json"];
                let what = ["--artifact-type", "application/vnd.in-toto+json", &about, "said.json"];
                let attached = repo.run(&oras, attach.iter().chain(&what)).success().stdout;
                let attached: Value = serde_json::from_str(&attached).unwrap();
                let name = format!("{repository}@{}", attached["digest"].as_str().unwrap());
                cosign(&repo, &tool, LEGACY, key, &name);
            }
        };
        attest("other", "https://slsa.dev/provenance/v1");
        attest("cosign", "https://example.com/scan");
        let refused = repo.imagelock(["lock"]).exit(1).stderr;
        assert!(refused.contains("`app` is signed wrongly") && refused.contains("not made with this key"), "{refused}");
        assert!(refused.contains("counts for nothing"), "{refused}");
        attest("cosign", "https://slsa.dev/provenance/v1");
        let told = repo.imagelock(["lock"]).success().stderr;
        assert!(told.contains("Verified app, signed by the key `cosign.pub`"), "{told}");
        assert_eq!(kept(&repo).len(), 2, "one for each platform");
        let before = registry.requests().len();
        repo.imagelock(["lock", "--locked"]).success();
        assert_eq!(found(&repo), Vec::<String>::new());
        assert_eq!(registry.requests().len(), before, "{generation}");
    }
}

#[test]
fn a_tag_that_moves_to_what_is_not_signed_stays_where_it_was() {
    let (program, tool) = need!("registry3", "cosign");
    let registry = RealRegistry::new(&program).start();
    let repo = stage(&tool, registry.host());
    let sign = |image: &Image| {
        let name = format!("{}/acme/app@{}", registry.host(), image.digest());
        cosign(&repo, &tool, &["sign"], "cosign", &name);
    };
    let newer = Image::linux(["amd64", "arm64"]).seed("newer");
    image().push_to(&registry.url(), "acme/app", "1", None).unwrap();
    sign(&image());
    repo.imagelock(["lock"]).success();
    let (lock, files) = (repo.read("images.lock"), kept(&repo));
    newer.push_to(&registry.url(), "acme/app", "1", None).unwrap();
    for arguments in [&["update"][..], &["update", "--dry-run"]] {
        let refused = repo.imagelock(arguments).exit(1).stderr;
        assert!(refused.contains("`app` is unsigned"), "{refused}");
        assert_eq!((repo.read("images.lock"), kept(&repo)), (lock.clone(), files.clone()));
    }
    sign(&newer);
    repo.imagelock(["update"]).success();
    assert_eq!(locked(&repo, "app")["digest"], newer.digest());
    assert_eq!(kept(&repo).len(), 1);
    assert_ne!(kept(&repo), files, "what no lock names goes");
}
