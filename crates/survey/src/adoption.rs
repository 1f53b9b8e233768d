//! What a survey found, as images to declare: one for each repository and tag that is followed, with the digest that is in
//! use.
//!
//! The pins in use stay. Where one repository and tag stand with two digests, the one that more places have is taken, and of
//! two that as many have the one whose first place comes first; the others are told. A digest without a tag is an image of
//! its own, unless it is the one that a tag's places have.

use std::collections::{BTreeMap, BTreeSet};

use imagelock_core::naming::{self, Unnamed};
use imagelock_core::{Digest, ImageName, Project, Reference, Repository, Tag, Wanted};

use crate::{Mention, State, Surveyed};

/// What there is to declare, and what there is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adoption<'m> {
    /// The images that the project does not ask for yet, in the order of their names.
    pub images: Vec<Adopted<'m>>,
    /// The places of images that it asks for.
    pub known: Vec<&'m Mention>,
    /// The places of what the repository builds.
    pub built: Vec<&'m Mention>,
    /// The repositories of those places of which only other files say that they are built, and the project does not.
    pub made: BTreeSet<&'m Repository>,
    /// The places that a variable or a template decides about, of which no default is known.
    pub open: Vec<&'m Mention>,
    /// The places that hold no reference.
    pub invalid: Vec<&'m Mention>,
    /// The places whose repository no name can be made of.
    pub nameless: Vec<&'m Mention>,
}

/// An image to declare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted<'m> {
    /// Its name.
    pub name: ImageName,
    /// What is asked for: the tag that its places follow, or the digest where they have none.
    pub wanted: Wanted,
    /// How its places spell it.
    pub spelling: String,
    /// The digest that is in use, and stays.
    pub digest: Option<Digest>,
    /// Its places, in their order; those with other digests too.
    pub places: Vec<&'m Mention>,
}

/// An image that has no name yet.
struct Group<'m> {
    wanted: Wanted,
    digest: Option<Digest>,
    places: Vec<&'m Mention>,
}

impl<'m> Adoption<'m> {
    /// Sorts what was found by what `project` asks for. A place without a digest whose image a file says that it makes is one of
    /// what the repository builds.
    pub fn of(surveyed: &'m Surveyed, project: &Project) -> Self {
        let mut adoption = Self::default();
        let asked = Asked::of(project);
        let mut followed: BTreeMap<(&Repository, Tag), Vec<&Mention>> = BTreeMap::new();
        let mut pinned: BTreeMap<(&Repository, &Digest), Vec<&Mention>> = BTreeMap::new();
        for mention in &surveyed.mentions {
            let Some(means) = &mention.means else {
                let open = mention.state == State::Variable;
                if open { &mut adoption.open } else { &mut adoption.invalid }.push(mention);
                continue;
            };
            match (&means.tag, &means.digest) {
                _ if mention.state == State::Built => adoption.built.push(mention),
                _ if mention.image.is_some() || asked.has(means) => adoption.known.push(mention),
                (_, None) if surveyed.made.contains(&means.repository) => {
                    adoption.made.insert(&means.repository);
                    adoption.built.push(mention);
                }
                (None, Some(digest)) => pinned.entry((&means.repository, digest)).or_default().push(mention),
                (tag, _) => {
                    let tag = tag.clone().unwrap_or_else(Tag::latest);
                    followed.entry((&means.repository, tag)).or_default().push(mention);
                }
            }
        }
        let group = |((repository, tag), places): ((&Repository, Tag), Vec<&'m Mention>)| {
            let wanted = Wanted::Tag { repository: repository.clone(), tag };
            Group { wanted, digest: in_use(&places).cloned(), places }
        };
        let mut groups: Vec<Group<'m>> = followed.into_iter().map(group).collect();
        let same = groups
            .iter()
            .enumerate()
            .filter_map(|(index, group)| Some(((group.wanted.repository()?.clone(), group.digest.clone()?), index)));
        let same: BTreeMap<(Repository, Digest), usize> = same.collect();
        for ((repository, digest), places) in pinned {
            if let Some(index) = same.get(&(repository.clone(), digest.clone())) {
                let group = &mut groups[*index];
                group.places.extend(places);
                group.places.sort_by_key(|place| (&place.file, place.span.start));
            } else {
                let wanted = Wanted::Digest { repository: repository.clone(), tag: None, digest: digest.clone() };
                groups.push(Group { wanted, digest: Some(digest.clone()), places });
            }
        }
        adoption.name(groups, project);
        adoption
    }

    /// Gives each image its name: the one that a rule of Bazel's gives it, if no other has that, and otherwise one made of
    /// its repository.
    fn name(&mut self, groups: Vec<Group<'m>>, project: &Project) {
        let mut taken: BTreeMap<ImageName, Option<&Repository>> =
            project.images.iter().map(|(name, image)| (name.clone(), image.request.wanted.repository())).collect();
        let said: Vec<Option<ImageName>> = groups.iter().map(|group| said(&group.places)).collect();
        let mut seen = BTreeSet::new();
        let twice: BTreeSet<&ImageName> = said.iter().flatten().filter(|name| !seen.insert(*name)).collect();
        let said: Vec<Option<&ImageName>> = said
            .iter()
            .map(|name| name.as_ref().filter(|name| !twice.contains(name) && !taken.contains_key(*name)))
            .collect();
        let named =
            said.iter().zip(&groups).filter_map(|(name, group)| Some(((*name)?.clone(), group.wanted.repository())));
        taken.extend(named);
        let unsaid = || said.iter().zip(&groups).filter(|(said, _)| said.is_none()).map(|(_, group)| group);
        let details: Vec<Option<String>> = unsaid().map(|group| naming::detail(&group.wanted)).collect();
        let unnamed = unsaid().zip(&details).filter_map(|(group, detail)| {
            Some(Unnamed { repository: group.wanted.repository()?, detail: detail.as_deref() })
        });
        let mut made = naming::names(&unnamed.collect::<Vec<_>>(), &taken).into_iter();
        let names: Vec<Option<ImageName>> =
            said.iter().map(|said| said.cloned().or_else(|| made.next().flatten())).collect();
        for (Group { wanted, digest, places }, name) in groups.into_iter().zip(names) {
            match name {
                Some(name) => {
                    let spelling = spelling(&places, &wanted);
                    self.images.push(Adopted { name, wanted, spelling, digest, places });
                }
                None => self.nameless.extend(places),
            }
        }
        self.images.sort_by(|one, other| one.name.cmp(&other.name));
    }
}

impl<'m> Adopted<'m> {
    /// The places of each digest, where there is more than one.
    pub fn digests(&self) -> Option<BTreeMap<&'m Digest, Vec<&'m Mention>>> {
        let mut digests: BTreeMap<&Digest, Vec<&Mention>> = BTreeMap::new();
        for place in &self.places {
            if let Some(digest) = place.digest_of() {
                digests.entry(digest).or_default().push(place);
            }
        }
        (digests.len() > 1).then_some(digests)
    }

    /// The places that have the digest in use.
    pub fn pinned(&self) -> impl Iterator<Item = &'m Mention> {
        self.places.iter().copied().filter(|place| self.digest.is_some() && place.digest_of() == self.digest.as_ref())
    }

    /// Whether it only builds, wherever it stands.
    pub fn builds(&self) -> bool {
        self.places.iter().all(|place| place.builds)
    }

    /// The places that have another digest than the one in use: they would move to it.
    pub fn others(&self) -> impl Iterator<Item = &'m Mention> {
        let other = |digest: &Digest| self.digest.as_ref() != Some(digest);
        self.places.iter().copied().filter(move |place| place.digest_of().is_some_and(other))
    }
}

/// What a project asks for, by its repositories.
struct Asked<'p>(BTreeMap<&'p Repository, Vec<&'p Wanted>>);

impl<'p> Asked<'p> {
    fn of(project: &'p Project) -> Self {
        let mut asked: BTreeMap<&Repository, Vec<&Wanted>> = BTreeMap::new();
        for wanted in project.images.values().map(|image| &image.request.wanted) {
            if let Some(repository) = wanted.repository() {
                asked.entry(repository).or_default().push(wanted);
            }
        }
        Self(asked)
    }

    /// Whether it asks for the image that a reference means. What is locked was matched before; this is for what is not
    /// locked yet, by the same rule.
    fn has(&self, means: &Reference) -> bool {
        let Reference { repository, tag, digest } = means;
        let latest = Tag::latest();
        let tag = tag.as_ref().or_else(|| digest.is_none().then_some(&latest));
        self.0.get(repository).into_iter().flatten().any(|wanted| {
            let pinned = matches!(wanted, Wanted::Digest { digest: pinned, .. } if Some(pinned) == digest.as_ref());
            pinned || tag.is_some_and(|tag| wanted.admits(tag))
        })
    }
}

/// The digest that most places have; of several, the one whose first place comes first.
fn in_use<'m>(places: &[&'m Mention]) -> Option<&'m Digest> {
    let mut counts: Vec<(&Digest, usize)> = Vec::new();
    let mut at: BTreeMap<&Digest, usize> = BTreeMap::new();
    for digest in places.iter().filter_map(|place| place.digest_of()) {
        let index = *at.entry(digest).or_insert(counts.len());
        match counts.get_mut(index) {
            Some((_, count)) => *count += 1,
            None => counts.push((digest, 1)),
        }
    }
    // The last of the greatest, from the back, is the first.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(digest, _)| digest)
}

/// The name that a rule of Bazel's gives an image.
fn said(places: &[&Mention]) -> Option<ImageName> {
    let mut of_bazel = places.iter().filter(|place| place.format == "bazel");
    of_bazel.find_map(|place| ImageName::nearest(place.place.split_once(' ')?.1))
}

/// How most places spell what is wanted; of several, the shortest.
fn spelling(places: &[&Mention], wanted: &Wanted) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for place in places {
        let spelled = match wanted {
            Wanted::Digest { digest, .. } => format!("{}@{digest}", place.reference),
            _ => place.reference.clone(),
        };
        if spelled.parse().is_ok_and(|reference| Wanted::from_reference(reference) == *wanted) {
            *counts.entry(spelled).or_default() += 1;
        }
    }
    let most = counts.into_iter().max_by_key(|(spelling, count)| (*count, std::cmp::Reverse(spelling.len())));
    most.map_or_else(|| wanted.to_string(), |(spelling, _)| spelling)
}

#[cfg(test)]
mod tests;
