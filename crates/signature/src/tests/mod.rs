//! Formats times outcomes: every signature is made here, and each case changes one thing of a good one.

mod conformance;
mod hostile;
mod public;
mod table;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::source::{Location, SourceFile, Spanned};
use imagelock_core::trust::{By, Signer, Trust};
use imagelock_core::{Digest, Reference};

use crate::testing::{self, Entry, Hand, Instance, NOON};
use crate::{Evidence, Judge, JudgeError, Key, Roots, SIMPLE, Subject, Verdict};

const REPOSITORY: &str = "registry.example/acme/app";
const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

fn image() -> Digest {
    Digest::sha256(b"image")
}

fn subject() -> Subject {
    let reference: Reference = REPOSITORY.parse().unwrap();
    let platforms = [Digest::sha256(b"amd64"), Digest::sha256(b"arm64")].into();
    Subject { repository: Some(reference.repository), digest: image(), platforms }
}

fn signer(by: By) -> Spanned<Signer> {
    let file = SourceFile::new("images.toml", "verify");
    Spanned { value: Signer { by, predicate: None }, at: Location::new(&file, 0..6) }
}

fn identity(identity: &str, issuer: &str) -> Spanned<Signer> {
    signer(By::Identity { identity: identity.parse().unwrap(), issuer: issuer.parse().unwrap(), root: None })
}

fn key(file: &str) -> Spanned<Signer> {
    signer(By::Key(file.into()))
}

fn trust(signers: Vec<Spanned<Signer>>) -> Trust {
    Trust { signers, threshold: 1, tlog: true, signed_as: None }
}

fn without_log(signers: Vec<Spanned<Signer>>) -> Trust {
    Trust { tlog: false, ..trust(signers) }
}

/// What a project has: its keys by their files, and its roots.
struct World {
    keys: Vec<(Utf8PathBuf, Key)>,
    roots: Roots,
}

impl World {
    fn of(keys: &[(&str, &Hand)], roots: &[(&str, &Instance)]) -> Self {
        let keys = keys.iter().map(|(file, hand)| ((*file).into(), Key::read(hand.pem().as_bytes()).unwrap()));
        let mut all = Roots::default();
        for (name, instance) in roots {
            all.add(name, instance.root().as_bytes()).unwrap();
        }
        Self { keys: keys.collect(), roots: all }
    }

    fn judge<'w>(&'w self, trust: &'w Trust) -> Result<Judge<'w>, JudgeError> {
        let key = |file: &Utf8Path| self.keys.iter().find(|(name, _)| name == file).map(|(_, key)| key.clone());
        Judge::new(trust, key, &self.roots)
    }

    fn verdict(&self, trust: &Trust, evidence: &[Evidence]) -> Verdict {
        self.judge(trust).unwrap().judge(&subject(), evidence)
    }

    /// `ok`, or the reasons, one a line.
    fn told(&self, trust: &Trust, evidence: &[Evidence]) -> String {
        match self.verdict(trust, evidence) {
            Verdict::Signed(proofs) => {
                proofs.iter().map(|proof| format!("ok: {}", proof.who)).collect::<Vec<_>>().join("\n")
            }
            Verdict::Unsigned => "unsigned".to_owned(),
            Verdict::Refused(refused) => {
                let all = refused.iter().flat_map(|one| &one.reasons).map(|(_, reason)| reason.to_string());
                all.collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// A payload of cosign's, signed and logged.
fn simple(hand: &Hand, log: Option<&Instance>, payload: &[u8]) -> Evidence {
    let signature = hand.sign(payload);
    let entry = log.map(|log| log.entry_of_payload(hand, payload, &signature, NOON));
    layer(payload, hand, &signature, entry.as_ref())
}

fn layer(payload: &[u8], hand: &Hand, signature: &[u8], entry: Option<&Entry>) -> Evidence {
    Evidence::of_layer(SIMPLE, payload, &testing::annotations(hand, signature, entry)).unwrap()
}

/// A statement, signed and logged, in a bundle.
fn bundle(hand: &Hand, log: Option<&Instance>, payload: &[u8]) -> Evidence {
    let signature = hand.sign(&testing::preauthenticated(payload));
    let entry = log.map(|log| log.entry_of_statement(hand, payload, &signature, NOON));
    Evidence::read(&testing::bundle(hand, payload, &signature, entry.as_ref())).unwrap()
}

const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

fn signed(digest: &Digest) -> Vec<u8> {
    testing::statement("", digest, SIGN)
}

fn paid(digest: &Digest) -> Vec<u8> {
    testing::payload(REPOSITORY, digest.as_str())
}
