//! Which locked image a written reference means: the one answer for all files and all commands.
//!
//! Beside a marker, which decides, a reference means a locked image when one of these holds, in this order:
//!
//! 1. its repository is that image's, as locked or as `rewrite` writes it, and its tag is the locked tag; no tag and no
//!    digest is the tag `latest`;
//! 2. its repository is that image's, and its digest is the locked one;
//! 3. its repository is that image's, and its tag is one that the image's request could have chosen;
//! 4. it has a digest and no tag, and its repository is locked once.
//!
//! So a pin of before follows a rule for `16` from `16.8` to `16.9`, and `redis:6.2` never becomes `redis:8`. What fits
//! two images with different digests is ambiguous. What the project file calls `built` means none.

use std::collections::BTreeMap;

use imagelock_adapter::{Context, Pinned, RenderError};
use imagelock_core::project::Built;
use imagelock_core::source::Spanned;
use imagelock_core::{ImageName, Reference, Repository, Tag};

/// The images of a target by the repositories they are written with.
pub struct Matcher<'a> {
    images: BTreeMap<Repository, Vec<Pinned<'a>>>,
    built: &'a Built,
}

/// What a written reference means.
#[derive(Debug, PartialEq, Eq)]
pub enum Choice<'m, 'a> {
    /// This image.
    Pin(&'m Pinned<'a>),
    /// None, and why.
    Keep(Kept),
}

/// Why a place stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Its repository is not locked.
    NotLocked,
    /// Its repository is locked with these other tags.
    OtherTags(Vec<Known>),
    /// It means one of these, and nothing tells which.
    Ambiguous(Vec<Known>),
    /// The repository builds it.
    Built,
    /// A variable or a template decides.
    Open,
    /// It is no reference, for this reason.
    NotAReference(String),
    /// It cannot be written where it stands: an alias, a text with escapes.
    Unwritable,
    /// It stands in parts, and no digest can be written to them, for this reason.
    Apart(&'static str),
}

/// A locked image by its name, and its tag where it has one.
pub type Known = (ImageName, Option<Tag>);

impl<'a> Matcher<'a> {
    /// Sorts the images that a target takes: those in `named`, or all.
    pub fn new(context: &Context<'a>, named: Option<&[Spanned<ImageName>]>) -> Result<Self, RenderError> {
        let mut images: BTreeMap<Repository, Vec<Pinned<'a>>> = BTreeMap::new();
        for image in context.images(named)? {
            // What was rendered once carries the repository that stands in the other's place.
            let canonical = image.image.repository().filter(|canonical| **canonical != image.repository).cloned();
            images.entry(image.repository.clone()).or_default().push(image.clone());
            if let Some(canonical) = canonical {
                images.entry(canonical).or_default().push(image);
            }
        }
        Ok(Self { images, built: context.built })
    }

    /// The image that `reference` means.
    pub fn choose(&self, reference: &Reference) -> Choice<'_, 'a> {
        let Reference { repository, tag, digest } = reference;
        if self.built.names(repository) {
            return Choice::Keep(Kept::Built);
        }
        let Some(images) = self.images.get(repository) else { return Choice::Keep(Kept::NotLocked) };
        let latest = Tag::latest();
        let tag = tag.as_ref().or_else(|| digest.is_none().then_some(&latest));
        let rules: [&dyn Fn(&Pinned<'a>) -> bool; 4] = [
            &|image| tag.is_some() && image.tag() == tag,
            &|image| digest.as_ref().is_some_and(|digest| image.image.has(digest)),
            &|image| tag.is_some_and(|tag| image.image.request.wanted.admits(tag)),
            &|_| tag.is_none(),
        ];
        for rule in rules {
            let fits: Vec<&Pinned<'a>> = images.iter().filter(|image| rule(image)).collect();
            let Some(&first) = fits.first() else { continue };
            if fits.iter().all(|image| image.digest() == first.digest()) {
                return Choice::Pin(first);
            }
            let written = fits.iter().find(|image| digest.as_ref().is_some_and(|digest| image.image.has(digest)));
            return written.map_or_else(|| Choice::Keep(Kept::Ambiguous(known(&fits))), |&image| Choice::Pin(image));
        }
        Choice::Keep(Kept::OtherTags(known(&images.iter().collect::<Vec<_>>())))
    }
}

fn known(images: &[&Pinned<'_>]) -> Vec<Known> {
    images.iter().map(|image| (image.name.clone(), image.tag().cloned())).collect()
}

impl Kept {
    /// Why the place that says `text` stays, in one line; nothing where there is nothing to tell.
    pub fn tell(&self, text: &str) -> Option<String> {
        Some(match self {
            Self::Built => return None,
            Self::NotLocked => format!("`{text}` is not in images.lock"),
            Self::OtherTags(known) => format!("`{text}` is not in images.lock, which has {}", named(known)),
            Self::Ambiguous(known) => {
                format!("`{text}` may be {}: say which, with `imagelock: NAME` in a comment", named(known))
            }
            Self::Open => format!("`{text}` is decided by a variable"),
            Self::NotAReference(_) if text.trim().is_empty() => "there is no image here".to_owned(),
            Self::NotAReference(reason) => format!("`{text}` is not pinned: {reason}"),
            Self::Unwritable => format!("`{text}` cannot be pinned in this place: write the reference out here"),
            Self::Apart(reason) => format!("`{text}` is not pinned: {reason}"),
        })
    }
}

fn named(known: &[Known]) -> String {
    let named = known.iter().map(|(name, tag)| match tag {
        Some(tag) => format!("`{name}` ({tag})"),
        None => format!("`{name}`"),
    });
    named.collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{digest, lock, rule, with_context};

    fn choose(locked: &imagelock_core::Lockfile, written: &str) -> String {
        with_context(locked, |context| {
            let images = Matcher::new(context, None).unwrap();
            match images.choose(&written.parse().unwrap()) {
                Choice::Pin(image) => image.name.to_string(),
                Choice::Keep(Kept::OtherTags(known)) => format!("others {}", known.len()),
                Choice::Keep(Kept::Ambiguous(known)) => format!("ambiguous {}", known.len()),
                Choice::Keep(kept) => format!("{kept:?}"),
            }
        })
    }

    const ONE: &[(&str, &str, char)] = &[("db", "postgres:16.9", 'a'), ("web", "ghcr.io/acme/web:1", 'b')];
    const TWO: &[(&str, &str, char)] = &[("db15", "postgres:15.1", 'a'), ("db16", "postgres:16.9", 'b')];

    #[test]
    fn the_locked_tag_means_its_image_whatever_the_digest() {
        let (one, two) = (lock(ONE), lock(TWO));
        assert_eq!(choose(&one, "postgres:16.9"), "db");
        assert_eq!(choose(&one, "docker.io/library/postgres:16.9"), "db");
        assert_eq!(choose(&one, &format!("postgres:16.9@{}", digest('c'))), "db");
        assert_eq!(choose(&two, "postgres:15.1"), "db15");
        assert_eq!(choose(&one, "postgres:15"), "others 1");
        assert_eq!(choose(&one, "postgres"), "others 1");
        assert_eq!(choose(&one, &format!("postgres:16.8@{}", digest('c'))), "others 1");
        assert_eq!(choose(&one, "redis:16.9"), "NotLocked");
    }

    #[test]
    fn a_tag_that_the_request_could_have_chosen_follows_it() {
        let ruled = rule(lock(ONE), "db", Some("16"), Some(r"^(?<version>\d+\.\d+)$"));
        for (written, chosen) in [
            ("postgres:16.8".to_owned(), "db"),
            (format!("postgres:16.8@{}", digest('c')), "db"),
            (format!("postgres:15.8@{}", digest('c')), "others 1"),
            ("postgres:16.8-alpine".to_owned(), "others 1"),
            ("postgres".to_owned(), "others 1"),
        ] {
            assert_eq!(choose(&ruled, &written), chosen, "{written}");
        }
        // The locked tag comes first, and a rule that would take it too does not make it ambiguous.
        let both = rule(lock(TWO), "db16", Some(">=15"), None);
        assert_eq!(choose(&both, "postgres:15.1"), "db15");
        assert_eq!(choose(&both, "postgres:15.2"), "db16");
    }

    #[test]
    fn a_digest_without_a_tag_follows_the_only_image_of_its_repository() {
        let (one, two) = (lock(ONE), lock(TWO));
        assert_eq!(choose(&one, &format!("postgres@{}", digest('c'))), "db");
        assert_eq!(choose(&two, &format!("postgres@{}", digest('b'))), "db16");
        assert_eq!(choose(&two, &format!("postgres:14@{}", digest('b'))), "db16");
        assert_eq!(choose(&two, &format!("postgres@{}", digest('c'))), "ambiguous 2");
    }

    #[test]
    fn what_a_rewrite_writes_means_the_same_image_as_what_is_locked() {
        let mut rewrites = imagelock_adapter::Rewrites::default();
        rewrites.insert("docker.io".parse().unwrap(), "mirror.example/hub".parse().unwrap());
        with_context(&lock(ONE), |context| {
            let context = Context { rewrites: &rewrites, ..*context };
            let images = Matcher::new(&context, None).unwrap();
            for written in ["postgres:16.9", "mirror.example/hub/library/postgres:16.9"] {
                let Choice::Pin(image) = images.choose(&written.parse().unwrap()) else { panic!("{written}") };
                assert_eq!(image.repository.to_string(), "mirror.example/hub/library/postgres", "{written}");
            }
            // What a target does not name, it does not take.
            let at = imagelock_core::source::Location::new(&imagelock_core::source::SourceFile::new("a", ""), 0..0);
            let named = [Spanned { value: "web".parse().unwrap(), at }];
            let images = Matcher::new(&context, Some(&named)).unwrap();
            assert_eq!(images.choose(&"postgres:16.9".parse().unwrap()), Choice::Keep(Kept::NotLocked));
        });
    }

    #[test]
    fn every_reason_to_stay_is_told_with_the_place() {
        let known = |name: &str, tag: Option<&str>| (name.parse().unwrap(), tag.map(|tag| tag.parse().unwrap()));
        let two = vec![known("db15", Some("15.1")), known("old", None)];
        for (kept, told) in [
            (Kept::NotLocked, "`x:1` is not in images.lock"),
            (Kept::OtherTags(two.clone()), "`x:1` is not in images.lock, which has `db15` (15.1) and `old`"),
            (
                Kept::Ambiguous(two),
                "`x:1` may be `db15` (15.1) and `old`: say which, with `imagelock: NAME` in a comment",
            ),
            (Kept::Open, "`x:1` is decided by a variable"),
            (Kept::Unwritable, "`x:1` cannot be pinned in this place: write the reference out here"),
            (Kept::Apart("its tag stands elsewhere"), "`x:1` is not pinned: its tag stands elsewhere"),
        ] {
            assert_eq!(kept.tell("x:1").as_deref(), Some(told));
        }
    }

    #[test]
    fn a_place_without_a_text_is_told_without_empty_quotes() {
        let kept = Kept::NotAReference("it is empty".to_owned());
        assert_eq!(kept.tell(" ").as_deref(), Some("there is no image here"));
        assert_eq!(kept.tell("x y").as_deref(), Some("`x y` is not pinned: it is empty"));
    }

    #[test]
    fn two_names_of_one_content_are_no_question() {
        let same = lock(&[("a", "postgres:16.9", 'a'), ("b", "postgres:16.9", 'a')]);
        let other = lock(&[("a", "postgres:16.9", 'a'), ("b", "postgres:16.9", 'b')]);
        assert_eq!(choose(&same, "postgres:16.9"), "a");
        assert_eq!(choose(&other, "postgres:16.9"), "ambiguous 2");
        assert_eq!(choose(&other, &format!("postgres:16.9@{}", digest('b'))), "b");
        assert_eq!(choose(&lock(&[("a", "nginx:latest", 'a'), ("b", "nginx:1.27", 'b')]), "nginx"), "a");
    }

    #[test]
    fn what_the_repository_builds_is_neither_pinned_nor_told() {
        let built = Built::new(["ghcr.io/acme/*".parse().unwrap()]);
        with_context(&lock(ONE), |context| {
            let context = Context { built: &built, ..*context };
            let images = Matcher::new(&context, None).unwrap();
            let choice = images.choose(&"ghcr.io/acme/web:1".parse().unwrap());
            assert_eq!(choice, Choice::Keep(Kept::Built));
            assert_eq!(Kept::Built.tell("ghcr.io/acme/web:1"), None);
        });
    }
}
