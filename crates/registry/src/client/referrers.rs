//! What a registry has about an image, beside it (OCI distribution-spec, "Listing Referrers").

use std::collections::BTreeSet;

use imagelock_core::oci::{Descriptor, Document};
use imagelock_core::{Digest, Repository, Tag};

use super::tags::target;
use super::{Client, MANIFEST_BYTES, PlaceOfHost, expect_success};
use crate::error::{Error, ErrorKind, Missing, quoted};
use crate::link;
use crate::transport::{Ask, Sink};

const ACCEPT: &str = "application/vnd.oci.image.index.v1+json";

/// The most pages of a list: registries send hundreds of referrers in one.
const PAGES: usize = 32;

impl Client {
    /// Returns what a registry lists as being about a manifest or an index: by its API, and where that is not there, by the tag
    /// that clients keep in its place. What it lists is the registry's word alone; what lies under the digests in it is not.
    pub async fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Vec<Descriptor>, Error> {
        if let Some(listed) = self.listed(&self.own(repository)?, repository, digest).await? {
            return Ok(listed);
        }
        let tag = format!("{}-{}", digest.algorithm().name(), digest.hex());
        Ok(match fallback(&tag) {
            Some(tag) => self.tagged(repository, tag).await?.map(|(_, index)| index.manifests).unwrap_or_default(),
            None => Vec::new(),
        })
    }

    /// The answer of the API; nothing where the registry has none.
    async fn listed(
        &self,
        place: &PlaceOfHost,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, Error> {
        let list = place.url(&format!("referrers/{digest}"))?;
        let reference = repository.with(None, Some(digest.clone())).to_string();
        let (mut url, mut listed, mut seen) = (list.clone(), Vec::new(), BTreeSet::new());
        while seen.insert(url.clone()) {
            let sink = Sink::Memory { cap: MANIFEST_BYTES };
            let ask = place.ask("list what there is about", reference.clone(), url.clone());
            let ask = Ask { sink, accept: Some(ACCEPT), ..ask };
            let answer = self.transport.send(&place.host, &ask).await?;
            let is_first = listed.is_empty() && seen.len() == 1;
            // Registries that have no such API say so in one of these ways.
            if is_first && matches!(answer.status.as_u16(), 400 | 404 | 405 | 406) {
                return Ok(None);
            }
            expect_success(place, &ask, &answer, Missing::Manifest)?;
            match Document::read(&answer.body) {
                Ok(page) => listed.extend(page.manifests),
                // Some servers have a page of their own for what they do not know.
                Err(_) if is_first => return Ok(None),
                Err(error) => {
                    let kind = ErrorKind::Malformed { reason: format!("not a list of referrers: {error}") };
                    return Err(place.error(&ask, &answer, kind));
                }
            }
            let paging = |next: &str, reason: &str| ErrorKind::Paging { next: quoted(next), reason: reason.to_owned() };
            let next = target(&answer).map_err(|kind| place.error(&ask, &answer, kind))?;
            let Some(next) = next else { return Ok(Some(listed)) };
            if seen.len() >= PAGES {
                return Err(place.error(&ask, &answer, ErrorKind::TooLarge { limit: PAGES as u64, unit: "pages" }));
            }
            let shown = next.split('?').next().unwrap_or_default();
            url = link::follow(&list, &next).map_err(|reason| place.error(&ask, &answer, paging(shown, reason)))?;
        }
        Ok(Some(listed))
    }
}

/// The tag of a digest whose digits are no longer than a tag may be.
fn fallback(text: &str) -> Option<Tag> {
    text.get(..text.len().min(128))?.parse().ok()
}
