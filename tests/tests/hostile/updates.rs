//! Updates: what moved, what only looks moved, and what a run may not do on the way.

use imagelock_testkit::Image;

use crate::harness::Case;

fn image(seed: &str) -> Image {
    Image::linux(["amd64"]).seed(seed)
}

/// What a build makes of the same content: its attestation tells of another build.
fn build(number: &str) -> Image {
    Image::linux(["amd64", "arm64"]).index_annotation("com.example.build", number)
}

/// An image that was locked, and that was built again by then.
fn rebuilt(name: &'static str) -> Case {
    Case::new(name)
        .serves(|registry| drop(registry.push("app:1", &build("1"))))
        .runs("lock")
        .serves(|registry| drop(registry.push("app:1", &build("2"))))
}

/// Versions that were locked, with the newest of them.
fn versions(name: &'static str) -> Case {
    Case::new(name)
        .toml("[images.app]\nrepository = \"{host}/app\"\nversion = \"1\"\n")
        .serves(|registry| {
            registry.push("app:1.0.0", &image("one"));
            registry.push("app:1.1.0", &image("two"));
        })
        .runs("lock")
        .lock_has("/images/app/tag", "1.1.0")
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = moved();
    cases.extend(unchanged());
    cases.extend(named());
    cases
}

fn unchanged() -> Vec<Case> {
    vec![
        rebuilt("an image that was built again with the same content stays as it is locked")
            .runs("update")
            .says("Unchanged 1 image rebuilt with the same content")
            .lock_has("/images/app/digest", build("1").digest())
            .asks("HEAD", "/", 2),
        rebuilt("an image that was built again is told to programs")
            .runs("update --format json")
            .json("/unchanged/0/name", "app")
            .json("/unchanged/0/tag", "1")
            .json("/unchanged/0/digest", build("1").digest())
            .json("/unchanged/0/rebuilt", build("2").digest())
            .json("/fresh", 1)
            .json("/written", false),
        rebuilt("a new index of the same content is taken where that is allowed")
            .runs("update --allow digest")
            .lock_has("/images/app/digest", build("2").digest())
            .asks("HEAD", "/", 1),
        rebuilt("a new index of the same content is taken where the old one is gone")
            .serves(|registry| assert!(registry.delete_manifest("app", build("1").digest())))
            .runs("update")
            .lock_has("/images/app/digest", build("2").digest()),
        rebuilt("a new index of the same content is taken by its tag")
            .runs("update app --precise 1")
            .lock_has("/images/app/digest", build("2").digest()),
        rebuilt("a new index of the same content is taken by its digest")
            .runs(&format!("update app --precise {}", build("2").digest()))
            .lock_has("/images/app/digest", build("2").digest()),
        rebuilt("a platform that was added is a change where all are locked")
            .serves(|registry| drop(registry.push("app:1", &build("2").platform("linux/s390x"))))
            .runs("update")
            .says("Updating app")
            .lock_has("/images/app/digest", build("2").platform("linux/s390x").digest()),
        Case::new("three images that were built again are counted")
            .toml("[images]\na = \"{host}/app:1\"\nb = \"{host}/app:2\"\nc = \"{host}/app:3\"\n")
            .serves(|registry| registry.push_tags("app", ["1", "2", "3"], &build("1")))
            .runs("lock")
            .serves(|registry| registry.push_tags("app", ["1", "2", "3"], &build("2")))
            .runs("update")
            .says("3 images rebuilt with the same content"),
    ]
}

fn named() -> Vec<Case> {
    vec![
        versions("the newest version that was taken back is a downgrade")
            .serves(|registry| assert!(registry.delete_tag("app", "1.1.0")))
            .runs("update --format json")
            .says("Downgrading app 1.1.0 -> 1.0.0")
            .json("/changes/0/direction", "down")
            .runs("update")
            .requests(2),
        versions("an older version is locked by its tag")
            .runs("update app --precise 1.0.0")
            .says("Downgrading app 1.1.0 -> 1.0.0")
            .lock_has("/images/app/tag", "1.0.0")
            .lock_has("/images/app/digest", image("one").digest())
            .runs("lock --locked"),
        versions("a tag that the rule does not admit is refused")
            .serves(|registry| drop(registry.push("app:2.0.0", &image("three"))))
            .runs("update app --precise 2.0.0")
            .exits(2)
            .says("`2.0.0` does not fit version 1")
            .says("images.toml:2:")
            .requests(0),
        versions("a digest that no tag of the rule points at needs its tag")
            .runs(&format!("update app --precise {}", image("one").digest()))
            .exits(2)
            .says("1.1.0 does not point at")
            .says(&format!("`--precise TAG@{}`", image("one").digest())),
        versions("a digest is locked with the tag that is named beside it")
            .runs(&format!("update app --precise 1.0.0@{}", image("one").digest()))
            .lock_has("/images/app/tag", "1.0.0")
            .lock_has("/images/app/digest", image("one").digest())
            .runs("lock --locked"),
        rebuilt("an answer with another tag than the followed one is refused")
            .runs("update app --precise 2")
            .exits(2)
            .says("the request follows the tag `1`, and `2` is another")
            .says("write `tag = \"2\"` there and lock")
            .requests(0),
        rebuilt("a digest of nobody's is not locked")
            .runs(&format!("update app --precise sha256:{}", "0".repeat(64)))
            .exits(3)
            .says("no such manifest"),
        rebuilt("an answer needs the name of its image")
            .runs("update --precise 1")
            .exits(2)
            .says("`imagelock update NAME --precise 1`"),
        rebuilt("an answer is for one image").runs("update app app --precise 1").exits(2),
        rebuilt("what is neither a tag nor a digest is no answer")
            .runs("update app --precise {host}/app:1")
            .exits(2)
            .says("write a tag, a digest or TAG@DIGEST"),
    ]
}

fn moved() -> Vec<Case> {
    vec![
        Case::new("a tag that moved stays pinned until an update")
            .serves(|registry| drop(registry.push("app:1", &image("one"))))
            .runs("lock")
            .serves(|registry| drop(registry.push("app:1", &image("two"))))
            .runs("lock")
            .requests(0)
            .lock_has("/images/app/digest", image("one").digest())
            .runs("update")
            .lock_has("/images/app/digest", image("two").digest()),
        Case::new("a dry run writes nothing")
            .serves(|registry| drop(registry.push("app:1", &image("one"))))
            .runs("lock")
            .serves(|registry| drop(registry.push("app:1", &image("two"))))
            .runs("update --dry-run --format json")
            .json("/written", false)
            .json("/changes/0/change", "updated")
            .lock_has("/images/app/digest", image("one").digest()),
        Case::new("an update of what has not moved asks once")
            .serves(|registry| drop(registry.push("app:1", &image("one"))))
            .runs("lock")
            .runs("update")
            .requests(1)
            .asks("HEAD", "/v2/app/manifests/1", 1),
    ]
}
