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
        // A tag need not be a name, and is none with a slash.
        ("a = 'x/y' 'V15' # imagelock: db:tag".to_owned(), "'V15'"),
        (format!("a = x 'PIN-{pin}' # imagelock: db:digest"), &format!("'PIN-{pin}'")),
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

/// A text of any kind with its markers followed, and the tags that moved.
fn pinned(format: &dyn imagelock_scan::Format, text: &str) -> (String, Vec<Option<(String, String)>>) {
    let locked = lock(&[("db", "postgres:16.9", 'a')]);
    let mut rewrites = imagelock_adapter::Rewrites::default();
    rewrites.insert("docker.io".parse().unwrap(), "mirror.example".parse().unwrap());
    with_context(&locked, |context| {
        let context = Context { rewrites: &rewrites, ..*context };
        let (images, spell) = (crate::Matcher::new(&context, None).unwrap(), Spell::default());
        let pinning = crate::Pinning { format, images: &images, spell: &spell, context: &context };
        let edited = pinning.edit(&SourceFile::new("a", text)).unwrap();
        (edited.text, edited.uses.into_iter().map(|used| used.moved).collect())
    })
}

#[test]
fn a_marker_moves_a_tag_and_tells_from_where_to_where() {
    let words = &Plain { words: Words::Text };
    let moved = Some(("15".to_owned(), "16.9".to_owned()));
    for (line, moved) in [
        ("a = 'postgres:15' # imagelock: db", moved.clone()),
        ("a = '15' # imagelock: db:tag", moved),
        ("a = 'postgres:16.9' # imagelock: db", None),
        ("a = '16.9' # imagelock: db:tag", None),
        ("a = '' # imagelock: db:tag", None),
        ("a = 'postgres' # imagelock: db", None),
        ("a = 'x' # imagelock: db:repository", None),
    ] {
        assert_eq!(pinned(words, line).1, [moved], "{line}");
    }
}

#[test]
fn a_repository_is_written_as_the_rewrite_asks_and_stays_where_it_says_so_already() {
    let words = &Plain { words: Words::Text };
    for (before, after) in [
        (
            "a = 'postgres' # imagelock: db:repository",
            "a = 'mirror.example/library/postgres' # imagelock: db:repository",
        ),
        ("a = 'x/y' # imagelock: db:repository", "a = 'mirror.example/library/postgres' # imagelock: db:repository"),
    ] {
        assert_eq!(pinned(words, before).0, after);
        assert_eq!(pinned(words, after).0, after, "a second time");
    }
    // What the lock calls the image is the marker's own, beside what the rewrite calls it.
    for written in ["postgres:15", "mirror.example/library/postgres:15"] {
        let (text, _) = pinned(words, &format!("run x/y:1 {written} # imagelock: db"));
        let pin = format!("mirror.example/library/postgres:16.9@{}", digest('a'));
        assert_eq!(text, format!("run x/y:1 {pin} # imagelock: db"));
    }
}

#[test]
fn where_an_image_stands_for_certain_a_marker_replaces_whatever_is_there() {
    let manifest = "apiVersion: v1\nkind: Pod\nspec: {image: '<IMAGE>'} # imagelock: db\n";
    let pin = format!("mirror.example/library/postgres:16.9@{}", digest('a'));
    let (text, _) = pinned(&imagelock_scan::formats::Manifests::default(), manifest);
    assert_eq!(text, manifest.replace("<IMAGE>", &pin));
}
