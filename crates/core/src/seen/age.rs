//! How old something is at least, and how that is known.

use serde::Serialize;

use super::Ledger;
use crate::created::Created;
use crate::digest::Digest;
use crate::reference::Repository;

/// Since when a digest can be had, by the best that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "by", content = "at", rename_all = "camelCase")]
pub enum Evidence {
    /// It was first seen by us then: nobody else can make it older.
    Seen(Created),
    /// The registry says that it has it since then.
    Registry(Created),
    /// It says itself that it was built then, which is its publisher's word. It counts where nothing better can be had: for
    /// what was there already when its repository was looked at first.
    Built(Created),
}

impl Evidence {
    /// The time.
    pub fn at(&self) -> &Created {
        let (Self::Seen(at) | Self::Registry(at) | Self::Built(at)) = self;
        at
    }
}

impl std::fmt::Display for Evidence {
    /// `first seen 9 Nov 2026`
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self {
            Self::Seen(_) => "first seen",
            Self::Registry(_) => "in the registry since",
            Self::Built(_) => "built",
        };
        write!(formatter, "{what} {}", self.at().day())
    }
}

impl Ledger {
    /// Whether what an image says of itself counts for its age, where its registry says nothing: where it was there already
    /// when its repository was looked at first. What came later was made when it came, whatever it says.
    pub fn asks_when_built(&self, repository: &Repository, digest: &Digest) -> bool {
        self.repositories.get(repository).is_none_or(|seen| seen.digests.get(digest) == Some(&seen.first))
    }

    /// Since when a digest can be had. `registry` is what its registry says, and `built` what it says itself; neither counts
    /// where it is before there were images or after `as_of`. What was never seen is seen now.
    ///
    /// Better evidence is not made older by worse: a publisher who writes an old date into something new gains nothing.
    pub fn evidence(
        &self,
        repository: &Repository,
        digest: &Digest,
        registry: Option<&Created>,
        built: Option<&Created>,
        as_of: &Created,
    ) -> Evidence {
        let said = |time: Option<&Created>| time.filter(|time| time.is_evidence() && *time <= as_of).cloned();
        let seen = self.repositories.get(repository).and_then(|seen| seen.digests.get(digest));
        let seen = seen.filter(|seen| *seen <= as_of).unwrap_or(as_of);
        let built = said(built).filter(|_| self.asks_when_built(repository, digest)).map(Evidence::Built);
        let claim = said(registry).map(Evidence::Registry).or(built);
        claim.filter(|claim| claim.at() < seen).unwrap_or_else(|| Evidence::Seen(seen.clone()))
    }
}
