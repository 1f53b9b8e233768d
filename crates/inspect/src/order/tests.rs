use std::cmp::Ordering;

use proptest::prelude::*;

use super::compare_versions;

/// Every version of a row is earlier than all that follow it.
#[track_caller]
fn rises(kind: &str, row: &str) {
    let versions: Vec<&str> = row.split(" < ").collect();
    for (at, left) in versions.iter().enumerate() {
        for (other, right) in versions.iter().enumerate() {
            assert_eq!(compare_versions(kind, left, right), at.cmp(&other), "{kind}: {left} and {right}");
        }
    }
}

#[track_caller]
fn equal(kind: &str, left: &str, right: &str) {
    assert_eq!(compare_versions(kind, left, right), Ordering::Equal, "{kind}: {left} and {right}");
    assert_eq!(compare_versions(kind, right, left), Ordering::Equal, "{kind}: {right} and {left}");
}

#[test]
fn debian_has_epochs_tildes_and_letters_before_signs() {
    rises("deb", "1.0~~ < 1.0~~a < 1.0~ < 1.0 < 1.0-1.1 < 1.0a < 1.0+b < 1.0.1 < 1:0.9");
    rises("deb", "2.36-9+deb12u1 < 2.36-9+deb12u10 < 2.36-10 < 2.37-1~bpo12+1 < 2.37-1");
    equal("deb", "0:1.0-0", "1.00");
    equal("deb", "1.0-01", "1.0-1");
}

#[test]
fn rpm_has_epochs_carets_and_numbers_after_letters() {
    rises("rpm", "1.0~rc1-1 < 1.0-1 < 1.0^git1-1 < 1.0.1-1 < 1:0.1-1");
    rises("rpm", "1.a-1 < 1.0-1 < 1.0-1.el9 < 1.0-1.el9_2 < 1.0-10");
    equal("rpm", "0:1.0-1", "1.0-1");
    equal("rpm", "1.0.0-1", "1_0_0-1");
}

/// Facts of the table that apk-tools tests itself with.
#[test]
fn alpine_has_suffixes_letters_fractions_and_revisions() {
    rises("apk", "1.1_alpha < 1.1_alpha1 < 1.1_beta < 1.1_pre2 < 1.1_rc2 < 1.1 < 1.1-r1 < 1.1_git20230101 < 1.1_p1");
    rises("apk", "0.12 < 0.12.3 < 1.0 < 1.0.4-r3 < 1.0.4-r4 < 1.6 < 23_foo");
    rises("apk", "2.5.1-r8 < 2.5.1a-r1 < 2.5.1b");
    rises("apk", "1.07-r1 < 1.07.5 < 1.1 < 1.3 < 1.10");
    rises("apk", "4.2.52_p4-r2 < 4.3.0 < 4.19 < 021109-r3 < 20050718-r1");
    rises("apk", "2.9.11_pre20051101-r2 < 2.9.11_pre20051101-r3 < 2.9.11");
    equal("apk", "087", "87");
    equal("apk", "3.4.6-r2", "3.4.6-r2");
}

#[test]
fn semver_has_a_pre_release_behind_every_dash() {
    for kind in ["cargo", "golang", "npm"] {
        rises(kind, "1.0.0-1 < 1.0.0-alpha < 1.0.0-alpha.1 < 1.0.0-alpha.beta < 1.0.0-rc.1 < 1.0.0 < 1.0.10 < 1.2.0");
    }
    rises("golang", "v0.0.0-20230101000000-abcdef < v0.1.0 < v2.0.0+incompatible");
    equal("cargo", "1.0.0+a", "1.0.0+b");
}

#[test]
fn other_versions_have_their_words_before_the_release_and_their_numbers_after_it() {
    rises("pypi", "1.0.dev1 < 1.0a1 < 1.0b2 < 1.0rc1 < 1.0 < 1.0.post1 < 1.0.1 < 1.10");
    rises("maven", "1.0-SNAPSHOT < 1.0-M1 < 1.0-RC1 < 1.0 < 1.0-2 < 1.1");
    equal("maven", "5.0.0.Final", "5.0.0");
}

proptest! {
    #[test]
    fn every_order_is_one(versions in prop::collection::vec("[0-9a-c.~^:_r+-]{0,8}|[0-9]{1,2}(\\.[0-9]{1,2}){0,2}(_(rc|p)[0-9])?(-r?[0-9])?|\\PC{0,4}", 3)) {
        for kind in ["deb", "rpm", "npm", "pypi"] {
            let compare = |left: usize, right: usize| compare_versions(kind, &versions[left], &versions[right]);
            prop_assert_eq!(compare(0, 0), Ordering::Equal);
            prop_assert_eq!(compare(0, 1), compare(1, 0).reverse());
            if compare(0, 1).is_le() && compare(1, 2).is_le() {
                prop_assert!(compare(0, 2).is_le(), "{}: {:?}", kind, &versions);
            }
        }
        let compare = |left: usize, right: usize| compare_versions("apk", &versions[left], &versions[right]);
        prop_assert_eq!(compare(0, 0), Ordering::Equal);
        prop_assert_eq!(compare(0, 1), compare(1, 0).reverse());
    }
}
