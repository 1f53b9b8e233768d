use imagelock_adapter::{MemoryTree, Seal};
use imagelock_core::{Lockfile, arbitrary};
use imagelock_edit::testing::{lock, only};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn bom(lock: &Lockfile) -> String {
    only(&CycloneDx, "[[cyclonedx]]\noutput = \"images.cdx.json\"\n", lock, &MemoryTree::default()).unwrap()
}

fn json(lock: &Lockfile) -> Value {
    serde_json::from_str(&bom(lock)).unwrap()
}

#[test]
fn an_image_is_a_container_with_its_digest() {
    let bom = json(&lock(&[("web", "nginx:1.27", 'a')]));
    assert_eq!(bom["bomFormat"], "CycloneDX");
    assert_eq!(bom["specVersion"], "1.6");
    assert_eq!(
        bom["components"],
        serde_json::json!([{
            "type": "container",
            "bom-ref": "web",
            "name": "docker.io/library/nginx",
            "version": "1.27",
            "hashes": [{ "alg": "SHA-256", "content": "a".repeat(64) }],
            "purl": format!("pkg:oci/nginx@sha256%3A{}?repository_url=docker.io/library/nginx&tag=1.27", "a".repeat(64)),
            "properties": [
                { "name": "imagelock:name", "value": "web" },
                { "name": "org.opencontainers.image.created", "value": "2026-11-12T08:31:02Z" },
            ],
        }])
    );
}

#[test]
fn a_purl_has_the_architecture_of_an_image_with_one_platform() {
    let mut lock = lock(&[("web", "localhost:5000/acme/web", 'a')]);
    let purl = |lock: &Lockfile| json(lock)["components"][0]["purl"].as_str().unwrap().to_owned();
    let digest = "a".repeat(64);
    assert_eq!(purl(&lock), format!("pkg:oci/web@sha256%3A{digest}?repository_url=localhost%3A5000/acme/web"));
    let image = lock.images.get_mut("web").unwrap();
    let platform = imagelock_core::LockedPlatform {
        config: image.digest.clone(),
        digest: image.digest.clone(),
        media_type: String::new(),
        size: 1,
    };
    image.platforms.insert("linux/arm/v7".parse().unwrap(), platform.clone());
    assert_eq!(purl(&lock), format!("pkg:oci/web@sha256%3A{digest}?arch=arm&repository_url=localhost%3A5000/acme/web"));
    let image = lock.images.get_mut("web").unwrap();
    image.platforms.insert("linux/amd64".parse().unwrap(), platform);
    assert!(!purl(&lock).contains("arch="));
    let properties = json(&lock)["components"][0]["properties"].to_string();
    assert!(properties.contains("imagelock:platform:linux/amd64"), "{properties}");
}

#[test]
fn other_content_has_another_serial_number() {
    let serial = |digit| json(&lock(&[("web", "nginx:1", digit)]))["serialNumber"].as_str().unwrap().to_owned();
    assert_eq!(serial('a'), serial('a'));
    assert_ne!(serial('a'), serial('b'));
    let form = serial('a').replace(|c: char| c.is_ascii_digit() || ('a'..='f').contains(&c), "0");
    // The `d` of the scheme is a digit as well.
    assert_eq!(form, "urn:uui0:00000000-0000-0000-0000-000000000000");
}

#[test]
fn a_change_by_hand_is_noticed() {
    let text = bom(&lock(&[("web", "nginx:1.27", 'a')]));
    assert_eq!(Seal::of(text.as_bytes()), Seal::Intact);
    assert_eq!(Seal::of(text.replace("1.27", "1.28").as_bytes()), Seal::Broken);
}

proptest! {
    #[test]
    fn json_holds_exactly_what_publishers_wrote(
        images in prop::collection::btree_map(arbitrary::image_name(), arbitrary::locked_image(), 0..4),
    ) {
        let lock = Lockfile { images, ..Default::default() };
        let text = bom(&lock);
        prop_assert!(text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
        let bom: Value = serde_json::from_str(&text).unwrap();
        let shown: Vec<_> = lock.images.iter().filter(|(_, image)| image.repository().is_some()).collect();
        prop_assert_eq!(bom["components"].as_array().unwrap().len(), shown.len());
        for ((name, image), component) in shown.into_iter().zip(bom["components"].as_array().unwrap()) {
            prop_assert_eq!(&component["bom-ref"], name.as_str());
            let properties = component["properties"].as_array().unwrap();
            let source = properties.iter().find(|property| property["name"] == "org.opencontainers.image.source");
            prop_assert_eq!(source.map(|property| property["value"].as_str().unwrap()), image.source.as_deref());
            let purl = component["purl"].as_str().unwrap();
            prop_assert!(purl.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>[]{}|\\^`".contains(&byte)), "{}", purl);
        }
    }
}
