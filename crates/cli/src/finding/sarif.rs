//! Findings for code scanning: SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format").

use serde_json::{Value, json};

use super::{Finding, Rule, Told};

/// The log of a run.
pub(crate) fn of(told: &Told<'_>) -> Value {
    let rules: Vec<Value> =
        told.rules.iter().map(|(id, asks)| json!({ "id": id, "shortDescription": { "text": asks } })).collect();
    let results: Vec<Value> = told.findings.iter().map(|finding| result(finding, told.rules)).collect();
    let notifications: Vec<Value> = told
        .unread
        .iter()
        .map(|warning| {
            let mut place = json!({ "artifactLocation": artifact(&warning.file) });
            if let Some(line) = warning.line {
                place["region"] = json!({ "startLine": line });
            }
            json!({
                "level": "warning",
                "message": { "text": warning.message },
                "locations": [{ "physicalLocation": place }],
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "imagelock",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            } },
            // Columns are counted in characters everywhere here.
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notifications }],
            "results": results,
        }],
    })
}

fn result(finding: &Finding, rules: &[Rule]) -> Value {
    let Finding { rule, level, at, .. } = finding;
    let index = rules.iter().position(|(id, _)| id == rule);
    json!({
        "ruleId": rule,
        "ruleIndex": index,
        "level": level.name(),
        "message": { "text": finding.whole() },
        "partialFingerprints": { "imagelock/v1": finding.fingerprint() },
        "locations": [{ "physicalLocation": {
            "artifactLocation": artifact(at.file.as_str()),
            "region": {
                "startLine": at.start.0,
                "startColumn": at.start.1,
                "endLine": at.end.0,
                "endColumn": at.end.1,
                "byteOffset": at.span.start,
                "byteLength": at.span.len(),
            },
        } }],
    })
}

/// A file of the repository, as a relative reference (RFC 3986): whatever is in its name, it is no scheme and no host.
fn artifact(path: &str) -> Value {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    json!({ "uri": uri, "uriBaseId": "%SRCROOT%" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_a_path_whatever_it_is() {
        assert_eq!(artifact("a b/é:%\n.yaml")["uri"], "a%20b/%C3%A9%3A%25%0A.yaml");
    }
}
