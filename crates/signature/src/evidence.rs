//! One signature with all that it takes to verify it.
//!
//! A bundle of Sigstore's is kept as it is. What cosign wrote before there were bundles is spread over a blob and the
//! annotations of its layer: it is kept as one object of both. What is signed by way of an attestation is kept with the
//! attestation's manifest.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imagelock_core::Digest;
use imagelock_core::oci::Document;
use serde::{Deserialize, Serialize};
use sigstore_verify::types::Bundle;

use crate::bundle;

/// The largest evidence in bytes: a bundle holds a statement, and statements of builds are the largest.
pub const EVIDENCE_BYTES: u64 = 4 << 20;
/// How many candidates are looked at for one image. Anybody who may push can add more, and more are an error: a signature must
/// not be hidden among others.
pub const MOST: usize = 64;

/// How the media types of bundles begin.
pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// What cosign signed before there were bundles (`specs/SIGNATURE_SPEC.md`).
pub const SIMPLE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// A signed statement as cosign kept it before there were bundles.
pub const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// The form in which an attestation's manifest and its signature are kept.
const CHAINED: &str = "application/vnd.imagelock.signed-attestation.v1+json";
/// The start of the annotations that belong to a signature.
const ANNOTATIONS: [&str; 2] = ["dev.cosignproject.cosign/", "dev.sigstore.cosign/"];

/// One signature, read.
#[derive(Clone, Debug)]
pub struct Evidence {
    bytes: Vec<u8>,
    digest: Digest,
    pub(crate) form: Form,
}

/// What it is.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// A statement in a bundle, or the bundle of a signature over the image's own manifest.
    Bundle(Box<Bundle>),
    /// A signed payload that names the image.
    Simple { payload: Vec<u8>, bundle: Box<Bundle> },
    /// The signature of an attestation, whose manifest names the image.
    Chained { manifest: Box<Document>, digest: Digest, signature: Box<Form> },
}

/// Bytes that are no evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// There are more of them than are read.
    #[error("it has {bytes} bytes, and {EVIDENCE_BYTES} are read")]
    TooLarge {
        /// How many there are.
        bytes: usize,
    },
    /// They are something else.
    #[error("no signature that is read here: {0}")]
    Format(String),
}

/// What cosign kept in a layer, as one object.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    annotations: BTreeMap<String, String>,
    media_type: String,
    payload: String,
}

/// An attestation's manifest and its signature, as one object.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeptChain {
    manifest: String,
    media_type: String,
    signature: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    media_type: String,
}

impl Evidence {
    /// Reads evidence in the form in which it is kept.
    pub fn read(bytes: &[u8]) -> Result<Self, EvidenceError> {
        Ok(Self { form: form(bytes, true)?, digest: Digest::sha256(bytes), bytes: bytes.to_vec() })
    }

    /// Makes evidence of a layer of cosign's, [`SIMPLE`] or [`ENVELOPE`]: its blob and its annotations.
    pub fn of_layer(
        media_type: &str,
        blob: &[u8],
        annotations: &BTreeMap<String, String>,
    ) -> Result<Self, EvidenceError> {
        let own = |(key, _): &(&String, &String)| ANNOTATIONS.iter().any(|start| key.starts_with(start));
        let annotations = annotations.iter().filter(own).map(|(key, value)| (key.clone(), value.clone())).collect();
        let kept = Kept { annotations, media_type: media_type.to_owned(), payload: STANDARD.encode(blob) };
        Self::read(&json(&kept))
    }

    /// Makes evidence of the signature of an attestation and the manifest that it signs.
    pub fn of_attestation(manifest: &[u8], signature: &Self) -> Result<Self, EvidenceError> {
        let (manifest, signature) = (STANDARD.encode(manifest), STANDARD.encode(&signature.bytes));
        Self::read(&json(&KeptChain { manifest, media_type: CHAINED.to_owned(), signature }))
    }

    /// The form in which it is kept: one line.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of [`Evidence::bytes`].
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
}

/// The bundles of a file that has one a line, as `gh attestation download` writes it.
pub fn lines(text: &[u8]) -> Result<Vec<Evidence>, EvidenceError> {
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let found: Vec<&[u8]> = lines.take(MOST + 1).collect();
    if found.len() > MOST {
        return Err(EvidenceError::Format(format!("more than {MOST} lines")));
    }
    found.into_iter().map(Evidence::read).collect()
}

fn form(bytes: &[u8], may_chain: bool) -> Result<Form, EvidenceError> {
    if bytes.len() as u64 > EVIDENCE_BYTES {
        return Err(EvidenceError::TooLarge { bytes: bytes.len() });
    }
    let kind: Typed = serde_json::from_slice(bytes).map_err(|error| wrong(&error))?;
    match kind.media_type.as_str() {
        kind if kind.starts_with(BUNDLE) => {
            let text = std::str::from_utf8(bytes).map_err(|error| wrong(&error))?;
            Ok(Form::Bundle(Box::new(Bundle::from_json(text).map_err(|error| wrong(&error))?)))
        }
        SIMPLE => {
            let kept: Kept = serde_json::from_slice(bytes).map_err(|error| wrong(&error))?;
            let payload = STANDARD.decode(&kept.payload).map_err(|error| wrong(&error))?;
            let bundle = bundle::of_simple(&kept.annotations).map_err(EvidenceError::Format)?;
            Ok(Form::Simple { payload, bundle: Box::new(bundle) })
        }
        ENVELOPE => {
            let kept: Kept = serde_json::from_slice(bytes).map_err(|error| wrong(&error))?;
            let envelope = STANDARD.decode(&kept.payload).map_err(|error| wrong(&error))?;
            let bundle = bundle::of_envelope(&envelope, &kept.annotations).map_err(EvidenceError::Format)?;
            Ok(Form::Bundle(Box::new(bundle)))
        }
        CHAINED if may_chain => {
            let kept: KeptChain = serde_json::from_slice(bytes).map_err(|error| wrong(&error))?;
            let manifest = STANDARD.decode(&kept.manifest).map_err(|error| wrong(&error))?;
            let signature = STANDARD.decode(&kept.signature).map_err(|error| wrong(&error))?;
            Ok(Form::Chained {
                digest: Digest::sha256(&manifest),
                manifest: Box::new(Document::read(&manifest).map_err(|error| wrong(&error))?),
                signature: Box::new(form(&signature, false)?),
            })
        }
        other => Err(EvidenceError::Format(format!("the media type `{}`", short(other)))),
    }
}

/// One line without an end: what Git makes of the ends of lines on other machines does not touch it.
fn json(value: &impl Serialize) -> Vec<u8> {
    // Texts under texts always have a JSON form.
    serde_json::to_vec(value).unwrap_or_default()
}

fn wrong(error: &impl std::fmt::Display) -> EvidenceError {
    EvidenceError::Format(short(&error.to_string()))
}

/// As much of a stranger's text as people read, on one line.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
