//! Two locks become one, whichever side is which.

use std::sync::Arc;

use proptest::prelude::*;

use super::tests::GOLDEN;
use super::*;
use crate::arbitrary;
use crate::source::SourceFile;

const D2: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
const D3: &str = "sha256:3333333333333333333333333333333333333333333333333333333333333333";

fn file(text: &str) -> Arc<SourceFile> {
    SourceFile::new("images.lock", text)
}

fn golden() -> Lockfile {
    Lockfile::parse(&file(GOLDEN)).unwrap()
}

/// The golden lock with its postgres changed.
fn with(change: impl Fn(&mut LockedImage)) -> Lockfile {
    let mut lock = golden();
    lock.images.entry("postgres".parse().unwrap()).and_modify(change);
    lock
}

fn moved(digest: &'static str) -> impl Fn(&mut LockedImage) {
    move |image| image.digest = digest.parse().unwrap()
}

fn asked(version: &'static str) -> impl Fn(&mut LockedImage) {
    move |image| {
        let written = serde_json::to_string(&image.request).unwrap();
        image.request = serde_json::from_str(&written.replace("\"16\"", &format!("\"{version}\""))).unwrap();
        image.digest = D3.parse().unwrap();
    }
}

fn without(lock: &Lockfile, name: &str) -> Lockfile {
    let mut lock = lock.clone();
    lock.images.remove(name).unwrap();
    lock
}

fn renamed(name: &str) -> Lockfile {
    let mut lock = golden();
    lock.images.insert(name.parse().unwrap(), lock.images["static"].clone());
    lock
}

/// Merges both ways, which must not make a difference.
#[track_caller]
fn merge(base: &Lockfile, ours: &Lockfile, theirs: &Lockfile) -> Merged {
    let merged = Lockfile::merge(base, ours, theirs);
    let turned = Lockfile::merge(base, theirs, ours);
    assert_eq!((&merged.lockfile, merged.taken), (&turned.lockfile, turned.taken));
    assert_eq!(merged.clashes.len(), turned.clashes.len());
    assert!(merged.unclear.is_empty());
    merged
}

/// Merges what a file with markers has, by the requests of `asked`.
#[track_caller]
fn sides(text: &str, asked: &Lockfile) -> Merged {
    let asked = asked.images.iter().map(|(name, image)| (name, &image.request));
    Lockfile::merge_sides(&file(text), asked).unwrap().unwrap()
}

#[test]
fn each_side_brings_what_it_changed() {
    let (added, updated) = (renamed("added"), with(moved(D2)));
    let merged = merge(&golden(), &added, &updated);
    assert_eq!((merged.taken, merged.clashes.len()), (2, 0));
    assert_eq!(
        merged.lockfile.images.keys().map(ImageName::as_str).collect::<Vec<_>>(),
        ["added", "postgres", "static", "tools"]
    );
    assert_eq!(merged.lockfile.images["postgres"].digest.to_string(), D2);

    let merged = merge(&golden(), &without(&golden(), "tools"), &without(&updated, "static"));
    assert_eq!(merged.lockfile.images.keys().map(ImageName::as_str).collect::<Vec<_>>(), ["postgres"]);
    assert_eq!(merge(&golden(), &updated, &updated).lockfile, updated);
    assert_eq!(merge(&Lockfile::default(), &golden(), &added).lockfile, added);
}

#[test]
fn what_is_asked_for_counts_before_an_answer_to_what_was() {
    let merged = merge(&golden(), &with(asked("17")), &with(moved(D2)));
    assert_eq!((merged.lockfile, merged.clashes), (with(asked("17")), Vec::new()));
    let merged = merge(&golden(), &without(&golden(), "postgres"), &with(moved(D2)));
    assert_eq!((merged.lockfile, merged.clashes), (without(&golden(), "postgres"), Vec::new()));
}

#[test]
fn two_answers_or_two_requests_clash() {
    let clash = |ours: &Lockfile, theirs: &Lockfile| {
        let merged = merge(&golden(), ours, theirs);
        assert_eq!(merged.clashes.len(), 1);
        assert_eq!(merged.lockfile, without(&golden(), "postgres"));
    };
    clash(&with(moved(D2)), &with(moved(D3)));
    clash(&with(asked("17")), &with(asked("18")));
    clash(&with(asked("17")), &without(&golden(), "postgres"));
    let told = with(|image| image.version = None);
    assert_eq!(merge(&Lockfile::default(), &golden(), &told).lockfile, golden(), "the one that tells more");
}

#[test]
fn a_clash_is_written_between_markers_image_by_image() {
    let (ours, theirs) = (with(moved(D2)), with(moved(D3)));
    let text = merge(&golden(), &ours, &theirs).marked();
    assert_eq!(text.matches("<<<<<<< ours\n    \"postgres\": {\n").count(), 1, "{text}");
    assert_eq!(text.matches(">>>>>>> theirs\n    \"static\": {\n").count(), 1, "{text}");
    let merged = sides(&text, &golden());
    assert_eq!(merged.lockfile, without(&golden(), "postgres"));
    assert_eq!(merged.clashes[0].ours.as_ref(), ours.images.get("postgres"));
    assert_eq!(merged.clashes[0].theirs.as_ref(), theirs.images.get("postgres"));
    assert_eq!(merged.labels, ["ours", "theirs"]);
}

#[test]
fn of_two_sides_the_one_that_fits_what_is_asked_for_is_taken() {
    let (ours, theirs) = (with(asked("17")), with(asked("18")));
    let text = merge(&golden(), &ours, &theirs).marked();
    for side in [&ours, &theirs] {
        // The tag of neither fits its rule, so that both would be refused.
        assert!(!sides(&text, side).lockfile.images.contains_key("postgres"));
    }
    let tag = |tag: &'static str| move |image: &mut LockedImage| image.tag = Some(tag.parse().unwrap());
    let both = |version, name| {
        with(move |image| {
            asked(version)(image);
            tag(name)(image);
        })
    };
    let (ours, theirs) = (both("17", "17.1-alpine"), both("18", "18.0-alpine"));
    let text = merge(&golden(), &ours, &theirs).marked();
    for side in [&ours, &theirs] {
        let merged = sides(&text, side);
        assert_eq!((&merged.lockfile, merged.taken), (side, 1));
    }
}

#[test]
fn lines_that_may_be_from_either_side_are_read_again() {
    let hunk = |base: &str| {
        let line = |version: &str| format!("      \"version\": \"{version}\"\n");
        let hunk = format!("<<<<<<< HEAD\n{}{base}=======\n{}>>>>>>> main\n", line("16.9"), line("16.8"));
        assert!(GOLDEN.contains(&line("16.9")));
        GOLDEN.replace(&line("16.9"), &hunk)
    };
    let merged = sides(&hunk(""), &golden());
    assert_eq!(merged.lockfile, without(&golden(), "postgres"));
    let known = &merged.unclear["postgres"];
    assert_eq!(known.digest, golden().images["postgres"].digest);
    assert_eq!(known.tag.as_ref().map(Tag::as_str), Some("16.9-alpine"));
    assert_eq!(merged.labels, ["HEAD", "main"]);

    let merged = sides(&hunk("||||||| 0c2d1f3\n      \"version\": \"16.8\"\n"), &golden());
    assert_eq!((merged.lockfile, merged.unclear.len(), merged.taken), (golden(), 0, 1), "only one side changed it");
    let merged = sides(&hunk("||||||| 0c2d1f3\n      \"version\": \"16.9\"\n"), &golden());
    assert_eq!(merged.lockfile.images["postgres"].version.as_deref(), Some("16.8"));
}

#[test]
fn an_image_of_one_side_is_taken_if_it_is_asked_for() {
    let text = conflict_of(&renamed("added"), &renamed("another"));
    let asked = renamed("added");
    assert_eq!(sides(&text, &asked).lockfile, asked);
    let mut both = renamed("another");
    both.images.extend(asked.images);
    let merged = sides(&text, &both);
    assert_eq!((merged.lockfile, merged.taken), (both, 2));
}

/// Both locks between markers, whole.
fn conflict_of(ours: &Lockfile, theirs: &Lockfile) -> String {
    crate::conflict::marked(&ours.encode(), &theirs.encode())
}

#[test]
fn what_is_no_conflict_of_two_locks_is_told() {
    assert!(Lockfile::merge_sides(&file(GOLDEN), []).unwrap().is_none());
    let refused = |text: &str| Lockfile::merge_sides(&file(text), []).unwrap_err().to_string();
    let start = "images.lock has conflict markers, and its sides cannot be merged: ";
    assert_eq!(refused("<<<<<<< HEAD\n"), format!("{start}a marker is missing"));
    let broken = refused("<<<<<<< HEAD\n{\n=======\n}\n>>>>>>> main\n");
    assert!(broken.starts_with(&format!("{start}on the one side, images.lock is not a lock: ")), "{broken}");
    let newer = refused(&crate::conflict::marked(GOLDEN, "{\"images\": {}, \"version\": 3}\n"));
    assert!(newer.contains("on the other side, images.lock has version 3"), "{newer}");
}

proptest! {
    #[test]
    fn whatever_clashes_is_found_again_between_its_markers(
        base in arbitrary::lockfile(),
        ours in arbitrary::lockfile(),
        theirs in arbitrary::lockfile(),
    ) {
        let merged = merge(&base, &ours, &theirs);
        for lock in [&base, &ours, &theirs] {
            prop_assert_eq!(&Lockfile::merge(&base, lock, &base).lockfile, lock);
            prop_assert_eq!(&Lockfile::merge(&base, lock, lock).lockfile, lock);
        }
        if merged.clashes.is_empty() {
            return Ok(());
        }
        let text = merged.marked();
        let found = crate::conflict::sides(&text).unwrap();
        let images = |side: fn(&Clash) -> &Option<LockedImage>| {
            let mut lock = merged.lockfile.clone();
            lock.images.extend(merged.clashes.iter().filter_map(|clash| Some((clash.name.clone(), side(clash).clone()?))));
            lock.encode()
        };
        prop_assert_eq!(found.ours.text, images(|clash| &clash.ours));
        prop_assert_eq!(found.theirs.text, images(|clash| &clash.theirs));
    }
}
