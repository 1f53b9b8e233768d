//! The tags of a repository: every page, or an error.

use std::collections::BTreeSet;

use imagelock_core::{Digest, Repository, Tag};
use reqwest::StatusCode;
use reqwest::header::LINK;
use tokio::time::Instant;
use url::Url;

use super::{Client, PlaceOfHost, expect_success};
use crate::error::{Error, ErrorKind, Missing, quoted};
use crate::link::{self, Broken};
use crate::list::{Page, PageError};
use crate::transport::{Answer, Ask, Sink};

/// What one page is asked to hold: one registry refuses more (`pkg/v1/remote/options.go` of go-containerregistry).
const PAGE: u32 = 1000;
/// The most tags: hundreds of megabytes in memory at the very worst, and more than anybody chooses from.
pub(crate) const TAGS: usize = 1_000_000;
/// The most pages: a million tags, a hundred at a time.
const PAGES: usize = 10_000;
/// The largest page. Registries that do not page send all tags in one, and Google's add a map of all manifests: 280
/// bytes an image, so this is 230,000 images.
const PAGE_BYTES: u64 = 64 << 20;
/// How many pages in a row may hold no new tag. Some registries end with an empty page; who goes on repeats himself.
const BARREN: usize = 8;

/// The tags of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagList {
    /// The tags, in byte order.
    pub tags: Vec<Tag>,
    /// How many names were left out because they are no tags, and so could not be asked for.
    pub invalid: u64,
}

/// What was read of a list so far.
struct Reading {
    /// The most tags.
    most: usize,
    tags: BTreeSet<Tag>,
    invalid: u64,
    /// The pages that were read, by the digest of their address.
    pages: BTreeSet<Digest>,
    barren: usize,
}

impl Client {
    /// Returns all tags of a repository. A page that fails fails the whole: a choice from a part of the tags would be
    /// another choice.
    pub async fn tags(&self, repository: &Repository) -> Result<TagList, Error> {
        let own = self.own(repository)?;
        let error = match self.tags_at(&own, repository).await {
            Err(error) if error.is_unreachable() => error,
            answer => return answer,
        };
        for place in self.mirrors(repository) {
            if let Ok(tags) = self.tags_at(&place, repository).await {
                self.stands_in(&own, &place);
                return Ok(tags);
            }
        }
        Err(error)
    }

    async fn tags_at(&self, place: &PlaceOfHost, repository: &Repository) -> Result<TagList, Error> {
        let limit = self.transport.timeouts.list;
        let ends = Instant::now() + limit;
        let list = place.url("tags/list")?;
        let mut url = list.clone();
        url.set_query(Some(&format!("n={PAGE}")));
        let mut reading = Reading::of_at_most(TAGS);
        loop {
            reading.pages.insert(Digest::sha256(url.as_str().as_bytes()));
            let sink = Sink::List { cap: PAGE_BYTES, most: TAGS };
            let ask = Ask { sink, ..place.ask("list the tags of", repository.to_string(), url.clone()) };
            let Ok(answer) = tokio::time::timeout_at(ends, self.transport.send(&place.host, &ask)).await else {
                let kind = ErrorKind::OutOfTime { what: "the list of tags", limit };
                return Err(place.unanswered(&ask, kind));
            };
            let mut answer = answer?;
            // Only a registry that says so is known to lack the repository: some have no lists.
            let missing = if answer.code("NAME_UNKNOWN") { Missing::Repository } else { Missing::List };
            if answer.status == StatusCode::NOT_FOUND && reading.pages.len() > 1 {
                // The first page was there, and so are the repository and its list.
                let reason = "which answers with status 404".to_owned();
                let next = shown(url.as_str());
                return Err(place.error(&ask, &answer, ErrorKind::Paging { next, reason }));
            }
            expect_success(place, &ask, &answer, missing)?;
            let page = answer.page.take().unwrap_or_else(|| Err(PageError::Malformed("there is no body".to_owned())));
            let next = target(&answer).and_then(|target| reading.take(page, target.as_deref(), &list));
            match next.map_err(|kind| place.error(&ask, &answer, kind))? {
                Some(next) => url = next,
                None => return Ok(TagList { tags: reading.tags.into_iter().collect(), invalid: reading.invalid }),
            }
        }
    }
}

impl Reading {
    fn of_at_most(most: usize) -> Self {
        Self { most, tags: BTreeSet::new(), invalid: 0, pages: BTreeSet::new(), barren: 0 }
    }

    /// Takes in a page, and returns the address of the next one. `list` is the list's own address.
    fn take(
        &mut self,
        page: Result<Page, PageError>,
        target: Option<&str>,
        list: &Url,
    ) -> Result<Option<Url>, ErrorKind> {
        let too_many = ErrorKind::TooLarge { limit: self.most as u64, unit: "tags" };
        let page = page.map_err(|error| match error {
            PageError::TooMany => too_many.clone(),
            PageError::Malformed(reason) => ErrorKind::Malformed { reason: format!("not a list of tags: {reason}") },
        })?;
        let before = self.tags.len();
        self.tags.extend(page.tags);
        self.invalid = self.invalid.saturating_add(page.invalid);
        if self.tags.len() > self.most {
            return Err(too_many);
        }
        let Some(target) = target else { return Ok(None) };
        self.barren = if self.tags.len() == before { self.barren + 1 } else { 0 };
        let refuse = |reason: &str| Err(ErrorKind::Paging { next: shown(target), reason: reason.to_owned() });
        let next = match link::follow(list, target) {
            Ok(next) => next,
            Err(reason) => return refuse(reason),
        };
        if self.pages.contains(&Digest::sha256(next.as_str().as_bytes())) {
            return refuse("which was read already");
        }
        if self.barren >= BARREN {
            return refuse("and its pages repeat what was read already");
        }
        if self.pages.len() >= PAGES {
            return Err(ErrorKind::TooLarge { limit: PAGES as u64, unit: "pages" });
        }
        Ok(Some(next))
    }
}

/// Returns the target of the link to the next page. A header that is no link could have been that link, so it is no end.
pub(super) fn target(answer: &Answer) -> Result<Option<String>, ErrorKind> {
    let mut broken = None;
    for header in answer.headers.get_all(LINK) {
        let text = String::from_utf8_lossy(header.as_bytes());
        match link::next(&text) {
            Ok(None) => {}
            Ok(Some(target)) => return Ok(Some(target.to_owned())),
            Err(Broken) => broken = Some(shown(text.trim_start_matches('<'))),
        }
    }
    let reason = || "which is not a `Link` that can be read".to_owned();
    broken.map_or(Ok(None), |next| Err(ErrorKind::Paging { next, reason: reason() }))
}

/// An address as errors show it, without a query.
fn shown(address: &str) -> String {
    quoted(address.split('?').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Url {
        "https://a.example/v2/app/tags/list".parse().unwrap()
    }

    #[expect(clippy::unnecessary_wraps, reason = "a page is one or an error")]
    fn page(tags: &[&str]) -> Result<Page, PageError> {
        Ok(Page { tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(), invalid: 1 })
    }

    #[test]
    fn pages_that_bring_nothing_end_the_reading() {
        let mut reading = Reading::of_at_most(TAGS);
        assert!(reading.take(page(&["a"]), Some("?last=0"), &list()).is_ok());
        for number in 1..BARREN {
            assert!(reading.take(page(&["a"]), Some(&format!("?last={number}")), &list()).is_ok());
        }
        let error = reading.take(page(&[]), Some("?last=x"), &list()).unwrap_err();
        assert!(matches!(error, ErrorKind::Paging { .. }), "{error}");
        // A new tag is progress, and a page without a link is the end, whatever came before.
        assert!(reading.take(page(&["b"]), Some("?last=y"), &list()).is_ok());
        assert_eq!(reading.take(page(&["b"]), None, &list()).unwrap(), None);
        assert_eq!(reading.invalid, 1 + BARREN as u64 + 2);
    }

    #[test]
    fn too_many_tags_over_many_pages_are_too_many() {
        let mut reading = Reading::of_at_most(3);
        assert!(reading.take(page(&["a", "b"]), Some("?last=b"), &list()).is_ok());
        assert!(reading.take(page(&["b", "c"]), Some("?last=c"), &list()).is_ok());
        let error = reading.take(page(&["d"]), Some("?last=d"), &list()).unwrap_err();
        assert_eq!(error.to_string(), "the answer is larger than 3 tags");
    }

    #[test]
    fn pages_without_end_are_refused() {
        let mut reading = Reading::of_at_most(TAGS);
        reading.pages = (0..PAGES).map(|page| Digest::sha256(page.to_string().as_bytes())).collect();
        let error = reading.take(page(&["a"]), Some("?last=a"), &list()).unwrap_err();
        assert!(matches!(error, ErrorKind::TooLarge { unit: "pages", .. }), "{error}");
    }
}
