//! Facts beside the digest: when it was built, which version, from which source.

use imagelock_testkit::Image;

use crate::harness::Case;

const VERSION: &str = "org.opencontainers.image.version";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("the time of a build comes from the configuration where nothing else says it")
            .serves(|registry| {
                registry.push("app:1", &Image::linux(["amd64"]).created("2026-11-12T08:31:02Z"));
            })
            .lock_has("/images/app/created", "2026-11-12T08:31:02Z"),
        Case::new("a version is read from a label")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]).label(VERSION, "1.2.3"))))
            .lock_has("/images/app/version", "1.2.3"),
        Case::new("an annotation of the index comes before a label")
            .serves(|registry| {
                let image = Image::linux(["amd64", "arm64"]).label(VERSION, "1.2").index_annotation(VERSION, "1.2.3");
                registry.push("app:1", &image);
            })
            .lock_has("/images/app/version", "1.2.3"),
        Case::new("control characters of a publisher reach no terminal")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]).label(VERSION, "1\u{1b}[31m"))))
            .runs("lock")
            .runs("list")
            .never_prints("\u{1b}"),
    ]
}
