//! The files of a repository that are looked at, on all cores, and why the others are not.
//!
//! Every entry is judged by what the repository itself says, and not by what a person's own settings of Git say: every
//! machine finds the same files. Links are not followed: what they lead to inside of the repository is found where it is.

use std::path::Path;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobSet;
use ignore::{DirEntry, WalkBuilder, WalkState};
use imagelock_adapter::{RenderError, is_private};
use imagelock_core::project::{FILE_NAME, ScanSettings};
use imagelock_edit::glob;
use imagelock_files::reserved::is_version_control;

use crate::rules::{Folder, Folders, Said};

/// A walk through a repository.
#[derive(Clone, Copy)]
pub struct Walk<'a> {
    /// The repository, by its real path.
    pub root: &'a Utf8Path,
    /// The files and folders to look at, from the root on; the root itself is the empty path. They are looked at whatever
    /// says that they are ignored.
    pub starts: &'a [Utf8PathBuf],
    /// Only what is in this folder is looked at, from the root on. Other than a start, it is left out where something says
    /// so; the empty path leaves nothing out.
    pub below: &'a Utf8Path,
    /// Whether `.imagelockignore` counts.
    pub own: bool,
    /// What is left out, each with the pattern that says so.
    pub exclude: &'a [(GlobSet, String)],
    /// Whether a folder with this name holds what others wrote: what is in it is made, fetched or copied.
    pub is_vendored: fn(&str) -> bool,
    /// Whether a folder with a project file of its own is another project's.
    pub nested_apart: bool,
}

/// Something that a walk comes across.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A file to look at, from the root on.
    File(Utf8PathBuf),
    /// Something that is left out.
    LeftOut {
        /// What, from the root on; a folder stands for all in it.
        path: Utf8PathBuf,
        /// Why.
        why: Why,
        /// What says so.
        reason: String,
    },
    /// Something with a name that is not UTF-8, as well as it can be shown: nothing could name it.
    Nameless(String),
    /// Something that cannot be read.
    Wrong {
        /// What, from the root on.
        path: Utf8PathBuf,
        /// What is wrong with it, as a phrase.
        reason: String,
    },
}

/// Why something is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Git ignores it and does not track it.
    Git,
    /// `.imagelockignore` says so.
    Own,
    /// The folder's name says that others wrote what is in it.
    Vendored,
    /// The project file excludes it.
    Excluded,
    /// It is another project's.
    Project,
    /// A comment beside it says so.
    Comment,
}

/// An entry that is judged.
struct Entry<'e> {
    path: &'e Utf8Path,
    /// From the root on.
    shown: &'e Utf8Path,
    is_folder: bool,
}

/// What is to become of an entry.
enum Verdict {
    Look,
    /// A folder that Git ignores, with something in it that is tracked.
    LookForTracked(String),
    LeaveOut(Why, String),
    /// It is no part of what people wrote.
    Pass,
}

/// Folders that hold what others wrote, beside those that tools keep for themselves.
const VENDORED: &[&str] = &[
    "vendor",
    "third_party",
    "third-party",
    "bower_components",
    "Godeps",
    "Pods",
    "venv",
    ".venv",
    ".tox",
    "__pycache__",
    "site-packages",
];

/// What is left out, each with the pattern that says so.
pub type Excluded = Vec<(GlobSet, String)>;

/// What the project file leaves out. A pattern that is none is an error.
pub fn excluded(settings: &ScanSettings) -> Result<Excluded, RenderError> {
    settings.exclude.iter().map(|pattern| Ok((glob(pattern)?, pattern.value.clone()))).collect()
}

impl<'a> Walk<'a> {
    /// The walk of `scan`, and of whatever takes what `scan` finds.
    pub fn of_scan(
        root: &'a Utf8Path,
        starts: &'a [Utf8PathBuf],
        exclude: &'a [(GlobSet, String)],
        nested_apart: bool,
    ) -> Self {
        let is_vendored: fn(&str) -> bool = |name| VENDORED.contains(&name) || is_private(name);
        Self { root, starts, below: Utf8Path::new(""), own: true, exclude, is_vendored, nested_apart }
    }
}

impl Walk<'_> {
    /// Walks, and calls `see` on all cores, in no order.
    pub fn run(&self, see: impl Fn(Seen) + Sync) {
        let wrong = |path: Utf8PathBuf, reason: String| see(Seen::Wrong { path, reason });
        let folders = Folders::new(self.root, self.own, &wrong);
        let mut starts = self.starts.iter().map(|start| self.path(start));
        let Some(first) = starts.next() else { return };
        let mut walk = WalkBuilder::new(first);
        for start in starts {
            walk.add(start);
        }
        // The crate's own rules would count what stands outside of the repository, and do not tell what they leave out.
        walk.standard_filters(false).follow_links(false);
        walk.build_parallel().run(|| {
            // Files come folder by folder, so the last one is asked for again and again.
            let mut last: Option<(Utf8PathBuf, Arc<Folder>)> = None;
            let (folders, see) = (&folders, &see);
            Box::new(move |entry| match entry {
                Ok(entry) => self.step(folders, &mut last, &entry, see),
                Err(error) => {
                    let (path, reason) = told(&error);
                    let path = path.strip_prefix(self.root).unwrap_or(&path).to_owned();
                    see(Seen::Wrong { path, reason });
                    WalkState::Continue
                }
            })
        });
    }

    fn path(&self, start: &Utf8Path) -> Utf8PathBuf {
        // With an empty part behind it, the path would have a slash at its end.
        if start.as_str().is_empty() { self.root.to_owned() } else { self.root.join(start) }
    }

    fn step(
        &self,
        folders: &Folders<'_>,
        last: &mut Option<(Utf8PathBuf, Arc<Folder>)>,
        entry: &DirEntry,
        see: &(impl Fn(Seen) + Sync),
    ) -> WalkState {
        let Some(path) = Utf8Path::from_path(entry.path()) else {
            see(Seen::Nameless(self.lossy(entry.path())));
            return WalkState::Skip;
        };
        let shown = self.shown(path);
        let kind = entry.file_type();
        let is_folder = kind.is_some_and(|kind| kind.is_dir());
        if !is_folder && !kind.is_some_and(|kind| kind.is_file()) {
            return WalkState::Continue;
        }
        // What somebody names in full is looked at.
        let named = entry.depth() == 0;
        let above = path.parent().filter(|_| !named).map(|above| match last {
            Some((known, folder)) if known.as_str() == above.as_str() => Arc::clone(folder),
            _ => {
                let folder = folders.of(above);
                *last = Some((above.to_owned(), Arc::clone(&folder)));
                folder
            }
        });
        let verdict = match &above {
            None => Verdict::Look,
            Some(above) => self.judge(folders, above, &Entry { path, shown, is_folder }),
        };
        let hidden = match verdict {
            Verdict::Look => None,
            Verdict::LookForTracked(by) => Some(by),
            Verdict::LeaveOut(why, reason) => {
                see(Seen::LeftOut { path: shown.to_owned(), why, reason });
                return WalkState::Skip;
            }
            Verdict::Pass => return WalkState::Skip,
        };
        match above {
            _ if !is_folder => see(Seen::File(shown.to_owned())),
            None => drop(folders.of(path)),
            above => drop(folders.enter(path, above, hidden)),
        }
        WalkState::Continue
    }

    fn judge(&self, folders: &Folders<'_>, above: &Folder, entry: &Entry<'_>) -> Verdict {
        let Entry { path, shown, is_folder } = *entry;
        let name = path.file_name().unwrap_or_default();
        let is_near = || shown.starts_with(self.below) || is_folder && self.below.starts_with(shown);
        let on_the_way = self.below.as_str().is_empty() || is_near();
        if is_version_control(name) || !on_the_way {
            return Verdict::Pass;
        }
        let is_wanted = match above.own(path, is_folder) {
            Said::Ignored(by) => return Verdict::LeaveOut(Why::Own, by),
            Said::Wanted => true,
            Said::Nothing => false,
        };
        if let Some((_, by)) = self.exclude.iter().find(|(glob, _)| glob.is_match(shown.as_std_path())) {
            return Verdict::LeaveOut(Why::Excluded, format!("`{by}`"));
        }
        if is_folder && self.nested_apart && path.join(FILE_NAME).is_file() {
            return Verdict::LeaveOut(Why::Project, format!("it has an {FILE_NAME} of its own"));
        }
        if is_wanted {
            return Verdict::Look;
        }
        if is_folder && (self.is_vendored)(name) {
            return Verdict::LeaveOut(Why::Vendored, format!("folders called `{name}` hold what others wrote"));
        }
        match above.git(path, is_folder) {
            Some(by) if !folders.is_tracked(above, path, is_folder) => Verdict::LeaveOut(Why::Git, by),
            Some(by) if is_folder => Verdict::LookForTracked(by),
            _ => Verdict::Look,
        }
    }

    /// A path from the root on, told by its bytes: taking it apart costs more than all else that is done with most files.
    fn shown<'p>(&self, path: &'p Utf8Path) -> &'p Utf8Path {
        let rest = path.as_str().strip_prefix(self.root.as_str()).and_then(|rest| rest.strip_prefix('/'));
        rest.map_or_else(|| path.strip_prefix(self.root).unwrap_or(path), Utf8Path::new)
    }

    fn lossy(&self, path: &Path) -> String {
        path.strip_prefix(self.root).unwrap_or(path).to_string_lossy().into_owned()
    }
}

/// The path that an error is about, and what it says of it.
fn told(error: &ignore::Error) -> (Utf8PathBuf, String) {
    match error {
        ignore::Error::WithPath { path, err } => (Utf8PathBuf::from(path.to_string_lossy().into_owned()), told(err).1),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => told(err),
        error => {
            let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
            (Utf8PathBuf::new(), reason)
        }
    }
}
