use imagelock_adapter::MemoryTree;
use imagelock_core::arbitrary;
use imagelock_edit::testing::{digest, lock, only, render};
use proptest::prelude::*;

use crate::Kubernetes;

const PROJECT: &str = "[[kubernetes]]\nedit = \"deploy/*.yaml\"\n";

fn pinned(manifest: &str) -> Result<String, String> {
    let locked = lock(&[("web", "ghcr.io/acme/web:1.10", 'a'), ("db", "postgres:16.9-alpine", 'b')]);
    only(&Kubernetes, PROJECT, &locked, &MemoryTree::default().file("deploy/a.yaml", manifest))
}

fn pod(containers: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n{containers}")
}

#[test]
fn only_the_bytes_of_references_change() {
    let before = pod(
        "  - name: a # keep\r\n    image:   'postgres:16.9-alpine' # why\r\n  - {name: b, image: ghcr.io/acme/web:1.10}\r\n",
    );
    let after = before
        .replace("postgres:16.9-alpine", &format!("postgres:16.9-alpine@{}", digest('b')))
        .replace("ghcr.io/acme/web:1.10", &format!("ghcr.io/acme/web:1.10@{}", digest('a')));
    assert_eq!(pinned(&before).unwrap(), after);
    assert_eq!(pinned(&after).unwrap(), after);
}

#[test]
fn a_pin_of_before_follows_the_lock() {
    let old = pod(&format!("  - {{name: a, image: \"docker.io/postgres@{}\"}}\n", digest('c')));
    let new = pod(&format!("  - {{name: a, image: \"docker.io/postgres:16.9-alpine@{}\"}}\n", digest('b')));
    assert_eq!(pinned(&old).unwrap(), new);
}

#[test]
fn a_marker_says_which_image_it_is() {
    let after = pinned(&pod("  - name: a\n    image: mirror/pg:9 # imagelock: db\n")).unwrap();
    assert!(
        after.contains(&format!("image: docker.io/library/postgres:16.9-alpine@{} # imagelock: db\n", digest('b')))
    );
    let error = pinned(&pod("  - name: a\n    image: x # imagelock: wbe\n")).unwrap_err();
    assert!(
        error.contains("no image `wbe`") && error.contains("deploy/a.yaml:7:27") && error.contains("`web`"),
        "{error}"
    );
    let error = pinned(&pod("  - name: a\n    image: x # imagelock: web:tag\n")).unwrap_err();
    assert!(error.contains("stands here whole"), "{error}");
}

#[test]
fn what_the_lock_lacks_is_told_and_refused_where_that_is_asked_for() {
    let manifest = pod("  - {name: a, image: redis:7}\n  - {name: b, image: postgres:15}\n");
    let tree = MemoryTree::default().file("deploy/a.yaml", manifest.as_str());
    let locked = lock(&[("db", "postgres:16", 'b')]);
    let outputs = render(&Kubernetes, PROJECT, &locked, &tree).unwrap();
    assert_eq!(String::from_utf8_lossy(&outputs[0].content), manifest);
    let kept: Vec<String> = outputs[0].kept.iter().map(|left| format!("{}: {}", left.at, left.reason)).collect();
    assert_eq!(
        kept,
        [
            "deploy/a.yaml:6:22: Pod p, container a: `redis:7` is not in images.lock",
            "deploy/a.yaml:7:22: Pod p, container b: `postgres:15` is not in images.lock, which has `db` (16)",
        ]
    );
    let error = render(&Kubernetes, &format!("{PROJECT}strict = true\n"), &locked, &tree).unwrap_err();
    assert!(
        error.starts_with(
            "Pod p, container a: `redis:7` is not in images.lock\ndeploy/a.yaml:6:22 \"redis:7\"\ndeploy/a.yaml:7:22"
        ),
        "{error}"
    );
    assert!(error.contains("images.toml:1:1"), "{error}");
}

#[test]
fn a_template_is_refused_with_its_line() {
    for (text, line) in
        [("a: b\n  image: {{ .Values.image }}\n", 2), ("{{- if .x }}\na: b\n{{ end }}\n", 1), ("a: b\nc: [\n", 2)]
    {
        let error = pinned(text).unwrap_err();
        assert!(error.contains("`deploy/a.yaml` cannot be read as YAML") && error.contains("post-render"), "{error}");
        assert!(error.contains(&format!("deploy/a.yaml:{line}:")), "{error}");
    }
    // In quotes it is text.
    assert!(pinned("a: \"{{ x }}\"\n").is_ok());
}

#[test]
fn braces_inside_of_a_text_are_no_template() {
    let rule = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: r}\nspec:\n  description: >-\n    {{ $labels.instance }} is down\n";
    let data = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  t: |\n    {{ define \"slack.title\" }}\n    image: {{ x }}\n";
    for text in [rule, data] {
        assert_eq!(pinned(text).unwrap(), text);
    }
}

#[test]
fn a_marker_is_about_one_image() {
    let at = |text: &str| pinned(&pod(text));
    let above = at("  - name: a\n    # imagelock: db\n    image: mirror/pg:9\n").unwrap();
    assert!(above.contains(&format!("image: docker.io/library/postgres:16.9-alpine@{}\n", digest('b'))), "{above}");
    for (text, says) in [
        ("  - {a: {image: x:1}, b: {image: y:2}} # imagelock: web\n", "the marker of `web` stands at several places"),
        (
            "  - name: a # imagelock: web\n    image: x:1\n",
            "the marker of `web` stands at no reference\ndeploy/a.yaml:6:26",
        ),
        ("  # imagelock: web\n\n  - image: x:1\n", "the marker of `web` stands at no reference"),
        ("  # imagelock: web\n  - image: x:1 # imagelock: db\n", "two markers are about one place"),
        ("  - image: x:1\n# imagelock: web", "the marker of `web` stands at no reference"),
    ] {
        let error = at(text).unwrap_err();
        assert!(error.contains(says), "{text}: {error}");
    }
    // In a text it is text, and what is commented out is so with its marker.
    for text in
        ["  - {image: x:1, args: \"# imagelock: web\"}\n", "  # - image: x:1 # imagelock: web\n  - image: y:1\n"]
    {
        assert_eq!(at(text).unwrap(), pod(text));
    }
}

#[test]
fn images_of_custom_resources_are_named_by_their_paths() {
    let manifest = "apiVersion: x/v1\nkind: Prometheus\nmetadata: {name: p}\nspec:\n  baseImage: postgres:latest\n";
    let project = format!("{PROJECT}paths = [\"Prometheus:spec.baseImage\"]\n");
    let tree = MemoryTree::default().file("deploy/a.yaml", manifest);
    let after = only(&Kubernetes, &project, &lock(&[("db", "postgres:latest", 'b')]), &tree).unwrap();
    assert!(after.contains(&format!("baseImage: postgres:latest@{}\n", digest('b'))), "{after}");
}

#[test]
fn mistakes_in_the_table_show_their_place() {
    let wrong = |table: &str| {
        only(&Kubernetes, &format!("[[kubernetes]]\n{table}"), &lock(&[]), &MemoryTree::default()).unwrap_err()
    };
    assert!(wrong("").contains("needs `edit`\nimages.toml:1:1"), "{}", wrong(""));
    assert!(wrong("edit = \"../a.yaml\"\n").contains("inside the repository\nimages.toml:2:9"));
    assert!(wrong("edit = \"a.yaml\"\noutput = \"b\"\n").contains("pinned in place"));
    assert!(wrong("edit = [\"a.yaml\"]\n").contains("no file is named by `a.yaml`"));
    assert!(wrong("edit = [\"a.yaml\"]\npaths = [\"a..b\"]\n").contains("images.toml:3:"));
}

proptest! {
    #[test]
    fn what_was_pinned_is_read_back_by_another_parser(
        image in arbitrary::locked_image(),
        quote in prop_oneof![Just(""), Just("'"), Just("\"")],
        comment in "( +# [ -~]{0,20})?",
    ) {
        let Some(repository) = image.repository().cloned() else { return Ok(()) };
        let expected = image.clone();
        let locked = imagelock_core::Lockfile { images: [("x".parse().unwrap(), image)].into(), ..Default::default() };
        prop_assume!(!comment.contains("imagelock:"));
        // Brackets need quotes.
        let quote = if repository.to_string().starts_with('[') && quote.is_empty() { "\"" } else { quote };
        let manifest = pod(&format!("  - name: a\n    image: {quote}{repository}@{}{quote}{comment}\n", digest('f')));
        let tree = MemoryTree::default().file("deploy/a.yaml", manifest.as_str());
        let text = only(&Kubernetes, PROJECT, &locked, &tree).map_err(TestCaseError::fail)?;
        let read: Read = serde_saphyr::from_str(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let tag = expected.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        prop_assert_eq!(&read.spec.containers[0].image, &format!("{repository}{tag}@{}", expected.digest));
        prop_assert_eq!(text.lines().count(), manifest.lines().count());
    }

    #[test]
    fn no_text_stops_it(text in "[ \\n\\t:{}\\[\\]&*'\"|>#a-c0-9@!%-]{0,80}") {
        drop(pinned(&format!("{}{text}", pod("  - {name: a, image: postgres}\n"))));
    }
}

#[derive(serde::Deserialize)]
struct Read {
    spec: Spec,
}

#[derive(serde::Deserialize)]
struct Spec {
    containers: Vec<Container>,
}

#[derive(serde::Deserialize)]
struct Container {
    image: String,
}
