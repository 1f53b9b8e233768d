//! Which locked image a written reference means.

use std::collections::BTreeMap;

use imagelock_adapter::{Context, Pinned, RenderError};
use imagelock_core::source::Spanned;
use imagelock_core::{ImageName, Reference, Repository, Tag};

/// The images of a target by the repositories they are written with.
pub struct Written<'a> {
    images: BTreeMap<Repository, Vec<Pinned<'a>>>,
}

/// What a written reference means.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'w, 'a> {
    /// This image.
    Image(&'w Pinned<'a>),
    /// A repository that is locked, with other tags.
    Others(Vec<&'w Pinned<'a>>),
    /// One of several, and nothing tells which.
    Ambiguous(Vec<&'w Pinned<'a>>),
    /// A repository that is not locked.
    Unknown,
}

impl<'a> Written<'a> {
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
        Ok(Self { images })
    }

    /// The image that `reference` means.
    ///
    /// A locked tag decides. A reference that was pinned before may have the tag of then, and one without a tag has
    /// none to compare: they mean the only image of their repository.
    pub fn find(&self, reference: &Reference) -> Found<'_, 'a> {
        let Some(images) = self.images.get(&reference.repository) else { return Found::Unknown };
        let only = |chosen: Vec<&Pinned<'a>>| chosen.iter().all(|image| image.digest() == chosen[0].digest());
        let first_of =
            |fits: &dyn Fn(&Pinned<'a>) -> bool| images.iter().filter(|image| fits(image)).collect::<Vec<_>>();
        let same_tag = match &reference.tag {
            Some(tag) => first_of(&|image| image.tag() == Some(tag)),
            None if reference.digest.is_none() => {
                first_of(&|image| image.tag().is_none_or(|tag| *tag == Tag::latest()))
            }
            None => Vec::new(),
        };
        let same_digest = first_of(&|image| reference.digest.as_ref() == Some(image.digest()));
        let free = reference.tag.is_none() || reference.digest.is_some();
        let all = first_of(&|_| true);
        for chosen in [same_tag, same_digest] {
            if let Some(&image) = chosen.first() {
                return if only(chosen.clone()) { Found::Image(image) } else { Found::Ambiguous(chosen) };
            }
        }
        match all.first() {
            Some(&image) if free && only(all.clone()) => Found::Image(image),
            _ if free => Found::Ambiguous(all),
            _ => Found::Others(all),
        }
    }
}

/// The reference to write where `written` stands: the repository stays spelled as the person spelled it, where it is
/// the same.
pub fn spelled(written: &str, image: &Pinned<'_>) -> String {
    let same = written.parse().is_ok_and(|written: Reference| written.repository == image.repository);
    if !same {
        return image.tagged().to_string();
    }
    let name = written.split('@').next().unwrap_or(written);
    // A colon before the last slash belongs to a port.
    let path = name.rfind('/').map_or(0, |slash| slash + 1);
    let repository = name[path..].find(':').map_or(name, |colon| &name[..path + colon]);
    let tag = image.tag().map(|tag| format!(":{tag}")).unwrap_or_default();
    format!("{repository}{tag}@{}", image.digest())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{digest, lock, with_context};

    fn find(locked: &[(&str, &str, char)], written: &str) -> String {
        with_context(&lock(locked), |context| {
            let images = Written::new(context, None).unwrap();
            match images.find(&written.parse().unwrap()) {
                Found::Image(image) => image.name.to_string(),
                Found::Others(images) => format!("others {}", images.len()),
                Found::Ambiguous(images) => format!("ambiguous {}", images.len()),
                Found::Unknown => "unknown".to_owned(),
            }
        })
    }

    const ONE: &[(&str, &str, char)] = &[("db", "postgres:16.9", 'a'), ("web", "ghcr.io/acme/web:1", 'b')];
    const TWO: &[(&str, &str, char)] = &[("db15", "postgres:15.1", 'a'), ("db16", "postgres:16.9", 'b')];

    #[test]
    fn a_tag_has_to_be_the_locked_one() {
        assert_eq!(find(ONE, "postgres:16.9"), "db");
        assert_eq!(find(ONE, "docker.io/library/postgres:16.9"), "db");
        assert_eq!(find(ONE, "postgres:15"), "others 1");
        assert_eq!(find(ONE, "redis:16.9"), "unknown");
        assert_eq!(find(TWO, "postgres:15.1"), "db15");
    }

    #[test]
    fn a_pin_follows_its_repository_when_the_tag_moves() {
        assert_eq!(find(ONE, &format!("postgres:16.8@{}", digest('c'))), "db");
        assert_eq!(find(ONE, "postgres"), "db");
        assert_eq!(find(TWO, &format!("postgres:14@{}", digest('b'))), "db16");
        assert_eq!(find(TWO, &format!("postgres:14@{}", digest('c'))), "ambiguous 2");
        assert_eq!(find(TWO, "postgres"), "ambiguous 2");
    }

    #[test]
    fn a_repository_stays_as_it_is_spelled() {
        let locked = lock(&[("db", "postgres:16.9", 'a'), ("web", "localhost:5000/web:1", 'b')]);
        let spelled = |name: &str, written: &str| {
            with_context(&locked, |context| spelled(written, &context.image(&name.parse().unwrap(), None).unwrap()))
        };
        let (a, b) = (digest('a'), digest('b'));
        assert_eq!(spelled("db", "postgres"), format!("postgres:16.9@{a}"));
        assert_eq!(spelled("db", &format!("docker.io/postgres:15@{b}")), format!("docker.io/postgres:16.9@{a}"));
        assert_eq!(spelled("web", "localhost:5000/web"), format!("localhost:5000/web:1@{b}"));
        assert_eq!(spelled("web", "postgres:1"), format!("localhost:5000/web:1@{b}"));
        assert_eq!(spelled("web", "not a reference"), format!("localhost:5000/web:1@{b}"));
    }

    #[test]
    fn two_names_of_one_content_are_no_question() {
        let same = &[("a", "postgres:16.9", 'a'), ("b", "postgres:16.9", 'a')];
        let other = &[("a", "postgres:16.9", 'a'), ("b", "postgres:16.9", 'b')];
        assert_eq!(find(same, "postgres:16.9"), "a");
        assert_eq!(find(other, "postgres:16.9"), "ambiguous 2");
        let latest = &[("a", "nginx:latest", 'a'), ("b", "nginx:1.27", 'b')];
        assert_eq!(find(latest, "nginx"), "a");
    }
}
