//! The module on a Bazel with bzlmod: what it asks a real registry, and what it says.
//!
//! `IMAGELOCK_BAZEL=/path/to/bazel` runs the same with another Bazel.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod bazel;

use imagelock_testkit::Registry;
use imagelock_tests::{RealRegistry, need};

use crate::bazel::{Generation, Lent, Suite, air_gaps, credentials, examples, failures, modules_bazel, pulls, sources};

macro_rules! bazel {
    () => {
        match modules_bazel() {
            Some(program) => program,
            None => return,
        }
    };
}

macro_rules! suite {
    () => {{
        let registry = RealRegistry::new(&need!("docker-registry")).start();
        (Lent::new(&bazel!(), Generation::Modules), registry)
    }};
}

#[test]
fn a_pull_asks_for_the_built_platform_and_a_second_build_for_nothing() {
    let (suite, registry) = suite!();
    pulls::cold_then_warm(&suite, &registry);
}

#[test]
fn an_edit_fetches_only_what_it_changes() {
    let (suite, registry) = suite!();
    pulls::edits(&suite, &registry);
    pulls::sharing(&suite, &registry);
}

#[test]
fn text_and_air_gaps_need_no_registry() {
    let (suite, registry) = suite!();
    pulls::text_needs_no_network(&suite, &registry);
    air_gaps::filled_by_hand(&suite, &registry);
    air_gaps::filled_by_pull(&suite, registry);
}

#[test]
fn every_kind_of_image_and_source_is_pulled() {
    let (suite, registry) = suite!();
    pulls::kinds_of_image(&suite, &registry);
    sources::sources_and_layouts(&suite, &registry);
    sources::the_rewriter_sends_elsewhere(&suite, &registry);
}

#[test]
fn sources_that_fail_are_passed_over() {
    let (suite, registry) = suite!();
    sources::a_dead_source_is_tried_once(&suite, &registry);
    sources::a_lying_mirror_is_passed_over(&suite, &registry);
    sources::a_busy_registry(&suite, &Registry::start().expect("a registry starts"));
}

#[test]
fn mod_tidy_leaves_the_module_file_as_it_is() {
    let suite = Lent::new(&bazel!(), Generation::Modules);
    let before = suite.repo.read("MODULE.bazel");
    drop(suite.bazel("mod", &["tidy"]).success());
    assert_eq!(suite.repo.read("MODULE.bazel"), before);
}

#[test]
fn a_lock_that_is_no_good_fails_with_what_mends_it() {
    let suite = Lent::new(&bazel!(), Generation::Modules);
    failures::bad_locks(&suite);
    let registry = Registry::start().expect("a registry starts");
    failures::blocked_and_plain(&suite, &registry);
    failures::images_out_of_reach(&suite, &registry);
}

#[test]
fn a_registry_that_fails_is_named_with_what_helps() {
    let suite = Lent::new(&bazel!(), Generation::Modules);
    let registry = Registry::start().expect("a registry starts");
    failures::bad_answers(&suite, &registry);
    failures::wrong_platforms(&suite, &registry);
    failures::short_bodies_are_never_taken(&suite, &registry);
}

#[test]
fn credentials_reach_their_registry_and_nothing_else() {
    let suite = Suite::new(&bazel!(), Generation::Modules);
    let (private, public) = (credentials::private_registry(), Registry::start().expect("a registry starts"));
    credentials::from_a_file(&suite, &private);
    credentials::from_a_helper(&suite, &private, &public);
    credentials::a_failing_helper_is_noted(&suite, &private);
    credentials::each_source_has_its_own(&suite, &private, &public);
    credentials::from_bazels_helper(&suite, &private);
}

#[test]
fn a_login_and_a_token_are_enough_for_a_private_registry() {
    let registry = RealRegistry::new(&need!("docker-registry")).basic_auth().start();
    let suite = Suite::new(&bazel!(), Generation::Modules);
    credentials::of_a_real_registry(&suite, &registry);
    credentials::from_imagelocks_helper(&suite);
}

#[test]
fn the_examples_build() {
    let registry = RealRegistry::new(&need!("docker-registry")).start();
    examples::plain("bzlmod", &bazel!(), Generation::Modules, &registry);
    examples::rules_oci(&bazel!(), &registry);
    examples::rules_img(&bazel!(), &registry);
}

#[test]
fn the_demo_builds_its_sample_with_bazel() {
    let _ = need!("bazel7");
    examples::the_demo("bazel7");
}
