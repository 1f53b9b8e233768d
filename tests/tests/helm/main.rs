//! Helm 3 and 4 over charts of many shapes: what Kubernetes would run is exactly what the lock says.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod charts;
mod check;

use std::process::Command;

use camino::Utf8Path;
use imagelock_adapter::MemoryTree;
use imagelock_core::Lockfile;
use imagelock_core::source::SourceFile;
use imagelock_edit::testing;
use imagelock_helm::Helm;
use imagelock_helm::testing::{ABOUT, POD, content};
use imagelock_kubernetes::{Finding, post_render, unpinned};
use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, binary, need};

/// A chart: its name, its files, the paths of its images, and what Kubernetes has to run, by the containers' names.
type Chart = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static [&'static str]);

/// Templates begin with a container's name: the head of the pod is put before them.
const CHARTS: &[Chart] = &[
    (
        "string",
        &[("values.yaml", "image: web:1\n"), ("templates/p.yaml", "  - name: a\n    image: {{ .Values.image }}\n")],
        "image = 'web'",
        &["ghcr.io/acme/web:1.10@WEB"],
    ),
    (
        "plain",
        &[
            ("values.yaml", "image:\n  repository: postgres\n  tag: 16\n"),
            (
                "templates/p.yaml",
                "  - name: a\n    image: \"{{ .Values.image.repository }}:{{ .Values.image.tag }}\"\n",
            ),
        ],
        "image = 'db'",
        &["postgres:16.9-alpine@DB"],
    ),
    (
        "bitnami",
        &[
            (
                "values.yaml",
                "image:\n  registry: docker.io\n  repository: library/postgres\n  tag: x\n  digest: \"\"\n",
            ),
            (
                "templates/p.yaml",
                "{{- if ne .Values.image.repository \"library/postgres\" }}{{ fail \"insecure images\" }}{{ end }}\n  - name: a\n    image: {{ .Values.image.registry }}/{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag }}{{ end }}\n",
            ),
        ],
        "image = 'db'",
        &["docker.io/library/postgres@DB"],
    ),
    (
        "use-digest",
        &[
            ("values.yaml", "image:\n  repository: postgres\n  tag: x\n  digest: \"\"\n  useDigest: false\n"),
            (
                "templates/p.yaml",
                "  - name: a\n    image: {{ .Values.image.repository }}:{{ .Values.image.tag }}{{ if .Values.image.useDigest }}@{{ .Values.image.digest }}{{ end }}\n",
            ),
        ],
        "image = 'db'",
        &["postgres:16.9-alpine@DB"],
    ),
    (
        "sha-parent",
        &[
            ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: sub, version: 1.0.0}\n"),
            (
                "values.yaml",
                "image:\n  repository: postgres\n  tag: x\n  sha: \"\"\nsub:\n  image:\n    sha: \"\"\n    tag: y\n",
            ),
            (
                "templates/p.yaml",
                "  - name: a\n    image: {{ .Values.image.repository }}:{{ .Values.image.tag }}@sha256:{{ .Values.image.sha }}\n",
            ),
            ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"),
            ("charts/sub/values.yaml", "image:\n  repository: ghcr.io/acme/web\n  tag: x\n  sha: \"\"\n"),
            (
                "charts/sub/templates/p.yaml",
                "  - name: b\n    image: {{ printf \"%s:%s@%s\" .Values.image.repository .Values.image.tag .Values.image.sha }}\n",
            ),
        ],
        "image = 'db', 'sub.image' = 'web'",
        &["postgres:16.9-alpine@DB", "ghcr.io/acme/web:1.10@WEB"],
    ),
    (
        "traefik",
        &[
            ("values.yaml", "image:\n  registry: docker.io\n  repository: postgres\n  tag: x\n"),
            (
                "values.schema.json",
                r#"{"type": "object", "properties": {"image": {"type": "object", "additionalProperties": false, "properties": {"registry": {"type": "string"}, "repository": {"type": "string"}, "tag": {"type": ["string", "null"]}, "digest": {"type": "string", "pattern": "^sha256:[a-f0-9]{64}$"}}}}}"#,
            ),
            (
                "templates/p.yaml",
                "  - name: a\n    image: {{ .Values.image.registry }}/{{ .Values.image.repository }}{{ with .Values.image.digest }}@{{ . }}{{ else }}:{{ $.Values.image.tag }}{{ end }}\n",
            ),
        ],
        "image = 'db'",
        &["docker.io/postgres@DB"],
    ),
    (
        "nested",
        &[
            (
                "values.yaml",
                "controller:\n  image: {repository: ghcr.io/acme/web, tag: x, digest: ''}\nmetrics:\n  exporter:\n    image: {repository: postgres, tag: x, digest: ''}\n",
            ),
            (
                "templates/p.yaml",
                "{{- range list .Values.controller.image .Values.metrics.exporter.image }}\n  - name: c{{ .tag | len }}\n    image: {{ .repository }}:{{ .tag }}@{{ .digest }}\n{{- end }}\n",
            ),
        ],
        "'controller.image' = 'web', 'metrics.exporter.image' = 'db'",
        &["postgres:16.9-alpine@DB", "ghcr.io/acme/web:1.10@WEB"],
    ),
    (
        "alias",
        &[
            (
                "Chart.yaml",
                "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: sub, alias: store, version: 1.0.0}\n",
            ),
            ("values.yaml", "store:\n  image: {tag: y, digest: ''}\n"),
            ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"),
            ("charts/sub/values.yaml", "image: {repository: postgres, tag: x, digest: ''}\n"),
            (
                "charts/sub/templates/p.yaml",
                "  - name: b\n    image: {{ .Values.image.repository }}@{{ .Values.image.digest }}\n",
            ),
        ],
        "'store.image' = 'db'",
        &["postgres@DB"],
    ),
    (
        "library",
        &[
            ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: lib, version: 1.0.0}\n"),
            ("values.yaml", "image: {repository: postgres, tag: x, digest: ''}\n"),
            ("templates/p.yaml", "  - name: a\n    image: {{ include \"lib.image\" .Values.image }}\n"),
            ("charts/lib/Chart.yaml", "apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n"),
            (
                "charts/lib/templates/_i.tpl",
                "{{ define \"lib.image\" }}{{ .repository }}:{{ .tag }}@sha256:{{ .digest }}{{ end }}\n",
            ),
        ],
        "image = 'db'",
        &["postgres:16.9-alpine@DB"],
    ),
    (
        "list",
        &[
            ("values.yaml", "sidecars:\n- name: a\n  image: postgres:1\n- name: b # keep\n  image: 'web:1'\n"),
            ("templates/p.yaml", "{{ toYaml .Values.sidecars | indent 2 }}\n"),
        ],
        "'sidecars[0].image' = 'db', 'sidecars[1].image' = 'web'",
        &["docker.io/library/postgres:16.9-alpine@DB", "ghcr.io/acme/web:1.10@WEB"],
    ),
    (
        "two-aliases-of-one",
        &[
            (
                "Chart.yaml",
                "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: sub, alias: store, version: 1.0.0}\n- {name: sub, alias: cache, version: 1.0.0}\n",
            ),
            ("values.yaml", "store: {image: {tag: z}}\ncache:\n  image:\n    tag: y\n"),
            ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"),
            ("charts/sub/values.yaml", "image: {repository: postgres, tag: x, digest: ''}\n"),
            (
                "charts/sub/templates/p.yaml",
                "  - name: {{ .Chart.Name }}\n    image: {{ .Values.image.repository }}@{{ .Values.image.digest }}\n",
            ),
        ],
        "'store.image' = 'db', 'cache.image' = 'web'",
        &["ghcr.io/acme/web@WEB", "postgres@DB"],
    ),
    (
        "nested-globals",
        &[
            ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: sub, version: 1.0.0}\n"),
            ("values.yaml", "global:\n  images:\n    db:\n      name: postgres\n      version: x\n      digest: ''\n"),
            ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"),
            (
                "charts/sub/templates/p.yaml",
                "{{- with .Values.global.images.db }}\n  - name: b\n    image: \"{{ .name }}:{{ .version }}@{{ .digest }}\"\n{{- end }}\n",
            ),
        ],
        "'global.images.db' = 'db'",
        &["postgres:16.9-alpine@DB"],
    ),
    (
        "strict-schema-of-a-sub-chart",
        &[
            ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: sub, version: 1.0.0}\n"),
            ("values.yaml", "sub:\n  image:\n    tag: y\n"),
            ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"),
            ("charts/sub/values.yaml", "image: {repository: postgres, tag: x, sha: ''}\n"),
            (
                "charts/sub/values.schema.json",
                r#"{"type": "object", "additionalProperties": false, "properties": {"global": {}, "image": {"type": "object", "additionalProperties": false, "properties": {"repository": {"type": "string"}, "tag": {"type": "string"}, "sha": {"type": "string", "pattern": "^([a-f0-9]{64})?$"}}}}}"#,
            ),
            (
                "charts/sub/templates/p.yaml",
                "  - name: b\n    image: {{ .Values.image.repository }}:{{ .Values.image.tag }}{{ if .Values.image.sha }}@sha256:{{ .Values.image.sha }}{{ end }}\n",
            ),
        ],
        "'sub.image' = 'db'",
        &["postgres:16.9-alpine@DB"],
    ),
    (
        "no-knob",
        &[
            ("values.yaml", "x: 1\n"),
            (
                "templates/p.yaml",
                "  - name: a\n    image: postgres:16.9-alpine\n  - {name: b, image: \"ghcr.io/acme/web:1.10\"}\n",
            ),
        ],
        "",
        &["postgres:16.9-alpine@DB", "ghcr.io/acme/web:1.10@WEB"],
    ),
];

fn lock() -> Lockfile {
    testing::lock(&[("web", "ghcr.io/acme/web:1.10", '1'), ("db", "postgres:16.9-alpine", '2')])
}

fn files(chart: &Chart) -> Vec<(String, String)> {
    let mut files = vec![("web/Chart.yaml".to_owned(), ABOUT.to_owned())];
    files.extend(chart.1.iter().map(|(path, text)| (format!("web/{path}"), content(path, text))));
    files
}

/// Lays the chart out, renders it into values in one way, and returns what Helm makes of it.
fn rendered(helm: &Utf8Path, chart: &Chart, way: &str) -> String {
    let name = chart.0;
    let (mut tree, mut repo) = (MemoryTree::default(), Monorepo::builder());
    for (path, text) in files(chart) {
        (tree, repo) = (tree.file(path.clone(), text.clone()), repo.file(path, text));
    }
    let repo = repo.build();
    let mut arguments = vec!["web"];
    if !chart.2.is_empty() {
        let project = format!("[[helm]]\nchart = 'web'\n{way}\nvalues = {{ {} }}\n", chart.2);
        for output in testing::render(&Helm, &project, &lock(), &tree).unwrap_or_else(|error| panic!("{name}: {error}"))
        {
            repo.write(&output.path, &output.content);
            if output.path != "web/values.yaml" {
                arguments.extend(["-f", "images.yaml"]);
            }
        }
    }
    let run = |command: &[&str]| {
        let output = Command::new(helm).args(command).args(&arguments).current_dir(repo.root()).output().unwrap();
        let told = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
        assert!(output.status.success(), "{name}: {told}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["lint"]);
    run(&["template", "release"])
}

/// The images of the containers in what Helm rendered, in the order of the containers' names.
fn images(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for document in text.split("\n---\n").filter(|document| document.contains("kind: Pod")) {
        let pod: serde_json::Value = serde_saphyr::from_str(document).unwrap();
        for container in pod["spec"]["containers"].as_array().unwrap() {
            let of = |key: &str| container[key].as_str().unwrap().to_owned();
            found.push((of("name"), of("image")));
        }
    }
    found.sort();
    found.into_iter().map(|(_, image)| image).collect()
}

fn every_chart_runs_what_the_lock_says(helm: &Utf8Path) {
    for chart in CHARTS {
        let ways: &[&str] =
            if chart.0 == "list" { &["in-place = true"] } else { &["output = 'images.yaml'", "in-place = true"] };
        for way in ways {
            let text = rendered(helm, chart, way);
            let text = if chart.2.is_empty() { pinned(&text) } else { text };
            assert_eq!(found(&text), Vec::new(), "{} {way}\n{text}", chart.0);
            let expected: Vec<String> = chart.3.iter().map(|image| expanded(image)).collect();
            assert_eq!(images(&text), expected, "{} {way}\n{text}", chart.0);
        }
    }
}

/// `WEB` and `DB` stand for the locked digests.
fn expanded(image: &str) -> String {
    image.replace("WEB", &format!("sha256:{}", "1".repeat(64))).replace("DB", &format!("sha256:{}", "2".repeat(64)))
}

fn found(text: &str) -> Vec<Finding> {
    testing::with_context(&lock(), |context| unpinned(text, context, &[])).unwrap()
}

fn pinned(text: &str) -> String {
    let manifests = SourceFile::new("standard input", text);
    let edited = testing::with_context(&lock(), |context| post_render(&manifests, context, &[])).unwrap();
    assert_eq!(edited.kept, [], "{text}");
    edited.text
}

#[test]
fn what_helm_3_renders_is_what_the_lock_says() {
    every_chart_runs_what_the_lock_says(&need!("helm3"));
}

#[test]
fn what_helm_4_renders_is_what_the_lock_says() {
    every_chart_runs_what_the_lock_says(&need!("helm4"));
}

#[test]
fn a_wrong_shape_is_found_in_what_helm_renders() {
    let helm = need!("helm4");
    let chart: Chart = ("wrong", CHARTS[3].1, "image = { image = 'db', shape = 'digest' }", &[]);
    let findings = found(&rendered(&helm, &chart, "output = 'images.yaml'"));
    assert_eq!(findings.len(), 1);
}

/// A repository with a chart that has no knob, and `imagelock` on the path.
fn without_a_knob() -> (Registry, Monorepo) {
    let registry = Registry::start().unwrap();
    registry.push("acme/web:1", &Image::linux(["amd64"]));
    let host = registry.host();
    let pod = format!("{POD}  - name: a\n    image: {host}/acme/web:1 # kept by nobody\n");
    let repo = Monorepo::builder()
        .file("images.toml", format!("[images]\nweb = \"{host}/acme/web:1\"\n"))
        .file("chart/Chart.yaml", ABOUT)
        .file("chart/templates/p.yaml", pod)
        .file("plugin/plugin.yaml", include_str!("../../../integrations/helm/plugin/plugin.yaml"))
        .env("PATH", &format!("{}:/usr/bin:/bin", binary().parent().unwrap()))
        .build();
    repo.imagelock(["lock"]).success();
    (registry, repo)
}

fn post_rendered(helm: &Utf8Path, post_renderer: &[&str]) {
    let (registry, repo) = without_a_knob();
    if post_renderer == ["imagelock"] {
        repo.run(helm, ["plugin", "install", "plugin"]).success();
    }
    let template = ["template", "web", "chart", "--post-renderer"];
    let run = |more: &[&str]| repo.run(helm, template.iter().chain(post_renderer).chain(more));
    let digest = registry.digest_of("acme/web", "1").unwrap();
    let strict = ["--post-renderer-args", "--strict"];
    for more in [&[][..], &strict] {
        let text = run(more).success().stdout;
        assert!(text.contains(&format!("{}/acme/web:1@{digest}", registry.host())), "{text}");
    }
    let pod = repo.read("chart/templates/p.yaml") + "  - {name: b, image: busybox}\n";
    repo.write("chart/templates/p.yaml", pod);
    let text = run(&[]).success().stdout;
    assert!(text.contains("image: busybox"), "{text}");
    let refused = run(&strict).exit(1);
    assert_eq!(refused.stdout, "");
    assert!(refused.stderr.contains("post"), "{}", refused.stderr);
}

#[test]
fn helm_3_post_renders_with_the_program() {
    post_rendered(&need!("helm3"), &["imagelock", "--post-renderer-args", "post-render"]);
}

#[test]
fn helm_4_post_renders_through_the_plugin() {
    post_rendered(&need!("helm4"), &["imagelock"]);
}
