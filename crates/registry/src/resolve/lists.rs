//! What the requests of a run have to know of the tags of repositories.
//!
//! A list may have a million tags, and a run ten thousand repositories. So each list is read once, judged for all who ask
//! about its repository, and let go: what is kept is one tag for each rule, and a few for each image that has a gate.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imagelock_core::policy::{MOST, Parts, Rule, newest};
use imagelock_core::update::{Candidate, Gate, Held, Ruling};
use imagelock_core::{ImageName, Repository, Tag, Wanted};
use tokio::sync::Semaphore;

use super::shared::Shared;
use super::{Step, Take};
use crate::client::{Client, TagList};
use crate::error::{Error, ErrorKind, NoNewest};
use crate::event::Oddity;

/// How many tags an error names.
const NAMED: usize = 3;
/// How many lists are in memory at a time: as many as one registry is asked for.
const AT_ONCE: usize = 8;

/// How many tags are looked at for an image, from the best down, beside those that wait by what their names tell.
const CANDIDATES: usize = 16;

/// The lists of a run.
pub(super) struct Lists<'a> {
    asked: BTreeMap<&'a Repository, Asked<'a>>,
    known: Shared<Repository, Arc<Known>>,
    places: Semaphore,
}

/// What is asked about a repository.
#[derive(Default)]
struct Asked<'a> {
    rules: Vec<&'a Rule>,
    tags: BTreeSet<&'a Tag>,
    gated: Vec<Gated<'a>>,
}

/// An image whose rule may take what its gate lets through.
struct Gated<'a> {
    name: &'a ImageName,
    rule: &'a Rule,
    /// The tag that is locked.
    known: Option<&'a Tag>,
    gate: &'a dyn Gate,
}

/// The tags that an image may take, the best first, down to the one that is locked. One that waits by its name alone is
/// among them only where none before it does.
pub(super) type Walk = Vec<(Tag, Option<Held>)>;

/// What a rule picks.
#[derive(Clone)]
pub(super) struct Pick {
    pub(super) tag: Tag,
    /// What of the list it could not judge.
    pub(super) odd: Option<Oddity>,
}

/// What a list said about that.
pub(super) struct Known {
    /// The best tag by each rule, or that there is none.
    picks: BTreeMap<Parts, Result<Pick, ErrorKind>>,
    /// The tags that compete by rules that ask the images, as many as anybody may read, and how many there are.
    competing: BTreeMap<Parts, (Vec<Tag>, usize)>,
    walks: BTreeMap<ImageName, Walk>,
    listed: BTreeSet<Tag>,
    /// The tags that people would call the newest, where something that is asked for is not there.
    pub(super) newest: Vec<Tag>,
}

impl<'a> Lists<'a> {
    /// Notes what steps ask.
    pub(super) fn of(steps: &[Step<'a>]) -> Self {
        let mut lists = Self { asked: BTreeMap::new(), known: Shared::default(), places: Semaphore::new(AT_ONCE) };
        for step in steps {
            let Some(repository) = step.request.wanted.repository() else { continue };
            let asked = lists.asked.entry(repository).or_default();
            match &step.request.wanted {
                Wanted::Version { rule, .. } => {
                    asked.rules.push(rule);
                    if let Some((gate, known)) = step.gated() {
                        asked.gated.push(Gated { name: step.name, rule, known: known.tag.as_ref(), gate });
                    }
                }
                Wanted::Tag { tag, .. } => drop(asked.tags.insert(tag)),
                Wanted::Digest { .. } | Wanted::Layout { .. } => {}
            }
            let named = if let Take::Named { tag, .. } = step.take { tag } else { None };
            asked.tags.extend(named.into_iter().chain(step.known.and_then(|known| known.tag.as_ref())));
        }
        lists
    }

    /// Returns what the list of a repository says.
    pub(super) async fn get(&self, client: &Client, repository: &Repository) -> Result<Arc<Known>, Error> {
        let read = async || {
            // A semaphore that nobody closes has no error.
            let _place = self.places.acquire().await;
            let list = client.tags(repository).await?;
            Ok(Arc::new(Known::of(&list, self.asked.get(repository))))
        };
        self.known.get(repository.clone(), read).await
    }
}

impl Known {
    fn of(list: &TagList, asked: Option<&Asked<'_>>) -> Self {
        // What an error would name: to most lists there is none.
        let named = OnceCell::new();
        let newest = || named.get_or_init(|| newest(&list.tags, NAMED).into_iter().cloned().collect::<Vec<_>>());
        let gated = asked.into_iter().flat_map(|asked| &asked.gated).filter(|gated| !gated.rule.asks_images());
        let gated: Vec<_> = gated.map(|gated| (gated, gated.ranked(&list.tags))).collect();
        let known = |rule: &Rule| gated.iter().find(|(gated, _)| gated.rule == rule).map(|(_, ranked)| ranked.first());
        let pick = |rule: &&Rule| {
            let best = known(rule).map_or_else(|| rule.best(&list.tags), Option::<&&Tag>::copied);
            let best = best.map(|best| {
                let odd = rule.unordered(&list.tags, best);
                let odd = odd.map(|dropped| Oddity::Unordered { dropped: Box::new(dropped), best: best.clone() });
                Pick { tag: best.clone(), odd }
            });
            let none = || {
                let dropped = rule.dropped(&list.tags).with_names_that_are_no_tags(list.invalid);
                let dropped = Box::new(dropped);
                ErrorKind::NoTagFits { rule: rule.to_string(), dropped, newest: newest().clone() }
            };
            (rule.parts().clone(), best.ok_or_else(none))
        };
        let (told, choose): (Vec<&Rule>, Vec<&Rule>) =
            asked.into_iter().flat_map(|asked| asked.rules.iter().copied()).partition(|rule| rule.asks_images());
        let competing: BTreeMap<_, _> = told.iter().map(|rule| (rule.parts().clone(), competing(rule, list))).collect();
        let none = |rule: &&Rule| competing.get(rule.parts()).is_some_and(|(tags, _)| tags.is_empty());
        let picks: BTreeMap<_, _> = choose.iter().chain(told.iter().filter(|rule| none(rule))).map(pick).collect();
        let walks = gated
            .iter()
            .map(|(gated, ranked)| (gated.name.clone(), walk(ranked.iter().copied(), gated.known, gated.gate)));
        let walks = walks.collect();
        let is_listed = |tag: &&&Tag| list.tags.binary_search(tag).is_ok();
        let asked = asked.into_iter().flat_map(|asked| asked.tags.iter());
        let is_missed = picks.values().any(Result::is_err) || asked.clone().any(|tag| !is_listed(&tag));
        let asked = asked.filter(is_listed).copied();
        let picked = picks.values().flatten().map(|pick| &pick.tag);
        let listed = asked.chain(picked).chain(competing.values().flat_map(|(tags, _)| tags)).cloned().collect();
        let newest = if is_missed { newest().clone() } else { Vec::new() };
        Self { picks, competing, walks, listed, newest }
    }

    /// The best tag by a rule of a step.
    pub(super) fn pick(&self, rule: &Rule) -> Result<Pick, ErrorKind> {
        let none = || {
            let dropped = Box::new(rule.dropped([]));
            Err(ErrorKind::NoTagFits { rule: rule.to_string(), dropped, newest: self.newest.clone() })
        };
        self.picks.get(rule.parts()).cloned().unwrap_or_else(none)
    }

    /// The tags that compete by a rule of a step that asks their images.
    pub(super) fn competing(&self, rule: &Rule, limit: u32) -> Result<&[Tag], ErrorKind> {
        match self.competing.get(rule.parts()) {
            Some((_, count)) if *count > limit as usize => Err(NoNewest::Many { count: *count, limit }.into()),
            Some((tags, _)) if !tags.is_empty() => Ok(tags),
            _ => Err(self.pick(rule).err().unwrap_or_else(|| NoNewest::Nothing.into())),
        }
    }

    /// The tags that an image with a gate may take.
    pub(super) fn walk(&self, name: &ImageName) -> Walk {
        self.walks.get(name).cloned().unwrap_or_default()
    }

    /// Whether the list has a tag that steps ask for.
    pub(super) fn has(&self, tag: &Tag) -> bool {
        self.listed.contains(tag)
    }
}

impl Gated<'_> {
    /// The tags that compete, the best first, down to the one that is locked.
    fn ranked<'t>(&'t self, tags: &'t [Tag]) -> Vec<&'t Tag> {
        self.rule.ranked(tags, self.known.filter(|known| tags.binary_search(known).is_ok()))
    }
}

/// What a gate says of tags by their names, the best first, down to the one that is known.
pub(super) fn walk<'t>(ranked: impl IntoIterator<Item = &'t Tag>, known: Option<&Tag>, gate: &dyn Gate) -> Walk {
    let mut walk = Walk::new();
    for tag in ranked {
        let is_known = known == Some(tag);
        match gate.judge(Candidate { tag: Some(tag), ..Candidate::default() }) {
            Ruling::Wait(held) if !is_known => {
                if walk.iter().all(|(_, held)| held.is_none()) {
                    walk.push((tag.clone(), Some(held)));
                }
            }
            _ => walk.push((tag.clone(), None)),
        }
        if is_known || walk.len() == CANDIDATES {
            break;
        }
    }
    walk
}

/// The tags that compete by a rule, as many as anybody may read, and how many there are.
fn competing(rule: &Rule, list: &TagList) -> (Vec<Tag>, usize) {
    let ranked = rule.ranked(&list.tags, None);
    (ranked.iter().take(MOST as usize).copied().cloned().collect(), ranked.len())
}

#[cfg(test)]
mod tests {
    use imagelock_core::Request;
    use imagelock_core::policy::LIMIT;

    use super::*;

    fn request(wanted: &str) -> Request {
        serde_json::from_str(&format!(r#"{{"repository":"a.example/app",{wanted}}}"#)).unwrap()
    }

    #[test]
    fn a_list_is_judged_for_all_who_ask_and_let_go() {
        let requests = [r#""version":"1""#, r#""version":"2""#, r#""tags":"^(?<version>.*)$""#, r#""tag":"latest""#];
        let requests = requests.map(request);
        let other: Request = serde_json::from_str(r#"{"repository":"a.example/other","version":"1"}"#).unwrap();
        let name = "app".parse().unwrap();
        let step = |request| Step { name: &name, request, known: None, take: Take::Newest, limit: LIMIT, gate: None };
        let steps: Vec<Step<'_>> = requests.iter().chain([&other]).map(step).collect();
        let lists = Lists::of(&steps);
        let tags = ["1.0.0", "1.2.0", "1.2.0-rc", "latest", "nightly"].map(|tag| tag.parse().unwrap()).to_vec();
        let list = TagList { tags, invalid: 0 };
        let known = Known::of(&list, lists.asked.get(requests[0].wanted.repository().unwrap()));
        let picks = requests.iter().filter_map(|request| match &request.wanted {
            Wanted::Version { rule, .. } => Some(known.pick(rule).map(|pick| pick.tag.to_string()).ok()),
            _ => None,
        });
        let best = || Some("1.2.0".to_owned());
        assert_eq!(picks.collect::<Vec<_>>(), [best(), None, best()]);
        let kept: Vec<bool> = list.tags.iter().map(|tag| known.has(tag)).collect();
        assert_eq!(kept, [false, true, false, true, false]);
        assert_eq!(known.newest.len(), 3, "none fits one rule, and its error names some");
    }
}
