//! Targets that lie.

use imagelock_testkit::{Fault, On};

use crate::Stage;

#[test]
fn a_target_that_says_to_have_what_it_has_not_is_found() {
    let stage = Stage::new();
    // It says yes to whoever asks by `HEAD`, and has something to show.
    stage.target.fault(On::blob("*").method("HEAD"), Fault::status(200));
    stage.target.fault(On::blob("*").method("GET"), Fault::status(206).body(vec![b'x'; 32 << 10]));
    let failed = stage.repo.imagelock(["mirror", &stage.to()]).exit(3);
    assert!(
        failed.stderr.contains("says that it has ") && failed.stderr.contains("does not show its bytes"),
        "{}",
        failed.stderr
    );
    assert_eq!(stage.target.digest_of(&stage.below("acme/one"), "1"), None);
}

#[test]
fn a_target_whose_store_lost_what_its_database_has_gets_it_again() {
    let stage = Stage::new();
    stage.repo.imagelock(["mirror", &stage.to()]).success();
    let lost = stage.two.layers_of("linux/amd64")[1].digest.clone();
    let below = stage.below("acme/two");
    stage.target.delete_blob(&below, &lost);
    stage.target.fault(On::blob(&below).method("HEAD"), Fault::status(200));
    stage.repo.imagelock(["mirror", &stage.to()]).success();
    assert!(stage.is_whole());
}

#[test]
fn a_target_that_takes_blobs_and_loses_them_is_found_by_reading_them() {
    let stage = Stage::new();
    let below = stage.below("acme/two");
    stage.target.fault(On::upload(&below).method("PUT"), Fault::status(201));
    let failed = stage.repo.imagelock(["mirror", &stage.to(), "--verify-bytes"]).exit(3);
    assert!(failed.stderr.contains("`two` could not be mirrored"), "{}", failed.stderr);
    assert!(failed.stderr.contains("does not show its bytes"), "{}", failed.stderr);
}

#[test]
fn a_target_that_takes_over_what_it_has_not_is_found_by_reading_it() {
    let stage = Stage::new();
    stage.target.fault(On::upload(&stage.below("acme/two")).method("POST"), Fault::status(201));
    let failed = stage.repo.imagelock(["mirror", &stage.to(), "--verify-bytes"]).exit(3);
    assert!(failed.stderr.contains("`two` could not be mirrored"), "{}", failed.stderr);
}

#[test]
fn uploads_that_break_off_are_begun_anew() {
    for fault in [Fault::cut(50), Fault::lost()] {
        let stage = Stage::new();
        stage.target.fault(On::upload("*").method("PUT"), fault.times(3));
        stage.repo.imagelock(["mirror", &stage.to()]).success();
        assert!(stage.is_whole());
        assert!(stage.target.log().find("PUT", "/v2/").iter().any(|entry| entry.status == 0));
    }
}

#[test]
fn uploads_that_never_get_through_are_named_and_sent_by_the_next_run() {
    let stage = Stage::new();
    let [one, two] = ["acme/one", "acme/two"].map(|repository| stage.below(repository));
    stage.target.fault(On::upload(&one).method("PUT"), Fault::cut(10_000));
    stage.target.fault(On::upload(&two).method("PUT"), Fault::lost());
    let failed = stage.repo.imagelock(["mirror", &stage.to()]).exit(3);
    for (name, repository) in [("one", &one), ("two", &two)] {
        let blob = format!(
            "`{name}` could not be mirrored: cannot write the blob {}/{repository}@sha256:",
            stage.target.host()
        );
        assert!(failed.stderr.contains(&blob), "{}", failed.stderr);
        assert_eq!(stage.target.log().count("PUT", &format!("/v2/{repository}/manifests/")), 0);
    }
    stage.target.heal();
    stage.repo.imagelock(["mirror", &stage.to()]).success();
    assert!(stage.is_whole());
}

#[test]
fn a_target_that_shows_another_manifest_than_it_took_is_found() {
    let stage = Stage::new();
    stage.target.fault(On::manifest(&stage.below("acme/one")).method("GET"), Fault::bytes("{}"));
    let failed = stage.repo.imagelock(["mirror", &stage.to()]).exit(3);
    assert!(failed.stderr.contains("shows something else in its place"), "{}", failed.stderr);
}

#[test]
fn bytes_that_are_wrong_at_the_source_are_kept_nowhere() {
    let stage = Stage::new();
    stage.source.fault(On::blob("acme/one"), Fault::bytes("not what was promised"));
    let failed = stage.repo.imagelock(["mirror", &stage.to()]).exit(3);
    assert!(failed.stderr.contains("`one` could not be mirrored"), "{}", failed.stderr);
    let finished = stage.target.log().find("PUT", &format!("/v2/{}/", stage.below("acme/one")));
    assert!(finished.iter().all(|entry| entry.status == 0), "{finished:?}");
}
