//! What the files of a repository say about which of its files count: `.gitignore`, `.imagelockignore`, and Git's index.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, Glob};

use crate::index::Tracked;

/// The most bytes of a file that says what is ignored.
const IGNORE_BYTES: u64 = 1 << 20;
const GIT: &str = ".gitignore";
const OWN: &str = ".imagelockignore";

/// What holds in one folder.
pub(crate) struct Folder {
    above: Option<Arc<Folder>>,
    git: Gitignore,
    own: Gitignore,
    /// Whether a repository of Git's starts here: what stands above says nothing about it.
    top: bool,
    /// Why Git ignores the folder itself, and so all in it that is not tracked.
    hidden: Option<String>,
    repository: Option<Arc<Repository>>,
}

/// A repository of Git's.
struct Repository {
    top: Utf8PathBuf,
    /// Read when something is ignored for the first time: most files are not.
    tracked: OnceLock<Tracked>,
}

/// What a file of patterns says.
pub(crate) enum Said {
    /// Nothing.
    Nothing,
    /// It is ignored, by this pattern.
    Ignored(String),
    /// It is not, whatever else says so.
    Wanted,
}

/// What is wrong with a file that says what is ignored.
pub(crate) type Wrong<'w> = &'w (dyn Fn(Utf8PathBuf, String) + Sync);

/// The folders of a walk that were entered.
pub(crate) struct Folders<'w> {
    root: &'w Utf8Path,
    /// Whether `.imagelockignore` counts.
    own: bool,
    wrong: Wrong<'w>,
    /// By their paths as texts, which are compared at once.
    known: Mutex<HashMap<String, Arc<Folder>>>,
}

impl<'w> Folders<'w> {
    pub(crate) fn new(root: &'w Utf8Path, own: bool, wrong: Wrong<'w>) -> Self {
        Self { root, own, wrong, known: Mutex::new(HashMap::new()) }
    }

    /// What holds in a folder; what lies between it and the top of Git's repository is read where it was not yet.
    pub(crate) fn of(&self, path: &Utf8Path) -> Arc<Folder> {
        if let Some(folder) = self.lock().get(path.as_str()) {
            return Arc::clone(folder);
        }
        let above = path.parent().filter(|_| self.goes_on_above(path)).map(|above| self.of(above));
        self.enter(path, above, None)
    }

    /// Whether what stands above a folder counts in it: up to the root, and on to the top of Git's repository, if there is
    /// one, so that every machine finds the same files.
    fn goes_on_above(&self, path: &Utf8Path) -> bool {
        if path != self.root && path.starts_with(self.root) {
            return true;
        }
        let top = top(self.root);
        top.is_some_and(|top| path != top && path.starts_with(top))
    }

    /// Reads what a folder says, and keeps it for what lies in it.
    pub(crate) fn enter(&self, path: &Utf8Path, above: Option<Arc<Folder>>, hidden: Option<String>) -> Arc<Folder> {
        let top = is_top(path);
        let repository = if top {
            Some(Arc::new(Repository { top: path.to_owned(), tracked: OnceLock::new() }))
        } else {
            above.as_ref().and_then(|above| above.repository.clone())
        };
        let own = if self.own && path.starts_with(self.root) { self.patterns(path, OWN) } else { Gitignore::empty() };
        let folder = Arc::new(Folder { above, git: self.patterns(path, GIT), own, top, hidden, repository });
        self.lock().insert(path.to_string(), Arc::clone(&folder));
        folder
    }

    fn patterns(&self, folder: &Utf8Path, name: &str) -> Gitignore {
        let path = folder.join(name);
        let shown = path.strip_prefix(self.root).unwrap_or(&path);
        let bytes = imagelock_files::bytes(&path, IGNORE_BYTES).unwrap_or_else(|error| {
            (self.wrong)(shown.to_owned(), error.problem.to_string());
            None
        });
        let Some(bytes) = bytes else { return Gitignore::empty() };
        let text = String::from_utf8_lossy(&bytes);
        let mut builder = GitignoreBuilder::new(folder);
        for line in text.trim_start_matches('\u{feff}').lines() {
            // A pattern that is none matches nothing, as Git has it.
            drop(builder.add_line(Some(shown.as_std_path().to_owned()), line));
        }
        builder.build().unwrap_or_else(|error| {
            (self.wrong)(shown.to_owned(), error.to_string());
            Gitignore::empty()
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Folder>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether Git tracks a file, or anything in a folder.
    pub(crate) fn is_tracked(&self, folder: &Folder, path: &Utf8Path, is_folder: bool) -> bool {
        let Some(repository) = &folder.repository else { return false };
        let tracked = repository.tracked.get_or_init(|| {
            Tracked::read(&repository.top).unwrap_or_else(|reason| {
                let index = repository.top.join(".git/index");
                let shown = index.strip_prefix(self.root).unwrap_or(&index);
                let left_out = "what Git ignores is left out, tracked or not";
                (self.wrong)(shown.to_owned(), format!("{reason}; {left_out}"));
                Tracked::default()
            })
        });
        let path = path.strip_prefix(&repository.top).unwrap_or(path);
        if is_folder { tracked.has_below(path) } else { tracked.has(path) }
    }
}

/// The top of the repository of Git's that a folder lies in.
pub fn top(folder: &Utf8Path) -> Option<&Utf8Path> {
    folder.ancestors().find(|folder| is_top(folder))
}

/// Whether a repository of Git's starts in a folder.
fn is_top(folder: &Utf8Path) -> bool {
    folder.join(".git").exists()
}

impl Folder {
    /// What `.imagelockignore` says of something in this folder: the nearest of such files that says anything counts.
    pub(crate) fn own(&self, path: &Utf8Path, is_folder: bool) -> Said {
        let mut folder = Some(self);
        while let Some(here) = folder {
            match here.own.matched(path, is_folder) {
                Match::None => folder = here.above.as_deref(),
                Match::Ignore(glob) => return Said::Ignored(by(glob)),
                Match::Whitelist(_) => return Said::Wanted,
            }
        }
        Said::Nothing
    }

    /// Why Git ignores something in this folder, unless it is tracked.
    pub(crate) fn git(&self, path: &Utf8Path, is_folder: bool) -> Option<String> {
        if self.hidden.is_some() {
            return self.hidden.clone();
        }
        let mut folder = Some(self);
        while let Some(here) = folder {
            match here.git.matched(path, is_folder) {
                Match::None if here.top => return None,
                Match::None => folder = here.above.as_deref(),
                Match::Ignore(glob) => return Some(by(glob)),
                Match::Whitelist(_) => return None,
            }
        }
        None
    }
}

/// The pattern and its file.
fn by(glob: &Glob) -> String {
    let file = glob.from().map(|file| format!(" in {}", file.display())).unwrap_or_default();
    format!("`{}`{file}", glob.original())
}
