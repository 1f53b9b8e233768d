//! What a person reads when a pull or a lock is no good.

use imagelock_testkit::{Fault, Image, Layer, On, Registry};
use serde_json::{Value, json};

use super::{Generation, Suite, assert_layout, entry, in_layout, served};

const BOTH: [&str; 2] = ["linux/amd64", "linux/arm64"];

fn image(seed: &str) -> Image {
    Image::linux(["amd64", "arm64"]).seed(seed).layer(Layer::files([("etc/seed", seed)]))
}

fn assert_says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "`{part}` is not in\n{said}");
    }
}

/// A lock that is no good fails before any request, with the command that mends it.
pub(crate) fn bad_locks(suite: &Suite) {
    let good = entry(&image("good"), "127.0.0.1:1", "acme/good", &BOTH);
    let fails = |lock: &Value, parts: &[&str]| {
        suite.lock_text(lock);
        assert_says(&suite.fails(&["@images//good"]), parts);
    };
    let with = |change: &dyn Fn(&mut Value)| {
        let mut changed = good.clone();
        change(&mut changed);
        json!({ "images": { "good": changed }, "version": 1 })
    };
    fails(
        &json!({ "images": {}, "version": 3 }),
        &["//:images.lock has version 3, and this module reads up to version 2; update the Bazel module `imagelock`"],
    );
    fails(
        &json!({ "images": [], "version": 1 }),
        &["//:images.lock: `images` must be an object, and is \"[]\"; run `imagelock lock`"],
    );
    fails(
        &with(&|image| image["digest"] = json!("sha256:xyz")),
        &["image `good`: `digest` must be sha256: and 64 hexadecimal digits, and is \"sha256:xyz\""],
    );
    fails(
        &with(&|image| image["platforms"]["linux/amd64"]["size"] = json!("1")),
        &["image `good`: platform linux/amd64: `size` must be a whole number"],
    );
    fails(
        &with(&|image| image["tag"] = json!("other")),
        &["image `good` contradicts itself: it is locked with the tag \"other\", and its request asks for"],
    );
    fails(
        &with(&|image| image["repository"] = json!("../../etc")),
        &["image `good`: `repository` must be a repository's path, and is \"../../etc\""],
    );
    fails(
        &json!({ "images": { "good": in_layout(&image("good"), "../out side", &BOTH) }, "version": 1 }),
        &["image `good`: `layout` must be a path in the lock's folder, and is \"../out side\""],
    );
    fails(
        &json!({ "images": { "digest": good.clone() }, "version": 1 }),
        &["image `digest` and its target `:digest` have one name; give the image another name in images.toml"],
    );
    let twice = with(&|image| {
        image["platforms"]["linux/arm_v7"] = image["platforms"]["linux/arm64"].clone();
        image["platforms"]["linux/arm/v7"] = image["platforms"]["linux/arm64"].clone();
    });
    fails(&twice, &["the platforms linux/arm/v7 and linux/arm_v7 have one target, `:linux_arm_v7`"]);
    suite.repo.write("images.lock", "{\n<<<<<<< HEAD\n");
    assert_says(&suite.fails(&["@images//good"]), &["//:images.lock has conflict markers; take either side"]);
    suite.repo.write("images.lock", "{");
    let said = suite.fails(&["@images//good"]);
    match suite.generation {
        Generation::Modules => assert_says(&said, &["//:images.lock is not a lock: it must be a JSON object"]),
        // An older Bazel fails by itself, and says where.
        Generation::Workspace => assert_says(&said, &["repository 'images'", "decode: at offset 1"]),
    }
    fs_err::remove_file(suite.repo.path("images.lock")).expect("the lock is there");
    let said = suite.fails(&["@images//good"]);
    match suite.generation {
        Generation::Modules => assert_says(&said, &["//:images.lock does not exist; run `imagelock lock`"]),
        Generation::Workspace => assert_says(&said, &["Not a regular file", "images.lock"]),
    }
}

/// One image that Bazel cannot check fails alone.
pub(crate) fn images_out_of_reach(suite: &Suite, registry: &Registry) {
    let good = image("reach");
    let mut strong = entry(&good, registry.host(), "acme/strong", &BOTH);
    strong["platforms"]["linux/amd64"]["digest"] = json!(format!("sha512:{}", "0".repeat(128)));
    suite.lock([("good", served(&good, registry, "acme/good")), ("strong", strong)]);
    drop(suite.build(&["--platforms=//:amd64", "@images//good", "@images//strong:digest"]).success());
    drop(suite.build(&["--platforms=//:arm64", "@images//good"]).success());
    let said = suite.fails(&["@images//strong:linux_amd64"]);
    assert_says(&said, &["image `strong` (linux/amd64, //:images.lock) cannot be had: its digest is not sha256"]);
}

/// Other bytes, half the bytes, nothing at all: each names image, platform, digest, lock and what to do.
pub(crate) fn bad_answers(suite: &Suite, registry: &Registry) {
    let faults: [(&str, Fault, &str); 3] = [
        ("wrong", Fault::bytes("these are not the bytes"), "Checksum was"),
        ("gone", Fault::status(404), "404"),
        ("forbidden", Fault::status(403), "403"),
    ];
    let images = faults.each_ref().map(|(name, ..)| (*name, image(name)));
    suite.lock(images.each_ref().map(|(name, image)| (*name, served(image, registry, &format!("acme/{name}")))));
    for ((name, fault, reason), (_, image)) in faults.into_iter().zip(&images) {
        let layer = &image.layers_of("linux/amd64")[0].digest;
        registry.fault(On::blob(&format!("acme/{name}")).reference(layer), fault);
        let said = suite.fails(&["--platforms=//:amd64", &format!("@images//{name}")]);
        assert_says(
            &said,
            &[
                &format!("imagelock: image `{name}` (linux/amd64, //:images.lock): cannot fetch the layer {layer}"),
                &format!("from http://{}/v2/acme/{name}", registry.host()),
                &format!("docker login {}", registry.host()),
                &format!("imagelock update {name}"),
                "imagelock pull --bazel-cache DIR",
                reason,
            ],
        );
        registry.heal();
        // A failure leaves nothing that a later build would take.
        let built = suite.build(&["--platforms=//:amd64", &format!("@images//{name}")]).success();
        assert_layout(&suite.result(&built), image, "linux/amd64");
    }
}

/// A body that ends early is asked for again, as Bazel does, and is never taken.
pub(crate) fn short_bodies_are_never_taken(suite: &Suite, registry: &Registry) {
    let short = image("short");
    suite.lock([("short", served(&short, registry, "acme/short"))]);
    let layer = &short.layers_of("linux/amd64")[0].digest;
    registry.fault(On::blob("acme/short").reference(layer), Fault::truncate(20).times(1));
    // Some versions ask again by themselves. Where one does not, the next build does.
    drop(suite.build(&["--platforms=//:amd64", "@images//short"]));
    let built = suite.build(&["--platforms=//:amd64", "@images//short"]).success();
    assert_layout(&suite.result(&built), &short, "linux/amd64");
}

/// The publisher's index says one platform and the config another; or the lock is not what the manifest says.
pub(crate) fn wrong_platforms(suite: &Suite, registry: &Registry) {
    let swapped = image("swapped");
    let mut locked = served(&swapped, registry, "acme/swapped");
    let arm = locked["platforms"]["linux/arm64"].clone();
    locked["platforms"] = json!({ "linux/amd64": arm });
    let mut other = served(&image("other"), registry, "acme/other");
    other["platforms"]["linux/amd64"]["config"] = json!(format!("sha256:{}", "0".repeat(64)));
    suite.lock([("other", other), ("swapped", locked)]);
    assert_says(
        &suite.fails(&["--platforms=//:amd64", "@images//swapped"]),
        &["image `swapped` (linux/amd64, //:images.lock): the config is of linux/arm64", "run `imagelock lock`"],
    );
    assert_says(
        &suite.fails(&["--platforms=//:amd64", "@images//other"]),
        &["image `other` (linux/amd64, //:images.lock): the manifest's config is sha256:", "run `imagelock lock`"],
    );
}

/// What the rewriter blocks is said to be blocked, and what is plain HTTP beyond loopback is not asked.
pub(crate) fn blocked_and_plain(suite: &Suite, registry: &Registry) {
    let blocked = image("blocked");
    let mut plain = entry(&blocked, "registry.invalid", "acme/plain", &BOTH);
    plain["platforms"].as_object_mut().expect("an object").remove("linux/arm64");
    suite.lock([("blocked", served(&blocked, registry, "acme/blocked"))]);
    suite.repo.write("rewriter.cfg", format!("block {}\n", registry.host().split(':').next().expect("a host")));
    let config = format!("--experimental_downloader_config={}", suite.repo.path("rewriter.cfg"));
    let said = suite.fails(&[&config, "--platforms=//:amd64", "@images//blocked"]);
    assert_says(&said, &["image `blocked` (linux/amd64", "--experimental_downloader_config blocks the address"]);
    // A newer Bazel says nothing of its own, which is what the message tells it by.
    assert_says(&said, &["no warning  --experimental_downloader_config"]);
    assert!(!said.contains("WARNING: Download from"), "{said}");
    suite.lock([("plain", plain)]);
    suite.set_up(", sources = {\"registry.invalid\": [\"http://mirror.invalid\"]}");
    let said = suite.fails(&["--platforms=//:amd64", "@images//plain"]);
    assert_says(&said, &["the source \"http://mirror.invalid\" is plain HTTP; add insecure = [\"mirror.invalid\"]"]);
    suite.set_up("");
    // The rewriter rules Bazel's own downloader, not the curl that asks for a manifest where Bazel cannot.
    let by_curl = usize::from(suite.generation == Generation::Workspace);
    assert_eq!(registry.log().entries().len(), by_curl, "{:#?}", registry.log().lines());
}
