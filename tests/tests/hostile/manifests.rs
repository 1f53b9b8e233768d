//! Kubernetes manifests and other files that are edited or judged: a gate reads what the consumer reads.

use imagelock_testkit::Image;

use crate::harness::Case;

/// A case in which `app` is locked, and a manifest comes through `post-render --strict`.
fn strict(name: &'static str, manifest: &str) -> Case {
    Case::new(name)
        .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]))))
        .runs("lock")
        .runs("post-render --strict")
        .reads(manifest)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        strict(
            "an image of the lock is pinned on its way",
            "kind: Pod\nspec:\n  containers:\n  - image: {host}/app:1\n",
        )
        .prints("{host}/app:1@sha256:"),
        strict(
            "an image that is not in the lock is refused",
            "kind: Pod\nspec:\n  containers:\n  - image: evil.example/x:1\n",
        )
        .exits(1)
        .says("evil.example/x:1"),
        strict(
            "an image in a list is seen",
            "kind: List\napiVersion: v1\nitems:\n- kind: Pod\n  spec:\n    containers:\n    - image: evil.example/x:1\n",
        )
        .exits(1)
        .says("evil.example/x:1"),
    ]
}
