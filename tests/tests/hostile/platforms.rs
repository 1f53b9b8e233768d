//! Platforms: in indexes, in configurations, in neither.

use imagelock_testkit::{Image, Registry, media_type};
use serde_json::{Value, json};

use crate::harness::{Case, config, described, descriptor, manifest_of, put_image, put_index};

const ONLY_AMD64: &str = "[images.app]\nrepository = \"{host}/app\"\ntag = \"1\"\nplatforms = [\"linux/amd64\"]\n";
const ONLY_ARM64: &str = "[images.app]\nrepository = \"{host}/app\"\ntag = \"1\"\nplatforms = [\"linux/arm64\"]\n";

/// An entry for the platform that a configuration is for.
fn entry(registry: &Registry, platform: &str) -> Value {
    descriptor(put_image(registry, "app", &config(platform)), &written(platform))
}

/// A platform as an index writes it.
fn written(platform: &str) -> Value {
    let mut written = config(platform);
    written.as_object_mut().unwrap().remove("rootfs");
    written
}

/// Serves an index of linux/arm64 and of an image for linux/amd64 whose entry has this platform.
fn beside(platform: Value) -> impl FnOnce(&Registry) + Send + 'static {
    move |registry| {
        let odd = descriptor(put_image(registry, "app", &config("linux/amd64")), &platform);
        put_index(registry, "app:1", &[odd, entry(registry, "linux/arm64")]);
    }
}

/// Serves an index whose second entry, for linux/arm64, has a configuration for linux/amd64.
fn lying(registry: &Registry, annotations: &Value) {
    let mut other = config("linux/amd64");
    other["x"] = json!(1);
    let other = descriptor(put_image(registry, "app", &other), &written("linux/arm64"));
    let entries = [entry(registry, "linux/amd64"), other];
    let index = json!({ "mediaType": media_type::OCI_INDEX, "manifests": entries, "annotations": annotations });
    registry.put_manifest("app:1", media_type::OCI_INDEX, index.to_string());
}

fn everything() -> Value {
    let said = |key: &str| format!("org.opencontainers.image.{key}");
    json!({ said("created"): "2026-01-01T00:00:00Z", said("version"): "1", said("revision"): "a", said("source"): "b" })
}

pub(crate) fn cases() -> Vec<Case> {
    [in_indexes(), spelled_or_pruned(), without_a_platform(), that_disagree(), in_nested_indexes()]
        .into_iter()
        .flatten()
        .collect()
}

fn in_indexes() -> Vec<Case> {
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
        Case::new("an attestation for a platform is no platform either")
            .serves(|registry| {
                let mut attestation = entry(registry, "linux/arm64");
                attestation["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest" });
                put_index(registry, "app:1", &[attestation, entry(registry, "linux/amd64")]);
            })
            .locks_platforms(["linux/amd64"]),
        Case::new("an attestation as BuildKit writes it is left out without a word")
            .serves(|registry| {
                put_index(registry, "app:1", &[entry(registry, "linux/amd64"), attestation(registry)]);
            })
            .locks_platforms(["linux/amd64"])
            .never_says("warning"),
        Case::new("an index of attestations alone is told as that")
            .serves(|registry| drop(put_index(registry, "app:1", &[attestation(registry)])))
            .exits(3)
            .says("this is an index of attestations alone, without an image"),
        Case::new("an entry that is null says nothing, as for Go")
            .serves(|registry| drop(put_index(registry, "app:1", &[json!(null), entry(registry, "linux/amd64")])))
            .locks_platforms(["linux/amd64"])
            .runs("verify")
            .runs("pull vendor"),
        Case::new("a variant that cannot be read is told with its platform")
            .serves(beside(odd_variant()))
            .locks_platforms(["linux/arm64"])
            .says("an entry for `linux/amd64/v2,v3` is left out"),
        Case::new("a platform that is asked for is told beside what cannot be read")
            .toml(ONLY_AMD64)
            .serves(beside(odd_variant()))
            .exits(2)
            .says("linux/amd64 is requested, but it has linux/arm64; `linux/amd64/v2,v3` cannot be read as a platform"),
        Case::new("an index of what cannot be read names it")
            .serves(|registry| {
                let odd = descriptor(put_image(registry, "app", &config("linux/amd64")), &odd_variant());
                put_index(registry, "app:1", &[odd]);
            })
            .exits(3)
            .says("an index without an image for a platform: `linux/amd64/v2,v3` cannot be read as a platform"),
    ]
}

fn spelled_or_pruned() -> Vec<Case> {
    vec![
        Case::new("a platform in upper case is the same in lower case")
            .serves(|registry| {
                let written = json!({ "os": "Linux", "architecture": "ARM64", "variant": "V8" });
                let arm64 = descriptor(put_image(registry, "app", &config("linux/arm64")), &written);
                put_index(registry, "app:1", &[arm64, entry(registry, "linux/amd64")]);
            })
            .locks_platforms(["linux/amd64", "linux/arm64"]),
        Case::new("a platform alone in upper case is one too")
            .serves(|registry| {
                let written = json!({ "os": "Linux", "architecture": "amd64" });
                let amd64 = descriptor(put_image(registry, "app", &config("Linux/AMD64")), &written);
                put_index(registry, "app:1", &[amd64]);
            })
            .locks_platforms(["linux/amd64"])
            .runs("verify"),
        Case::new("a platform that cannot be read is left out and told, escaped")
            .serves(beside(json!({ "os": "li\u{1b}[31mnux", "architecture": "amd64" })))
            .locks_platforms(["linux/arm64"])
            .says("warning: {host}/app:1: an entry for `li [31mnux/amd64` is left out"),
        Case::new("of two entries for one platform the first counts")
            .serves(|registry| {
                let mut second = config("windows/amd64");
                second["os.version"] = json!("10.0.2");
                let second = descriptor(put_image(registry, "app", &second), &written("windows/amd64"));
                put_index(registry, "app:1", &[entry(registry, "windows/amd64"), second]);
            })
            .locks_platforms(["windows/amd64"])
            .requests(4),
        Case::new("a part that was pruned is named by tag and platform")
            .serves(|registry| {
                let image = Image::linux(["amd64", "arm64"]);
                registry.push("app:1", &image);
                registry.delete_manifest("app", &image.manifest_of("linux/arm64").unwrap().digest);
            })
            .exits(3)
            .says("for linux/arm64 of {host}/app:1"),
        Case::new("a part that was pruned is no matter to who does not ask for it")
            .toml(ONLY_AMD64)
            .serves(|registry| {
                let image = Image::linux(["amd64", "arm64"]);
                registry.push("app:1", &image);
                registry.delete_manifest("app", &image.manifest_of("linux/arm64").unwrap().digest);
            })
            .locks_platforms(["linux/amd64"])
            .runs("verify")
            .runs("pull vendor")
            .exits(3)
            .says("for linux/arm64 of {host}/app:1: no such manifest"),
        Case::new("configurations whose size nobody promises count as large as they are")
            .serves(|registry| {
                let entries: Vec<Value> = (0..10).map(|number| unpromised(registry, number)).collect();
                put_index(registry, "app:1", &entries);
            })
            .more(|_, ran| assert_eq!(ran.lock["images"]["app"]["platforms"].as_object().unwrap().len(), 10))
            .runs("pull vendor")
            .exits(3)
            .says("the document says no size of sha256:"),
    ]
}

/// An entry of an image for linux/cpu-NUMBER, whose manifest says no size of its configuration.
fn unpromised(registry: &Registry, number: u32) -> Value {
    let platform = format!("linux/cpu-{number}");
    let bytes = config(&platform).to_string().into_bytes();
    registry.put_blob("app", bytes.clone());
    let mut described_config = described(media_type::OCI_CONFIG, &bytes);
    described_config.as_object_mut().unwrap().remove("size");
    let manifest = manifest_of(&described_config).to_string().into_bytes();
    registry.put_manifest("app", media_type::OCI_MANIFEST, manifest.clone());
    descriptor(described(media_type::OCI_MANIFEST, &manifest), &written(&platform))
}

/// What BuildKit says about another entry.
fn attestation(registry: &Registry) -> Value {
    let mut attestation = descriptor(put_image(registry, "app", &json!({ "x": 1 })), &written("unknown/unknown"));
    attestation["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest" });
    attestation
}

fn odd_variant() -> Value {
    json!({ "os": "linux", "architecture": "amd64", "variant": "v2,v3" })
}

fn without_a_platform() -> Vec<Case> {
    let mut cases = vec![
        Case::new("an entry alone without a platform is for its configuration's")
            .serves(|registry| {
                let image = put_image(registry, "app", &config("linux/amd64"));
                put_index(registry, "app:1", &[image]);
            })
            .locks_platforms(["linux/amd64"])
            .requests(4)
            .runs("verify")
            .requests(3),
        Case::new("an entry without a platform is found by who asks for it")
            .toml(ONLY_AMD64)
            .serves(beside(json!(null)))
            .locks_platforms(["linux/amd64"]),
        Case::new("an entry without a platform costs nothing who finds the platform elsewhere")
            .toml(ONLY_ARM64)
            .serves(beside(json!(null)))
            .locks_platforms(["linux/arm64"])
            .requests(4),
        Case::new("what names its platform nowhere is refused")
            .serves(|registry| {
                let image = put_image(registry, "app", &json!({}));
                put_index(registry, "app:1", &[image]);
            })
            .exits(3)
            .says("names no platform, neither in an index nor in its configuration"),
        Case::new("what names its platform nowhere is left out beside others, and told")
            .serves(|registry| {
                let image = put_image(registry, "app", &json!({}));
                put_index(registry, "app:1", &[image, entry(registry, "linux/arm64")]);
            })
            .locks_platforms(["linux/arm64"])
            .says("neither the index nor its configuration names a platform"),
    ];
    cases.extend(unneeded());
    for (name, platform) in [
        ("an entry whose platform is null has its configuration's", json!(null)),
        ("an entry whose platform is empty has its configuration's", json!({})),
        ("an entry whose platform has no os has its configuration's", json!({ "architecture": "amd64" })),
        ("an entry whose platform has empty parts has its configuration's", json!({ "os": "", "architecture": "" })),
    ] {
        cases.push(
            Case::new(name).serves(beside(platform)).locks_platforms(["linux/amd64", "linux/arm64"]).runs("verify"),
        );
    }
    cases
}

/// Entries without a platform that are broken, behind the one that is asked for.
fn unneeded() -> Vec<Case> {
    let absent =
        |media_type| json!({ "mediaType": media_type, "digest": format!("sha256:{}", "d".repeat(64)), "size": 9 });
    let unnamed = |registry: &Registry| put_image(registry, "app", &config("linux/amd64"));
    vec![
        Case::new("an index that is gone refuses nobody who found the platform in a configuration")
            .toml(ONLY_AMD64)
            .serves(move |registry| {
                put_index(registry, "app:1", &[unnamed(registry), absent(media_type::OCI_INDEX)]);
            })
            .locks_platforms(["linux/amd64"]),
        Case::new("an index that is gone refuses nobody who found the platform in another")
            .toml(ONLY_AMD64)
            .serves(move |registry| {
                let nested = put_index(registry, "app", &[entry(registry, "linux/amd64")]);
                put_index(registry, "app:1", &[nested, absent(media_type::OCI_INDEX)]);
            })
            .locks_platforms(["linux/amd64"]),
        Case::new("a manifest that is gone refuses nobody who found the platform before it")
            .toml(ONLY_AMD64)
            .serves(move |registry| {
                put_index(registry, "app:1", &[unnamed(registry), absent(media_type::OCI_MANIFEST)]);
            })
            .locks_platforms(["linux/amd64"]),
        Case::new("a manifest that is gone may have been the platform that is asked for")
            .toml(ONLY_AMD64)
            .serves(move |registry| {
                put_index(registry, "app:1", &[absent(media_type::OCI_MANIFEST), unnamed(registry)]);
            })
            .exits(3)
            .says("no such manifest"),
    ]
}

fn that_disagree() -> Vec<Case> {
    const WARNING: &str =
        "warning: {host}/app:1: the index says linux/arm64, and the configuration there says linux/amd64";
    vec![
        Case::new("a configuration for another machine is told and locked, and verified likewise")
            .serves(|registry| lying(registry, &json!({})))
            .locks_platforms(["linux/amd64", "linux/arm64"])
            .says(WARNING)
            .runs("verify")
            .says(WARNING)
            .never_says("cannot lock"),
        Case::new("a configuration for another machine is verified where annotations spared it")
            .serves(|registry| lying(registry, &everything()))
            .locks_platforms(["linux/amd64", "linux/arm64"])
            .asks("GET", "/v2/app/blobs/", 0)
            .runs("verify")
            .says(WARNING),
        Case::new("a configuration without a variant is for the index's variant")
            .serves(|registry| {
                let v6 = descriptor(put_image(registry, "app", &config("linux/arm")), &written("linux/arm/v6"));
                put_index(registry, "app:1", &[v6]);
            })
            .locks_platforms(["linux/arm/v6"])
            .never_says("warning"),
    ]
}

fn in_nested_indexes() -> Vec<Case> {
    vec![
        Case::new("an index in an index is read")
            .serves(|registry| {
                let nested = put_index(registry, "app", &[entry(registry, "linux/arm64")]);
                let nested = descriptor(nested, &written("linux/arm64"));
                put_index(registry, "app:1", &[entry(registry, "linux/amd64"), nested]);
            })
            .locks_platforms(["linux/amd64", "linux/arm64"])
            .runs("verify"),
        Case::new("an index in an index that names no platform refuses nobody who asks for another")
            .toml(ONLY_AMD64)
            .serves(|registry| {
                let nested = json!({ "mediaType": media_type::OCI_INDEX, "digest": "sha256:0", "size": -1 });
                put_index(registry, "app:1", &[nested, entry(registry, "linux/amd64")]);
            })
            .locks_platforms(["linux/amd64"])
            .requests(4),
        Case::new("indexes in indexes end")
            .serves(|registry| {
                let mut nested = entry(registry, "linux/amd64");
                for _ in 0..10 {
                    nested = put_index(registry, "app", &[nested]);
                }
                put_index(registry, "app:1", &[nested]);
            })
            .exits(3)
            .says("an index of indexes more than 2 deep")
            .requests(4),
        Case::new("an index for one platform cannot hide another in it")
            .serves(|registry| {
                let nested = put_index(registry, "app", &[entry(registry, "linux/amd64")]);
                let nested = descriptor(nested, &written("linux/arm64"));
                put_index(registry, "app:1", &[entry(registry, "linux/s390x"), nested]);
            })
            .locks_platforms(["linux/s390x"])
            .says("an entry for linux/amd64 is left out, because it stands in an index for linux/arm64"),
    ]
}
