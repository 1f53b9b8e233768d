//! Findings for code scanning: SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format").

use imagelock_core::Tag;
use imagelock_survey::{Drift, Mention, State, drift};
use serde_json::{Value, json};

use super::ScanFound;

/// Something to be mended, at one place.
pub(super) struct Finding<'f> {
    /// The rule that it breaks.
    pub(super) rule: &'static str,
    pub(super) mention: &'f Mention,
    pub(super) message: String,
    /// What stays the same when lines above the place come and go.
    fingerprint: String,
}

/// The rules, each with what it asks for.
const RULES: [(&str, &str); 3] = [
    ("unpinned", "An image is referred to by a digest, so that what is run is what was tested."),
    ("drift", "One name stands for one image in all places of a repository."),
    ("invalid", "What stands in the place of an image is a reference."),
];

/// The findings of a scan: those that are asked for, or `all`.
pub(super) fn findings<'f>(found: &ScanFound<'f>, all: bool) -> Vec<Finding<'f>> {
    let mut findings: Vec<Finding<'f>> = Vec::new();
    let mut add = |rule, mention: &'f Mention, message| {
        let fingerprint = format!("{rule}:{}:{}:{}", mention.file, mention.place, mention.reference);
        findings.push(Finding { rule, mention, message, fingerprint });
    };
    for &mention in &found.mentions {
        match mention.state {
            State::Tag | State::None => add("unpinned", mention, format!("`{}` has no digest", mention.reference)),
            State::Invalid if all => add("invalid", mention, format!("`{}` is no image reference", mention.reference)),
            _ => {}
        }
    }
    let every = if all { drift(&found.surveyed.mentions) } else { Vec::new() };
    for drift in found.drifts.iter().chain(&every) {
        match drift {
            Drift::Digests { repository, tag, places } => {
                for (digest, mentions) in places {
                    let others = places.len() - 1;
                    let message =
                        format!("`{repository}:{tag}` stands here with {digest}, elsewhere with {others} more");
                    for mention in mentions {
                        add("drift", mention, message.clone());
                    }
                }
            }
            Drift::Tags { repository, places } => {
                for (tag, mentions) in places {
                    let others: Vec<&str> = places.keys().filter(|other| *other != tag).map(Tag::as_str).collect();
                    let message = format!("`{repository}` stands here with `{tag}`, elsewhere with {}", some(&others));
                    for mention in mentions {
                        add("drift", mention, message.clone());
                    }
                }
            }
        }
    }
    findings.sort_by(|one, other| {
        (&one.mention.file, one.mention.span.start, one.rule, &one.message).cmp(&(
            &other.mention.file,
            other.mention.span.start,
            other.rule,
            &other.message,
        ))
    });
    findings
}

/// The first few of some tags, and how many more there are.
fn some(tags: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = tags.iter().take(SHOWN).map(|tag| format!("`{tag}`")).collect();
    let more = tags.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// The log of a scan.
pub(super) fn of(found: &ScanFound<'_>, all: bool) -> Value {
    let rules: Vec<Value> =
        RULES.iter().map(|(id, asks)| json!({ "id": id, "shortDescription": { "text": asks } })).collect();
    let results: Vec<Value> = findings(found, all).iter().map(result).collect();
    let notifications: Vec<Value> = found
        .surveyed
        .warnings
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

fn result(finding: &Finding<'_>) -> Value {
    let Finding { rule, mention, message, fingerprint } = finding;
    let index = RULES.iter().position(|(id, _)| id == rule);
    json!({
        "ruleId": rule,
        "ruleIndex": index,
        "level": "warning",
        "message": { "text": message },
        "partialFingerprints": { "imagelock/v1": fingerprint },
        "locations": [{ "physicalLocation": {
            "artifactLocation": artifact(mention.file.as_str()),
            "region": {
                "startLine": mention.start.0,
                "startColumn": mention.start.1,
                "endLine": mention.end.0,
                "endColumn": mention.end.1,
                "byteOffset": mention.span.start,
                "byteLength": mention.span.len(),
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
        assert_eq!(some(&["1", "2", "3", "4"]), "`1`, `2`, `3` and 1 more");
    }
}
