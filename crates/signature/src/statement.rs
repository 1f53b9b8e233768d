//! What a signature says: about which image, and what kind of thing.

use std::collections::{BTreeMap, BTreeSet};

use imagelock_core::oci::Statement;
use imagelock_core::trust::Signer;
use imagelock_core::{Digest, Reference, Repository};
use serde::Deserialize;

use crate::evidence::short;
use crate::subject::Subject;
use crate::verify::Reason;

/// What cosign says with a signature.
pub(crate) const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
/// What counts as a word for an image where nobody asks for another: a scan that failed is signed, too.
const COUNTED: [&str; 3] = [SIGN, "https://slsa.dev/provenance/v0.2", "https://slsa.dev/provenance/v1"];

/// The payload of cosign's first signatures (`specs/SIGNATURE_SPEC.md`, "Simple Signing").
#[derive(Deserialize)]
struct Simple {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Identity {
    #[serde(rename = "docker-reference")]
    reference: String,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

#[derive(Deserialize)]
struct Subjects {
    subject: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: serde_json::Value,
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

/// Whether a kind of statement counts for a signer.
pub(crate) fn counts(kind: &str, signer: &Signer) -> Result<(), Reason> {
    let does = signer.predicate.as_ref().map_or_else(|| COUNTED.contains(&kind), |wanted| wanted == kind);
    if does { Ok(()) } else { Err(Reason::Kind { kind: short(kind) }) }
}

/// Which digests of the image a payload is about; it has to name the repository, too, where one is compared.
pub(crate) fn of_simple(
    payload: &[u8],
    subject: &Subject,
    repository: Option<&Repository>,
) -> Result<BTreeSet<Digest>, Reason> {
    let Simple { critical } = serde_json::from_slice(payload).map_err(|error| Reason::Payload(error.to_string()))?;
    if critical.kind != "cosign container image signature" {
        return Err(Reason::Payload(format!("it is of the type `{}`", short(&critical.kind))));
    }
    let found = subject.digests().find(|digest| digest.as_str() == critical.image.digest);
    let found = found.ok_or_else(|| Reason::OtherImage { named: short(&critical.image.digest) })?;
    let named = critical.identity.reference;
    let is_named =
        |repository: &Repository| named.parse::<Reference>().is_ok_and(|read| read.repository == *repository);
    if repository.is_some_and(|repository| !is_named(repository)) {
        return Err(Reason::OtherRepository { named: short(&named) });
    }
    Ok(BTreeSet::from([found.clone()]))
}

/// Likewise, for a statement.
pub(crate) fn of_statement(
    payload: &[u8],
    subject: &Subject,
    repository: Option<&Repository>,
    signer: &Signer,
) -> Result<BTreeSet<Digest>, Reason> {
    let statement = Statement::read(payload).map_err(|error| Reason::Payload(error.to_string()))?;
    let found: BTreeSet<Digest> = subject.digests().filter(|digest| statement.is_about(digest)).cloned().collect();
    let Subjects { subject: all } =
        serde_json::from_slice(payload).map_err(|error| Reason::Payload(error.to_string()))?;
    if found.is_empty() {
        let named = all.iter().find_map(|one| one.digest.iter().next());
        let named = named.map_or_else(|| "nothing".to_owned(), |(kind, hex)| format!("{kind}:{hex}"));
        return Err(Reason::OtherImage { named: short(&named) });
    }
    counts(&statement.predicate_type, signer)?;
    let about = |one: &&Named| {
        found.iter().any(|digest| one.digest.get(digest.algorithm().name()).is_some_and(|hex| hex == digest.hex()))
    };
    let names = all.iter().filter(about).filter_map(|one| one.name.as_str());
    // What is no reference with a registry is a file's name, or nobody's: the digest has to do.
    let references = names.filter(|name| is_with_registry(name)).filter_map(|name| name.parse::<Reference>().ok());
    for reference in references {
        if repository.is_some_and(|repository| reference.repository != *repository) {
            return Err(Reason::OtherRepository { named: short(&reference.repository.to_string()) });
        }
    }
    Ok(found)
}

fn is_with_registry(name: &str) -> bool {
    name.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']) || host == "localhost")
}
