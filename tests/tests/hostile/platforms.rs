//! Platforms: in indexes, in configurations, in neither.

use imagelock_testkit::Image;
use serde_json::json;

use crate::harness::{Case, config, descriptor, put_image, put_index};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("every platform of an index is locked where none is asked for")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64", "arm64"]))))
            .locks_platforms(["linux/amd64", "linux/arm64"]),
        Case::new("a platform that the index lacks is told with those it has")
            .toml("[images.app]\nrepository = \"{host}/app\"\ntag = \"1\"\nplatforms = [\"linux/s390x\"]\n")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64", "arm64"]))))
            .exits(2)
            .says("linux/s390x is requested, but it has linux/amd64, linux/arm64"),
        Case::new("attestations are no platforms")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]).attestations())))
            .locks_platforms(["linux/amd64"]),
        Case::new("an entry whose platform is null is passed over beside others")
            .serves(|registry| {
                let good = put_image(registry, "app", &config("linux/amd64"));
                let other = put_image(registry, "app", &json!({}));
                let good = descriptor(good, &json!({ "os": "linux", "architecture": "amd64" }));
                put_index(registry, "app:1", &[good, descriptor(other, &json!(null))]);
            })
            .locks_platforms(["linux/amd64"]),
    ]
}
