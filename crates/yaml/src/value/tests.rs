use proptest::prelude::*;

use super::*;
use crate::{ValuePath, parse};

/// What the only document of a text means.
fn value(text: &str) -> Option<Value> {
    Value::of(&parse(text).unwrap()[0])
}

fn path(text: &str) -> Vec<Step> {
    text.parse::<ValuePath>().unwrap().steps().to_vec()
}

#[test]
fn a_scalar_is_a_text_unless_readers_of_yaml_take_it_for_something_else() {
    for written in ["", "~", "null"] {
        assert_eq!(value(&format!("- {written}")), Some(Value::List(vec![Value::Null])), "{written}");
    }
    for (written, text, typed) in [
        ("nginx", "nginx", false),
        ("1.10", "1.10", true),
        ("no", "no", true),
        ("\"1.10\"", "1.10", false),
        ("'no'", "no", false),
        ("!!str 1.10", "1.10", false),
        ("!!str ~", "~", false),
        ("\"~\"", "~", false),
        ("|-\n  1.10\n", "1.10", false),
    ] {
        let expected = Value::List(vec![Value::Text { text: text.to_owned(), typed }]);
        assert_eq!(value(&format!("- {written}")), Some(expected), "{written}");
    }
    assert_eq!(value("[true]"), Some(Value::List(vec![Value::flag(true)])));
}

#[test]
fn what_a_mapping_merges_fills_only_what_it_does_not_say_itself() {
    let text = "base: &base {a: 1, b: 1}\nother: &other {b: 2, c: 2}\n";
    for (mapping, expected) in [
        ("{b: 0, <<: *base}", "{b: 0, a: 1}"),
        ("{<<: *base, b: 0}", "{a: 1, b: 0}"),
        // Of several, the first that has a key says it.
        ("{<<: [*base, *other]}", "{a: 1, b: 1, c: 2}"),
        ("{<<: [*other, *base]}", "{a: 1, b: 2, c: 2}"),
        ("{a: 0, <<: no mapping}", "{a: 0}"),
        ("{a: 0, a: 9}", "{a: 9}"),
    ] {
        let merged = value(&format!("{text}x: {mapping}\n")).unwrap();
        assert_eq!(merged.get("x"), value(expected).as_ref(), "{mapping}");
    }
}

#[test]
fn aliases_that_do_not_end_mean_nothing() {
    assert_eq!(value("a: &a [*a]\n"), None);
    assert_eq!(value("a: &a {b: {c: *a}}\n"), None);
    // Each line repeats the one above.
    let chain = |links: usize| {
        let lines = (1..=links).map(|link| format!("- &a{link} [*a{}]\n", link - 1));
        format!("- &a0 x\n{}- *a{links}\n", lines.collect::<String>())
    };
    assert!(value(&chain(DEEPEST - 1)).is_some());
    assert_eq!(value(&chain(DEEPEST)), None);
}

#[test]
fn a_value_that_grows_without_bound_means_nothing() {
    let tenfold = |number: usize| format!("- &a{} [{}]\n", number + 1, vec![format!("*a{number}"); 10].join(", "));
    let text = |times: usize| format!("- &a0 x\n{}", (0..times).map(tenfold).collect::<String>());
    assert!(value(&text(3)).is_some());
    assert_eq!(value(&text(7)), None);
}

#[test]
fn what_is_put_in_is_found_and_the_rest_is_untouched() {
    let before = value("{a: {b: [x, {c: y}]}, d: ~}").unwrap();
    for (at, expected) in [
        ("a.b[1].c", "{a: {b: [x, {c: new}]}, d: ~}"),
        ("a.b[0]", "{a: {b: [new, {c: y}]}, d: ~}"),
        ("a.b", "{a: {b: new}, d: ~}"),
        ("a.e.f", "{a: {b: [x, {c: y}], e: {f: new}}, d: ~}"),
        ("d.e", "{a: {b: [x, {c: y}]}, d: {e: new}}"),
    ] {
        let mut after = before.clone();
        assert!(after.set(&path(at), Value::text("new")), "{at}");
        assert_eq!(Some(&after), value(expected).as_ref(), "{at}");
        assert_eq!(after.at(&path(at)).and_then(Value::as_text), Some("new"), "{at}");
    }
    // Something else is in the way, or nothing is there.
    for at in ["a.b.c", "a.b[2]", "a[0]", "a.b[0].c", "d[0]"] {
        let mut after = before.clone();
        assert!(!after.set(&path(at), Value::text("new")), "{at}");
        assert_eq!((&after, before.at(&path(at))), (&before, None), "{at}");
    }
}

#[test]
fn the_text_of_what_is_empty_or_no_scalar_is_nothing() {
    let read = value("{a: x, b: '', c: ~, d: [x], e: 1}").unwrap();
    let texts = ["a", "b", "c", "d", "e", "f"].map(|key| read.get(key).and_then(Value::as_text));
    assert_eq!(texts, [Some("x"), None, None, None, Some("1"), None]);
    assert_eq!(Value::empty(), value("{}").unwrap());
}

/// Helm's manual, "Values Files": values over values, and `null` deletes a key.
#[test]
fn values_lie_upon_values_as_charts_lay_them() {
    for (under, over, expected) in [
        ("{a: 1, b: {c: 2, d: 3}}", "{b: {c: 9}, e: 4}", "{a: 1, b: {c: 9, d: 3}, e: 4}"),
        ("{a: {b: 1, c: 2}}", "{a: {b: null}}", "{a: {c: 2}}"),
        ("{a: [1, 2]}", "{a: [3]}", "{a: [3]}"),
        ("{a: {b: 1}}", "{a: x}", "{a: x}"),
        ("{a: x}", "{a: {b: 1}}", "{a: {b: 1}}"),
        ("{a: 1}", "{b: ~}", "{a: 1, b: ~}"),
        ("{a: 1}", "{}", "{a: 1}"),
    ] {
        let mut merged = value(under).unwrap();
        merged.merge(&value(over).unwrap());
        assert_eq!(Some(merged), value(expected), "{over} upon {under}");
    }
}

fn mappings() -> impl Strategy<Value = Value> {
    let leaf = "[a-z]{1,3}".prop_map(Value::text);
    let values = leaf.prop_recursive(3, 16, 4, |inner| {
        prop::collection::btree_map("[a-c]", inner, 0..4).prop_map(|entries| Value::Map(entries.into_iter().collect()))
    });
    prop::collection::btree_map("[a-c]", values, 0..4).prop_map(|entries| Value::Map(entries.into_iter().collect()))
}

proptest! {
    #[test]
    fn laying_values_upon_themselves_changes_nothing(value in mappings()) {
        let mut merged = value.clone();
        merged.merge(&value);
        prop_assert_eq!(merged, value);
    }

    #[test]
    fn what_lies_upon_others_last_is_found(mut under in mappings(), over in mappings()) {
        under.merge(&over);
        let once = under.clone();
        under.merge(&over);
        prop_assert_eq!(under, once);
    }
}
