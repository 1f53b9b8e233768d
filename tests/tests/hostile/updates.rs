//! Updates: what moved, what only looks moved, and what a run may not do on the way.

use imagelock_testkit::Image;

use crate::harness::Case;

fn image(seed: &str) -> Image {
    Image::linux(["amd64"]).seed(seed)
}

pub(crate) fn cases() -> Vec<Case> {
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
