use proptest::prelude::*;

use super::*;
use crate::arbitrary;
use crate::policy::Rule;
use crate::{Digest, LockedPlatform};

const OLD: &str = "0c2d1f90c2d1f90c2d1f90c2d1f90c2d1f90c2d1";
const NEW: &str = "77c01be77c01be77c01be77c01be77c01be77c01";

/// An image of one platform with a content, and what its publisher says of it: `key=value`, with spaces between.
fn image(content: &str, said: &str) -> LockedImage {
    let request = r#"{"repository":"ghcr.io/acme/static","tag":"latest"}"#;
    let digest = Digest::sha256(content.as_bytes());
    let media_type = "application/vnd.oci.image.manifest.v1+json".to_owned();
    let platform =
        LockedPlatform { config: digest.clone(), digest: digest.clone(), media_type: media_type.clone(), size: 1 };
    let mut image = LockedImage {
        request: serde_json::from_str(request).unwrap(),
        origin: crate::Origin::Registry("ghcr.io/acme/static".parse().unwrap()),
        tag: Some("latest".parse().unwrap()),
        digest,
        media_type,
        size: 1,
        platforms: [("linux/amd64".parse().unwrap(), platform)].into(),
        created: None,
        version: None,
        revision: None,
        source: None,
        base: crate::Base::default(),
        signatures: Vec::new(),
    };
    for (key, value) in said.split_whitespace().filter_map(|part| part.split_once('=')) {
        match key {
            "tag" => image.tag = Some(value.parse().unwrap()),
            "built" => image.created = Some(format!("{value}T00:00:00Z").parse().unwrap()),
            "version" => image.version = Some(value.to_owned()),
            "revision" => image.revision = Some(value.to_owned()),
            "source" => image.source = Some(value.to_owned()),
            "base" => image.base.name = Some(value.to_owned()),
            other => panic!("{other}"),
        }
    }
    image
}

fn compared(first: &str, second: &str) -> (Verdict, Change) {
    let comparison = images(&image("a", first), &image("b", second), Some(&"2026-12-01T00:00:00Z".parse().unwrap()));
    (comparison.verdict(), comparison.change())
}

#[test]
fn what_is_known_of_both_makes_the_verdict() {
    let rows = [
        ("", "", Verdict::Unknown, Change::OtherContent),
        ("version=1.24.3", "version=1.24.4", Verdict::Newer, Change::VersionStep),
        ("version=1.24.4", "version=1.24.3", Verdict::Older, Change::VersionStep),
        ("version=1.24.4", "", Verdict::Unknown, Change::OtherContent),
        ("version=jammy", "version=noble", Verdict::Unknown, Change::VersionStep),
        ("tag=16.8-alpine", "tag=16.9-alpine", Verdict::Newer, Change::VersionStep),
        ("tag=16.8-alpine", "tag=16.8-bookworm", Verdict::Unknown, Change::VersionStep),
        ("built=2026-11-20", "built=2026-11-23", Verdict::Newer, Change::OtherContent),
        ("built=2026-11-23", "built=2026-11-20", Verdict::Older, Change::OtherContent),
        // Not believed: stripped, in the future, the same in both.
        ("built=1970-01-01", "built=2026-11-23", Verdict::Unknown, Change::OtherContent),
        ("built=2026-11-20", "built=2027-11-23", Verdict::Unknown, Change::OtherContent),
        ("built=2026-11-20", "built=2026-11-20", Verdict::Unknown, Change::OtherContent),
        ("version=1.2 built=2026-11-20", "version=1.3 built=2026-11-23", Verdict::Newer, Change::VersionStep),
        ("version=1.2 built=2026-11-23", "version=1.3 built=2026-11-20", Verdict::Conflicting, Change::VersionStep),
        ("revision=a source=x", "revision=a source=x", Verdict::Unknown, Change::Rebuilt),
        (
            "revision=a source=x built=2026-11-20",
            "revision=a source=x.git built=2026-11-21",
            Verdict::Newer,
            Change::Rebuilt,
        ),
        ("revision=a source=x", "revision=b source=x", Verdict::Unknown, Change::SourceChanged),
        ("revision=a", "revision=b", Verdict::Unknown, Change::SourceChanged),
        // A revision of another source is no revision of this one.
        ("revision=a source=x", "revision=a source=y", Verdict::Unknown, Change::OtherContent),
        ("revision=a version=1.0", "revision=b version=1.0", Verdict::Unknown, Change::SourceChanged),
    ];
    for (first, second, verdict, change) in rows {
        assert_eq!(compared(first, second), (verdict, change), "{first} | {second}");
    }
}

#[test]
fn an_index_and_the_manifest_of_its_platform_are_the_same_content() {
    let manifest = image("a", "version=1.0");
    let mut index = image("a", "version=2.0");
    index.digest = Digest::sha256(b"index");
    let comparison = images(&manifest, &index, None);
    assert_eq!((comparison.verdict(), comparison.change()), (Verdict::Same, Change::SameContent));
    // A platform more is told, and the same runs where both run.
    let arm = index.platforms.values().next().unwrap().clone();
    index.platforms.insert("linux/arm64".parse().unwrap(), arm);
    let comparison = images(&manifest, &index, None);
    assert_eq!(comparison.verdict(), Verdict::Same);
    let platforms = comparison.about(About::Platforms).unwrap();
    assert_eq!(platforms.second.as_deref(), Some("linux/amd64, linux/arm64"));
    // Without a platform that both have nothing is the same.
    let mut other = manifest.clone();
    other.platforms = [("linux/s390x".parse().unwrap(), manifest.platforms.values().next().unwrap().clone())].into();
    assert_ne!(
        images(&manifest, &LockedImage { digest: Digest::sha256(b"x"), ..other }, None).verdict(),
        Verdict::Same
    );
}

#[test]
fn the_rule_that_chose_both_tags_puts_them_in_its_order() {
    let rule = Rule::new(None, Some(r"^main-(?<order>\d+)$"), Some("numeric")).unwrap();
    let mut second = image("b", "tag=main-10 built=2026-11-20");
    second.request.wanted = Wanted::Version { repository: second.repository().unwrap().clone(), rule };
    let comparison = images(&image("a", "tag=main-9 built=2026-11-23"), &second, None);
    let tags = comparison.about(About::Tags).unwrap();
    assert_eq!((tags.by, tags.says), (Speaker::Rule, Says::Newer));
    // The weaker word is not kept quiet.
    assert_eq!(comparison.verdict(), Verdict::Conflicting);
    // A tag that the rule does not admit has no place in its order.
    let comparison = images(&image("a", "tag=latest"), &second, None);
    assert_eq!(comparison.about(About::Tags).unwrap().says, Says::Differs);
    assert_eq!(comparison.verdict(), Verdict::Unknown);
}

#[test]
fn the_link_leads_to_what_was_committed_between() {
    let source = "source=https://github.com/acme/static";
    let link = |first: &str, second: &str| {
        let comparison = images(&image("a", first), &image("b", second), None);
        comparison.about(About::Revision).and_then(|evidence| evidence.link.clone())
    };
    let expected = format!("https://github.com/acme/static/compare/{OLD}...{NEW}");
    assert_eq!(link(&format!("{source} revision={OLD}"), &format!("{source} revision={NEW}")), Some(expected));
    let moved = "source=https://github.com/acme/other";
    assert_eq!(link(&format!("{source} revision={OLD}"), &format!("{moved} revision={NEW}")), None);
    assert_eq!(link(&format!("revision={OLD}"), &format!("{source} revision={NEW}")), None);
}

#[test]
fn evidence_is_told_as_programs_read_it() {
    let comparison = images(&image("a", "version=1.0"), &image("b", "version=1.1"), None);
    let version = serde_json::to_value(comparison.about(About::Version)).unwrap();
    let expected = serde_json::json!({
        "about": "version", "says": "newer", "by": "publisher", "first": "1.0", "second": "1.1"
    });
    assert_eq!(version, expected);
}

proptest! {
    #[test]
    fn what_is_newer_one_way_is_older_the_other_way(first in arbitrary::locked_image(), second in arbitrary::locked_image()) {
        let there = images(&first, &second, None);
        let back = images(&LockedImage { request: second.request.clone(), ..second.clone() }, &LockedImage { request: second.request.clone(), ..first.clone() }, None);
        let turned = match there.verdict() {
            Verdict::Newer => Verdict::Older,
            Verdict::Older => Verdict::Newer,
            same => same,
        };
        prop_assert_eq!(back.verdict(), turned);
        prop_assert_eq!(images(&first, &first, None).verdict(), Verdict::Same);
    }
}
