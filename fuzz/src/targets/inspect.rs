//! What publishers say about their images.

use std::collections::BTreeMap;

use imagelock_core::Digest;
use imagelock_core::oci::Descriptor;
use imagelock_inspect::attested::{self, Said};
use imagelock_inspect::{By, Package, bom};

pub(super) fn layer(media_type: &str) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        artifact_type: None,
        digest: Digest::sha256(b""),
        size: 0,
        platform: None,
        annotations: BTreeMap::new(),
    }
}

fn packages(media_type: &str, bytes: &[u8]) -> Option<Vec<Package>> {
    match attested::read(&layer(media_type), bytes, &[]) {
        Ok(Said::Packages(packages, _)) => Some(packages),
        _ => None,
    }
}

/// A statement, an envelope or a list of packages: what is read is in its order, each version of a package once, and what is
/// written of it is read again as the same.
pub(super) fn statement(bytes: &[u8]) {
    for media_type in [
        "application/vnd.in-toto+json",
        "application/vnd.dsse.envelope.v1+json",
        "application/spdx+json",
        "application/vnd.cyclonedx+json",
    ] {
        let Some(mut read) = packages(media_type, bytes) else { continue };
        assert!(read.is_sorted());
        // Escaped, a purl may be longer than what is taken.
        read.retain(|package| package.purl.at(&package.version).len() < 4000);
        let (manifest, platform) = (Digest::sha256(bytes), "linux/amd64".parse());
        let Ok(platform) = platform else { return };
        let subject = bom::Subject {
            name: "web",
            version: "1",
            purl: "pkg:oci/web",
            manifest: &manifest,
            platform: &platform,
            created: None,
            by: By::Attestation,
        };
        let known = |package: &Package| (package.purl.clone(), package.version.clone());
        let expected: Vec<_> = read.iter().map(known).collect();
        for (media_type, text) in [
            ("application/spdx+json", bom::spdx(&subject, &read)),
            ("application/vnd.cyclonedx+json", bom::cyclonedx(&subject, &read)),
        ] {
            let again = packages(media_type, text.as_bytes()).map(|again| again.iter().map(known).collect());
            assert_eq!(again, Some(expected.clone()), "{media_type}");
        }
    }
}
