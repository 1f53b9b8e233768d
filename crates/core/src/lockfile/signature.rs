//! What a lock says of a signature: by whom, and which file proves it.

use std::fmt;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::inside;
use crate::trust::{By, FOLDER};

/// A signature that an image was locked with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "WrittenSignature", into = "WrittenSignature")]
pub struct Signature {
    /// The digest of the file that proves it.
    pub bundle: Digest,
    /// By whom it has to be, as the project file says.
    pub by: SignedBy,
}

/// By whom a signature has to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignedBy {
    /// By who has the private key for the one in this file.
    Key(Utf8PathBuf),
    /// By somebody of whom a certificate says this.
    Identity {
        /// The subject, or an expression for it.
        identity: String,
        /// Who vouches for it, or an expression.
        issuer: String,
    },
}

/// A signature as it stands in the file: one flat object whose fields are declared in byte order.
#[derive(Serialize, Deserialize)]
struct WrittenSignature {
    bundle: Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Utf8PathBuf>,
}

impl Signature {
    /// The file that proves it, from the project file on.
    pub fn file(&self) -> Utf8PathBuf {
        Utf8PathBuf::from(format!("{FOLDER}/{}-{}.json", self.bundle.algorithm().name(), self.bundle.hex()))
    }
}

impl From<&By> for SignedBy {
    fn from(by: &By) -> Self {
        match by {
            By::Key(file) => Self::Key(file.clone()),
            By::Identity { identity, issuer, .. } => {
                Self::Identity { identity: identity.as_str().to_owned(), issuer: issuer.as_str().to_owned() }
            }
        }
    }
}

impl fmt::Display for SignedBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(file) => write!(formatter, "the key `{file}`"),
            Self::Identity { identity, issuer } => write!(formatter, "`{identity}` of `{issuer}`"),
        }
    }
}

impl From<Signature> for WrittenSignature {
    fn from(Signature { bundle, by }: Signature) -> Self {
        match by {
            SignedBy::Key(key) => Self { bundle, identity: None, issuer: None, key: Some(key) },
            SignedBy::Identity { identity, issuer } => {
                Self { bundle, identity: Some(identity), issuer: Some(issuer), key: None }
            }
        }
    }
}

impl TryFrom<WrittenSignature> for Signature {
    type Error = String;

    fn try_from(written: WrittenSignature) -> Result<Self, String> {
        let WrittenSignature { bundle, identity, issuer, key } = written;
        let by = match (key, identity, issuer) {
            (Some(key), None, None) => SignedBy::Key(inside::checked(&key, "key")?),
            (None, Some(identity), Some(issuer)) => SignedBy::Identity { identity, issuer },
            _ => return Err("a signature has a `key`, or `identity` and `issuer`".to_owned()),
        };
        Ok(Self { bundle, by })
    }
}
