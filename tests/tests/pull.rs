//! What `pull` copies is what other tools read.

use imagelock_testkit::{Image, Layer, Registry, sha256};
use imagelock_tests::{Monorepo, RealRegistry, need};

fn layer(text: &str) -> Layer {
    Layer::files([("file", text)])
}

fn stage(host: &str) -> Monorepo {
    let toml = format!(
        "[defaults]\nplatforms = [\"linux/amd64\"]\n\n[images]\none = \"{host}/acme/one:1\"\ntwo = \"{host}/acme/two:2\"\n"
    );
    Monorepo::builder().file("images.toml", toml).build()
}

/// Two images that share a layer.
fn images() -> (Image, Image) {
    let one = Image::linux(["amd64", "arm64"]).seed("one").layer(layer("shared"));
    let two = Image::linux(["amd64", "arm64"]).seed("two").layer(layer("shared")).attestations();
    (one, two)
}

#[test]
fn a_layout_holds_whole_images_that_skopeo_reads() {
    let (program, skopeo) = need!("docker-registry", "skopeo");
    let registry = RealRegistry::new(&program).start();
    let (one, two) = images();
    one.push_to(&registry.url(), "acme/one", "1", None).unwrap();
    two.push_to(&registry.url(), "acme/two", "2", None).unwrap();
    let repo = stage(registry.host());
    repo.imagelock(["lock"]).success();
    repo.imagelock(["pull", "vendor"]).success();
    for (image, reference) in [(&one, "acme/one:1"), (&two, "acme/two:2")] {
        let source = format!("oci:vendor:{}/{reference}", registry.host());
        let raw = repo.run(&skopeo, ["inspect", "--raw", &source]).success();
        assert_eq!(format!("sha256:{}", sha256(raw.stdout.as_bytes()).trim_start_matches("sha256:")), image.digest());
        for digest in image.digests() {
            let hex = digest.trim_start_matches("sha256:");
            let bytes = std::fs::read(repo.path(format!("vendor/blobs/sha256/{hex}"))).unwrap();
            assert_eq!(sha256(&bytes).trim_start_matches("sha256:"), hex);
        }
    }
    // Bodies that are there are not asked for again, but for the manifests that say what is.
    let before = registry.count("GET", "/blobs/");
    repo.imagelock(["pull", "vendor"]).success();
    assert_eq!(registry.count("GET", "/blobs/"), before);
}

#[test]
fn bazels_places_get_the_locked_platforms_alone_and_shared_layers_once() {
    let registry = Registry::start().unwrap();
    let (one, two) = images();
    registry.push("acme/one:1", &one);
    registry.push("acme/two:2", &two);
    let repo = stage(registry.host());
    repo.imagelock(["lock"]).success();
    registry.log().take();
    repo.imagelock(["pull", "--bazel-cache", "cache", "--distdir", "dist"]).success();
    let platform = "linux/amd64";
    let mut expected: Vec<String> = Vec::new();
    for image in [&one, &two] {
        expected.push(image.manifest_of(platform).unwrap().digest.clone());
        expected.push(image.config_of(platform).unwrap().digest.clone());
        expected.extend(image.layers_of(platform).iter().map(|layer| layer.digest.clone()));
    }
    expected.sort();
    expected.dedup();
    let mut found: Vec<String> = std::fs::read_dir(repo.path("dist"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, expected);
    for digest in &expected {
        let hex = digest.trim_start_matches("sha256:");
        let cached = std::fs::read(repo.path(format!("cache/content_addressable/sha256/{hex}/file"))).unwrap();
        assert_eq!(sha256(&cached).trim_start_matches("sha256:"), hex);
    }
    let shared = &one.layers_of(platform).last().unwrap().digest;
    assert!(two.layers_of(platform).iter().any(|layer| layer.digest == *shared), "the images share a layer");
    let fetched = registry.log().entries().into_iter().filter(|entry| entry.path.ends_with(shared.as_str())).count();
    assert_eq!(fetched, 1);
}

#[test]
fn wrong_bytes_are_not_kept() {
    let registry = Registry::start().unwrap();
    let (one, two) = images();
    registry.push("acme/one:1", &one);
    registry.push("acme/two:2", &two);
    let repo = stage(registry.host());
    repo.imagelock(["lock"]).success();
    let layer = one.layers_of("linux/amd64")[0].digest.clone();
    registry.fault(
        imagelock_testkit::On::blob("acme/one").reference(&layer),
        imagelock_testkit::Fault::bytes("not what was promised"),
    );
    let failed = repo.imagelock(["pull", "--distdir", "dist", "--image", "one"]).exit(3);
    assert!(failed.stderr.contains("`one` could not be pulled"), "{}", failed.stderr);
    assert!(!repo.path(format!("dist/{layer}")).exists());
}
