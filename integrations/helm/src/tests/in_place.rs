use imagelock_edit::testing;

use super::{DB, WEB, chart, in_place, in_place_of, lock};

#[test]
fn only_the_bytes_of_the_values_change() {
    let values = "# head\nimage: # why\n    repository:   'postgres'   # keep\n    tag: \"15\" # keep\n    digest:\nother: 016 # odd\n";
    let expected = values.replace("\"15\"", "\"16.9-alpine\"").replace("digest:", &format!("digest: \"{DB}\""));
    assert_eq!(in_place(values, "image = 'db'").unwrap(), expected);
}

#[test]
fn a_second_edit_changes_nothing() {
    for values in
        ["image: {repository: postgres, tag: 15, sha: ''}\n", "image:\r\n  repository: postgres\r\n  tag: 15\r\n"]
    {
        let tree = chart(values, "@sha256:{{ .Values.image.sha }}");
        let once = in_place_of(&tree, "image = 'db'").unwrap();
        assert_eq!(in_place_of(&tree.file("chart/values.yaml", once.clone()), "image = 'db'").unwrap(), once);
    }
}

#[test]
fn line_ends_marks_and_a_missing_last_line_end_stay() {
    let values = "\u{feff}---\r\nimage:\r\n  repository: postgres\r\n  tag: 15 # c\r\n  pullPolicy: Always\r\n...\r\n---\r\nx: 1";
    let tree = chart(values, "{{ .Values.image.digest }}");
    let expected = values.replace("tag: 15 # c\r\n", &format!("tag: 16.9-alpine # c\r\n  digest: \"{DB}\"\r\n"));
    assert_eq!(in_place_of(&tree, "image = 'db'").unwrap(), expected);
    let tree = chart("image:\n  repository: postgres\n  tag: x", "{{ .Values.image.digest }}");
    let expected = format!("image:\n  repository: postgres\n  tag: 16.9-alpine\n  digest: \"{DB}\"");
    assert_eq!(in_place_of(&tree, "image = 'db'").unwrap(), expected);
}

#[test]
fn a_version_that_would_be_a_number_gets_quotes() {
    let text = in_place("image: {repository: ghcr.io/acme/web, tag: v1, digest: ''}\n", "image = 'web'").unwrap();
    assert_eq!(text, format!("image: {{repository: ghcr.io/acme/web, tag: \"1.10\", digest: '{WEB}'}}\n"));
}

#[test]
fn a_number_that_reads_like_the_tag_is_made_a_text() {
    let lock = testing::lock(&[("db", "postgres:16", '2')]);
    let project = "[[helm]]\nchart = 'chart'\nin-place = true\nvalues = { image = 'db' }\n";
    let tree = chart("image: {repository: postgres, tag: 16, digest: ''}\n", "");
    let text = testing::only(&crate::Helm, project, &lock, &tree).unwrap();
    assert!(text.contains("tag: \"16\","), "{text}");
}

#[test]
fn keys_are_added_in_every_style() {
    for (values, expected) in [
        ("image: {repository: postgres, tag: x}\n", "image: {repository: postgres, tag: 16.9-alpine, digest: \"D\"}\n"),
        (
            "image: {\n  repository: postgres,\n  tag: x\n}\n",
            "image: {\n  repository: postgres,\n  tag: 16.9-alpine,\n  digest: \"D\"\n}\n",
        ),
        (
            "a:\n- image:\n    repository: postgres\n    tag: x\n  b: 1\n",
            "a:\n- image:\n    repository: postgres\n    tag: 16.9-alpine\n    digest: \"D\"\n  b: 1\n",
        ),
    ] {
        let path = if values.starts_with('a') { "a[0].image" } else { "image" };
        let tree = chart(values, "");
        let wanted = format!("'{path}' = {{ image = 'db', shape = 'digest' }}");
        assert_eq!(in_place_of(&tree, &wanted).unwrap(), expected.replace('D', DB), "{values}");
    }
}

#[test]
fn an_item_of_a_list_is_edited() {
    let values = "sidecars:\n  - name: a\n    image: busybox\n  - {name: b, image: 'postgres:1'}\n";
    let expected = values.replace("'postgres:1'", &format!("'docker.io/library/postgres:16.9-alpine@{DB}'"));
    assert_eq!(in_place(values, "'sidecars[1].image' = 'db'").unwrap(), expected);
    let error = in_place(values, "'sidecars[2].image' = 'db'").unwrap_err();
    assert!(error.contains("no image at `sidecars[2].image`"), "{error}");
}

#[test]
fn what_an_alias_repeats_is_refused_by_its_name() {
    let values = "base: &base\n  repository: postgres\n  tag: x\n  digest: ''\nimage: *base\n";
    let error = in_place(values, "image = 'db'").unwrap_err();
    assert!(error.contains("`*base` stands there, which repeats `&base`"), "{error}");
    assert!(error.contains("chart/values.yaml:5:8"), "{error}");
    let error = in_place(values, "base = 'db'").unwrap_err();
    assert!(error.contains("`&base` is repeated elsewhere as `*base`"), "{error}");
    let scalar = "image: {repository: postgres, tag: &tag x, digest: ''}\nother: *tag\n";
    assert!(in_place(scalar, "image = 'db'").unwrap_err().contains("`&tag` is repeated elsewhere"));
}

#[test]
fn an_anchor_that_nothing_repeats_and_a_merge_key_stay() {
    let values = "d: &d {pullPolicy: Always}\nimage: &i\n  <<: *d\n  repository: postgres\n  tag: &t x\n  digest: ''\n";
    let expected = values.replace("&t x", "&t 16.9-alpine").replace("''", &format!("'{DB}'"));
    assert_eq!(in_place(values, "image = 'db'").unwrap(), expected);
}

#[test]
fn what_cannot_be_edited_says_so() {
    for (values, expected) in [
        ("image: {repository: postgres, tag: x, tag: y, digest: ''}\n", "`tag` is there twice"),
        ("image:\n  repository: postgres\n  tag: |\n    x\n  digest: ''\n", "it is a text of several lines"),
        ("image: {repository: postgres, tag: [x], digest: ''}\n", "it is no text"),
    ] {
        let error = in_place(values, "image = 'db'").unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("chart/values.yaml:"), "{error}");
    }
}

#[test]
fn values_of_a_sub_chart_that_the_parent_does_not_write_want_an_overlay() {
    let tree = chart("x: 1\n", "")
        .file("chart/charts/db/Chart.yaml", "name: db\nversion: 1.0.0\n")
        .file("chart/charts/db/values.yaml", "image: {repository: postgres, tag: x, digest: ''}\n");
    let error = in_place_of(&tree, "'db.image' = 'db'").unwrap_err();
    assert!(error.contains("the file has no `db`") && error.contains("`output = \"…\"`"), "{error}");
}

#[test]
fn values_in_json_stay_json() {
    let json = "{\n  \"image\": {\n    \"repository\": \"postgres\",\n    \"tag\": \"15\"\n  }\n}\n";
    let tree = chart("image: {repository: postgres, tag: x, digest: ''}\n", "").file("env/prod.json", json);
    let project = "[[helm]]\nchart = 'chart'\nedit = 'env/prod.json'\nvalues = { image = 'db' }\n";
    let text = testing::only(&crate::Helm, project, &lock(), &tree).unwrap();
    let expected = json.replace("\"15\"", &format!("\"16.9-alpine\",\n    \"digest\": \"{DB}\""));
    assert_eq!(text, expected);
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
}

#[test]
fn another_values_file_is_edited_by_the_chart_s_shape() {
    let tree = chart("image: {repository: postgres, tag: x, digest: ''}\n", "")
        .file("env/prod.yaml", "replicas: 3\nimage:\n  tag: y\n");
    let project = "[[helm]]\nchart = 'chart'\nedit = 'env/prod.yaml'\nvalues = { image = 'db' }\n";
    let text = testing::only(&crate::Helm, project, &lock(), &tree).unwrap();
    assert_eq!(text, format!("replicas: 3\nimage:\n  tag: 16.9-alpine\n  digest: \"{DB}\"\n"));
}
