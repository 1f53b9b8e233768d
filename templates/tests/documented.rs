//! `docs/templates.md` says what the filters give, and which templates there are.

#![allow(clippy::expect_used, reason = "a test stops where it cannot go on")]

use std::collections::{BTreeMap, BTreeSet};

use imagelock_templates::{EMBEDDED, FILTERS, Templates};

const PAGE: &str = include_str!("../../docs/templates.md");

/// The cells of the rows of the table whose head starts with `first`, without the marks of code.
fn rows(first: &str) -> Vec<Vec<&'static str>> {
    let table = PAGE.lines().skip_while(|line| !line.starts_with(&format!("| {first} |"))).skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`').trim()).collect())
        .collect()
}

/// What a template makes of one value.
fn rendered(filter: &str, value: &str) -> String {
    let text = format!("{{{{ output | {filter} }}}}");
    let overrides = BTreeMap::from([("helm-values.yaml".to_owned(), text)]);
    let templates = Templates::new(&overrides).expect("the template is one");
    templates.render("helm-values.yaml", &BTreeMap::from([("output", value)])).expect("the value can be written")
}

#[test]
fn every_filter_gives_what_its_row_says() {
    let mut shown = BTreeSet::new();
    for row in rows("filter") {
        let [filter, _, value, gives] = row[..] else { panic!("{row:?} has four cells") };
        let value: String = serde_json::from_str(value).expect("a value is written as JSON");
        assert_eq!(rendered(filter, &value), gives, "{filter}");
        shown.insert(filter);
    }
    assert_eq!(shown.into_iter().collect::<Vec<_>>(), FILTERS);
}

#[test]
fn every_template_and_what_it_has_is_on_the_page() {
    let rows = rows("template");
    let listed: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(listed, EMBEDDED.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (row, (name, text)) in rows.iter().zip(EMBEDDED) {
        for variable in row[2].split(['`', ',', ' ', ':']).filter(|word| !word.is_empty()) {
            assert!(text.contains(variable), "{name} has no {variable}");
        }
    }
}

#[test]
fn what_a_filter_cannot_write_is_an_error() {
    for (filter, value) in [("purl", "nginx"), ("purl", "no reference"), ("shell_quote", "\0")] {
        let overrides = BTreeMap::from([("helm-values.yaml".to_owned(), format!("{{{{ output | {filter} }}}}"))]);
        let templates = Templates::new(&overrides).expect("the template is one");
        assert!(templates.render("helm-values.yaml", &BTreeMap::from([("output", value)])).is_err(), "{filter}");
    }
}
