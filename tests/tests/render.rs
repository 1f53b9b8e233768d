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
    assert!(again.stderr.contains("Fresh 1 file\n"), "{}", again.stderr);
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
        (written.replace("kind: Component", "kind: Component # mine"), "was changed by hand since imagelock wrote it"),
        ("kind: Mine\n".to_owned(), "imagelock did not write it"),
    ] {
        repo.write("deploy/kustomization.yaml", &changed);
        let refused = repo.imagelock(["render"]).exit(2);
        assert!(refused.stderr.contains(reason), "{}", refused.stderr);
        assert!(refused.stderr.contains("--> images.toml:5:"), "{}", refused.stderr);
        // The second place is the file's own line.
        let line = changed.lines().position(|line| line.contains("ine")).unwrap() + 1;
        assert!(refused.stderr.contains(&format!("deploy/kustomization.yaml:{line}:")), "{}", refused.stderr);
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
fn one_file_behind_two_paths_is_refused_and_so_are_the_files_that_all_comes_from() {
    let target = |output: &str| format!("[[kustomize]]\noutput = \"{output}\"\n");
    let (_registry, repo) = stage(&format!("{}\n{}", target("deploy/k.yaml"), target("link/k.yaml")));
    std::fs::create_dir(repo.path("deploy")).unwrap();
    std::os::unix::fs::symlink(repo.path("deploy"), repo.path("link")).unwrap();
    let refused = repo.imagelock(["render"]).exit(2);
    assert!(refused.stderr.contains("first here") && refused.stderr.contains("again here"), "{}", refused.stderr);
    assert!(!repo.path("deploy/k.yaml").exists());

    for source in ["images.lock", "images.toml"] {
        let (_registry, repo) = stage(&target(source));
        let before = repo.read(source);
        let refused = repo.imagelock(["render", "--force"]).exit(2);
        assert!(refused.stderr.contains("is what targets are rendered from"), "{}", refused.stderr);
        assert_eq!(repo.read(source), before);
    }
}

#[test]
fn a_link_out_of_the_repository_is_not_written_through() {
    let (_registry, repo) = stage("[[kustomize]]\noutput = \"out/k.yaml\"\n");
    std::os::unix::fs::symlink(repo.home(), repo.path("out")).unwrap();
    let refused = repo.imagelock(["render"]).exit(2);
    assert!(refused.stderr.contains("leads out of the repository"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--> images.toml:5:"), "{}", refused.stderr);
    assert!(!repo.home().join("k.yaml").exists());
}

#[test]
fn a_fresh_file_is_not_touched_and_one_adapter_can_be_rendered_alone() {
    let targets = "[[kustomize]]\noutput = \"k.yaml\"\n\n[[carvel]]\noutput = \"c.yaml\"\n";
    let (_registry, repo) = stage(targets);
    let only = repo.imagelock(["render", "--only", "carvel"]).success();
    assert!(only.stderr.contains("Wrote c.yaml") && !repo.path("k.yaml").exists(), "{}", only.stderr);
    let unknown = repo.imagelock(["render", "--only", "kustomise"]).exit(2);
    assert!(unknown.stderr.contains("kustomize"), "{}", unknown.stderr);
    repo.imagelock(["render"]).success();
    let modified = |path| std::fs::metadata(repo.path(path)).unwrap().modified().unwrap();
    let before = (modified("c.yaml"), modified("k.yaml"));
    // A tree that nobody may write to is fine where nothing changes.
    repo.imagelock(["render"]).success();
    assert_eq!((modified("c.yaml"), modified("k.yaml")), before);
    repo.write("c.yaml", repo.read("c.yaml"));
    let one = repo.imagelock(["render", "--stdout", "missing.yaml"]).exit(2);
    assert!(one.stderr.contains("they write c.yaml, k.yaml"), "{}", one.stderr);
}

#[test]
fn a_target_uses_the_images_that_it_writes_and_no_others() {
    let targets = "[[kubernetes]]\nedit = \"pod.yaml\"\n\n[[kustomize]]\noutput = \"k.yaml\"\n\n\
                   [[compose]]\nfile = \"c/compose.yaml\"\noutput = \"c/images.yaml\"\n";
    let (registry, repo) = stage(targets);
    let host = registry.host();
    registry.push("acme/db:1", &Image::linux(["amd64"]).seed("db"));
    repo.write(
        "images.toml",
        repo.read("images.toml").replace("[images]\n", &format!("[images]\ndb = \"{host}/acme/db:1\"\n")),
    );
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n    - {{name: a, image: \"{host}/acme/web:1\"}}\n"
    );
    repo.write("pod.yaml", pod);
    repo.write("c/compose.yaml", format!("include: [more.yaml]\nservices:\n  a:\n    image: {host}/acme/web:1\n"));
    repo.write("c/more.yaml", format!("services: {{b: {{image: \"{host}/acme/web:1\"}}}}\n"));
    repo.imagelock(["lock"]).success();
    for (image, users) in [
        (
            "web",
            "  used by compose c/compose.yaml:4:12\n  used by compose c/more.yaml:1:23\n  \
             used by kubernetes pod.yaml:6:24\n  used by kustomize k.yaml\n",
        ),
        ("db", "  used by kustomize k.yaml\n"),
    ] {
        let why = repo.imagelock(["why", image]).success();
        assert!(why.stdout.ends_with(users), "{}", why.stdout);
    }
    // Nobody's pin is left behind without a word; what imagelock makes is made again.
    let refused = repo.imagelock(["remove", "web"]).exit(2);
    assert!(refused.stderr.contains("`web` is still used\n  compose c/compose.yaml:4:12\n  compose c/more.yaml:1:23\n  kubernetes pod.yaml:6:24\n"), "{}", refused.stderr);
    repo.imagelock(["remove", "db"]).success();
    repo.imagelock(["remove", "web", "--force"]).success();
}

#[test]
fn everything_that_is_not_pinned_is_told_in_one_run() {
    let targets = "[[kubernetes]]\nedit = \"deploy/*.yaml\"\nstrict = true\n\n\
                   [[dockerfile]]\nedit = \"*/Dockerfile\"\nstrict = true\n\n\
                   [[compose]]\nfile = \"compose.yaml\"\noutput = \"c.yaml\"\nstrict = true\n";
    let (_registry, repo) = stage(targets);
    repo.write("compose.yaml", "services:\n  a: {image: redis:7}\n  b: {image: redis:8}\n");
    repo.write("deploy/a.yaml", "kind: Pod\nspec: {{ .Values.spec }}\n");
    repo.write("deploy/b.yaml", "kind: Pod\nspec:\n  image: 'a\n");
    repo.write("deploy/c.yaml", "kind: Pod\nspec:\n  image: redis:7\n");
    repo.write("deploy/d.yaml", "kind: Pod\nspec:\n  image: redis:8\n");
    repo.write("a/Dockerfile", "FROM busybox:1\n");
    let refused = repo.imagelock(["render"]).exit(2);
    let manifests = ["deploy/a.yaml:2:", "deploy/b.yaml:3:", "deploy/c.yaml:3:", "deploy/d.yaml:3:"];
    for place in manifests.into_iter().chain(["a/Dockerfile:1:6", "compose.yaml:2:", "compose.yaml:3:"]) {
        assert!(refused.stderr.contains(place), "{place}\n{}", refused.stderr);
    }
    assert_eq!(refused.stderr.matches("error: ").count(), 6, "{}", refused.stderr);
}

#[test]
fn places_are_ones_that_can_be_opened_from_where_the_person_is() {
    let target = "[[kubernetes]]\nedit = \"deploy/*.yaml\"\n";
    let (registry, repo) = stage(target);
    repo.write("deploy/a.yaml", format!("kind: Pod\nspec:\n  image: {}/acme/web:1\n", registry.host()));
    repo.write("deploy/b.yaml", "kind: Pod\nspec:\n  image: redis:7\n");
    let run = |arguments: &[&str]| {
        let mut command = repo.command(binary());
        let output = command.args(arguments).current_dir(repo.path("deploy")).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let said = run(&["render"]);
    assert!(said.contains("warning: b.yaml:3:10: ") && said.contains("Wrote a.yaml\n"), "{said}");
    let said = run(&["list"]);
    assert!(said.contains("kubernetes a.yaml:3:10\n"), "{said}");
    let said = run(&["why", "web"]);
    assert!(said.contains(" ../images.toml:2:1\n") && said.contains("used by kubernetes a.yaml:3:10\n"), "{said}");
    repo.write("images.toml", repo.read("images.toml") + "strict = true\n");
    let said = run(&["render"]);
    assert!(said.contains("--> b.yaml:3:10\n") && said.contains("::: ../images.toml:4:1\n"), "{said}");
}

#[test]
fn a_tag_that_changes_is_said_with_its_place() {
    let (registry, repo) = stage("[[kubernetes]]\nedit = \"*.yaml\"\n");
    let host = registry.host();
    registry.push("acme/web:1.5", &Image::linux(["amd64"]).seed("1.5"));
    let toml = repo.read("images.toml");
    let rule = format!("[images.web]\nrepository = \"{host}/acme/web\"\nversion = \"1\"\n");
    repo.write("images.toml", toml.replace(&format!("[images]\nweb = \"{host}/acme/web:1\"\n"), &rule));
    repo.write("web.yaml", format!("kind: Pod\nspec:\n  image: {host}/acme/web:1.4\n"));
    repo.imagelock(["lock"]).success();
    let rendered = repo.imagelock(["render"]).success();
    assert!(rendered.stderr.contains("       Moved web  web.yaml:3:10  1.4 -> 1.5\n"), "{}", rendered.stderr);
}

#[test]
fn one_target_that_cannot_be_rendered_keeps_all_from_being_written() {
    let targets = "[[kustomize]]\noutput = \"k.yaml\"\n\n[[helm]]\nchart = \"missing\"\noutput = \"v.yaml\"\nvalues = { image = \"web\" }\n\n[[compose]]\nfile = \"missing.yaml\"\noutput = \"c.yaml\"\n";
    let (_registry, repo) = stage(targets);
    let refused = repo.imagelock(["render"]).exit(2);
    assert!(
        refused.stderr.contains("no chart in `missing`") && refused.stderr.contains("missing.yaml"),
        "{}",
        refused.stderr
    );
    assert!(!repo.path("k.yaml").exists());
}

#[test]
fn templates_of_ones_own_stand_in_for_the_embedded_ones() {
    let (_registry, repo) = stage("[[kustomize]]\noutput = \"k.yaml\"\n");
    let render = ["render", "--templates", "t"];
    for (name, text, says) in [
        ("kustomize.yaml.tera", "x", "there is no template `kustomize.yaml.tera`: the templates are "),
        ("kustomization.yaml.tera", "images: []\n", "the head of `k.yaml` lacks"),
        ("kustomization.yaml.tera", "# {{ seal }}\n{{ image }}\n", "template `kustomization.yaml`: "),
        ("kustomization.yaml.tera", "# {{ seal }}\n{% for %}\n", "template `kustomization.yaml`: "),
    ] {
        drop(std::fs::remove_dir_all(repo.path("t")));
        repo.write(format!("t/{name}"), text);
        let refused = repo.imagelock(render).exit(2);
        assert!(refused.stderr.contains(says), "{}", refused.stderr);
        assert!(!repo.path("k.yaml").exists());
    }
    repo.write(
        "t/kustomization.yaml.tera",
        "# {{ seal }}\nimages: [{% for image in images %}\"{{ image.digest }}\"{% endfor %}]\n",
    );
    repo.imagelock(render).success();
    assert!(repo.read("k.yaml").contains("images: [\"sha256:"), "{}", repo.read("k.yaml"));
    repo.imagelock(["render", "--check"]).exit(1);
    repo.imagelock(["render", "--check", "--templates", "t"]).success();
}

#[test]
fn another_registry_can_stand_in_what_is_rendered() {
    let (registry, repo) = stage("[[kustomize]]\noutput = \"k/kustomization.yaml\"\n");
    let rewrite = format!("{}=registry.example.com/hub", registry.host());
    repo.imagelock(["render", "--registry", &rewrite]).success();
    let text = repo.read("k/kustomization.yaml");
    let digest = registry.digest_of("acme/web", "1").unwrap();
    assert!(
        text.contains(&format!("newName: \"registry.example.com/hub/acme/web\"\n  digest: \"{digest}\"")),
        "{text}"
    );
    // The same, written down.
    let rewritten = format!("\n[registries.\"{}\"]\nrewrite = \"registry.example.com/hub\"\n", registry.host());
    repo.write("images.toml", repo.read("images.toml") + &rewritten);
    repo.imagelock(["render", "--check"]).success();
    repo.imagelock(["lock", "--locked"]).success();
    let wrong = repo.imagelock(["render", "--registry", "docker.io"]).exit(2);
    assert!(wrong.stderr.contains("docker.io=registry.example.com/hub"), "{}", wrong.stderr);
}

#[test]
fn a_lock_that_is_out_of_date_is_not_rendered() {
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

    // What the chart needs beside the pins is named in the table.
    repo.write(
        "chart/templates/pod.yaml",
        format!("{{{{ required \"who\" .Values.who }}}}\n{pod}").replace("{{ required", "# {{ required"),
    );
    let said = String::from_utf8_lossy(&check(&repo).stderr).into_owned();
    assert!(
        said.contains("helm cannot render `chart`") && said.contains("who") && said.contains("check-with"),
        "{said}"
    );
    let toml = repo.read("images.toml");
    repo.write("prod.yaml", "who: me\nimage: overridden\n");
    repo.write("images.toml", toml.clone() + "check-with = [\"prod.yaml\"]\n");
    assert!(check(&repo).status.success());
    repo.write("images.toml", toml + "skip-check = true\n");
    let checked = check(&repo);
    assert!(checked.status.success() && !String::from_utf8_lossy(&checked.stderr).contains("Checked"));
}

#[test]
fn every_tool_agrees_in_the_demo() {
    let (helm, _compose, _tofu, _bazel) = (need!("helm4"), need!("docker-compose"), need!("tofu"), need!("bazel7"));
    let tools = helm.parent().unwrap().parent().unwrap();
    let repo = Monorepo::builder().env("IMAGELOCK_TOOLS", tools.as_str()).build();
    let shown = repo.imagelock(["demo", "--full"]).success();
    for tool in ["helm template", "docker-compose", "terraform", "sh tools/backup.sh", "bazel7 build"] {
        assert!(shown.stderr.contains(&format!("Agrees {tool} ")), "{tool}\n{}", shown.stderr);
    }
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
