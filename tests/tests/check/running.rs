//! `--running`: what runs, held against the lock and its history.

use imagelock_testkit::{Image, Registry};
use imagelock_tests::Monorepo;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{adopted, digest, registry, rendered};

/// A pod of one container.
fn pod(number: usize, image: &str, id: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": format!("web-{number}"), "namespace": "shop" },
        "spec": { "containers": [{ "name": "web", "image": image }] },
        "status": { "phase": "Running", "containerStatuses": [{ "name": "web", "image": image, "imageID": id }] },
    })
}

fn list(pods: &[Value]) -> String {
    json!({ "apiVersion": "v1", "kind": "List", "items": pods }).to_string()
}

fn locked_digest(repo: &Monorepo, pointer: &str) -> String {
    let lock: Value = serde_json::from_str(&repo.read("images.lock")).unwrap();
    lock.pointer(pointer).unwrap_or_else(|| panic!("{pointer}: {lock:#}")).as_str().unwrap().to_owned()
}

/// A repository in which `web` moved since the first commit, and the digest that it had there.
fn moved() -> Option<(Registry, Monorepo, String)> {
    let registry = registry();
    let repo = rendered(adopted(registry.host(), ""));
    if !repo.git(["init", "--quiet", "--initial-branch", "main"]) {
        return None;
    }
    let commit = || assert!(repo.git(["add", "--all"]) && repo.git(["commit", "--quiet", "--message", "x"]));
    commit();
    let old = locked_digest(&repo, "/images/web/digest");
    registry.push("web:1", &Image::linux(["amd64"]).seed("moved"));
    repo.imagelock(["update", "web"]).success();
    commit();
    repo.write("other.txt", "x");
    commit();
    Some((registry, repo, old))
}

#[test]
fn what_runs_is_locked_or_was_or_is_not() {
    let Some((registry, repo, old)) = moved() else { return };
    let host = registry.host();
    let web = locked_digest(&repo, "/images/web/digest");
    let config = locked_digest(&repo, "/images/db/platforms/linux~1amd64/config");
    let before = registry.log().len();
    let tagged = format!("{host}/web:1");
    let pods = [
        pod(1, &tagged, &format!("{host}/web@{web}")),
        pod(2, &tagged, &format!("docker-pullable://mirror.example/web@{web}")),
        pod(3, &format!("{host}/db:16"), &config),
        pod(4, &format!("{host}/own:1"), &format!("{host}/own@{}", digest('c'))),
    ];
    repo.write("pods.json", list(&pods));
    assert_snapshot!(repo.imagelock(["check", "--running", "pods.json"]), @r"
    exit: 0
    ----- stdout -----
    STATE   IMAGE                  DIGEST               LOCKED  COUNT  WHERE
    built   [REGISTRY]/own:1  sha256:[1]          1      shop/web-4/web
    locked  [REGISTRY]/db:16  sha256:[2]  db      1      shop/web-3/web
    locked  [REGISTRY]/web:1  sha256:[3]  web     2      shop/web-1/web and 1 more
    ----- stderr -----
         Checked pods of Kubernetes: 4 containers of 3 images: 3 locked, 1 built
    ");
    let mut pods = pods.to_vec();
    pods.push(pod(5, &tagged, &format!("{host}/web@{old}")));
    repo.write("pods.json", list(&pods));
    let output = repo.imagelock(["check", "--running", "pods.json"]).exit(1);
    assert!(output.stdout.contains("web, in ") && output.stdout.contains(", 14 Nov 2023"), "{output}");
    assert!(output.stderr.contains("5 containers of 4 images: 3 locked, 1 built, 1 former"), "{output}");
    repo.imagelock(["check", "--running", "pods.json", "--allow-former"]).success();

    pods.push(pod(6, &tagged, &format!("{host}/web@{}", digest('d'))));
    pods.push(pod(7, &tagged, ""));
    repo.write("pods.json", list(&pods));
    let told = repo.imagelock(["check", "--running", "pods.json", "--allow-former", "--format", "json"]).exit(1);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let running = told["running"].as_array().unwrap();
    let states: Vec<_> = running.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["unlocked", "unknown", "former", "built", "locked", "locked"]);
    assert_eq!(running[2]["name"], "web");
    assert_eq!(running[2]["committed"], "2023-11-14T22:13:20Z");
    let commit = running[2]["commit"].as_str().unwrap();
    let first = repo.run("/usr/bin/git".into(), ["rev-parse", "HEAD~2"]).success().stdout;
    assert!(first.starts_with(commit) && commit.len() == 12, "{first} {commit}");
    assert_eq!(running[5]["count"], 2);
    assert_eq!(running[5]["places"], json!(["shop/web-1/web", "shop/web-2/web"]));
    assert_eq!(registry.log().len(), before, "nobody is asked");
}

#[test]
fn a_clone_of_a_part_of_the_history_says_so() {
    let Some((registry, repo, old)) = moved() else { return };
    let origin = format!("file://{}", repo.root());
    assert!(repo.git(["clone", "--quiet", "--depth", "1", &origin, "shallow"]));
    let pods = list(&[pod(1, "x:1", &format!("{}/web@{old}", registry.host()))]);
    repo.write("shallow/pods.json", &pods);
    let output = repo.imagelock(["check", "--project", "shallow", "--running", "shallow/pods.json"]);
    assert!(output.stderr.contains("only a part of the history of images.lock is here"), "{output}");
    let output = output.exit(1);
    assert!(output.stdout.contains("unlocked  x:1"), "{output}");
}

#[test]
fn what_says_nothing_of_what_runs_is_refused() {
    let registry = registry();
    let repo = rendered(adopted(registry.host(), ""));
    let hostile = json!({ "kind": "Evil\u{1b}[31m" }).to_string();
    for text in ["", "[]", "{}", "x", r#"{"kind":"List","items":[]}"#, &hostile, &"[".repeat(100_000)] {
        repo.write("odd.json", text);
        let output = repo.imagelock(["check", "--running", "odd.json"]).exit(2);
        assert!(output.stderr.contains("`kubectl get pods -A -o json`"), "{output}");
        assert!(!output.stderr.contains('\u{1b}'), "{output}");
    }
    repo.write("odd.json", list(&[pod(1, "a\u{1b}[31m|b:1\u{202e}", "")]));
    for format in ["text", "json"] {
        let output = repo.imagelock(["check", "--running", "odd.json", "--format", format]).exit(1);
        assert!(!output.stdout.contains(['\u{1b}', '\u{202e}']), "{output}");
    }
    repo.imagelock(["check", "--running", "absent.json"]).exit(2);
    repo.imagelock(["check", "--running", "odd.json", "--format", "sarif"]).exit(2);
    repo.imagelock(["check", "--allow-former"]).exit(2);
}

#[test]
fn ten_thousand_pods_are_told_as_the_images_that_they_are() {
    let registry = registry();
    let repo = rendered(adopted(registry.host(), ""));
    let web = locked_digest(&repo, "/images/web/digest");
    let pods: Vec<Value> = (0..10_000).map(|number| pod(number, "web:1", &format!("x/web@{web}"))).collect();
    repo.write("pods.json", list(&pods));
    let output = repo.imagelock(["check", "--running", "pods.json"]).success();
    assert_eq!(output.stdout.lines().count(), 2, "{output}");
    assert!(output.stdout.contains("10000  shop/web-0/web and 9999 more"), "{output}");
}
