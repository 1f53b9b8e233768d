//! Findings about targets: what `render --check` fails for, without asking Helm.

use std::collections::BTreeSet;

use imagelock_adapter::Ownership;

use super::Checked;
use crate::failure::{Failure, Problem};
use crate::finding::{Finding, Level, Place};
use crate::targets::{Made, first_difference, there};

impl Checked<'_> {
    /// `told` is what was found so far: a place that is told is not told again with its file. A lock that is out of date
    /// says nothing about files.
    pub(super) fn of_targets(&self, told: &[Finding]) -> Result<Vec<Finding>, Failure> {
        if !self.plan.is_empty() {
            return Ok(Vec::new());
        }
        let here: BTreeSet<_> = told.iter().map(|finding| (&finding.at.file, finding.at.span.start)).collect();
        let mut findings: Vec<Finding> = Vec::new();
        for finding in self.rendering.problems.iter().filter_map(|problem| self.of_problem(problem)) {
            if !here.contains(&(&finding.at.file, finding.at.span.start)) {
                findings.push(finding);
            }
        }
        let places: BTreeSet<_> =
            told.iter().filter(|finding| is_rendered(finding)).map(|told| &told.at.file).collect();
        for made in self.rendering.made.values() {
            findings.extend(self.of_output(made, places.contains(&made.output.path))?);
        }
        Ok(findings)
    }

    /// Why a target cannot be rendered, where it says.
    fn of_problem(&self, problem: &Problem) -> Option<Finding> {
        let first = problem.labels.iter().find(|label| label.primary).or(problem.labels.first());
        let at = first.map_or_else(|| self.project_file(), |label| Some(self.at(&label.at)))?;
        let help = problem.help.first().map(|help| help.replace("{command}", &self.session.host.command));
        let about = problem.message.clone();
        Some(Finding { rule: "target", level: Level::Error, at, message: problem.message.clone(), help, about })
    }

    fn project_file(&self) -> Option<Place> {
        let source = self.session.sources.first()?;
        Some(self.at(&imagelock_core::source::Location::new(source.file(), 0..0)))
    }

    /// What is wrong with a file, and what its target says of it.
    fn of_output(&self, made: &Made, is_told: bool) -> Result<Vec<Finding>, Failure> {
        let output = &made.output;
        if output.ownership == Ownership::Told {
            return Ok(Vec::new());
        }
        let title = made.adapter.id();
        let mut findings = Vec::new();
        let old = there(self.context.tree, output)?;
        let is_edited = output.ownership == Ownership::Edited;
        let finding = |at, message, level| {
            let help = Some(self.command("render"));
            Finding { rule: "target", level, at, message, help, about: String::new() }
        };
        match &old {
            None => {
                let message = format!("`{}`, which `[[{title}]]` writes, is not there", output.path);
                findings.push(finding(self.at(&output.at), message, Level::Error));
            }
            Some(old) if *old != output.content && !(is_edited && is_told) => {
                let at = Place::of(output.path.clone(), &first_difference(output, old));
                let message = format!("`[[{title}]]` would write something else here");
                findings.push(finding(at, message, Level::Error));
            }
            Some(_) => {}
        }
        findings.extend(output.warnings.iter().map(|warning| Finding {
            help: None,
            about: warning.clone(),
            ..finding(Place::line(output.path.clone(), 1), warning.clone(), Level::Warning)
        }));
        Ok(findings)
    }
}

/// Whether a finding is of a place that `render` mends.
fn is_rendered(finding: &Finding) -> bool {
    matches!(finding.rule, "unpinned" | "drifted")
}
