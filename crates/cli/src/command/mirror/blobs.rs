//! How blobs come into the target: once as bytes, and into its other repositories by its own hand.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, stream};
use imagelock_core::{Digest, Repository};
use imagelock_registry::{BlobSource, Client, Holding};
use tokio::sync::Semaphore;

use crate::bundle::Reason;
use crate::progress::Progress;

/// How many blobs are on their way at a time. Each takes one of a client's requests at either end, so no more may be than
/// either client sends at once: one that had its end of the source could wait for its end of the target for ever.
pub(super) const JOBS: usize = 8;

/// After how many of them, and none that was done, a registry is taken for one that takes nothing over.
const MOUNTS: usize = 4;

/// How a blob came into a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Sent,
    Mounted,
    There,
}

/// What carries blobs.
pub(super) struct Carrier<'a> {
    source: &'a Client,
    target: &'a Client,
    progress: &'a Progress,
    verify_bytes: bool,
    jobs: Semaphore,
    /// How many mounts were done, and how many were not.
    mounts: [AtomicUsize; 2],
}

impl<'a> Carrier<'a> {
    pub(super) fn new(
        source: &'a Client,
        target: &'a Client,
        progress: &'a Progress,
        verify_bytes: bool,
        jobs: usize,
    ) -> Self {
        Self {
            source,
            target,
            progress,
            verify_bytes,
            jobs: Semaphore::new(jobs.clamp(1, JOBS)),
            mounts: Default::default(),
        }
    }

    /// Brings a blob into each of these repositories of the target, from these of the sources: into one of them first, and from
    /// there into the others.
    pub(super) async fn carry<'p>(
        &self,
        digest: &'p Digest,
        size: u64,
        places: &BTreeMap<&'p Repository, &'p Repository>,
    ) -> Vec<((&'p Repository, &'p Digest), Result<How, Reason>)> {
        let mut places = places.iter().map(|(to, from)| (*to, *from));
        let Some((first, from)) = places.next() else { return Vec::new() };
        let brought = self.bring(digest, size, from, first, None).await;
        let other = brought.is_ok().then_some(first);
        let others = stream::iter(places)
            .map(|(to, from)| async move { ((to, digest), self.bring(digest, size, from, to, other).await) });
        let mut all: Vec<_> = others.buffer_unordered(JOBS).collect().await;
        all.push(((first, digest), brought));
        all
    }

    async fn bring(
        &self,
        digest: &Digest,
        size: u64,
        from: &Repository,
        to: &Repository,
        other: Option<&Repository>,
    ) -> Result<How, Reason> {
        // Nobody closes it, and so there is no error.
        let _job = self.jobs.acquire().await.ok();
        let how = self.into(digest, size, from, to, other).await?;
        if self.verify_bytes && self.target.reads_blob(to, digest, size).await? != Holding::Shown {
            return Err(false_of(to, digest));
        }
        self.progress.add(size);
        Ok(how)
    }

    async fn into(
        &self,
        digest: &Digest,
        size: u64,
        from: &Repository,
        to: &Repository,
        other: Option<&Repository>,
    ) -> Result<How, Reason> {
        if let Some(other) = other
            && self.may_mount()
        {
            let done = self.target.mount(to, digest, other).await?;
            self.mounts[usize::from(!done)].fetch_add(1, Ordering::Relaxed);
            if done {
                return Ok(How::Mounted);
            }
        }
        let source = BlobSource::Registry { client: self.source, repository: from };
        let before = self.target.holds_blob(to, digest, size, &source).await?;
        if before == Holding::Shown {
            return Ok(How::There);
        }
        self.target.upload(to, digest, size, &source).await?;
        // Whoever has said once to have it, and had not, is asked again.
        if before == Holding::False && self.target.holds_blob(to, digest, size, &source).await? != Holding::Shown {
            return Err(false_of(to, digest));
        }
        Ok(How::Sent)
    }

    fn may_mount(&self) -> bool {
        let [done, not_done] = &self.mounts;
        done.load(Ordering::Relaxed) > 0 || not_done.load(Ordering::Relaxed) < MOUNTS
    }
}

fn false_of(to: &Repository, digest: &Digest) -> Reason {
    Reason::registry(format!("{} says that it has {to}@{digest}, and does not show its bytes", to.host()))
}
