//! Which tag a rule picks, and why it picks no other.

use proptest::prelude::*;

use super::*;

fn pick(rule: (Option<&str>, Option<&str>, Option<&str>), tags: &[&str]) -> Option<String> {
    let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
    let rule = Rule::new(rule.0, rule.1, rule.2).unwrap();
    rule.best(&tags).map(ToString::to_string)
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
    assert_eq!(pick((Some(">=1.1.0-rc.1"), None, None), &tags), None, "the requirement alone does not do");
    let told = dropped((Some(">=1.1.0-rc.1"), None, None), &tags);
    assert!(told.ends_with("2 have a suffix (1.1.0-rc.2, 1.1.0-rc.10), which `tags` would have to ask for"), "{told}");
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
    assert_eq!(refused(None, None, Some("newest")), RuleError::SelectWithoutTags("newest", ""));
    assert_eq!(refused(Some("1"), Some("a"), Some("newest")), RuleError::VersionOfOther("version"));
    assert_eq!(refused(Some("1"), Some("(?<order>a)"), Some("numeric")), RuleError::VersionOfOther("version"));
    assert_eq!(
        refused(None, None, Some("numeric")),
        RuleError::SelectWithoutTags("numeric", ", with a group `(?<order>…)`")
    );
}

#[test]
fn where_the_images_tell_the_newest_no_tag_is_the_best() {
    let rule = Rule::new(None, Some("^build-"), Some("newest")).unwrap();
    let tags: Vec<Tag> = ["build-b", "latest", "build-a"].iter().map(|tag| tag.parse().unwrap()).collect();
    let competing = rule.ranked(&tags, None);
    assert_eq!(competing.iter().map(|tag| tag.as_str()).collect::<Vec<_>>(), ["build-b", "build-a"]);
    assert!(rule.asks_images() && rule.best(&tags).is_none());
    assert!(rule.admits(&tags[0]) && !rule.admits(&tags[1]));
    assert_eq!(rule.order(), "newest");
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
        rule.unordered(&tags, best).map(|dropped| dropped.to_string())
    };
    let all = (None, Some("^(?<version>.+)$"));
    let told =
        |tags: &str| Some(format!("1 tag has a pre-release with leading zeros ({tags}), which SemVer does not order"));
    assert_eq!(unordered(all, &["1.0.0-alpha.1", "1.0.0-alpha.02"]), told("1.0.0-alpha.02"));
    assert_eq!(unordered(all, &["v1.0.0-00", "v0.9.0"]), told("v1.0.0-00"));
    for (rule, tags) in [
        (all, ["1.0.0-alpha.3", "1.0.0-alpha.02"]),
        (all, ["1.0.0", "1.0.0-02"]),
        (all, ["1.0.0-alpha.2", "1.0.0-alpha.02"]),
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

fn rule_of(change: impl FnOnce(&mut Parts)) -> Result<Rule, RuleError> {
    let mut parts = Parts { version: Some("*".to_owned()), ..Parts::default() };
    change(&mut parts);
    Rule::of(parts)
}

fn told(rule: &Rule, tags: &[&str]) -> (Option<String>, String) {
    let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
    (rule.best(&tags).map(ToString::to_string), rule.dropped(&tags).to_string())
}

#[test]
fn what_is_excluded_does_not_compete_and_is_told_with_its_pattern() {
    let rule = rule_of(|parts| parts.exclude = vec!["^1\\.3".to_owned(), "rc".to_owned()]).unwrap();
    let (best, out) = told(&rule, &["1.2", "1.3.0", "1.3.1", "1.4-rc1"]);
    assert_eq!(best.as_deref(), Some("1.2"));
    assert_eq!(out, r"2 tags are excluded by `^1\.3`, 1 is excluded by `rc`");
}

#[test]
fn pre_releases_compete_with_a_scheme_only_where_the_rule_wants_them() {
    let tags = ["17.2", "18beta1", "18rc1", "19beta1"];
    let rule = |version: &str, prerelease| {
        rule_of(|parts| {
            parts.version = Some(version.to_owned());
            parts.scheme = Some("loose".to_owned());
            parts.prerelease = prerelease;
        })
    };
    let (best, out) = told(&rule("18", false).unwrap(), &tags);
    assert_eq!(best, None);
    assert_eq!(out, "2 tags are not ^18, 2 are pre-releases (18beta1, 18rc1), which `prerelease = true` would let in");
    assert_eq!(told(&rule("18", true).unwrap(), &tags).0.as_deref(), Some("18rc1"));
    assert_eq!(told(&rule(">=18.0.0-beta.1, <19", false).unwrap(), &tags).0.as_deref(), Some("18rc1"));
    assert_eq!(told(&rule("17", true).unwrap(), &tags).0.as_deref(), Some("17.2"));
}

#[test]
fn a_flavour_competes_with_its_own_kind() {
    let rule = |tags: &str| {
        rule_of(|parts| {
            parts.scheme = Some("loose".to_owned());
            parts.tags = Some(tags.to_owned());
        })
    };
    let tags = ["16.4-alpine3.19", "16.4-alpine3.20", "16.4-alpine", "16.3-alpine3.21", "16.5-bookworm", "16.5"];
    let alpine = rule(r"^(?<version>[\d.]+)-(?<flavour>alpine.*)$").unwrap();
    assert_eq!(told(&alpine, &tags).0.as_deref(), Some("16.4-alpine3.20"));
    let (best, out) = told(&rule(r"^(?<version>[\d.]+)-(?<flavour>.*)$").unwrap(), &tags);
    assert_eq!(best, None);
    assert_eq!(
        out,
        "1 tag does not match `tags`, 5 are of several flavours (alpine*, bookworm*), of which `tags` has to ask for one"
    );
    let parsed: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
    let several = rule(r"^(?<version>[\d.]+)-(?<flavour>.*)$").unwrap();
    assert!(several.judge(&parsed).iter().all(|verdict| verdict.judged.is_err()));
    assert_eq!(several.ranked(&parsed, None), [] as [&Tag; 0]);
    let ranked: Vec<&str> = alpine.ranked(&parsed, None).into_iter().map(Tag::as_str).collect();
    assert_eq!(ranked, ["16.4-alpine3.20", "16.4-alpine3.19", "16.4-alpine", "16.3-alpine3.21"]);
}

#[test]
fn what_the_version_leaves_open_is_ordered_by_the_group_order() {
    let rule = rule_of(|parts| parts.tags = Some(r"^(?<version>[\d.]+)-(?<order>\d+)$".to_owned())).unwrap();
    assert_eq!(told(&rule, &["1.2-9", "1.2-10", "1.1-99"]).0.as_deref(), Some("1.2-10"));
}

#[test]
fn tags_are_ranked_as_they_are_judged_down_to_one_of_them() {
    let rule = Rule::new(Some("*"), None, None).unwrap();
    let tags: Vec<Tag> = ["1.2", "latest", "3.0", "1.10", "2.1"].map(|tag| tag.parse().unwrap()).to_vec();
    let ranked = |down_to: Option<&Tag>| -> Vec<String> {
        rule.ranked(&tags, down_to).into_iter().map(ToString::to_string).collect()
    };
    assert_eq!(ranked(None), ["3.0", "2.1", "1.10", "1.2"]);
    assert_eq!(ranked(Some(&tags[3])), ["3.0", "2.1", "1.10"]);
    assert_eq!(ranked(Some(&tags[1])), ranked(None), "that one does not compete");
    let judged = rule.judge(&tags);
    let competing = judged.iter().filter(|verdict| verdict.judged.is_ok()).map(|verdict| verdict.tag.to_string());
    assert_eq!(competing.collect::<Vec<_>>(), ranked(None));
}

#[test]
fn keys_that_need_others_are_refused() {
    let text = |text: &str| Some(text.to_owned());
    for (parts, expected) in [
        (Parts { scheme: text("loose"), ..Parts::default() }, RuleError::Alone("scheme")),
        (Parts { exclude: vec!["a".to_owned()], ..Parts::default() }, RuleError::Alone("exclude")),
        (Parts { dialect: text("cargo"), ..Parts::default() }, RuleError::DialectOfNothing),
        (Parts { prerelease: true, version: text("1"), ..Parts::default() }, RuleError::PrereleaseWithoutScheme),
        (Parts { scheme: text("date"), version: text("1"), ..Parts::default() }, RuleError::Scheme("date".to_owned())),
        (Parts { dialect: text("npm"), version: text("1"), ..Parts::default() }, RuleError::Dialect("npm".to_owned())),
    ] {
        assert_eq!(Rule::of(parts).unwrap_err(), expected);
    }
}

#[test]
fn spellings_of_others_are_refused_with_ours_beside_them() {
    for (written, ours) in [
        ("~> 1.2", "that is how Ruby or Terraform writes it; here it is `~1.2`"),
        ("~=1.4.2", "that is how Python writes it; here it is `>=1.4.2, <1.5`"),
        ("==1.2", "that is how Python writes it; here it is `=1.2`"),
        ("[1.0,2.0)", "that is how Maven or NuGet writes it; here it is `>=1.0, <2.0`"),
        ("1.1 - 2", "that is how npm writes it; here it is `>=1.1, <=2`"),
        (">=1 <2", "that is how npm, Flux or Helm writes it; here it is `>=1, <2`"),
        ("=>1.1", "that is how Go's Masterminds/semver writes it; here it is `>=1.1`"),
        ("1.x || 3.x", "`||` is of other grammars; `dialect = \"masterminds\"` reads it as Flux and Helm do"),
        ("v1.2", "a requirement has no `v`, whatever the tags have; write `1.2`"),
        ("^1.x-0", "`-0` lets pre-releases in for Flux and Helm; here it is `^1` with `prerelease = true`"),
    ] {
        match Rule::new(Some(written), None, None).unwrap_err() {
            RuleError::Requirement { reason, .. } => assert_eq!(reason, ours, "{written}"),
            other => panic!("{written}: {other}"),
        }
    }
}
