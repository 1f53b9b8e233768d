//! Who has signed what is locked: found out before a digest enters the lock, kept beside it, and told again from there.
//!
//! What satisfied a policy once is kept under `images.trust/` by its digest, and needs no registry again. The files are
//! written before the lock that names them, and those that it names no longer go after it.

mod find;
mod grade;
mod kept;
mod policy;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use imagelock_core::lockfile::{LockedImage, Signature};
use imagelock_core::source::{Label, Location};
use imagelock_core::trust::Trust;
use imagelock_core::{Digest, ImageName, Lockfile};
use imagelock_registry::Client;
use imagelock_signature::{Evidence, Judge, Proof, Refused, Roots, Subject, Verdict};

use self::find::{Found, Search};
pub(crate) use self::grade::{Grade, grades, grades_kept};
pub(crate) use self::kept::{sweep, write_all};
use self::policy::Policies;
pub(crate) use crate::demanded::{Ask, Kept, Lacking, Signed};
use crate::failure::{Failure, Kind, Problem};
use crate::network;
use crate::progress::Progress;
use crate::session::Session;
use crate::snapshots;

const OUT_OF_DATE: &str = "run `lock`, and commit images.lock and images.trust";

/// Sees to it that every image of a new lock has the signatures that are demanded of it, and none else. What was kept with the
/// old lock is enough where it still satisfies the policy; the rest is asked for. One image that lacks any fails the run.
pub(crate) fn settle(session: &Session<'_>, old: &Lockfile, new: &mut Lockfile, ask: Ask) -> Result<Kept, Failure> {
    if ask == Ask::Nobody {
        let lacking = held(session, new)?;
        return if lacking.is_empty() { Ok(Kept::default()) } else { Err(refused(session, &lacking, OUT_OF_DATE)) };
    }
    let policies = Policies::read(session, new)?;
    let mut pending: Vec<(ImageName, Judge<'_>)> = Vec::new();
    for (name, image) in &mut new.images {
        let signatures = std::mem::take(&mut image.signatures);
        let Some(judge) = policies.judge(session, name)? else { continue };
        let before = old.images.get(name).map(|image| image.signatures.as_slice()).unwrap_or_default();
        let own = kept::evidence(session, signatures.iter().chain(before))?;
        let trust = policies.trust(name);
        if let (Some(trust), Verdict::Signed(proofs)) = (trust, judge.judge(&Subject::of(image), &own)) {
            image.signatures = signed(trust, &proofs);
        } else {
            image.signatures = signatures;
            pending.push((name.clone(), judge));
        }
    }
    if pending.is_empty() { Ok(Kept::default()) } else { ask_registries(session, &policies, &pending, new) }
}

fn ask_registries(
    session: &Session<'_>,
    policies: &Policies<'_>,
    pending: &[(ImageName, Judge<'_>)],
    new: &mut Lockfile,
) -> Result<Kept, Failure> {
    let progress = Progress::start(&session.host.shell, "Verifying", pending.len());
    let resolver = session.resolver(progress.clone())?;
    let searches = pending.iter().map(async |(name, judge)| {
        let image = &new.images[name];
        let found = verdict(session, resolver.client(), judge, name, image).await;
        progress.step();
        (name, found)
    });
    let found = network::run(join_all(searches));
    progress.finish();
    let (mut kept, mut lacking, mut settled, mut told) = (Kept::default(), Vec::new(), BTreeMap::new(), Vec::new());
    for (name, found) in found? {
        let (found, verdict) = found?;
        let Some(trust) = policies.trust(name) else { continue };
        match verdict {
            Verdict::Signed(proofs) => {
                let signatures = signed(trust, &proofs);
                for signature in &signatures {
                    let evidence = found.evidence.iter().find(|one| *one.digest() == signature.bundle);
                    kept.extend(evidence.map(|one| (signature.file(), one.bytes().to_vec())));
                }
                let by: BTreeSet<&str> = proofs.iter().map(|proof| proof.who.as_str()).collect();
                let by = by.into_iter().collect::<Vec<_>>().join(", ");
                told.push(format!("{name}, signed by {by}"));
                settled.insert(name.clone(), signatures);
            }
            other => lacking.push(lacks((name, trust), demanded_at(session, name), &other, Some(&found))),
        }
    }
    if !lacking.is_empty() {
        return Err(refused(session, &lacking, "images.lock is unchanged"));
    }
    for line in told {
        session.host.shell.status("Verified", &line);
    }
    for (name, signatures) in settled {
        if let Some(image) = new.images.get_mut(&name) {
            image.signatures = signatures;
        }
    }
    Ok(kept)
}

/// Looks for signatures until those that are demanded are there, or there are no more.
async fn verdict(
    session: &Session<'_>,
    client: &Client,
    judge: &Judge<'_>,
    name: &ImageName,
    image: &LockedImage,
) -> Result<(Found, Verdict), Failure> {
    let subject = Subject::of(image);
    let mut search = Search::new(session, client, name, image);
    let mut verdict = Verdict::Unsigned;
    while search.look().await? {
        verdict = judge.judge(&subject, &search.found.evidence);
        if matches!(verdict, Verdict::Signed(_)) {
            break;
        }
    }
    Ok((search.found, verdict))
}

/// The images of a lock whose kept signatures do not satisfy their policies, told from the repository's own files.
pub(crate) fn held(session: &Session<'_>, lock: &Lockfile) -> Result<Vec<Lacking>, Failure> {
    Ok(told(session, lock)?.into_iter().filter_map(|(_, told)| told.err()).collect())
}

/// Of each image, who has signed it, or what it lacks.
type Told = Vec<(ImageName, Result<Vec<Proof>, Lacking>)>;

/// What the repository's own files tell of each image that has to be signed, or is kept as if it had to.
fn told(session: &Session<'_>, lock: &Lockfile) -> Result<Told, Failure> {
    let policies = Policies::read(session, lock)?;
    let mut all = Vec::new();
    for (name, image) in &lock.images {
        let Some(at) = demanded_at(session, name) else { continue };
        let says =
            |message: String| Lacking { name: name.clone(), at: at.clone(), message, lines: Vec::new(), help: None };
        let (Some(trust), Some(judge)) = (policies.trust(name), policies.judge(session, name)?) else {
            if !image.signatures.is_empty() {
                all.push((name.clone(), Err(says("is locked with signatures that nobody asks for".to_owned()))));
            }
            continue;
        };
        let own = kept::evidence(session, image.signatures.iter())?;
        let missing = image.signatures.iter().find(|signature| own.iter().all(|one| *one.digest() != signature.bundle));
        let verdict = judge.judge(&Subject::of(image), &own);
        let told = match verdict {
            Verdict::Signed(proofs) if signed(trust, &proofs) == image.signatures => Ok(proofs),
            Verdict::Signed(_) => Err(says("is locked with other signatures than it has to be".to_owned())),
            _ if image.signatures.is_empty() => {
                Err(says("is locked without the signature that it has to have".to_owned()))
            }
            _ if missing.is_some() => {
                let file = missing.map(Signature::file).unwrap_or_default();
                Err(says(format!("is locked with a signature that is not there as it was: `{file}`")))
            }
            other => Err(lacks((name, trust), Some(at), &other, None)),
        };
        all.push((name.clone(), told));
    }
    Ok(all)
}

/// What a lock says of proofs.
fn signed(trust: &Trust, proofs: &[Proof]) -> Vec<Signature> {
    let signature = |proof: &Proof| Signature {
        bundle: proof.evidence.clone(),
        by: (&trust.signers[proof.signer].value.by).into(),
    };
    proofs.iter().map(signature).collect()
}

/// Where it is demanded that an image is signed; where it is declared, if nothing is.
fn demanded_at(session: &Session<'_>, name: &ImageName) -> Option<Location> {
    let declared = session.project.images.get(name)?;
    let signer = declared.trust.as_ref().and_then(|trust| trust.signers.first());
    Some(signer.map_or_else(|| declared.at.clone(), |signer| signer.at.clone()))
}

fn lacks(
    (name, trust): (&ImageName, &Trust),
    at: Option<Location>,
    verdict: &Verdict,
    found: Option<&Found>,
) -> Lacking {
    let mut lines = Vec::new();
    if let Verdict::Refused(refused) = verdict {
        for Refused { evidence, reasons } in refused {
            let place = found.and_then(|found| found.places.get(evidence)).map_or("kept", String::as_str);
            for (signer, reason) in reasons {
                let by = &trust.signers[*signer].value.by;
                lines.push(format!("  {place}: not by {by}: {reason}"));
            }
        }
    }
    for (place, reason) in found.into_iter().flat_map(|found| &found.unread) {
        lines.push(format!("  {place}: {reason}"));
    }
    let signers: Vec<String> = trust.signers.iter().map(|signer| signer.value.by.to_string()).collect();
    let demanded = match (trust.threshold, signers.as_slice()) {
        (1, [one]) => one.clone(),
        (1, all) => format!("one of {}", all.join(", ")),
        (count, all) => format!("{count} of {}", all.join(", ")),
    };
    let state = if lines.is_empty() { "is unsigned" } else { "is signed wrongly" };
    // There is a signer, and so his place.
    let at = at.unwrap_or_else(|| trust.signers[0].at.clone());
    Lacking {
        name: name.clone(),
        at,
        message: format!("{state}; it has to be signed by {demanded}"),
        lines,
        help: None,
    }
}

fn refused(session: &Session<'_>, lacking: &[Lacking], what: &str) -> Failure {
    let problems = lacking.iter().map(|lacking| {
        let mut problem = Problem::new(format!("`{}` {}; {what}", lacking.name, lacking.message));
        problem.lines.clone_from(&lacking.lines);
        problem.labels.push(Label::primary(&lacking.at, "demanded here"));
        let declared = session.project.images.get(&lacking.name).filter(|declared| {
            declared.at.file.path() != lacking.at.file.path() || declared.at.line() != lacking.at.line()
        });
        problem.labels.extend(declared.map(|declared| Label::also(&declared.at, "of this image")));
        problem.help("docs/signatures.md says what counts; `verify = \"none\"` demands nobody")
    });
    Failure { kind: Kind::Check, problems: problems.collect() }
}

/// Whether bytes are trust roots; and what they trust, a line for each thing.
pub(crate) fn roots_of(bytes: &[u8]) -> Result<Vec<String>, String> {
    Roots::default().add("", bytes).and_then(|()| Roots::tell(bytes)).map_err(|error| error.to_string())
}

/// A trust root that imagelock was released with.
pub(crate) fn known_root(name: &str) -> Option<&'static str> {
    imagelock_signature::known(name)
}

/// The roots of a project.
fn roots(session: &Session<'_>) -> Result<Roots, Failure> {
    let mut roots = Roots::default();
    for (name, snapshot) in &session.project.roots {
        let bytes = snapshots::read(session, snapshots::Table::Roots, snapshot)?;
        let wrong = |error| snapshots::failure(snapshot, format!("`{}`: {error}", snapshot.file.value));
        roots.add(name, &bytes).map_err(wrong)?;
    }
    Ok(roots)
}

/// The evidence with a digest.
fn with_digest<'e>(evidence: &'e [Evidence], digest: &Digest) -> Option<&'e Evidence> {
    evidence.iter().find(|one| one.digest() == digest)
}
