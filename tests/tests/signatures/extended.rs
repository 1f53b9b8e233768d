//! Images that are taken over from an organisation's lock, and have to be signed by whom the product says.

use imagelock_core::Digest;
use imagelock_signature::testing::Hand;
use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, bundle, push_bundles};
use serde_json::{Value, json};

use crate::{found, image, kept, locked};

/// An organisation whose key is `theirs`, and a registry with its image; `other` has signed that, too.
struct Stage {
    registry: Registry,
    organisation: Monorepo,
    theirs: Hand,
    other: Hand,
}

impl Stage {
    fn new() -> Self {
        let (registry, theirs, other) = (Registry::start().unwrap(), Hand::with_key(), Hand::with_key());
        let toml = format!(
            "[images.app]\nrepository = \"{}/acme/app\"\ntag = \"1\"\nverify = {{ key = \"keys/theirs.pub\" }}\ntlog = false\n",
            registry.host()
        );
        let organisation = Monorepo::builder().file("images.toml", toml).file("keys/theirs.pub", theirs.pem()).build();
        let stage = Self { registry, organisation, theirs, other };
        stage.push(&image(), &[&stage.theirs, &stage.other]);
        stage.organisation.imagelock(["lock"]).success();
        stage.publish();
        stage
    }

    /// Moves the tag to an image that these have signed.
    fn push(&self, image: &Image, hands: &[&Hand]) {
        let digest = self.registry.push("acme/app:1", image);
        let bundles: Vec<_> = hands.iter().map(|hand| bundle(hand, None, &digest)).collect();
        push_bundles(&self.registry, "acme/app", &digest, &bundles);
    }

    fn publish(&self) {
        self.organisation.imagelock(["publish", &format!("{}/acme/images:stable", self.registry.host())]).success();
    }

    /// A product that takes the image over, with what it says of signatures, and a key.
    fn product(&self, entry: &str, trust: &str, key: &Hand) -> Monorepo {
        let host = self.registry.host();
        let trust = trust.replace("HOST", host);
        let toml = format!("extends = \"oci://{host}/acme/images:stable\"\n\n[images]\napp = {entry}\n\n{trust}");
        Monorepo::builder().file("images.toml", toml).file("ours.pub", key.pem()).build()
    }
}

const TAKEN: &str = "{ inherit = true }";
const TRUST: &str = "[[trust]]\nrepository = \"HOST/acme/*\"\nverify = { key = \"ours.pub\" }\ntlog = false\n";

#[test]
fn what_the_publisher_demanded_is_not_taken_over_and_what_the_product_demands_is_kept_here() {
    let stage = Stage::new();
    assert_eq!(locked(&stage.organisation, "app")["signatures"][0]["key"], "keys/theirs.pub");
    let alone = stage.product(TAKEN, "", &stage.other);
    alone.imagelock(["lock"]).success();
    assert_eq!(locked(&alone, "app")["signatures"], Value::Null);
    assert!(alone.read("images.extends.lock").contains("keys/theirs.pub") && kept(&alone).is_empty());
    assert_eq!(found(&alone), Vec::<String>::new());

    for entry in [TAKEN, "{ inherit = true, platforms = [\"linux/amd64\"] }"] {
        let ours = stage.product(entry, TRUST, &stage.other);
        let told = ours.imagelock(["lock"]).success().stderr;
        assert!(told.contains("Verified app, signed by the key `ours.pub`"), "{told}");
        let app = locked(&ours, "app");
        assert_eq!((&app["digest"], &app["signatures"][0]["key"]), (&json!(image().digest()), &json!("ours.pub")));
        assert_eq!(kept(&ours).len(), 1);
        let before = stage.registry.log().len();
        ours.imagelock(["lock", "--locked"]).success();
        ours.imagelock(["lock"]).success();
        assert_eq!(found(&ours), Vec::<String>::new());
        assert_eq!(stage.registry.log().len(), before, "{entry}: nobody is asked again");
        // The file is what proves it, and it is had again.
        let file = format!("images.trust/{}", kept(&ours)[0]);
        std::fs::remove_file(ours.path(&file)).unwrap();
        assert_eq!(found(&ours), [format!("`app` is locked with a signature that is not there as it was: `{file}`")]);
        ours.imagelock(["lock"]).success();
        assert_eq!(found(&ours), Vec::<String>::new());
    }
}

#[test]
fn an_image_that_the_products_signer_did_not_sign_is_not_taken_over() {
    let stage = Stage::new();
    let ours = stage.product(TAKEN, TRUST, &Hand::with_key());
    let refused = ours.imagelock(["lock"]).exit(1).stderr;
    for told in [
        "`app` is signed wrongly; it has to be signed by the key `ours.pub`",
        "it was not made with this key",
        "of this image",
    ] {
        assert!(refused.contains(told), "{refused}");
    }
    assert!(!ours.path("images.lock").exists() && !ours.path("images.extends.lock").exists());
    assert!(kept(&ours).is_empty());
}

#[test]
fn a_product_that_begins_to_demand_signatures_is_told_offline_what_is_missing() {
    let stage = Stage::new();
    let ours = stage.product(TAKEN, "", &stage.other);
    ours.imagelock(["lock"]).success();
    ours.write("images.toml", ours.read("images.toml") + &TRUST.replace("HOST", stage.registry.host()));
    let missing = "`app` is locked without the signature that it has to have";
    assert_eq!(found(&ours), [missing]);
    assert!(ours.imagelock(["lock", "--locked"]).exit(1).stderr.contains(missing));
    ours.imagelock(["lock"]).success();
    assert_eq!(found(&ours), Vec::<String>::new());
}

#[test]
fn what_the_organisation_moves_to_has_to_be_signed_anew() {
    let stage = Stage::new();
    let ours = stage.product(TAKEN, TRUST, &stage.other);
    ours.imagelock(["lock"]).success();
    let before = (ours.read("images.lock"), ours.read("images.extends.lock"), kept(&ours));
    let newer = Image::linux(["amd64", "arm64"]).seed("newer");
    stage.push(&newer, &[&stage.theirs]);
    stage.organisation.imagelock(["update"]).success();
    stage.publish();
    let refused = ours.imagelock(["update"]).exit(1).stderr;
    assert!(refused.contains("`app` is signed wrongly"), "{refused}");
    assert_eq!((ours.read("images.lock"), ours.read("images.extends.lock"), kept(&ours)), before);
    assert_eq!(found(&ours), Vec::<String>::new(), "what was locked still holds");

    stage.push(&newer, &[&stage.theirs, &stage.other]);
    ours.imagelock(["update"]).success();
    assert_eq!(locked(&ours, "app")["digest"], newer.digest());
    assert!(kept(&ours).len() == 1 && kept(&ours) != before.2);
    let copy = Digest::sha256(ours.read("images.extends.lock").as_bytes());
    assert_eq!(copy, Digest::sha256(stage.organisation.read("images.lock").as_bytes()));
}

#[test]
fn an_image_that_is_taken_over_says_itself_who_has_to_sign_it() {
    let stage = Stage::new();
    let entry = "{ inherit = true, verify = { key = \"ours.pub\" }, tlog = false }";
    let ours = stage.product(entry, "", &stage.other);
    ours.imagelock(["lock"]).success();
    assert_eq!(locked(&ours, "app")["signatures"][0]["key"], "ours.pub");
    let nobody = stage.product("{ inherit = true, verify = \"none\" }", TRUST, &Hand::with_key());
    nobody.imagelock(["lock"]).success();
    assert_eq!((&locked(&nobody, "app")["signatures"], kept(&nobody).len()), (&Value::Null, 0));
}
