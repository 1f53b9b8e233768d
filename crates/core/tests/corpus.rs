//! The corpus of the lock's specification, `docs/spec/corpus`, as this crate reads it. The readers in other languages are
//! held against it by `tests/tests/spec.rs`.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use imagelock_core::source::SourceFile;
use imagelock_core::{LockedImage, Lockfile, Platform};
use serde_json::{Value, json};

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/corpus")
}

fn json(name: &str) -> serde_json::Map<String, Value> {
    let text = std::fs::read_to_string(corpus().join(name)).unwrap();
    serde_json::from_str::<Value>(&text).unwrap().as_object().unwrap().clone()
}

fn locks(folder: &str) -> BTreeMap<String, Vec<u8>> {
    let lock = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap())
    };
    std::fs::read_dir(corpus().join(folder)).unwrap().map(lock).collect()
}

/// Reads a lock; bytes that are not UTF-8 are no text, and so no lock.
fn read(bytes: &[u8]) -> Option<Lockfile> {
    Lockfile::parse(&SourceFile::new("images.lock", std::str::from_utf8(bytes).ok()?)).ok()
}

/// What an image is answered with for a platform, or for all.
fn digest(image: &LockedImage, platform: Option<&str>) -> Option<imagelock_core::Digest> {
    match platform {
        None => Some(image.digest.clone()),
        Some(platform) => {
            image.platforms.get(&platform.parse::<Platform>().unwrap()).map(|locked| locked.digest.clone())
        }
    }
}

fn reference(image: &LockedImage, platform: Option<&str>, tagged: bool) -> Option<String> {
    let tag = image.tag.clone().filter(|_| tagged);
    Some(image.repository()?.with(tag, Some(digest(image, platform)?)).to_string())
}

fn answer(lock: &Lockfile, question: &[&str]) -> Value {
    let image = lock.images.get(question[1]);
    let platform = question.get(2).copied();
    let names: Vec<&str> = lock
        .images
        .iter()
        .filter(|(_, image)| {
            let platforms = image.platforms.keys().map(|platform| Some(platform.as_str()));
            platforms.chain([None]).any(|platform| reference(image, platform, false).as_deref() == Some(question[1]))
        })
        .map(|(name, _)| name.as_str())
        .collect();
    match question[0] {
        "reference" => json!(image.and_then(|image| reference(image, platform, false))),
        "tagged" => json!(image.and_then(|image| reference(image, platform, true))),
        "digest" => json!(image.and_then(|image| digest(image, platform))),
        "locked" => json!(!names.is_empty()),
        "asked" => json!(names),
        other => panic!("nobody asks {other}"),
    }
}

#[test]
fn every_lock_of_the_corpus_has_its_answers_or_its_reason() {
    let names = |folder| locks(folder).into_keys().collect::<BTreeSet<String>>();
    assert_eq!(names("valid"), json("answers.json").into_iter().map(|(name, _)| name).collect());
    assert_eq!(names("invalid"), json("reasons.json").into_iter().map(|(name, _)| name).collect());
}

#[test]
fn valid_locks_are_read_answer_the_five_questions_and_are_canonical_where_it_is_said() {
    let expected = json("answers.json");
    let mut asked = 0;
    for (name, bytes) in locks("valid") {
        let lock = read(&bytes).unwrap_or_else(|| panic!("{name} is refused"));
        let canonical = lock.encode().as_bytes() == bytes;
        assert_eq!(json!(canonical), expected[&name]["canonical"], "{name}: {}", lock.encode());
        assert_eq!(read(lock.encode().as_bytes()).as_ref(), Some(&lock), "{name}");
        for expected in expected[&name]["answers"].as_array().unwrap() {
            let question: Vec<&str> =
                expected["question"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
            assert_eq!(answer(&lock, &question), expected["answer"], "{name}: {question:?}");
            asked += 1;
        }
    }
    assert!(asked > 400, "{asked}");
}

#[test]
fn invalid_locks_are_refused() {
    let reasons = json("reasons.json");
    for (name, bytes) in locks("invalid") {
        assert!(read(&bytes).is_none(), "{name} is taken: {}", reasons[&name]["reason"]);
    }
}

#[test]
fn the_schema_takes_the_valid_locks_and_none_whose_shape_is_wrong() {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/images.lock.schema.json")).unwrap();
    let validator = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).build(&schema).unwrap();
    let fits = |bytes: &[u8]| serde_json::from_slice(bytes).is_ok_and(|lock| validator.is_valid(&lock));
    for (name, bytes) in locks("valid") {
        assert!(fits(&bytes), "{name}");
    }
    let refused = locks("invalid").values().filter(|bytes| !fits(bytes)).count();
    assert!(refused >= 90, "a schema cannot compare values, and can tell everything else: {refused}");
}
