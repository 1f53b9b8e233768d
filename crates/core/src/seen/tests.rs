//! What is put in is found, and two ledgers become one whichever is which.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::project::Source;
use crate::source::{Located as _, SourceFile};

const A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const C: &str = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

fn file(text: &str) -> Arc<SourceFile> {
    SourceFile::new("images.seen", text)
}

fn read(text: &str) -> Ledger {
    Ledger::parse(&file(text)).unwrap()
}

fn time(text: &str) -> Created {
    let text = if text.contains('T') { text.to_owned() } else { format!("{text}T06:00:00Z") };
    text.parse().unwrap()
}

fn repository() -> Repository {
    "a.example/app".parse().unwrap()
}

/// A ledger of lines `tag digest day` about one repository.
fn ledger(lines: &[(&str, &str, &str)]) -> Ledger {
    let mut ledger = Ledger::default();
    for (tag, digest, day) in lines {
        ledger.note(&repository(), &tag.parse().unwrap(), &digest.parse().unwrap(), &time(day));
    }
    ledger
}

#[test]
fn the_file_is_sorted_lines_behind_a_header() {
    let mut written = ledger(&[("16-alpine", B, "2026-11-12"), ("16", B, "2026-11-12"), ("16", A, "2026-11-09")]);
    written.note(&"a.example:5000/z".parse().unwrap(), &Tag::latest(), &A.parse().unwrap(), &time("2026-11-01"));
    written.note(&"a-b.example/x".parse().unwrap(), &Tag::latest(), &A.parse().unwrap(), &time("2026-11-01"));
    let text = written.encode();
    let expected = format!(
        "# images.seen, version 1: when a tag was first seen at a digest. A merge keeps the lines of both sides.\n\
         a-b.example/x latest {A} 2026-11-01T06:00:00Z\n\
         a.example/app 16 {A} 2026-11-09T06:00:00Z\n\
         a.example/app 16 {B} 2026-11-12T06:00:00Z\n\
         a.example/app 16-alpine {B} 2026-11-12T06:00:00Z\n\
         a.example:5000/z latest {A} 2026-11-01T06:00:00Z\n"
    );
    assert_eq!(text, expected);
    assert_eq!(read(&text), written);
}

#[test]
fn the_earliest_time_counts_wherever_it_stands() {
    let text = format!(
        "a.example/app 1 {A} 2026-11-12T06:00:00Z\r\n\n# a comment\na.example/app 1 {A} 2026-11-09T06:00:00Z\n\
         a.example/app 1 {A} 2026-11-20T06:00:00Z"
    );
    assert_eq!(read(&text), ledger(&[("1", A, "2026-11-09")]));
}

#[test]
fn what_a_merge_leaves_means_nothing() {
    let text = format!(
        "<<<<<<< HEAD\na.example/app 1 {A} 2026-11-12T06:00:00Z\n||||||| base\n<<<<<<<<< x\n=========\n>>>>>>>>> y\n=======\n\
         a.example/app 1 {B} 2026-11-09T06:00:00Z\n>>>>>>> feature: é\n"
    );
    assert_eq!(read(&text), ledger(&[("1", A, "2026-11-12"), ("1", B, "2026-11-09")]));
}

#[test]
fn a_line_that_is_none_is_shown_with_the_field_that_is_wrong() {
    let wrong = |line: &str| {
        let error = Ledger::parse(&file(&format!("# a\n{line}\n"))).unwrap_err();
        let at = error.labels()[0].at.clone();
        assert!(error.to_string().starts_with("images.seen is not a ledger of what was seen: "), "{error}");
        (at.file.text()[at.span.clone()].to_owned(), at.to_string())
    };
    let shown = |text: &str, column: usize| (text.to_owned(), format!("images.seen:2:{column}"));
    assert_eq!(wrong("a.example/app 1"), shown("a.example/app 1", 1));
    assert_eq!(wrong(&format!("redis 1 {A} 2026-11-12T06:00:00Z")), shown("redis", 1));
    assert_eq!(wrong(&format!("A/é 1 {A} 2026-11-12T06:00:00Z")), shown("A/é", 1));
    assert_eq!(wrong(&format!("a.example/app - {A} 2026-11-12T06:00:00Z")), shown("-", 15));
    assert_eq!(wrong("a.example/app 1 sha256:a 2026-11-12T06:00:00Z"), shown("sha256:a", 17));
    assert_eq!(wrong(&format!("a.example/app 1 {A} 2026-11-12")), shown("2026-11-12", 89));
    let offset = "2026-11-12T08:00:00+02:00";
    assert_eq!(wrong(&format!("a.example/app 1 {A} {offset}")), shown(offset, 89));
    let five = format!("a.example/app 1 {A} 2026-11-12T06:00:00Z x y");
    assert_eq!(wrong(&five), shown(&five, 1));
}

#[test]
fn a_newer_file_is_called_newer() {
    for version in ["2", "99999999999999999999"] {
        let error = Ledger::parse(&file(&format!("# images.seen, version {version}: …\nwhatever\n"))).unwrap_err();
        assert!(matches!(error, SeenError::Newer { .. }), "{error}");
        assert!(error.to_string().contains("this imagelock reads up to version 1"), "{error}");
    }
}

#[test]
fn what_a_tag_pointed_at_before_is_told_where_it_is_somewhere_new() {
    let ledger = ledger(&[("16.4", A, "2026-11-01"), ("16.4", B, "2026-11-09"), ("16.5", C, "2026-11-10")]);
    let before = |tag: &str, digest: &str| {
        let before = ledger.before(&repository(), &tag.parse().unwrap(), &digest.parse().unwrap());
        before.map(|before| (before.digest.to_string(), before.first_seen.day()))
    };
    assert_eq!(before("16.4", C), Some((B.to_owned(), "9 Nov 2026".to_owned())));
    assert_eq!(before("16.4", A), None);
    assert_eq!(before("16.6", C), None);
}

#[test]
fn a_new_digest_is_as_old_as_it_has_been_seen_whatever_it_says() {
    let ledger = ledger(&[("1", A, "2026-11-01"), ("1", B, "2026-11-20")]);
    let evidence = |digest: &str, registry: Option<&str>, built: Option<&str>| {
        let (registry, built) = (registry.map(time), built.map(time));
        let digest = digest.parse().unwrap();
        let as_of = time("2026-11-23");
        ledger.evidence(&repository(), &digest, registry.as_ref(), built.as_ref(), &as_of).to_string()
    };
    assert_eq!(evidence(B, None, Some("2020-01-01")), "first seen 20 Nov 2026");
    assert_eq!(evidence(C, None, Some("2020-01-01")), "first seen 23 Nov 2026");
    assert_eq!(evidence(C, Some("2026-11-15"), None), "in the registry since 15 Nov 2026");
    // It was there when the repository was looked at first: for how long, others know better.
    assert_eq!(evidence(A, None, Some("2026-10-01")), "built 1 Oct 2026");
    assert_eq!(evidence(A, Some("2026-10-15"), Some("2026-10-01")), "in the registry since 15 Oct 2026");
    assert_eq!(evidence(A, None, None), "first seen 1 Nov 2026");
    for stripped in ["1970-01-01", "2027-01-01", "2026-11-02"] {
        assert_eq!(evidence(A, None, Some(stripped)), "first seen 1 Nov 2026", "{stripped}");
    }
}

#[test]
fn what_was_never_looked_at_is_as_old_as_it_says_or_new() {
    let evidence = |built: Option<&str>| {
        let built = built.map(time);
        let as_of = time("2026-11-23");
        Ledger::default().evidence(&repository(), &A.parse().unwrap(), None, built.as_ref(), &as_of).to_string()
    };
    assert_eq!(evidence(Some("2026-11-09")), "built 9 Nov 2026");
    assert_eq!(evidence(Some("1970-01-01")), "first seen 23 Nov 2026");
    assert_eq!(evidence(None), "first seen 23 Nov 2026");
    // A sighting that is yet to come is none.
    let later = ledger(&[("1", A, "2026-12-01")]);
    let evidence = later.evidence(&repository(), &A.parse().unwrap(), None, None, &time("2026-11-23"));
    assert_eq!(evidence, Evidence::Seen(time("2026-11-23")));
}

#[test]
fn a_ledger_forgets_what_decides_nothing_any_more() {
    let toml = "[images]\napp = \"a.example/app:1\"\n[images.rule]\nrepository = \"a.example/app\"\nversion = \"16\"\n\
                tags = '^(?<version>[0-9.]+)-x$'\n";
    let project = Project::parse(&[Source::ImagesToml(SourceFile::new("images.toml", toml))], &[]).unwrap();
    let mut all = ledger(&[
        ("0", A, "2026-01-01"),
        ("0", B, "2026-01-01"),
        ("1", A, "2026-02-01"),
        ("1", B, "2026-10-01"),
        ("1", C, "2026-11-01"),
        ("16.1-x", A, "2026-02-01"),
        ("17.1-x", A, "2026-11-01"),
        ("other", A, "2026-11-01"),
    ]);
    all.note(&"a.example/other".parse().unwrap(), &"1".parse().unwrap(), &A.parse().unwrap(), &time("2026-11-01"));
    let kept =
        ledger(&[("0", A, "2026-01-01"), ("1", B, "2026-10-01"), ("1", C, "2026-11-01"), ("16.1-x", A, "2026-02-01")]);
    let mut pruned = all;
    pruned.prune(&project, &Lockfile::default(), &time("2026-11-23"));
    assert_eq!(pruned, kept);
    let mut again = pruned.clone();
    again.prune(&project, &Lockfile::default(), &time("2026-11-23"));
    assert_eq!(again, pruned);
}

/// Ledgers that often speak of the same thing.
fn any_ledger() -> impl Strategy<Value = Ledger> {
    let digest = prop::sample::select(vec![A, B, C]);
    let repository = prop::sample::select(vec!["a.example/app", "a.example:5000/app", "docker.io/library/redis"]);
    let tag = prop::sample::select(vec!["1", "1-alpine", "latest"]);
    let lines = prop::collection::vec((repository, tag, digest, 0..4_i64), 0..12);
    lines.prop_map(|lines| {
        let mut ledger = Ledger::default();
        for (repository, tag, digest, day) in lines {
            let at = time("2026-11-01").after(day * 86_400);
            ledger.note(&repository.parse().unwrap(), &tag.parse().unwrap(), &digest.parse().unwrap(), &at);
        }
        ledger
    })
}

fn union(one: &Ledger, other: &Ledger) -> Ledger {
    let mut union = one.clone();
    union.extend(other);
    union
}

proptest! {
    #[test]
    fn two_ledgers_are_one_in_any_order_and_however_often(a in any_ledger(), b in any_ledger(), c in any_ledger()) {
        prop_assert_eq!(union(&a, &b), union(&b, &a));
        prop_assert_eq!(union(&union(&a, &b), &c), union(&a, &union(&b, &c)));
        prop_assert_eq!(union(&a, &a), a);
    }

    #[test]
    fn a_merge_of_lines_is_the_union(a in any_ledger(), b in any_ledger()) {
        let merged = format!("<<<<<<< ours\n{}=======\n{}>>>>>>> theirs\n", a.encode(), b.encode());
        prop_assert_eq!(read(&merged), union(&a, &b));
        let mut lines: Vec<&str> = merged.lines().collect();
        lines.reverse();
        prop_assert_eq!(read(&lines.join("\n")), union(&a, &b));
    }

    #[test]
    fn what_is_put_in_is_found(a in any_ledger(), tag in crate::arbitrary::tag(), digest in crate::arbitrary::digest(), at in crate::arbitrary::created()) {
        let mut ledger = a.clone();
        ledger.note(&repository(), &tag, &digest, &at);
        prop_assert!(ledger.first_seen(&repository(), &tag, &digest).is_some_and(|seen| *seen <= at));
        let written = ledger.encode();
        prop_assert_eq!(read(&written), ledger);
        prop_assert_eq!(read(&written).encode(), written);
    }

    #[test]
    fn what_is_known_already_makes_nothing_younger(a in any_ledger(), b in any_ledger(), digest in prop::sample::select(vec![A, B, C])) {
        let digest: Digest = digest.parse().unwrap();
        let as_of = time("2026-11-10");
        let age = |ledger: &Ledger| ledger.evidence(&repository(), &digest, None, None, &as_of).at().clone();
        prop_assert!(age(&union(&a, &b)) <= age(&a));
    }
}
