//! Charts of several charts: which one a path leads into, whose templates tell its shape, and what is there of it.

use imagelock_adapter::{Adapter as _, MemoryTree};

use super::{DB, body, chart, overlay_of, package};
use crate::Helm;

/// The parent of these charts, with its dependencies.
fn parent(dependencies: &str) -> MemoryTree {
    let about = format!("apiVersion: v2\nname: chart\nversion: 1.0.0\ndependencies:\n{dependencies}");
    chart("", "").file("chart/Chart.yaml", about)
}

/// Adds a chart whose image has a `sha`, written as its template says.
fn sub(tree: MemoryTree, path: &str, about: &str, template: &str) -> MemoryTree {
    tree.file(format!("{path}/Chart.yaml"), about)
        .file(format!("{path}/values.yaml"), "image: {repository: postgres, tag: x, sha: ''}\n")
        .file(format!("{path}/templates/x.yaml"), template)
}

const HEX: &str = "@sha256:{{ .Values.image.sha }}";
const WHOLE: &str = "@{{ .Values.image.sha }}";

#[test]
fn an_adapter_pins_what_charts_write_without_changing_it() {
    assert_eq!(Helm.pins_elsewhere(), ["helm-values", "helm-template", "helm-chart"]);
}

#[test]
fn a_sub_chart_of_a_sub_chart_tells_its_own_shape() {
    let tree = parent("- {name: a, version: 1.0.0}\n");
    let tree = sub(tree, "chart/charts/a", "name: a\nversion: 1.0.0\n", WHOLE);
    // One that nobody declares is part of the release too.
    let tree = sub(tree, "chart/charts/a/charts/b", "name: b\nversion: 1.0.0\n", HEX);
    assert!(body(&tree, "'a.image' = 'db'").contains("shape sha-prefixed"));
    let text = body(&tree, "'a.b.image' = 'db'");
    assert!(text.starts_with("a:\n  b:\n    # db: 16.9-alpine, 12 Nov 2026\n    # shape sha-hex: "), "{text}");
    assert!(text.contains(&format!("\n      sha: \"{}\"\n", &DB["sha256:".len()..])), "{text}");
}

#[test]
fn charts_lie_in_each_other_as_deep_as_they_are_looked_for() {
    let deep = |depth: usize| {
        let about = |level: usize| format!("name: c{level}\nversion: 1.0.0\n");
        let place = |level: usize| (1..=level).map(|level| format!("/charts/c{level}")).collect::<String>();
        let tree = (1..=depth)
            .fold(chart("", ""), |tree, level| sub(tree, &format!("chart{}", place(level)), &about(level), HEX));
        let path = (1..=depth).map(|level| format!("c{level}.")).collect::<String>();
        overlay_of(&tree, &format!("'{path}image' = 'db'"))
    };
    assert!(deep(8).is_ok());
    assert!(deep(9).unwrap_err().starts_with("the chart's values have no image at `c1.c2."));
    // As deep with dependencies that are declared, and with those that lie in the repository.
    let declared = |depth: usize, place: &dyn Fn(usize) -> String, repository: &dyn Fn(usize) -> String| {
        let about = |level: usize| {
            let next = level + 1;
            format!(
                "name: c{level}\nversion: 1.0.0\ndependencies:\n- {{name: c{next}, version: 1.0.0, repository: '{}'}}\n",
                repository(next)
            )
        };
        let tree = (0..=depth).fold(MemoryTree::default(), |tree, level| sub(tree, &place(level), &about(level), HEX));
        let path = (1..=depth).map(|level| format!("c{level}.")).collect::<String>();
        overlay_of(&tree, &format!("'{path}image' = 'db'"))
    };
    let inside =
        |level: usize| format!("chart{}", (1..=level).map(|level| format!("/charts/c{level}")).collect::<String>());
    let beside = |level: usize| if level == 0 { "chart".to_owned() } else { format!("c{level}") };
    for depth in [8, 9] {
        assert_eq!(declared(depth, &inside, &|_| String::new()).is_ok(), depth == 8);
        assert_eq!(declared(depth, &beside, &|level| format!("file://../c{level}")).is_ok(), depth == 8);
    }
}

#[test]
fn of_several_charts_of_one_name_the_version_that_is_asked_for_is_meant() {
    let tree = |wanted: &str| {
        let tree = parent(&format!("- {{name: db, version: '{wanted}'}}\n"));
        let tree = sub(tree, "chart/charts/db-1", "name: db\nversion: 1.2.0\n", HEX);
        let tree = sub(tree, "chart/charts/db-2", "name: db\nversion: 2.0.0\n", WHOLE);
        sub(tree, "chart/charts/db-3", "name: db\nversion: edge\n", "{{ .Values.image.tag }}")
    };
    for (wanted, shape) in [("1.2.0", "sha-hex"), ("^1", "sha-hex"), ("2.x", "sha-prefixed"), (">=2", "sha-prefixed")] {
        assert!(body(&tree(wanted), "'db.image' = 'db'").contains(&format!("shape {shape}")), "{wanted}");
    }
    // A version that is no version is meant by its own text alone, and the first where nothing fits.
    assert!(overlay_of(&tree("edge"), "'db.image' = 'db'").unwrap_err().contains("its templates do not show"));
    assert!(body(&tree("9"), "'db.image' = 'db'").contains("shape sha-hex"));
}

#[test]
fn a_dependency_that_lies_in_the_repository_is_read_before_it_is_built() {
    let of = |repository: &str| {
        let tree = parent(&format!("- {{name: db, alias: store, version: 1.0.0, repository: '{repository}'}}\n"));
        overlay_of(&sub(tree, "shared/db", "name: db\nversion: 1.0.0\n", HEX), "'store.image' = 'db'")
    };
    for repository in ["file://../shared/db", "file://.././shared//db/", "file://../chart/../shared/db"] {
        assert!(of(repository).unwrap().contains("shape sha-hex"), "{repository}");
    }
    for repository in ["file://../shared", "file://../../shared/db", "https://example.com/db", "../shared/db"] {
        assert!(of(repository).unwrap_err().contains("the chart of `store` is not there"), "{repository}");
    }
}

#[test]
fn only_a_library_chart_tells_the_style_of_others() {
    let values = "image: {repository: postgres, tag: x, sha: ''}\n";
    let of = |kind: &str| {
        let tree = chart(values, "{{ include \"lib.image\" .Values.image }}")
            .file("chart/charts/a/Chart.yaml", "name: a\nversion: 1.0.0\n")
            .file("chart/charts/a/charts/lib/Chart.yaml", format!("name: lib\nversion: 1.0.0\ntype: {kind}\n"))
            .file("chart/charts/a/charts/lib/templates/_image.tpl", "{{ .repository }}@sha256:{{ .sha }}");
        overlay_of(&tree, "image = 'db'")
    };
    assert!(of("library").unwrap().contains("shape sha-hex"));
    assert!(of("application").unwrap_err().contains("its templates do not show"));
}

#[test]
fn the_values_of_a_parent_lie_upon_those_of_its_sub_charts() {
    let tree = parent("- {name: db, version: 1.0.0}\n");
    let tree = sub(tree, "chart/charts/db", "name: db\nversion: 1.0.0\n", HEX);
    assert!(!body(&tree, "'db.image' = 'db'").contains("repository"));
    let over = tree.file("chart/values.yaml", "db: {image: {repository: acme/other}}\n");
    assert!(body(&over, "'db.image' = 'db'").contains("repository: \"docker.io/library/postgres\""));
}

#[test]
fn a_package_has_its_chart_below_one_folder_and_its_sub_charts_packaged_or_not() {
    let inner = package(
        "",
        &[
            ("db/Chart.yaml", "name: db\nversion: 1.0.0\n"),
            ("db/values.yaml", "image: {repository: postgres, tag: x, sha: ''}\n"),
            ("db/templates/x.yaml", HEX),
        ],
    );
    let tree = chart("", "").file("chart/charts/db-1.0.0.tgz", inner);
    assert!(body(&tree, "'db.image' = 'db'").contains("shape sha-hex"));
    let whole = package(
        "",
        &[
            ("./web/Chart.yaml", "name: web\nversion: 1.0.0\n"),
            ("./web/README.md", "not read"),
            ("./web/charts/db/Chart.yaml", "name: db\nversion: 1.0.0\n"),
            ("./web/charts/db/values.yaml", "image: {repository: postgres, tag: x, sha: ''}\n"),
            ("./web/charts/db/templates/x.yaml", WHOLE),
            ("./web/charts/README.md", "no chart"),
            ("./web/charts/half/values.yaml", "image: y\n"),
        ],
    );
    let tree = MemoryTree::default().file("vendor/web.tgz", whole);
    let project = "[[helm]]\nchart = 'vendor/web.tgz'\noutput = 'o.yaml'\nvalues = { 'db.image' = 'db' }\n";
    let text = imagelock_edit::testing::only(&Helm, project, &super::lock(), &tree).unwrap();
    assert!(text.contains("shape sha-prefixed"), "{text}");
    let broken = tree.file("vendor/web.tgz", "no package");
    let error = imagelock_edit::testing::only(&Helm, project, &super::lock(), &broken).unwrap_err();
    assert!(error.starts_with("cannot read `vendor/web.tgz`: "), "{error}");
    let error = overlay_of(&chart("", "").file("chart/charts/db.tgz", "no package"), "x = 'db'").unwrap_err();
    assert!(error.starts_with("cannot read `chart`: `charts/db.tgz`: "), "{error}");
}

#[test]
fn a_schema_is_json_and_judges_below_its_own_chart() {
    let schema = r#"{"properties": {"image": {"additionalProperties": false, "properties": {"tag": {}}}}}"#;
    let tree = sub(parent("- {name: db, version: 1.0.0}\n"), "chart/charts/db", "name: db\nversion: 1.0.0\n", HEX);
    assert!(overlay_of(&tree, "'db.image' = 'db'").is_ok());
    let judged = tree.clone().file("chart/charts/db/values.schema.json", schema);
    let error = overlay_of(&judged, "'db.image' = 'db'").unwrap_err();
    assert!(error.contains("refuses `db.image.sha`: the schema knows no key `sha` there"), "{error}");
    let error = overlay_of(&tree.file("chart/values.schema.json", "{"), "'db.image' = 'db'").unwrap_err();
    assert!(error.starts_with("cannot read `chart/values.schema.json`: it is not JSON: "), "{error}");
}
