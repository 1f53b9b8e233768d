//! The repository's files, as adapters may read them: nothing outside of it, whatever a link says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Tree, TreeError, Visitor, is_private};
use imagelock_core::project::ScanSettings;
use imagelock_files::Opened;
use imagelock_files::reserved::{SOURCES, is_version_control};
use imagelock_survey::{Excluded, Seen, Walk, excluded};
use walkdir::WalkDir;

use crate::failure::{Failure, Kind, Problem};
use crate::input::TREE_FILE_BYTES;

/// The files below a project's root.
pub(crate) struct DiskTree {
    root: Utf8PathBuf,
    /// What `scan` leaves out.
    exclude: Excluded,
}

/// The files below a project's root but some.
pub(crate) struct Rest<'t> {
    tree: &'t dyn Tree,
    taken: BTreeSet<Utf8PathBuf>,
}

impl DiskTree {
    pub(crate) fn new(root: &Utf8Path) -> std::io::Result<Self> {
        Ok(Self { root: root.canonicalize_utf8()?, exclude: Excluded::default() })
    }

    /// The files below a root, without those that `scan` leaves out where all are visited.
    pub(crate) fn of(root: &Utf8Path, settings: &ScanSettings) -> Result<Self, Failure> {
        let exclude = excluded(settings).map_err(|error| Failure::new(Kind::Input, Problem::of(&error)))?;
        Ok(Self { exclude, ..Self::new(root)? })
    }

    /// The files of `tree`, which is this one, but those at some paths, wherever links lead, and but those that all comes from.
    pub(crate) fn without<'t, 'p>(&self, paths: impl Iterator<Item = &'p Utf8Path>, tree: &'t dyn Tree) -> Rest<'t> {
        let mut taken: BTreeSet<Utf8PathBuf> = SOURCES.iter().map(Utf8PathBuf::from).collect();
        for path in paths {
            taken.extend(self.real(path).ok().and_then(|real| self.relative(real.as_std_path())));
            taken.insert(path.to_owned());
        }
        Rest { tree, taken }
    }

    /// The path on the disk, if it is inside the repository. A path that is not there yet is judged by the nearest
    /// directory above it that is.
    pub(crate) fn inside(&self, path: &Utf8Path) -> Result<Utf8PathBuf, TreeError> {
        let refuse = |reason: &str| TreeError { path: path.to_owned(), reason: reason.to_owned() };
        let whole = self.root.join(path);
        let there = whole.ancestors().find_map(|ancestor| ancestor.canonicalize_utf8().ok());
        let inside = there.as_ref().and_then(|there| there.strip_prefix(&self.root).ok());
        let inside = inside.ok_or_else(|| refuse("it leads out of the repository"))?;
        if path.components().chain(inside.components()).any(|part| is_version_control(part.as_str())) {
            return Err(refuse("it is in a folder of version control"));
        }
        Ok(whole)
    }

    /// The file itself, behind all links: two paths that lead to one file have one.
    pub(crate) fn real(&self, path: &Utf8Path) -> Result<Utf8PathBuf, TreeError> {
        let whole = self.inside(path)?;
        let there = whole.ancestors().find_map(|ancestor| Some((ancestor, ancestor.canonicalize_utf8().ok()?)));
        let Some((ancestor, real)) = there else { return Ok(whole) };
        let rest = whole.strip_prefix(ancestor).unwrap_or(Utf8Path::new(""));
        Ok(if rest.as_str().is_empty() { real } else { real.join(rest) })
    }
}

impl DiskTree {
    /// The path from the root. A name that is not text cannot be named in a project file either.
    pub(crate) fn relative(&self, path: &std::path::Path) -> Option<Utf8PathBuf> {
        Utf8Path::from_path(path)?.strip_prefix(&self.root).ok().map(Utf8Path::to_owned)
    }
}

impl DiskTree {
    /// Shows one file to a visitor, read as far as it wants.
    fn show(&self, path: &Utf8Path, head: usize, visitor: &dyn Visitor) {
        let whole = self.root.join(path);
        let content = match Opened::open(&whole) {
            Ok(None) => return,
            Ok(Some(mut opened)) => match opened.head(head) {
                Ok(head) if !visitor.is_wanted(path, head) => return,
                Ok(_) => opened.rest(TREE_FILE_BYTES),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        visitor.visit(path, content.map_err(|error| refused(path, &error.problem)));
    }
}

fn refused(path: &Utf8Path, error: &impl ToString) -> TreeError {
    TreeError { path: path.to_owned(), reason: error.to_string() }
}

impl Tree for DiskTree {
    fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, TreeError> {
        let read = imagelock_files::bytes(&self.inside(path)?, TREE_FILE_BYTES);
        read.map_err(|error| refused(path, &error.problem))
    }

    fn files(&self, directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, TreeError> {
        let start = self.inside(directory)?;
        if !start.is_dir() {
            return Ok(Vec::new());
        }
        let mut files = Vec::new();
        let walk = WalkDir::new(&start).follow_links(false).sort_by_file_name().into_iter();
        for entry in walk.filter_entry(|entry| !entry.file_name().to_str().is_some_and(is_version_control)) {
            let entry = entry.map_err(|error| refused(directory, &error))?;
            if entry.file_type().is_file() {
                files.extend(self.relative(entry.path()));
            }
        }
        Ok(files)
    }

    fn search(&self, directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, TreeError> {
        self.inside(directory)?;
        // From the root on, since what lies in an ignored folder is ignored by the folder alone.
        let walk = Walk {
            root: &self.root,
            starts: &[Utf8PathBuf::new()],
            below: directory,
            own: false,
            exclude: &[],
            is_vendored: is_private,
            nested_apart: true,
        };
        let found = Mutex::new((Vec::new(), Vec::new()));
        walk.run(|seen| {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            match seen {
                Seen::File(path) => found.0.push(path),
                Seen::Wrong { path, reason } => found.1.push(TreeError { path, reason }),
                // A name that is not text cannot be named in a project file either.
                Seen::LeftOut { .. } | Seen::Nameless(_) => {}
            }
        });
        let (mut files, wrong) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        files.sort();
        wrong.into_iter().min_by(|one, other| one.path.cmp(&other.path)).map_or(Ok(files), Err)
    }

    fn visit(&self, starts: &[Utf8PathBuf], head: usize, visitor: &dyn Visitor) -> Result<(), TreeError> {
        for start in starts {
            self.inside(start)?;
        }
        let there: Vec<Utf8PathBuf> = starts.iter().filter(|start| self.root.join(start).exists()).cloned().collect();
        // What is named twice is shown once.
        let shown = Mutex::new(BTreeSet::new());
        Walk::of_scan(&self.root, &there, &self.exclude, true).run(|seen| match seen {
            Seen::File(path) => {
                let is_first =
                    there.len() == 1 || shown.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
                if is_first && visitor.is_named(&path) {
                    self.show(&path, head, visitor);
                }
            }
            Seen::Wrong { path, reason } => visitor.visit(&path.clone(), Err(TreeError { path, reason })),
            Seen::LeftOut { .. } | Seen::Nameless(_) => {}
        });
        Ok(())
    }
}

impl Tree for Rest<'_> {
    fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, TreeError> {
        self.tree.read(path)
    }

    fn files(&self, directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, TreeError> {
        self.tree.files(directory)
    }

    fn search(&self, directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, TreeError> {
        self.tree.search(directory)
    }

    fn visit(&self, starts: &[Utf8PathBuf], head: usize, visitor: &dyn Visitor) -> Result<(), TreeError> {
        self.tree.visit(starts, head, &Others { visitor, taken: &self.taken })
    }
}

/// A visitor that does not see some files; they are named nevertheless.
struct Others<'v> {
    visitor: &'v dyn Visitor,
    taken: &'v BTreeSet<Utf8PathBuf>,
}

impl Visitor for Others<'_> {
    fn is_named(&self, path: &Utf8Path) -> bool {
        self.visitor.is_named(path) && !self.taken.contains(path)
    }

    fn is_wanted(&self, path: &Utf8Path, head: &[u8]) -> bool {
        self.visitor.is_wanted(path, head)
    }

    fn visit(&self, path: &Utf8Path, content: Result<Vec<u8>, TreeError>) {
        self.visitor.visit(path, content);
    }
}

/// A tree that keeps what was read, for whoever reads the same files after it: each is opened once in a run.
pub(crate) struct KeptTree<'t> {
    disk: &'t DiskTree,
    read: Mutex<BTreeMap<Utf8PathBuf, Arc<[u8]>>>,
    /// Every file that a glob may name: one walk for all globs.
    files: OnceLock<Result<Vec<Utf8PathBuf>, TreeError>>,
}

impl<'t> KeptTree<'t> {
    pub(crate) fn new(disk: &'t DiskTree) -> Self {
        Self { disk, read: Mutex::default(), files: OnceLock::new() }
    }

    /// What a file holds, where it was read.
    pub(crate) fn kept(&self, path: &Utf8Path) -> Option<Arc<[u8]>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }
}

impl Tree for KeptTree<'_> {
    fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, TreeError> {
        if let Some(kept) = self.kept(path) {
            return Ok(Some(kept.to_vec()));
        }
        let Some(bytes) = self.disk.read(path)? else { return Ok(None) };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(path.to_owned(), bytes.as_slice().into());
        Ok(Some(bytes))
    }

    fn files(&self, directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, TreeError> {
        self.disk.files(directory)
    }

    fn search(&self, directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, TreeError> {
        self.disk.inside(directory)?;
        match self.files.get_or_init(|| self.disk.search(Utf8Path::new(""))) {
            Ok(files) => Ok(files.iter().filter(|path| path.starts_with(directory)).cloned().collect()),
            // What cannot be read may lie elsewhere.
            Err(_) => self.disk.search(directory),
        }
    }

    fn visit(&self, starts: &[Utf8PathBuf], head: usize, visitor: &dyn Visitor) -> Result<(), TreeError> {
        self.disk.visit(starts, head, &Keeping { visitor, read: &self.read })
    }
}

/// A visitor of whom all is kept that it sees.
struct Keeping<'v> {
    visitor: &'v dyn Visitor,
    read: &'v Mutex<BTreeMap<Utf8PathBuf, Arc<[u8]>>>,
}

impl Visitor for Keeping<'_> {
    fn is_named(&self, path: &Utf8Path) -> bool {
        self.visitor.is_named(path)
    }

    fn is_wanted(&self, path: &Utf8Path, head: &[u8]) -> bool {
        self.visitor.is_wanted(path, head)
    }

    fn visit(&self, path: &Utf8Path, content: Result<Vec<u8>, TreeError>) {
        if let Ok(bytes) = &content {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            read.insert(path.to_owned(), bytes.as_slice().into());
        }
        self.visitor.visit(path, content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_once_is_not_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        for path in ["a/b.yml", "a/images.toml", "c/d.yml", "e.yml"] {
            std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            std::fs::write(root.join(path), path).unwrap();
        }
        let disk = DiskTree::new(root).unwrap();
        let tree = KeptTree::new(&disk);
        let path = Utf8Path::new("c/d.yml");
        assert_eq!((tree.kept(path), tree.read(Utf8Path::new("absent")).unwrap()), (None, None));
        for folder in ["", "c", "a", "absent"] {
            let folder = Utf8Path::new(folder);
            assert_eq!(tree.search(folder), disk.search(folder), "{folder}");
        }
        assert_eq!(tree.read(path).unwrap().unwrap(), b"c/d.yml");
        std::fs::remove_dir_all(root.join("c")).unwrap();
        assert_eq!(tree.read(path).unwrap().unwrap(), b"c/d.yml");
        assert_eq!(tree.kept(path).as_deref(), Some(b"c/d.yml".as_slice()));
        assert_eq!(tree.search(Utf8Path::new("c")).unwrap(), [path]);
    }

    #[test]
    fn a_search_enters_no_folder_that_git_ignores_that_tools_keep_or_that_is_another_project_s() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        for path in [
            "images.toml",
            ".gitignore",
            ".github/a.yml",
            "deploy/b.yml",
            "node_modules/c.yml",
            "x/.terraform/d.yml",
            "target/e.yml",
            ".git/f.yml",
            "inner/images.toml",
            "inner/g.yml",
            "made/h.yml",
            "x/i.log",
        ] {
            std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            std::fs::write(root.join(path), "made/\n*.log\n").unwrap();
        }
        let tree = DiskTree::new(root).unwrap();
        let found = |folder: &str| tree.search(Utf8Path::new(folder)).unwrap();
        assert_eq!(found(""), [".github/a.yml", ".gitignore", "deploy/b.yml", "images.toml"]);
        assert_eq!(found("deploy"), ["deploy/b.yml"]);
        assert_eq!([found("inner"), found("made"), found("absent")], [const { Vec::<Utf8PathBuf>::new() }; 3]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_of_the_repository_is_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "x").unwrap();
        let inside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), inside.path().join("link")).unwrap();
        let tree = DiskTree::new(Utf8Path::from_path(inside.path()).unwrap()).unwrap();
        assert!(tree.read(Utf8Path::new("link/secret")).is_err());
        assert!(tree.inside(Utf8Path::new("link/new")).is_err());
        let root = tree.root.clone();
        std::fs::create_dir(root.join("a")).unwrap();
        std::os::unix::fs::symlink(root.join("a"), root.join("b")).unwrap();
        assert_eq!(tree.real(Utf8Path::new("b/c/new")), Ok(root.join("a/c/new")));
        assert_eq!(tree.real(Utf8Path::new("b")), tree.real(Utf8Path::new("a")));
        assert_eq!(tree.read(Utf8Path::new("absent/new")), Ok(None));
        assert_eq!(tree.files(Utf8Path::new("")), Ok(Vec::new()));
    }

    #[cfg(unix)]
    #[test]
    fn what_version_control_runs_and_believes_is_neither_read_nor_written() {
        let inside = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(inside.path()).unwrap();
        std::fs::create_dir_all(root.join("a/.git/hooks")).unwrap();
        std::fs::write(root.join("a/.git/config"), "[http]").unwrap();
        std::fs::write(root.join("a/.gitignore"), "x").unwrap();
        std::os::unix::fs::symlink("a/.git", root.join("link")).unwrap();
        let tree = DiskTree::new(root).unwrap();
        for path in
            ["a/.git/config", "link/config", "link/hooks/new", ".git/new", ".GIT/new", "b/.hg/hgrc", ".jj/x", ".svn"]
        {
            let error = tree.read(Utf8Path::new(path)).unwrap_err();
            assert_eq!(error.reason, "it is in a folder of version control", "{path}");
            assert!(tree.real(Utf8Path::new(path)).is_err(), "{path}");
        }
        assert_eq!(tree.files(Utf8Path::new("")), Ok(vec!["a/.gitignore".into()]));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
        let inside = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo").arg(inside.path().join("pipe")).status().unwrap();
        assert!(made.success());
        let tree = DiskTree::new(Utf8Path::from_path(inside.path()).unwrap()).unwrap();
        assert_eq!(tree.read(Utf8Path::new("pipe")).unwrap_err().reason, "it is a pipe, not a file");
    }
}
