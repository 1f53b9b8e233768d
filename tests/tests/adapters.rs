//! What holds for every adapter: whose file it is, what is written in a registry's place, and that it is a function.

#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock::ADAPTERS;
use imagelock_adapter::{Adapter, Output, Ownership, Seal};
use imagelock_core::Lockfile;
use imagelock_edit::testing;
use imagelock_tests::target_of_every_image;

fn lock() -> Lockfile {
    testing::lock(&[
        ("db", "ghcr.io/acme/db:16", 'b'),
        ("no", "ghcr.io/acme/no", 'c'),
        ("web", "ghcr.io/acme/web:1.10", 'a'),
    ])
}

fn rendered(adapter: &dyn Adapter, more: &str) -> Output {
    let (table, tree) = target_of_every_image(adapter.id(), &lock());
    let project = format!("[[{}]]\n{table}\n{more}", adapter.id());
    testing::render(adapter, &project, &lock(), &tree).unwrap().remove(0)
}

#[test]
fn a_file_of_imagelocks_says_so_in_its_head_and_carries_its_seal() {
    for adapter in ADAPTERS {
        let output = rendered(*adapter, "");
        let text = String::from_utf8(output.content.clone()).unwrap();
        match output.ownership {
            Ownership::Generated => {
                let head: String = text.chars().take(1024).collect();
                assert!(head.contains("from images.lock; do not edit"), "{}: {head}", adapter.id());
                assert_eq!(Seal::of(&output.content), Seal::Intact, "{}", adapter.id());
            }
            Ownership::Edited | Ownership::Told => {
                assert!(!text.contains("imagelock-seal"), "{}: {text}", adapter.id());
            }
        }
    }
}

#[test]
fn another_registry_is_written_everywhere_and_digests_stay() {
    for adapter in ADAPTERS {
        let output = rendered(*adapter, "[registries.\"ghcr.io\"]\nrewrite = \"registry.example.com/hub\"\n");
        let text = String::from_utf8(output.content).unwrap();
        for (name, image) in &lock().images {
            // A purl writes its repository as a qualifier.
            assert!(
                text.contains(&format!("registry.example.com/hub/acme/{name}")),
                "{}: {name}\n{text}",
                adapter.id()
            );
            assert!(text.contains(image.digest.hex()), "{}: {name}\n{text}", adapter.id());
        }
        // Places that are looked for still have the name that the lock has.
        let looks = ["buildkit", "kustomize", "carvel"].contains(&adapter.id());
        assert!(looks || !text.contains("ghcr.io"), "{}:\n{text}", adapter.id());
    }
}

#[test]
fn every_image_that_is_written_is_said_and_in_a_person_s_file_with_its_place() {
    for adapter in ADAPTERS {
        let output = rendered(*adapter, "");
        let mut used: Vec<&str> = output.uses.iter().map(|used| used.image.as_str()).collect();
        used.sort_unstable();
        assert_eq!(used, ["db", "no", "web"], "{}", adapter.id());
        let placed = output.uses.iter().filter(|used| used.at.is_some()).count();
        assert_eq!(placed, if output.ownership == Ownership::Edited { 3 } else { 0 }, "{}", adapter.id());
    }
}

#[test]
fn the_same_lock_gives_the_same_bytes() {
    for adapter in ADAPTERS {
        assert_eq!(rendered(*adapter, ""), rendered(*adapter, ""), "{}", adapter.id());
    }
}
