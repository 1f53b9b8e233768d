//! The findings that a project knows of and has not mended yet: a file in the repository that only shrinks.
//!
//! A finding is known by its rule, its file and what it is about, and not by its line: lines come and go.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::text::escape_json;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::finding::{Finding, Level, Place};
use crate::report::counted;
use crate::session::Session;

/// The most bytes of a baseline.
const BASELINE_BYTES: u64 = 16 << 20;
/// The version of the format that is written, and the only one that is read.
const VERSION: u32 = 1;

/// The file, in the order of its keys.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    findings: Vec<Entry>,
    version: u32,
}

/// A finding that is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: Utf8PathBuf,
    rule: String,
    #[serde(default)]
    about: String,
    /// How many there are of it.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    times: usize,
}

/// The file, the rule, and what it is about.
type Key = (Utf8PathBuf, String, String);

impl Entry {
    fn key(&self) -> Key {
        (self.file.clone(), self.rule.clone(), self.about.clone())
    }
}

fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it asks about by reference")]
fn is_one(times: &usize) -> bool {
    *times == 1
}

/// A baseline that was read, or is to be written.
pub(super) struct Baseline {
    path: Utf8PathBuf,
    /// From the root on.
    file: Utf8PathBuf,
    entries: Vec<Entry>,
}

impl Baseline {
    /// Reads a baseline, by the path that a person wrote; none is there before the first is written.
    pub(super) fn open(session: &Session<'_>, path: &Utf8Path) -> Result<Self, Failure> {
        let path = session.directory.join(path);
        let file = path.strip_prefix(&session.root).unwrap_or(&path).to_owned();
        let shown = session.show(&path);
        let text = imagelock_files::text(&path, BASELINE_BYTES).map_err(|error| error.shown(&shown))?;
        let entries = text.map(|text| parse(&text)).transpose().map_err(|reason| {
            let failure = Failure::input(format!("cannot read the baseline `{shown}`: {reason}"));
            failure.help("write it anew: `{command} check --baseline FILE --write-baseline`")
        })?;
        Ok(Self { path, file, entries: entries.unwrap_or_default() })
    }

    /// Writes the findings in its place.
    pub(super) fn write(&self, session: &Session<'_>, findings: &[Finding]) -> Result<(), Failure> {
        let shell = &session.host.shell;
        let shown = session.show(&self.path);
        if session.write(&self.path, encode(findings).as_bytes())? {
            shell.status("Wrote", &format!("{shown}, with {}", counted(findings.len(), "finding", "findings")));
        } else {
            shell.status("Fresh", shown.as_str());
        }
        Ok(())
    }

    /// Takes the findings out that are recorded, and returns how many those are. What is recorded and gone is a finding
    /// itself.
    pub(super) fn take(self, findings: &mut Vec<Finding>) -> usize {
        let before = findings.len();
        let mut left: BTreeMap<Key, usize> = BTreeMap::new();
        for entry in &self.entries {
            *left.entry(entry.key()).or_default() += entry.times;
        }
        findings.retain(|finding| match left.get_mut(&key(finding)) {
            Some(times) if *times > 0 => {
                *times -= 1;
                false
            }
            _ => true,
        });
        let known = before - findings.len();
        for (number, entry) in self.entries.iter().enumerate() {
            // Two entries for one thing are told once.
            let gone = left.remove(&entry.key()).unwrap_or_default();
            if gone > 0 {
                let about = if entry.about.is_empty() { String::new() } else { format!(" of `{}`", entry.about) };
                let more = if gone > 1 { format!(" {gone} times") } else { String::new() };
                findings.push(Finding {
                    rule: "baseline",
                    level: Level::Warning,
                    at: Place::line(&self.file, line(&self.entries[..number])),
                    message: format!("`{}`{about} is gone from `{}`{more}", entry.rule, entry.file),
                    help: Some("write the baseline anew with `--write-baseline`: it shrinks".to_owned()),
                    about: format!("{}:{}:{}", entry.rule, entry.file, entry.about),
                });
            }
        }
        known
    }
}

/// The line on which the entry behind these starts, as it is written here.
fn line(before: &[Entry]) -> usize {
    let lines = |entry: &Entry| 5 + usize::from(entry.times != 1);
    3 + before.iter().map(lines).sum::<usize>()
}

fn key(finding: &Finding) -> Key {
    (finding.at.file.clone(), finding.rule.to_owned(), finding.about.clone())
}

fn parse(text: &str) -> Result<Vec<Entry>, String> {
    let written: Written = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if written.version == VERSION {
        Ok(written.findings)
    } else {
        Err(format!("it is of version {}, and this program reads version {VERSION}", written.version))
    }
}

/// The canonical text: the same findings give the same bytes.
fn encode(findings: &[Finding]) -> String {
    let mut times: BTreeMap<Key, usize> = BTreeMap::new();
    for finding in findings {
        *times.entry(key(finding)).or_default() += 1;
    }
    let entry = |((file, rule, about), times): (Key, usize)| Entry { file, rule, about, times };
    let written = Written { findings: times.into_iter().map(entry).collect(), version: VERSION };
    let mut text = escape_json(&serde_json::to_string_pretty(&written).unwrap_or_default());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(file: &str, line: usize, about: &str) -> Finding {
        let (at, about) = (Place::line(file, line), about.to_owned());
        Finding { rule: "unlocked", level: Level::Error, at, message: String::new(), help: None, about }
    }

    fn baseline(findings: &[Finding]) -> Baseline {
        let entries = parse(&encode(findings)).unwrap();
        Baseline { path: "base.json".into(), file: "base.json".into(), entries }
    }

    #[test]
    fn what_is_recorded_is_known_wherever_its_line_is_and_once_for_each_time() {
        let recorded = baseline(&[finding("b", 1, "x"), finding("b", 2, "x"), finding("a", 1, "y")]);
        let mut findings = vec![finding("b", 7, "x"), finding("b", 8, "x"), finding("b", 9, "x"), finding("a", 1, "z")];
        assert_eq!(recorded.take(&mut findings), 2);
        let left: Vec<_> = findings.iter().map(|left| (left.rule, left.at.start.0, left.about.as_str())).collect();
        assert_eq!(left, [("unlocked", 9, "x"), ("unlocked", 1, "z"), ("baseline", 3, "unlocked:a:y")]);
        assert_eq!(findings[2].message, "`unlocked` of `y` is gone from `a`");
    }

    #[test]
    fn the_text_is_sorted_and_says_where_an_entry_stands() {
        let findings = [finding("b", 1, "\u{1b}x"), finding("a", 2, "y"), finding("b", 4, "\u{1b}x")];
        let text = encode(&findings);
        let expected = "{
  \"findings\": [
    {
      \"file\": \"a\",
      \"rule\": \"unlocked\",
      \"about\": \"y\"
    },
    {
      \"file\": \"b\",
      \"rule\": \"unlocked\",
      \"about\": \"\\u001bx\",
      \"times\": 2
    }
  ],
  \"version\": 1
}
";
        assert_eq!(text, expected);
        let entries = parse(&text).unwrap();
        assert_eq!(text.lines().nth(line(&entries[..1]) - 1), Some("    {"));
        assert_eq!(line(&entries), 3 + 5 + 6);
        let again = [findings[2].clone(), findings[1].clone(), findings[0].clone()];
        assert_eq!(encode(&again), text);
    }

    #[test]
    fn another_version_and_what_is_no_baseline_are_refused() {
        assert!(parse("{\"findings\": [], \"version\": 2}").unwrap_err().contains("version 2"));
        for text in [
            "",
            "[]",
            "{\"version\": 1}",
            "{\"findings\": [{}], \"version\": 1}",
            "{\"findings\": [], \"version\": 1, \"x\": 1}",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
