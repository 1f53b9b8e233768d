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
struct Found<'f> {
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

pub(super) fn of<'f>(findings: &'f [Finding], summary: &Summary) -> Document<'f> {
    let found = |finding: &'f Finding| Found {
        rule: finding.rule,
        level: finding.level.name(),
        file: finding.at.file.as_str(),
        line: finding.at.start.0,
        end_line: finding.at.end.0,
        column: finding.at.start.1,
        about: &finding.about,
        message: &finding.message,
        help: finding.help.as_deref(),
    };
    let Summary { references, files, errors, warnings, known } = *summary;
    Document {
        findings: findings.iter().map(found).collect(),
        stats: Stats { references, files, errors, warnings, known },
    }
}
