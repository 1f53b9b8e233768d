//! Certificates and a log that the test makes: what a registry, a sibling repository and a file come to.

use imagelock_signature::testing::{Hand, Instance, NOON};
use imagelock_testkit::Registry;
use imagelock_tests::{Monorepo, bundle, push_bundles};

use crate::{ISSUER, WORKFLOW, image, kept, locked, push_simple, root_of};

struct Stage {
    registry: Registry,
    repo: Monorepo,
    ours: Instance,
    person: Hand,
    digest: String,
}

/// A registry with an image that somebody with a certificate may sign, and a project that asks for that.
fn stage(verify: &str) -> Stage {
    let (registry, ours) = (Registry::start().unwrap(), Instance::new());
    let digest = registry.push("acme/app:1", &image());
    let (root, table) = root_of(&ours);
    let toml = format!("[images.app]\nrepository = \"{}/acme/app\"\ntag = \"1\"\n{verify}\n\n{table}", registry.host());
    let repo = Monorepo::builder().file("images.toml", toml).file("trust/ours.json", root).build();
    let person = ours.person(WORKFLOW, ISSUER);
    Stage { registry, repo, ours, person, digest }
}

fn by_workflow() -> String {
    let workflow = r"^https://github\\.com/acme/app/\\.github/workflows/[^/]+@refs/heads/main$";
    format!("verify = {{ identity = \"{workflow}\", issuer = \"{ISSUER}\" }}")
}

#[test]
fn a_signature_by_certificate_counts_in_the_old_format_and_in_bundles() {
    for is_bundle in [false, true] {
        let Stage { registry, repo, ours, person, digest } = stage(&by_workflow());
        if is_bundle {
            push_bundles(&registry, "acme/app", &digest, &[bundle(&person, Some((&ours, NOON)), &digest)]);
        } else {
            push_simple(&registry, "acme/app", &person, Some((&ours, NOON)), &digest, &digest);
        }
        let told = repo.imagelock(["lock"]).success().stderr;
        assert!(told.contains(&format!("Verified app, signed by `{WORKFLOW}` of `{ISSUER}`")), "{told}");
        assert_eq!(locked(&repo, "app")["signatures"][0]["issuer"], ISSUER);
        drop(registry);
        repo.imagelock(["lock", "--locked"]).success();
    }
}

#[test]
fn another_identity_another_authority_another_time_and_a_replayed_signature_are_refused() {
    let other = Instance::new();
    // The certificate is for the first day of 2024, whatever day it is when somebody looks.
    let day = 86_400;
    for (what, hand, log, at, about) in [
        ("identity", 0, 0, NOON, None),
        ("authority", 1, 1, NOON, None),
        ("log", 2, 1, NOON, None),
        ("expired", 2, 0, NOON + day, None),
        ("too early", 2, 0, NOON - day, None),
        ("image", 2, 0, NOON, Some(format!("sha256:{}", "1".repeat(64)))),
    ] {
        let Stage { registry, repo, ours, person, digest } = stage(&by_workflow());
        let hands = [ours.person("https://github.com/evil/app", ISSUER), other.person(WORKFLOW, ISSUER), person];
        let logged = Some(([&ours, &other][log], at));
        let about = about.unwrap_or_else(|| digest.clone());
        push_simple(&registry, "acme/app", &hands[hand], logged, &digest, &about);
        push_bundles(&registry, "acme/app", &digest, &[bundle(&hands[hand], logged, &about)]);
        let refused = repo.imagelock(["lock"]).exit(1).stderr;
        assert!(refused.contains("`app` is signed wrongly"), "{what}: {refused}");
        assert!(!repo.path("images.lock").exists() && kept(&repo).is_empty(), "{what}");
        // Both formats are refused, each with its reason.
        let reasons: Vec<&str> = refused.lines().filter(|line| line.contains(": not by ")).collect();
        assert_eq!(reasons.len(), 2, "{what}: {refused}");
        let says = match what {
            "expired" => "CertExpired",
            "too early" => "CertNotValidYet",
            _ => "",
        };
        assert!(reasons.iter().all(|reason| reason.contains(says)), "{what}: {refused}");
    }
}

#[test]
fn rubbish_beside_a_good_signature_hides_nothing_and_too_much_of_it_is_an_error() {
    let Stage { registry, repo, ours, person, digest } = stage(&by_workflow());
    let rubbish = [b"{}".to_vec(), b"\x00\xff".to_vec(), vec![b'['; 50_000], bundle(&Hand::with_key(), None, &digest)];
    let mut all = rubbish.to_vec();
    all.push(bundle(&person, Some((&ours, NOON)), &digest));
    push_bundles(&registry, "acme/app", &digest, &rubbish);
    let refused = repo.imagelock(["lock"]).exit(1).stderr;
    assert!(refused.contains("no signature that is read here"), "{refused}");
    push_bundles(&registry, "acme/app", &digest, &all);
    repo.imagelock(["lock"]).success();
    std::fs::remove_file(repo.path("images.lock")).unwrap();
    let many: Vec<Vec<u8>> = (0..80).map(|number| format!("{{\"x\":{number}}}").into_bytes()).collect();
    push_bundles(&registry, "acme/app", &digest, &many);
    let refused = repo.imagelock(["lock"]).exit(1).stderr;
    assert!(refused.contains("more than 64 signatures of `app`"), "{refused}");
}

#[test]
fn bundles_of_a_file_need_nobody_to_be_asked_for_signatures() {
    let verify = format!("{}\nattestations = \"app.jsonl\"", by_workflow());
    let Stage { registry, repo, ours, person, digest } = stage(&verify);
    assert!(repo.imagelock(["lock"]).exit(2).stderr.contains("cannot read `app.jsonl`: there is no such file"));
    let good = String::from_utf8(bundle(&person, Some((&ours, NOON)), &digest)).unwrap();
    let other = String::from_utf8(bundle(&person, Some((&ours, NOON)), &format!("sha256:{}", "2".repeat(64)))).unwrap();
    repo.write("app.jsonl", format!("{other}\n{good}\n"));
    repo.imagelock(["lock"]).success();
    assert_eq!(registry.log().count("GET", "/referrers/"), 0);
    assert_eq!(repo.read(format!("images.trust/{}", kept(&repo)[0])), good);
    repo.write("app.jsonl", "nothing\n");
    repo.imagelock(["lock", "--locked"]).success();
}

#[test]
fn two_of_three_have_to_sign() {
    let verify =
        "verify = [{ key = \"a.pub\" }, { key = \"b.pub\" }, { key = \"c.pub\" }]\nthreshold = 2\ntlog = false";
    let Stage { registry, repo, digest, .. } = stage(verify);
    let hands = [Hand::with_key(), Hand::with_key(), Hand::with_key()];
    for (hand, name) in hands.iter().zip(["a", "b", "c"]) {
        repo.write(format!("{name}.pub"), hand.pem());
    }
    let [a, _, c] = hands.each_ref().map(|hand| bundle(hand, None, &digest));
    push_bundles(&registry, "acme/app", &digest, std::slice::from_ref(&a));
    let refused = repo.imagelock(["lock"]).exit(1).stderr;
    assert!(
        refused.contains("it has to be signed by 2 of the key `a.pub`, the key `b.pub`, the key `c.pub`"),
        "{refused}"
    );
    push_bundles(&registry, "acme/app", &digest, &[a, c]);
    repo.imagelock(["lock"]).success();
    let lock = locked(&repo, "app");
    assert_eq!((&lock["signatures"][0]["key"], &lock["signatures"][1]["key"]), (&"a.pub".into(), &"c.pub".into()));
    assert_eq!(kept(&repo).len(), 2);
    repo.write("b.pub", hands[0].pem());
    assert!(repo.imagelock(["check"]).exit(2).stderr.contains("`a.pub` and `b.pub` hold the same key"));
}

#[test]
fn an_image_whose_platforms_are_signed_is_signed() {
    let Stage { registry, repo, digest, .. } = stage("verify = { key = \"a.pub\" }\ntlog = false");
    let hand = Hand::with_key();
    repo.write("a.pub", hand.pem());
    let text = repo.read("images.toml");
    repo.write("images.toml", text.replace("verify = {", "verify = \"none\" # {").replace("\ntlog", "\n# tlog"));
    repo.imagelock(["lock"]).success();
    let lock = locked(&repo, "app");
    let platforms: Vec<String> = lock["platforms"]
        .as_object()
        .unwrap()
        .values()
        .map(|platform| platform["digest"].as_str().unwrap().to_owned())
        .collect();
    repo.write("images.toml", text);
    push_simple(&registry, "acme/app", &hand, None, &platforms[0], &platforms[0]);
    assert!(repo.imagelock(["lock"]).exit(1).stderr.contains("is signed wrongly"));
    push_simple(&registry, "acme/app", &hand, None, &platforms[1], &platforms[1]);
    repo.imagelock(["lock"]).success();
    assert_eq!(locked(&repo, "app")["signatures"].as_array().unwrap().len(), 2);
    assert_eq!(locked(&repo, "app")["digest"], digest.as_str());
    repo.imagelock(["lock", "--locked"]).success();
}
