//! What peers and publishers say: it is shown, and nothing more.

use imagelock_testkit::{Fault, Image, On, media_type};
use serde_json::json;

use crate::harness::{Case, config, described, manifest_of};

/// A registry that refuses the manifest with a body.
fn refuses(name: &'static str, status: u16, body: impl Into<Vec<u8>>) -> Case {
    let body: Vec<u8> = body.into();
    Case::new(name)
        .serves(move |registry| {
            registry.push("app:1", &Image::linux(["amd64"]));
            registry.fault(On::manifest("app"), Fault::status(status).body(body));
        })
        .exits(3)
}

/// A registry that refuses with a message.
fn says(name: &'static str, message: &str) -> Case {
    refuses(name, 403, json!({ "errors": [{ "code": "DENIED", "message": message }] }).to_string())
}

/// A registry that serves any bytes as the manifest.
fn serves(name: &'static str, bytes: impl Into<Vec<u8>>) -> Case {
    let bytes: Vec<u8> = bytes.into();
    Case::new(name).serves(move |registry| drop(registry.put_manifest("app:1", media_type::OCI_INDEX, bytes))).exits(3)
}

fn deep(open: &str, times: usize) -> String {
    open.repeat(times)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = refusals();
    cases.extend(documents());
    cases.extend(publishers());
    cases
}

fn refusals() -> Vec<Case> {
    vec![
        says("what a registry says is shown without colours", "\u{1b}[31mred\u{9b}2J").says("red"),
        says("what a registry says turns no line around", "abc\u{202e}fed\u{2066}x")
            .never_says("\u{202e}")
            .never_says("\u{2066}"),
        says("what a registry says begins no line of its own", "no\n\nerror: all is well\n      Wrote images.lock")
            .more(|_, ran| {
                assert!(
                    ran.stderr.lines().all(|line| !line.starts_with("error: all") && !line.starts_with("      Wrote"))
                );
            }),
        says("what a registry says is cut", &"long ".repeat(20_000)).more(|_, ran| assert!(ran.stderr.len() < 8000)),
        refuses("a page for browsers is no message", 403, "<html><script>alert(1)</script></html>")
            .never_says("<script>"),
        refuses("errors that are no list are no message", 403, r#"{"errors":{"code":5}}"#),
        refuses("errors that are nothing are no message", 400, r#"{"errors":[null,5,{"message":null}]}"#),
        refuses("bytes that are no text are no message", 403, b"\xff\xfe\x00\x01".to_vec()),
        refuses("a message that is nested without end is no message", 403, deep("[", 200_000)),
        refuses(
            "a message in JSON stays one document",
            403,
            json!({"errors":[{"code":"X","message":"a\u{0}\u{7f}\"}\u{2028}"}]}).to_string(),
        )
        .runs("lock --format json")
        .exits(3)
        .json("/exitCode", 3),
    ]
}

fn documents() -> Vec<Case> {
    vec![
        serves("a document that is nested without end is refused", deep("[", 200_000)),
        serves(
            "a field that is nested without end is refused",
            format!("{{\"manifests\":{}", deep("{\"a\":", 100_000)),
        ),
        serves("a number without end is refused", format!("{{\"schemaVersion\":{}}}", "9".repeat(100_000))),
        serves("a document with bytes behind its end is refused", "{\"schemaVersion\":2,\"manifests\":[]}{}"),
        serves(
            "a document that begins with a byte order mark is refused",
            "\u{feff}{\"schemaVersion\":2,\"manifests\":[]}",
        ),
        serves("an index whose entries are no list is refused", "{\"schemaVersion\":2,\"manifests\":{\"0\":{}}}"),
        serves(
            "a digest that leads out of the repository is refused",
            json!({
                "schemaVersion": 2, "mediaType": media_type::OCI_INDEX,
                "manifests": [{ "mediaType": media_type::OCI_MANIFEST, "size": 2, "digest": "sha256:../../blobs",
                                "platform": { "os": "linux", "architecture": "amd64" } }],
            })
            .to_string(),
        ),
        serves(
            "a size below zero is refused",
            json!({
                "schemaVersion": 2, "mediaType": media_type::OCI_INDEX,
                "manifests": [{ "mediaType": media_type::OCI_MANIFEST, "size": -1,
                                "digest": format!("sha256:{}", "0".repeat(64)),
                                "platform": { "os": "linux", "architecture": "amd64" } }],
            })
            .to_string(),
        ),
        Case::new("an index that names itself ends")
            .serves(|registry| {
                registry.push("app:1", &Image::linux(["amd64"]).nested_index());
            })
            .then(|stage| {
                // No index can hold its own digest; one that claims it is an entry with other bytes.
                let digest = stage.registry.digest_of("app", "1").unwrap();
                stage.registry.fault(
                    On::manifest("app").method("GET").reference(&digest),
                    Fault::bytes(
                        json!({
                            "schemaVersion": 2, "mediaType": media_type::OCI_INDEX,
                            "manifests": [{ "mediaType": media_type::OCI_INDEX, "size": 2, "digest": digest }],
                        })
                        .to_string(),
                    ),
                );
            })
            .exits(3),
        Case::new("a configuration that is nested without end is refused")
            .serves(|registry| {
                let bytes = deep("{\"config\":", 100_000);
                registry.put_blob("app", bytes.clone());
                let manifest = manifest_of(&described(media_type::OCI_CONFIG, bytes.as_bytes()));
                registry.put_manifest("app:1", media_type::OCI_MANIFEST, manifest.to_string());
            })
            .exits(3),
    ]
}

fn publishers() -> Vec<Case> {
    let labelled = |name, key: &'static str, value: &'static str| {
        Case::new(name)
            .serves(move |registry| drop(registry.push("app:1", &Image::linux(["amd64"]).label(key, value))))
            .runs("lock")
            .runs("why app")
            .more(|_, ran| {
                let obeyed = |c: char| {
                    (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
                };
                assert!(!ran.stdout.contains(obeyed), "{:?}", ran.stdout);
            })
    };
    vec![
        labelled(
            "a source that colours is shown without",
            "org.opencontainers.image.source",
            "https://a/\u{1b}]8;;x\u{7}",
        ),
        labelled(
            "a version that turns the line around is shown as it is",
            "org.opencontainers.image.version",
            "1\u{202e}2",
        ),
        labelled("a revision with line breaks stays on its line", "org.opencontainers.image.revision", "abc\nerror: x"),
        Case::new("a time that is none is no time")
            .serves(|registry| {
                let mut config = config("linux/amd64");
                config["created"] = "yesterday\u{1b}[2J".into();
                crate::harness::put_image(registry, "app:1", &config);
            })
            .lock_lacks("/images/app/created"),
        Case::new("a tag that a terminal would obey is none")
            .toml("[images.app]\nrepository = \"{host}/app\"\nversion = \"1\"\n")
            .serves(|registry| {
                registry.push_tags("app", ["1.0.0"], &Image::linux(["amd64"]));
                registry.fault(
                    On::tags("app"),
                    Fault::bytes(
                        json!({ "name": "app", "tags": ["1.0.0", "1.0.1\u{1b}[2J", "1.0.2/../../x", "1.0.3 "] })
                            .to_string(),
                    ),
                );
            })
            .lock_has("/images/app/tag", "1.0.0"),
    ]
}
