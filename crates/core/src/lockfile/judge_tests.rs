//! Locks that contradict themselves, each with the two values and their places.

use super::tests::GOLDEN;
use super::*;
use crate::source::{Located as _, SourceFile, render};

const HELP: &str =
    "help: restore the file from version control, or take the image out of it and run `{command} lock`\n";
const D2: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

fn parse(text: &str) -> Result<Lockfile, LockfileError> {
    Lockfile::parse(&SourceFile::new("images.lock", text))
}

/// The golden lock with texts of one image replaced by others.
#[track_caller]
fn with(image: &str, edits: &[(&str, &str)]) -> String {
    let start = GOLDEN.find(&format!("    \"{image}\": {{")).unwrap();
    let (head, tail) = GOLDEN.split_at(start);
    let mut tail = tail.to_owned();
    for (from, to) in edits {
        assert!(tail.contains(from), "{from}");
        tail = tail.replacen(from, to, 1);
    }
    head.to_owned() + &tail
}

/// A lock whose `static` is asked for by a digest, with a tag beside it.
fn by_digest(edits: &[(&str, &str)]) -> String {
    let asked = "\"request\": {\n        \"digest\": \"sha256:7777777777777777777777777777777777777777777777777777777777777777\",";
    let mut all = vec![("\"request\": {", asked)];
    all.extend(edits);
    with("static", &all)
}

#[track_caller]
fn refused(text: &str, image: &str, conflict: &str, at: &str, against: &str) {
    let error = parse(text).unwrap_err();
    let expected = format!(
        "images.lock contradicts itself: image `{image}` {conflict}\n--> images.lock:{at} {conflict}\n\
         ::: images.lock:{against} against this\n{HELP}"
    );
    assert_eq!(render(&error), expected);
}

#[test]
fn another_digest_than_the_one_that_was_asked_for_is_refused() {
    assert!(parse(&by_digest(&[])).is_ok());
    let sevens = "sha256:7777777777777777777777777777777777777777777777777777777777777777";
    let other = by_digest(&[]).replacen(&format!("\"digest\": \"{sevens}\""), &format!("\"digest\": \"{D2}\""), 2);
    refused(
        &other,
        "static",
        &format!("is locked to `{D2}`, and its request asks for `{sevens}`"),
        &format!("39:17 \"\\\"{D2}\\\"\""),
        &format!("52:19 \"\\\"{sevens}\\\"\""),
    );
}

#[test]
fn another_registry_repository_or_layout_than_was_asked_for_is_refused() {
    refused(
        &with("static", &[("\"registry\": \"cgr.dev\"", "\"registry\": \"evil.example\"")]),
        "static",
        "is locked in `evil.example/chainguard/static`, and its request asks for `cgr.dev/chainguard/static`",
        "49:19 \"\\\"evil.example\\\"\"",
        "52:23 \"\\\"cgr.dev/chainguard/static\\\"\"",
    );
    refused(
        &with("static", &[("\"repository\": \"chainguard/static\"", "\"repository\": \"chainguard/git\"")]),
        "static",
        "is locked in `cgr.dev/chainguard/git`, and its request asks for `cgr.dev/chainguard/static`",
        "50:21 \"\\\"chainguard/git\\\"\"",
        "52:23 \"\\\"cgr.dev/chainguard/static\\\"\"",
    );
    refused(
        &with("tools", &[("\"layout\": \"third_party/tools-oci\"", "\"layout\": \"other\"")]),
        "tools",
        "is locked in `layout other`, and its request asks for `layout third_party/tools-oci`",
        "61:17 \"\\\"other\\\"\"",
        "72:19 \"\\\"third_party/tools-oci\\\"\"",
    );
    let registry = "\"registry\": \"docker.io\", \"repository\": \"library/a\",";
    refused(
        &with("tools", &[("\"layout\": \"third_party/tools-oci\",", registry)]),
        "tools",
        "is locked in `docker.io/library/a`, and its request asks for `layout third_party/tools-oci`",
        "61:19 \"\\\"docker.io\\\"\"",
        "72:19 \"\\\"third_party/tools-oci\\\"\"",
    );
}

#[test]
fn another_tag_than_the_followed_one_is_refused() {
    let conflict = "is locked with the tag `edge`, and its request asks for the tag `latest`";
    let against = "53:16 \"\\\"latest\\\"\"";
    let size = "\"size\": 840,\n      \"tag\": \"latest\"";
    let edge = with("static", &[(size, "\"size\": 840,\n      \"tag\": \"edge\"")]);
    refused(&edge, "static", conflict, "56:14 \"\\\"edge\\\"\"", against);
    refused(
        &with("static", &[(size, "\"size\": 840")]),
        "static",
        "is locked with no tag, and its request asks for the tag `latest`",
        "38:15 \"{\"",
        against,
    );
    // The tag beside a digest tells people what it was, and must not tell them something else.
    refused(
        &by_digest(&[(size, "\"size\": 840,\n      \"tag\": \"edge\"")]),
        "static",
        conflict,
        "57:14 \"\\\"edge\\\"\"",
        "54:16 \"\\\"latest\\\"\"",
    );
    refused(
        &with("tools", &[("\"size\": 312", "\"size\": 312,\n      \"tag\": \"1\"")]),
        "tools",
        "is locked with the tag `1`, and its request asks for no tag",
        "75:14 \"\\\"1\\\"\"",
        "71:18 \"{\"",
    );
}

#[test]
fn a_tag_that_the_rule_does_not_admit_is_refused() {
    let rule = r"version 16, tags ^(?<version>\d+\.\d+)-alpine$";
    for tag in ["17.1-alpine", "16.9", "16.9-debian", "latest"] {
        refused(
            &with("postgres", &[("\"tag\": \"16.9-alpine\"", &format!("\"tag\": \"{tag}\""))]),
            "postgres",
            &format!("is locked with the tag `{tag}`, which its request does not admit: {rule}"),
            &format!("35:14 \"\\\"{tag}\\\"\""),
            "23:18 \"{\"",
        );
    }
    refused(
        &with("postgres", &[("      \"tag\": \"16.9-alpine\",\n", "")]),
        "postgres",
        &format!("is locked with no tag, which its request does not admit: {rule}"),
        "3:17 \"{\"",
        "23:18 \"{\"",
    );
}

#[test]
fn other_platforms_than_those_that_were_asked_for_are_refused() {
    refused(
        &with("postgres", &[("\"linux/arm64\"\n", "\"linux/arm64\",\n          \"linux/s390x\"\n")]),
        "postgres",
        "lacks `linux/s390x`, which its request asks for",
        "7:20 \"{\"",
        "24:22 \"[\"",
    );
    refused(
        &with("postgres", &[("\"linux/amd64\",\n          ", "")]),
        "postgres",
        "has `linux/amd64`, which its request does not ask for",
        "8:24 \"{\"",
        "24:22 \"[\"",
    );
    let other = parse(&with("postgres", &[("\"linux/arm64\": {", "\"linux/arm/v7\": {")])).unwrap_err();
    assert!(other.to_string().ends_with("lacks `linux/arm64`, which its request asks for, and 1 more"), "{other}");
}

#[test]
fn an_image_that_is_locked_for_no_platform_answers_nobody() {
    for kind in ["index", "manifest"] {
        let mut lock: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
        lock["images"]["tools"]["platforms"] = serde_json::json!({});
        lock["images"]["tools"]["mediaType"] = format!("application/vnd.oci.image.{kind}.v1+json").into();
        let text = serde_json::to_string_pretty(&lock).unwrap();
        refused(&text, "tools", "is locked for no platform", "63:20 \"{\"", "64:18 \"{\"");
    }
}

#[test]
fn the_only_manifest_of_an_image_is_that_of_its_platform() {
    let sevens = "sha256:7777777777777777777777777777777777777777777777777777777777777777";
    refused(
        &with("static", &[("\"digest\": \"sha256:7", "\"digest\": \"sha256:8")]),
        "static",
        &format!(
            "is one manifest with the digest `{}`, and its platform `linux/amd64` has `{sevens}`",
            sevens.replacen('7', "8", 1)
        ),
        &format!("44:21 \"\\\"{sevens}\\\"\""),
        &format!("39:17 \"\\\"{}\\\"\"", sevens.replacen('7', "8", 1)),
    );
    refused(
        &with("static", &[("\"size\": 840", "\"size\": 841")]),
        "static",
        "is one manifest with the size `840`, and its platform `linux/amd64` has `841`",
        "46:19 \"841\"",
        "55:15 \"840\"",
    );
    let docker = "\"application/vnd.docker.distribution.manifest.v2+json\"";
    refused(
        &with("static", &[("\"application/vnd.oci.image.manifest.v1+json\"", docker)]),
        "static",
        "is one manifest with the media type `application/vnd.docker.distribution.manifest.v2+json`, and its platform \
         `linux/amd64` has `application/vnd.oci.image.manifest.v1+json`",
        "45:24 \"\\\"application/vnd.oci.image.manifest.v1+json\\\"\"",
        &format!("40:20 {docker:?}"),
    );
    let other = serde_json::to_value(parse(GOLDEN).unwrap().images["postgres"].platforms.values().next()).unwrap();
    refused(
        &with("static", &[("\"platforms\": {", &format!("\"platforms\": {{\n        \"linux/arm64\": {other},"))]),
        "static",
        "is one manifest, and has 2 platforms",
        "41:20 \"{\"",
        "40:20 \"\\\"application/vnd.oci.image.manifest.v1+json\\\"\"",
    );
    refused(
        &with("static", &[("image.manifest", "image.index")]),
        "static",
        &format!("is the index `{sevens}`, and its platform `linux/amd64` has the same digest"),
        &format!("44:21 \"\\\"{sevens}\\\"\""),
        &format!("39:17 \"\\\"{sevens}\\\"\""),
    );
}

#[test]
fn every_contradiction_is_counted_and_the_first_are_shown() {
    let one = with("static", &[("\"registry\": \"cgr.dev\"", "\"registry\": \"evil.example\"")]);
    let error = parse(&one.replacen("\"tag\": \"16.9-alpine\"", "\"tag\": \"15.0-alpine\"", 1)).unwrap_err();
    assert!(error.to_string().starts_with("images.lock contradicts itself: image `postgres` is locked with the tag"));
    assert!(error.to_string().ends_with(", and 1 more"), "{error}");
    assert_eq!(error.labels().len(), 4);

    let mut lock = Lockfile::default();
    let mut image = parse(GOLDEN).unwrap().images["static"].clone();
    image.tag = None;
    for number in 0..100 {
        lock.images.insert(format!("image-{number}").parse().unwrap(), image.clone());
    }
    let error = parse(&lock.encode()).unwrap_err();
    assert!(error.to_string().ends_with(", and 99 more"), "{error}");
    assert_eq!(error.labels().len(), 2 * 8, "each with what rules it out");
}

#[test]
fn places_are_found_in_a_lock_of_one_line() {
    let text: serde_json::Value = serde_json::from_str(&by_digest(&[])).unwrap();
    let text = text.to_string().replacen("\"tag\":\"latest\"", "\"tag\":\"é\\\"\"", 0);
    let text = text.replacen("\"registry\":\"cgr.dev\"", "\"registry\":\"evil.example\"", 1);
    let error = parse(&text).unwrap_err();
    let at = &error.labels()[0].at;
    assert_eq!(&text[at.span.clone()], "\"evil.example\"");
    assert_eq!(at.line(), 1);
}
