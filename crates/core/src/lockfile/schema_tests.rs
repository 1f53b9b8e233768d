//! The published schema takes what the parser takes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests::GOLDEN;
use super::*;
use crate::arbitrary;
use crate::source::SourceFile;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../../docs/images.lock.schema.json")).unwrap()
}

fn validator() -> jsonschema::Validator {
    jsonschema::options().with_draft(jsonschema::Draft::Draft202012).build(&schema()).unwrap()
}

/// The schema of one definition.
fn definition(name: &str) -> jsonschema::Validator {
    let mut schema = schema();
    let definitions = schema["$defs"].take();
    jsonschema::draft202012::new(&json!({ "$defs": definitions, "$ref": format!("#/$defs/{name}") })).unwrap()
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_schema_is_one() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
}

/// Every object that the schema describes, by its path: the properties, and whether it is an object of named entries.
fn objects(schema: &Value) -> Vec<(String, &serde_json::Map<String, Value>)> {
    fn walk<'a>(path: &str, schema: &'a Value, found: &mut Vec<(String, &'a serde_json::Map<String, Value>)>) {
        if let Some(properties) = schema["properties"].as_object().filter(|_| schema["type"] == "object") {
            found.push((path.to_owned(), properties));
            for (key, property) in properties {
                walk(&format!("{path}.{key}"), property, found);
            }
        }
    }
    let mut found = Vec::new();
    walk("", schema, &mut found);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        walk(name, definition, &mut found);
    }
    found
}

#[test]
fn every_field_of_the_schema_says_what_it_is_and_every_object_is_open_to_readers() {
    let schema = schema();
    for (path, properties) in objects(&schema) {
        for (key, property) in properties {
            let described = property["description"].is_string() || property["$ref"].is_string();
            assert!(described, "{path}.{key} has no description");
        }
    }
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        assert!(definition["description"].is_string(), "{name} has no description");
    }
    assert!(!schema.to_string().contains("\"additionalProperties\":false"), "a reader that validates refuses new keys");
}

#[test]
fn the_keys_that_the_parser_knows_are_those_of_the_schema() {
    let schema = schema();
    let mut keys: Vec<&str> =
        objects(&schema).iter().flat_map(|(_, properties)| properties.keys()).map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys, keys::KEYS);
}

#[test]
fn the_schema_is_served_as_json_from_its_own_address() {
    let schema = schema();
    let id = schema["$id"].as_str().unwrap();
    let path = id.strip_prefix("https://raw.githubusercontent.com/imagelock/imagelock/main/").unwrap();
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    assert_eq!(value(&std::fs::read_to_string(file).unwrap()), schema);
}

/// Whether an object has no key that its schema does not describe, and so down to the leaves.
fn closed(schema: &Value, at: &Value, json: &Value) -> bool {
    let at = at["$ref"].as_str().map_or(at, |name| &schema["$defs"][name.trim_start_matches("#/$defs/")]);
    let Some(object) = json.as_object() else { return true };
    object.iter().all(|(key, json)| {
        let described = at["properties"].get(key).or_else(|| at.get("additionalProperties"));
        described.is_some_and(|described| closed(schema, described, json))
    })
}

#[test]
fn the_golden_lock_and_an_empty_one_fit_the_schema() {
    assert!(validator().is_valid(&value(GOLDEN)));
    assert!(validator().is_valid(&value(&Lockfile::default().encode())));
}

/// A change that makes a lock wrong.
type Edit = fn(&mut Value);

/// Every change of the golden lock by `edit` is refused by the schema and by the parser.
#[test]
fn what_the_schema_refuses_the_parser_refuses_too() {
    let edits: &[(&str, Edit)] = &[
        ("no images", |lock| drop(lock.as_object_mut().unwrap().remove("images"))),
        ("no version", |lock| drop(lock.as_object_mut().unwrap().remove("version"))),
        ("an array of a platform's fields", |lock| {
            let platform = &mut lock["images"]["static"]["platforms"]["linux/amd64"];
            *platform = ["config", "digest", "mediaType", "size"].map(|key| platform[key].clone()).to_vec().into();
        }),
        ("an array for a request", |lock| {
            lock["images"]["tools"]["request"] =
                json!([null, "third_party/tools-oci", null, null, null, null, null, null]);
        }),
        ("an array for a lock", |lock| *lock = json!([lock["images"].take(), 1])),
        ("another version", |lock| lock["version"] = json!(3)),
        ("a key of version 2 in version 1", |lock| lock["images"]["postgres"]["request"]["scheme"] = json!("loose")),
        ("a version as text", |lock| lock["version"] = json!("1")),
        ("a bad name", |lock| lock["images"]["Bad"] = lock["images"]["static"].clone()),
        ("no digest", |lock| drop(lock["images"]["static"].as_object_mut().unwrap().remove("digest"))),
        ("a short digest", |lock| lock["images"]["static"]["digest"] = json!("sha256:00")),
        ("a negative size", |lock| lock["images"]["static"]["size"] = json!(-1)),
        ("a broken size", |lock| lock["images"]["static"]["size"] = json!(1.5)),
        ("null", |lock| lock["images"]["static"]["digest"] = Value::Null),
        ("an attestation", |lock| {
            lock["images"]["static"]["platforms"]["unknown/unknown"] =
                lock["images"]["static"]["platforms"]["linux/amd64"].clone();
        }),
        ("a media type that no image has", |lock| lock["images"]["static"]["mediaType"] = json!("text/html")),
        ("an index for a platform", |lock| {
            lock["images"]["postgres"]["platforms"]["linux/amd64"]["mediaType"] =
                json!("application/vnd.oci.image.index.v1+json");
        }),
        ("an array for a base", |lock| lock["images"]["static"]["base"] = json!([null, "debian:12"])),
        ("null for a base", |lock| lock["images"]["static"]["base"] = Value::Null),
        ("a base whose digest is none", |lock| lock["images"]["static"]["base"] = json!({ "digest": "12" })),
        ("a base whose name is no text", |lock| lock["images"]["static"]["base"] = json!({ "name": 12 })),
        ("two origins", |lock| lock["images"]["static"]["layout"] = json!("a")),
        ("no origin", |lock| drop(lock["images"]["tools"].as_object_mut().unwrap().remove("layout"))),
        ("a layout outside", |lock| lock["images"]["tools"]["layout"] = json!("../x")),
        ("an absolute layout", |lock| lock["images"]["tools"]["layout"] = json!("/x")),
        ("a layout that is not normal", |lock| lock["images"]["tools"]["layout"] = json!("a/./b")),
        ("an upper-case path", |lock| lock["images"]["static"]["repository"] = json!("Chainguard/static")),
        ("a bad tag", |lock| lock["images"]["static"]["tag"] = json!("a b")),
        ("a day instead of a time", |lock| lock["images"]["static"]["created"] = json!("2026-11-12")),
        ("a request for nothing", |lock| lock["images"]["static"]["request"] = json!({})),
        ("a request without a tag", |lock| {
            lock["images"]["static"]["request"] = json!({ "repository": "cgr.dev/chainguard/static" });
        }),
        ("a request for two things", |lock| lock["images"]["static"]["request"]["version"] = json!("1")),
        ("a request for no platform", |lock| lock["images"]["static"]["request"]["platforms"] = json!([])),
        ("an order that is none", |lock| lock["images"]["postgres"]["request"]["select"] = json!("newer")),
    ];
    let validator = validator();
    for (what, edit) in edits {
        let mut lock = value(GOLDEN);
        edit(&mut lock);
        assert!(!validator.is_valid(&lock), "the schema takes {what}");
        assert!(Lockfile::parse(&SourceFile::new("images.lock", lock.to_string())).is_err(), "the parser takes {what}");
    }
}

/// Text near the grammar of all four.
fn near() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9._/-]{0,12}",
        "[a-zA-Z0-9._/:@ -]{0,12}",
        "\\PC{0,6}",
        "(linux|unknown|macos|a)/(amd64|unknown|arm|b)(/(v7|unknown|v8|))?\n?",
        "(sha256:|sha512:|sha384:)?[0-9a-fA-F]{62,66}",
        "sha512:[0-9a-f]{127,129}",
        "[a-z0-9]{98,102}",
        "[A-Za-z0-9_.-]{126,130}",
    ]
}

#[test]
fn what_is_written_fits_the_schema_and_has_no_other_keys() {
    let (schema, validator) = (schema(), validator());
    assert!(!closed(&schema, &schema, &json!({ "images": { "a": { "request": { "x": 1 } } } })));
    proptest!(|(lock in arbitrary::lockfile())| {
        let lock = value(&lock.encode());
        prop_assert!(closed(&schema, &schema, &lock), "{}", lock);
        prop_assert!(validator.is_valid(&lock), "{:?}", validator.iter_errors(&lock).map(|e| e.to_string()).collect::<Vec<_>>());
    });
}

#[test]
fn the_patterns_of_the_schema_agree_with_the_parsers() {
    let [name, digest, platform, tag] = ["name", "digest", "platform", "tag"].map(definition);
    let agrees = |text: &str| {
        let json = json!(text);
        assert_eq!(name.is_valid(&json), text.parse::<ImageName>().is_ok(), "name {text:?}");
        assert_eq!(digest.is_valid(&json), text.parse::<Digest>().is_ok(), "digest {text:?}");
        assert_eq!(platform.is_valid(&json), text.parse::<Platform>().is_ok(), "platform {text:?}");
        assert_eq!(tag.is_valid(&json), text.parse::<Tag>().is_ok(), "tag {text:?}");
    };
    proptest!(ProptestConfig::with_cases(2000), |(text in near())| agrees(&text));
    proptest!(|(
        name in arbitrary::image_name(),
        digest in arbitrary::digest(),
        platform in arbitrary::platform(),
        tag in arbitrary::tag(),
    )| {
        for text in [name.to_string(), digest.to_string(), platform.to_string(), tag.to_string()] {
            agrees(&text);
        }
    });
}
