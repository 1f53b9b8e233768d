//! The lock's bytes, and what is said of those that are no lock.

use proptest::prelude::*;

use super::*;
use crate::arbitrary;
use crate::source::{SourceFile, render};

pub(super) const GOLDEN: &str = include_str!("golden.json");

fn parse(text: &str) -> Result<Lockfile, LockfileError> {
    Lockfile::parse(&SourceFile::new("images.lock", text))
}

/// Compares what is said of `text`.
#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(render(&parse(text).unwrap_err()).trim_end(), expected.trim_end());
}

const RESTORE: &str = "help: restore the file from version control, or delete it and run `{command} lock`";

/// The golden lock with one text replaced by another.
#[track_caller]
fn golden_with(from: &str, to: &str) -> String {
    assert!(GOLDEN.contains(from), "{from}");
    GOLDEN.replacen(from, to, 1)
}

#[test]
fn the_golden_lock_is_read_and_written_byte_for_byte() {
    let lock = parse(GOLDEN).unwrap();
    assert_eq!(lock.encode(), GOLDEN);
    let postgres = &lock.images["postgres"];
    assert_eq!(postgres.tag.as_ref().map(Tag::as_str), Some("16.9-alpine"));
    assert_eq!(
        postgres.tagged().unwrap().to_string(),
        format!("docker.io/library/postgres:16.9-alpine@{}", postgres.digest)
    );
    assert_eq!(postgres.pinned().unwrap().to_string(), format!("docker.io/library/postgres@{}", postgres.digest));
    let tools = &lock.images["tools"];
    assert_eq!(tools.layout().map(Utf8Path::as_str), Some("third_party/tools-oci"));
    assert_eq!((tools.repository(), tools.pinned()), (None, None));
}

#[test]
fn text_that_steers_is_written_escaped_and_read_raw_or_escaped() {
    let raw = golden_with("\"revision\": \"0c2d1f3b\"", "\"revision\": \"\u{202e}gnp\u{9b}31m\u{7f}\u{feff}\"");
    let escaped = golden_with("\"revision\": \"0c2d1f3b\"", "\"revision\": \"\\u202egnp\\u009b31m\\u007f\\ufeff\"");
    assert_eq!(parse(&raw).unwrap(), parse(&escaped).unwrap());
    assert_eq!(parse(&raw).unwrap().encode(), escaped);
    assert_eq!(parse(&escaped).unwrap().encode(), escaped);
}

#[test]
fn what_an_image_was_built_on_stands_first_and_only_where_it_is_said() {
    let digest = Digest::sha256(b"debian");
    let base = Base { digest: Some(digest.clone()), name: Some("debian:12".to_owned()) };
    let mut lock = parse(GOLDEN).unwrap();
    assert!(lock.images.values().all(|image| image.base.is_empty()), "a lock from before it was written down");
    lock.images.get_mut("postgres").unwrap().base = base.clone();
    let text = format!(
        "    \"postgres\": {{\n      \"base\": {{\n        \"digest\": \"{digest}\",\n        \"name\": \"debian:12\"\n      }},\n      \"created\""
    );
    assert!(lock.encode().contains(&text), "{}", lock.encode());
    assert_eq!(parse(&lock.encode()).unwrap().images["postgres"].base, base);
}

#[test]
fn an_empty_lock_has_its_version() {
    let text = "{\n  \"images\": {},\n  \"version\": 1\n}\n";
    assert_eq!(Lockfile::default().encode(), text);
    assert_eq!(parse(text).unwrap(), Lockfile::default());
}

#[test]
fn a_conflicted_lock_is_called_conflicted() {
    let expected = |line: usize, shown: &str| {
        format!(
            "images.lock has conflict markers\n--> images.lock:{line}:1 {shown:?}\n\
             help: run `{{command}} lock`, which merges both sides"
        )
    };
    check("{\n<<<<<<< HEAD\n  \"images\": {},\n=======\n>>>>>>> main\n", &expected(2, "<<<<<<< HEAD"));
    check("<<<<<<< HEAD\n", &expected(1, "<<<<<<< HEAD"));
    // Somebody took out the first marker and forgot the others.
    check(&golden_with("  \"version\": 1\n", "=======\n  \"version\": 1\n"), &expected(77, "======="));
    check(&golden_with("  \"version\": 1\n", ">>>>>>> main\n  \"version\": 1\n"), &expected(77, ">>>>>>> main"));
}

#[test]
fn a_newer_lock_is_called_newer_even_where_the_rest_does_not_fit() {
    let expected = "images.lock has version 3, and this imagelock reads up to version 2\n\
                    help: update imagelock to the version that this repository uses";
    check("{\"version\": 3}", expected);
    check("{\"images\": [], \"charts\": {}, \"version\": 3}", expected);
    check(&golden_with("  \"version\": 1\n}", "  \"version\": 3\n}"), expected);
}

#[test]
fn a_version_that_never_was_is_shown() {
    let text = golden_with("  \"version\": 1\n}", "  \"version\": 0\n}");
    check(
        &text,
        &format!(
            "images.lock is not a lock: there is no version 0\n--> images.lock:77:3 \"\\\"version\\\": 0\"\n{RESTORE}"
        ),
    );
}

#[test]
fn what_is_no_json_is_shown_where_it_stops() {
    for (text, reason, place) in [
        ("", "EOF while parsing a value", "1:1 \"\""),
        ("{", "EOF while parsing an object", "1:1 \"{\""),
        ("[]", "invalid type: sequence, expected an object", "1:1 \"[\""),
        ("images", "expected value", "1:1 \"i\""),
        ("{\n  \"images\": {},\n  \"version\": 1,\n}\n", "trailing comma", "4:1 \"}\""),
        ("{\n  \"images\": {}\n}\n", "missing field `version`", "3:1 \"}\""),
        ("{\n  \"version\": 1\n}\n", "missing field `images`", "3:1 \"}\""),
        ("{\n  \"images\": {},\n  \"version\": 1\n}\nx", "trailing characters", "5:1 \"x\""),
        (
            "{\n  \"images\": {},\n  \"é\": 1\n}\n",
            "`é` is not a key: keys are letters of ASCII, as in `mediaType`",
            "3:3 \"\\\"é\\\"\"",
        ),
    ] {
        check(text, &format!("images.lock is not a lock: {reason}\n--> images.lock:{place}\n{RESTORE}"));
    }
}

#[test]
fn a_value_of_another_kind_is_shown_with_its_line_and_column() {
    for (from, to, reason, place) in [
        (
            "\"size\": 1577",
            "\"size\": \"1577\"",
            "invalid type: string \"1577\", expected u64",
            "12:19 \"\\\"1577\\\"\"",
        ),
        ("\"size\": 1577", "\"size\": -1", "invalid value: integer `-1`, expected u64", "12:19 \"-1\""),
        (
            "\"size\": 1577",
            "\"Size\": 1577",
            "the key `Size` differs from `size` in nothing but case, which not every reader tells apart",
            "12:11 \"\\\"Size\\\"\"",
        ),
        ("\"size\": 1577", "\"sise\": 1577", "missing field `size`", "13:9 \"}\""),
        (
            "\"linux/amd64\": {",
            "\"linux/x86_64\": {",
            "`linux/x86_64` has the canonical form `linux/amd64`",
            "8:9 \"\\\"linux/x86_64\\\"\"",
        ),
        (
            "\"repository\": \"docker.io/library/postgres\"",
            "\"repository\": \"postgres\"",
            "`postgres` has the canonical form `docker.io/library/postgres`",
            "28:23 \"\\\"postgres\\\"\"",
        ),
        (
            "\"mediaType\": \"application/vnd.oci.image.index.v1+json\"",
            "\"mediaType\": \"text/html\"",
            "`text/html` is not the media type of an index or a manifest",
            "6:20 \"\\\"text/html\\\"\"",
        ),
        (
            "\"linux/amd64\": {",
            "\"linux\": {",
            "a platform is `os/architecture` or `os/architecture/variant`, as in `linux/arm64` or `linux/arm/v7`",
            "8:9 \"\\\"linux\\\"\"",
        ),
        (
            "\"linux/amd64\": {",
            "\"unknown/unknown\": {",
            "`unknown` marks attestations in an index, it is not a platform",
            "8:9 \"\\\"unknown/unknown\\\"\"",
        ),
        (
            "\"created\": \"2026-11-12T08:31:02Z\"",
            "\"created\": \"yesterday\"",
            "`yesterday` is not a time as RFC 3339 writes it",
            "4:18 \"\\\"yesterday\\\"\"",
        ),
        (
            "\"postgres\": {",
            "\"Postgres\": {",
            "an image is named with lower-case letters and digits, joined by `.`, `_` or `-`: try `postgres`",
            "3:5 \"\\\"Postgres\\\"\"",
        ),
        ("\"tag\": \"16.9-alpine\"", "\"tag\": 16", "invalid type: integer `16`, expected a string", "35:14 \"16\""),
    ] {
        let text = golden_with(from, to);
        let error = render(&parse(&text).unwrap_err());
        assert_eq!(error, format!("images.lock is not a lock: {reason}\n--> images.lock:{place}\n{RESTORE}\n"), "{to}");
    }
}

#[test]
fn an_image_or_a_platform_or_a_field_that_is_there_twice_is_named() {
    let reason = |text: &str| parse(text).unwrap_err().to_string();
    let twice = golden_with("\"tools\": {", "\"postgres\": {");
    assert_eq!(reason(&twice), "images.lock is not a lock: image `postgres` is there twice");
    let twice = golden_with("\"linux/arm64\": {", "\"linux/amd64\": {");
    assert_eq!(reason(&twice), "images.lock is not a lock: platform `linux/amd64` is there twice");
    let twice = golden_with("\"size\": 1577", "\"size\": 1577, \"size\": 1");
    assert_eq!(reason(&twice), "images.lock is not a lock: duplicate field `size`");
    assert_eq!(
        reason("{\"images\": {}, \"images\": {}, \"version\": 1}"),
        "images.lock is not a lock: duplicate field `images`"
    );
}

#[test]
fn keys_of_a_later_lock_are_read_over_and_written_no_more() {
    for (from, to) in [
        ("\"images\": {", "\"note\": {\"images\": [], \"Digest\": {}}, \"images\": {"),
        ("\"created\":", "\"signedBy\": [\"a\"], \"created\":"),
        ("\"config\":", "\"layers\": null, \"config\":"),
        ("\"repository\": \"docker.io", "\"note\": 1.5e3, \"repository\": \"docker.io"),
    ] {
        assert_eq!(parse(&golden_with(from, to)).unwrap().encode(), GOLDEN, "{to}");
    }
}

#[test]
fn an_image_is_in_a_registry_or_in_a_layout_inside_the_repository() {
    let refused = |from: &str, to: &str| assert!(parse(&golden_with(from, to)).is_err(), "{to}");
    refused("      \"registry\": \"docker.io\",\n", "");
    refused("      \"repository\": \"library/postgres\",\n", "");
    refused("\"digest\"", "\"layout\": \"x\", \"digest\"");
    for path in ["/etc", "../x", "a/../b", "./a", "", "a//b", "a\\\\b", "a/", "C:/a"] {
        refused(
            "\"layout\": \"third_party/tools-oci\",\n      \"media",
            &format!("\"layout\": \"{path}\",\n      \"media"),
        );
    }
}

/// The lines that are not the same, as `-` and `+` lines; both texts are expected to agree before and after one place.
fn changed(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let (before, after) = (&before[same..], &after[same..]);
    let same = before.iter().rev().zip(after.iter().rev()).take_while(|(one, other)| one == other).count();
    let lines = |lines: &[&str]| lines[..lines.len() - same].iter().map(|&line| line.to_owned()).collect();
    (lines(before), lines(after))
}

#[test]
fn a_moved_image_changes_its_own_lines_and_no_other() {
    let lock = parse(GOLDEN).unwrap();
    let mut moved = lock.clone();
    let postgres = moved.images.get_mut("postgres").unwrap();
    postgres.digest = Digest::sha256(b"new");
    postgres.size = 1;
    let (before, after) = changed(&lock.encode(), &moved.encode());
    assert_eq!(before.len(), after.len());
    let text = lock.encode();
    let own = text.split_once("    \"postgres\": {").unwrap().1.split_once("    \"static\": {").unwrap().0;
    assert!(before.iter().all(|line| own.contains(line.as_str())), "{before:#?}");
}

/// Every object's keys, in the order they are written.
fn assert_sorted(text: &str) {
    struct Keys;
    impl<'de> serde::Deserialize<'de> for Keys {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(Keys)
        }
    }
    impl<'de> serde::de::Visitor<'de> for Keys {
        type Value = Keys;
        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("anything")
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
            let mut last: Option<String> = None;
            while let Some((key, Keys)) = map.next_entry::<String, Keys>()? {
                assert!(last.as_ref().is_none_or(|last| last.as_bytes() < key.as_bytes()), "{last:?} {key:?}");
                last = Some(key);
            }
            Ok(Keys)
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Keys, A::Error> {
            while seq.next_element::<Keys>()?.is_some() {}
            Ok(Keys)
        }
        fn visit_str<E>(self, _: &str) -> Result<Keys, E> {
            Ok(Keys)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Keys, E> {
            Ok(Keys)
        }
        fn visit_bool<E>(self, _: bool) -> Result<Keys, E> {
            Ok(Keys)
        }
    }
    serde_json::from_str::<Keys>(text).unwrap();
}

proptest! {
    #[test]
    fn what_is_written_is_read_again_and_written_the_same(lock in arbitrary::lockfile()) {
        let text = lock.encode();
        let read = parse(&text).unwrap();
        prop_assert_eq!(&read, &lock);
        prop_assert_eq!(read.encode(), text);
    }

    #[test]
    fn keys_are_in_byte_order_and_the_layout_is_that_of_the_pretty_printer(lock in arbitrary::lockfile()) {
        let text = lock.encode();
        assert_sorted(&text);
        prop_assert!(text.ends_with("}\n"), "{}", text);
        prop_assert!(!text.chars().any(|c| c != '\n' && crate::text::steers(c)), "{:?}", text);
        for line in text.lines() {
            let indent = line.len() - line.trim_start_matches(' ').len();
            prop_assert!(indent % 2 == 0 && !line.ends_with(' '), "{:?}", line);
        }
    }

    #[test]
    fn adding_an_image_adds_its_lines_and_at_most_a_comma(
        lock in arbitrary::lockfile(),
        name in arbitrary::image_name(),
        image in arbitrary::locked_image(),
    ) {
        prop_assume!(!lock.images.contains_key(&name) && !lock.images.is_empty());
        let mut more = lock.clone();
        more.images.insert(name, image);
        // What the new image asks for may need another version of the format, which is a line of its own.
        let lines = |text: String| text.lines().filter(|line| !line.starts_with("  \"version\"")).map(str::to_owned).collect::<Vec<_>>();
        let uncomma = |text: String| lines(text).iter().map(|line| line.trim_end_matches(',').to_owned() + "\n").collect::<String>();
        let (before, after) = changed(&uncomma(lock.encode()), &uncomma(more.encode()));
        prop_assert_eq!(before, Vec::<String>::new());
        prop_assert_eq!(after.len() + lock.encode().lines().count(), more.encode().lines().count());
    }

    #[test]
    fn no_text_breaks_the_parser_and_every_place_is_in_the_text(text in "[\\PC\n\r{}\\[\\]\":,0-9a-z]{0,60}", at in any::<prop::sample::Index>()) {
        let lock = golden_with("postgres", "postgres");
        let mut broken = lock.clone();
        let at = broken.floor_char_boundary(at.index(broken.len()));
        broken.insert_str(at, &text);
        for text in [&text, &broken] {
            if let Err(error) = parse(text) {
                render(&error);
            }
        }
    }
}
