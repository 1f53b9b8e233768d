//! What holds for any lock.

use imagelock_core::{Reference, Tag, arbitrary};
use proptest::prelude::*;

use super::engines::{Verdict, buildah, buildkit};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_locked_reference_gets_its_digest_and_strangers_are_denied(
        lock in arbitrary::lockfile(), stranger in arbitrary::reference()
    ) {
        let rendered = render_with(&format!("{PROJECT_HEAD}contexts = \"c.json\"\n"), &lock, &Rewrites::default());
        // Two digests of one reference have a test of their own.
        let Ok(outputs) = rendered else { return Ok(()) };
        let policy = text(&outputs[0]);
        let mut digests = Vec::new();
        for image in lock.images.values() {
            let Some(repository) = image.repository() else { continue };
            digests.push((repository.clone(), image.digest.clone()));
            let pinned = image.pinned().unwrap().to_string();
            prop_assert_eq!(buildkit(&policy, &pinned), Verdict::Gets(pinned.clone()));
            prop_assert_eq!(buildah(&policy, &pinned), Verdict::Gets(pinned.clone()));
            if let Some(tag) = &image.tag {
                let asked = repository.with(Some(tag.clone()), None).to_string();
                let gets = Verdict::Gets(image.tagged().unwrap().to_string());
                prop_assert_eq!(&buildkit(&policy, &asked), &gets);
                prop_assert_eq!(&buildah(&policy, &asked), &gets);
                let contexts: serde_json::Value = serde_json::from_str(&text(&outputs[1])).unwrap();
                let contexts = contexts["target"]["_images"]["contexts"].as_object().unwrap();
                let context = contexts.values().any(|to| to == &format!("docker-image://{}", image.tagged().unwrap()));
                prop_assert!(context, "{contexts:?}");
            }
        }
        let known = digests.iter().any(|(repository, digest)| {
            stranger.repository == *repository && stranger.digest.as_ref() == Some(digest)
        });
        if !known && !lock.images.values().any(|image| image.repository() == Some(&stranger.repository)) {
            // BuildKit completes a reference before it asks.
            let tag = stranger.tag.clone().or_else(|| stranger.digest.is_none().then(Tag::latest));
            let stranger = Reference { tag, ..stranger }.to_string();
            prop_assert_eq!(buildkit(&policy, &stranger), Verdict::Denied);
            prop_assert_eq!(buildah(&policy, &stranger), Verdict::Denied);
        }
    }
}
