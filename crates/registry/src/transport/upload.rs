//! Uploads of blobs (OCI distribution-spec, "Pushing blobs"): a session is begun and finished, and what fails on the way begins
//! anew. A session is never continued: what a registry has of it after a failure is its own word.

use std::sync::Arc;

use reqwest::header::LOCATION;
use url::Url;

use super::limits::HostState;
use super::retry::{Failure, Retry};
use super::{Answer, Ask, Transport};
use crate::error::{Error, ErrorKind, quoted};

/// How far an upload came.
pub(crate) enum Uploaded {
    /// The answer to its beginning, which is no session.
    Begun(Answer),
    /// The answer to its end.
    Finished(Answer),
}

impl Transport {
    /// Begins an upload, and finishes it with the request that `finish` makes for the session's address.
    pub(crate) async fn upload<'a>(
        &self,
        host: &Arc<HostState>,
        begin: &Ask<'_>,
        finish: impl Fn(Url) -> Ask<'a>,
    ) -> Result<Uploaded, Error> {
        let mut finished = false;
        let attempts = self.retrying(host, begin, async || {
            finished = false;
            let begun = self.authorized(host, begin).await?;
            if begun.status.as_u16() != 202 {
                return Ok(begun);
            }
            let session = session(&begun, &begin.url).map_err(Failure::last)?;
            finished = true;
            let answer = self.authorized(host, &finish(session)).await?;
            // A registry of many machines may not know on one of them what another began.
            if matches!(answer.status.as_u16(), 404 | 416) {
                let (name, status, message) = (host.host.to_string(), answer.status.as_u16(), answer.message());
                let kind = ErrorKind::Status { host: name, status, message };
                return Err(Failure { kind, status: Some(status), retry: Retry::Soon });
            }
            Ok(answer)
        });
        // In a box, since what is in it is deeper than the compiler likes the futures around it to be.
        let answer = Box::pin(attempts).await?;
        Ok(if finished { Uploaded::Finished(answer) } else { Uploaded::Begun(answer) })
    }
}

/// The address of an upload's session: always one of the registry that was asked, whatever it says.
pub(crate) fn session(begun: &Answer, asked: &Url) -> Result<Url, ErrorKind> {
    let refuse = |reason: String| ErrorKind::Redirect { reason };
    let location = begun.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.ok_or_else(|| refuse(format!("{} does not say where the upload goes on", begun.from)))?;
    own(asked, location).map_err(|why| {
        refuse(format!("the upload goes on at {}, {why}", quoted(location.split('?').next().unwrap_or_default())))
    })
}

/// Gateways write a scheme or a host that only they can reach, as they do for pages: the path is the registry's all the same.
fn own(asked: &Url, location: &str) -> Result<Url, &'static str> {
    let next = asked.join(location).map_err(|_| "which is not an address")?;
    if next.origin() != asked.origin() && !next.path().starts_with("/v2/") {
        return Err("which is another host: nothing is sent there");
    }
    let mut url = asked.clone();
    url.set_path(next.path());
    url.set_query(next.query());
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_goes_on_at_the_registry_that_was_asked() {
        let asked: Url = "https://a.example:8443/v2/app/blobs/uploads/?mount=x".parse().unwrap();
        for (location, expected) in [
            ("/v2/app/blobs/uploads/1?_state=x", Ok("https://a.example:8443/v2/app/blobs/uploads/1?_state=x")),
            ("2", Ok("https://a.example:8443/v2/app/blobs/uploads/2")),
            ("https://a.example:8443/uploads/3", Ok("https://a.example:8443/uploads/3")),
            ("http://a.example:8443/v2/app/blobs/uploads/4", Ok("https://a.example:8443/v2/app/blobs/uploads/4")),
            ("http://registry.internal/v2/app/blobs/uploads/5", Ok("https://a.example:8443/v2/app/blobs/uploads/5")),
            ("//me:secret@evil.example/v2/x", Ok("https://a.example:8443/v2/x")),
            ("https://evil.example/take/it", Err("which is another host: nothing is sent there")),
            ("http://[", Err("which is not an address")),
        ] {
            assert_eq!(own(&asked, location).as_ref().map(Url::as_str).map_err(|error| *error), expected, "{location}");
        }
    }
}
