//! Renovate's rules.

use super::*;

#[test]
fn renovate_rules_about_images_become_rules_of_versions() {
    let text = r#"// ours
{
  extends: ["config:recommended"],
  "packageRules": [
    {"matchDatasources": ["docker"], "matchPackageNames": ["postgres", "ghcr.io/acme/db"], "allowedVersions": "<17"},
    {"matchDatasources": ["docker"], "matchPackageNames": ["redis"], "allowedVersions": "/^8\\.\\d+-alpine$/"},
    {"matchManagers": ["dockerfile"], "matchPackageNames": ["node"], "groupName": "node",
     "versioning": "regex:^(?<major>\\d+)\\.(?<minor>\\d+)(\\.(?<patch>\\d+))?-(?<compatibility>.+)$", "allowedVersions": "22.x"},
    {"matchDatasources": ["docker"], "matchPackageNames": ["caddy"], "followTag": "stable"},
    {"matchDatasources": ["docker"], "matchPackageNames": ["/acme/", "x*"], "enabled": false},
    {"matchDatasources": ["docker"], "matchPackageNames": ["alpine"], "pinDigests": true},
    {"matchDatasources": ["docker"], "matchPackageNames": ["ruby"], "allowedVersions": "^3 || ^4"},
    {"matchDatasources": ["docker"], "versioning": "semver"},
    {"matchDatasources": ["npm"], "matchPackageNames": ["react"], "allowedVersions": "<19"},
    {"matchPackageNames": ["x"], "allowedVersions": "<19"},
  ],
}
"#;
    assert_eq!(
        told(Format::Renovate, &[text]),
        [
            "1:5:60 docker.io/library/postgres version <17",
            "1:5:72 ghcr.io/acme/db version <17",
            r"1:6:60 docker.io/library/redis tags ^(?<version>8\.\d+-alpine)$",
            r"1:7:61 docker.io/library/node version ~22, tags ^(?<version>(?<major>\d+)\.(?<minor>\d+)(\.(?<patch>\d+))?)-(?<compatibility>.+)$",
            "1:9:60 docker.io/library/caddy:stable",
            "1:3:3 left: `extends` is not read",
            "1:8:20 left: `compatibility` is `.+`: write the one that you use into `tags`",
            "1:10:60 left: `/acme/` is a pattern: declare the images that it is for",
            "1:10:70 left: `x*` is a pattern: declare the images that it is for",
            "1:10:77 left: `enabled`: an image that nobody updates is one that nobody runs `update` for",
            "1:11:60 left: `alpine`: this rule says nothing of its version",
            "1:12:60 left: `ruby`: requirements have no alternatives (`||`)",
            "1:13:5 left: this rule is for all images: write its version to each that it is for",
            "1:15:5 left: this rule does not say that it is about images (`matchDatasources`)",
        ]
    );
    assert_eq!(told(Format::Renovate, &["[]"]), ["1:1:1 error: 1 is no Renovate configuration: it is no object"]);
}

#[test]
fn what_a_rule_of_renovate_says_of_versions_is_taken_or_left_with_the_reason() {
    let of = |keys: &str| {
        let rule = format!(r#"{{"matchDatasources": ["docker"], "matchPackageNames": ["a"], {keys}}}"#);
        let told = told(Format::Renovate, &[&format!(r#"{{"packageRules": [{rule}]}}"#)]);
        told.into_iter().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    let taken = "docker.io/library/a version <2";
    for (keys, expected) in [
        (r#""allowedVersions": "<2", "versioning": "docker""#, &[taken][..]),
        (
            r#""allowedVersions": "<2", "versioning": "debian""#,
            &[taken, "left: `debian` orders tags in a way that has no counterpart"],
        ),
        (
            r#""allowedVersions": "<2", "minimumReleaseAge": "3 days""#,
            &[taken, "left: `minimumReleaseAge`: there is no waiting for a release to grow old"],
        ),
        (
            r#""allowedVersions": "<2", "matchFileNames": ["x"]"#,
            &[taken, "left: `matchFileNames`: names are read from `matchPackageNames` alone"],
        ),
        (r#""allowedVersions": "!/beta/""#, &["left: `a`: `allowedVersions` is the exception `!/beta/`"]),
        (r#""allowedVersions": "/^1$/i""#, &["left: `a`: `/^1$/i` has flags"]),
        (r#""allowedVersions": "/^1|2$/""#, &["left: `a`: `^1|2$` has alternatives with anchors"]),
        (
            r#""allowedVersions": "/^1$/", "versioning": "regex:^(?<major>\\d+)$""#,
            &["left: `a`: it has two expressions over tags"],
        ),
        (r#""versioning": "regex:^\\d+$""#, &[r"left: `a`: `^\d+$` has no version in one piece"]),
        (
            r#""versioning": "regex:^(?<major>\\d+)-(?<compatibility>al-p_1)$""#,
            &[r"docker.io/library/a tags ^(?<version>(?<major>\d+))-(?<compatibility>al-p_1)$"],
        ),
        (r#""versioning": "docker""#, &["left: `a`: this rule says nothing of its version"]),
    ] {
        assert_eq!(of(keys), expected, "{keys}");
    }
    assert!(of(r#""followTag": "a b""#)[0].starts_with("left: `a b` is no tag: "));
    // A rule for all images that says nothing of versions says nothing.
    let silent = r#"{"packageRules": [{"matchDatasources": ["docker"], "groupName": "all"}]}"#;
    assert_eq!(told(Format::Renovate, &[silent]), [""; 0]);
}
