//! Who has to have signed an image, and where what proves it lies: what `verify` of the project file says.
//!
//! Nothing in here judges a signature.

mod pattern;

use std::fmt;

use camino::Utf8PathBuf;

pub use pattern::{Pattern, PatternError};

use crate::reference::Repository;
use crate::source::Spanned;

/// The folder beside the lock in which the signatures lie that its images were locked with.
pub const FOLDER: &str = "images.trust";

/// What is demanded of an image before its digest enters the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Who may sign, at least one. The order is the one in which their signatures are looked for.
    pub signers: Vec<Spanned<Signer>>,
    /// How many of them have to.
    pub threshold: usize,
    /// Whether a signature has to be in a transparency log.
    pub tlog: bool,
    /// Where signatures name another repository than the image's: which.
    pub signed_as: Option<Repository>,
}

/// Where signatures are looked for, beside the image itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// The repository that they lie in, instead of the image's own.
    pub repository: Option<Repository>,
    /// A file of bundles, one a line, from the project file on.
    pub file: Option<Spanned<Utf8PathBuf>>,
}

/// Somebody who may sign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signer {
    /// How he is known.
    pub by: By,
    /// The kind of statement that counts; without it, a signature of the image or SLSA provenance.
    pub predicate: Option<String>,
}

/// How a signer is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// By a public key in a file, from the project file on.
    Key(Utf8PathBuf),
    /// By what a certificate says of him.
    Identity {
        /// The subject: an address of mail, or of a workflow.
        identity: Pattern,
        /// Who vouched for it.
        issuer: Pattern,
        /// The trust root that his certificate has to come from; without it, any of the project's.
        root: Option<String>,
    },
}

impl fmt::Display for By {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(file) => write!(formatter, "the key `{file}`"),
            Self::Identity { identity, issuer, .. } => write!(formatter, "`{identity}` of `{issuer}`"),
        }
    }
}
