//! What an update would find, for the commands that tell of it.

use std::collections::BTreeSet;

use imagelock_core::update::{Approved, Gate};
use imagelock_core::{Created, ImageName, Lockfile, plan};
use imagelock_registry::Take;

use super::lock::{self, Attempt, Choice};
use crate::failure::Failure;
use crate::report;
use crate::seen::Seen;
use crate::session::Session;
use crate::waiting;

/// What an update would find, without anybody's approval.
pub(crate) struct Looked<'a> {
    pub(crate) attempt: Attempt,
    /// The images that were looked at.
    pub(crate) names: Vec<&'a ImageName>,
}

impl<'a> Looked<'a> {
    /// Looks at the images of a project, or at those that are named. What is not locked, or for another request, is what
    /// `lock` would make of it.
    pub(crate) fn at(
        session: &'a Session<'_>,
        old: &'a Lockfile,
        names: &BTreeSet<ImageName>,
        (now, seen): (&Created, &Seen),
    ) -> Result<Self, Failure> {
        let asked = |name: &ImageName| names.is_empty() || names.contains(name);
        let mut plan = plan::update(&session.project, old, (!names.is_empty()).then_some(names));
        plan.resolve.retain(|step| asked(step.name));
        let gates = waiting::gates(&plan, asked, Approved::default(), now, seen.all());
        let gate = |name: &ImageName| gates.get(name).map(|gate| gate as &dyn Gate);
        let choose = |name: &ImageName| gate(name).map(|gate| Choice { take: Take::Changed, gate: Some(gate) });
        let attempt = lock::attempt(session, &plan, old, "Checking", choose)?;
        if !attempt.failed.is_empty() {
            return Err(report::unresolved(session, &attempt.failed, plan.resolve.len(), "could not be looked up"));
        }
        Ok(Self { attempt, names: plan.resolve.iter().map(|step| step.name).collect() })
    }
}
