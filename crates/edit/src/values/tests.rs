use imagelock_yaml::ValuePath;
use proptest::prelude::*;

use super::*;

fn value(path: &str, value: Value) -> SetValue {
    SetValue { path: path.parse::<ValuePath>().unwrap().steps().to_vec(), value }
}

fn set(text: &str, values: &[(&str, &str)]) -> Result<String, String> {
    let values: Vec<SetValue> = values.iter().map(|(path, text)| value(path, Value::text(*text))).collect();
    set_values(text, &values).map_err(|error| error.reason)
}

const TAG_AND_DIGEST: &[(&str, &str)] = &[("image.tag", "1.10"), ("image.digest", "sha256:d")];

#[test]
fn values_in_json_stay_json() {
    for (before, after) in [
        (
            "{\n  \"image\": {\n    \"repository\": \"r\",\n    \"tag\": \"1.9\"\n  }\n}\n",
            "{\n  \"image\": {\n    \"repository\": \"r\",\n    \"tag\": \"1.10\",\n    \"digest\": \"sha256:d\"\n  }\n}\n",
        ),
        (
            "{\r\n\t\"image\": {\r\n\t\t\"tag\" : \"1.9\",\r\n\t\t\"repository\" : \"r\"\r\n\t}\r\n}",
            "{\r\n\t\"image\": {\r\n\t\t\"tag\" : \"1.10\",\r\n\t\t\"digest\" : \"sha256:d\",\r\n\t\t\"repository\" : \"r\"\r\n\t}\r\n}",
        ),
        (
            "\u{feff}{\"image\":{\"repository\":\"r\",\"tag\":1.9}}",
            "\u{feff}{\"image\":{\"repository\":\"r\",\"tag\":\"1.10\", \"digest\":\"sha256:d\"}}",
        ),
        ("{\"image\": {}}", "{\"image\": {\"tag\": \"1.10\", \"digest\": \"sha256:d\"}}"),
        (
            "{\"image\": {\n  }, \"x\": [1, {\"y\": null}]}",
            "{\"image\": {\"tag\": \"1.10\", \"digest\": \"sha256:d\"\n  }, \"x\": [1, {\"y\": null}]}",
        ),
        ("{\"image\": {\"tag\": null}}", "{\"image\": {\"tag\": \"1.10\", \"digest\": \"sha256:d\"}}"),
    ] {
        assert_eq!(set(before, TAG_AND_DIGEST).as_deref(), Ok(after), "{before}");
        assert!(serde_json::from_str::<serde_json::Value>(after.trim_start_matches('\u{feff}')).is_ok());
        assert_eq!(set(after, TAG_AND_DIGEST).as_deref(), Ok(after), "a second time");
    }
    // A word without quotes would be text in YAML, and nothing in JSON.
    assert_eq!(
        set("{\"image\": {\"tag\": 1}}", &[("image.tag", "v1")]).as_deref(),
        Ok("{\"image\": {\"tag\": \"v1\"}}")
    );
    let flag = [value("image.useDigest", Value::flag(true))];
    assert_eq!(
        set_values("{\"image\":{\"tag\":\"1\"}}", &flag).unwrap(),
        "{\"image\":{\"tag\":\"1\", \"useDigest\":true}}"
    );
}

#[test]
fn braces_in_yaml_are_written_as_their_siblings_are() {
    for (before, after) in [
        ("image: {tag: x}\n", "image: {tag: \"1.10\", digest: \"sha256:d\"}\n"),
        ("image: {'tag': x}\n", "image: {'tag': \"1.10\", \"digest\": \"sha256:d\"}\n"),
        ("image: {\n  tag: x, # c\n}\n", "image: {\n  tag: \"1.10\", digest: \"sha256:d\", # c\n}\n"),
        ("image: {\n  tag: x,\n}\n", "image: {\n  tag: \"1.10\",\n  digest: \"sha256:d\",\n}\n"),
        ("image: {\n  a: b, tag: x\n}\n", "image: {\n  a: b, tag: \"1.10\", digest: \"sha256:d\"\n}\n"),
        ("image:\n  \"tag\": x # c\n", "image:\n  \"tag\": \"1.10\" # c\n  \"digest\": \"sha256:d\"\n"),
        ("image: {} # c\n", "image: {tag: \"1.10\", digest: \"sha256:d\"} # c\n"),
    ] {
        assert_eq!(set(before, TAG_AND_DIGEST).as_deref(), Ok(after), "{before}");
        assert_eq!(set(after, TAG_AND_DIGEST).as_deref(), Ok(after), "a second time");
    }
}

#[test]
fn what_shows_no_way_to_write_is_refused() {
    for (text, reason) in [
        ("", "the file is empty"),
        ("image:\n", "its parent is no mapping"),
        ("x: 1\n", "the file has no `image`"),
        ("image:\n  tag:\n  - x\n", "it is no text"),
        ("image:\n  x:\n  - y\n", "the mapping is empty, so that nothing shows how it is written"),
        ("image: {x: [y]}\n", "the mapping is empty, so that nothing shows how it is written"),
    ] {
        assert_eq!(set(text, &[("image.tag", "1")]).unwrap_err(), reason, "{text}");
    }
}

#[test]
fn a_value_is_replaced_in_the_quotes_that_it_has() {
    for (before, new, after) in [
        ("a: x # c\n", "new", "a: new # c\n"),
        ("a: 'x'\n", "y", "a: 'y'\n"),
        ("a: \"x\"\n", "y", "a: \"y\"\n"),
        ("a: x\n", "1.10", "a: \"1.10\"\n"),
        ("a: 'x'\n", "it's", "a: \"it's\"\n"),
        ("a: '1.10'\n", "1.10", "a: '1.10'\n"),
        // What is a number for some readers and a text for others is written as a text.
        ("a: 1.10\n", "1.10", "a: \"1.10\"\n"),
        ("a: 1\nb: 2\n", "v1", "a: v1\nb: 2\n"),
        ("a: ''\n", "y", "a: 'y'\n"),
    ] {
        assert_eq!(set(before, &[("a", new)]).as_deref(), Ok(after), "{before}");
    }
    let flag = |before: &str| set_values(before, &[value("a", Value::flag(true))]).unwrap();
    assert_eq!(flag("a: false\n"), "a: true\n");
    assert_eq!(flag("a: 'true'\n"), "a: true\n");
    assert_eq!(flag("a: true\n"), "a: true\n");
    assert_eq!(flag("a:\n"), "a: true\n");
}

#[test]
fn a_value_that_is_absent_is_filled_in_front_of_its_comment() {
    assert_eq!(set("a: # c\nb: 1\n", &[("a", "x")]).as_deref(), Ok("a: \"x\" # c\nb: 1\n"));
    assert_eq!(set("? a\n: # c\n", &[("a", "x")]).as_deref(), Ok("? a\n: \"x\" # c\n"));
    assert_eq!(set("'a' :\n", &[("a", "x")]).as_deref(), Ok("'a' : \"x\"\n"));
}

#[test]
fn an_item_of_a_list_is_reached_by_its_number() {
    let text = "sidecars:\n- image: {tag: a}\n- tag: b # c\n- c\n";
    let path = [("sidecars[0].image.tag", "x"), ("sidecars[1].tag", "w"), ("sidecars[2]", "z")];
    assert_eq!(set(text, &path).as_deref(), Ok("sidecars:\n- image: {tag: x}\n- tag: w # c\n- z\n"));
    assert_eq!(set(text, &[("sidecars[3]", "x")]).unwrap_err(), "the list is shorter");
    assert_eq!(set(text, &[("sidecars[3].tag", "x")]).unwrap_err(), "the file has no `sidecars[3]`");
    assert_eq!(set("a: x\n", &[("a[0]", "x")]).unwrap_err(), "the list is shorter");
}

#[test]
fn a_key_is_added_behind_the_sibling_that_it_belongs_to() {
    for (before, key, after) in [
        ("tag: a\nname: b\nz: c\n", "digest", "tag: a\ndigest: \"x\"\nname: b\nz: c\n"),
        ("name: b\nz: c\n", "digest", "name: b\ndigest: \"x\"\nz: c\n"),
        ("repository: b\nregistry: a\nz: c\n", "tag", "repository: b\ntag: \"x\"\nregistry: a\nz: c\n"),
        ("registry: a\nz: c\n", "repository", "registry: a\nrepository: \"x\"\nz: c\n"),
        ("tag: a\nz: c\n", "registry", "tag: a\nz: c\nregistry: \"x\"\n"),
        ("tag: a\nregistry: b\n", "repository", "tag: a\nregistry: b\nrepository: \"x\"\n"),
        ("version: a\nrepository: b\n", "tag", "version: a\nrepository: b\ntag: \"x\"\n"),
        ("tag:    a\nz: c\n", "digest", "tag:    a\ndigest: \"x\"\nz: c\n"),
        ("digest: a\nz: c\ntag: b\n", "useDigest", "digest: a\nuseDigest: \"x\"\nz: c\ntag: b\n"),
        ("a: b\nc: d\n", "other", "a: b\nc: d\nother: \"x\"\n"),
        // Never behind what has lines of its own.
        ("a: b\ntag: |\n  c\n", "digest", "a: b\ndigest: \"x\"\ntag: |\n  c\n"),
        ("a: b\nc:\n  d: e\n", "f", "a: b\nf: \"x\"\nc:\n  d: e\n"),
        ("a: b\nc:\n- e\n", "f", "a: b\nf: \"x\"\nc:\n- e\n"),
        ("a: b\nc: {d: e}\n", "f", "a: b\nc: {d: e}\nf: \"x\"\n"),
        ("a: &a b\nc: *a\n", "f", "a: &a b\nc: *a\nf: \"x\"\n"),
        // As it is written there: its quotes, its line end, its indentation.
        ("'a' : b\r\n", "f", "'a' : b\r\n\"f\" : \"x\"\r\n"),
        ("a: b", "f", "a: b\nf: \"x\""),
        ("a: b # c\r\nz: y", "f", "a: b # c\r\nz: y\r\nf: \"x\""),
        ("\u{feff}a: b\n", "f", "\u{feff}a: b\nf: \"x\"\n"),
        ("a: b\n", "no", "a: b\n\"no\": \"x\"\n"),
        ("a: b\n", "c:d", "a: b\n\"c:d\": \"x\"\n"),
    ] {
        assert_eq!(set(before, &[(key, "x")]).as_deref(), Ok(after), "{before}");
    }
    let list = "l:\n- repository: r\n  z: c\n-   name: n\n";
    assert_eq!(
        set(list, &[("l[0].tag", "x"), ("l[1].tag", "y")]).as_deref(),
        Ok("l:\n- repository: r\n  tag: \"x\"\n  z: c\n-   name: n\n    tag: \"y\"\n")
    );
    let flow = "a: {b: {\n  c: d # e\n  }}\n";
    assert_eq!(set(flow, &[("a.b.f", "x")]).as_deref(), Ok("a: {b: {\n  c: d, f: \"x\" # e\n  }}\n"));
    assert_eq!(set("a: {b: c\n}\n", &[("a.f", "x")]).as_deref(), Ok("a: {b: c, f: \"x\"\n}\n"));
    assert_eq!(set("{\n\ta: b,\n}\n", &[("f", "x")]).as_deref(), Ok("{\n\ta: b,\n\tf: \"x\",\n}\n"));
    assert_eq!(set("{a: b}\n", &[("f", "x"), ("g", "y")]).as_deref(), Ok("{a: b, f: \"x\", g: \"y\"}\n"));
}

#[test]
fn what_an_alias_repeats_is_not_changed_for_one_place_alone() {
    let repeats = "`*x` stands there, which repeats `&x`";
    let repeated = "`&x` is repeated elsewhere as `*x`, and would change there too";
    for (text, path, reason) in [
        ("a: &x {tag: b}\nc: *x\n", "c.tag", repeats),
        ("a: &x {tag: b}\nc: *x\n", "a.tag", repeated),
        ("a: &x {tag: b}\nc: *x\n", "a.other", repeated),
        ("a: &x b\nc: *x\n", "c", repeats),
        ("a: &x b\nc: *x\n", "a", repeated),
        ("a: &x\nc: *x\n", "a", repeated),
        ("a: &x {b: {c: d}}\ne: *x\n", "a.b.c", repeated),
        ("- &x b\n- *x\n", "a", "its parent is no mapping"),
    ] {
        let error = set_values(text, &[value(path, Value::text("new"))]).unwrap_err();
        assert_eq!(error.reason, reason, "{text} {path}");
        assert!(error.path == value(path, Value::Null).path, "{path}");
    }
    // An anchor that nothing repeats is nobody's.
    assert_eq!(set("a: &x b\n", &[("a", "c")]).as_deref(), Ok("a: &x c\n"));
}

#[test]
fn a_value_that_cannot_be_set_is_told_at_what_is_in_the_way() {
    for (text, path, at) in [
        ("x: 1\na: {b: 1}\n", "a.c.d", 8..8),
        ("x: 1\na: [1]\n", "a[1]", 8..8),
        ("x: 1\na: b\n", "a.c", 8..8),
        ("x: 1\na: {}\na: {}\n", "a", 11..12),
        ("x: 1\na: |\n  b\n", "a", 8..8),
        ("x: 1\na: [b]\n", "a", 8..8),
        ("x: [\n", "x", 3..3),
    ] {
        let error = set_values(text, &[value(path, Value::text("new"))]).unwrap_err();
        assert_eq!(error.at, at, "{text}: {}", error.reason);
    }
    assert_eq!(set("a: 1\na: 2\n", &[("a", "x")]).unwrap_err(), "`a` is there twice");
    assert_eq!(set("a: |\n  b\n", &[("a", "x")]).unwrap_err(), "it is a text of several lines");
    assert!(set("a: [\n", &[("a", "x")]).unwrap_err().starts_with("it is not YAML: "));
    let nothing = |text: &str| set_values(text, &[value("a", Value::empty())]).map_err(|error| error.reason);
    assert_eq!(nothing("a:\n").unwrap_err(), "nothing is to be set");
    assert_eq!(nothing("b: c\n").unwrap_err(), "nothing is to be set");
}

#[test]
fn only_the_first_document_is_edited_and_all_are_read_again() {
    let text = "a: 1\n---\na: 1\n";
    assert_eq!(set(text, &[("a", "x")]).as_deref(), Ok("a: x\n---\na: 1\n"));
    assert_eq!(set("a: b\n  c\n", &[("a", "x")]).as_deref(), Ok("a: x\n"));
    // Between the colon and what stands behind it is no place for a value.
    for text in ["a: !!str\n", "a: &x\nb: c\n"] {
        assert_eq!(set(text, &[("a", "x")]).unwrap_err(), "the edit would change more than was asked for", "{text}");
    }
    assert_eq!(set("a: 1\n", &[]).as_deref(), Ok("a: 1\n"));
}

/// JSON of values, in the styles of its printers.
fn json() -> impl Strategy<Value = (serde_json::Value, String)> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i32>().prop_map(serde_json::Value::from),
        "\\PC{0,6}".prop_map(serde_json::Value::from),
    ];
    let image = prop::collection::btree_map(prop::sample::select(vec!["tag", "repository", "digest", "x"]), leaf, 0..4);
    let value = (image, any::<bool>()).prop_map(|(image, last)| {
        let image: serde_json::Map<String, serde_json::Value> =
            image.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        if last {
            serde_json::json!({"a": [1, {"b": []}], "image": image})
        } else {
            serde_json::json!({"image": image, "z": ""})
        }
    });
    (value, 0..3_usize).prop_map(|(value, style)| {
        let text = match style {
            0 => value.to_string(),
            1 => serde_json::to_string_pretty(&value).unwrap_or_default(),
            _ => serde_json::to_string_pretty(&value).unwrap_or_default().replace('\n', "\r\n").replace("  ", "\t"),
        };
        (value, text)
    })
}

proptest! {
    /// Another parser reads what was meant, and nothing else.
    #[test]
    fn json_is_read_back_as_it_was_meant((mut value, text) in json(), tag in "[A-Za-z0-9_][A-Za-z0-9._-]{0,9}") {
        match set(&text, &[("image.tag", &tag), ("image.digest", "sha256:d")]) {
            Err(reason) => prop_assert!(reason.contains("it is no text") || reason.contains("more than was asked"), "{reason} {text}"),
            Ok(edited) => {
                value["image"]["tag"] = tag.into();
                value["image"]["digest"] = "sha256:d".into();
                prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&edited).unwrap(), value, "{}", edited);
            }
        }
    }
}
