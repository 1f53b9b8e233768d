//! What a project demands of an image, and whether it has it.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::Digest;
use imagelock_core::trust::{By, Trust};

use crate::evidence::Evidence;
use crate::keys::Key;
use crate::roots::Roots;
use crate::subject::Subject;
use crate::verify::{Demand, Holds, Reason};

/// Holds evidence to a policy.
pub struct Judge<'a> {
    trust: &'a Trust,
    keys: BTreeMap<Utf8PathBuf, Key>,
    roots: &'a Roots,
}

/// A policy that nothing can be held to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JudgeError {
    /// There is no trust root.
    #[error("it takes a trust root to verify that: who may vouch for identities, and which log counts")]
    NoRoot,
    /// The root that is named is none.
    #[error("there is no trust root `{0}`")]
    UnknownRoot(String),
    /// Two files hold one key: it would count twice.
    #[error("`{0}` and `{1}` hold the same key")]
    SameKey(Utf8PathBuf, Utf8PathBuf),
    /// A key was not read.
    #[error("there is no key `{0}`")]
    NoKey(Utf8PathBuf),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Signed as it has to be: what proves it, in the order of the signers and then of the digests.
    Signed(Vec<Proof>),
    /// There is no signature at all.
    Unsigned,
    /// There are signatures, and not the ones that are asked for.
    Refused(Vec<Refused>),
}

/// One signature that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The digest of the evidence.
    pub evidence: Digest,
    /// The signer, by his place in the policy.
    pub signer: usize,
    /// Who that is, as the evidence says.
    pub who: String,
}

/// One signature that does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The digest of the evidence.
    pub evidence: Digest,
    /// The signer that it was held to, by his place in the policy, and why it is not his.
    pub reasons: Vec<(usize, Reason)>,
}

impl<'a> Judge<'a> {
    /// Makes a judge of a policy, of what its files hold, and of what the project trusts.
    pub fn new(trust: &'a Trust, key: impl Fn(&Utf8Path) -> Option<Key>, roots: &'a Roots) -> Result<Self, JudgeError> {
        let mut keys: BTreeMap<Utf8PathBuf, Key> = BTreeMap::new();
        for signer in &trust.signers {
            match &signer.value.by {
                By::Key(file) => {
                    let read = key(file).ok_or_else(|| JudgeError::NoKey(file.clone()))?;
                    if let Some((other, _)) = keys.iter().find(|(other, known)| *other != file && **known == read) {
                        return Err(JudgeError::SameKey(other.clone(), file.clone()));
                    }
                    keys.insert(file.clone(), read);
                    if trust.tlog && roots.is_empty() {
                        return Err(JudgeError::NoRoot);
                    }
                }
                By::Identity { root, .. } => match root {
                    Some(name) if roots.of(Some(name)).next().is_none() => {
                        return Err(JudgeError::UnknownRoot(name.clone()));
                    }
                    _ if roots.is_empty() => return Err(JudgeError::NoRoot),
                    _ => {}
                },
            }
        }
        Ok(Self { trust, keys, roots })
    }

    /// Judges an image by everything that there is about it. The order of the evidence changes nothing.
    pub fn judge(&self, subject: &Subject, evidence: &[Evidence]) -> Verdict {
        let evidence: BTreeMap<&Digest, &Evidence> = evidence.iter().map(|one| (one.digest(), one)).collect();
        if evidence.is_empty() {
            return Verdict::Unsigned;
        }
        let mut refused: BTreeMap<&Digest, Vec<(usize, Reason)>> = BTreeMap::new();
        let (mut proofs, mut counted) = (Vec::new(), BTreeSet::new());
        for signer in 0..self.trust.signers.len() {
            if counted.len() == self.trust.threshold {
                break;
            }
            let mut held: BTreeMap<String, Vec<(&Digest, Holds)>> = BTreeMap::new();
            for (digest, one) in &evidence {
                match self.demand(signer, subject).holds(&one.form, subject) {
                    Ok(holds) => held.entry(holds.who.clone()).or_default().push((digest, holds)),
                    Err(reason) => refused.entry(digest).or_default().push((signer, reason)),
                }
            }
            // One person may be two signers of a policy, and counts once.
            let fresh = held.into_iter().find_map(|(who, held)| {
                let is_counted = counted.contains(&who);
                let enough = if is_counted { None } else { least(subject, &held) };
                if enough.is_none() {
                    let reason = if is_counted { Reason::Counted } else { Reason::Part };
                    let all = held.iter().map(|(digest, _)| *digest);
                    all.for_each(|digest| refused.entry(digest).or_default().push((signer, reason.clone())));
                }
                enough.map(|enough| (who, enough))
            });
            if let Some((who, enough)) = fresh {
                proofs.extend(enough.into_iter().map(|evidence| Proof { evidence, signer, who: who.clone() }));
                counted.insert(who);
            }
        }
        if counted.len() >= self.trust.threshold {
            return Verdict::Signed(proofs);
        }
        let all = refused.into_iter().map(|(digest, reasons)| Refused { evidence: digest.clone(), reasons });
        Verdict::Refused(all.collect())
    }

    fn demand<'d>(&'d self, signer: usize, subject: &'d Subject) -> Demand<'d> {
        let signer = &self.trust.signers[signer].value;
        let key = if let By::Key(file) = &signer.by { self.keys.get(file) } else { None };
        let repository = self.trust.signed_as.as_ref().or(subject.repository.as_ref());
        Demand { signer, key, roots: self.roots, tlog: self.trust.tlog, repository }
    }
}

/// The evidence that is enough: one of the image itself, or one of each of its platforms.
fn least(subject: &Subject, held: &[(&Digest, Holds)]) -> Option<Vec<Digest>> {
    if let Some((digest, _)) = held.iter().find(|(_, holds)| holds.covers.contains(&subject.digest)) {
        return Some(vec![(*digest).clone()]);
    }
    let (mut covered, mut taken) = (BTreeSet::new(), Vec::new());
    for (digest, holds) in held {
        if !holds.covers.is_subset(&covered) {
            covered.extend(holds.covers.iter().cloned());
            taken.push((*digest).clone());
        }
    }
    subject.is_covered(&covered).then_some(taken)
}
