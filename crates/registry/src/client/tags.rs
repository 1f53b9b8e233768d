//! The tags of a repository: every page, or an error.

use std::collections::BTreeSet;

use imagelock_core::{Repository, Tag};
use reqwest::header::LINK;
use serde::Deserialize;
use url::Url;

use super::{Client, Place, expect_success};
use crate::error::{Error, ErrorKind, Missing, quoted};
use crate::transport::{Answer, Ask, Sink};

/// What one page is asked to hold: one registry refuses more (`pkg/v1/remote/options.go` of go-containerregistry).
const PAGE: u32 = 1000;
/// The most pages: half a million tags, more than any repository that a person would choose from.
const PAGES: u64 = 500;
/// The largest page: a thousand tags of the longest kind fit thirty times.
const PAGE_BYTES: u64 = 4 << 20;

#[derive(Deserialize)]
struct Page {
    /// Some registries write `null` for none.
    tags: Option<Vec<String>>,
}

impl Client {
    /// Returns all tags of a repository, in byte order. A page that fails fails the whole: a choice from a part of
    /// the tags would be another choice.
    pub async fn tags(&self, repository: &Repository) -> Result<Vec<Tag>, Error> {
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

    async fn tags_at(&self, place: &Place, repository: &Repository) -> Result<Vec<Tag>, Error> {
        let mut url = place.url("tags/list")?;
        url.set_query(Some(&format!("n={PAGE}")));
        let mut seen = BTreeSet::new();
        let mut tags = BTreeSet::new();
        loop {
            seen.insert(url.to_string());
            let ask = Ask {
                sink: Sink::Memory { cap: PAGE_BYTES },
                ..place.ask("list the tags of", repository.to_string(), url.clone())
            };
            let answer = self.transport.send(&place.host, &ask).await?;
            expect_success(place, &ask, &answer, Missing::Repository)?;
            let page: Page = serde_json::from_slice(&answer.body).map_err(|error| {
                let reason = format!("not a list of tags: {}", quoted(&error.to_string()));
                place.error(&ask, &answer, ErrorKind::Malformed { reason })
            })?;
            // A name that breaks the grammar of tags could not be asked for.
            tags.extend(page.tags.into_iter().flatten().filter_map(|tag| tag.parse::<Tag>().ok()));
            let Some(next) = next(&answer) else { break };
            let refuse = |reason| {
                let next = quoted(next.split('?').next().unwrap_or_default());
                Err(place.error(&ask, &answer, ErrorKind::Paging { next, reason }))
            };
            let Ok(next) = answer.url.join(&next) else { return refuse("which is not an address") };
            if next.origin() != place.host.base.origin() {
                return refuse("which is another host");
            }
            if seen.contains(next.as_str()) {
                return refuse("which was read already");
            }
            if seen.len() as u64 >= PAGES {
                return Err(place.error(&ask, &answer, ErrorKind::TooLarge { limit: PAGES, unit: "pages" }));
            }
            url = without_fragment(next);
        }
        Ok(tags.into_iter().collect())
    }
}

fn without_fragment(mut url: Url) -> Url {
    url.set_fragment(None);
    url
}

/// Returns the target of the link with `rel="next"` (RFC 8288).
fn next(answer: &Answer) -> Option<String> {
    let texts = answer.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(links).find(|(_, parameters)| is_next(parameters)).map(|(target, _)| target.to_owned())
}

/// Splits a header into targets and what follows each.
fn links(text: &str) -> Vec<(&str, &str)> {
    let mut links = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else { break };
        let end = after.find('<').unwrap_or(after.len());
        links.push((target, &after[..end]));
        rest = &after[end..];
    }
    links
}

fn is_next(parameters: &str) -> bool {
    parameters.split([';', ',']).any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel") && value.split(' ').any(|word| word.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_other_links() {
        for (text, expected) in [
            (r#"</v2/a/tags/list?n=2&last=b>; rel="next""#, Some("/v2/a/tags/list?n=2&last=b")),
            ("</x>; rel=next", Some("/x")),
            (r#"</p>; rel="prev", </x>; title="a, b"; rel="last next""#, Some("/x")),
            (r#"</x>; rel="prev""#, None),
            ("</x; rel=next", None),
            ("", None),
        ] {
            let found = links(text).into_iter().find(|(_, parameters)| is_next(parameters));
            assert_eq!(found.map(|(target, _)| target), expected, "{text}");
        }
    }
}
