//! Locks: damaged, newer, not answering, contradicting themselves.

use imagelock_testkit::Image;

use crate::harness::Case;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("a newer version of the lock is refused with what to do")
            .file("images.lock", "{\n  \"images\": {},\n  \"version\": 2\n}\n")
            .exits(2)
            .says("images.lock")
            .requests(0),
        Case::new("a lock that git left in conflict is refused")
            .file("images.lock", "<<<<<<< HEAD\n{\"images\": {}, \"version\": 1}\n=======\n>>>>>>> other\n")
            .exits(2)
            .says("images.lock")
            .requests(0),
        Case::new("a gate fails for what is not locked, without the network")
            .runs("lock --locked")
            .exits(1)
            .says("not in images.lock")
            .requests(0),
        Case::new("a lock that holds passes the gate, without the network")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]))))
            .runs("lock")
            .runs("lock --locked")
            .requests(0),
    ]
}
