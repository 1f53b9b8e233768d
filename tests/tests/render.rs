//! `render`: what is written, what is refused, and what the example holds.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::io::Write;
use std::process::Stdio;

use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, binary, need};

fn stage(targets: &str) -> (Registry, Monorepo) {
    let registry = Registry::start().unwrap();
    registry.push("acme/web:1", &Image::linux(["amd64"]).created("2026-11-20T06:00:00Z"));
    let toml = format!("[images]\nweb = \"{}/acme/web:1\"\n\n{targets}", registry.host());
    let repo = Monorepo::builder().file("images.toml", toml).build();
    repo.imagelock(["lock"]).success();
    (registry, repo)
}

#[test]
fn a_file_is_written_once_and_checked_without_being_touched() {
    let (_registry, repo) = stage("[[kustomize]]\noutput = \"deploy/kustomization.yaml\"\n");
    let stale = repo.imagelock(["render", "--check"]).exit(1);
    assert!(stale.stdout.contains("+kind: Component"), "{}", stale.stdout);
    assert!(!repo.path("deploy").exists());
    repo.imagelock(["render"]).success();
    let again = repo.imagelock(["render"]).success();
    assert!(again.stderr.contains("Fresh deploy/kustomization.yaml"), "{}", again.stderr);
    repo.imagelock(["render", "--check"]).success();
    let one = repo.imagelock(["render", "--stdout", "deploy/kustomization.yaml"]).success();
    assert_eq!(one.stdout, repo.read("deploy/kustomization.yaml"));
}

#[test]
fn a_file_that_a_person_changed_or_made_is_not_overwritten() {
    let (_registry, repo) = stage("[[kustomize]]\noutput = \"deploy/kustomization.yaml\"\n");
    repo.imagelock(["render"]).success();
    let written = repo.read("deploy/kustomization.yaml");
    for (changed, reason) in [
        (format!("{written}# mine\n"), "was changed by hand since imagelock wrote it"),
        ("kind: Mine\n".to_owned(), "imagelock did not write it"),
    ] {
        repo.write("deploy/kustomization.yaml", &changed);
        let refused = repo.imagelock(["render"]).exit(2);
        assert!(refused.stderr.contains(reason), "{}", refused.stderr);
        assert!(refused.stderr.contains("--> images.toml:5:"), "{}", refused.stderr);
        assert_eq!(repo.read("deploy/kustomization.yaml"), changed);
    }
    repo.imagelock(["render", "--force"]).success();
    assert_eq!(repo.read("deploy/kustomization.yaml"), written);
}

#[test]
fn two_targets_that_write_one_file_are_both_shown() {
    let target = "[[kustomize]]\noutput = \"deploy/kustomization.yaml\"\n";
    let (_registry, repo) = stage(&format!("{target}\n{target}"));
    let refused = repo.imagelock(["render"]).exit(2);
    assert!(refused.stderr.contains("two targets write `deploy/kustomization.yaml`"), "{}", refused.stderr);
    assert!(refused.stderr.contains("first here") && refused.stderr.contains("again here"), "{}", refused.stderr);
}

#[test]
fn outputs_stay_in_the_repository_and_images_are_ones_that_are_declared() {
    let (_registry, repo) = stage("[[kustomize]]\noutput = \"../outside.yaml\"\nimages = [\"wbe\"]\n");
    let refused = repo.imagelock(["render"]).exit(2);
    assert!(refused.stderr.contains("--> images.toml:5:"), "{}", refused.stderr);
    let toml = repo.read("images.toml").replace("../outside.yaml", "inside.yaml");
    repo.write("images.toml", toml);
    let refused = repo.imagelock(["render"]).exit(2);
    assert!(refused.stderr.contains("did you mean `web`?"), "{}", refused.stderr);
}

#[test]
fn another_registry_can_stand_in_what_is_rendered() {
    let (registry, repo) = stage("[[kustomize]]\noutput = \"k/kustomization.yaml\"\n");
    let rewrite = format!("{}=registry.example.com/hub", registry.host());
    repo.imagelock(["render", "--registry", &rewrite]).success();
    let text = repo.read("k/kustomization.yaml");
    assert!(
        text.contains("newName: \"registry.example.com/hub/acme/web\"")
            || text.contains("registry.example.com/hub/acme/web"),
        "{text}"
    );
}

#[test]
fn a_lock_that_does_not_answer_is_not_rendered() {
    let (_registry, repo) = stage("[[kustomize]]\noutput = \"k/kustomization.yaml\"\n");
    std::fs::remove_file(repo.path("images.lock")).unwrap();
    let refused = repo.imagelock(["render"]).exit(1);
    assert!(refused.stderr.contains("run `imagelock lock` first"), "{}", refused.stderr);
}

#[test]
fn manifests_are_pinned_on_their_way_and_unknown_images_refused_when_asked() {
    let (registry, repo) = stage("");
    let host = registry.host();
    let manifests = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n    - name: a\n      image: {host}/acme/web:1 # kept\n    - name: b\n      image: busybox\n"
    );
    let run = |arguments: &[&str]| {
        let mut command = repo.command(binary());
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut run = command.spawn().unwrap();
        run.stdin.take().unwrap().write_all(manifests.as_bytes()).unwrap();
        run.wait_with_output().unwrap()
    };
    let digest = registry.digest_of("acme/web", "1").unwrap();
    let pinned = String::from_utf8(run(&["post-render"]).stdout).unwrap();
    assert_eq!(pinned, manifests.replace("web:1 ", &format!("web:1@{digest} ")));
    let refused = run(&["post-render", "--strict"]);
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("busybox") && said.contains("container b"), "{said}");
}

#[test]
fn helm_has_the_last_word_on_what_a_chart_runs() {
    let helm = need!("helm4");
    let (registry, repo) =
        stage("[[helm]]\nchart = \"chart\"\nvalues = { image = \"web\" }\noutput = \"chart/values.images.yaml\"\n");
    let host = registry.host();
    repo.write("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 0.1.0\n");
    repo.write("chart/values.yaml", format!("image: {host}/acme/web:1\n"));
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n    - name: a\n      image: {{ .Values.image }}\n";
    repo.write("chart/templates/pod.yaml", pod);
    repo.imagelock(["render"]).success();
    let check = |repo: &Monorepo| {
        std::fs::create_dir_all(repo.path("bin")).unwrap();
        drop(std::os::unix::fs::symlink(&helm, repo.path("bin/helm")));
        let mut command = repo.command(binary());
        command.args(["render", "--check"]).env("PATH", format!("{}:/usr/bin:/bin", repo.path("bin")));
        command.output().unwrap()
    };
    let checked = check(&repo);
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success() && said.contains("Checked chart with helm template"), "{said}");

    repo.write("chart/templates/pod.yaml", format!("{pod}    - name: b\n      image: busybox:1\n"));
    let checked = check(&repo);
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert_eq!(checked.status.code(), Some(1), "{said}");
    assert!(said.contains("busybox:1") && said.contains("container b"), "{said}");
}

#[test]
fn the_example_is_what_imagelock_writes() {
    let example = camino::Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/monorepo");
    let repo = Monorepo::builder().build();
    for arguments in [&["lock", "--locked"][..], &["render", "--check"]] {
        let output = repo.command(binary()).args(arguments).current_dir(&example).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
