//! What the client and the resolver tell whoever listens: progress bars, plain lines and tests are listeners.

use std::sync::{Mutex, PoisonError};

use imagelock_core::policy::Dropped;
use imagelock_core::{Digest, ImageName, LockedImage, Platform, Tag, Wanted};

use crate::error::Error;

/// Something in an image that is not as it should be, and that neither changes what is locked nor refuses it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Oddity {
    /// The image under an index's entry is for another platform. The index's word counts, as for containerd.
    #[error("the index says {said}, and the configuration there says {own}; the index's word counts")]
    OtherPlatform {
        /// The platform that the index says.
        said: Platform,
        /// The platform that the configuration says.
        own: Platform,
    },
    /// An index inside an index is for another platform than its entries.
    #[error("an entry for {inside} is left out, because it stands in an index for {said}")]
    OtherInside {
        /// The platform that the outer index says.
        said: Platform,
        /// The platform that the inner one says.
        inside: Platform,
    },
    /// An entry of an index is for what is no platform.
    #[error("an entry for `{0}` is left out, which cannot be read as a platform")]
    UnreadablePlatform(String),
    /// A tag that a rule passes over would be the newest, were it written as SemVer asks.
    #[error("{dropped}; without the zeros, it would be newer than {best}")]
    Unordered {
        /// What is passed over.
        dropped: Box<Dropped>,
        /// The tag that was picked.
        best: Tag,
    },
    /// Neither an entry of an index names a platform, nor the configuration there.
    #[error("{} is left out: neither the index nor its configuration names a platform for it", .0.short())]
    NoPlatform(Digest),
}

/// Something that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An image is being resolved.
    Resolving {
        /// Its name.
        name: &'a ImageName,
        /// What is asked for.
        wanted: &'a Wanted,
    },
    /// An image was resolved.
    Resolved {
        /// Its name.
        name: &'a ImageName,
        /// The answer.
        image: &'a LockedImage,
        /// Whether the answer is another than the one that was known.
        changed: bool,
    },
    /// A locked image is being verified.
    Verifying {
        /// Its name.
        name: &'a ImageName,
    },
    /// A locked image is what the lock says.
    Verified {
        /// Its name.
        name: &'a ImageName,
    },
    /// An image could not be resolved or verified.
    Failed {
        /// Its name.
        name: &'a ImageName,
        /// Why.
        error: &'a Error,
    },
    /// Something about an image is odd, and everything goes on.
    Odd {
        /// The image's canonical reference, or the layout's directory.
        reference: &'a str,
        /// What is odd.
        oddity: &'a Oddity,
    },
    /// A host asked for a pause: nothing is sent to it until then.
    Waiting {
        /// The host.
        host: &'a str,
        /// How long, rounded up.
        seconds: u64,
    },
    /// A request failed in a way that may pass, and is sent again.
    Retrying {
        /// The host.
        host: &'a str,
        /// The number of the attempt that failed, from one.
        attempt: u32,
        /// What happened.
        reason: &'a str,
    },
    /// A mirror could not answer by digest, or not with the right bytes; the next one is asked.
    MirrorFailed {
        /// The mirror's host.
        mirror: &'a str,
        /// Why.
        error: &'a Error,
    },
    /// A host cannot be reached, and a mirror answers for its tags. It may be behind.
    StandIn {
        /// The host.
        host: &'a str,
        /// The mirror's host.
        mirror: &'a str,
    },
}

/// Listens to [`Event`]s. It is called from within asynchronous code and must not block.
pub trait Reporter: Send + Sync {
    /// Takes note of an event.
    fn event(&self, event: Event<'_>);
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn event(&self, _: Event<'_>) {}
}

/// Writes each event down; for tests.
impl Reporter for Mutex<Vec<String>> {
    fn event(&self, event: Event<'_>) {
        self.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{event:?}"));
    }
}
