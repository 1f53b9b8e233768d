//! Findings as a report of tests, in the XML that build servers read (JUnit, as Jenkins, GitLab and Azure take it).
//!
//! A rule is a suite. An error is a case that failed, a warning one that was skipped, and a rule that nothing breaks one
//! case that passed: a report without any case is taken for a run that tested nothing.

use super::{Finding, Level, Rule, Told};
use crate::shell::printable;

/// The report of a run.
pub(crate) fn of(told: &Told<'_>) -> String {
    let suites: Vec<String> = told.rules.iter().map(|rule| suite(rule, told.findings)).collect();
    let numbers = numbers(&told.findings.iter().collect::<Vec<_>>(), told.rules);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"imagelock\"{numbers}>\n{}</testsuites>\n",
        suites.concat()
    )
}

fn suite(rule: &Rule, findings: &[Finding]) -> String {
    let (id, asks) = rule;
    let broken: Vec<&Finding> = findings.iter().filter(|finding| finding.rule == *id).collect();
    let numbers = numbers(&broken, std::slice::from_ref(rule));
    let cases: String = if broken.is_empty() {
        format!("    <testcase name=\"{}\" classname=\"imagelock.{id}\" time=\"0\"/>\n", attribute(asks))
    } else {
        broken.iter().map(|finding| case(finding)).collect()
    };
    format!("  <testsuite name=\"imagelock.{id}\"{numbers}>\n{cases}  </testsuite>\n")
}

/// How many cases there are, and what came of them: one for each finding, and one for each rule without any.
fn numbers(findings: &[&Finding], rules: &[Rule]) -> String {
    let failures = findings.iter().filter(|finding| finding.level == Level::Error).count();
    let held = rules.iter().filter(|(id, _)| !findings.iter().any(|finding| finding.rule == *id)).count();
    let (tests, skipped) = (findings.len() + held, findings.len() - failures);
    format!(" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"0\"")
}

fn case(finding: &Finding) -> String {
    let Finding { rule, level, at, message, .. } = finding;
    let (line, column) = at.start;
    let file = attribute(at.file.as_str());
    // The place is part of the name: servers take two cases of one name for one.
    let name = attribute(&format!("{}:{line}:{column} {message}", at.file));
    let text = attribute(&finding.whole());
    let outcome = match level {
        Level::Error => format!("<failure type=\"{rule}\" message=\"{text}\">{name}</failure>"),
        Level::Warning => format!("<skipped message=\"{text}\"/>"),
    };
    format!(
        "    <testcase name=\"{name}\" classname=\"imagelock.{rule}\" file=\"{file}\" line=\"{line}\" time=\"0\">{outcome}</testcase>\n"
    )
}

/// A text in an attribute or an element. Of what XML 1.0 has no characters for (2.2, `Char`), and of what steers a
/// terminal, the escape is told that people know.
fn attribute(text: &str) -> String {
    printable(text).chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.extend(character.escape_unicode()),
            character => escaped.push(character),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Place;

    const RULES: &[Rule] = &[("one", "One < two."), ("two", "It holds.")];

    fn finding(rule: &'static str, level: Level, message: &str) -> Finding {
        let at = Place::line("a/\"b\"", 3);
        Finding { rule, level, at, message: message.to_owned(), help: Some("run `x`".to_owned()), about: String::new() }
    }

    #[test]
    fn an_error_fails_a_warning_is_skipped_and_what_holds_passes() {
        let findings = [finding("one", Level::Error, "bad & <worse>"), finding("one", Level::Warning, "odd")];
        let told = Told { rules: RULES, findings: &findings, unread: &[] };
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"imagelock\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"0\">
  <testsuite name=\"imagelock.one\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"0\">
    <testcase name=\"a/&quot;b&quot;:3:1 bad &amp; &lt;worse&gt;\" classname=\"imagelock.one\" file=\"a/&quot;b&quot;\" line=\"3\" time=\"0\"><failure type=\"one\" message=\"bad &amp; &lt;worse&gt;; help: run `x`\">a/&quot;b&quot;:3:1 bad &amp; &lt;worse&gt;</failure></testcase>
    <testcase name=\"a/&quot;b&quot;:3:1 odd\" classname=\"imagelock.one\" file=\"a/&quot;b&quot;\" line=\"3\" time=\"0\"><skipped message=\"odd; help: run `x`\"/></testcase>
  </testsuite>
  <testsuite name=\"imagelock.two\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" time=\"0\">
    <testcase name=\"It holds.\" classname=\"imagelock.two\" time=\"0\"/>
  </testsuite>
</testsuites>
";
        assert_eq!(of(&told), expected);
    }

    #[test]
    fn no_text_ends_an_attribute_or_is_a_character_that_xml_lacks() {
        assert_eq!(
            attribute("a\"<&>\u{1b}\n\0\u{ffff}\u{202e}é"),
            "a&quot;&lt;&amp;&gt;\\u{1b}\\n\\u{0}\\u{ffff}\\u{202e}é"
        );
    }
}
