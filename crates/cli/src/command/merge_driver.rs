//! `merge-driver`

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use imagelock_core::Lockfile;
use imagelock_core::conflict;
use imagelock_core::lockfile::{LockfileError, Merged};
use imagelock_core::seen::{self, Ledger};
use imagelock_core::source::{Located, SourceFile};
use imagelock_files::Writer;

use crate::failure::{Failure, Kind, Problem};
use crate::host::Host;
use crate::input::LOCK_BYTES;
use crate::merged;
use crate::session;

/// Merge images.lock for Git, image by image, and images.seen
///
/// Git runs it where `.gitattributes` says `images.lock merge=imagelock` and
/// `git config merge.imagelock.driver "imagelock merge-driver %O %A %B %P"` was set. What both sides have locked
/// differently is left between conflict markers, for `imagelock update` to decide. A file that is called images.seen becomes
/// the lines of both sides.
#[derive(Args, Debug)]
pub struct MergeDriver {
    /// The version that both sides come from: `%O`
    base: Utf8PathBuf,
    /// One side, which is replaced by the result: `%A`
    ours: Utf8PathBuf,
    /// The other side: `%B`
    theirs: Utf8PathBuf,
    /// What the file is called in the repository: `%P`
    path: Option<Utf8PathBuf>,
}

impl MergeDriver {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let directory = session::directory(host)?;
        let shown = self.path.as_deref().unwrap_or(Utf8Path::new("images.lock"));
        let read = |path: &Utf8Path| {
            let text = imagelock_files::text(&directory.join(path), LOCK_BYTES)?;
            text.ok_or_else(|| Failure::input(format!("there is no file `{path}`")))
        };
        let [base, ours, theirs] = [read(&self.base)?, read(&self.ours)?, read(&self.theirs)?];
        let ours_at = directory.join(&self.ours);
        let folder = ours_at.parent().unwrap_or(&directory);
        let write = |text: &str| Writer::new(folder).replace(&ours_at, text.as_bytes());
        let unreadable = |error: &dyn Located| {
            write(&conflict::marked(&ours, &theirs))?;
            Err(Failure::new(Kind::Check, Problem::of(error)))
        };
        if shown.file_name() == Some(seen::FILE_NAME) {
            let read = |text: &str| Ledger::parse(&SourceFile::new(shown, text));
            return match (read(&ours), read(&theirs)) {
                (Ok(mut both), Ok(other)) => {
                    both.extend(&other);
                    write(&both.encode())?;
                    host.shell.status("Merged", "images.seen: the lines of both sides");
                    Ok(())
                }
                (Err(error), _) | (_, Err(error)) => unreadable(&error),
            };
        }
        // A base that is no lock, as one that was merged with conflicts, decides nothing.
        let base = parse(shown, &base).unwrap_or_default();
        let (one, other) = match (parse(shown, &ours), parse(shown, &theirs)) {
            (Ok(one), Ok(other)) => (one, other),
            (Err(error), _) | (_, Err(error)) => return unreadable(&error),
        };
        let merged = Lockfile::merge(&base, &one, &other);
        if merged.clashes.is_empty() {
            write(&merged.lockfile.encode())?;
            merged::tell(&host.shell, merged.taken);
            return Ok(());
        }
        write(&merged.marked())?;
        let Merged { clashes, labels, .. } = merged;
        let failure = merged::clash(&clashes, &labels, &format!("{shown}: both sides have locked"));
        let problems: Vec<Problem> = failure.problems;
        // Git takes this for a conflict, which is what it is, and everything from 128 on for a driver that failed.
        Err(Failure { kind: Kind::Check, problems })
    }
}

/// Reads a side; Git gives an empty one where the file is not there.
fn parse(path: &Utf8Path, text: &str) -> Result<Lockfile, LockfileError> {
    if text.is_empty() { Ok(Lockfile::default()) } else { Lockfile::parse(&SourceFile::new(path, text)) }
}
