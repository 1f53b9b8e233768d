//! How old a candidate has to be, by its cool-down.

use super::{Candidate, Gate, Held, Move, Policy, Reason, Ruling};
use crate::seen::{Evidence, Ledger};

/// A gate that keeps what is too young, and else is the one of the policy.
#[derive(Clone, Copy, Debug)]
pub struct Aged<'a> {
    /// What the project file says of the image, and who approves what.
    pub policy: Policy<'a>,
    /// What was seen, by us and by others.
    pub ledger: &'a Ledger,
}

impl Aged<'_> {
    /// Why a candidate is too young, if it is as far as it is known.
    fn young(&self, candidate: Candidate<'_>) -> Option<Reason> {
        let Policy { from, settings, approved, as_of, .. } = self.policy;
        let cooldown = settings.appetite.cooldown.filter(|_| !approved.young)?;
        let evidence = self.evidence(candidate, from.tag.as_ref() == candidate.tag)?;
        let eligible = evidence.at().after(cooldown.seconds());
        (eligible > *as_of).then_some(Reason::Cooldown { evidence, cooldown, eligible })
    }

    /// Since when a candidate can be had. Nothing where its image has to tell: what may be the same content behind a tag
    /// that `stays`, and what was there before anybody looked.
    fn evidence(&self, candidate: Candidate<'_>, stays: bool) -> Option<Evidence> {
        let (repository, digest) = (self.policy.from.repository()?, candidate.digest?);
        let asks = stays || candidate.since.is_none() && self.ledger.asks_when_built(repository, digest);
        if asks && candidate.image.is_none() {
            return None;
        }
        let built = candidate.image.and_then(|image| image.created.as_ref());
        Some(self.ledger.evidence(repository, digest, candidate.since, built, self.policy.as_of))
    }
}

impl Gate for Aged<'_> {
    fn judge(&self, candidate: Candidate<'_>) -> Ruling {
        let ruling = self.policy.judge(candidate);
        // What is locked is there, however old it is.
        if candidate.digest == Some(&self.policy.from.digest) {
            return ruling;
        }
        let Some(young) = self.young(candidate) else { return ruling };
        let Policy { name, from, .. } = self.policy;
        let step = candidate.image.map(|to| Move::new(name, from, to));
        Ruling::Wait(match ruling {
            Ruling::Wait(held) => Held { reasons: held.reasons.into_iter().chain([young]).collect(), ..held },
            Ruling::Take | Ruling::Ask => Held {
                level: step.map(|step| step.level),
                down: step.is_some_and(|step| step.down),
                reasons: vec![young],
            },
        })
    }

    fn wants_digest(&self) -> bool {
        self.policy.settings.appetite.cooldown.is_some()
    }
}
