//! Findings between project file and lock: what `lock --locked` fails for.

use imagelock_core::lockfile;
use imagelock_core::source::Location;

use super::Checked;
use crate::command::lock::unanswered;
use crate::failure::Failure;
use crate::finding::{Finding, Level, Place};
use crate::input::{self, LOCK_BYTES};
use crate::trust;

impl Checked<'_> {
    pub(super) fn of_lock(&self) -> Result<Vec<Finding>, Failure> {
        let finding = |name: &imagelock_core::ImageName, at, message| Finding {
            rule: "lock",
            level: Level::Error,
            at,
            message,
            help: Some(self.command("lock")),
            about: name.to_string(),
        };
        let steps = self.plan.resolve.iter();
        let mut findings: Vec<Finding> = steps
            .map(|step| {
                let message = format!("`{}` is not locked as it is asked for: {}", step.name, unanswered(step));
                finding(step.name, self.at(&step.declared.at), message)
            })
            .collect();
        if let Some(extends) = self.session.project.inheritance.extends.as_ref().filter(|_| self.plan.extends) {
            let message = super::super::lock::other_extends(self.session, self.context.lock);
            findings.push(Finding {
                rule: "lock",
                level: Level::Error,
                at: self.at(&extends.at),
                message,
                help: Some(self.command("lock")),
                about: "extends".to_owned(),
            });
        }
        if self.plan.drop.is_empty() {
            return Ok(findings);
        }
        let session = self.session;
        let file = input::source(&session.lock_path(), &session.root, &session.directory, LOCK_BYTES)?;
        for name in &self.plan.drop {
            let start = file.as_ref().and_then(|file| file.text().find(&format!("\n    \"{name}\": {{")));
            let place = file.as_ref().zip(start).map(|(file, start)| {
                let start = start + "\n    ".len();
                Place::of(lockfile::FILE_NAME.into(), &Location::new(file, start..start + name.as_str().len() + 2))
            });
            let at = place.unwrap_or_else(|| Place::line(lockfile::FILE_NAME, 1));
            findings.push(finding(name, at, format!("`{name}` is locked, and asked for nowhere")));
        }
        Ok(findings)
    }

    /// Images that are locked and have not the signatures that they have to have, by what the repository itself keeps.
    pub(super) fn of_signatures(&self) -> Result<Vec<Finding>, Failure> {
        let lacking = trust::held(self.session, self.context.lock)?;
        let findings = lacking.into_iter().filter(|lacking| !self.unanswered.contains(&lacking.name)).map(|lacking| {
            let said: Vec<&str> =
                std::iter::once(lacking.message.as_str()).chain(lacking.lines.iter().map(|line| line.trim())).collect();
            Finding {
                rule: "signature",
                level: Level::Error,
                at: self.at(&lacking.at),
                message: format!("`{}` {}", lacking.name, said.join("; ")),
                help: Some(lacking.help.map_or_else(|| self.command("lock"), str::to_owned)),
                about: lacking.name.to_string(),
            }
        });
        Ok(findings.collect())
    }
}
