//! Pins inside the Dockerfiles that `FROM DOCKERFILE` builds.

use super::*;

const PATH: &str = "services/web/Dockerfile";

fn run(path: &str, text: &str) -> Result<Output, RenderError> {
    let lock =
        lock(&[("alpine", "alpine:3.20", "a", ""), ("db", "postgres:16.9", "b", ""), ("go", "golang:1", "c", "")]);
    let tree = MemoryTree::default().file(path, text);
    render_with(&format!("edit = [\"{path}\"]\n"), &lock, &tree, &Rewrites::default()).map(|mut all| all.remove(0))
}

/// `@A` to `@C` stand for the digests.
fn check(before: &str, after: &str) {
    let full = |text: &str| {
        ["a", "b", "c"].iter().fold(text.to_owned(), |text, letter| {
            text.replace(&format!("@{}", letter.to_uppercase()), &format!("@{}", digest(letter)))
        })
    };
    let run = |text: &str| String::from_utf8(run(PATH, text).unwrap().content).unwrap();
    let (before, after) = (full(before), full(after));
    assert_eq!(run(&before), after);
    assert_eq!(run(&after), after, "a second run changes nothing");
}

#[test]
fn every_place_that_takes_an_image_gets_its_digest() {
    check("FROM alpine:3.20 AS base\nFROM base\n", "FROM alpine:3.20@A AS base\nFROM base\n");
    check(
        "FROM --platform=$BUILDPLATFORM docker.io/library/alpine:3.20\r\nCOPY --from=golang:1 --chown=1 /a /b\r\n",
        "FROM --platform=$BUILDPLATFORM docker.io/library/alpine:3.20@A\r\nCOPY --from=golang:1@C --chown=1 /a /b\r\n",
    );
    check(
        "FROM alpine:3.20\nRUN --mount=type=bind,from=golang:1,target=/go --network=none true\n",
        "FROM alpine:3.20@A\nRUN --mount=type=bind,from=golang:1@C,target=/go --network=none true\n",
    );
    check(
        "ARG BASE=alpine:3.20 TOOL=\"golang:1\"\nFROM ${BASE}\n",
        "ARG BASE=alpine:3.20@A TOOL=\"golang:1@C\"\nFROM ${BASE}\n",
    );
}

#[test]
fn a_stage_a_number_and_text_are_no_images() {
    for text in [
        "FROM scratch AS alpine\nFROM alpine\nCOPY --from=alpine /a /a\nCOPY --from=0 /a /a\n",
        "FROM alpine:3.21\nRUN echo alpine:3.20\nENV X=alpine:3.20\n",
        "FROM scratch\nCOPY <<END /a\nFROM alpine:3.20\n# imagelock: db\nEND\n",
        "FROM al\\\npine:3.20\n",
    ] {
        check(text, text);
    }
}

#[test]
fn a_marker_follows_the_lock_to_another_tag() {
    check(
        "# imagelock: db\nFROM postgres:15 AS db\n\nFROM scratch\n# imagelock: go\nCOPY --from=golang:0 /a /a\n",
        "# imagelock: db\nFROM postgres:16.9@B AS db\n\nFROM scratch\n# imagelock: go\nCOPY --from=golang:1@C /a /a\n",
    );
    check(
        "FROM scratch\nRUN --network=none \\\n  # imagelock: go\n  --mount=from=golang:0,target=/go true\n",
        "FROM scratch\nRUN --network=none \\\n  # imagelock: go\n  --mount=from=golang:1@C,target=/go true\n",
    );
    let error = run(PATH, "# imagelock: db\nRUN true\n# imagelock: nobody\nFROM x\n").unwrap_err();
    assert!(error.labels()[0].at.to_string().starts_with(PATH), "{error}");
}

#[test]
fn what_is_no_dockerfile_is_an_error_at_its_line() {
    let error = run(PATH, "FROM alpine:3.20\nNOTHING x\n").unwrap_err();
    assert!(error.labels()[0].at.to_string().starts_with(&format!("{PATH}:2:")), "{}", error.labels()[0].at);
}

#[test]
fn a_dockerfile_is_told_by_its_name() {
    for name in ["Dockerfile", "Dockerfile.dev", "web.Dockerfile", "web.dockerfile", "Containerfile"] {
        assert!(crate::dockerfile::is_dockerfile(name), "{name}");
    }
    assert!(!crate::dockerfile::is_dockerfile("Earthfile"));
}
