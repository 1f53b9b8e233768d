//! What a tag points at: one `HEAD`, and one `GET` where a registry does not answer that.

use std::time::SystemTime;

use imagelock_core::{Created, Digest, Reference, Repository, Tag};
use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, LAST_MODIFIED};

use super::{Client, Descriptor, MANIFEST_BYTES, PlaceOfHost, check_header, expect_success, header_digest};
use crate::document;
use crate::error::{Error, ErrorKind, Missing, NotAnImage};
use crate::transport::{Answer, Ask, Sink};

/// How a registry was asked that has no such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// By a `HEAD` alone, to which some registries say so of everything.
    ByHead,
    /// By a `GET` in its place.
    ByGet,
}

/// What a reference asks for: its digest if it has one, else its tag, else `latest`.
fn asked(reference: &Reference) -> String {
    match (&reference.digest, &reference.tag) {
        (Some(digest), _) => digest.to_string(),
        (None, Some(tag)) => tag.to_string(),
        (None, None) => Tag::latest().to_string(),
    }
}

impl Client {
    /// Asks what a reference points at: its digest if it has one, else its tag, else `latest`. `None` means that the
    /// registry has no such tag, or no such repository.
    pub async fn head(&self, reference: &Reference) -> Result<Option<Descriptor>, Error> {
        Ok(self.pointed(reference).await?.ok())
    }

    /// Likewise, and says of what is absent how that was asked.
    pub(crate) async fn pointed(&self, reference: &Reference) -> Result<Result<Descriptor, Absent>, Error> {
        let repository = &reference.repository;
        let name = asked(reference);
        let own = self.own(repository)?;
        let error = match self.head_at(&own, reference, &name).await {
            Err(error) if error.is_unreachable() => error,
            answer => return answer,
        };
        for place in self.mirrors(repository) {
            if let Ok(Ok(descriptor)) = self.head_at(&place, reference, &name).await {
                self.stands_in(&own, &place);
                return Ok(Ok(descriptor));
            }
        }
        Err(error)
    }

    /// Likewise with a `GET`, for registries that answer no `HEAD` with what they have. The bytes are kept for who asks
    /// for the digest.
    pub(crate) async fn get(&self, reference: &Reference) -> Result<Option<Descriptor>, Error> {
        Ok(self.head_by_get(&self.own(&reference.repository)?, reference, &asked(reference)).await?.ok())
    }

    async fn head_at(
        &self,
        place: &PlaceOfHost,
        reference: &Reference,
        name: &str,
    ) -> Result<Result<Descriptor, Absent>, Error> {
        let ask = Ask { method: Method::HEAD, ..place.manifest(reference.to_string(), name)? };
        let answer = match self.transport.send(&place.host, &ask).await {
            // The signatures of stores that redirects lead to are often for GET alone.
            Err(error) if error.is_forbidden_elsewhere() => return self.head_by_get(place, reference, name).await,
            answer => answer?,
        };
        match answer.status.as_u16() {
            404 => return Ok(Err(Absent::ByHead)),
            // Registries that know no HEAD, gateways that refuse it in one of these ways, and registries that leave the
            // digest out, have to send the manifest.
            400 | 405 | 406 | 415 | 501 => return self.head_by_get(place, reference, name).await,
            _ => expect_success(place, &ask, &answer, Missing::Tag)?,
        }
        let Some(digest) = header_digest(place, &ask, &answer)? else {
            return self.head_by_get(place, reference, name).await;
        };
        if let Some(expected) = reference.digest.as_ref().filter(|expected| **expected != digest) {
            let kind = ErrorKind::DigestMismatch { host: place.name(), expected: expected.clone(), got: digest };
            return Err(place.error(&ask, &answer, kind));
        }
        self.name(&reference.repository, reference.tag.as_ref(), &digest);
        let size = answer.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Ok(Descriptor { digest, media_type: content_type(&answer), size, modified: modified(place, &answer) }))
    }

    async fn head_by_get(
        &self,
        place: &PlaceOfHost,
        reference: &Reference,
        name: &str,
    ) -> Result<Result<Descriptor, Absent>, Error> {
        let ask = Ask { sink: Sink::Memory { cap: MANIFEST_BYTES }, ..place.manifest(reference.to_string(), name)? };
        let answer = self.transport.send(&place.host, &ask).await?;
        if answer.status.as_u16() == 404 {
            return Ok(Err(Absent::ByGet));
        }
        expect_success(place, &ask, &answer, Missing::Tag)?;
        if document::is_schema1(&answer.body) {
            return Err(place.error(&ask, &answer, ErrorKind::NotAnImage(NotAnImage::Schema1)));
        }
        let digest = match (header_digest(place, &ask, &answer)?, &reference.digest) {
            (_, Some(expected)) if !expected.matches(&answer.body) => {
                let got = Digest::of(expected.algorithm(), &answer.body);
                let kind = ErrorKind::DigestMismatch { host: place.name(), expected: expected.clone(), got };
                return Err(place.error(&ask, &answer, kind));
            }
            (Some(header), _) => {
                check_header(place, &ask, &answer)?;
                header
            }
            (None, Some(expected)) => expected.clone(),
            (None, None) => Digest::sha256(&answer.body),
        };
        self.cache.put(&digest, &answer.body);
        self.kept.put(&digest, &answer.body);
        self.name(&reference.repository, reference.tag.as_ref(), &digest);
        let size = Some(answer.body.len() as u64);
        Ok(Ok(Descriptor { digest, media_type: content_type(&answer), size, modified: modified(place, &answer) }))
    }

    /// Says which tag is to point at a digest, by a lock or a request. It is asked where the registry does not know the
    /// digest, and only bytes of that digest are taken.
    pub fn name(&self, repository: &Repository, tag: Option<&Tag>, digest: &Digest) {
        if let Some(tag) = tag {
            self.kept.name(repository, tag, digest);
        }
    }

    /// Fetches by tag what is not there by digest: caches that are filled by tag know no digests. The digest verifies
    /// the bytes all the same. `absent` is the registry's answer to the digest.
    pub(super) async fn by_tag(
        &self,
        place: &PlaceOfHost,
        repository: &Repository,
        digest: &Digest,
        absent: &Answer,
    ) -> Result<bytes::Bytes, Error> {
        let tags = self.kept.tags(repository, digest);
        let ask = |tag: Option<&Tag>| {
            let reference = repository.with(tag.cloned(), Some(digest.clone())).to_string();
            let ask = place.manifest(reference, tag.map_or(digest.as_str(), Tag::as_str))?;
            Ok::<_, Error>(Ask { sink: Sink::Memory { cap: MANIFEST_BYTES }, ..ask })
        };
        for tag in &tags {
            let ask = ask(Some(tag))?;
            let answer = self.transport.send(&place.host, &ask).await?;
            // Other bytes mean that the tag has moved meanwhile, and what is asked for is gone.
            if answer.status.is_success() && digest.matches(&answer.body) {
                return Ok(answer.body);
            }
        }
        let missing = ErrorKind::NotFound { what: Missing::Manifest, newest: Vec::new() };
        Err(place.error(&ask(None)?, absent, missing))
    }
}

fn modified(place: &PlaceOfHost, answer: &Answer) -> Option<Created> {
    let text = answer.headers.get(LAST_MODIFIED).filter(|_| !place.is_mirror)?.to_str().ok()?;
    let since = httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(Created::from_unix_seconds(since.as_secs().try_into().ok()?))
}

fn content_type(answer: &Answer) -> Option<String> {
    let text = answer.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    text.split(';').next().map(|text| text.trim().to_owned())
}
