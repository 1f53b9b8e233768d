//! Builds without a network, from what somebody or imagelock put into Bazel's places.

use imagelock_tests::RealRegistry;

use super::pulls::two_platforms;
use super::{Suite, asked, assert_layout, blobs, pushed};

/// A repository cache or a distdir that somebody filled by hand makes a build without requests.
pub(crate) fn filled_by_hand(suite: &Suite, registry: &RealRegistry) {
    let (cached, distributed) = (two_platforms("cached"), two_platforms("distributed"));
    suite.lock([
        ("cached", pushed(&cached, registry, "acme/cached")),
        ("distributed", pushed(&distributed, registry, "acme/distributed")),
    ]);
    let cache = suite.beside("filled").join("content_addressable/sha256");
    for digest in blobs(&cached, "linux/amd64") {
        let folder = cache.join(&digest["sha256:".len()..]);
        fs_err::create_dir_all(&folder).expect("the cache can be made");
        fs_err::write(folder.join("file"), cached.content(&digest).expect("the image has it")).expect("it is written");
    }
    let distdir = suite.beside("distdir");
    fs_err::create_dir_all(&distdir).expect("the distdir can be made");
    for digest in blobs(&distributed, "linux/amd64") {
        fs_err::write(distdir.join(&digest), distributed.content(&digest).expect("the image has it"))
            .expect("it is written");
    }
    let asked = asked(registry, || {
        let built = suite.bazel_with_cache("build", "filled", &["--platforms=//:amd64", "@images//cached"]).success();
        assert_layout(&suite.result(&built), &cached, "linux/amd64");
        let distdir = format!("--distdir={distdir}");
        let built = suite.build(&[&distdir, "--platforms=//:amd64", "@images//distributed"]).success();
        assert_layout(&suite.result(&built), &distributed, "linux/amd64");
    });
    assert_eq!(asked, [""; 0]);
}

/// The whole way: images.toml, `lock`, `pull` for each place; then the registry is gone, and everything is built.
pub(crate) fn filled_by_pull(suite: &Suite, registry: RealRegistry) {
    let image = two_platforms("pulled");
    image.push_to(&registry.url(), "acme/pulled", "1", None).expect("the registry takes the image");
    suite.repo.write(
        "images.toml",
        format!(
            "[defaults]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n\n\
             [images]\npulled = \"{}/acme/pulled:1\"\n",
            registry.host()
        ),
    );
    suite.repo.imagelock(["lock"]).success();
    suite.repo.imagelock(["pull", "--bazel-cache", "../pulled-cache", "--distdir", "../pulled-dist"]).success();
    suite.repo.imagelock(["pull", "third_party/images"]).success();
    drop(registry);

    for platform in ["amd64", "arm64"] {
        let target = format!("--platforms=//:{platform}");
        let built = suite.bazel_with_cache("build", "pulled-cache", &[&target, "@images//pulled"]).success();
        assert_layout(&suite.result(&built), &image, &format!("linux/{platform}"));
    }
    suite.expunge();
    let distdir = format!("--distdir={}", suite.beside("pulled-dist"));
    let built =
        suite.bazel_with_cache("build", "empty-too", &[&distdir, "--platforms=//:amd64", "@images//pulled"]).success();
    assert_layout(&suite.result(&built), &image, "linux/amd64");

    suite.expunge();
    suite.set_up(", vendor = \"//:third_party/images/oci-layout\"");
    let built = suite.bazel_with_cache("build", "empty", &["--platforms=//:arm64", "@images//pulled"]).success();
    assert_layout(&suite.result(&built), &image, "linux/arm64");
    suite.set_up("");
}
