//! Where an image comes from: mirrors, layouts in the tree, the rewriter's choice.

use imagelock_testkit::{Fault, Image, Layer, On, Registry};
use imagelock_tests::RealRegistry;
use serde_json::Value;

use super::pulls::{BOTH, two_platforms};
use super::{Generation, Suite, asked, assert_layout, entry, expected, in_layout, pushed, served};

/// A source that has nothing is passed over, once; the layouts in the tree need no registry.
pub(crate) fn sources_and_layouts(suite: &Suite, registry: &RealRegistry) {
    let image = two_platforms("mirrored");
    let locked = pushed(&image, registry, "acme/mirrored");
    let host = registry.host();
    suite.lock([("mirrored", locked)]);
    suite.set_up(&format!(", sources = {{\"{host}\": [\"http://{host}/mirror\"]}}"));
    let requests = asked(registry, || {
        let built = suite.build(&["--platforms=//:amd64", "@images//mirrored"]).success();
        assert_layout(&suite.result(&built), &image, "linux/amd64");
    });
    let of_mirror = requests.iter().filter(|line| line.contains("/v2/mirror/acme/mirrored/")).count();
    let manifest = if suite.generation == Generation::Workspace { 2 } else { 1 };
    assert_eq!(of_mirror, manifest, "the mirror is asked for the manifest and then comes last:\n{requests:#?}");

    let (vendored, layout) = (two_platforms("vendored"), two_platforms("layout"));
    vendored.write_layout(suite.repo.path("third_party/vendored"), "1").expect("a layout can be written");
    layout.write_layout(suite.repo.path("third_party/tools oci"), "1").expect("a layout can be written");
    layout.write_layout(suite.repo.path("third_party/tools-oci"), "1").expect("a layout can be written");
    let in_tree = in_layout(&layout, "third_party/tools-oci", &BOTH);
    let odd = in_layout(&layout, "third_party/tools oci", &BOTH);
    suite.lock([
        ("odd", odd),
        ("tools", in_tree),
        ("vendored", entry(&vendored, "registry.invalid", "acme/vendored", &BOTH)),
    ]);
    suite.set_up(", vendor = \"//:third_party/vendored/oci-layout\"");
    let requests = asked(registry, || {
        for (name, image) in [("vendored", &vendored), ("tools", &layout)] {
            let built = suite.build(&["--platforms=//:amd64", &format!("@images//{name}")]).success();
            assert_layout(&suite.result(&built), image, "linux/amd64");
        }
    });
    assert_eq!(requests, [""; 0]);
    suite.set_up("");
}

/// A source whose host is down costs Bazel's patience once, not once a blob: what answered last is asked first.
pub(crate) fn a_dead_source_is_tried_once(suite: &Suite, registry: &RealRegistry) {
    let image = two_platforms("patient").layer(Layer::files([("a", "a")])).layer(Layer::files([("b", "b")]));
    suite.lock([("patient", pushed(&image, registry, "acme/patient"))]);
    let host = registry.host();
    suite.set_up(&format!(", sources = {{\"{host}\": [\"{}\"]}}", nobody()));
    let mut said = String::new();
    let requests = asked(registry, || {
        let built = suite.build(&["--platforms=//:amd64", "@images//patient"]).success();
        assert_layout(&suite.result(&built), &image, "linux/amd64");
        said = built.stderr;
    });
    assert_eq!(requests, expected(suite, &image, "acme/patient", "linux/amd64"));
    let warnings = said.lines().filter(|line| line.contains("Download from") && !line.contains(host)).count();
    assert_eq!(warnings, 1, "only the manifest was asked for where nothing answers:\n{said}");
    suite.set_up("");
}

/// An address on which nobody listens.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").to_string()
}

/// A mirror that answers with other bytes is passed over, and cannot give them to anybody.
pub(crate) fn a_lying_mirror_is_passed_over(suite: &Suite, registry: &RealRegistry) {
    let image = two_platforms("honest");
    suite.lock([("honest", pushed(&image, registry, "acme/honest"))]);
    let mirror = Registry::start().expect("a registry starts");
    served(&image, &mirror, "acme/honest");
    mirror.fault(On::blob("acme/honest"), Fault::bytes("these are not the bytes"));
    mirror.fault(On::manifest("acme/honest"), Fault::bytes("{}"));
    suite.set_up(&format!(", sources = {{\"{}\": [\"{}\"]}}", registry.host(), mirror.host()));
    let requests = asked(registry, || {
        let built = suite.build(&["--platforms=//:amd64", "@images//honest"]).success();
        assert_layout(&suite.result(&built), &image, "linux/amd64");
    });
    assert_eq!(requests, expected(suite, &image, "acme/honest", "linux/amd64"));
    suite.set_up("");
}

/// The downloader's rewrite rules hold: nobody is asked but where they send.
pub(crate) fn the_rewriter_sends_elsewhere(suite: &Suite, registry: &RealRegistry) {
    // Docker's types, which an older Bazel fetches itself: the rewriter does not rule curl.
    let image = two_platforms("rewritten").docker();
    let mut locked = pushed(&image, registry, "acme/rewritten");
    let port = registry.host().rsplit(':').next().expect("a port");
    let elsewhere = format!("127.0.0.2:{port}");
    locked["request"]["repository"] = Value::from(format!("{elsewhere}/acme/rewritten"));
    locked["registry"] = Value::from(elsewhere);
    suite.lock([("rewritten", locked)]);
    suite.repo.write("rewrite.cfg", "rewrite 127.0.0.2:([0-9]+)/(.*) 127.0.0.1:$1/$2\n");
    let config = format!("--experimental_downloader_config={}", suite.repo.path("rewrite.cfg"));
    let requests = asked(registry, || {
        let built = suite.build(&[&config, "--platforms=//:amd64", "@images//rewritten"]).success();
        assert_layout(&suite.result(&built), &image, "linux/amd64");
    });
    assert_eq!(requests, expected(suite, &image, "acme/rewritten", "linux/amd64"));
}

/// A registry that is busy for a moment is asked again by a Bazel that does so, and named where it stays busy.
pub(crate) fn a_busy_registry(suite: &Suite, registry: &Registry) {
    for status in [503, 429] {
        let name = format!("busy{status}");
        let image = Image::linux(["amd64", "arm64"]).docker().seed(&name).layer(Layer::files([("etc/busy", &name)]));
        suite.lock([(name.as_str(), served(&image, registry, &format!("acme/{name}")))]);
        registry.log().take();
        registry.fault(On::manifest(&format!("acme/{name}")), Fault::status(status).times(1));
        let built = suite.build(&["--platforms=//:amd64", &format!("@images//{name}")]).success();
        assert_layout(&suite.result(&built), &image, "linux/amd64");
        // An older Bazel does not ask again after a 429, but curl does, as for each manifest that Bazel did not get.
        let lines = registry.log().lines();
        assert_eq!(lines.len(), 4, "the manifest twice, the config and the layer: {lines:#?}");
        registry.heal();
    }
    let image = Image::linux(["amd64", "arm64"]).docker().seed("always").layer(Layer::files([("etc/busy", "always")]));
    suite.lock([("always", served(&image, registry, "acme/always"))]);
    registry.fault(On::blob("acme/always"), Fault::status(429));
    let said = suite.fails(&["--platforms=//:amd64", "@images//always"]);
    assert!(
        said.contains("imagelock: image `always` (linux/amd64, //:images.lock): cannot fetch the config"),
        "{said}"
    );
    assert!(said.contains("429"), "{said}");
    assert!(said.contains("`imagelock pull --bazel-cache DIR`"), "{said}");
    registry.heal();
}
