use imagelock_adapter::RenderError;
use imagelock_core::source::Located as _;
use imagelock_scan::formats::{Bazel, Compose, Dockerfile, Values};

use super::*;
use crate::pinning::tests::Writes;
use crate::testing::digest;

/// Takes every digest away, where `@A` stands for one.
fn unpin(format: &dyn Format, text: &str) -> Result<Unpinned, Stuck> {
    let text = text.replace("@A", &format!("@{}", digest('a')));
    Unpinning { format, is_asked: &|_| true }.edit(&SourceFile::new("a", text))
}

#[test]
fn the_bytes_round_a_digest_stay_but_for_what_would_be_a_number() {
    for (before, after) in [
        ("services: {a: {image: 'postgres:16@A'}}\n", "services: {a: {image: 'postgres:16'}}\n"),
        ("services: {a: {image: postgres:16@A}} # c\n", "services: {a: {image: postgres:16}} # c\n"),
        ("services: {a: {image: 8080:80@A}}\n", "services: {a: {image: \"8080:80\"}}\n"),
        ("services: {a: {image: \"${I:-a:1@A}\"}}\n", "services: {a: {image: \"${I:-a:1}\"}}\n"),
    ] {
        assert_eq!(unpin(&Compose, before).unwrap().text, after);
    }
}

#[test]
fn only_the_digests_that_are_asked_for_are_taken_away() {
    let text = format!("FROM a:1@{0}\nFROM b:1@{0}\nFROM c:1\n", digest('a'));
    let is_asked = |found: &Reference| found.repository.familiar() == "b";
    let unpinned =
        Unpinning { format: &Dockerfile, is_asked: &is_asked }.edit(&SourceFile::new("a", text.clone())).unwrap();
    assert_eq!(unpinned.text, text.replace(&format!("b:1@{}", digest('a')), "b:1"));
    let places: Vec<String> = unpinned.places.iter().map(ToString::to_string).collect();
    assert_eq!((places, unpinned.kept.len()), (vec!["a:2:6".to_owned()], 0));
}

#[test]
fn a_digest_that_an_alias_repeats_goes_with_the_place_that_it_repeats() {
    let text = "services:\n  a: {image: &i a:1@A}\n  b: {image: *i}\n";
    let Unpinned { text: after, places, kept } = unpin(&Compose, text).unwrap();
    assert_eq!(after, text.replace("@A", ""));
    assert_eq!((places.len(), kept.len()), (1, 0));
}

#[test]
fn what_does_not_read_back_as_it_was_unpinned_is_refused() {
    let writes = Writes { reads: &Compose, writes: |_| Some("[".to_owned()) };
    let error = RenderError::from(unpin(&writes, "services: {a: {image: 8080:80@A}}\n").unwrap_err());
    assert_eq!(error.to_string(), "`a` would not read back as it was unpinned: mismatched bracket '[' closed by '}'");
    assert_eq!(error.labels()[0].at.to_string(), "a:1:23");
    let writes = Writes { reads: &Compose, writes: |_| Some("other".to_owned()) };
    let error = RenderError::from(unpin(&writes, "services: {a: {image: 8080:80@A}}\n").unwrap_err());
    assert!(error.to_string().ends_with("other places than the unpinned ones would change"), "{error}");
}

#[test]
fn a_digest_in_a_key_of_its_own_is_emptied_and_one_in_the_tag_is_cut() {
    for (before, after) in [
        ("image: {repository: a, tag: '1', digest: 'sha256:A'}\n", "image: {repository: a, tag: '1', digest: ''}\n"),
        ("image: {repository: a, tag: \"1@A\"}\n", "image: {repository: a, tag: \"1\"}\n"),
    ] {
        let before = before.replace("sha256:A", digest('a').as_str());
        assert_eq!(unpin(&Values, &before).unwrap().text, after);
    }
}

#[test]
fn a_digest_that_no_tag_may_stand_without_is_kept_and_told_with_the_reason() {
    let text = "container_pull(registry = \"docker.io\", repository = \"a/b\", tag = \"1\", digest = \"sha256:A\")\n"
        .replace("sha256:A", digest('a').as_str());
    let Unpinned { text: after, places, kept } = unpin(&Bazel, &text).unwrap();
    assert_eq!((after, places.len()), (text, 0));
    assert!(kept[0].reason.contains("keeps its digest: it takes the manifest of one platform"), "{}", kept[0].reason);
}
