//! What publishers say about an image, and where: in its index, among its referrers, under cosign's tag.

use imagelock_core::oci::{Descriptor, Document};
use imagelock_inspect::attested::{self, Kind, Provenance, STATEMENT_BYTES, Said};
use imagelock_inspect::{By, Description, Listing, NotRead};
use imagelock_registry::Error;

use super::{Depth, Place, Side, known};

/// How many of the artifacts that a registry lists are looked into: signatures and scans are among them, and anybody who may
/// push can add more.
const ARTIFACTS: usize = 8;

/// What was found to be said.
#[derive(Default)]
pub(super) struct Attested {
    packages: Option<Listing>,
    provenance: Option<Provenance>,
    not_read: Vec<NotRead>,
}

impl Attested {
    pub(super) fn into_description(self, description: &mut Description) {
        description.packages = self.packages;
        description.provenance = self.provenance;
        description.not_read.extend(self.not_read);
    }

    fn lacks(&self, kind: Kind) -> bool {
        if kind.lists_packages() { self.packages.is_none() } else { self.provenance.is_none() }
    }
}

impl Side<'_> {
    /// What publishers say. The cheapest place that lists packages is the last one that is asked.
    pub(super) async fn attested(&self, depth: Depth) -> Result<Attested, Error> {
        let mut found = Attested::default();
        // Who has one platform and no index has nothing beside it.
        if self.image.digest != self.platform.digest {
            let index = known("index", self.place.document(&self.image.digest).await, Ok, &mut found.not_read)?;
            let beside = index.as_ref().and_then(|index| index.attestation_of(&self.platform.digest));
            if let Some(entry) = beside {
                let artifact = self.place.document(&entry.digest).await;
                if let Some(artifact) = known("attestation", artifact, Ok, &mut found.not_read)? {
                    self.say(&artifact, By::Attestation, &mut found).await?;
                }
            }
        }
        if depth != Depth::Attested && found.packages.is_none() {
            for entry in promising(self.place.referrers(&self.platform.digest).await?) {
                let artifact = self.place.document(&entry.digest).await;
                if let Some(artifact) = known("referrer", artifact, Ok, &mut found.not_read)? {
                    self.say(&artifact, By::Referrer, &mut found).await?;
                }
                if found.packages.is_some() {
                    return Ok(found);
                }
            }
            if let Some((_, artifact)) = self.place.tagged(&self.platform.digest, "att").await? {
                self.say(&artifact, By::Cosign, &mut found).await?;
            }
        }
        Ok(found)
    }

    /// Reads what an artifact says that nobody has said yet: one blob for the packages, one for how the image was made.
    async fn say(&self, artifact: &Document, by: By, found: &mut Attested) -> Result<(), Error> {
        // What stands in the index is bound to the image there; what was found by a name has to say what it is about.
        let about = [&self.platform.digest, &self.image.digest];
        let about = if by == By::Attestation { &about[..0] } else { &about[..] };
        for (kind, layer) in attested::offered(artifact) {
            if !found.lacks(kind) {
                continue;
            }
            let bytes = self.place.blob(&layer.digest, STATEMENT_BYTES).await;
            let said = known(kind.words(), bytes, |bytes| attested::read(layer, &bytes, about), &mut found.not_read)?;
            match said {
                Some(Said::Packages(packages, release)) => found.packages = Some(Listing { packages, release, by }),
                Some(Said::Provenance(provenance)) => found.provenance = Some(provenance),
                None => {}
            }
        }
        Ok(())
    }
}

/// The artifacts of a list that may list packages, in a fixed order; those whose type says that they are something else come
/// last. Old writers put a wrong type there, so none is left out for it.
fn promising(mut listed: Vec<Descriptor>) -> Vec<Descriptor> {
    let rank = |entry: &Descriptor| {
        let kind = entry.artifact_type.as_deref().unwrap_or_default();
        let says = |words: &[&str]| words.iter().any(|word| kind.contains(word));
        match () {
            () if says(&["spdx", "cyclonedx", "sbom", "in-toto"]) => 0,
            () if says(&["bundle", "dsse"]) => 1,
            () if says(&["signature", "sig.v1", "notary"]) => 3,
            () => 2,
        }
    };
    listed.sort_by(|one, other| (rank(one), &one.digest).cmp(&(rank(other), &other.digest)));
    listed.truncate(ARTIFACTS);
    listed
}

/// What there is about an image, by name: nothing of it is judged.
pub(crate) async fn about(place: &Place, side: Side<'_>) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    if side.image.digest != side.platform.digest
        && let Some(entry) = place.document(&side.image.digest).await?.attestation_of(&side.platform.digest)
    {
        let artifact = place.document(&entry.digest).await?;
        let said = |layer: &Descriptor| {
            layer.annotations.get("in-toto.io/predicate-type").cloned().unwrap_or_else(|| layer.media_type.clone())
        };
        names.extend(artifact.layers.iter().map(|layer| format!("in the index: {}", said(layer))));
    }
    let digests = [&side.platform.digest, &side.image.digest];
    let several = if digests[0] == digests[1] { &digests[..1] } else { &digests[..] };
    for digest in several {
        for entry in place.referrers(digest).await? {
            names.push(format!("referrer: {}", entry.artifact_type.unwrap_or(entry.media_type)));
        }
        for (kind, words) in [("sig", "cosign signature"), ("att", "cosign attestation"), ("sbom", "cosign SBOM")] {
            if place.tagged(digest, kind).await?.is_some() {
                names.push(words.to_owned());
            }
        }
    }
    names.sort();
    names.dedup();
    Ok(names)
}
