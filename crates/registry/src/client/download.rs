//! Blobs of any size, to a file.

use camino::Utf8Path;
use imagelock_core::{Digest, Repository};
use imagelock_files::Temporary;

use super::{Client, PlaceOfHost, Thing, expect_success};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::transport::{Ask, Sink};

impl Client {
    /// Fetches a blob into a file, verifies it, and only then puts the file at `path`. Returns its size; with `size`,
    /// any other size is an error.
    pub async fn blob_to_file(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: Option<u64>,
        path: &Utf8Path,
    ) -> Result<u64, Error> {
        for place in self.mirrors(repository) {
            match self.download(&place, repository, digest, size, path).await {
                Ok(size) => return Ok(size),
                Err(error) => {
                    self.reporter().event(Event::MirrorFailed { mirror: place.host.host.as_str(), error: &error });
                }
            }
        }
        self.download(&self.own(repository)?, repository, digest, size, path).await
    }

    async fn download(
        &self,
        place: &PlaceOfHost,
        repository: &Repository,
        digest: &Digest,
        size: Option<u64>,
        path: &Utf8Path,
    ) -> Result<u64, Error> {
        let unwritable = |error: std::io::Error| ErrorKind::File { path: path.to_owned(), reason: error.to_string() };
        let directory = path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        fs_err::create_dir_all(directory).map_err(unwritable)?;
        let file = Temporary::new(directory).map_err(unwritable)?;
        let cap = size.unwrap_or(u64::MAX);
        let sink = Sink::File { file: file.file(), digest, cap };
        let ask = Ask { sink, ..place.by_digest(Thing::Blob, repository, digest)? };
        let answer = self.transport.send(&place.host, &ask).await.map_err(|mut error| {
            // What it will be called is what people know, and not a file of a random name.
            if let ErrorKind::File { path: unwritten, .. } = &mut error.kind {
                path.clone_into(unwritten);
            }
            error
        })?;
        expect_success(place, &ask, &answer, Thing::Blob.missing())?;
        let Some((written, got)) = answer.written.clone() else {
            let reason = "the answer has no body".to_owned();
            return Err(place.error(&ask, &answer, ErrorKind::Malformed { reason }));
        };
        if let Some(expected) = size.filter(|expected| *expected != written) {
            return Err(place.error(&ask, &answer, ErrorKind::SizeMismatch { expected, got: written }));
        }
        if got != *digest {
            let kind = ErrorKind::DigestMismatch { host: place.name(), expected: digest.clone(), got };
            return Err(place.error(&ask, &answer, kind));
        }
        file.persist(path).map_err(unwritable)?;
        Ok(written)
    }
}
