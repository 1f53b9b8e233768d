//! What `check --running` and `check --built` are given: what tools print of what runs, and what builds write of themselves.

use imagelock_core::Reference;
use imagelock_import::{Running, running as read};
use imagelock_inspect::attested::{self, Build, Material, Said};

use super::inspect::layer;

/// What runs: what is read is of somebody, each digest once and in order, and said again in other lines and spaces it is the same.
pub(super) fn running(bytes: &[u8]) {
    let Ok(running) = read(bytes) else { return };
    let Running { by, containers, ended } = &running;
    assert!(!by.is_empty() && (!containers.is_empty() || *ended > 0));
    assert!(by.iter().enumerate().all(|(at, tool)| !by[..at].contains(tool) && !tool.words().is_empty()));
    for container in containers {
        assert!(container.digests.is_sorted_by(|one, next| one < next), "{container:?}");
    }
    let documents = serde_json::Deserializer::from_slice(bytes).into_iter::<serde_json::Value>();
    let Ok(documents) = documents.collect::<Result<Vec<_>, _>>() else { return };
    let text = documents.iter().map(|document| format!("{document:#}")).collect::<Vec<_>>().join("\n");
    assert_eq!(read(text.as_bytes()), Ok(running));
}

/// What went into builds: what is read of a file is in its order, and an image that is told can be printed and read again. What
/// stands beside an image is read or refused.
pub(super) fn builds(bytes: &[u8]) {
    let told = attested::builds(bytes).unwrap_or_default();
    for Build { provenance, .. } in &told {
        assert!(provenance.materials.is_sorted());
        provenance.materials.iter().for_each(ingredient);
    }
    for media_type in ["application/vnd.in-toto+json", "application/vnd.dev.sigstore.bundle.v0.3+json"] {
        let layer = layer(media_type);
        if let Ok(provenance) = attested::provenance(&layer, bytes, &layer.digest) {
            provenance.materials.iter().for_each(ingredient);
            assert!(matches!(attested::read(&layer, bytes, &[]), Ok(Said::Provenance(same)) if same == provenance));
        }
    }
}

fn ingredient(material: &Material) {
    assert!(material.uri.starts_with(material.what()));
    let Some(image) = material.image() else { return };
    assert!(image.digests.is_sorted_by(|one, next| one < next), "{image:?}");
    let Some(reference) = image.reference else { return };
    assert_eq!(reference.digest.as_ref(), image.digests.first());
    assert_eq!(reference.to_string().parse::<Reference>(), Ok(reference));
}
