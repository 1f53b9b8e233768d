//! `[[files]]`: one target for the files of a repository, whatever reads them.

#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, MonorepoBuilder, need};

/// A registry with an image, and a repository that names it; `HOST` stands for the registry.
fn stage(targets: &str, files: &[(&str, &str)]) -> (Registry, Monorepo) {
    let registry = Registry::start().unwrap();
    registry.push("acme/web:1", &Image::linux(["amd64"]));
    let host = registry.host();
    let toml = format!("[images]\nweb = \"{host}/acme/web:1\"\n\n{targets}");
    let with = |repo: MonorepoBuilder, (path, text): &(&str, &str)| repo.file(path, text.replace("HOST", host));
    let repo = files.iter().fold(Monorepo::builder().file("images.toml", toml), with).build();
    repo.imagelock(["lock"]).success();
    (registry, repo)
}

fn is_pinned(repo: &Monorepo, path: &str) -> bool {
    repo.read(path).contains("/acme/web:1@sha256:")
}

#[test]
fn what_scan_leaves_out_is_not_edited() {
    let from = "FROM HOST/acme/web:1\n";
    let left_out = [
        "vendor/Dockerfile",
        "made/Dockerfile",
        "mine/Dockerfile",
        "samples/Dockerfile",
        "other/Dockerfile",
        "ignored/Dockerfile",
        "narrow/Dockerfile",
    ];
    let mut files: Vec<(&str, &str)> = left_out.iter().map(|path| (*path, from)).collect();
    files.extend([
        ("web/Dockerfile", from),
        ("ignored/Dockerfile", "# imagelock: ignore (old on purpose)\nFROM HOST/acme/web:1\n"),
        ("deploy/pod.yaml", "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: HOST/acme/web:1}]}\n"),
        (".gitignore", "made/\n"),
        (".imagelockignore", "mine/\n"),
        ("other/images.toml", "[images]\n"),
    ]);
    let targets = "[[files]]\nedit = [\"**\"]\nexclude = [\"narrow\"]\n\n[scan]\nexclude = [\"samples\"]\n";
    let (_registry, repo) = stage(targets, &files);
    let (project, lock) = (repo.read("images.toml"), repo.read("images.lock"));
    let shown = repo.imagelock(["render"]).success();
    assert!(shown.stderr.contains("Wrote web/Dockerfile"), "{}", shown.stderr);
    assert!(is_pinned(&repo, "web/Dockerfile") && is_pinned(&repo, "deploy/pod.yaml"));
    for path in left_out {
        assert!(!is_pinned(&repo, path), "{path}");
    }
    assert_eq!((repo.read("images.toml"), repo.read("images.lock")), (project, lock));
    let again = repo.imagelock(["render"]).success();
    assert!(again.stderr.contains("Fresh 2 files"), "{}", again.stderr);
    repo.imagelock(["render", "--check"]).success();
    let why = repo.imagelock(["why", "web"]).success();
    assert!(why.stdout.contains("files web/Dockerfile:1:6"), "{}", why.stdout);
}

#[test]
fn a_file_that_another_target_edits_or_writes_is_that_targets() {
    let targets = "[[files]]\nedit = [\"**\"]\nstrict = true\n\n[[dockerfile]]\nedit = \"link/Dockerfile\"\n\n\
                   [[kustomize]]\noutput = \"deploy/kustomization.yaml\"\n";
    let files =
        [("web/Dockerfile", "FROM HOST/acme/web:1\nFROM own:1\n"), ("api/Dockerfile", "FROM HOST/acme/web:1\n")];
    let (_registry, repo) = stage(targets, &files);
    std::os::unix::fs::symlink(repo.path("web"), repo.path("link")).unwrap();
    // The other target is not strict, and its file is not looked at again, whichever targets are asked for.
    let only = repo.imagelock(["render", "--only", "files"]).success();
    assert!(!is_pinned(&repo, "web/Dockerfile") && is_pinned(&repo, "api/Dockerfile"), "{}", only.stderr);
    assert!(!repo.path("deploy").exists());
    repo.imagelock(["render"]).success();
    assert!(is_pinned(&repo, "web/Dockerfile"));
    let written = repo.read("deploy/kustomization.yaml");
    repo.imagelock(["render", "--check"]).success();
    repo.imagelock(["render", "--only", "files"]).success();
    assert_eq!(repo.read("deploy/kustomization.yaml"), written);
}

#[test]
fn what_cannot_be_read_is_a_warning_with_its_place_and_an_error_where_it_is_strict() {
    let files = [("web/Dockerfile", "FROM HOST/acme/web:1\n"), ("bad/Dockerfile", "FROM x\nNOTHING y\n")];
    let (_registry, repo) = stage("[[files]]\nedit = [\"**\"]\n", &files);
    let shown = repo.imagelock(["render"]).success();
    let told = "bad/Dockerfile:2:1: `bad/Dockerfile` cannot be read as a Dockerfile";
    assert!(shown.stderr.contains(told), "{}", shown.stderr);
    assert!(is_pinned(&repo, "web/Dockerfile"));
    assert_eq!(repo.read("bad/Dockerfile"), "FROM x\nNOTHING y\n");
    repo.imagelock(["render", "--check"]).success();
    repo.write("images.toml", repo.read("images.toml") + "strict = true\n");
    let refused = repo.imagelock(["render"]).exit(2);
    assert!(refused.stderr.contains("--> bad/Dockerfile:2:1"), "{}", refused.stderr);
}

#[test]
fn a_chart_that_helm_s_table_has_is_left_to_it() {
    let targets = "[[files]]\nedit = [\"**\"]\nstrict = true\n\n[[helm]]\nchart = \"chart\"\n\
                   output = \"chart/values.images.yaml\"\nvalues = { \"image\" = \"web\" }\n";
    let files = [
        ("chart/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        ("chart/values.yaml", "image: {repository: HOST/acme/web, tag: \"1\"}\n"),
        ("chart/templates/pod.yaml", "image: \"{{ .Values.image.repository }}:{{ .Values.image.tag }}\"\n"),
        ("web/Dockerfile", "FROM HOST/acme/web:1\n"),
    ];
    let (_registry, repo) = stage(targets, &files);
    let values = repo.read("chart/values.yaml");
    repo.imagelock(["render"]).success();
    assert_eq!(repo.read("chart/values.yaml"), values);
    assert!(is_pinned(&repo, "web/Dockerfile") && repo.read("chart/values.images.yaml").contains("@sha256:"));
}

#[test]
fn what_is_written_for_images_in_parts_is_what_the_tools_run() {
    let (helm, kustomize, compose) = (need!("helm4"), need!("kustomize"), need!("docker-compose"));
    let pod = |image: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - {{name: a, image: {image}}}\n"
        )
    };
    let template = pod("\"{{ .Values.image.repository }}:{{ .Values.image.tag }}@{{ .Values.image.digest }}\"");
    let files = [
        ("chart/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        ("chart/values.yaml", "image:\n  repository: HOST/acme/web\n  tag: \"1\"\n  digest: \"\"\n"),
        ("chart/templates/pod.yaml", template.as_str()),
        (
            "k/kustomization.yaml",
            "resources: [pod.yaml]\nimages:\n- name: web\n  newName: HOST/acme/web\n  newTag: \"1\"\n",
        ),
        ("k/pod.yaml", &pod("web:0")),
        ("compose.yaml", "services:\n  web:\n    image: \"${WEB:-HOST/acme/web:1}\"\n"),
    ];
    let targets = "[[files]]\nedit = [\"**\"]\nexclude = [\"k/pod.yaml\"]\nstrict = true\n";
    let (registry, repo) = stage(targets, &files);
    repo.imagelock(["render"]).success();
    let lock: serde_json::Value = serde_json::from_str(&repo.read("images.lock")).unwrap();
    let digest = lock["images"]["web"]["digest"].as_str().unwrap();
    let pinned = format!("image: {}/acme/web:1@{digest}", registry.host());
    for (tool, arguments) in [
        (&helm, &["template", "c", "chart"][..]),
        (&kustomize, &["build", "k"]),
        (&compose, &["-f", "compose.yaml", "config"]),
    ] {
        let shown = repo.run(tool, arguments).success().stdout;
        assert!(shown.replace('"', "").contains(&pinned), "{tool}: {shown}");
    }
}
