//! What holds for all formats at once: the rule, markers, and that only the places that are meant change.

use std::ops::Range;
use std::sync::Arc;

use imagelock_adapter::RenderError;
use imagelock_core::Lockfile;
use imagelock_core::project::Built;
use imagelock_core::source::{Located as _, SourceFile};
use imagelock_scan::formats::{self, Compose, Dockerfile, Earthfile, Hcl, Manifests, Plain, Words};
use imagelock_scan::{FORMATS, Format, Room, Says, Site};
use proptest::prelude::*;

use super::*;
use crate::testing::{self, digest, lock, rule, with_context};

fn locked() -> Lockfile {
    let lock = lock(&[("db", "postgres:16.9-alpine", 'a'), ("web", "ghcr.io/acme/web:1.10", 'b')]);
    rule(lock, "db", Some("16"), Some(r"^(?<version>\d+\.\d+)-alpine$"))
}

fn edit(format: &dyn Format, text: &str) -> Result<Edited, String> {
    with_context(&locked(), |context| {
        let built = Built::new(["ghcr.io/acme/own-*".parse().unwrap()]);
        let context = imagelock_adapter::Context { built: &built, ..*context };
        let (images, spell) = (Matcher::new(&context, None).unwrap(), Spell::default());
        let pinning = Pinning { format, images: &images, spell: &spell, context: &context };
        pinning.edit(&SourceFile::new("a", text)).map_err(RenderError::from).map_err(|error| {
            let at = error.labels().first().map(|label| label.at.to_string()).unwrap_or_default();
            format!("{at} {error}")
        })
    })
}

/// What each place says for an image, in every format that has certain places.
type Door = (&'static dyn Format, fn(&str) -> String);
const DOORS: &[Door] = &[
    (&Dockerfile, |image| format!("FROM {image} AS x\n")),
    (&Dockerfile, |image| format!("ARG X={image}\nFROM $X\n")),
    (&Dockerfile, |image| format!("FROM scratch\nCOPY --from={image} /a /a\n")),
    (&Earthfile, |image| format!("FROM {image}\n")),
    (&Earthfile, |image| format!("t:\n  WITH DOCKER --pull {image}\n")),
    (&Compose, |image| format!("services:\n  a:\n    image: {image}\n")),
    (&Compose, |image| format!("services: {{a: {{image: \"${{I:-{image}}}\"}}}}\n")),
    (&Manifests { paths: Vec::new() }, |image| {
        format!("apiVersion: v1\nkind: Pod\nspec: {{containers: [{{image: '{image}'}}]}}\n")
    }),
    (&Manifests { paths: Vec::new() }, |image| format!("apiVersion: v1\nkind: Pod\nspec:\n  image: \"{image}\"\n")),
];

#[test]
fn the_rule_is_the_same_at_every_door() {
    let (old, new) = (digest('c'), digest('a'));
    let pinned = |name: &str| Some(format!("{name}:16.9-alpine@{new}"));
    for (written, expected) in [
        ("postgres:16.9-alpine".to_owned(), pinned("postgres")),
        ("docker.io/library/postgres:16.9-alpine".to_owned(), pinned("docker.io/library/postgres")),
        ("postgres:16.8-alpine".to_owned(), pinned("postgres")),
        (format!("postgres:16.8-alpine@{old}"), pinned("postgres")),
        (format!("postgres@{old}"), pinned("postgres")),
        (format!("postgres:15@{new}"), pinned("postgres")),
        (format!("postgres:15.8-alpine@{old}"), None),
        ("postgres:16.8".to_owned(), None),
        ("postgres".to_owned(), None),
        ("redis:8".to_owned(), None),
        ("ghcr.io/acme/own-web:1".to_owned(), None),
    ] {
        for (format, text) in DOORS {
            let edited = edit(*format, &text(&written)).unwrap();
            assert_eq!(edited.text, text(expected.as_deref().unwrap_or(&written)), "{}", format.id());
            assert_eq!(edited.uses.len(), usize::from(expected.is_some()), "{} {written}", format.id());
            let told = usize::from(expected.is_none() && !written.contains("own-"));
            assert_eq!(edited.kept.len(), told, "{} {written}", format.id());
        }
    }
}

#[test]
fn a_tag_that_changes_is_told_and_one_that_stays_is_not() {
    let moved = |text: &str| edit(&Dockerfile, text).unwrap().uses[0].moved.clone();
    assert_eq!(moved("FROM postgres:16.8-alpine\n"), Some(("16.8-alpine".to_owned(), "16.9-alpine".to_owned())));
    assert_eq!(moved("FROM postgres:16.9-alpine\n"), None);
    assert_eq!(moved(&format!("FROM postgres@{}\n", digest('c'))), None);
}

#[test]
fn a_marker_is_about_one_place_at_the_end_of_its_line_or_on_the_next() {
    let (db, web) = (format!("16.9-alpine@{}", digest('a')), format!("ghcr.io/acme/web:1.10@{}", digest('b')));
    let manifests = &Manifests::default();
    let cases: &[(&dyn Format, &str, String)] = &[
        (&Dockerfile, "# imagelock: db\nFROM postgres:15\n", format!("# imagelock: db\nFROM postgres:{db}\n")),
        (&Earthfile, "FROM x:1 # imagelock: web\n", format!("FROM {web} # imagelock: web\n")),
        (
            &Earthfile,
            "t:\n  # imagelock: db\n  RUN run postgres:15 x:1\n",
            format!("t:\n  # imagelock: db\n  RUN run postgres:{db} x:1\n"),
        ),
        (&Earthfile, "ARG T=15 # imagelock: db:tag\n", "ARG T=16.9-alpine # imagelock: db:tag\n".to_owned()),
        (manifests, "image: x # imagelock: web\n", format!("image: {web} # imagelock: web\n")),
        (manifests, "# imagelock: web\nimage: x\n", format!("# imagelock: web\nimage: {web}\n")),
        (&Hcl, "a = \"x\" # imagelock: web\n", format!("a = \"{web}\" # imagelock: web\n")),
        (&Hcl, "// imagelock: db:tag\na = \"15\"\n", "// imagelock: db:tag\na = \"16.9-alpine\"\n".to_owned()),
        (
            &Plain { words: Words::Text },
            "f('x:1'); /* imagelock: web */\n",
            format!("f('{web}'); /* imagelock: web */\n"),
        ),
        (
            &Plain { words: Words::Yaml },
            "- \"x=15\"\n- TAG=15 # imagelock: db:tag\n",
            "- \"x=15\"\n- TAG=16.9-alpine # imagelock: db:tag\n".to_owned(),
        ),
        (
            &Plain { words: Words::Yaml },
            "command: [\"run\", \"--image=x:1\"] # imagelock: web\n",
            format!("command: [\"run\", \"--image={web}\"] # imagelock: web\n"),
        ),
        (
            &Plain { words: Words::Text },
            "sha = \"\" # imagelock: web:hex\n",
            format!("sha = \"{}\" # imagelock: web:hex\n", digest('b').hex()),
        ),
        (
            &Plain { words: Words::Text },
            "uses: docker://x:1 # imagelock: web\n",
            format!("uses: docker://{web} # imagelock: web\n"),
        ),
    ];
    for (format, before, after) in cases {
        assert_eq!(edit(*format, before).unwrap().text, *after);
        assert_eq!(edit(*format, after).unwrap().text, *after, "a second time");
    }
}

#[test]
fn a_line_that_is_to_be_left_alone_is_neither_pinned_nor_told_of() {
    let cases: [(&dyn imagelock_scan::Format, &str); 3] = [
        (&Dockerfile, "# imagelock: ignore (old on purpose)\nFROM postgres:16.8-alpine\n"),
        (&Manifests { paths: Vec::new() }, "apiVersion: v1\nkind: Pod\nspec: {image: redis:8} # imagelock: ignore\n"),
        (&Plain { words: Words::Text }, "x postgres:1 # imagelock: ignore\n"),
    ];
    for (format, text) in cases {
        let edited = edit(format, text).unwrap();
        assert_eq!((edited.text.as_str(), edited.uses.len(), edited.kept.len()), (text, 0, 0));
    }
}

#[test]
fn a_marker_that_is_about_no_place_or_about_several_is_an_error() {
    let manifests = &Manifests::default();
    let cases: &[(&dyn Format, &str, &str)] = &[
        (&Dockerfile, "# imagelock: db\n\nFROM postgres:15\n", "a:1:14 the marker of `db` stands at no reference"),
        (&Dockerfile, "# imagelock: dbb\nFROM postgres:15\n", "a:1:14 there is no image `dbb` in images.lock"),
        (&Dockerfile, "# imagelock: db\n# imagelock: db\nFROM x\n", "a:1:14 the marker of `db` stands at no reference"),
        (
            &Dockerfile,
            "# imagelock: db:tag\nFROM x\n",
            "a:1:14 an image stands here whole: its tag alone cannot be written",
        ),
        (&Earthfile, "FROM $X # imagelock: db\n", "a:1:22 the marker of `db` stands at no reference"),
        (
            &Earthfile,
            "WITH DOCKER --pull a:1 --pull b:1 # imagelock: db\n",
            "a:1:48 the marker of `db` stands at several places",
        ),
        (
            manifests,
            "spec: [{image: x:1}, {image: y:2}] # imagelock: db\n",
            "a:1:49 the marker of `db` stands at several places",
        ),
        (manifests, "image: x:1\nother: y # imagelock: db\n", "a:2:23 the marker of `db` stands at no reference"),
        (manifests, "# imagelock: db\nimage: x # imagelock: web\n", "a:2:23 two markers are about one place"),
        (&Hcl, "a = [\"x\", \"y\"] # imagelock: web\n", "a:1:29 the marker of `web` stands at several places"),
        (&Hcl, "a = \"${b}/x\" # imagelock: web\n", "a:1:27 the marker of `web` stands at no reference"),
        (&Hcl, "a = \"x\" # imagelock: web:version\n", "a:1:22 a marker cannot name the part `version` of an image"),
        (&Plain { words: Words::Text }, "a: b/c # imagelock: web # imagelock: db\n", "a:1:38 a line has one marker"),
        (
            &Plain { words: Words::Text },
            "let x = compute(Y); # imagelock: web\n",
            "a:1:34 the marker of `web` stands at no reference",
        ),
        (
            &Plain { words: Words::Text },
            "\"acme/a:1\", \"acme/b:1\" # imagelock: web\n",
            "a:1:37 the marker of `web` stands at several places",
        ),
    ];
    for (format, text, expected) in cases {
        assert_eq!(edit(*format, text).unwrap_err(), *expected, "{text}");
    }
}

#[test]
fn an_alias_follows_the_place_that_it_repeats_or_is_told() {
    let pod = "apiVersion: v1\nkind: Pod\nx: &x postgres:16.8-alpine\nspec:\n- image: &i postgres:16.8-alpine\n- image: *i\n- image: *x\n";
    let edited = edit(&Manifests::default(), pod).unwrap();
    let pin = format!("&i postgres:16.9-alpine@{}", digest('a'));
    assert_eq!(edited.text, pod.replace("&i postgres:16.8-alpine", &pin));
    let kept: Vec<String> = edited.kept.iter().map(|left| format!("{} {}", left.at, left.reason)).collect();
    assert_eq!(
        kept,
        ["a:7:10 Pod: `postgres:16.8-alpine` cannot be pinned in this place: write the reference out here"]
    );
}

/// A format's seed for the fuzzer is the sample of its texts: a format without one fails.
fn seed(format: &dyn Format) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/files/").to_owned() + format.id();
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The bytes of a place; where keys hold it together, those of every part, and where a digest is or goes.
fn spans(site: &Site) -> Vec<Range<usize>> {
    let Says::Parts { parts, .. } = &site.says else { return vec![site.span().clone()] };
    let pieces = [&parts.registry, &parts.repository, &parts.tag].into_iter().flatten();
    let digest = match &parts.room {
        Room::Key { at, .. } => Some(at.clone()),
        _ => parts.digest.as_ref().map(|digest| digest.span.clone()),
    };
    pieces.map(|piece| piece.span.clone()).chain(digest).collect()
}

/// Nothing but the bytes of places changes, and reading again gives what was written, with nothing left to do.
fn only_places_change(format: &dyn Format, text: &str) -> Result<(), TestCaseError> {
    let Ok(edited) = edit(format, text) else { return Ok(()) };
    let (before, after) = (format.read(text).unwrap(), format.read(&edited.text).unwrap());
    prop_assert_eq!(before.sites.len(), after.sites.len());
    let outside = |text: &str, parsed: &imagelock_scan::Parsed| {
        let mut spans: Vec<_> = parsed.sites.iter().flat_map(spans).collect();
        spans.sort_by_key(|span| span.start);
        let (mut outside, mut at) = (String::new(), 0);
        for span in spans {
            outside.push_str(&text[at..span.start]);
            outside.push('\u{0}');
            at = span.end;
        }
        outside + &text[at..]
    };
    prop_assert_eq!(outside(text, &before), outside(&edited.text, &after), "{}", format.id());
    let again = edit(format, &edited.text).map_err(|error| TestCaseError::fail(format!("{error}\n{}", edited.text)))?;
    prop_assert_eq!(&again.text, &edited.text, "{}", format.id());
    prop_assert!(again.uses.iter().all(|used| used.moved.is_none()));
    // Every pin can be taken back, or is told of.
    let is_asked = |found: &imagelock_core::Reference| found.digest.is_some();
    let unpinning = Unpinning { format, is_asked: &is_asked };
    let back = unpinning.edit(&SourceFile::new("a", edited.text.as_str()));
    let back = back.map_err(|stuck| TestCaseError::fail(format!("{stuck:?}\n{}", edited.text)))?;
    let asked = after.sites.iter().filter(|site| site.names_an_image() && site.reference().is_some_and(is_asked));
    prop_assert!(back.places.len() + back.kept.len() <= asked.count());
    Ok(())
}

#[test]
fn only_places_change_and_a_second_run_changes_nothing() {
    for format in FORMATS {
        let (id, seed) = (format.id(), seed(*format));
        let edited = edit(*format, &seed).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert!(edited.text != seed, "the seed of `{id}` has nothing to pin");
        let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
        proptest::test_runner::TestRunner::new(config)
            .run(&testing::texts(&seed), |text| only_places_change(*format, &text))
            .unwrap_or_else(|error| panic!("{id}: {error}"));
    }
}

/// What is written for an image in parts, with `@A` for its digest; and what unpinning makes of that.
#[test]
fn an_image_in_parts_is_written_as_its_format_takes_it_and_taken_back() {
    let values: &dyn Format = &formats::Values;
    let cases: &[(&dyn Format, &str, &str)] = &[
        (
            &formats::KUSTOMIZE,
            "images:\n- name: postgres\n  newTag: 16.9-alpine # c\n",
            "images:\n- name: postgres\n  newTag: 16.9-alpine # c\n  digest: @A\n",
        ),
        (
            &formats::KUSTOMIZE,
            "images:\r\n  - newTag: \"16.9-alpine\"\r\n    name: postgres\r\n",
            "images:\r\n  - newTag: \"16.9-alpine\"\r\n    digest: \"@A\"\r\n    name: postgres\r\n",
        ),
        (
            &formats::KUSTOMIZE,
            "images: [{name: postgres, newTag: 16.9-alpine}]",
            "images: [{name: postgres, newTag: 16.9-alpine, digest: @A}]",
        ),
        (
            &formats::KUSTOMIZE,
            "images:\n- name: x\n  newName: postgres\n  newTag: '16.9-alpine'",
            "images:\n- name: x\n  newName: postgres\n  newTag: '16.9-alpine'\n  digest: '@A'",
        ),
        (
            values,
            "image:\n  repository: postgres\n  tag: 16.9-alpine\n  digest: \"\"\n",
            "image:\n  repository: postgres\n  tag: 16.9-alpine\n  digest: \"@A\"\n",
        ),
        (
            values,
            "image: {registry: docker.io, repository: library/postgres, tag: 16.9-alpine, digest: '', useDigest: true}\n",
            "image: {registry: docker.io, repository: library/postgres, tag: 16.9-alpine, digest: '@A', useDigest: true}\n",
        ),
        (
            &formats::Bazel,
            "oci.pull(\n    name = \"a\",\n    image = \"postgres\",  # c\n    tag = \"16.9-alpine\",\n)\n",
            "oci.pull(\n    name = \"a\",\n    image = \"postgres\",  # c\n    tag = \"16.9-alpine\",\n    digest = \"@A\",\n)\n",
        ),
        (
            &formats::Bazel,
            "oci.pull(name = 'a', tag = '16.9-alpine', image = 'postgres')",
            "oci.pull(name = 'a', tag = '16.9-alpine', digest = '@A', image = 'postgres')",
        ),
        (
            &formats::Resources,
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nspec:\n  url: oci://docker.io/library/postgres\n  ref:\n    tag: 16.9-alpine\n",
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nspec:\n  url: oci://docker.io/library/postgres\n  ref:\n    tag: 16.9-alpine\n    digest: @A\n",
        ),
    ];
    let pin = digest('a');
    for (format, before, after) in cases {
        let after = after.replace("@A", pin.as_str());
        let edited = edit(*format, before).unwrap();
        assert_eq!((edited.text.as_str(), edited.kept), (after.as_str(), Vec::new()));
        let unpinning = Unpinning { format: *format, is_asked: &|_| true };
        let unpinned = unpinning.edit(&SourceFile::new("a", after)).unwrap();
        assert_eq!((unpinned.text.as_str(), unpinned.places.len()), (*before, 1));
    }
}

#[test]
fn parts_follow_the_lock_in_the_form_that_they_have() {
    let (old, new) = (digest('c'), digest('a'));
    let values: &dyn Format = &formats::Values;
    for (format, before) in [
        (values, "image: {repository: postgres, tag: 16.8-alpine, sha: OLDHEX}\n"),
        (values, "image: {repository: postgres, tag: 16.8-alpine, sha: 'OLD'}\n"),
        (values, "image: {repository: postgres, tag: \"16.8-alpine@OLD\"}\n"),
        (&formats::KUSTOMIZE, "images:\n- digest: OLD\n  name: postgres\n  newTag: 16.8-alpine\n"),
        (&formats::Bazel, "oci.pull(digest = \"OLD\", image = \"postgres\", tag = \"16.8-alpine\")\n"),
    ] {
        let text = |tag: &str, digest: &imagelock_core::Digest| {
            let text = before.replace("OLDHEX", digest.hex()).replace("OLD", digest.as_str());
            text.replace("16.8-alpine", tag)
        };
        let edited = edit(format, &text("16.8-alpine", &old)).unwrap();
        assert_eq!(edited.text, text("16.9-alpine", &new));
        assert_eq!(edited.uses[0].moved, Some(("16.8-alpine".to_owned(), "16.9-alpine".to_owned())));
    }
}

#[test]
fn parts_that_no_digest_can_be_written_to_are_told_with_the_way_on() {
    let values: &dyn Format = &formats::Values;
    for (format, text, told) in [
        (values, "image: {repository: postgres, tag: 16.9-alpine}\n", "`[[helm]]` writes it in that shape"),
        (values, "image: postgres\ntag: 16.9-alpine\n", "`[[helm]]` writes it in that shape"),
        (values, "image: {repository: postgres, tag: 16.9-alpine, sha: ''}\n", "`[[helm]]` writes it in that shape"),
        (values, "image: {repository: postgres, tag: 16.9-alpine, digest: '', useDigest: false}\n", "`[[helm]]`"),
        (&formats::KUSTOMIZE, "images:\n- name: x\n  newName: ghcr.io/acme/web\n", "not in images.lock"),
        (
            &formats::Bazel,
            "container_pull(registry = \"docker.io\", repository = \"library/postgres\", tag = \"16.9-alpine\")\n",
            "`oci.pull`",
        ),
        (&formats::ANSIBLE, "- docker_image: {name: postgres, tag: 16.9-alpine}\n", "whole reference in `name`"),
    ] {
        let edited = edit(format, text).unwrap();
        assert_eq!((edited.text.as_str(), edited.uses.len()), (text, 0));
        assert!(edited.kept[0].reason.contains(told), "{}", edited.kept[0].reason);
    }
}

#[test]
fn a_marker_says_which_image_parts_are() {
    let text = "image:\n  # imagelock: db\n  repository: postgres\n  tag: 15\n  digest: ''\n";
    let edited = edit(&formats::Values, text).unwrap();
    assert_eq!(edited.text, text.replace("15", "16.9-alpine").replace("''", &format!("'{}'", digest('a'))));
}

#[test]
fn a_digest_without_a_tag_is_not_taken_away() {
    let unpinned = |text: &str| {
        let unpinning = Unpinning { format: &Dockerfile, is_asked: &|_| true };
        unpinning.edit(&SourceFile::new("a", text.replace("@A", &format!("@{}", digest('a'))))).unwrap()
    };
    let Unpinned { text, places, kept } =
        unpinned("FROM a:1@A\nFROM b@A\n# imagelock: ignore\nFROM c:1@A\nARG D=d:1@A\nRUN e:1@A\n");
    assert!(text.starts_with("FROM a:1\nFROM b@sha256:") && text.contains("\nARG D=d:1\n"), "{text}");
    assert!(text.contains("FROM c:1@sha256:") && text.contains("RUN e:1@sha256:"), "{text}");
    assert_eq!((places.len(), kept.len()), (2, 1));
    assert!(kept[0].reason.contains("it has no tag"), "{}", kept[0].reason);
}

#[test]
fn a_location_of_a_use_is_in_the_text_of_before() {
    let edited = edit(&Dockerfile, "FROM postgres:16.8-alpine\nFROM ghcr.io/acme/web:1.10\n").unwrap();
    let at: Vec<String> = edited.uses.iter().filter_map(|used| used.at.as_ref().map(ToString::to_string)).collect();
    assert_eq!(at, ["a:1:6", "a:2:6"]);
    let _: &Arc<SourceFile> = &edited.uses[0].at.as_ref().unwrap().file;
}
