//! What a check tells programs: `docs/check.schema.json`.

use serde::Serialize;

use super::text::Summary;
use crate::finding::Finding;

/// The document.
#[derive(Serialize)]
pub(super) struct Document<'f> {
    findings: Vec<Found<'f>>,
    stats: Stats,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found<'f> {
    rule: &'f str,
    level: &'f str,
    file: &'f str,
    line: usize,
    end_line: usize,
    column: usize,
    about: &'f str,
    message: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'f str>,
}

#[derive(Serialize)]
struct Stats {
    references: usize,
    files: usize,
    errors: usize,
    warnings: usize,
    known: usize,
}

impl<'f> Found<'f> {
    pub(super) fn of(finding: &'f Finding) -> Self {
        Self {
            rule: finding.rule,
            level: finding.level.name(),
            file: finding.at.file.as_str(),
            line: finding.at.start.0,
            end_line: finding.at.end.0,
            column: finding.at.start.1,
            about: &finding.about,
            message: &finding.message,
            help: finding.help.as_deref(),
        }
    }
}

pub(super) fn of<'f>(findings: &'f [Finding], summary: &Summary) -> Document<'f> {
    let Summary { references, files, errors, warnings, known } = *summary;
    Document {
        findings: findings.iter().map(Found::of).collect(),
        stats: Stats { references, files, errors, warnings, known },
    }
}
