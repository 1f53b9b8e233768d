use imagelock_core::source::Located as _;
use imagelock_scan::formats::{Compose, Dockerfile, Earthfile, GITLAB, Values};
use imagelock_scan::{Head, Named};

use super::*;
use crate::testing::{digest, lock, with_context};

/// Reads as another format does, and writes what it is told to.
pub(crate) struct Writes {
    pub(crate) reads: &'static dyn Format,
    pub(crate) writes: fn(&str) -> Option<String>,
}

impl Format for Writes {
    fn id(&self) -> &'static str {
        "writes"
    }

    fn about(&self) -> &'static str {
        "a text that writes what it likes"
    }

    fn claims(&self, _: &Named<'_>, _: &dyn Head) -> bool {
        false
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        self.reads.read(text)
    }

    fn quote(&self, _: &str, new: &str) -> Option<String> {
        (self.writes)(new)
    }
}

fn with_pinning<T>(format: &dyn Format, run: impl FnOnce(&Pinning<'_, '_>) -> T) -> T {
    let locked = lock(&[("db", "postgres:16.9", 'a'), ("web", "ghcr.io/acme/web:1.10", 'b')]);
    with_context(&locked, |context| {
        let (images, spell) = (Matcher::new(context, None).unwrap(), Spell::default());
        run(&Pinning { format, images: &images, spell: &spell, context })
    })
}

fn edit(format: &dyn Format, text: &str) -> Result<Edited, Stuck> {
    with_pinning(format, |pinning| pinning.edit(&SourceFile::new("a", text)))
}

#[test]
fn what_does_not_read_back_as_it_was_pinned_is_refused() {
    for (reads, text, writes, reason) in [
        (
            &Dockerfile as &dyn Format,
            "FROM postgres:16.9\n",
            (|new| Some(format!("{new}\nFROM other:1"))) as fn(&str) -> Option<String>,
            "other places than the pinned ones would change",
        ),
        (&Dockerfile, "FROM postgres:16.9\n", |_| Some("other:1".to_owned()), "other places than the pinned ones"),
        (
            &Compose,
            "services:\n  a:\n    image: postgres:16.9\n",
            |new| Some(format!("{new} # imagelock: web")),
            "a second run would change it again",
        ),
        (
            &Compose,
            "services: {a: {image: postgres:16.9}}\n",
            |_| Some("[".to_owned()),
            "mismatched bracket '[' closed by '}'",
        ),
    ] {
        let Err(Stuck::Refused(error)) = edit(&Writes { reads, writes }, text) else { panic!("{text} is not refused") };
        let told = error.to_string();
        assert!(told.starts_with("`a` would not read back as it was pinned: ") && told.contains(reason), "{told}");
        let label = error.labels().remove(0);
        assert_eq!(&text[label.at.span], "postgres:16.9");
    }
}

#[test]
fn what_cannot_be_quoted_stays_and_is_a_mistake_where_a_marker_asks_for_it() {
    let format = Writes { reads: &Dockerfile, writes: |_| None };
    let edited = edit(&format, "FROM postgres:16.9\n").unwrap();
    assert_eq!((edited.text.as_str(), edited.uses.len(), edited.kept.len()), ("FROM postgres:16.9\n", 0, 1));
    let Err(Stuck::Mistake(error)) = edit(&format, "# imagelock: db\nFROM postgres:15\n") else { panic!() };
    assert!(error.to_string().contains("`postgres:15` cannot be pinned in this place"), "{error}");
    assert_eq!(error.help(), ["a text in quotes can be pinned"]);
    // What is pinned already needs no quotes.
    let pinned = format!("FROM postgres:16.9@{}\n", digest('a'));
    let edited = edit(&format, &pinned).unwrap();
    assert_eq!((edited.text, edited.uses.len(), edited.kept.len()), (pinned, 1, 0));
}

#[test]
fn a_text_that_its_format_cannot_read_is_told_with_the_place() {
    let Err(Stuck::Unreadable(error)) = edit(&Compose, "services: [\n") else { panic!() };
    assert_eq!(error.to_string(), "`a` cannot be read as a Compose file: unclosed bracket '['");
    assert_eq!(error.labels()[0].at.to_string(), "a:1:11");
    let error = RenderError::from(Stuck::Unreadable(error));
    assert!(error.to_string().starts_with("`a` cannot be read"));
}

#[test]
fn the_places_that_a_comment_speaks_of_are_somebody_elses_where_only_the_others_are_pinned() {
    let unmarked = |format: &dyn Format, text: &str| {
        with_pinning(format, |pinning| pinning.edit_unmarked(&SourceFile::new("a", text)).unwrap().text)
    };
    let pin = format!("postgres:16.9@{}", digest('a'));
    let text =
        "# imagelock: web\nFROM postgres:16.9 AS a\nFROM postgres:16.9 AS b\n# imagelock: ignore\nFROM postgres:16.9\n";
    assert_eq!(unmarked(&Dockerfile, text), text.replace("postgres:16.9 AS b", &format!("{pin} AS b")));
    // Whichever part the comment stands at.
    for line in ["repository: postgres", "tag: '16.9'", "digest: ''"] {
        let text = "image:\n  repository: postgres\n  tag: '16.9'\n  digest: ''\n";
        assert!(unmarked(&Values, text).contains(digest('a').as_str()));
        let marked = text.replace(line, &format!("{line} # imagelock: db"));
        assert_eq!(unmarked(&Values, &marked), marked);
    }
}

#[test]
fn a_variable_is_told_of_unless_what_it_is_by_default_has_a_place() {
    let gitlab = "variables: {I: 'postgres:16.9'}\ndefault: {image: $I}\n";
    for (format, text) in [(&Dockerfile as &dyn Format, "ARG I=postgres:16.9\nFROM $I\n"), (&GITLAB, gitlab)] {
        let edited = edit(format, text).unwrap();
        assert_eq!((edited.uses.len(), edited.kept.len()), (1, 0), "{text}");
    }
    let edited = edit(&Dockerfile, "ARG I\nFROM $I\n").unwrap();
    let kept: Vec<&str> = edited.kept.iter().map(|left| left.reason.as_str()).collect();
    assert_eq!(kept, ["FROM: `$I` is decided by a variable"]);
    // What may be about no image at all is not told of.
    for text in ["ARG I=redis:8\nFROM scratch\n", "ARG I=postgres:15\nFROM scratch\n", "ARG I=x\nFROM scratch\n"] {
        assert!(edit(&Dockerfile, text).unwrap().kept.is_empty(), "{text}");
    }
}

#[test]
fn what_is_escaped_stays_escaped_in_front_of_the_digest() {
    let text = "services: {a: {image: \"\\x70ostgres:16.9\"}}\n";
    let pinned = text.replace("16.9", &format!("16.9@{}", digest('a')));
    assert_eq!(edit(&Compose, text).unwrap().text, pinned);
}

#[test]
fn what_only_a_marker_makes_an_image_stays_without_one() {
    for text in ["t:\n  RUN docker pull postgres:16.9\n", "ARG I=postgres\n"] {
        let edited = edit(&Earthfile, text).unwrap();
        assert_eq!((edited.text.as_str(), edited.uses.len(), edited.kept.len()), (text, 0, 0));
    }
}

#[test]
fn the_manifest_of_a_platform_stays_in_parts_unless_another_is_asked_for() {
    let mut locked = lock(&[("db", "postgres:16.9", 'a')]);
    for (platform, digit) in [("linux/arm64", 'd'), ("linux/amd64", 'e')] {
        let manifest = imagelock_core::LockedPlatform {
            config: digest('c'),
            digest: digest(digit),
            media_type: String::new(),
            size: 1,
        };
        locked.images.get_mut("db").unwrap().platforms.insert(platform.parse().unwrap(), manifest);
    }
    let text = |digit: char| format!("image: {{repository: postgres, tag: '16.9', digest: '{}'}}\n", digest(digit));
    let pin = |spell: Spell, before: char| {
        with_context(&locked, |context| {
            let images = Matcher::new(context, None).unwrap();
            let pinning = Pinning { format: &Values, images: &images, spell: &spell, context };
            pinning.edit(&SourceFile::new("a", text(before))).unwrap().text
        })
    };
    assert_eq!(pin(Spell::default(), 'd'), text('d'));
    assert_eq!(pin(Spell::default(), 'f'), text('a'));
    let at = Location::new(&SourceFile::new("images.toml", ""), 0..0);
    let platform = imagelock_core::source::Spanned { value: "linux/arm64".parse().unwrap(), at };
    for before in ['a', 'd', 'e', 'f'] {
        let spell = Spell { platform: Some(platform.clone()), ..Spell::default() };
        assert_eq!(pin(spell, before), text('d'), "{before}");
    }
}
