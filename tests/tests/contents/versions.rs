//! The orders of versions, beside those of the real tools: two thousand pairs each.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::process::Command;

use camino::Utf8PathBuf;
use imagelock_inspect::compare_versions;
use imagelock_tests::need;
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::TestRunner;

use crate::lines;

const PAIRS: usize = 2000;

/// Pairs of versions: of a few shapes, and half of them neighbours of each other.
fn pairs(shape: &str) -> Vec<(String, String)> {
    let mut runner = TestRunner::deterministic();
    let version = || proptest::string::string_regex(shape).unwrap();
    let pair = (version(), version(), proptest::bool::ANY, 0..6_usize).prop_map(|(left, other, is_near, at)| {
        let near = near(&left, at);
        // What is no number before the colon is no epoch, and no tool takes it.
        let is_one = near.split_once(':').is_none_or(|(epoch, _)| epoch.parse::<u32>().is_ok());
        let right = if is_near && is_one { near } else { other };
        (left, right)
    });
    (0..PAIRS).map(|_| pair.new_tree(&mut runner).unwrap().current()).collect()
}

/// The same version but for a little.
fn near(version: &str, at: usize) -> String {
    let (head, tail) = version.split_at(version.len() * at / 6);
    match at {
        0 => format!("{version}0"),
        1 => format!("{version}~1"),
        2 => format!("{head}.{tail}"),
        3 => format!("{head}1{tail}"),
        4 => format!("{head}a{tail}"),
        _ => head.trim_end_matches(['.', '-', '+', '~', '^']).to_owned() + "9",
    }
}

/// Writes the pairs, a line each.
fn written(pairs: &[(String, String)]) -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::try_from(folder.path().join("pairs")).unwrap();
    let mut text = String::new();
    for (left, right) in pairs {
        writeln!(text, "{left} {right}").unwrap();
    }
    fs_err::write(&path, text).unwrap();
    (folder, path)
}

fn assert_same(kind: &str, pairs: &[(String, String)], answers: &[String]) {
    assert_eq!(answers.len(), pairs.len());
    let ours = |(left, right): &(String, String)| match compare_versions(kind, left, right) {
        Ordering::Less => "-1",
        Ordering::Equal => "0",
        Ordering::Greater => "1",
    };
    let differ: Vec<_> = pairs.iter().zip(answers).filter(|(pair, answer)| ours(pair) != answer.as_str()).collect();
    assert!(differ.is_empty(), "{} of {}: {:?}", differ.len(), pairs.len(), &differ[..differ.len().min(10)]);
    let orders: std::collections::BTreeSet<&String> = answers.iter().collect();
    assert_eq!(orders.len(), 3, "the pairs are all of one kind");
}

#[test]
fn debian_versions_have_the_order_of_dpkg() {
    let dpkg = need!("dpkg");
    let pairs = pairs("([0-2]:)?[0-9][0-9a-b.+~]{0,6}(\\.[0-9]{1,3}){0,2}(-[0-9a-b.+~]{1,5})?");
    let (_folder, path) = written(&pairs);
    let script = "while read left right; do
        if \"$1\" --compare-versions \"$left\" lt \"$right\"; then echo -1
        elif \"$1\" --compare-versions \"$left\" eq \"$right\"; then echo 0
        else echo 1; fi
    done < \"$2\"";
    let answers = lines(Command::new("sh").args(["-c", script, "sh", dpkg.as_str(), path.as_str()]));
    assert_same("deb", &pairs, &answers);
}

#[test]
fn rpm_versions_have_the_order_of_rpm() {
    let rpm = need!("rpm");
    let pairs = pairs("([0-2]:)?[0-9a-b][0-9a-b._+~^]{0,6}(\\.[0-9]{1,3}){0,2}(-[0-9a-b._~^]{1,5})?");
    let (_folder, path) = written(&pairs);
    let script = format!(
        "%{{lua: local answers = {{}}; for line in io.lines(\"{path}\") do \
         local left, right = line:match(\"([^ ]+) ([^ ]+)\"); table.insert(answers, rpm.vercmp(left, right)) end; \
         print(table.concat(answers, \"\\n\"))}}"
    );
    let answers = lines(Command::new(rpm).args(["--eval", &script]));
    assert_same("rpm", &pairs, &answers);
}
