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
    ] {
        assert_eq!(set(text, &[("image.tag", "1")]).unwrap_err(), reason, "{text}");
    }
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
