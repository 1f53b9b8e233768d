//! The module's reader of locks over the corpus of the lock's specification.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod starlark;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

/// Answers the five questions of the specification from what the reader returns.
const ANSWERS: &str = r#"
load("//:lock.bzl", "parse_lock")

def reference(image, digest, tagged):
    if image.layout != None or digest == None:
        return None
    tag = ":" + image.tag if tagged and image.tag != None else ""
    return image.registry + "/" + image.repository + tag + "@" + digest

def digest(image, platform):
    if platform == None:
        return image.digest
    return image.platforms[platform].digest if platform in image.platforms else None

def names(images, wanted):
    return [name for name, image in images.items() if wanted in [
        reference(image, digest(image, platform), False) for platform in [None] + image.platforms.keys()
    ]]

def answer(images, question, what, platform = None):
    if question == "asked":
        return names(images, what)
    if question == "locked":
        return bool(names(images, what))
    if what not in images:
        return None
    found = digest(images[what], platform)
    return found if question == "digest" else reference(images[what], found, question == "tagged")

questions = json.decode(INPUT.partition("\n")[0])
images = parse_lock(INPUT.partition("\n")[2], "images.lock")
emit(json.encode([answer(images, *question) for question in questions]))
"#;

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/corpus")
}

fn listed(name: &str) -> BTreeMap<String, Value> {
    serde_json::from_str(&std::fs::read_to_string(corpus().join(name)).unwrap()).unwrap()
}

fn read(folder: &str, name: &str, questions: &Value) -> Result<Value, String> {
    let lock = std::fs::read(corpus().join(folder).join(format!("{name}.lock"))).unwrap();
    let input = format!("{questions}\n{}", String::from_utf8_lossy(&lock));
    let emitted = starlark::run(ANSWERS, &input, &BTreeMap::new())?;
    Ok(serde_json::from_str(&emitted[0]).unwrap())
}

#[test]
fn valid_locks_answer_the_five_questions() {
    for (name, expected) in listed("answers.json") {
        let expected = expected["answers"].as_array().unwrap();
        let questions: Vec<Value> = expected.iter().map(|expected| expected["question"].clone()).collect();
        let answers: Vec<Value> = expected.iter().map(|expected| expected["answer"].clone()).collect();
        assert_eq!(read("valid", &name, &json!(questions)), Ok(json!(answers)), "{name}");
    }
}

#[test]
fn invalid_locks_are_refused_by_name_but_for_rules_and_canonical_names() {
    let mut left = Vec::new();
    for (name, reason) in listed("reasons.json") {
        match read("invalid", &name, &json!([])) {
            Ok(_) if reason["every"] == true => panic!("{name} is taken: {}", reason["reason"]),
            Ok(_) => left.push(name),
            Err(_) => {}
        }
    }
    assert!(left.len() < 30, "{left:?}");
}

#[test]
fn a_lock_that_contradicts_itself_is_refused_with_both_values() {
    for (name, says) in [
        ("another-registry", "it is in \"evil.example/acme/app\", and its request asks for \"ghcr.io/acme/app\""),
        ("another-tag", "it is locked with the tag \"1.5\", and its request asks for \"1.4\""),
        ("another-digest-of-the-only-manifest", "it is one manifest with the digest \"sha256:1111"),
        ("no-tag-for-a-rule", "its request chooses a tag, and it has none"),
        ("a-platform-more", "it is locked for \"[\\\"linux/amd64\\\",\\\"linux/arm64\\\"]\""),
    ] {
        let said = read("invalid", name, &json!([])).unwrap_err();
        assert!(said.contains("imagelock: images.lock: image `app` contradicts itself: "), "{said}");
        assert!(said.contains(says), "{said}");
    }
}
