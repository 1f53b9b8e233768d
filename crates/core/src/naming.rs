//! Names for images that nobody named: the last part of the repository, and more of it only where two would be called
//! the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::ImageName;
use crate::reference::Repository;
use crate::request::Wanted;

/// An image that needs a name.
#[derive(Clone, Copy, Debug)]
pub struct Unnamed<'a> {
    /// Where it is.
    pub repository: &'a Repository,
    /// What tells it from others of its repository: its tag, or what stands in its place.
    pub detail: Option<&'a str>,
}

/// What tells an image from others of its repository: the tag that it follows, or what stands in its place.
pub fn detail(wanted: &Wanted) -> Option<String> {
    match wanted {
        Wanted::Tag { tag, .. } | Wanted::Digest { tag: Some(tag), .. } => Some(tag.to_string()),
        Wanted::Digest { tag: None, digest, .. } => Some(digest.hex()[..12].to_owned()),
        Wanted::Version { rule, .. } => rule.parts().version.clone(),
        Wanted::Layout { .. } => None,
    }
}

/// The bytes of a name that are left for its text; the rest is for a number behind it.
const TEXT: usize = ImageName::MAX_BYTES - 8;

/// Returns a name for each image, in their order; none is in `taken`, whose values are the repositories of the images that
/// have those names. A repository that has several of the images gets their tags into the names, and two repositories with
/// the same last part their owners. Docker Hub's official images have no owner, and stay short. `None` is an image whose
/// repository has no letter and no digit.
///
/// ```
/// use std::collections::BTreeMap;
/// use imagelock_core::naming::{Unnamed, names};
///
/// let (redis, valkey) = ("redis".parse()?, "ghcr.io/acme/redis".parse()?);
/// let images = [Unnamed { repository: &redis, detail: Some("8") }, Unnamed { repository: &valkey, detail: Some("8") }];
/// let names: Vec<String> = names(&images, &BTreeMap::new()).into_iter().flatten().map(|name| name.to_string()).collect();
/// assert_eq!(names, ["redis", "acme-redis"]);
/// # Ok::<(), imagelock_core::reference::ReferenceError>(())
/// ```
pub fn names(images: &[Unnamed<'_>], taken: &BTreeMap<ImageName, Option<&Repository>>) -> Vec<Option<ImageName>> {
    let mut by_last: BTreeMap<&str, BTreeMap<&Repository, usize>> = BTreeMap::new();
    for image in images {
        let repositories = by_last.entry(image.repository.last_component()).or_default();
        *repositories.entry(image.repository).or_default() += 1;
    }
    let mut given: BTreeSet<ImageName> = taken.keys().cloned().collect();
    let named: BTreeSet<&Repository> = taken.values().copied().flatten().collect();
    let name = |image: &Unnamed<'_>| {
        let last = image.repository.last_component();
        let short = fitted(last)?;
        let holder = taken.get(&short).copied().flatten();
        let alike = by_last.get(last);
        let several = alike.and_then(|alike| alike.get(image.repository)).is_some_and(|count| *count > 1)
            || named.contains(image.repository);
        let shared = alike.is_some_and(|alike| alike.len() > 1) || holder.is_some_and(|held| held != image.repository);
        let free = candidates(image, shared, several).find(|name| !given.contains(name))?;
        given.insert(free.clone());
        Some(free)
    };
    images.iter().map(name).collect()
}

/// The names that an image could have, the best first.
fn candidates(image: &Unnamed<'_>, shared: bool, several: bool) -> impl Iterator<Item = ImageName> {
    let repository = image.repository;
    let (host, last) = (repository.host().as_str(), repository.last_component());
    let owner = owner(repository);
    let detail = |wanted: bool| image.detail.filter(|_| wanted);
    let texts = [
        joined([None, owner.filter(|_| shared), Some(last), detail(several)]),
        joined([None, owner, Some(last), detail(several)]),
        joined([None, owner, Some(last), detail(true)]),
        joined([Some(host), owner.filter(|owner| *owner != host), Some(last), detail(true)]),
    ];
    let longest = texts[3].chars().take(TEXT).collect::<String>();
    let numbered = (2..=u32::MAX).map(move |number| format!("{longest}-{number}"));
    texts.into_iter().chain(numbered).filter_map(|text| fitted(&text))
}

/// The part of the path before the last; the host where there is none.
fn owner(repository: &Repository) -> Option<&str> {
    match repository.path().rsplit('/').nth(1) {
        Some("library") if repository.host().is_docker_hub() => None,
        Some(owner) => Some(owner),
        None => Some(repository.host().as_str()),
    }
}

fn joined(parts: [Option<&str>; 4]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join("-")
}

fn fitted(text: &str) -> Option<ImageName> {
    ImageName::nearest(text).or_else(|| ImageName::nearest(&text.chars().take(TEXT).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    fn named(references: &[&str], taken: &[(&str, &str)]) -> Vec<String> {
        let references: Vec<Reference> = references.iter().map(|text| text.parse().unwrap()).collect();
        let taken: Vec<(ImageName, Repository)> =
            taken.iter().map(|(name, repository)| (name.parse().unwrap(), repository.parse().unwrap())).collect();
        let images: Vec<Unnamed<'_>> = references
            .iter()
            .map(|Reference { repository, tag, .. }| Unnamed {
                repository,
                detail: tag.as_ref().map(crate::reference::Tag::as_str),
            })
            .collect();
        let taken = taken.iter().map(|(name, repository)| (name.clone(), Some(repository))).collect();
        names(&images, &taken).into_iter().map(|name| name.unwrap().to_string()).collect()
    }

    #[test]
    fn the_last_part_of_the_repository_is_enough_for_one_of_a_kind() {
        assert_eq!(named(&["postgres:16", "redis:8", "ghcr.io/acme/web:1"], &[]), ["postgres", "redis", "web"]);
        assert_eq!(named(&["localhost:5000/a_b.c"], &[]), ["a_b.c"]);
    }

    #[test]
    fn a_repository_with_several_images_names_them_by_their_tags() {
        assert_eq!(named(&["postgres:16", "postgres:17", "redis:8"], &[]), ["postgres-16", "postgres-17", "redis"]);
        assert_eq!(named(&["node:22-alpine", "node:V22_x"], &[]), ["node-22-alpine", "node-v22_x"]);
    }

    #[test]
    fn repositories_that_end_alike_are_named_by_their_owners() {
        assert_eq!(named(&["ghcr.io/acme/web", "quay.io/other/web"], &[]), ["acme-web", "other-web"]);
        assert_eq!(named(&["redis:8", "bitnami/redis:8"], &[]), ["redis", "bitnami-redis"]);
        assert_eq!(named(&["ghcr.io/web", "localhost:5000/web"], &[]), ["ghcr.io-web", "localhost-5000-web"]);
        let mixed = named(&["a/web:1", "a/web:2", "b/web:1"], &[]);
        assert_eq!(mixed, ["a-web-1", "a-web-2", "b-web"]);
    }

    #[test]
    fn a_name_that_is_taken_is_made_longer_by_what_differs() {
        assert_eq!(named(&["redis:8"], &[("redis", "redis")]), ["redis-8"]);
        assert_eq!(named(&["bitnami/redis:8"], &[("redis", "redis")]), ["bitnami-redis"]);
        assert_eq!(named(&["redis:8"], &[("cache", "redis")]), ["redis-8"]);
        assert_eq!(named(&["redis:8"], &[("redis", "bitnami/redis")]), ["redis-8"]);
        assert_eq!(named(&["docker.io/a/web:1", "ghcr.io/a/web:1"], &[]), ["a-web", "a-web-1"]);
        assert_eq!(named(&["redis:8", "redis:8"], &[]), ["redis-8", "docker.io-redis-8"]);
    }

    #[test]
    fn there_is_always_one_more_name_and_it_fits() {
        let taken = [("redis", "redis"), ("redis-8", "redis"), ("docker.io-redis-8", "redis")];
        assert_eq!(named(&["redis:8", "redis:8"], &taken), ["docker.io-redis-8-2", "docker.io-redis-8-3"]);
        let long = format!("a/{}", "x".repeat(200));
        let names = named(&[&long, &format!("{long}:1"), &format!("{long}:2")], &[]);
        assert!(names.iter().all(|name| name.len() <= 100), "{names:?}");
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 3);
    }
}
