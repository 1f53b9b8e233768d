//! `render --check`, with Helm and without it.

use camino::Utf8Path;
use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, need};

use crate::{ABOUT, POD};

/// A folder with a program called `helm`, which is what the check looks for.
fn folder_of(helm: &Utf8Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(helm, folder.path().join("helm")).unwrap();
    folder
}

/// A locked image, and a chart that runs `image` with the locked digest, mapped by its digest alone.
fn checked_chart(image: &str, programs: &Utf8Path) -> Monorepo {
    let registry = Registry::start().unwrap();
    registry.push("acme/web:1", &Image::linux(["amd64"]));
    let host = registry.host();
    let repo = Monorepo::builder()
        .file(
            "images.toml",
            format!(
                "[images]\nweb = \"{host}/acme/web:1\"\n[[helm]]\nchart = 'chart'\noutput = 'o.yaml'\n\
                 values = {{ image = {{ image = 'web', shape = 'digest' }} }}\n"
            ),
        )
        .file("chart/Chart.yaml", ABOUT)
        .file("chart/values.yaml", "image: {tag: x, digest: ''}\n")
        .file(
            "chart/templates/p.yaml",
            format!("{POD}  - name: a\n    image: {}:1@{{{{ .Values.image.digest }}}}\n", image.replace("HOST", host)),
        )
        .env("PATH", &format!("{programs}:/usr/bin:/bin"))
        .build();
    repo.imagelock(["lock"]).success();
    repo.imagelock(["render"]).success();
    repo
}

#[test]
fn a_chart_that_helm_cannot_be_asked_about_is_skipped_and_said_so() {
    let nothing = tempfile::tempdir().unwrap();
    let repo = checked_chart("HOST/acme/web", Utf8Path::from_path(nothing.path()).unwrap());
    let told = repo.imagelock(["render", "--check"]).success().stderr;
    assert!(told.contains("Skipped chart: helm is not on PATH"), "{told}");
    let json = repo.imagelock(["render", "--check", "--format", "json"]).success().stdout;
    let results: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(results[1]["path"], "chart");
    assert_eq!(results[1]["state"], "skipped");
    let required = repo.imagelock(["render", "--check", "--require-tools"]).exit(1).stderr;
    assert!(required.contains("helm is not on PATH, and `--require-tools` asks for it"), "{required}");
}

#[test]
fn what_helm_renders_is_compared_with_the_repository_of_the_lock() {
    let helm = need!("helm4");
    let programs = folder_of(&helm);
    let programs = Utf8Path::from_path(programs.path()).unwrap();
    let same = checked_chart("HOST/acme/web", programs).imagelock(["render", "--check"]).success().stderr;
    assert!(same.contains("Checked chart with helm template"), "{same}");
    let repo = checked_chart("evil.example/acme/web", programs);
    let other = repo.imagelock(["render", "--check"]).exit(1).stderr;
    assert!(other.contains("its digest is that of `web`, which is another repository"), "{other}");
    let json = repo.imagelock(["render", "--check", "--format", "json"]).exit(1).stdout;
    let results: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&results[0]["state"], &results[1]["state"]), (&"fresh".into(), &"refused".into()));
}

#[test]
fn a_chart_that_is_only_right_behind_the_post_renderer_is_checked_behind_it() {
    let helm = need!("helm4");
    let programs = folder_of(&helm);
    let repo = checked_chart("HOST/acme/web", Utf8Path::from_path(programs.path()).unwrap());
    let pod = repo.read("chart/templates/p.yaml");
    let host = pod.split("image: ").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    repo.write("chart/templates/p.yaml", format!("{pod}  - {{name: b, image: {host}/acme/web:1}}\n"));
    let bare = repo.imagelock(["render", "--check"]).exit(1).stderr;
    assert!(bare.contains("it has no digest") && bare.contains("`post-render = true`"), "{bare}");
    repo.write("images.toml", repo.read("images.toml") + "post-render = true\n");
    let behind = repo.imagelock(["render", "--check"]).success().stderr;
    assert!(behind.contains("behind the post-renderer"), "{behind}");
}

#[test]
fn helm_that_fails_by_what_is_written_says_so() {
    let helm = need!("helm4");
    let programs = folder_of(&helm);
    let repo = checked_chart("HOST/acme/web", Utf8Path::from_path(programs.path()).unwrap());
    let pod = repo.read("chart/templates/p.yaml");
    repo.write(
        "chart/templates/p.yaml",
        format!("{{{{ if .Values.image.digest }}}}{{{{ fail \"no digests\" }}}}{{{{ end }}}}\n{pod}"),
    );
    let told = repo.imagelock(["render", "--check"]).exit(1).stderr;
    assert!(told.contains("it can without `o.yaml`"), "{told}");
}
