//! Which tag a rule picks, and why it picks no other.

use proptest::prelude::*;

use super::*;

fn pick(rule: (Option<&str>, Option<&str>, Option<&str>), tags: &[&str]) -> Option<String> {
    let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
    let rule = Rule::new(rule.0, rule.1, rule.2).unwrap();
    rule.best(&tags).map(|picked| picked.tag.to_string())
}

#[test]
fn a_requirement_alone_takes_plain_versions_and_the_most_exact_of_equals() {
    let tags = ["latest", "16", "16.9", "16.9.0", "16.10-alpine", "16.11.0-rc1", "17.1", "v16.8", "15.13"];
    assert_eq!(pick((Some("16"), None, None), &tags).as_deref(), Some("16.9.0"));
    assert_eq!(pick((Some("*"), None, None), &tags).as_deref(), Some("17.1"));
    assert_eq!(pick((Some("18"), None, None), &tags), None);
}

#[test]
fn a_pattern_chooses_the_flavour() {
    let pattern = Some(r"^(?<version>\d+\.\d+)-alpine$");
    let tags = ["16.9-alpine", "16.10-alpine", "16.11", "17.1-alpine", "16-alpine"];
    assert_eq!(pick((Some("16"), pattern, None), &tags).as_deref(), Some("16.10-alpine"));
    assert_eq!(pick((None, pattern, None), &tags).as_deref(), Some("17.1-alpine"));
}

#[test]
fn pre_releases_compete_where_both_pattern_and_requirement_ask_for_them() {
    let pattern = Some(r"^(?<version>.+)$");
    let tags = ["1.0.0", "1.1.0-rc.2", "1.1.0-rc.10"];
    assert_eq!(pick((Some(">=1.1.0-rc.1"), pattern, None), &tags).as_deref(), Some("1.1.0-rc.10"));
    assert_eq!(pick((Some("1"), pattern, None), &tags).as_deref(), Some("1.0.0"));
}

#[test]
fn numbers_compare_by_value_at_any_length() {
    let pattern = Some(r"^main-[0-9a-f]{7}-(?<order>\d+)$");
    let tags = ["main-abcdef0-9", "main-abcdef0-10", "main-0abcdef-0099999999999999999999999", "main-abcdef0-x"];
    let best = pick((None, pattern, Some("numeric")), &tags);
    assert_eq!(best.as_deref(), Some("main-0abcdef-0099999999999999999999999"));
}

#[test]
fn text_compares_by_bytes() {
    let pattern = Some(r"^RELEASE\.(?<order>.+)$");
    let tags = ["RELEASE.2024-01-16T16-07-38Z", "RELEASE.2025-01-01T00-00-00Z", "RELEASE.2024-12-31T00-00-00Z"];
    let best = pick((None, pattern, Some("alphabetical")), &tags);
    assert_eq!(best.as_deref(), Some("RELEASE.2025-01-01T00-00-00Z"));
}

#[test]
fn a_rule_that_cannot_work_is_refused() {
    let refused = |version, tags, select| Rule::new(version, tags, select).unwrap_err();
    assert!(matches!(refused(Some("16.x.y.z"), None, None), RuleError::Requirement { .. }));
    assert!(matches!(refused(None, Some("("), None), RuleError::Tags(_)));
    assert_eq!(refused(None, Some("a"), None), RuleError::Group("version"));
    assert_eq!(refused(None, Some("(?<version>a)"), Some("numeric")), RuleError::Group("order"));
    assert_eq!(refused(None, None, Some("newer")), RuleError::Select("newer".to_owned()));
    let newest = refused(None, Some("(?<order>a)"), Some("newest")).to_string();
    assert!(newest.contains("registries do not tell when a tag was pushed"), "{newest}");
    assert_eq!(refused(Some("1"), Some("(?<order>a)"), Some("numeric")), RuleError::VersionOfOther);
    assert_eq!(refused(None, None, Some("numeric")), RuleError::SelectWithoutTags("numeric"));
}

#[test]
fn the_newest_tags_are_the_highest_versions() {
    let tags: Vec<Tag> = ["8.0", "8.4", "latest", "8.2", "7"].iter().map(|tag| tag.parse().unwrap()).collect();
    let newest: Vec<&str> = newest(&tags, 3).into_iter().map(Tag::as_str).collect();
    assert_eq!(newest, ["8.4", "8.2", "8.0"]);
}

proptest! {
    #[test]
    fn the_order_of_the_tags_does_not_matter(
        tags in prop::collection::vec("v?[0-9]{1,3}(\\.[0-9]{1,2}){0,3}", 1..20),
        seed in any::<usize>(),
    ) {
        let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
        let mut turned = tags.clone();
        turned.rotate_left(seed % tags.len());
        turned.reverse();
        let rule = Rule::new(Some("*"), None, None).unwrap();
        prop_assert_eq!(rule.best(&tags), rule.best(&turned));
    }
}

fn dropped(rule: (Option<&str>, Option<&str>, Option<&str>), tags: &[&str]) -> String {
    let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
    Rule::new(rule.0, rule.1, rule.2).unwrap().dropped(&tags).to_string()
}

#[test]
fn a_number_alone_is_a_version_only_where_the_pattern_says_so() {
    let tags = ["1.2.0", "1.3.1", "20230101", "1234567", "v20230407", "2", "latest"];
    for requirement in [">=1.2", "*", ">=1", "1"] {
        assert_eq!(pick((Some(requirement), None, None), &tags).as_deref(), Some("1.3.1"), "{requirement}");
    }
    assert_eq!(pick((None, None, Some("semver")), &tags).as_deref(), Some("1.3.1"));
    assert_eq!(pick((Some(">=15"), None, None), &["15", "16", "17"]), None);
    let majors = Some(r"^(?<version>\d+)$");
    assert_eq!(pick((Some(">=15"), majors, None), &["15", "16", "17", "9.9.9"]).as_deref(), Some("17"));
    assert_eq!(pick((Some("<17"), majors, None), &["15", "16", "17"]).as_deref(), Some("16"));
    assert_eq!(pick((None, Some("^(?<version>.+)$"), None), &["15.1", "16"]).as_deref(), Some("16"));
}

#[test]
fn the_tags_that_are_dropped_are_counted_with_the_reason() {
    let pattern = Some(r"^(?<version>.+)-alpine$");
    assert_eq!(
        dropped((Some("16"), pattern, None), &["15.1-alpine", "17-alpine", "16.9", "16", "edge-alpine", "x-alpine"]),
        "2 tags do not match `tags`, 2 are not ^16, 2 are no versions (edge-alpine, x-alpine)"
    );
    assert_eq!(
        dropped((Some("16"), None, None), &["15.1", "16", "16.9-alpine", "latest", "20230101", "17.0-rc1"]),
        "1 tag is not ^16, 2 have a suffix (16.9-alpine, 17.0-rc1), which `tags` would have to ask for, 2 are numbers \
         alone (16, 20230101), which `tags` would have to ask for, 1 is no version (latest)"
    );
    assert_eq!(
        dropped((None, Some("^(?<version>.+)$"), None), &["1.0.0-01", "1.0.0-02", "1.0.0-alpha.02"]),
        "3 tags have a pre-release with leading zeros (1.0.0-01, 1.0.0-02), which SemVer does not order"
    );
    assert_eq!(
        dropped((None, Some("(?<order>.)$"), Some("numeric")), &["1", "a", "2"]),
        "1 tag is no number (a)",
        "a tag that is picked is not dropped"
    );
    assert_eq!(dropped((Some("*"), None, None), &[]), "there are no tags");
}

#[test]
fn a_pre_release_with_leading_zeros_drops_out_and_others_compete() {
    let pattern = Some("^(?<version>.+)$");
    assert_eq!(pick((None, pattern, None), &["1.0.0-alpha.1", "1.0.0-alpha.02"]).as_deref(), Some("1.0.0-alpha.1"));
    assert_eq!(pick((None, pattern, None), &["1.0.0-0", "1.0.0-0a"]).as_deref(), Some("1.0.0-0a"));
    assert_eq!(pick((None, pattern, None), &["1.0.0-01"]), None);
}

#[test]
fn a_tag_that_its_leading_zeros_kept_from_being_the_best_is_told() {
    let unordered = |rule: (Option<&str>, Option<&str>), tags: &[&str]| {
        let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
        let rule = Rule::new(rule.0, rule.1, None).unwrap();
        let best = rule.best(&tags).unwrap();
        rule.unordered(&tags, &best).map(|dropped| dropped.to_string())
    };
    let all = (None, Some("^(?<version>.+)$"));
    let told =
        |tags: &str| Some(format!("1 tag has a pre-release with leading zeros ({tags}), which SemVer does not order"));
    assert_eq!(unordered(all, &["1.0.0-alpha.1", "1.0.0-alpha.02"]), told("1.0.0-alpha.02"));
    assert_eq!(unordered(all, &["v1.0.0-00", "v0.9.0"]), told("v1.0.0-00"));
    for (rule, tags) in [
        (all, ["1.0.0-alpha.3", "1.0.0-alpha.02"]),
        (all, ["1.0.0", "1.0.0-02"]),
        (all, ["1.0.0-alpha.1", "1.0.0-0x2"]),
        ((Some("1"), Some("^(?<version>.+)$")), ["1.0.0", "2.0.0-02"]),
        ((None, Some("^(?<version>1.+)$")), ["1.0.0", "2.0.0-02"]),
        ((Some("*"), None), ["1.0.0", "2.0.0-02"]),
    ] {
        assert_eq!(unordered(rule, &tags), None, "{tags:?}");
    }
}

#[test]
fn names_that_are_no_tags_are_counted_with_the_tags() {
    let names = |tags: &[&str], count| {
        let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
        Rule::new(Some("1"), None, None).unwrap().dropped(&tags).with_names_that_are_no_tags(count).to_string()
    };
    assert_eq!(names(&["x"], 2), "1 tag is no version (x), 2 names are no tags");
    assert_eq!(names(&[], 1), "1 name is no tag");
    assert_eq!(names(&[], 0), "there are no tags");
}

#[test]
fn numbers_alone_are_not_called_the_newest() {
    let tags: Vec<Tag> = ["1.3.1", "1.2.0", "20230101"].iter().map(|tag| tag.parse().unwrap()).collect();
    let newest: Vec<&str> = newest(&tags, 3).into_iter().map(Tag::as_str).collect();
    assert_eq!(newest, ["1.3.1", "1.2.0", "20230101"]);
}
