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

/// The object that a rule of Rego defines: its lines are JSON's, but for a comma behind the last.
fn object(rego: &str, name: &str) -> serde_json::Value {
    let (_, rest) = rego.split_once(&format!("\n{name} := {{\n")).unwrap();
    let (body, _) = rest.split_once("}\n\n").unwrap();
    serde_json::from_str(&format!("{{{}}}", body.trim_end().trim_end_matches(','))).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tags_of_rego_are_those_of_the_lock(lock in arbitrary::lockfile()) {
        let project = "[[buildkit]]\nrego = \"x.rego\"\n";
        let Ok(outputs) = render_with(project, &lock, &Rewrites::default()) else { return Ok(()) };
        let rego = text(&outputs[0]);
        let mut expected = serde_json::Map::new();
        for image in lock.images.values() {
            let (Some(repository), Some(tag)) = (image.repository(), &image.tag) else { continue };
            let tags = expected.entry(repository.to_string()).or_insert_with(|| serde_json::json!({}));
            tags[tag.as_str()] = image.digest.to_string().into();
        }
        prop_assert_eq!(object(&rego, "tags"), serde_json::Value::Object(expected));
        for image in lock.images.values().filter(|image| image.repository().is_some()) {
            let digest = image.digest.to_string();
            prop_assert!(rego.contains(&format!("\"{digest}\"")), "{}", rego);
        }
    }
}
