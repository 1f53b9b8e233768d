//! What is kept beside the lock proves it for ever, and nothing else does.

use std::process::Stdio;

use imagelock_signature::testing::Hand;
use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, binary, bundle, push_bundles};
use serde_json::Value;

use crate::{found, image, kept, locked};

struct Stage {
    registry: Registry,
    repo: Monorepo,
    other: Hand,
    digest: String,
}

/// A project with a signed image that is locked.
fn stage() -> Stage {
    let registry = Registry::start().unwrap();
    let digest = registry.push("acme/app:1", &image());
    let (hand, other) = (Hand::with_key(), Hand::with_key());
    push_bundles(&registry, "acme/app", &digest, &[bundle(&hand, None, &digest), bundle(&other, None, &digest)]);
    let toml = format!(
        "[images.app]\nrepository = \"{}/acme/app\"\ntag = \"1\"\nverify = {{ key = \"a.pub\" }}\ntlog = false\n",
        registry.host()
    );
    let repo = Monorepo::builder()
        .file("images.toml", toml)
        .file("a.pub", hand.pem())
        .file("b.pub", other.pem())
        .file("app.txt", "")
        .build();
    repo.imagelock(["lock"]).success();
    Stage { registry, repo, other, digest }
}

#[test]
fn many_runs_at_once_keep_one_file_and_ask_as_one() {
    let Stage { registry, repo, .. } = stage();
    let (files, lock) = (kept(&repo), repo.read("images.lock"));
    let asked = registry.log().take().len();
    std::fs::remove_dir_all(repo.path("images.trust")).unwrap();
    std::fs::remove_file(repo.path("images.lock")).unwrap();
    let start = || {
        let mut command = repo.command(binary());
        command.args(["lock", "--no-cache"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let runs: Vec<_> = (0..16).map(|_| start()).collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!((kept(&repo), repo.read("images.lock")), (files, lock));
    assert_eq!(registry.log().len(), asked, "{:?}", registry.log().lines());
}

#[test]
fn a_file_that_a_run_left_when_it_was_killed_goes_with_the_next() {
    let Stage { registry: _registry, repo, .. } = stage();
    let (files, left) = (kept(&repo), format!("images.trust/sha256-{}.json", "1".repeat(64)));
    for arguments in [["lock"], ["update"]] {
        repo.write(&left, "{}");
        repo.imagelock(arguments).success();
        assert_eq!(kept(&repo), files, "{arguments:?}");
    }
    repo.write(&left, "{}");
    repo.imagelock(["lock", "--locked"]).success();
    assert!(repo.path(&left).exists(), "a check writes nothing");
}

#[test]
fn a_file_that_is_gone_or_changed_is_found_and_fetched_again() {
    let Stage { registry: _registry, repo, .. } = stage();
    let (name, lock) = (kept(&repo)[0].clone(), repo.read("images.lock"));
    let file = format!("images.trust/{name}");
    let good = repo.read(&file);
    assert_eq!(found(&repo), Vec::<String>::new());
    for bad in [None, Some(good.replace("sig", "sag")), Some(format!("{good}\n")), Some(String::new())] {
        match &bad {
            Some(text) => repo.write(&file, text),
            None => std::fs::remove_file(repo.path(&file)).unwrap(),
        }
        let message = format!("`app` is locked with a signature that is not there as it was: `{file}`");
        assert_eq!(found(&repo), std::slice::from_ref(&message), "{bad:?}");
        let refused = repo.imagelock(["lock", "--locked"]).exit(1).stderr;
        assert!(refused.contains(&message), "{refused}");
        repo.imagelock(["lock"]).success();
        assert_eq!((repo.read(&file), repo.read("images.lock")), (good.clone(), lock.clone()));
    }
}

#[test]
fn a_policy_that_changes_is_asked_about_again_and_one_that_ends_leaves_nothing() {
    let Stage { registry, repo, .. } = stage();
    let text = repo.read("images.toml");
    let first = kept(&repo);
    repo.write("images.toml", text.replace("a.pub", "b.pub"));
    assert_eq!(found(&repo).len(), 1);
    repo.imagelock(["lock", "--locked"]).exit(1);
    repo.imagelock(["lock"]).success();
    assert_eq!(locked(&repo, "app")["signatures"][0]["key"], "b.pub");
    assert_eq!((kept(&repo).len(), kept(&repo) == first), (1, false));

    // Without the log being waived, a key alone is not enough, and nothing passes for want of a root.
    repo.write("images.toml", text.replace("tlog = false\n", ""));
    for arguments in [&["lock"][..], &["lock", "--locked"], &["check"]] {
        let refused = repo.imagelock(arguments).exit(2).stderr;
        assert!(refused.contains("`app` cannot be verified: it takes a trust root"), "{refused}");
    }
    repo.write("images.toml", text.replace("{ key = \"a.pub\" }\ntlog = false", "\"none\""));
    assert_eq!(found(&repo), ["`app` is locked with signatures that nobody asks for"]);
    let before = registry.log().len();
    repo.imagelock(["lock"]).success();
    assert_eq!((registry.log().len(), locked(&repo, "app")["signatures"].clone()), (before, Value::Null));
    assert!(kept(&repo).is_empty());
}

#[test]
fn a_lock_that_names_another_signature_than_the_policy_is_found() {
    let Stage { registry: _registry, repo, other, digest } = stage();
    let name = kept(&repo)[0].clone();
    let hex = name.trim_start_matches("sha256-").trim_end_matches(".json");
    let theirs = bundle(&other, None, &digest);
    let their_hex = imagelock_core::Digest::sha256(&theirs).hex().to_owned();
    repo.write(format!("images.trust/sha256-{their_hex}.json"), &theirs);
    repo.write("images.lock", repo.read("images.lock").replace(hex, &their_hex));
    let told = found(&repo);
    assert!(told[0].starts_with("`app` is signed wrongly") && told[0].contains("not made with this key"), "{told:?}");
    // A key that was exchanged for another is one, too.
    repo.write("a.pub", other.pem());
    assert_eq!(found(&repo), Vec::<String>::new());
}

#[test]
fn a_merge_keeps_what_both_sides_have_signed() {
    let Stage { registry, repo, .. } = stage();
    let hand = Hand::with_key();
    let digest = registry.push("acme/web:1", &Image::linux(["amd64"]).seed("web"));
    push_bundles(&registry, "acme/web", &digest, &[bundle(&hand, None, &digest)]);
    repo.write("web.pub", hand.pem());
    let ours = repo.read("images.lock");
    repo.write("images.toml", repo.read("images.toml") + &format!(
        "[images.web]\nrepository = \"{}/acme/web\"\ntag = \"1\"\nverify = {{ key = \"web.pub\" }}\ntlog = false\n",
        registry.host()
    ));
    repo.imagelock(["lock"]).success();
    let both = repo.read("images.lock");
    repo.write("images.lock", format!("<<<<<<< ours\n{ours}=======\n{both}>>>>>>> theirs\n"));
    repo.imagelock(["lock"]).success();
    assert_eq!((repo.read("images.lock"), kept(&repo).len()), (both, 2));
    repo.imagelock(["remove", "web"]).success();
    assert_eq!((repo.read("images.lock"), kept(&repo).len()), (ours, 1));
}

#[test]
fn inspect_and_outdated_tell_by_what_is_kept_who_has_signed_what_is_locked() {
    let Stage { registry, repo, .. } = stage();
    registry.push("acme/app:1", &Image::linux(["amd64", "arm64"]).seed("newer"));
    let document = |command: &[&str]| -> Value {
        let output = repo.imagelock([command, &["--format", "json"]].concat()).success();
        serde_json::from_str(&output.stdout).unwrap()
    };
    // The newer image is not signed, so that `outdated` could not take it: what is locked is told all the same.
    let check = |word: &str, note: &str| {
        let inspected = document(&["inspect", "app"]);
        assert_eq!((&inspected["signature"], &inspected["signatureNote"]), (&word.into(), &note.into()));
        let text = repo.imagelock(["inspect", "app"]).success().stdout;
        assert!(text.contains(&format!("\n  signature          {note}\n")), "{text}");
        registry.log().take();
        let row = &document(&["outdated"])["outdated"][0];
        assert_eq!((&row["signature"], &row["signatureNote"]), (&word.into(), &note.into()));
        let told = repo.imagelock(["outdated"]).success();
        assert!(told.stderr.contains(&format!("Signature app  {note}\n")), "{told}");
        let list = repo.imagelock(["outdated", "--format", "markdown"]).success().stdout;
        assert!(list.contains("\n- `app`: "), "{list}");
        let is_for_signatures = |line: &String| line.contains("/referrers/") || line.contains("/sha256-");
        let asked = registry.log().lines();
        assert!(!asked.is_empty() && !asked.iter().any(is_for_signatures), "{asked:?}");
    };
    check("signed", "signed by the key `a.pub`");
    let file = format!("images.trust/{}", kept(&repo)[0]);
    std::fs::remove_file(repo.path(&file)).unwrap();
    check("wrong", &format!("is locked with a signature that is not there as it was: `{file}`"));
    let reference = format!("{}/acme/app:1", registry.host());
    assert_eq!(document(&["inspect", &reference])["signature"], Value::Null);
    repo.write("images.toml", repo.read("images.toml").replace("verify =", "# verify =").replace("\ntlog", "\n# tlog"));
    check("wrong", "is locked with signatures that nobody asks for");
}

#[test]
fn verify_tells_how_far_each_image_is_signed() {
    let Stage { registry, repo, .. } = stage();
    let said = r#"{"buildType": "x", "builder": {"id": "x"}, "materials": []}"#;
    let built = Image::linux(["amd64"]).seed("built").index().statement("https://slsa.dev/provenance/v0.2", said);
    registry.push("acme/built:1", &built);
    registry.push("acme/plain:1", &Image::linux(["amd64"]).seed("plain"));
    let host = registry.host();
    let more = format!("[images]\nbuilt = \"{host}/acme/built:1\"\nplain = \"{host}/acme/plain:1\"\n");
    let free = repo
        .read("images.toml")
        .replace("images.app", "images.free")
        .replace("verify = { key = \"a.pub\" }\ntlog = false\n", "");
    repo.write("images.toml", more + &repo.read("images.toml") + &free);
    repo.imagelock(["lock"]).success();
    let output = repo.imagelock(["verify", "--signatures", "--format", "json"]).success();
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    let grade = |name: &str| {
        let one = document.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
        (
            one["ok"].clone(),
            one["signature"].as_str().unwrap().to_owned(),
            one["signatureNote"].as_str().unwrap().to_owned(),
        )
    };
    let of = |word: &str, note: &str| (Value::Bool(true), word.to_owned(), note.to_owned());
    assert_eq!(grade("app"), of("signed", "signed by the key `a.pub`"));
    assert_eq!(grade("built"), of("provenance", "provenance with this digest as subject, unsigned"));
    assert_eq!(grade("free"), of("unasked", "has 2 signatures that no policy asks for"));
    assert_eq!(grade("plain"), of("unsigned", "unsigned"));
    let text = repo.imagelock(["verify", "--signatures"]).success();
    assert!(text.stdout.contains("app    signed by the key `a.pub`\n"), "{text}");
    repo.imagelock(["verify", "--bytes"]).success();

    // What is kept does not count for another key, and neither does what the registry has.
    repo.write("a.pub", Hand::with_key().pem());
    let refused = repo.imagelock(["verify"]).exit(1).stderr;
    assert!(refused.contains("`app` is signed wrongly") && refused.contains("not made with this key"), "{refused}");
    let output = repo.imagelock(["verify", "app", "--format", "json"]).exit(1);
    assert!(output.stdout.contains(r#""signature": "wrong""#), "{output}");
}
