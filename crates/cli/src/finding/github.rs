//! Findings as GitHub's annotations: workflow commands on standard output.

use super::{Finding, Told};
use crate::shell::printable;

/// A line for each finding, and for each file that cannot be read.
pub(crate) fn of(told: &Told<'_>) -> String {
    let mut lines = String::new();
    for finding in told.findings {
        let Finding { rule, level, at, .. } = finding;
        let ((line, column), (end_line, end_column)) = (at.start, at.end);
        // Columns are told only of a place on one line; the last one counts.
        let columns = if line == end_line {
            format!(",col={column},endColumn={}", end_column.saturating_sub(1).max(column))
        } else {
            String::new()
        };
        let file = property(at.file.as_str());
        let place = format!("file={file},line={line},endLine={end_line}{columns},title={}", property(rule));
        lines.push_str(&format!("::{} {place}::{}\n", level.name(), data(&finding.whole())));
    }
    for warning in told.unread {
        let line = warning.line.map(|line| format!(",line={line}")).unwrap_or_default();
        lines.push_str(&format!("::notice file={}{line}::{}\n", property(&warning.file), data(&warning.message)));
    }
    lines
}

/// The message of a workflow command: what steers is told as an escape, and `%` begins one of GitHub's own.
fn data(text: &str) -> String {
    printable(text).replace('%', "%25")
}

/// A property of one, in which `:` and `,` have a meaning.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_no_property_and_starts_no_command() {
        assert_eq!(property("a,b:c%0A\n::error::x"), "a%2Cb%3Ac%250A\\n%3A%3Aerror%3A%3Ax");
        assert_eq!(data("a,b:c\u{1b}[31m"), "a,b:c\\u{1b}[31m");
    }
}
