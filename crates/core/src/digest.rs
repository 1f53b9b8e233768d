//! Content digests (OCI image-spec, `descriptor.md`, section "Digests").

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256, Sha512};

use crate::text::{quoted, serde_as_text};

/// The hash behind a [`Digest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-256, 64 hexadecimal digits.
    Sha256,
    /// SHA-512, 128 hexadecimal digits.
    Sha512,
}

impl Algorithm {
    /// The name in front of the colon.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The name of the hash function in its standard (FIPS 180-4), as CycloneDX writes it.
    pub fn function(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        }
    }

    fn hex_digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// A content digest, `sha256:<64 lower-case hex>` or `sha512:<128 lower-case hex>`.
///
/// ```
/// use imagelock_core::Digest;
///
/// let digest = Digest::sha256(b"{}");
/// assert_eq!(digest.short(), "sha256:44136fa355b3");
/// assert!(digest.matches(b"{}"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    text: Box<str>,
}

/// Why a text is not a [`Digest`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no `algorithm:` in front.
    #[error("a digest starts with `sha256:` or `sha512:`")]
    NoAlgorithm,
    /// The algorithm is not one that the OCI specification registers.
    #[error("{} is not a digest algorithm that is supported: use `sha256` or `sha512`", quoted(.0))]
    Algorithm(String),
    /// A character that is not a lower-case hexadecimal digit.
    #[error("`{character}` at byte {at} of the digest is not a lower-case hexadecimal digit")]
    Character {
        /// The character.
        character: char,
        /// Its offset in bytes from the start of the digest.
        at: usize,
    },
    /// Too few or too many digits.
    #[error("a {} digest has {} hexadecimal digits, this one has {found}", .algorithm.name(), .algorithm.hex_digits())]
    Length {
        /// The algorithm that fixes the length.
        algorithm: Algorithm,
        /// The number of digits there are.
        found: usize,
    },
}

impl Digest {
    /// Hashes `bytes` with SHA-256, the algorithm that every registry speaks.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self::of(Algorithm::Sha256, bytes)
    }

    /// Hashes `bytes` with `algorithm`.
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let hash: Vec<u8> = match algorithm {
            Algorithm::Sha256 => Sha256::digest(bytes).to_vec(),
            Algorithm::Sha512 => Sha512::digest(bytes).to_vec(),
        };
        let mut text = format!("{}:", algorithm.name());
        for byte in hash {
            text.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
            text.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        }
        Self { algorithm, text: text.into() }
    }

    /// A UUID of the content (RFC 9562, version 8), for formats that want one.
    pub fn uuid(&self) -> String {
        let hex = self.hex();
        format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[12..15], &hex[15..18], &hex[18..30])
    }

    /// Whether `bytes` hash to this digest.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        Self::of(self.algorithm, bytes) == *self
    }

    /// The hash that was used.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The digits after the colon.
    pub fn hex(&self) -> &str {
        &self.text[self.algorithm.name().len() + 1..]
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The algorithm and the first twelve digits, for people; never for a file.
    pub fn short(&self) -> &str {
        &self.text[..self.algorithm.name().len() + 13]
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (name, hex) = text.split_once(':').ok_or(DigestError::NoAlgorithm)?;
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            other => return Err(DigestError::Algorithm(other.to_owned())),
        };
        if let Some((at, character)) = hex.char_indices().find(|(_, c)| !matches!(c, '0'..='9' | 'a'..='f')) {
            return Err(DigestError::Character { character, at: name.len() + 1 + at });
        }
        if hex.len() != algorithm.hex_digits() {
            return Err(DigestError::Length { algorithm, found: hex.len() });
        }
        Ok(Self { algorithm, text: text.into() })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

serde_as_text!(Digest);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes_come_out_as_published() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::sha256(b"").as_str(), empty);
        let abc = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                   2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        assert_eq!(Digest::of(Algorithm::Sha512, b"abc").as_str(), abc);
    }

    #[test]
    fn the_digits_and_the_short_form_are_parts_of_the_text() {
        let of = |algorithm| Digest::of(algorithm, b"abc");
        let sha256 = of(Algorithm::Sha256);
        assert_eq!(sha256.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((sha256.short(), sha256.algorithm()), ("sha256:ba7816bf8f01", Algorithm::Sha256));
        let sha512 = of(Algorithm::Sha512);
        assert_eq!((sha512.hex().len(), &sha512.hex()[..6], sha512.short()), (128, "ddaf35", "sha512:ddaf35a19361"));
        assert_eq!(sha512.as_str(), format!("{}:{}", sha512.algorithm().name(), sha512.hex()));
        assert_eq!([sha256.algorithm(), sha512.algorithm()].map(Algorithm::function), ["SHA-256", "SHA-512"]);
    }

    #[test]
    fn what_is_no_digest_is_refused_with_the_rule_it_broke() {
        let hex = "0".repeat(64);
        let refused = |text: &str| text.parse::<Digest>().unwrap_err();
        assert_eq!(refused(&hex), DigestError::NoAlgorithm);
        assert_eq!(refused(&format!("md5:{hex}")), DigestError::Algorithm("md5".to_owned()));
        assert_eq!(refused(&format!("SHA256:{hex}")), DigestError::Algorithm("SHA256".to_owned()));
        assert_eq!(refused(&format!("sha256:{}A", &hex[1..])), DigestError::Character { character: 'A', at: 70 });
        assert_eq!(refused("sha256:../../etc"), DigestError::Character { character: '.', at: 7 });
        assert_eq!(
            refused(&format!("sha256:{}", &hex[1..])),
            DigestError::Length { algorithm: Algorithm::Sha256, found: 63 }
        );
        assert_eq!(refused(&format!("sha512:{hex}")), DigestError::Length { algorithm: Algorithm::Sha512, found: 64 });
    }

    #[test]
    fn a_uuid_is_the_first_digits_of_the_content_and_says_its_version_and_variant() {
        assert_eq!(Digest::sha256(b"").uuid(), "e3b0c442-98fc-81c1-849a-fbf4c8996fb9");
    }

    #[test]
    fn the_digest_of_other_bytes_does_not_match() {
        assert!(!Digest::sha256(b"a").matches(b"b"));
        assert!(Digest::of(Algorithm::Sha512, b"a").matches(b"a"));
    }
}
