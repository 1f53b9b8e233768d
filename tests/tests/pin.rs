//! `pin` and `unpin`: places are pinned where they are written, and get their bytes back.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, MonorepoBuilder};
use insta::assert_snapshot;
use serde_json::Value;

fn image(seed: &str) -> Image {
    Image::linux(["amd64"]).seed(seed).created("2026-11-20T06:00:00Z")
}

fn registry() -> Registry {
    let registry = Registry::start().unwrap();
    for reference in ["acme/web:1", "acme/api:2", "library/redis:8"] {
        registry.push(reference, &image(reference));
    }
    registry
}

fn repo(registry: &Registry, files: &[(&str, &str)]) -> Monorepo {
    let builder = Monorepo::builder().file(".git/HEAD", "ref: refs/heads/main\n");
    let add = |builder: MonorepoBuilder, (path, text): &(&str, &str)| {
        builder.file(*path, text.replace("HOST", registry.host()))
    };
    files.iter().fold(builder, add).build()
}

const WEB: (&str, &str) = ("web/Dockerfile", "# The web.\nARG BASE=HOST/acme/web:1\nFROM $BASE\n");
const API: (&str, &str) =
    ("deploy/api.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: \"HOST/acme/api:2\" # api\n");

fn digest(repo: &Monorepo, name: &str) -> String {
    let lock: Value = serde_json::from_str(&repo.read("images.lock")).unwrap();
    lock["images"][name]["digest"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_new_is_declared_locked_and_pinned_in_these_paths_alone() {
    let registry = registry();
    let repo = repo(&registry, &[WEB, API]);
    assert_snapshot!(repo.imagelock(["pin", "web"]), @r#"
    exit: 0
    ----- stderr -----
          Adding web = "[REGISTRY]/acme/web:1" to images.toml
         Locking 1 image
           Added web  1  sha256:[1]  20 Nov 2026  linux/amd64
           Wrote images.lock
           Wrote web/Dockerfile
    warning: no target keeps web/Dockerfile up to date: `[[files]]` with `edit = ["**"]` in images.toml does
    "#);
    let toml = format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host());
    assert_eq!(repo.read("images.toml"), toml);
    let pinned = WEB.1.replace("web:1", &format!("web:1@{}", digest(&repo, "web"))).replace("HOST", registry.host());
    assert_eq!(repo.read(WEB.0), pinned);
    assert_eq!(repo.read(API.0), API.1.replace("HOST", registry.host()));
    registry.log().take();
    assert_snapshot!(repo.imagelock(["pin", "web"]), @r#"
    exit: 0
    ----- stderr -----
           Fresh 1 file, pinned already
    warning: no target keeps web/Dockerfile up to date: `[[files]]` with `edit = ["**"]` in images.toml does
    "#);
    assert_eq!(registry.log().take().len(), 0, "nothing is new, and no registry is asked");
    assert_eq!((repo.read("images.toml"), repo.read(WEB.0)), (toml, pinned));
}

#[test]
fn a_dry_run_is_a_diff_of_all_files_and_writes_none() {
    let registry = registry();
    let repo = repo(&registry, &[WEB]);
    let dry = repo.imagelock(["pin", "--dry-run"]).success();
    for line in [
        "+++ images.toml",
        "+++ images.lock",
        "--- web/Dockerfile",
        &format!("-ARG BASE={}/acme/web:1", registry.host()),
        &format!("+ARG BASE={}/acme/web:1@sha256:", registry.host()),
    ] {
        assert!(dry.stdout.contains(line), "{line}: {}", dry.stdout);
    }
    assert!(!repo.path("images.toml").exists() && !repo.path("images.lock").exists());
    assert_eq!(repo.read(WEB.0), WEB.1.replace("HOST", registry.host()));
}

#[test]
fn with_locked_nothing_new_is_taken_and_no_registry_is_asked() {
    let registry = registry();
    let repo = repo(&registry, &[WEB, API]);
    repo.imagelock(["pin", "web"]).success();
    registry.log().take();
    assert_snapshot!(repo.imagelock(["pin", "--locked"]), @"
    exit: 1
    ----- stderr -----
    error: `--locked` is given, and there is something to declare or to lock
      [REGISTRY]/acme/api:2  is in no lock (deploy/api.yaml:5:12)
       = help: run it without `--locked`, and commit what it writes
    ");
    assert_eq!(repo.read(API.0), API.1.replace("HOST", registry.host()));
    repo.write("other/Dockerfile", format!("FROM {}/acme/web:1\n", registry.host()));
    repo.imagelock(["pin", "--locked", "other"]).success();
    assert_eq!(
        repo.read("other/Dockerfile"),
        format!("FROM {}/acme/web:1@{}\n", registry.host(), digest(&repo, "web"))
    );
    assert_eq!(registry.log().take().len(), 0);
}

#[test]
fn a_file_of_a_target_is_pinned_as_the_target_says_and_one_that_none_reaches_is_told() {
    let registry = registry();
    let toml =
        "[images]\n\n[[kubernetes]]\nedit = \"deploy/*.yaml\"\n\n[[terraform]]\noutput = \"images.auto.tfvars.json\"\n";
    let repo = repo(&registry, &[WEB, API, ("images.toml", toml)]);
    assert_snapshot!(repo.imagelock(["pin"]), @r#"
    exit: 0
    ----- stderr -----
          Adding api = "[REGISTRY]/acme/api:2" to images.toml
          Adding web = "[REGISTRY]/acme/web:1" to images.toml
         Locking 2 images
           Added api  2  sha256:[1]  20 Nov 2026  linux/amd64
           Added web  1  sha256:[2]  20 Nov 2026  linux/amd64
           Wrote images.lock
           Wrote deploy/api.yaml
           Wrote web/Dockerfile
    warning: no target keeps web/Dockerfile up to date: `[[files]]` with `edit = ["**"]` in images.toml does
            Next `imagelock render` writes 1 file of targets
    "#);
    repo.imagelock(["render"]).success();
    repo.imagelock(["render", "--check"]).success();
    let told = repo.imagelock(["pin", "--format", "json"]).success();
    let document: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(document["unreached"], serde_json::json!(["web/Dockerfile"]));
    assert_eq!(document["files"][0]["state"], "fresh");
    assert_eq!(document["written"], false);
}

#[test]
fn an_image_that_cannot_be_locked_leaves_every_file_as_it_was() {
    let registry = registry();
    let absent = ("absent/Dockerfile", "FROM HOST/acme/absent:1\nFROM HOST/acme/web:1\n");
    let repo = repo(&registry, &[WEB, absent]);
    let refused = repo.imagelock(["pin"]).exit(3);
    assert!(refused.stderr.contains("`imagelock pin --skip-failed` leaves out"), "{}", refused.stderr);
    assert!(!repo.path("images.toml").exists() && !repo.path("images.lock").exists());
    assert_eq!(repo.read(WEB.0), WEB.1.replace("HOST", registry.host()));
    repo.imagelock(["pin", "--skip-failed"]).success();
    let pinned = format!("FROM {0}/acme/absent:1\nFROM {0}/acme/web:1@{1}\n", registry.host(), digest(&repo, "web"));
    assert_eq!(repo.read("absent/Dockerfile"), pinned);
}

#[test]
fn a_path_that_is_not_the_project_s_is_refused() {
    let registry = registry();
    let repo =
        repo(&registry, &[WEB, ("images.toml", ""), ("inner/images.toml", ""), ("inner/Dockerfile", "FROM a:1\n")]);
    let inner = repo.imagelock(["pin", "inner/Dockerfile"]).exit(2);
    assert!(inner.stderr.contains("is another project's"), "{}", inner.stderr);
    let outside = repo.imagelock(["pin", "/"]).exit(2);
    assert!(outside.stderr.contains("is not below"), "{}", outside.stderr);
    let absent = repo.imagelock(["pin", "absent"]).exit(2);
    assert!(absent.stderr.contains("cannot read `absent`"), "{}", absent.stderr);
}

#[test]
fn unpin_gives_the_bytes_back_without_a_registry() {
    let registry = registry();
    let repo = repo(&registry, &[WEB, API]);
    repo.imagelock(["pin"]).success();
    let pinned = [repo.read(WEB.0), repo.read(API.0)];
    registry.log().take();
    assert_snapshot!(repo.imagelock(["unpin", "--dry-run", "web"]), @"
    exit: 0
    ----- stdout -----
    --- web/Dockerfile
    +++ web/Dockerfile
    @@ -1,3 +1,3 @@
     # The web.
    -ARG BASE=[REGISTRY]/acme/web:1@sha256:[1]
    +ARG BASE=[REGISTRY]/acme/web:1
     FROM $BASE
    ----- stderr -----
         Dry run nothing is changed
    ");
    assert_eq!([repo.read(WEB.0), repo.read(API.0)], pinned);
    assert_snapshot!(repo.imagelock(["unpin"]), @"
    exit: 0
    ----- stderr -----
           Wrote deploy/api.yaml
           Wrote web/Dockerfile
    ");
    assert_eq!(repo.read(WEB.0), WEB.1.replace("HOST", registry.host()));
    assert_eq!(repo.read(API.0), API.1.replace("HOST", registry.host()));
    assert_eq!(registry.log().take().len(), 0);
    let again = repo.imagelock(["unpin", "--format", "json"]).success();
    let document: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(document["files"], serde_json::json!([]));
    repo.imagelock(["pin", "--locked"]).success();
    assert_eq!([repo.read(WEB.0), repo.read(API.0)], pinned);
}

#[test]
fn a_digest_that_is_not_locked_and_one_without_a_tag_stay() {
    let registry = registry();
    let other = format!("sha256:{}", "0".repeat(64));
    let repo = repo(&registry, &[WEB]);
    repo.imagelock(["pin"]).success();
    let (host, digest) = (registry.host(), digest(&repo, "web"));
    let text =
        format!("FROM {host}/acme/web:1@{other}\nFROM {host}/acme/web@{digest}\nFROM {host}/acme/web:1@{digest}\n");
    repo.write("other/Dockerfile", &text);
    assert_snapshot!(repo.imagelock(["unpin", "other"]), @"
    exit: 0
    ----- stderr -----
    warning: other/Dockerfile:1:6: sha256:[1] stays: what is locked is sha256:[2]
    warning: other/Dockerfile:2:6: `[REGISTRY]/acme/web@sha256:[2]` keeps its digest: it has no tag, and nothing else would say which image it is
           Wrote other/Dockerfile
    ");
    let third = format!("FROM {host}/acme/web:1@{digest}\n");
    assert_eq!(repo.read("other/Dockerfile"), text.replace(&third, &format!("FROM {host}/acme/web:1\n")));
}

#[test]
fn without_a_lock_there_is_nothing_to_take_out() {
    let registry = registry();
    let repo = repo(&registry, &[WEB, ("images.toml", "")]);
    let refused = repo.imagelock(["unpin"]).exit(2);
    assert!(refused.stderr.contains("there is no `images.lock`"), "{}", refused.stderr);
}

#[test]
fn a_digest_that_is_cut_from_a_request_stays_locked_without_a_registry_until_an_update() {
    let registry = registry();
    let repo = repo(&registry, &[WEB]);
    repo.imagelock(["pin"]).success();
    let (host, old) = (registry.host(), digest(&repo, "web"));
    let pinned = format!("[images]\nweb = \"{host}/acme/web:1@{old}\"\n");
    repo.write("images.toml", &pinned);
    repo.imagelock(["lock"]).success();
    registry.push("acme/web:1", &image("moved"));
    registry.log().take();

    repo.write("images.toml", pinned.replace(&format!("@{old}"), ""));
    repo.imagelock(["lock", "--locked"]).exit(1);
    repo.imagelock(["lock"]).success();
    assert_eq!(digest(&repo, "web"), old);
    repo.imagelock(["lock", "--locked"]).success();
    assert_eq!(registry.log().take().len(), 0, "what is locked answers the new request, and no registry is asked");
    repo.imagelock(["update"]).success();
    assert_ne!(digest(&repo, "web"), old);
}

#[test]
fn of_a_digest_that_is_cut_an_update_of_another_image_moves_nothing() {
    let registry = registry();
    let repo = repo(&registry, &[WEB, API]);
    repo.imagelock(["pin"]).success();
    let old = digest(&repo, "web");
    let toml = repo.read("images.toml");
    repo.write("images.toml", toml.replace("acme/web:1", &format!("acme/web:1@{old}")));
    repo.imagelock(["lock"]).success();
    registry.push("acme/web:1", &image("moved"));
    repo.write("images.toml", toml);
    repo.imagelock(["update", "api"]).success();
    assert_eq!(digest(&repo, "web"), old);
}
