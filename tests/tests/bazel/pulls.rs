//! What both generations of Bazel must do, against a registry whose requests are counted.

use imagelock_testkit::{Image, Layer};
use imagelock_tests::RealRegistry;
use serde_json::Value;

use super::{Suite, asked, assert_layout, blobs, entry, expected, pushed};

pub(crate) const BOTH: [&str; 2] = ["linux/amd64", "linux/arm64"];

pub(crate) fn two_platforms(seed: &str) -> Image {
    let own = |platform: &str| Layer::files([("etc/platform", format!("{seed} {platform}"))]);
    let image = Image::linux(["amd64", "arm64"]).seed(seed).annotation("org.example.note", "naïve 日本 \" \\");
    BOTH.into_iter().fold(image, |image, platform| image.layer_on(platform, own(platform)))
}

/// Cold: the built platform's manifest, config and layers, each once, and nothing else. Then nothing at all, for a
/// second build and for a new output base with the same repository cache.
pub(crate) fn cold_then_warm(suite: &Suite, registry: &RealRegistry) {
    let twice = Layer::files([("etc/twice", "twice")]);
    let image = two_platforms("cold").layer(twice.clone()).layer(twice);
    suite.lock([("web", pushed(&image, registry, "acme/web"))]);

    let cold = asked(registry, || {
        let built = suite.build(&["--platforms=//:amd64", "@images//web"]).success();
        assert_layout(&suite.result(&built), &image, "linux/amd64");
    });
    assert_eq!(cold, expected(suite, &image, "acme/web", "linux/amd64"));

    let other = asked(registry, || {
        let built = suite.build(&["--platforms=//:arm64", "@images//web"]).success();
        assert_layout(&suite.result(&built), &image, "linux/arm64");
    });
    let shared: Vec<_> = blobs(&image, "linux/amd64");
    let mut wanted = expected(suite, &image, "acme/web", "linux/arm64");
    wanted.retain(|line| !shared.iter().any(|digest| line.contains(digest)));
    assert_eq!(other, wanted, "the layer that both platforms have is there already");

    let warm = asked(registry, || {
        drop(suite.build(&["--platforms=//:amd64", "@images//web"]).success());
        suite.expunge();
        let built = suite.build(&["--platforms=//:amd64", "@images//web"]).success();
        assert_layout(&suite.result(&built), &image, "linux/amd64");
    });
    assert_eq!(warm, [""; 0]);
}

/// Nothing that is text asks a registry, nor does a platform that is not locked.
pub(crate) fn text_needs_no_network(suite: &Suite, registry: &RealRegistry) {
    let image = two_platforms("text");
    let mut locked = pushed(&image, registry, "acme/text");
    locked["version"] = Value::from("1.0 naïve 日本 \" \\ ' \n $(x) end");
    suite.lock([("text", locked)]);
    let build = suite.repo.read("BUILD.bazel");
    suite.repo.write(
        "BUILD.bazel",
        format!(
            "load(\"@images//:images.bzl\", \"IMAGES\")\nload(\":text.bzl\", \"text\")\n{build}\n\
             text(name = \"version\", content = IMAGES[\"text\"].version)\n"
        ),
    );
    suite.repo.write("text.bzl", TEXT_RULE);
    let asked = asked(registry, || {
        let built = suite.build(&["@images//text:digest"]).success();
        let digest = fs_err::read_to_string(suite.result(&built)).expect("the digest is a file");
        assert_eq!(digest, format!("{}\n", image.digest()));
        let built = suite.build(&["@images//text:reference"]).success();
        let reference = fs_err::read_to_string(suite.result(&built)).expect("the reference is a file");
        assert_eq!(reference, format!("{}/acme/text@{}\n", registry.host(), image.digest()));
        let built = suite.build(&["//:version"]).success();
        let version = fs_err::read_to_string(suite.result(&built)).expect("the version is a file");
        assert_eq!(version, "1.0 naïve 日本 \" \\ ' \n $(x) end", "the bytes are the lock's");
        let found = suite.bazel("query", &["@images//text:all"]).success().stdout;
        for target in ["text", "config", "digest", "layout", "linux_amd64", "linux_arm64", "manifest", "reference"] {
            assert!(found.contains(&format!("@images//text:{target}\n")), "{target} is not in\n{found}");
        }

        let said = suite.fails(&["--platforms=//:s390x", "@images//text"]);
        assert!(
            said.contains("imagelock: image `text` is locked for linux/amd64, linux/arm64 (//:images.lock)"),
            "{said}"
        );
        assert!(said.contains("Add the platform to images.toml and run `imagelock lock`"), "{said}");
    });
    assert_eq!(asked, [""; 0]);
    suite.repo.write("BUILD.bazel", build);
}

const TEXT_RULE: &str = r#"
def _impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.write(out, ctx.attr.content)
    return [DefaultInfo(files = depset([out]))]

text = rule(implementation = _impl, attrs = {"content": attr.string()})
"#;

/// An edit of a tag asks for nothing; another digest asks for that image's platform only.
pub(crate) fn edits(suite: &Suite, registry: &RealRegistry) {
    let (kept, first, second) = (two_platforms("kept"), two_platforms("first"), two_platforms("second"));
    let kept_entry = pushed(&kept, registry, "acme/kept");
    let mut moved = pushed(&first, registry, "acme/moved");
    suite.lock([("kept", kept_entry.clone()), ("moved", moved.clone())]);
    let all = ["--platforms=//:amd64", "@images//kept", "@images//moved"];
    drop(suite.build(&all).success());

    moved["tag"] = Value::from("2");
    moved["request"]["tag"] = Value::from("2");
    suite.lock([("kept", kept_entry.clone()), ("moved", moved)]);
    assert_eq!(asked(registry, || drop(suite.build(&all).success())), [""; 0]);

    suite.lock([("kept", kept_entry), ("moved", pushed(&second, registry, "acme/moved"))]);
    let changed = asked(registry, || drop(suite.build(&all).success()));
    assert_eq!(changed, expected(suite, &second, "acme/moved", "linux/amd64"));
}

/// Two images with one layer fetch it once, and one manifest under two names is one repository.
pub(crate) fn sharing(suite: &Suite, registry: &RealRegistry) {
    let layer = Layer::files([("usr/lib/base", "the base of both")]);
    let one = two_platforms("one").layer(layer.clone());
    let two = two_platforms("two").layer(layer);
    let (first, second) = (pushed(&one, registry, "acme/one"), pushed(&two, registry, "acme/two"));
    suite.lock([("again", first.clone()), ("one", first), ("two", second)]);
    drop(suite.build(&["--platforms=//:amd64", "@images//one"]).success());
    let asked =
        asked(registry, || drop(suite.build(&["--platforms=//:amd64", "@images//two", "@images//again"]).success()));
    let shared = blobs(&one, "linux/amd64");
    let mut wanted = expected(suite, &two, "acme/two", "linux/amd64");
    wanted.retain(|line| !shared.iter().any(|digest| line.contains(digest)));
    assert_eq!(asked, wanted);
}

/// Docker's media types, an image for one platform, and one for every target platform.
pub(crate) fn kinds_of_image(suite: &Suite, registry: &RealRegistry) {
    let docker = two_platforms("docker").docker();
    let single = Image::new().seed("single").layer(Layer::files([("etc/one", "one")]));
    single.push_to(&registry.url(), "acme/single", "1", None).expect("the registry takes the image");
    let locked = entry(&single, registry.host(), "acme/single", &["linux/amd64"]);
    assert_eq!(locked["digest"], locked["platforms"]["linux/amd64"]["digest"], "there is no index");
    suite.lock([("docker", pushed(&docker, registry, "acme/docker")), ("single", locked)]);

    let asked = asked(registry, || {
        let built = suite.build(&["--platforms=//:amd64", "@images//docker"]).success();
        assert_layout(&suite.result(&built), &docker, "linux/amd64");
    });
    assert_eq!(asked, expected(suite, &docker, "acme/docker", "linux/amd64"));

    let built = suite.build(&["--platforms=//:s390x", "@images//single:linux_amd64"]).success();
    assert_layout(&suite.result(&built), &single, "linux/amd64");
    let said = suite.fails(&["--platforms=//:mac", "@images//single"]);
    assert!(said.contains("image `single` is locked for linux/amd64"), "{said}");
    suite.set_up(", any_platform = True");
    let built = suite.build(&["--platforms=//:mac", "@images//single"]).success();
    assert_layout(&suite.result(&built), &single, "linux/amd64");
    let built = suite.build(&["--platforms=//:mac", "@images//docker"]).success();
    assert_layout(&suite.result(&built), &docker, "linux/arm64");
    suite.set_up("");
}
