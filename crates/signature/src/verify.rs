//! One signature and one signer: whether the one is by the other, and of which image.

use std::collections::BTreeSet;

use imagelock_core::oci::{Descriptor, Document};
use imagelock_core::trust::{By, Pattern, Signer};
use imagelock_core::{Digest, Repository};
use sigstore_verify::types::{Artifact, ArtifactDigest, Bundle, DigestBytes, HashAlgorithm, SignatureContent};
use sigstore_verify::{CertificatePolicy, PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult};

use crate::evidence::{Form, short};
use crate::keys::Key;
use crate::roots::{Root, Roots};
use crate::statement;
use crate::subject::Subject;

/// The payload type of statements.
const STATEMENT: &str = "application/vnd.in-toto+json";

/// Why a signature is not what is asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It is about something else.
    #[error("it is about `{named}`, and not about this image")]
    OtherImage {
        /// What it names.
        named: String,
    },
    /// It was made for another repository.
    #[error("it was made for `{named}`, which is another repository")]
    OtherRepository {
        /// What it names.
        named: String,
    },
    /// It says something that nobody asked for.
    #[error("it says `{kind}` of the image, which counts for nothing here")]
    Kind {
        /// The kind of statement.
        kind: String,
    },
    /// What it says cannot be read.
    #[error("what it says cannot be read: {0}")]
    Payload(String),
    /// It is somebody else's.
    #[error("it is by `{identity}` of `{issuer}`")]
    SomebodyElse {
        /// What the certificate says of him.
        identity: String,
        /// Who vouched for it.
        issuer: String,
    },
    /// It is about some platforms of the image.
    #[error("it is about a part of the image, and no signature is about the rest")]
    Part,
    /// Its signer has signed as another one of the policy.
    #[error("whoever made it counts already")]
    Counted,
    /// It was not made with the key.
    #[error("it was not made with this key")]
    OtherKey,
    /// The signature, its certificate, its timestamp or its entry in the log does not hold.
    #[error("{0}")]
    Invalid(String),
}

/// A signature that holds.
pub(crate) struct Holds {
    /// The digests that it is about.
    pub(crate) covers: BTreeSet<Digest>,
    /// Who made it, as the evidence says.
    pub(crate) who: String,
}

/// What a signature is held to.
pub(crate) struct Demand<'a> {
    pub(crate) signer: &'a Signer,
    /// The key, where he is known by one.
    pub(crate) key: Option<&'a Key>,
    pub(crate) roots: &'a Roots,
    pub(crate) tlog: bool,
    /// The repository that has to be named; nothing where any may be.
    pub(crate) repository: Option<&'a Repository>,
}

impl Demand<'_> {
    /// Whether the evidence is this signer's, and about the image.
    pub(crate) fn holds(&self, form: &Form, subject: &Subject) -> Result<Holds, Reason> {
        match form {
            Form::Simple { payload, bundle } => {
                statement::counts(statement::SIGN, self.signer)?;
                let covers = statement::of_simple(payload, subject, self.repository)?;
                let who = self.signed(bundle, &Artifact::from_blob(payload))?;
                Ok(Holds { covers, who })
            }
            Form::Bundle(bundle) => self.bundle(bundle, subject),
            Form::Chained { manifest, digest, signature } => {
                let about = manifest.subject.as_ref();
                let found = about.and_then(|about| subject.digests().find(|digest| *digest == about));
                let named = || about.map_or_else(|| "nothing".to_owned(), ToString::to_string);
                let found = found.ok_or_else(|| Reason::OtherImage { named: named() })?;
                said(manifest, self.signer)?;
                // What is signed is the attestation, of which the publisher says where he keeps it, if anything.
                let attestation = Subject { repository: None, digest: digest.clone(), platforms: BTreeSet::default() };
                let plain = Signer { predicate: None, ..self.signer.clone() };
                let inner = Demand { signer: &plain, repository: None, ..*self };
                let Holds { who, .. } = inner.holds(signature, &attestation)?;
                Ok(Holds { covers: BTreeSet::from([found.clone()]), who })
            }
        }
    }

    fn bundle(&self, bundle: &Bundle, subject: &Subject) -> Result<Holds, Reason> {
        if let SignatureContent::DsseEnvelope(envelope) = &bundle.content {
            if envelope.payload_type != STATEMENT {
                return Err(Reason::Payload(format!("it is of the type `{}`", short(&envelope.payload_type))));
            }
            let payload = envelope.payload.as_bytes();
            let covers = statement::of_statement(payload, subject, self.repository, self.signer)?;
            let first = covers.first().unwrap_or(&subject.digest);
            let who = self.signed(bundle, &artifact(first)?)?;
            return Ok(Holds { covers, who });
        }
        // A signature over the bytes of a manifest names nothing: it is about those bytes, or about none.
        statement::counts(statement::SIGN, self.signer)?;
        let mut reason = Reason::OtherImage { named: "nothing".to_owned() };
        for digest in subject.digests() {
            match self.signed(bundle, &artifact(digest)?) {
                Ok(who) => return Ok(Holds { covers: BTreeSet::from([digest.clone()]), who }),
                Err(error) if *digest == subject.digest => reason = error,
                Err(_) => {}
            }
        }
        Err(reason)
    }

    /// Whether the bundle signs the artifact, by this signer; and who that is.
    fn signed(&self, bundle: &Bundle, artifact: &Artifact<'_>) -> Result<String, Reason> {
        match &self.signer.by {
            By::Key(file) => {
                let key = self.key.ok_or(Reason::OtherKey)?;
                if self.tlog {
                    let policy = PublicKeyVerificationPolicy::new(key.der.clone());
                    let logged = |root: &Root| root.verifier.verify(artifact.clone(), bundle, &policy);
                    let result = first(self.roots.of(None), logged)?;
                    if !result.tlog_verified() {
                        return Err(Reason::Invalid("it is in no transparency log".to_owned()));
                    }
                } else {
                    by_key_alone(key, bundle, artifact)?;
                }
                Ok(format!("the key `{file}`"))
            }
            By::Identity { identity, issuer, root } => {
                let of = self.roots.of(root.as_deref());
                let mut reason = None;
                for root in of {
                    match self.certified(root, bundle, artifact.clone(), (identity, issuer)) {
                        Ok(who) => return Ok(who),
                        // That it is somebody else's says more than that another root does not know him.
                        Err(error @ Reason::SomebodyElse { .. }) => reason = Some(error),
                        Err(error) => reason = reason.or(Some(error)),
                    }
                }
                Err(reason.unwrap_or_else(no_root))
            }
        }
    }

    fn certified(
        &self,
        root: &Root,
        bundle: &Bundle,
        artifact: Artifact<'_>,
        (identity, issuer): (&Pattern, &Pattern),
    ) -> Result<String, Reason> {
        let mut policy = VerificationPolicy::any_identity();
        if !root.has_certificate_log {
            policy = policy.skip_sct();
        }
        if !self.tlog {
            policy = policy.skip_tlog_unsafe();
        }
        debug_assert!(*policy.certificate() != CertificatePolicy::Skip);
        let result = root.verifier.verify(artifact, bundle, &policy).map_err(|error| invalid(&error))?;
        // The library says so where it fails; what it left out would be ours to answer for.
        if !result.certificate_verified() || (self.tlog && !result.tlog_verified()) {
            return Err(Reason::Invalid("its certificate was not verified".to_owned()));
        }
        let (said, by) = (result.identity().map_or("", |name| name.as_str()), result.issuer().unwrap_or_default());
        if identity.matches(said) && issuer.matches(by) {
            return Ok(format!("`{}` of `{}`", short(said), short(by)));
        }
        Err(Reason::SomebodyElse { identity: short(said), issuer: short(by) })
    }
}

/// Whether a key has signed, with nothing else to vouch for when: it is trusted at any time, or at none.
fn by_key_alone(key: &Key, bundle: &Bundle, artifact: &Artifact<'_>) -> Result<(), Reason> {
    let has_signed = match &bundle.content {
        SignatureContent::DsseEnvelope(envelope) => key.has_signed(&envelope.pae(), &envelope.signature.sig),
        SignatureContent::MessageSignature(message) => match artifact.blob() {
            Some(bytes) => key.has_signed(bytes, &message.signature),
            None => return Err(Reason::Invalid("a signature over a manifest needs `tlog`".to_owned())),
        },
        _ => false,
    };
    if has_signed { Ok(()) } else { Err(Reason::OtherKey) }
}

/// The first root that it holds under; otherwise why it does not under the first.
fn first<'r>(
    roots: impl Iterator<Item = &'r Root>,
    verify: impl Fn(&Root) -> Result<VerificationResult, sigstore_verify::Error>,
) -> Result<VerificationResult, Reason> {
    let mut reason = None;
    for root in roots {
        match verify(root) {
            Ok(result) => return Ok(result),
            Err(error) => reason = reason.or(Some(invalid(&error))),
        }
    }
    Err(reason.unwrap_or_else(no_root))
}

fn no_root() -> Reason {
    Reason::Invalid("there is no trust root to verify it with".to_owned())
}

fn invalid(error: &sigstore_verify::Error) -> Reason {
    Reason::Invalid(short(&error.to_string()))
}

fn artifact(digest: &Digest) -> Result<Artifact<'static>, Reason> {
    let algorithm = if digest.algorithm().name() == "sha512" { HashAlgorithm::Sha2512 } else { HashAlgorithm::Sha2256 };
    let bytes = DigestBytes::from_hex(digest.hex()).map_err(|error| Reason::Payload(error.to_string()))?;
    let digest = ArtifactDigest::new(algorithm, bytes).map_err(|error| Reason::Payload(error.to_string()))?;
    Ok(Artifact::from_digest(digest))
}

/// Whether an attestation has a statement that counts, by what its manifest says of its layers.
fn said(manifest: &Document, signer: &Signer) -> Result<(), Reason> {
    let kind = |layer: &'_ Descriptor| {
        let named = ["in-toto.io/predicate-type", "predicateType"].iter().find_map(|key| layer.annotations.get(*key));
        named.cloned().unwrap_or_default()
    };
    let mut reason = statement::counts("", signer);
    for kind in manifest.layers.iter().map(kind) {
        reason = statement::counts(&kind, signer);
        if reason.is_ok() {
            break;
        }
    }
    reason
}
