//! How far an image is signed, for people who look at it.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use imagelock_core::lockfile::LockedImage;
use imagelock_core::{ImageName, Lockfile};
use imagelock_inspect::attested::{self, Kind, STATEMENT_BYTES};
use imagelock_registry::{Client, Error, ErrorKind};
use imagelock_signature::{Proof, Subject, Verdict};

use super::find::Search;
use super::policy::Policies;
use super::{lacks, verdict};
use crate::failure::{self, Failure, Problem};
use crate::network;
use crate::progress::Progress;
use crate::session::Session;

/// How far an image is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grade {
    /// By those who have to, with their names as their signatures have them.
    Signed(Vec<String>),
    /// Nobody has to sign it, and there are signatures.
    Unasked(usize),
    /// Nobody has to sign it; its builder says in its index how it was built, with its digest as the subject.
    Provenance,
    /// Nobody has to sign it, and nobody has.
    Unsigned,
    /// It has not the signatures that it has to have: a phrase, and a line for each that does not count.
    Wrong(String, Vec<String>),
}

impl Grade {
    fn signed(proofs: Vec<Proof>) -> Self {
        let mut by: Vec<String> = proofs.into_iter().map(|proof| proof.who).collect();
        by.dedup();
        Self::Signed(by)
    }

    /// Its word, for programs.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Signed(_) => "signed",
            Self::Unasked(_) => "unasked",
            Self::Provenance => "provenance",
            Self::Unsigned => "unsigned",
            Self::Wrong(..) => "wrong",
        }
    }

    /// What it says to people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Signed(by) => format!("signed by {}", by.join(", ")),
            Self::Unasked(1) => "has 1 signature that no policy asks for".to_owned(),
            Self::Unasked(count) => format!("has {count} signatures that no policy asks for"),
            Self::Provenance => "provenance with this digest as subject, unsigned".to_owned(),
            Self::Unsigned => "unsigned".to_owned(),
            Self::Wrong(message, _) => message.clone(),
        }
    }
}

/// Looks at the registries for how far the images of a lock are signed, in the order of their names.
pub(crate) fn grades(session: &Session<'_>, lock: &Lockfile) -> Result<Vec<(ImageName, Grade)>, Failure> {
    let policies = Policies::read(session, lock)?;
    let progress = Progress::start(&session.host.shell, "Verifying", lock.images.len());
    let resolver = session.resolver(progress.clone())?;
    // The client's own limits decide how many requests there are at a time.
    let grades = lock.images.iter().map(async |(name, image)| {
        let grade = grade(session, resolver.client(), &policies, name, image).await?;
        progress.step();
        Ok((name.clone(), grade))
    });
    let graded = network::run(try_join_all(grades));
    progress.finish();
    graded?
}

/// How far what is kept says that images of a lock are signed, those alone that have to be. Nobody is asked.
pub(crate) fn grades_kept(session: &Session<'_>, lock: &Lockfile) -> Result<BTreeMap<ImageName, Grade>, Failure> {
    let graded = super::told(session, lock)?.into_iter().map(|(name, told)| {
        let grade = told.map_or_else(|lacking| Grade::Wrong(lacking.message, lacking.lines), Grade::signed);
        (name, grade)
    });
    Ok(graded.collect())
}

async fn grade(
    session: &Session<'_>,
    client: &Client,
    policies: &Policies<'_>,
    name: &ImageName,
    image: &LockedImage,
) -> Result<Grade, Failure> {
    if let (Some(trust), Some(judge)) = (policies.trust(name), policies.judge(session, name)?) {
        // What is kept proves it for ever, whatever became of it where it came from.
        let own = super::kept::evidence(session, image.signatures.iter())?;
        let kept = judge.judge(&Subject::of(image), &own);
        let (found, verdict) = match kept {
            Verdict::Signed(_) => (None, kept),
            _ => {
                let (found, verdict) = verdict(session, client, &judge, name, image).await?;
                (Some(found), verdict)
            }
        };
        return Ok(match verdict {
            Verdict::Signed(proofs) => Grade::signed(proofs),
            other => {
                let lacking = lacks((name, trust), None, &other, found.as_ref());
                Grade::Wrong(lacking.message, lacking.lines)
            }
        });
    }
    let mut search = Search::new(session, client, name, image);
    while search.look().await? && search.found.evidence.is_empty() {}
    if !search.found.evidence.is_empty() {
        return Ok(Grade::Unasked(search.found.evidence.len()));
    }
    let is_said = has_provenance(client, image).await;
    let is_said = is_said.map_err(|error| Failure::new(failure::Kind::Registry, Problem::new(error.to_string())))?;
    Ok(if is_said { Grade::Provenance } else { Grade::Unsigned })
}

/// Whether the image's builder says beside every platform how it was made, with the platform's digest as the subject.
async fn has_provenance(client: &Client, image: &LockedImage) -> Result<bool, Error> {
    let Some(repository) =
        image.repository().filter(|_| image.platforms.values().all(|one| one.digest != image.digest))
    else {
        return Ok(false);
    };
    let (_, index) = client.document(repository, &image.digest).await?;
    for platform in image.platforms.values() {
        let Some(entry) = index.attestation_of(&platform.digest) else { return Ok(false) };
        let (_, artifact) = match client.document(repository, &entry.digest).await {
            Err(Error { kind: ErrorKind::NotFound { .. } | ErrorKind::Malformed { .. }, .. }) => return Ok(false),
            other => other?,
        };
        let mut is_said = false;
        for (kind, layer) in attested::offered(&artifact) {
            if kind == Kind::Provenance && layer.size <= STATEMENT_BYTES {
                let bytes = client.blob(repository, &layer.digest, STATEMENT_BYTES).await?;
                is_said |= attested::read(layer, &bytes, &[&platform.digest]).is_ok();
            }
        }
        if !is_said {
            return Ok(false);
        }
    }
    Ok(true)
}
