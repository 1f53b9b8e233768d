//! Whatever the chart's values look like, what is written is read back as what was locked, by a second parser too.

use std::collections::BTreeMap;

use imagelock_edit::testing;
use proptest::prelude::*;

use super::{DB, chart};
use crate::Helm;

/// Keys that YAML has its own ideas of, and ordinary ones.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("no".to_owned()),
        Just("0o7".to_owned()),
        Just("1e3".to_owned()),
        Just("@at".to_owned()),
        Just("*star".to_owned()),
        Just("a: b".to_owned()),
        Just("{{x}}".to_owned()),
        Just("#".to_owned()),
        "[ -~&&[^\\[\\]\\\\.'\"]]{1,8}",
        "[a-z][a-zA-Z0-9]{0,8}",
    ]
}

/// Tags that would be numbers, dates or booleans, and ordinary ones.
fn tag() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("1.10".to_owned()),
        Just("16".to_owned()),
        Just("1e3".to_owned()),
        Just("on".to_owned()),
        Just("2024-01-01".to_owned()),
        Just("0x1F".to_owned()),
        Just("null".to_owned()),
        "[A-Za-z0-9_][A-Za-z0-9._-]{0,30}",
    ]
}

#[derive(serde::Deserialize)]
struct Values {
    a: u8,
    image: BTreeMap<String, String>,
    z: u8,
}

type Tree = BTreeMap<String, BTreeMap<String, String>>;

proptest! {
    #[test]
    fn an_overlay_is_read_back_as_it_was_meant(key in key(), tag in tag(), version in "\\PC{0,30}") {
        let mut lock = testing::lock(&[("db", &format!("postgres:{tag}"), '2')]);
        for image in lock.images.values_mut() {
            image.version = Some(format!("{version}\n\u{202e}x: y"));
        }
        let escaped: String = key.chars().flat_map(|c| if "\\.[".contains(c) { vec!['\\', c] } else { vec![c] }).collect();
        let quoted = serde_json::Value::from(escaped).to_string();
        let name = serde_json::Value::from(key.clone()).to_string();
        let tree = chart(&format!("{name}: {{repository: postgres, tag: x, digest: ''}}\n"), "");
        let project = format!("[[helm]]\nchart = 'chart'\noutput = 'o.yaml'\nvalues = {{ {quoted} = 'db' }}\n");
        let text = testing::only(&Helm, &project, &lock, &tree).map_err(TestCaseError::fail)?;
        let expected = BTreeMap::from([("tag".to_owned(), tag), ("digest".to_owned(), DB.to_owned())]);
        let read: Tree = serde_saphyr::from_str(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(read, Tree::from([(key, expected)]), "{}", text);
    }

    #[test]
    fn an_edit_in_place_is_read_back_as_it_was_meant(
        tag in tag(),
        old in prop_oneof![Just("x"), Just("'1.0'"), Just("\"on\""), Just("15"), Just(""), Just("~")],
        comment in "( +# [ -~]{0,20})?",
        crlf in any::<bool>(),
        mark in any::<bool>(),
    ) {
        let lock = testing::lock(&[("db", &format!("postgres:{tag}"), '2')]);
        let mut values = format!("a: 1\nimage:{comment}\n  repository: postgres{comment}\n  tag: {old}{comment}\n  b: c{comment}\nz: 2\n");
        if crlf {
            values = values.replace('\n', "\r\n");
        }
        if mark {
            values.insert(0, '\u{feff}');
        }
        let tree = chart(&values, "{{ .Values.image.digest }}");
        let project = "[[helm]]\nchart = 'chart'\nin-place = true\nvalues = { image = 'db' }\n";
        let text = match testing::only(&Helm, project, &lock, &tree) {
            Ok(text) => text,
            // Where the parser's ranges do not tell the value from what stands beside it, the edit is refused.
            Err(error) if error.contains("the edit would change more than was asked for") => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error)),
        };
        prop_assert_eq!(text.matches("\r\n").count(), if crlf { text.matches('\n').count() } else { 0 });
        prop_assert_eq!(text.starts_with('\u{feff}'), mark);
        prop_assert_eq!(text.lines().count(), values.lines().count() + 1);
        let read: Values = serde_saphyr::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!((read.a, read.z), (1, 2));
        let expected = [("b", "c"), ("digest", DB), ("repository", "postgres"), ("tag", tag.as_str())];
        prop_assert_eq!(read.image, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into(), "{}", text);
    }
}
