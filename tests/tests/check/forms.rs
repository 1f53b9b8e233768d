//! The forms that programs, forges and build servers read.

use std::io::Write as _;
use std::process::{Command, Stdio};

use camino::Utf8Path;
use imagelock_testkit::Registry;
use imagelock_tests::{Monorepo, need};
use serde_json::{Value, json};

use super::{adopted, registry, rendered};

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A name that ends whatever is not escaped.
const HOSTILE: &str = "x\n::error::y\u{1b}[31m\u{202e}|\"';<b>&amp;]]>";

/// A repository with an error, and two warnings.
fn broken() -> (Registry, Monorepo) {
    let registry = registry();
    let host = registry.host();
    let repo = rendered(
        adopted(host, &format!("memcached = '{host}/memcached:1'"))
            .file(format!("{HOSTILE}/Dockerfile"), "FROM node:22\n")
            .file("bad/Dockerfile", "NONSENSE\u{1b}[31m<x>\n"),
    );
    (registry, repo)
}

#[test]
fn the_document_is_what_its_schema_says() {
    let (_registry, repo) = broken();
    let schema = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/check.schema.json");
    let schema = parsed(&std::fs::read_to_string(schema).unwrap());
    let document = parsed(&repo.imagelock(["check", "--format", "json"]).exit(1).stdout);
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{document:#}");
    assert_eq!(document["stats"], json!({ "references": 5, "files": 3, "errors": 1, "warnings": 2, "known": 0 }));
    let rules: Vec<&str> =
        document["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["unread", "unused", "unlocked"]);
    let finding = &document["findings"][2];
    assert_eq!(finding["file"], format!("{HOSTILE}/Dockerfile"));
    assert_eq!((&finding["about"], &finding["line"], &finding["column"]), (&json!("node:22"), &json!(1), &json!(6)));
}

#[test]
fn code_scanning_takes_the_log() {
    let (_registry, repo) = broken();
    let log = parsed(&repo.imagelock(["check", "--format", "sarif"]).exit(1).stdout);
    let schema = parsed(include_str!("../scan/sarif-essentials.json"));
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{log:#}");
    let results = log["runs"][0]["results"].as_array().unwrap();
    let told: Vec<_> = results.iter().map(|result| (&result["ruleId"], &result["level"])).collect();
    let expected = [("unread", "warning"), ("unused", "warning"), ("unlocked", "error")]
        .map(|(rule, level)| (json!(rule), json!(level)));
    assert_eq!(told, expected.iter().map(|(rule, level)| (rule, level)).collect::<Vec<_>>());
}

#[test]
fn a_hostile_name_steers_nothing_in_any_form() {
    let (_registry, repo) = broken();
    for form in ["text", "json", "sarif", "github", "junit"] {
        let output = repo.imagelock(["check", "--format", form]).exit(1);
        for text in [&output.stdout, &output.stderr] {
            let raw = text.chars().find(|c| c.is_control() && *c != '\n' || matches!(c, '\u{202e}'));
            assert_eq!(raw, None, "{form}: {text:?}");
            assert!(!text.lines().any(|line| line.starts_with("::error::")), "{form}: {text}");
        }
    }
    for form in ["mermaid", "dot"] {
        repo.imagelock(["check", "--format", form]).exit(2);
    }
    repo.imagelock(["scan", "--format", "junit"]).exit(2);
}

/// What a build server reads of a report: the numbers, and the name, the place and the outcome of each case.
const READER: &str = r#"
import json, sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
assert root.tag == "testsuites", root.tag
total = 0
cases = []
for suite in root:
    assert suite.tag == "testsuite" and suite.get("name"), suite.tag
    found = suite.findall("testcase")
    assert len(found) == len(suite), "only cases"
    assert int(suite.get("tests")) == len(found)
    for outcome, key in (("failure", "failures"), ("skipped", "skipped"), ("error", "errors")):
        assert int(suite.get(key)) == sum(case.find(outcome) is not None for case in found), key
    total += len(found)
    for case in found:
        assert case.get("name") and case.get("classname"), case.attrib
        float(case.get("time"))
        for child in case:
            cases.append([child.tag, case.get("classname"), case.get("file"), case.get("line"), child.get("message")])
assert int(root.get("tests")) == total
print(json.dumps([total, cases]))
"#;

fn read_by_python(python: &Utf8Path, report: &str) -> Value {
    let mut child =
        Command::new(python).args(["-c", READER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(report.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{report}");
    parsed(&String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_build_server_reads_the_report() {
    let python = need!("python3");
    let (_registry, repo) = broken();
    let report = repo.imagelock(["check", "--format", "junit"]).exit(1).stdout;
    let read = read_by_python(&python, &report);
    let file = "x\\n::error::y\\u{1b}[31m\\u{202e}|\"';<b>&amp;]]>/Dockerfile";
    let expected = json!([
        [
            "failure",
            "imagelock.unlocked",
            file,
            "1",
            format!("`node:22` is in no lock; help: imagelock pin '{file}'").replace("';<b>", "'\\'';<b>")
        ],
        [
            "skipped",
            "imagelock.unused",
            "images.toml",
            "5",
            "`memcached` is declared, and nothing uses it; help: imagelock remove memcached"
        ],
    ]);
    assert_eq!(read[1].as_array().unwrap()[..2], expected.as_array().unwrap()[..]);
    assert_eq!(read[1].as_array().unwrap().len(), 3);
    let registry = registry();
    let whole = rendered(adopted(registry.host(), "")).imagelock(["check", "--format", "junit"]).success().stdout;
    let read = read_by_python(&python, &whole);
    assert_eq!(read[1], json!([]));
    assert!(read[0].as_u64().unwrap() > 0, "a report without a case is one of no test");
}
