//! Trust roots: who may vouch for identities, which logs and timestamps count (`sigstore_trustroot.proto`).

use serde_json::Value;
use sigstore_verify::Verifier;
use sigstore_verify::trust_root::{SigstoreInstance, TrustedRoot};

use crate::evidence::short;

/// The largest file of roots in bytes: the public one has 20 thousand.
pub const ROOT_BYTES: u64 = 1 << 20;
/// How many roots one file may hold: `gh attestation trusted-root` writes two.
const MOST: usize = 16;

/// What a project trusts. Each root stands alone: the certificate of one and the log of another prove nothing together.
#[derive(Default)]
pub struct Roots(Vec<Root>);

pub(crate) struct Root {
    pub(crate) name: String,
    pub(crate) verifier: Verifier,
    /// Whether certificates have to be in a log of certificates: where the root names one.
    pub(crate) has_certificate_log: bool,
}

/// A file that is no trust root.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a trust root (`trusted_root.json`): {0}")]
pub struct RootError(String);

impl Roots {
    /// Adds the roots of a file: one, or one a line.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), RootError> {
        for root in read(bytes)? {
            let verifier = Verifier::new(&root).map_err(|error| RootError(short(&error.to_string())))?;
            let has_certificate_log = !root.ctlogs.is_empty();
            self.0.push(Root { name: name.to_owned(), verifier, has_certificate_log });
        }
        Ok(())
    }

    /// What a file of roots trusts, a line for each thing, in a fixed order: what differs between two of them is what changed.
    pub fn tell(bytes: &[u8]) -> Result<Vec<String>, RootError> {
        let mut told = Vec::new();
        for root in read(bytes)? {
            let written = serde_json::to_value(&root).map_err(|error| RootError(short(&error.to_string())))?;
            for (key, what, names) in [
                ("certificateAuthorities", "certificate authority", "/uri"),
                ("tlogs", "transparency log", "/baseUrl"),
                ("ctlogs", "certificate log", "/baseUrl"),
                ("timestampAuthorities", "timestamp authority", "/uri"),
            ] {
                let all = written[key].as_array().into_iter().flatten();
                told.extend(all.map(|entry| line(what, names, entry)));
            }
        }
        told.sort();
        Ok(told)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of a name, or all.
    pub(crate) fn of(&self, name: Option<&str>) -> impl Iterator<Item = &Root> {
        self.0.iter().filter(move |root| name.is_none_or(|name| root.name == name))
    }
}

/// The trust root that this version of imagelock was released with, by its name: `public-good` is Sigstore's own, `github` the
/// one of attestations of private repositories of GitHub.
pub fn known(name: &str) -> Option<&'static str> {
    match name {
        "public-good" => Some(SigstoreInstance::PublicGood.embedded_trusted_root_json()),
        "github" => Some(SigstoreInstance::GitHub.embedded_trusted_root_json()),
        _ => None,
    }
}

fn read(bytes: &[u8]) -> Result<Vec<TrustedRoot>, RootError> {
    if bytes.len() as u64 > ROOT_BYTES {
        return Err(RootError(format!("it has {} bytes, and {ROOT_BYTES} are read", bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| RootError(error.to_string()))?;
    let one = |text: &str| {
        let root = TrustedRoot::from_json(text).map_err(|error| RootError(short(&error.to_string())))?;
        if root.media_type.starts_with("application/vnd.dev.sigstore.trustedroot") {
            Ok(root)
        } else {
            Err(RootError(format!("the media type `{}`", short(&root.media_type))))
        }
    };
    let whole = one(text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(MOST + 1).collect();
    match whole {
        Ok(root) => Ok(vec![root]),
        Err(error) if lines.len() < 2 || lines.len() > MOST => Err(error),
        Err(error) => lines.into_iter().map(one).collect::<Result<_, _>>().map_err(|_| error),
    }
}

fn line(what: &str, name: &str, entry: &Value) -> String {
    let text = |at: &str| entry.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let window = ["/validFor", "/publicKey/validFor"].iter().find_map(|at| entry.pointer(at));
    let at = |key: &str| window.and_then(|window| window[key].as_str()).unwrap_or("…").to_owned();
    let bytes = entry.pointer("/publicKey/rawBytes").or_else(|| entry.pointer("/certChain")).unwrap_or(&Value::Null);
    let hash = imagelock_core::Digest::sha256(bytes.to_string().as_bytes());
    let hash: String = hash.hex().chars().take(12).collect();
    format!("{what} {} ({} to {}) {hash}", short(&text(name)), at("start"), at("end"))
}
