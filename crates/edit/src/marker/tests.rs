use imagelock_scan::Format as _;
use imagelock_scan::formats::{Plain, Words};

use super::*;
use crate::testing::{digest, lock, with_context};

#[test]
fn digits_are_found_where_there_is_one_digest() {
    let hex = "0a".repeat(32);
    assert_eq!(only_hex(&hex), Some(0..64));
    assert_eq!(only_hex(&format!("é-{hex}é")), Some(3..67));
    assert_eq!(only_hex(&format!("{hex} {hex}")), None);
    assert_eq!(only_hex(&format!("{hex}0")), None);
    assert_eq!(only_digest(&format!("a@sha256:{hex}")), Some(2..73));
    assert_eq!(only_digest(&hex), None);
    assert_eq!(only_digest(&format!("sha256:{hex}")), Some(0..71));
    assert_eq!(only_digest(&format!("sha512:{hex}")), None);
}

/// What the markers of a text of any kind speak of: the bytes, the image and what stands there.
fn told(text: &str) -> Vec<(String, String, Holds)> {
    let locked = lock(&[("db", "postgres:16.9", 'a'), ("web", "ghcr.io/acme/web:1.10", 'b')]);
    with_context(&locked, |context| {
        let (file, parsed) = (SourceFile::new("a", text), Plain { words: Words::Text }.read(text).unwrap());
        let marked = marked(&file, &parsed, context).unwrap();
        let told = marked
            .into_iter()
            .map(|marked| (text[marked.span].to_owned(), marked.image.name.to_string(), marked.holds));
        told.collect()
    })
}

#[test]
fn a_place_that_a_marker_speaks_of_says_what_of_the_image_it_holds() {
    let (one, hex) = (digest('c'), digest('c').hex().to_owned());
    for (line, place, holds) in [
        ("a = 'postgres:15' # imagelock: db".to_owned(), "'postgres:15'", Holds::Reference),
        ("a = 'postgres' # imagelock: db:repository".to_owned(), "'postgres'", Holds::Part),
        ("a = '15' # imagelock: db:tag".to_owned(), "'15'", Holds::Part),
        ("a = '' # imagelock: db:digest".to_owned(), "''", Holds::Digest(None)),
        ("a = '' # imagelock: db:hex".to_owned(), "''", Holds::Digest(None)),
        (format!("a = '{one}' # imagelock: db:digest"), &format!("'{one}'"), Holds::Digest(Some(one.clone()))),
        (format!("a = 'x@{one}' # imagelock: db:digest"), &format!("'x@{one}'"), Holds::Digest(Some(one.clone()))),
        (format!("a = '{hex}' # imagelock: db:hex"), &format!("'{hex}'"), Holds::Digest(Some(one.clone()))),
    ] {
        assert_eq!(told(&format!("# of ours\n{line}\n")), [(place.to_owned(), "db".to_owned(), holds)], "{line}");
    }
    let text = "# imagelock: web\nw = 'x:1'\nd = 'y:1' # imagelock: db\n";
    let names: Vec<String> = told(text).into_iter().map(|(_, name, _)| name).collect();
    assert_eq!(names, ["web", "db"]);
}

#[test]
fn the_lines_that_are_to_be_left_alone_are_told_with_their_reasons() {
    let text =
        "a = 'x:1' # imagelock: ignore (old on purpose)\n# imagelock: ignore\nb = 'y:1'\nc = 'z:1' # imagelock: db\n";
    let (file, parsed) = (SourceFile::new("a", text), Plain { words: Words::Text }.read(text).unwrap());
    assert_eq!(ignored(&file, &parsed), BTreeMap::from([(1, "old on purpose"), (3, "")]));
}

#[test]
fn of_several_words_the_one_that_looks_most_like_what_is_asked_for_is_it() {
    let pin = digest('c');
    for (line, place) in [
        // One of the marker's image before one that only has the form.
        ("run x/y:1 postgres:15 z # imagelock: db".to_owned(), "postgres:15"),
        ("run docker.io/library/postgres x/y:1 # imagelock: db".to_owned(), "docker.io/library/postgres"),
        // One with the form of a reference before a word.
        ("run it x/y:1 now # imagelock: db".to_owned(), "x/y:1"),
        // What stands where values stand before a word.
        ("run --image='x' now # imagelock: db".to_owned(), "'x'"),
        ("image: x then y # imagelock: db".to_owned(), "x"),
        ("run v TAG=15 w # imagelock: db:tag".to_owned(), "15"),
        // A repository is one that has no tag.
        ("a = 'x/y:1' 'x/y' # imagelock: db:repository".to_owned(), "'x/y'"),
        (format!("pin x 'y@{pin}' # imagelock: db:digest"), &format!("'y@{pin}'")),
        (format!("'y@{pin}' '{pin}' # imagelock: db:digest"), &format!("'{pin}'")),
        (format!("'{pin}' '{}' # imagelock: db:hex", pin.hex()), &format!("'{}'", pin.hex())),
        ("a = x '' # imagelock: db:hex".to_owned(), "''"),
    ] {
        let places: Vec<String> = told(&format!("{line}\n")).into_iter().map(|(place, ..)| place).collect();
        assert_eq!(places, [place], "{line}");
    }
}
