//! Pins inside Earthfiles of people.

use super::*;

const PATH: &str = "services/web/Earthfile";

fn images() -> Lockfile {
    lock(&[
        ("alpine", "alpine:3.20", "a", ""),
        ("db", "postgres:16.9", "b", ""),
        ("latest", "nginx:latest", "c", ""),
        ("local", "localhost:5000/acme/tool:1", "d", ""),
        ("only-digest", "ghcr.io/acme/x", "e", ""),
    ])
}

fn edit_output(text: &str) -> Result<Output, RenderError> {
    let tree = MemoryTree::default().file(PATH, text);
    let table = format!("edit = [\"{PATH}\"]\n");
    render_with(&table, &images(), &tree, &Rewrites::default()).map(|mut outputs| outputs.remove(0))
}

fn edit(text: &str) -> String {
    String::from_utf8(edit_output(text).unwrap().content).unwrap()
}

fn failure(text: &str) -> String {
    let error = edit_output(text).unwrap_err();
    format!("{}: {error}", error.labels()[0].at)
}

/// `@A` to `@E` stand for the digests.
fn check(before: &str, after: &str) {
    let letters = ["a", "b", "c", "d", "e"];
    let full = |text: &str| {
        letters.iter().fold(text.to_owned(), |text, letter| {
            text.replace(&format!("@{}", letter.to_uppercase()), &format!("@{}", digest(letter)))
        })
    };
    let (before, after) = (full(before), full(after));
    assert_eq!(edit(&before), after);
    assert_eq!(edit(&after), after, "a second run changes nothing");
}

#[test]
fn a_reference_that_the_lock_has_gets_its_digest() {
    check("FROM alpine:3.20\n", "FROM alpine:3.20@A\n");
    check(
        "FROM --platform=linux/arm64 docker.io/library/alpine:3.20\n",
        "FROM --platform=linux/arm64 docker.io/library/alpine:3.20@A\n",
    );
    check("FROM --platform linux/arm64 \"alpine:3.20\"\n", "FROM --platform linux/arm64 \"alpine:3.20@A\"\n");
    check("FROM nginx\n", "FROM nginx:latest@C\n");
    check("FROM localhost:5000/acme/tool:1\n", "FROM localhost:5000/acme/tool:1@D\n");
    check(&format!("FROM alpine:3.20@{}\n", digest("old")), "FROM alpine:3.20@A\n");
    check(
        "t:\n    WITH DOCKER --pull postgres:16.9 --pull=alpine:3.20\n",
        "t:\n    WITH DOCKER --pull postgres:16.9@B --pull=alpine:3.20@A\n",
    );
    check("ARG --global BASE=alpine:3.20\n", "ARG --global BASE=alpine:3.20@A\n");
    check(
        "LET x = 'alpine:3.20'\nSET x =alpine:3.20\nSET x= alpine:3.20\n",
        "LET x = 'alpine:3.20@A'\nSET x =alpine:3.20@A\nSET x= alpine:3.20@A\n",
    );
    check(
        "FROM DOCKERFILE --build-arg BASE=alpine:3.20 -f x/Dockerfile .\n",
        "FROM DOCKERFILE --build-arg BASE=alpine:3.20@A -f x/Dockerfile .\n",
    );
    check(
        "BUILD +it --DB=postgres:16.9\nFROM +x --DB=postgres:16.9\n",
        "BUILD +it --DB=postgres:16.9@B\nFROM +x --DB=postgres:16.9@B\n",
    );
    check("COPY --from=alpine:3.20 /a /b\n", "COPY --from=alpine:3.20@A /a /b\n");
}

#[test]
fn what_is_no_literal_reference_stays() {
    for text in [
        "FROM images+alpine\n",
        "FROM $BASE\nFROM alpine:$TAG\nFROM \"alpine:${TAG}\"\n",
        "FROM scratch\n",
        "FROM alpine:3.21\n",
        "FROM alpine\n",
        "# FROM alpine:3.20\n",
        "RUN echo alpine:3.20\n",
        "RUN echo \"\\\n  FROM alpine:3.20 \\\n\"\n",
        "ARG NAME=nginx\n",
        "FROM DOCKERFILE alpine:3.20\n",
        "FROM al\\\npine:3.20\n",
        "SAVE IMAGE alpine:3.20\n",
        "COPY alpine:3.20 .\n",
        "",
    ] {
        assert_eq!(edit(text), text);
    }
}

#[test]
fn a_marker_stands_above_or_on_the_line() {
    check("# imagelock: db\nFROM postgres:15\n", "# imagelock: db\nFROM postgres:16.9@B\n");
    check("FROM postgres # imagelock: db\n", "FROM postgres:16.9@B # imagelock: db\n");
    check(
        "  #imagelock: db  \n  FROM other/thing:1\n",
        "  #imagelock: db  \n  FROM docker.io/library/postgres:16.9@B\n",
    );
    check("# imagelock: only-digest\nFROM ghcr.io/acme/x:1\n", "# imagelock: only-digest\nFROM ghcr.io/acme/x@E\n");
    check(
        "WITH DOCKER \\\n    # imagelock: db\n    --pull postgres:15 \\\n    --pull nginx:1 # imagelock: latest\n",
        "WITH DOCKER \\\n    # imagelock: db\n    --pull postgres:16.9@B \\\n    --pull nginx:latest@C # imagelock: latest\n",
    );
    check(
        "# imagelock: db\nRUN docker run --rm postgres:15 x:1\n",
        "# imagelock: db\nRUN docker run --rm postgres:16.9@B x:1\n",
    );
    check("# imagelock: db\nENV IMAGE=postgres:15\n", "# imagelock: db\nENV IMAGE=postgres:16.9@B\n");
}

#[test]
fn line_ends_and_a_byte_order_mark_stay() {
    check(
        "\u{feff}FROM alpine:3.20\r\nRUN a \\\r\n  b\r\n# imagelock: db\r\nFROM postgres:1\r\n",
        "\u{feff}FROM alpine:3.20@A\r\nRUN a \\\r\n  b\r\n# imagelock: db\r\nFROM postgres:16.9@B\r\n",
    );
    check("FROM alpine:3.20", "FROM alpine:3.20@A");
}

#[test]
fn a_marker_that_cannot_be_followed_is_an_error_at_its_name() {
    let at = |line: usize, column: usize| format!("{PATH}:{line}:{column}");
    assert_eq!(
        failure("# imagelock: dbb\nFROM postgres:15\n"),
        format!("{}: there is no image `dbb` in images.lock", at(1, 14))
    );
    assert_eq!(
        failure("# imagelock: db\n\nFROM postgres:15\n"),
        format!("{}: the marker of `db` stands at no reference", at(1, 14))
    );
    assert_eq!(
        failure("FROM $X # imagelock: db\n"),
        format!("{}: the marker of `db` stands at no reference", at(1, 22))
    );
    assert_eq!(
        failure("WITH DOCKER --pull a:1 --pull b:1 # imagelock: db\n"),
        format!("{}: the marker of `db` stands at several places", at(1, 48))
    );
    assert!(failure("# imagelock: A B\nFROM x\n").starts_with(&format!("{}: there is no image `A`", at(1, 14))));
}

#[test]
fn a_pin_that_the_lock_left_behind_is_reported() {
    let old = format!("FROM postgres:15@{}\n", digest("old"));
    let output = edit_output(&old).unwrap();
    assert_eq!(output.content, old.as_bytes());
    let kept: Vec<String> = output.kept.iter().map(|left| format!("{}: {}", left.at, left.reason)).collect();
    let old = digest("old");
    assert_eq!(kept, [format!("{PATH}:1:6: FROM: `postgres:15@{old}` is not in images.lock, which has `db` (16.9)")]);
    assert!(edit_output(&format!("FROM postgres:15@{}\n", digest("b"))).unwrap().kept.is_empty());
}

#[test]
fn a_reference_with_two_digests_needs_a_marker() {
    let lock = lock(&[("new", "nginx:1", "a", ""), ("old", "nginx:1", "b", "")]);
    let table = format!("edit = [\"{PATH}\"]\n");
    let run = |text: &str| render_with(&table, &lock, &MemoryTree::default().file(PATH, text), &Rewrites::default());
    let outputs = run("FROM nginx:1\n").unwrap();
    assert!(outputs[0].kept[0].reason.contains("may be `new` (1) and `old` (1)"), "{}", outputs[0].kept[0].reason);
    let outputs = run("# imagelock: old\nFROM nginx:1\n").unwrap();
    assert_eq!(outputs[0].content, format!("# imagelock: old\nFROM nginx:1@{}\n", digest("b")).as_bytes());
}

#[test]
fn a_file_that_is_not_there_is_shown_in_the_table() {
    let error = render("edit = [\"x/Earthfile\"]\n", &images()).unwrap_err();
    assert_eq!(error.to_string(), "no file is named by `x/Earthfile`");
    assert_eq!(error.labels()[0].at.to_string(), "images.toml:2:10");
}

#[test]
fn a_registry_that_stands_in_takes_the_place_of_both_spellings() {
    let mut rewrites = Rewrites::default();
    rewrites.insert("docker.io".parse().unwrap(), "mirror.example.com/hub".parse().unwrap());
    let text = "FROM alpine:3.20\nFROM mirror.example.com/hub/library/alpine:3.20\n";
    let tree = MemoryTree::default().file(PATH, text);
    let outputs = render_with(&format!("edit = [\"{PATH}\"]\n"), &images(), &tree, &rewrites).unwrap();
    let line = format!("FROM mirror.example.com/hub/library/alpine:3.20@{}\n", digest("a"));
    assert_eq!(String::from_utf8(outputs[0].content.clone()).unwrap(), line.repeat(2));
}
