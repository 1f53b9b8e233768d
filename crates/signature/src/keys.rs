//! Public keys, as `cosign generate-key-pair` and `openssl` write them.

use sigstore_verify::crypto::{KeyAlgorithm, SigningScheme, verify_signature};
use sigstore_verify::types::{DerPublicKey, HashAlgorithm, SignatureBytes};

use crate::evidence::short;

/// A public key: ECDSA over P-256 or P-384, Ed25519, or RSA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub(crate) der: DerPublicKey,
    schemes: Vec<SigningScheme>,
}

/// A text that is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a public key in PEM: {0}")]
pub struct KeyError(String);

impl Key {
    /// Reads a key in PEM.
    pub fn read(pem: &[u8]) -> Result<Self, KeyError> {
        let fail = |error: &dyn std::fmt::Display| KeyError(short(&error.to_string()));
        let text = std::str::from_utf8(pem).map_err(|error| fail(&error))?;
        if text.matches("-----BEGIN").count() != 1 {
            return Err(KeyError("a file holds one key".to_owned()));
        }
        let der = DerPublicKey::from_pem(text.trim()).map_err(|error| fail(&error))?;
        let algorithm = KeyAlgorithm::from_spki(&der).map_err(|error| fail(&error))?;
        let mut schemes = vec![algorithm.default_signing_scheme()];
        // cosign signs the SHA-256 with keys of every size.
        schemes.extend(algorithm.resolve_signing_scheme(HashAlgorithm::Sha2256).ok());
        schemes.dedup();
        Ok(Self { der, schemes })
    }

    /// Whether this key has signed the bytes.
    pub(crate) fn has_signed(&self, bytes: &[u8], signature: &SignatureBytes) -> bool {
        self.schemes.iter().any(|scheme| verify_signature(&self.der, bytes, signature, *scheme).is_ok())
    }
}
