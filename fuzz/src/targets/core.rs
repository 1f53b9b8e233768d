//! The parsers of `imagelock-core`: none of them fails on any bytes, and what they accept survives printing.

use std::sync::Arc;

use imagelock_core::conflict;
use imagelock_core::policy::{Rule, newest};
use imagelock_core::project::{EditError, NewImage, Source, add, remove};
use imagelock_core::seen::Ledger;
use imagelock_core::source::{Located, SourceFile};
use imagelock_core::{
    Created, Digest, Host, ImageName, Lockfile, Platform, Project, Reference, Repository, Tag, Wanted,
};

pub(super) fn text(data: &[u8]) -> &str {
    // The longest part that is text: most findings of a fuzzer are not text in their last byte only.
    let valid = |error: std::str::Utf8Error| std::str::from_utf8(&data[..error.valid_up_to()]);
    std::str::from_utf8(data).or_else(valid).unwrap_or_default()
}

fn assert_places(error: &dyn Located) {
    for label in error.labels() {
        let range = label.at.span.clone();
        assert!(label.at.file.text().get(range).is_some(), "{error}: {:?} is not in the text", label.at.span);
        assert!(!label.at.to_string().is_empty());
    }
    assert!(!error.to_string().is_empty() && error.help().iter().all(|help| !help.is_empty()));
}

/// References, and the types that they are made of.
pub(crate) fn reference(data: &[u8]) {
    let text = text(data);
    match text.parse::<Reference>() {
        Ok(reference) => {
            assert_eq!(reference.to_string().parse(), Ok(reference.clone()));
            assert_eq!(reference.familiar().parse(), Ok(reference));
        }
        Err(error) => assert!(text.get(error.at.clone()).is_some(), "{error}"),
    }
    if let Ok(repository) = text.parse::<Repository>() {
        assert_eq!(repository.to_string().parse(), Ok(repository));
    }
    if let Ok(host) = text.parse::<Host>() {
        assert_eq!(host.to_string().parse(), Ok(host.clone()));
        assert!(host.as_str().contains(host.name()));
    }
    if let Ok(tag) = text.parse::<Tag>() {
        assert_eq!(tag.as_str(), text);
    }
}

/// Digests, platforms, names and times.
pub(crate) fn digest(data: &[u8]) {
    let text = text(data);
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.as_str(), text);
        assert!(text.starts_with(digest.short()) && text.ends_with(digest.hex()));
    }
    if let Ok(platform) = text.parse::<Platform>() {
        assert_eq!(platform.to_string().parse(), Ok(platform.clone()));
        assert_eq!(Platform::new(platform.os(), platform.architecture(), platform.variant()), Ok(platform));
    }
    if let Ok(created) = text.parse::<Created>() {
        assert_eq!(created.to_string().parse(), Ok(created.clone()));
        assert_eq!(created.to_string().len(), "2026-11-12T08:31:02Z".len());
    }
    match text.parse::<ImageName>() {
        Ok(name) => assert_eq!(name.as_str(), text),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Project files: every place of every error is in the text.
pub(crate) fn project(data: &[u8]) {
    let file = SourceFile::new("images.toml", text(data));
    for source in
        [Source::ImagesToml(file.clone()), Source::WorkspaceManifest(file.clone()), Source::PackageManifest(file)]
    {
        if let Err(errors) = Project::parse(&[source], &["helm"]) {
            assert!(!errors.is_empty());
            for error in &errors {
                assert_places(error);
            }
        }
    }
}

/// Edits of project files: an added image is read as it was meant, the others stay, and it can be removed again.
pub(crate) fn edit(data: &[u8]) {
    let before = text(data);
    let read = |text: &str| Project::parse(&[Source::ImagesToml(SourceFile::new("images.toml", text))], &["helm"]).ok();
    let Some(was) = read(before) else { return };
    let (Ok(name), Ok(reference)) = ("a.added-one".parse::<ImageName>(), "redis:8".parse()) else { return };
    let wanted = Wanted::from_reference(reference);
    for platforms in [Vec::new(), "linux/amd64".parse().into_iter().collect::<Vec<Platform>>()] {
        let spelling = "redis:8".to_owned();
        let image = NewImage { name: name.clone(), wanted: wanted.clone(), platforms, spelling };
        let after = match add(before, &[], &image) {
            Ok(after) => after,
            Err(EditError::Exists(_)) => return,
            Err(error) => panic!("{error}"),
        };
        let is = read(&after).unwrap_or_else(|| panic!("not a project any more:\n{after}"));
        assert_eq!(is.images.len(), was.images.len() + 1);
        assert_eq!(is.images.get(&name).map(|declared| &declared.request.wanted), Some(&wanted));
        let removed = remove(&after, &[], &name).unwrap_or_else(|error| panic!("{error}\n{after}"));
        let again = read(&removed).unwrap_or_else(|| panic!("not a project any more:\n{removed}"));
        assert!(
            again
                .images
                .iter()
                .map(|(name, it)| (name, &it.request))
                .eq(was.images.iter().map(|(name, it)| (name, &it.request)))
        );
    }
}

/// Locks: what is read is written so that it is read the same, and the second writing changes nothing.
pub(crate) fn lockfile(data: &[u8]) {
    let file = SourceFile::new("images.lock", text(data));
    merged(&file);
    match Lockfile::parse(&file) {
        Ok(lock) => {
            let written = lock.encode();
            let again = Lockfile::parse(&SourceFile::new("images.lock", written.clone()));
            assert_eq!(again.as_ref().ok(), Some(&lock), "{again:?}");
            assert_eq!(lock.encode(), written);
        }
        Err(error) => assert_places(&error),
    }
}

/// What was seen: what is read is written so that it is read the same, and the lines in another order say no other thing.
pub(crate) fn seen(data: &[u8]) {
    match Ledger::parse(&SourceFile::new("images.seen", text(data))) {
        Ok(ledger) => {
            let written = ledger.encode();
            let again = Ledger::parse(&SourceFile::new("images.seen", written.clone()));
            assert_eq!(again.as_ref(), Ok(&ledger));
            assert!(written.lines().skip(1).is_sorted());
            let turned: String = written.lines().rev().flat_map(|line| [line, "\n"]).collect();
            assert_eq!(Ledger::parse(&SourceFile::new("images.seen", turned)), again);
            let mut twice = ledger.clone();
            twice.extend(&ledger);
            assert_eq!(twice, ledger);
        }
        Err(error) => assert_places(&error),
    }
}

/// A lock with the markers of a merge, by what its one side asks for: what both sides become is a lock that holds.
fn merged(file: &Arc<SourceFile>) {
    let ours = conflict::sides(file.text()).map(|sides| sides.ours.text).unwrap_or_default();
    let asked = Lockfile::parse(&SourceFile::new("images.lock", ours)).unwrap_or_default();
    match Lockfile::merge_sides(file, asked.images.iter().map(|(name, image)| (name, &image.request))) {
        Ok(None) => assert_eq!(conflict::first(file.text()), None),
        Ok(Some(merged)) => {
            let written = SourceFile::new("images.lock", merged.lockfile.encode());
            assert_eq!(Lockfile::parse(&written).as_ref().ok(), Some(&merged.lockfile));
            assert!(merged.lockfile.images.keys().all(|name| asked.images.contains_key(name)));
        }
        Err(error) => assert_places(&error),
    }
}

/// Version rules: the first three lines are the rule, the others are tags.
pub(crate) fn version(data: &[u8]) {
    let mut lines = text(data).lines();
    let mut part = || lines.next().filter(|line| !line.is_empty());
    let (version, pattern, select) = (part(), part(), part());
    let tags: Vec<Tag> = lines.filter_map(|line| line.parse().ok()).collect();
    assert!(newest(&tags, 3).len() <= 3);
    let Ok(rule) = Rule::new(version, pattern, select) else { return };
    let verdicts = rule.judge(&tags);
    assert_eq!(verdicts, rule.judge(tags.iter().rev()));
    let best = verdicts.first().filter(|best| best.judged.is_ok()).map(|best| best.tag);
    assert_eq!(best, rule.best(tags.iter().rev()));
    let parts = rule.parts().clone();
    assert_eq!(Rule::of(parts), Ok(rule));
}
