//! Documents as registries really serve them: media types, odd manifests, indexes in indexes, artifacts beside images.

use imagelock_testkit::{Fault, Image, On, Registry, media_type};
use serde_json::{Value, json};

use crate::harness::{Case, config, described, descriptor, manifest_of, put_image, put_index};

/// Serves an image whose manifest calls its configuration something.
fn called(family: &'static str, name: Value, config: Value) -> impl FnOnce(&Registry) + Send + 'static {
    move |registry| {
        let bytes = config.to_string().into_bytes();
        registry.put_blob("app", bytes.clone());
        let mut config = described("", &bytes);
        config["mediaType"] = name;
        let manifest = json!({ "schemaVersion": 2, "mediaType": family, "config": config, "layers": [] });
        registry.put_manifest("app:1", family, manifest.to_string());
    }
}

/// Serves an image with a text in the place of its `layers`.
fn layered(family: &'static str, layers: &'static str) -> impl FnOnce(&Registry) + Send + 'static {
    move |registry| {
        let bytes = config("linux/amd64").to_string().into_bytes();
        registry.put_blob("app", bytes.clone());
        let config = described(media_type::OCI_CONFIG, &bytes);
        let manifest = format!("{{\"schemaVersion\":2,\"mediaType\":\"{family}\",\"config\":{config}{layers}}}");
        registry.put_manifest("app:1", family, manifest);
    }
}

/// Serves an index of these entries.
fn index(entries: Vec<Value>) -> impl FnOnce(&Registry) + Send + 'static {
    move |registry| drop(put_index(registry, "app:1", &entries))
}

fn entry(media_type: &str) -> Value {
    json!({ "mediaType": media_type, "digest": format!("sha256:{}", "0".repeat(64)), "size": 100 })
}

/// Entries for platforms that are nowhere, of a size each.
fn entries(count: usize, size: u64) -> Vec<Value> {
    let entry = |number: usize| {
        let platform = json!({ "os": "linux", "architecture": format!("a{number}") });
        let digest = format!("sha256:{number:064x}");
        json!({ "mediaType": media_type::OCI_MANIFEST, "digest": digest, "size": size, "platform": platform })
    };
    (0..count).map(entry).collect()
}

pub(crate) fn cases() -> Vec<Case> {
    let tables = [
        usual(),
        of_old_docker(),
        without_layers(),
        for_two_readers(),
        without_an_image(),
        fetched_once(),
        bounded(),
        pulled(),
    ];
    tables.into_iter().flatten().collect()
}

fn usual() -> Vec<Case> {
    vec![
        Case::new("an image without an index is locked by its configuration's platform")
            .serves(|registry| drop(put_image(registry, "app:1", &config("linux/arm64/v8"))))
            .lock_has("/images/app/mediaType", media_type::OCI_MANIFEST)
            .locks_platforms(["linux/arm64"])
            .requests(3),
        Case::new("an artifact is refused by its type")
            .serves(|registry| drop(registry.push("app:1", &Image::artifact("application/vnd.example.sbom"))))
            .exits(3)
            .says("not a container image"),
        Case::new("a manifest of schema 1 is called by its name")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]).schema1())))
            .exits(3)
            .says("schema 1"),
        Case::new("what is no JSON is no manifest")
            .serves(|registry| {
                registry.put_manifest("app:1", media_type::OCI_MANIFEST, "<html>Log in</html>");
            })
            .exits(3)
            .says("not a manifest"),
        Case::new("a configuration that is not there is a missing blob")
            .serves(|registry| {
                let config = described(media_type::OCI_CONFIG, b"{}");
                registry.put_manifest("app:1", media_type::OCI_MANIFEST, manifest_of(&config).to_string());
            })
            .exits(3)
            .says("cannot read"),
        Case::new("what of which image is not there is told where several fail")
            .toml(
                "[images.app]\nrepository = \"{host}/app\"\ntag = \"1\"\nplatforms = [\"linux/amd64\"]\n\
                   [images.lib]\nrepository = \"{host}/lib\"\ntag = \"1\"\nplatforms = [\"linux/amd64\"]\n\
                   [images.none]\nrepository = \"{host}/none\"\ntag = \"1\"\n",
            )
            .serves(|registry| {
                for name in ["app", "lib"] {
                    registry.push(&format!("{name}:1"), &Image::linux(["amd64", "arm64"]).seed(name));
                    // The index is there, and what it lists is not.
                    registry.fault(On::manifest(name).method("GET"), Fault::status(404).after(1));
                }
            })
            .runs("lock")
            .exits(3)
            .says("3 of 3 images")
            .says("no such manifest")
            .says("note: cannot read {host}/app@sha256:")
            .says(" for linux/amd64 of {host}/lib:1")
            .never_says("note: cannot read {host}/none")
            .runs("lock --format json")
            .exits(3)
            .prints("\"cannot read {host}/app@sha256:")
            .prints(" for linux/amd64 of {host}/lib:1\""),
        Case::new("other bytes under a digest are refused")
            .serves(|registry| {
                registry.push("app:1", &Image::linux(["amd64"]));
                registry.fault(On::manifest("app").method("GET"), Fault::bytes(json!({}).to_string()));
            })
            .exits(3),
        Case::new("a digest is all that a manifest needs to say of its type")
            .serves(|registry| {
                let bytes = config("linux/amd64").to_string().into_bytes();
                registry.put_blob("app", bytes.clone());
                let manifest = json!({ "config": described(media_type::OCI_CONFIG, &bytes), "mediaType": null });
                registry.put_manifest("app:1", "text/plain", manifest.to_string());
            })
            .lock_has("/images/app/mediaType", media_type::OCI_MANIFEST),
    ]
}

fn of_old_docker() -> Vec<Case> {
    let image = || config("linux/amd64");
    let (docker, oci) = (media_type::DOCKER_MANIFEST, media_type::OCI_MANIFEST);
    vec![
        Case::new("a configuration called a stream of octets is one").serves(called(
            docker,
            json!("application/octet-stream"),
            image(),
        )),
        Case::new("a configuration called a web page is one").serves(called(docker, json!("text/html"), image())),
        Case::new("a configuration called JSON is one").serves(called(docker, json!("application/json"), image())),
        Case::new("a configuration called by an empty name is one").serves(called(docker, json!(""), image())),
        Case::new("a configuration called null is one").serves(called(docker, json!(null), image())),
        Case::new("under an OCI manifest such a configuration shows what it is")
            .serves(called(oci, json!("application/octet-stream"), image()))
            .locks_platforms(["linux/amd64"])
            .runs("verify"),
        Case::new("an artifact of octets is no image")
            .serves(called(oci, json!("application/octet-stream"), json!({ "os": "linux" })))
            .exits(3)
            .says("this is an artifact of type `application/octet-stream`, not a container image"),
        Case::new("an artifact of no type is said to be of none")
            .serves(called(oci, json!(""), json!({})))
            .exits(3)
            .says("this is an artifact of no type, not a container image"),
        Case::new("a plugin of Docker is no image")
            .serves(called(docker, json!("application/vnd.docker.plugin.v1+json"), image()))
            .exits(3)
            .says("an artifact of type `application/vnd.docker.plugin.v1+json`"),
    ]
}

fn without_layers() -> Vec<Case> {
    let (docker, oci) = (media_type::DOCKER_MANIFEST, media_type::OCI_MANIFEST);
    vec![
        Case::new("an OCI image whose layers are null is one").serves(layered(oci, ",\"layers\":null")),
        Case::new("an OCI image without layers is one").serves(layered(oci, "")).runs("lock").runs("verify"),
        Case::new("a Docker image whose layers are null is one").serves(layered(docker, ",\"layers\":null")),
        Case::new("a Docker image without layers is one").serves(layered(docker, "")),
        Case::new("layers that are a text are no layers")
            .serves(layered(oci, ",\"layers\":\"x\""))
            .exits(3)
            .says("not a manifest: invalid type"),
    ]
}

fn for_two_readers() -> Vec<Case> {
    let (oci, twice) = (media_type::OCI_MANIFEST, "stands twice in one object");
    vec![
        Case::new("a second configuration in another case is refused")
            .serves(layered(oci, ",\"Config\":{\"digest\":\"sha256:0\"}"))
            .exits(3)
            .says(twice),
        Case::new("a second media type in another case is refused")
            .serves(layered(oci, ",\"mediatype\":\"x\""))
            .exits(3)
            .says("`mediaType` stands twice"),
        Case::new("layers in letters that Go folds are refused beside layers")
            .serves(layered(oci, ",\"layers\":[],\"layer\\u017f\":[]"))
            .exits(3)
            .says("`layers` stands twice"),
        Case::new("a layer with two digests is refused")
            .serves(layered(oci, ",\"layers\":[{\"digest\":\"a\",\"Digest\":\"b\"}]"))
            .exits(3)
            .says("`digest` stands twice"),
        Case::new("an index and a manifest in one are refused")
            .serves(layered(oci, ",\"manifests\":[]"))
            .exits(3)
            .says("both an index and a manifest"),
        Case::new("a configuration for two machines is refused")
            .serves(|registry| {
                let config = &b"{\"os\":\"linux\",\"architecture\":\"amd64\",\"Architecture\":\"arm64\"}"[..];
                registry.put_blob("app", config);
                let manifest = manifest_of(&described(media_type::OCI_CONFIG, config));
                registry.put_manifest("app:1", media_type::OCI_MANIFEST, manifest.to_string());
            })
            .exits(3)
            .says("`architecture` stands twice"),
        Case::new("labels in Latin-1 and halves of characters refuse nothing")
            .serves(|registry| {
                let config = &b"{\"os\":\"linux\",\"architecture\":\"amd64\",\
                    \"config\":{\"Labels\":{\"a\":\"caf\xe9\",\"org.opencontainers.image.version\":\"\\ud8001\"}}}"[..];
                registry.put_blob("app", config);
                let manifest = manifest_of(&described(media_type::OCI_CONFIG, config));
                registry.put_manifest("app:1", media_type::OCI_MANIFEST, manifest.to_string());
            })
            .lock_has("/images/app/version", "\u{fffd}1"),
    ]
}

fn without_an_image() -> Vec<Case> {
    vec![
        Case::new("an empty index is called so")
            .serves(index(vec![]))
            .exits(3)
            .says("this is an index without entries"),
        Case::new("a build cache is called so")
            .serves(index(vec![entry(media_type::OCI_LAYER), entry("application/vnd.buildkit.cacheconfig.v0")]))
            .exits(3)
            .says("this is a build cache of BuildKit"),
        Case::new("an index of schema 1 is called so")
            .serves(index(vec![entry("application/vnd.docker.distribution.manifest.v1+json")]))
            .exits(3)
            .says("schema 1"),
        Case::new("an index of other things names them")
            .serves(index(vec![entry("application/vnd.a"), entry("application/vnd.b")]))
            .exits(3)
            .says("its entries are of type `application/vnd.a`, of type `application/vnd.b`"),
        Case::new("an artifact beside an image is passed over")
            .serves(|registry| {
                let artifact = Image::artifact("application/vnd.example.sbom");
                registry.push("app", &artifact);
                let platform = json!({ "os": "linux", "architecture": "amd64" });
                let image = descriptor(put_image(registry, "app", &config("linux/amd64")), &platform);
                put_index(registry, "app:1", &[described(media_type::OCI_MANIFEST, &artifact.bytes()), image]);
            })
            .locks_platforms(["linux/amd64"]),
    ]
}

fn fetched_once() -> Vec<Case> {
    const THREE: &str = "[images]\na = \"{host}/app:1\"\n\
        [images.b]\nrepository = \"{host}/app\"\ntag = \"1\"\nplatforms = [\"linux/amd64\"]\n\
        [images.c]\nrepository = \"{host}/app\"\ntag = \"1\"\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n";
    vec![
        Case::new("three names for one image cost what one costs")
            .toml(THREE)
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64", "arm64"]))))
            .runs("lock --no-cache")
            .requests(6)
            .runs("verify")
            .requests(5),
        Case::new("two names for one request cost what one costs")
            .toml("[images]\na = \"{host}/app:1\"\nb = \"{host}/app:1\"\n")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64", "arm64"]))))
            .runs("lock --no-cache --jobs 1")
            .requests(6)
            .runs("verify")
            .requests(5),
    ]
}

fn bounded() -> Vec<Case> {
    vec![
        Case::new("an image of gigabytes of manifests is refused before they are fetched")
            .serves(|registry| drop(put_index(registry, "app:1", &entries(260, 3_900_000))))
            .exits(3)
            .says("the image has more than 64 MiB of manifests and configurations")
            .says("this bound is imagelock's own: name the `platforms` that you need")
            .requests(2),
        Case::new("an image of thousands of platforms is refused before they are fetched")
            .serves(|registry| drop(put_index(registry, "app:1", &entries(20_000, 100))))
            .exits(3)
            .says("the image has more than 1000 manifests and configurations")
            .requests(2),
        Case::new("a manifest that is said to be too large is not fetched")
            .serves(|registry| drop(put_index(registry, "app:1", &entries(1, 5 << 20))))
            .exits(3)
            .says("larger than 4 MiB")
            .requests(2),
    ]
}

fn pulled() -> Vec<Case> {
    vec![
        Case::new("an image without layers is copied")
            .serves(layered(media_type::OCI_MANIFEST, ",\"layers\":null"))
            .runs("lock")
            .runs("pull vendor --bazel-cache cache")
            .file_has("vendor/index.json", "app:1"),
        Case::new("an artifact beside an image is copied with it")
            .serves(|registry| {
                let artifact = Image::artifact("application/vnd.example.sbom");
                registry.push("app", &artifact);
                let platform = json!({ "os": "linux", "architecture": "amd64" });
                let image = descriptor(put_image(registry, "app", &config("linux/amd64")), &platform);
                put_index(registry, "app:1", &[described(media_type::OCI_MANIFEST, &artifact.bytes()), image]);
            })
            .runs("lock")
            .runs("pull vendor --format json")
            .more(|_, ran| assert!(ran.stdout.contains("\"blobs\": 6"), "{}", ran.stdout)),
        Case::new("indexes that lead to one image in a million ways are copied once")
            .toml("[images.app]\nrepository = \"{host}/app\"\ntag = \"1\"\nplatforms = [\"linux/amd64\"]\n")
            .serves(|registry| {
                let platform = json!({ "os": "linux", "architecture": "amd64" });
                let image = descriptor(put_image(registry, "app", &config("linux/amd64")), &platform);
                let mut nested = put_index(registry, "app", std::slice::from_ref(&image));
                for _ in 0..20 {
                    nested = put_index(registry, "app", &[nested.clone(), nested]);
                }
                put_index(registry, "app:1", &[nested, image]);
            })
            .runs("lock")
            .runs("pull vendor --no-cache")
            .asks("GET", "/v2/app/manifests/", 23),
    ]
}
