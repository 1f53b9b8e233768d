//! What a check tells people.

use std::collections::BTreeSet;
use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_survey::Surveyed;

use crate::finding::{Finding, Level};
use crate::report::counted;
use crate::shell::{RED, Stream, YELLOW, printable, styled};

/// A line for each finding, and one below it for what mends it.
pub(super) fn of(findings: &[Finding], shown: &dyn Fn(&Utf8Path) -> Utf8PathBuf, stream: Stream) -> String {
    findings.iter().map(|finding| line(finding, Some(finding.at.told(shown)), stream)).collect()
}

/// The line of one finding, with its place where that is one for people.
pub(super) fn line(finding: &Finding, place: Option<String>, stream: Stream) -> String {
    let style = if finding.level == Level::Error { RED } else { YELLOW };
    let (on, off) = styled(stream, style);
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    let text = printable(&format!("{place}{}", finding.message));
    let help = finding.help.as_ref().map(|help| format!("  = help: {}\n", printable(help))).unwrap_or_default();
    format!("{on}{}{off}: {text}\n{help}", finding.level.name())
}

/// The numbers of a check.
pub(super) struct Summary {
    pub(super) references: usize,
    /// The files that have any.
    pub(super) files: usize,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    /// The findings that a baseline records.
    pub(super) known: usize,
}

impl Summary {
    pub(super) fn of(findings: &[Finding], surveyed: &Surveyed, known: usize) -> Self {
        let files: BTreeSet<_> = surveyed.mentions.iter().map(|mention| &mention.file).collect();
        let errors = findings.iter().filter(|finding| finding.level == Level::Error).count();
        let (references, warnings) = (surveyed.mentions.len(), findings.len() - errors);
        Self { references, files: files.len(), errors, warnings, known }
    }
}

/// `312 references in 187 files: 2 findings, 1 warning`
impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = counted(self.errors, "finding", "findings");
        let mut parts = vec![if self.errors == 0 { "no findings".to_owned() } else { errors }];
        parts.extend((self.warnings > 0).then(|| counted(self.warnings, "warning", "warnings")));
        parts.extend((self.known > 0).then(|| format!("{} in the baseline", self.known)));
        let references = counted(self.references, "reference", "references");
        let files = counted(self.files, "file", "files");
        write!(formatter, "{references} in {files}: {}", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_told_as_one_and_none_as_none() {
        let told = |errors, warnings, known| Summary { references: 312, files: 1, errors, warnings, known }.to_string();
        assert_eq!(told(2, 1, 0), "312 references in 1 file: 2 findings, 1 warning");
        assert_eq!(told(1, 0, 3), "312 references in 1 file: 1 finding, 3 in the baseline");
        assert_eq!(told(0, 2, 0), "312 references in 1 file: no findings, 2 warnings");
    }
}
