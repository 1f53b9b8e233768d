//! What a repository's registry has to be sent, for programs that fetch by themselves.

use std::fmt;
use std::time::Duration;

use imagelock_core::Repository;
use imagelock_credentials::Secret;

use super::Client;
use crate::error::{Error, ErrorKind};
use crate::transport::{Ask, Sink};

/// The value of an `Authorization` header.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The value, scheme included.
    pub header: Secret,
    /// How long it is good for, where that is known.
    pub lifetime: Option<Duration>,
}

impl fmt::Debug for Authorization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Authorization").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

impl Client {
    /// Returns what reading a repository takes; nothing where its registry asks for nothing.
    pub async fn authorization(&self, repository: &Repository) -> Result<Option<Authorization>, Error> {
        let host = self.transport.host(repository.host())?;
        let url = host.base.join("v2/").map_err(|error| ErrorKind::Malformed { reason: error.to_string() })?;
        let sink = Sink::Memory { cap: 64 << 10 };
        let ask = Ask { sink, ..Ask::new("log in to", repository.path(), url) };
        let Some((header, lifetime)) = self.transport.authorization(&host, &ask).await? else { return Ok(None) };
        let text = header.to_str().map_err(|error| ErrorKind::Credentials { reason: error.to_string() })?;
        Ok(Some(Authorization { header: Secret::new(text), lifetime }))
    }
}
