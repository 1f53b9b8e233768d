//! Whether somebody has signed an image.
//!
//! Bytes come in, a [`Verdict`] goes out: no network, no files. What is read was written by strangers, or by the person whom
//! the project trusts; each has bounds. Certificates, transparency logs, timestamps and signatures are judged by
//! `sigstore-verify` alone. What is added here is what that library does not know: where registries keep signatures, what they
//! say about which image, and who has to have made them.
//!
//! - [`Evidence`]: one signature with all that it takes to verify it, in the form in which it is kept beside the lock.
//! - [`Key`] and [`Roots`]: what the project trusts, out of files of its repository.
//! - [`Subject`]: the image; [`Judge`]: what a project demands of it; [`Verdict`]: whether it has that, and why not.
//!
//! Invariant: a verdict is a function of the evidence, the policy and the trusted files, but for one look at the clock: what
//! claims to be made in the future is refused.

mod bundle;
mod evidence;
mod judge;
mod keys;
mod roots;
mod statement;
mod subject;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub mod testing;
#[cfg(test)]
mod tests;
mod verify;

pub use evidence::{BUNDLE, ENVELOPE, EVIDENCE_BYTES, Evidence, EvidenceError, MOST, SIMPLE, lines};
pub use judge::{Judge, JudgeError, Proof, Refused, Verdict};
pub use keys::{Key, KeyError};
pub use roots::{ROOT_BYTES, RootError, Roots, known};
pub use subject::Subject;
pub use verify::Reason;
