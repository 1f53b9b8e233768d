//! Hashing bytes as they come.

use imagelock_core::Digest;
use imagelock_core::digest::Algorithm;
use sha2::{Digest as _, Sha256, Sha512};

/// Hashes a stream with the algorithm of the digest that it should have.
pub(crate) enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    pub(crate) fn like(digest: &Digest) -> Self {
        match digest.algorithm() {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// Returns the digest of what was hashed, or none if the hex digits do not parse, which they do.
    pub(crate) fn finish(self) -> Option<Digest> {
        let (name, hash) = match self {
            Self::Sha256(hasher) => ("sha256", hasher.finalize().to_vec()),
            Self::Sha512(hasher) => ("sha512", hasher.finalize().to_vec()),
        };
        let hex: Vec<String> = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{name}:{}", hex.concat()).parse().ok()
    }
}
