//! What is written to a registry (OCI distribution-spec, "Push").
//!
//! It goes to the registry itself, never to a mirror of it, and where the registry redirects a write, it is not sent on. Its
//! token is one for writing, which no request that only reads is sent with.

mod holding;
mod source;

use bytes::Bytes;
use imagelock_core::digest::Algorithm;
use imagelock_core::{Digest, Repository, Tag};
use reqwest::Method;
use url::Url;

pub use self::holding::Holding;
pub use self::source::BlobSource;
use super::{Client, PlaceOfHost, Thing, header_digest};
use crate::error::{Error, ErrorKind};
use crate::transport::feed::Feed;
use crate::transport::redirect::Content;
use crate::transport::{Access, Answer, Ask, Payload, Sink, Uploaded};

/// What is read of the answer to what was written.
const ANSWER_BYTES: u64 = 64 << 10;

impl Client {
    /// Asks whether a repository has a blob. It is the registry's word: [`Client::holds_blob`] has it shown.
    pub async fn blob_exists(&self, repository: &Repository, digest: &Digest) -> Result<bool, Error> {
        let place = self.own(repository)?;
        let ask = place.by_digest(Thing::Blob, repository, digest)?;
        let ask = Ask { method: Method::HEAD, access: Access::Write, sink: Sink::Nowhere, ..ask };
        let answer = self.transport.send(&place.host, &ask).await?;
        match answer.status.as_u16() {
            404 => Ok(false),
            _ => expect_written(&place, &ask, &answer).map(|()| true),
        }
    }

    /// Has a registry take a blob over from another of its repositories; returns whether it did.
    pub async fn mount(&self, to: &Repository, digest: &Digest, from: &Repository) -> Result<bool, Error> {
        let place = self.own(to)?;
        let begin = place.begin(digest, Some(from))?;
        let answer = match self.transport.send(&place.host, &begin).await {
            // Who may write here need not be allowed to read there.
            Err(Error { kind: ErrorKind::Unauthorized(_) | ErrorKind::Forbidden(_), .. }) => return Ok(false),
            answer => answer?,
        };
        if answer.status.as_u16() != 202 {
            return place.written(&begin, &answer, digest).map(|()| true);
        }
        // The session that it began instead is of no use. One that cannot be ended runs out by itself.
        if let Ok(session) = crate::transport::session(&answer, &begin.url) {
            let cancel =
                Ask { method: Method::DELETE, ..place.write("write the blob", begin.reference.clone(), session) };
            let _ = self.transport.send(&place.host, &cancel).await;
        }
        Ok(false)
    }

    /// Sends a blob of `size` bytes. What its source gives is verified before the upload is finished, and an upload that fails
    /// begins anew.
    pub async fn upload(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: u64,
        source: &BlobSource<'_>,
    ) -> Result<(), Error> {
        let place = self.own(repository)?;
        let begin = place.begin(digest, None)?;
        let (feed, mut attempts) = Feed::new(size);
        let finish = |mut session: Url| {
            session.query_pairs_mut().append_pair("digest", digest.as_str());
            let ask = place.write("write the blob", begin.reference.clone(), session);
            Ask { method: Method::PUT, payload: Payload::Blob(&feed), ..ask }
        };
        let writing = self.transport.upload(&place.host, &begin, &finish);
        let reading = async {
            while let Some(pipe) = attempts.recv().await {
                source.read(digest, size, &pipe).await?;
            }
            // The other side has the end of the feed in its hands.
            std::future::pending::<Result<std::convert::Infallible, Error>>().await
        };
        let uploaded = tokio::select! {
            biased;
            Err(unread) = reading => return Err(unread),
            uploaded = writing => uploaded?,
        };
        match uploaded {
            Uploaded::Finished(answer) => place.written(&begin, &answer, digest),
            Uploaded::Begun(answer) => {
                place.written(&begin, &answer, digest)?;
                let reason = "it takes a blob for written before a byte of it was sent".to_owned();
                Err(place.error(&begin, &answer, ErrorKind::Malformed { reason }))
            }
        }
    }

    /// Writes an index or a manifest, under a tag or by its digest alone, and returns its digest. What it names has to be there.
    pub async fn put_manifest(
        &self,
        repository: &Repository,
        tag: Option<&Tag>,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Digest, Error> {
        let (digest, bytes) = (Digest::sha256(bytes), Bytes::copy_from_slice(bytes));
        self.put_document(repository, tag, &digest, media_type, &bytes).await?;
        Ok(digest)
    }

    /// Likewise, of a digest that is known. Returns whether the registry says that it lists it under its subject: where it does
    /// not, that is for its clients to do (OCI distribution-spec, "Pushing Manifests with Subject").
    pub async fn put_document(
        &self,
        repository: &Repository,
        tag: Option<&Tag>,
        digest: &Digest,
        media_type: &str,
        bytes: &Bytes,
    ) -> Result<bool, Error> {
        // By a tag alone, a registry would know it by its own algorithm.
        let by_digest = tag.is_none() || digest.algorithm() != Algorithm::Sha256;
        let names = by_digest.then_some(digest.as_str()).into_iter().chain(tag.map(Tag::as_str));
        let place = self.own(repository)?;
        let mut listed = false;
        for name in names {
            let reference = repository.with(tag.cloned(), Some(digest.clone())).to_string();
            let ask = place.write("write", reference, place.url(&format!("manifests/{name}"))?);
            let payload = Payload::Bytes { media_type, bytes: bytes.clone() };
            let ask = Ask { method: Method::PUT, payload, ..ask };
            let answer = self.transport.send(&place.host, &ask).await?;
            expect_written(&place, &ask, &answer)?;
            check_written(&place, &ask, &answer, |header| Digest::of(header.algorithm(), bytes))?;
            listed = answer.headers.contains_key("oci-subject");
        }
        Ok(listed)
    }
}

impl PlaceOfHost {
    fn write(&self, doing: &'static str, reference: String, url: Url) -> Ask<'_> {
        let sink = Sink::Memory { cap: ANSWER_BYTES };
        Ask { access: Access::Write, content: Content::Upload, sink, ..self.ask(doing, reference, url) }
    }

    /// The beginning of an upload, by which a registry may take the blob over from another repository instead.
    fn begin(&self, digest: &Digest, from: Option<&Repository>) -> Result<Ask<'_>, Error> {
        let mut url = self.url("blobs/uploads/")?;
        if let Some(from) = from {
            url.query_pairs_mut().append_pair("mount", digest.as_str()).append_pair("from", from.path());
        }
        let reference = self.repository.with(None, Some(digest.clone())).to_string();
        let access = from.map_or(Access::Write, |from| Access::Mount(from.path().to_owned()));
        // A length has to be said, though there is no body.
        let payload = Payload::Bytes { media_type: "application/octet-stream", bytes: Bytes::new() };
        Ok(Ask { method: Method::POST, access, payload, ..self.write("write the blob", reference, url) })
    }

    /// Refuses an answer that does not say that a blob was written.
    fn written(&self, ask: &Ask<'_>, answer: &Answer, digest: &Digest) -> Result<(), Error> {
        if answer.status.is_success() && answer.status.as_u16() != 201 {
            let reason = format!("status {} says nothing of whether it was written", answer.status.as_u16());
            return Err(self.error(ask, answer, ErrorKind::Malformed { reason }));
        }
        expect_written(self, ask, answer)?;
        // A digest of another algorithm is one that only the registry has worked out.
        check_written(self, ask, answer, |header| {
            if header.algorithm() == digest.algorithm() { digest.clone() } else { header.clone() }
        })
    }
}

/// A registry says in its own words why nothing was written: what is missing may be the repository, or anything in it.
fn expect_written(place: &PlaceOfHost, ask: &Ask<'_>, answer: &Answer) -> Result<(), Error> {
    if answer.status.is_success() {
        return Ok(());
    }
    let (host, status) = (answer.from.clone(), answer.status.as_u16());
    Err(place.error(ask, answer, ErrorKind::Status { host, status, message: answer.message() }))
}

/// Refuses an answer that says that something else was written.
fn check_written(
    place: &PlaceOfHost,
    ask: &Ask<'_>,
    answer: &Answer,
    expected: impl FnOnce(&Digest) -> Digest,
) -> Result<(), Error> {
    let Some(header) = header_digest(place, ask, answer)? else { return Ok(()) };
    let expected = expected(&header);
    if header == expected {
        return Ok(());
    }
    let kind = ErrorKind::HeaderMismatch { host: place.name(), header: header.to_string(), body: Some(expected) };
    Err(place.error(ask, answer, kind))
}
