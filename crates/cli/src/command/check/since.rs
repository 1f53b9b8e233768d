//! `--since`: the findings in files that changed.
//!
//! A file is unchanged where it has the bytes that it had at the merge base. So what is committed, staged, only written, new
//! or has another name is changed alike, and neither Git's index nor its settings are asked.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::Tree as _;
use imagelock_core::lockfile;
use imagelock_core::source::Location;
use imagelock_survey::{Base, HistoryError};

use crate::failure::{Failure, Kind, Problem};
use crate::finding::Finding;
use crate::session::Session;
use crate::tree::KeptTree;

/// Keeps the findings in files that changed; all of them, where the project file or the lock did.
pub(super) fn keep(
    session: &Session<'_>,
    tree: &KeptTree<'_>,
    revision: &str,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let base = Base::of(&session.root.canonicalize_utf8()?, revision)?;
    let short = base.commit()[..12].to_owned();
    session.host.shell.doing("Comparing", &format!("with {short}, the merge base of HEAD and {revision}"));
    let mut changes = Changes { tree, base, known: BTreeMap::new() };
    let sources = session.sources.iter().map(|source| session.below_root(&Location::new(source.file(), 0..0)));
    for file in sources.chain([lockfile::FILE_NAME.into()]) {
        if changes.has(&file)? {
            return Ok(());
        }
    }
    let mut kept = Vec::new();
    for finding in findings.drain(..) {
        if changes.has(&finding.at.file)? {
            kept.push(finding);
        }
    }
    *findings = kept;
    Ok(())
}

/// Which files changed.
struct Changes<'c> {
    tree: &'c KeptTree<'c>,
    base: Base,
    known: BTreeMap<Utf8PathBuf, bool>,
}

impl Changes<'_> {
    fn has(&mut self, file: &Utf8Path) -> Result<bool, HistoryError> {
        if let Some(known) = self.known.get(file) {
            return Ok(*known);
        }
        let before = self.base.file(file)?;
        // What cannot be read is not what it was.
        let changed = self.tree.read(file).map_or(true, |now| now != before);
        self.known.insert(file.to_owned(), changed);
        Ok(changed)
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        let help = match &error {
            HistoryError::NoRepository(_) => None,
            HistoryError::NoCommit { .. } => {
                Some("write a branch, a tag or the whole name of a commit, such as `origin/main`")
            }
            HistoryError::NoBase(_) | HistoryError::Broken(_) => {
                Some("have all of the history here: `fetch-depth: 0`, `git fetch --unshallow`")
            }
        };
        let problem = Problem::new(error.to_string());
        Self::new(Kind::Input, help.into_iter().fold(problem, Problem::help))
    }
}
