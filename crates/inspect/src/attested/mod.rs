//! What publishers say about their images: which of it is worth fetching, and what is in it.
//!
//! Builders put statements beside an image in its index, registries list them as its referrers, cosign keeps them under a tag.
//! All are an artifact's layers of a few media types. Nothing here verifies a signature: what is said is the publisher's word.

mod bounded;
mod cyclonedx;
mod provenance;
mod spdx;
#[cfg(test)]
mod tests;
mod written;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imagelock_core::Digest;
use imagelock_core::oci::{Descriptor, Document, Envelope, OciError, Statement};

pub use provenance::{Ingredient, Material, Provenance};
pub use written::{Build, builds};

use crate::advisory::Release;
use crate::package::Package;

/// The largest statement that is read: those of images with tens of thousands of packages have a third of it.
pub const STATEMENT_BYTES: u64 = 64 << 20;

/// What a statement, or a document without one, says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Which packages there are, in their order, each once; and which release they are of, where that is said.
    Packages(Vec<Package>, Option<Release>),
    /// How the image was made.
    Provenance(Provenance),
}

/// What kind of thing a layer of an artifact says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// SPDX 2 in JSON.
    Spdx,
    /// CycloneDX in JSON.
    CycloneDx,
    /// SLSA provenance, of version 0.2 or 1.
    Provenance,
}

impl Kind {
    /// The kind that an address of a predicate names. Versions may follow the address.
    pub fn of_predicate(address: &str) -> Option<Self> {
        let begins = |with: &str| {
            let rest = address.strip_prefix(with);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if begins("https://spdx.dev/Document") {
            Some(Self::Spdx)
        } else if begins("https://cyclonedx.org/bom") {
            Some(Self::CycloneDx)
        } else if begins("https://slsa.dev/provenance") {
            Some(Self::Provenance)
        } else {
            None
        }
    }

    /// The kind of a document that is no statement, by its media type.
    fn of_media_type(media_type: &str) -> Option<Self> {
        match media_type.split(';').next().unwrap_or_default().trim() {
            "application/spdx+json" | "text/spdx+json" => Some(Self::Spdx),
            "application/vnd.cyclonedx+json" | "application/vnd.cyclonedx" => Some(Self::CycloneDx),
            _ => None,
        }
    }

    /// Whether it lists packages.
    pub fn lists_packages(self) -> bool {
        self != Self::Provenance
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Spdx => "SPDX",
            Self::CycloneDx => "CycloneDX",
            Self::Provenance => "SLSA provenance",
        }
    }
}

/// The layers of an artifact that say something which is read here, each with its kind, the surest to be of use first.
///
/// By the annotations that builders and cosign write, the kind is known before anything is fetched.
pub fn offered(artifact: &Document) -> Vec<(Kind, &Descriptor)> {
    let kind = |layer: &&Descriptor| {
        let said = |keys: &[&str], of: &std::collections::BTreeMap<String, String>| {
            keys.iter().find_map(|key| of.get(*key)).and_then(|address| Kind::of_predicate(address))
        };
        said(&["in-toto.io/predicate-type", "predicateType"], &layer.annotations)
            .or_else(|| said(&["dev.sigstore.bundle.predicateType"], &artifact.annotations))
            .or_else(|| Kind::of_media_type(&layer.media_type))
    };
    let mut offered: Vec<_> = artifact.layers.iter().filter_map(|layer| Some((kind(&layer)?, layer))).collect();
    offered.sort_by_key(|(kind, _)| *kind);
    offered
}

/// Reads a layer of an artifact. A statement has to be about one of `about`, where any are given: one beside the image in its
/// index is bound to it there, one that was found under a name is not.
pub fn read(layer: &Descriptor, bytes: &[u8], about: &[&Digest]) -> Result<Said, OciError> {
    if let Some(kind) = Kind::of_media_type(&layer.media_type) {
        return document(kind, bytes, false);
    }
    if layer.media_type.contains("dsse") || layer.media_type.contains("sigstore.bundle") {
        return statement(&enveloped(bytes)?, about);
    }
    statement(bytes, about)
}

/// The statement in an envelope.
fn enveloped(bytes: &[u8]) -> Result<Vec<u8>, OciError> {
    let payload = STANDARD.decode(Envelope::read(bytes)?.payload);
    payload.map_err(|error| OciError::new(format!("not a statement in an envelope: {error}")))
}

/// Reads how an image was made from a layer of what its builder put beside it in its index, which is bound to the image
/// there. So the statement may leave out what it is about, and names no other image than this one.
pub fn provenance(layer: &Descriptor, bytes: &[u8], image: &Digest) -> Result<Provenance, OciError> {
    let about = [image];
    let subjects = Statement::read(bytes).map(|statement| statement.subject.len()).unwrap_or_default();
    match read(layer, bytes, if subjects == 0 { &about[..0] } else { &about })? {
        Said::Provenance(provenance) => Ok(provenance),
        Said::Packages(..) => Err(OciError::new("it lists packages and does not say how the image was made")),
    }
}

fn statement(bytes: &[u8], about: &[&Digest]) -> Result<Said, OciError> {
    let statement = Statement::read(bytes)?;
    if !about.is_empty() && !about.iter().any(|digest| statement.is_about(digest)) {
        return Err(OciError::new("the statement is about something else"));
    }
    let unknown = || OciError::new(format!("nobody here reads `{}`", statement.predicate_type));
    document(Kind::of_predicate(&statement.predicate_type).ok_or_else(unknown)?, bytes, true)
}

fn document(kind: Kind, bytes: &[u8], in_statement: bool) -> Result<Said, OciError> {
    Ok(match kind {
        Kind::Spdx => listed(parsed::<spdx::Written>(bytes, in_statement)?.packages()?),
        Kind::CycloneDx => listed(parsed::<cyclonedx::Written>(bytes, in_statement)?.packages()?),
        Kind::Provenance => Said::Provenance(parsed::<provenance::Written>(bytes, in_statement)?.read()),
    })
}

fn parsed<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8], in_statement: bool) -> Result<T, OciError> {
    if in_statement {
        return Statement::predicate(bytes);
    }
    serde_json::from_slice(bytes).map_err(|error| OciError::new(format!("not what its media type says: {error}")))
}

/// A tool may list one package once for each place that it found it in.
fn listed((mut packages, release): (Vec<Package>, Option<Release>)) -> Said {
    packages.sort();
    packages.dedup_by(|next, first| (&next.purl, &next.version) == (&first.purl, &first.version));
    Said::Packages(packages, release)
}
