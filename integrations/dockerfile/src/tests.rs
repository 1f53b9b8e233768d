use imagelock_adapter::{MemoryTree, Output};
use imagelock_edit::testing::{digest, lock, only, render};

use super::*;

const PATH: &str = "services/web/Dockerfile";

fn run(text: &str) -> Result<Output, String> {
    let lock = lock(&[("alpine", "alpine:3.20", 'a'), ("db", "postgres:16.9", 'b'), ("go", "golang:1", 'c')]);
    let tree = MemoryTree::default().file(PATH, text);
    render(&Dockerfile, "[[dockerfile]]\nedit = '**/Dockerfile'\n", &lock, &tree).map(|mut all| all.remove(0))
}

/// `@A` to `@C` stand for the digests.
fn check(before: &str, after: &str) {
    let full = |text: &str| {
        ['a', 'b', 'c'].iter().fold(text.to_owned(), |text, digit| {
            text.replace(&format!("@{}", digit.to_uppercase()), &format!("@{}", digest(*digit)))
        })
    };
    let run = |text: &str| String::from_utf8(run(text).unwrap().content).unwrap();
    let (before, after) = (full(before), full(after));
    assert_eq!(run(&before), after);
    assert_eq!(run(&after), after, "a second run changes nothing");
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_line() {
    check("\u{feff}FROM alpine:3.20\n", "\u{feff}FROM alpine:3.20@A\n");
    check("\u{feff}# imagelock: db\nFROM x:1\n", "\u{feff}# imagelock: db\nFROM docker.io/library/postgres:16.9@B\n");
    let error = run("\u{feff}NOTHING x\n").unwrap_err();
    assert!(error.contains(&format!("\n{PATH}:1:1")), "{error}");
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
fn what_only_the_build_can_tell_is_told_as_open() {
    for text in [
        "ARG B=evil.example/x:1\nARG A=alpine:3.20\nARG A=$B\nFROM $A\n",
        "ARG A=alpine:3.20\nARG A=evil:$B\nFROM $A\n",
        "ARG A=alpine:3.20\nARG A=\"evil.example\"/x:1\nFROM $A\n",
        "ARG A=alpine:3.20\nARG A=ev\\il\nFROM $A\n",
        "ARG A=alpine:3.20\nARG A=Evil.example/X:1\nFROM $A\n",
        "ARG A=alpine:3.20\nARG A=\nFROM $A\n",
        "FROM alpine:3.20\nRUN --mount=type=bind,\"from=evil.example/x:1\",target=/a ls\n",
        "FROM alpine:3.20\nRUN --mount=type=bind,From=evil.example/x:1,target=/a ls\n",
        "FROM alpine:3.20\nRUN --mount=type=bind,\\\nfrom=evil.example/x:1,target=/a ls\n",
    ] {
        let kept = run(text).unwrap().kept;
        assert!(!kept.is_empty(), "{text}");
    }
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
    let error = run("# imagelock: db\nARG A\n# imagelock: nobody\nFROM x\n").unwrap_err();
    assert!(error.starts_with("the marker of `db` stands at no reference\nservices/web/Dockerfile:1:14"), "{error}");
}

#[test]
fn what_is_no_dockerfile_is_an_error_at_its_line() {
    let error = run("FROM alpine:3.20\nNOTHING x\n").unwrap_err();
    assert!(error.contains("services/web/Dockerfile:2:") && error.contains("images.toml:2:9"), "{error}");
}

#[test]
fn what_stays_is_told_and_refused_where_every_image_has_to_be_pinned() {
    let text = "ARG V=3\nFROM alpine:$V\nFROM alpine:3.19\nFROM own:1\n";
    let kept: Vec<String> =
        run(text).unwrap().kept.iter().map(|left| format!("{}: {}", left.at, left.reason)).collect();
    assert_eq!(
        kept,
        [
            "services/web/Dockerfile:2:6: FROM: `alpine:$V` is decided by a variable",
            "services/web/Dockerfile:3:6: FROM: `alpine:3.19` is not in images.lock, which has `alpine` (3.20)",
            "services/web/Dockerfile:4:6: FROM: `own:1` is not in images.lock",
        ]
    );
    let strict = |project: &str| {
        let tree = MemoryTree::default().file(PATH, "FROM own:1\n").file("vendor/Dockerfile", "FROM redis:1\n");
        only(
            &Dockerfile,
            &format!("{project}[[dockerfile]]\nedit = '**/Dockerfile'\nexclude = ['vendor']\nstrict = true\n"),
            &lock(&[]),
            &tree,
        )
    };
    let error = strict("").unwrap_err();
    assert!(error.starts_with("FROM: `own:1` is not in images.lock\nservices/web/Dockerfile:1:6"), "{error}");
    assert_eq!(strict("built = ['own']\n").unwrap(), "FROM own:1\n");
}

#[test]
fn mistakes_in_the_table_show_their_place() {
    let wrong = |table: &str| {
        only(&Dockerfile, &format!("[[dockerfile]]\n{table}"), &lock(&[]), &MemoryTree::default()).unwrap_err()
    };
    assert!(wrong("").contains("needs `edit`\nimages.toml:1:1"), "{}", wrong(""));
    assert!(wrong("edit = 'a'\noutput = 'b'\n").contains("pinned in place"));
    assert!(wrong("edit = 'a'\nexclude = '../b'\n").contains("inside the repository\nimages.toml:3:"));
}
