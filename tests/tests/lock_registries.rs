//! The main job against real registries of both generations, judged by independent tools.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::BTreeMap;

use imagelock_testkit::{Credentials, Image, Registry};
use imagelock_tests::{GENERATIONS, Monorepo, PASSWORD, RealRegistry, USER, need};

fn images() -> Vec<(&'static str, &'static str, Image)> {
    let made = "2026-11-20T06:00:00Z";
    let version = "org.opencontainers.image.version";
    vec![
        ("acme/web", "1.4", Image::linux(["amd64", "arm64"]).seed("web").created(made).label(version, "1.4")),
        ("acme/web", "1.5", Image::linux(["amd64", "arm64"]).seed("web5").created(made).label(version, "1.5")),
        ("acme/one", "latest", Image::linux(["amd64"]).seed("one").created(made)),
        ("acme/docker", "8", Image::linux(["amd64", "arm64"]).seed("docker").created(made).docker()),
        ("acme/attested", "2", Image::linux(["amd64", "arm64"]).seed("attested").created(made).attestations()),
        (
            "deep/er/and/deeper",
            "v1",
            Image::linux(["amd64"]).index().seed("deep").index_annotation("org.opencontainers.image.created", made),
        ),
    ]
}

fn project(host: &str) -> String {
    format!(
        "[images]\none = \"{host}/acme/one\"\nattested = \"{host}/acme/attested:2\"\ndocker = \"{host}/acme/docker:8\"\n\
         deep = \"{host}/deep/er/and/deeper:v1\"\n\n[images.web]\nrepository = \"{host}/acme/web\"\nversion = \"1\"\n\
         platforms = [\"linux/arm64\"]\n"
    )
}

fn locked(repo: &Monorepo, name: &str) -> serde_json::Value {
    let lock: serde_json::Value = serde_json::from_str(&repo.read("images.lock")).unwrap();
    lock["images"][name].clone()
}

#[test]
fn both_generations_give_the_same_lock_and_other_tools_see_the_same_digests() {
    let mut locks = Vec::new();
    for generation in GENERATIONS {
        let (program, crane, skopeo) = need!(generation, "crane", "skopeo");
        let registry = RealRegistry::new(&program).start();
        for (repository, tag, image) in images() {
            image.push_to(&registry.url(), repository, tag, None).unwrap();
        }
        let repo = Monorepo::builder().file("images.toml", project(registry.host())).build();
        repo.imagelock(["lock"]).success();
        repo.imagelock(["verify"]).success();
        for (name, reference) in [
            ("one", "acme/one:latest"),
            ("attested", "acme/attested:2"),
            ("docker", "acme/docker:8"),
            ("deep", "deep/er/and/deeper:v1"),
            ("web", "acme/web:1.5"),
        ] {
            let reference = format!("{}/{reference}", registry.host());
            let image = locked(&repo, name);
            let digest = repo.run(&crane, ["digest", "--insecure", &reference]).success();
            assert_eq!(image["digest"], digest.stdout.trim(), "{name} by crane");
            let inspected = repo.run(
                &skopeo,
                ["inspect", "--tls-verify=false", "--format", "{{.Digest}}", &format!("docker://{reference}")],
            );
            assert_eq!(image["digest"], inspected.success().stdout.trim(), "{name} by skopeo");
            for (platform, locked) in image["platforms"].as_object().unwrap() {
                let digest = repo.run(&crane, ["digest", "--insecure", "--platform", platform, &reference]).success();
                assert_eq!(locked["digest"], digest.stdout.trim(), "{name} {platform} by crane");
            }
        }
        locks.push(repo.read("images.lock").replace(registry.host(), "REGISTRY"));
    }
    assert_eq!(locks[0], locks[1]);
    assert!(!locks[0].contains("unknown/unknown"), "attestations are no platforms");
}

#[test]
fn the_requests_are_as_few_as_promised() {
    for generation in GENERATIONS {
        let registry = RealRegistry::new(&need!(generation)).start();
        for (repository, tag, image) in images() {
            image.push_to(&registry.url(), repository, tag, None).unwrap();
        }
        let host = registry.host();
        let toml = format!("[images]\nweb = \"{host}/acme/web:1.4\"\none = \"{host}/acme/one\"\n");
        let repo = Monorepo::builder().file("images.toml", toml).build();
        let counted = |arguments: &[&str]| {
            let before = registry.requests().len();
            repo.imagelock(arguments).success();
            let requests = registry.requests().split_off(before);
            requests.into_iter().fold(BTreeMap::new(), |mut counts: BTreeMap<String, usize>, request| {
                let kind = if request.path.contains("/blobs/") { "blob" } else { "manifest" };
                *counts.entry(format!("{} {kind}", request.method)).or_default() += 1;
                counts
            })
        };
        let counts = |pairs: &[(&str, usize)]| -> BTreeMap<String, usize> {
            pairs.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
        };
        // One HEAD an image; an index, two manifests and a manifest; three configurations.
        let cold = counts(&[("HEAD manifest", 2), ("GET manifest", 4), ("GET blob", 3)]);
        assert_eq!(counted(&["lock"]), cold, "{generation}: cold");
        assert_eq!(counted(&["lock"]), counts(&[]), "{generation}: nothing changed");
        assert_eq!(counted(&["lock", "--locked"]), counts(&[]), "{generation}: checked");
        assert_eq!(counted(&["update"]), counts(&[("HEAD manifest", 2)]), "{generation}: nothing moved");
        std::fs::remove_file(repo.path("images.lock")).unwrap();
        assert_eq!(counted(&["lock"]), counts(&[("HEAD manifest", 2)]), "{generation}: the cache has the bodies");
    }
}

#[test]
fn a_moved_tag_is_taken_by_update_and_a_deleted_one_is_an_error_that_keeps_the_lock() {
    for generation in GENERATIONS {
        let (program, crane) = need!(generation, "crane");
        let registry = RealRegistry::new(&program).start();
        let host = registry.host();
        let old = Image::linux(["amd64"]).seed("old");
        old.push_to(&registry.url(), "acme/web", "latest", None).unwrap();
        let repo = Monorepo::builder().file("images.toml", format!("[images]\nweb = \"{host}/acme/web\"\n")).build();
        repo.imagelock(["lock"]).success();
        assert_eq!(locked(&repo, "web")["digest"], old.digest());

        let new = Image::linux(["amd64"]).seed("new");
        new.push_to(&registry.url(), "acme/web", "latest", None).unwrap();
        repo.imagelock(["lock"]).success();
        assert_eq!(locked(&repo, "web")["digest"], old.digest(), "{generation}: a pin stays");
        repo.imagelock(["update"]).success();
        assert_eq!(locked(&repo, "web")["digest"], new.digest(), "{generation}: until it is asked for");

        let lock = repo.read("images.lock");
        let reference = format!("{host}/acme/web@{}", new.digest());
        repo.run(&crane, ["delete", "--insecure", &reference]).success();
        let gone = repo.imagelock(["update", "--no-cache"]).exit(3);
        assert!(gone.stderr.contains("no such tag"), "{generation}: {}", gone.stderr);
        assert_eq!(repo.read("images.lock"), lock, "{generation}");
    }
}

#[test]
fn a_registry_with_a_password_is_read_with_the_credentials_of_docker_login() {
    for generation in GENERATIONS {
        let registry = RealRegistry::new(&need!(generation)).basic_auth().start();
        let user = Credentials { user: USER, password: PASSWORD };
        let image = Image::linux(["amd64", "arm64"]);
        image.push_to(&registry.url(), "acme/web", "1", Some(user)).unwrap();
        let host = registry.host();
        let repo = Monorepo::builder().file("images.toml", format!("[images]\nweb = \"{host}/acme/web:1\"\n")).build();

        let refused = repo.imagelock(["lock"]).exit(3);
        assert!(refused.stderr.contains("401 Unauthorized"), "{}", refused.stderr);
        assert!(refused.stderr.contains(&format!("docker login {host}")), "{}", refused.stderr);
        assert!(!repo.path("images.lock").exists());

        let auth = base64(&format!("{USER}:{PASSWORD}"));
        let config = serde_json::json!({ "auths": { host: { "auth": auth } } }).to_string();
        std::fs::create_dir_all(repo.home().join(".docker")).unwrap();
        std::fs::write(repo.home().join(".docker/config.json"), config).unwrap();
        repo.imagelock(["lock"]).success();
        assert_eq!(locked(&repo, "web")["digest"], image.digest(), "{generation}");

        let wrong = serde_json::json!({ "auths": { host: { "auth": base64(&format!("{USER}:wr0ng-secret")) } } });
        std::fs::write(repo.home().join(".docker/config.json"), wrong.to_string()).unwrap();
        let refused = repo.imagelock(["update", "--no-cache"]).exit(3);
        assert!(refused.stderr.contains("~/.docker/config.json"), "{}", refused.stderr);
        assert!(!refused.stderr.contains("wr0ng-secret"), "{}", refused.stderr);
    }
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bytes = [chunk[0], *chunk.get(1).unwrap_or(&0), *chunk.get(2).unwrap_or(&0)];
        let word = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
        for place in 0..4 {
            let digit = (word >> (18 - 6 * place)) & 63;
            encoded.push(if place <= chunk.len() { char::from(DIGITS[digit as usize]) } else { '=' });
        }
    }
    encoded
}

#[test]
fn a_private_authority_is_trusted_where_the_project_says_so() {
    for generation in GENERATIONS {
        let (program, crane) = need!(generation, "crane");
        let registry = RealRegistry::new(&program).tls().start();
        let (host, certificate) = (registry.host(), registry.certificate().unwrap());
        let source = Registry::start().unwrap();
        let image = Image::linux(["amd64", "arm64"]);
        source.push("acme/web:1", &image);
        let toml = format!("[images]\nweb = \"{host}/acme/web:1\"\n");
        let repo = Monorepo::builder().file("images.toml", &toml).file("certs/ca.pem", certificate).build();
        let (from, to) = (format!("{}/acme/web:1", source.host()), format!("{host}/acme/web:1"));
        repo.run(&crane, ["copy", "--insecure", &from, &to]).success();

        repo.imagelock(["lock"]).exit(3);
        repo.write("images.toml", format!("{toml}\n[registries.\"{host}\"]\nca = \"certs/ca.pem\"\n"));
        repo.imagelock(["lock"]).success();
        assert_eq!(locked(&repo, "web")["digest"], image.digest(), "{generation}");
    }
}
