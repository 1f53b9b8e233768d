//! Rules over lists of tags of public images: what each chooses, among how many, and that neither the order of a list, nor
//! what is excluded, nor what is lower has a part in that.
//!
//! `tests/data/tags/README.md` says where the lists are from.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use imagelock_core::Tag;
use imagelock_core::policy::{NotMeant, Parts, Rule, meant};

fn data(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/tags");
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn list(name: &str) -> Vec<Tag> {
    data(&format!("{name}.txt")).lines().map(|line| line.parse().unwrap()).collect()
}

fn rule(text: &str) -> Rule {
    let mut parts = Parts::default();
    for part in text.split(';') {
        let (key, value) = part.split_once('=').unwrap();
        let value = value.to_owned();
        match key {
            "version" => parts.version = Some(value),
            "tags" => parts.tags = Some(value),
            "select" => parts.select = Some(value),
            "scheme" => parts.scheme = Some(value),
            "dialect" => parts.dialect = Some(value),
            "exclude" => parts.exclude.push(value),
            "prerelease" => parts.prerelease = true,
            other => panic!("{other}"),
        }
    }
    Rule::of(parts).unwrap_or_else(|error| panic!("{text}: {error}"))
}

struct Row {
    text: String,
    tags: Vec<Tag>,
    rule: Rule,
    chosen: String,
    competing: usize,
}

fn rows() -> Vec<Row> {
    let mut lists: BTreeMap<String, Vec<Tag>> = BTreeMap::new();
    let table = data("rows.tsv");
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [name, written, chosen, competing] = fields[..] else { panic!("{line}") };
            let tags = lists.entry(name.to_owned()).or_insert_with(|| list(name)).clone();
            let competing = competing.parse().unwrap();
            Row { text: line.to_owned(), tags, rule: rule(written), chosen: chosen.to_owned(), competing }
        })
        .collect()
}

fn chosen<'a>(rule: &Rule, tags: impl IntoIterator<Item = &'a Tag>) -> String {
    rule.best(tags).map_or("-", Tag::as_str).to_owned()
}

#[test]
fn every_rule_chooses_the_tag_of_its_row() {
    let rows = rows();
    assert!(rows.len() >= 400, "{}", rows.len());
    let mut wrong = Vec::new();
    for Row { text, tags, rule, chosen: expected, competing } in &rows {
        let verdicts = rule.judge(tags);
        let found = verdicts.iter().filter(|verdict| verdict.judged.is_ok()).count();
        let best = chosen(rule, tags);
        let first = verdicts.first().filter(|first| first.judged.is_ok()).map_or("-", |first| first.tag.as_str());
        if best != *expected || first != best || found != *competing {
            wrong.push(format!("{text}\n    chooses {best} of {found}; out: {}", rule.dropped(tags)));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn every_tag_competes_or_has_a_reason_that_is_counted() {
    for Row { text, tags, rule, competing, .. } in rows() {
        let out: usize = rule.dropped(&tags).reasons().map(|(_, counted)| counted.count).sum();
        assert_eq!(out + competing, tags.len(), "{text}");
    }
}

/// Another order of a list, the same in every run.
fn turned(tags: &[Tag], seed: usize) -> Vec<Tag> {
    let mut turned = tags.to_vec();
    turned.sort_by_key(|tag| tag.as_str().bytes().fold(seed, |hash, byte| hash.wrapping_mul(31) ^ usize::from(byte)));
    turned
}

#[test]
fn any_order_of_a_list_gives_the_same_verdicts() {
    for Row { text, tags, rule, .. } in rows().iter().step_by(20) {
        let verdicts = rule.judge(tags);
        for seed in 1..4 {
            let turned = turned(tags, seed);
            assert_eq!(rule.judge(&turned), verdicts, "{text}");
            assert_eq!(chosen(rule, &turned), chosen(rule, tags), "{text}");
        }
    }
}

#[test]
fn neither_what_is_out_nor_what_is_lower_changes_what_is_chosen() {
    for Row { text, tags, rule, chosen: expected, .. } in rows().into_iter().step_by(10) {
        let verdicts = rule.judge(&tags);
        let competing = verdicts.iter().filter(|verdict| verdict.judged.is_ok()).map(|verdict| verdict.tag);
        assert_eq!(chosen(&rule, competing.clone()), expected, "without what is out: {text}");
        // Every tag that competes is chosen once all that are above it are gone.
        let competing: Vec<&Tag> = competing.collect();
        for at in (0..competing.len()).step_by(1 + competing.len() / 8) {
            assert_eq!(chosen(&rule, competing[at..].iter().copied()), competing[at].as_str(), "{text}");
        }
    }
}

#[test]
fn a_tag_means_the_newest_of_its_kind_below_what_it_names() {
    let table = data("meant.tsv");
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, tag, rule, expected] = fields[..] else { panic!("{line}") };
        let tags = list(name);
        let found = meant(&tag.parse().unwrap(), &tags);
        let shown = found.as_ref().map_or("-".to_owned(), ToString::to_string);
        assert_eq!(shown, rule, "{line}");
        assert_eq!(found.map_or("-".to_owned(), |rule| chosen(&rule, &tags)), expected, "{line}");
    }
}

#[test]
fn what_a_tag_means_admits_it_and_chooses_one() {
    for name in ["postgres", "eclipse-temurin", "golang", "chainguard-nginx", "clamav", "kube-apiserver"] {
        let tags = list(name);
        let mut without = 0;
        for tag in tags.iter().step_by(1 + tags.len() / 60) {
            match meant(tag, &tags) {
                Ok(rule) => assert!(rule.admits(tag) && rule.best(&tags).is_some(), "{name}: {tag}: {rule}"),
                Err(NotMeant::NoVersion(_) | NotMeant::Prerelease(_)) => without += 1,
            }
        }
        assert!(without < 30, "{name}: {without}");
    }
}
