//! What the requests of a run have to know of the tags of repositories.
//!
//! A list may have a million tags, and a run ten thousand repositories. So each list is read once, judged for all who ask
//! about its repository, and let go: what is kept is one tag for each rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imagelock_core::policy::{Parts, Rule, newest};
use imagelock_core::{Repository, Tag, Wanted};
use tokio::sync::Semaphore;

use super::shared::Shared;
use super::{Step, Take};
use crate::client::{Client, TagList};
use crate::error::{Error, ErrorKind};
use crate::event::Oddity;

/// How many tags an error names.
const NAMED: usize = 3;
/// How many lists are in memory at a time: as many as one registry is asked for.
const AT_ONCE: usize = 8;

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
}

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
    listed: BTreeSet<Tag>,
    /// The tags that people would call the newest.
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
                Wanted::Version { rule, .. } => asked.rules.push(rule),
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
        let newest: Vec<Tag> = newest(&list.tags, NAMED).into_iter().cloned().collect();
        let pick = |rule: &&Rule| {
            let best = rule.best(&list.tags).map(|best| {
                let odd = rule.unordered(&list.tags, best);
                let odd = odd.map(|dropped| Oddity::Unordered { dropped: Box::new(dropped), best: best.clone() });
                Pick { tag: best.clone(), odd }
            });
            let none = || {
                let dropped = rule.dropped(&list.tags).with_names_that_are_no_tags(list.invalid);
                let dropped = Box::new(dropped);
                ErrorKind::NoTagFits { rule: rule.to_string(), dropped, newest: newest.clone() }
            };
            (rule.parts().clone(), best.ok_or_else(none))
        };
        let picks: BTreeMap<_, _> = asked.map(|asked| asked.rules.iter().map(pick).collect()).unwrap_or_default();
        let is_listed = |tag: &&&Tag| list.tags.binary_search(tag).is_ok();
        let asked = asked.into_iter().flat_map(|asked| asked.tags.iter().filter(is_listed).copied());
        let listed = asked.chain(picks.values().flatten().map(|pick| &pick.tag)).cloned().collect();
        Self { picks, listed, newest }
    }

    /// The best tag by a rule of a step.
    pub(super) fn pick(&self, rule: &Rule) -> Result<Pick, ErrorKind> {
        let none = || {
            let dropped = Box::new(rule.dropped([]));
            Err(ErrorKind::NoTagFits { rule: rule.to_string(), dropped, newest: self.newest.clone() })
        };
        self.picks.get(rule.parts()).cloned().unwrap_or_else(none)
    }

    /// Whether the list has a tag that steps ask for.
    pub(super) fn has(&self, tag: &Tag) -> bool {
        self.listed.contains(tag)
    }
}

#[cfg(test)]
mod tests {
    use imagelock_core::Request;

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
        let step = |request| Step { name: &name, request, known: None, take: Take::Newest };
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
        assert_eq!(known.newest.len(), 3);
    }
}
