//! The repository's files, as adapters may read them: nothing outside of it, whatever a link says.

use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Tree, TreeError, is_private};
use imagelock_core::project::FILE_NAME;
use walkdir::WalkDir;

use crate::input::{IGNORE_BYTES, TREE_FILE_BYTES};
use crate::reserved::is_version_control;

/// The files below a project's root.
pub(crate) struct DiskTree {
    root: Utf8PathBuf,
}

impl DiskTree {
    pub(crate) fn new(root: &Utf8Path) -> std::io::Result<Self> {
        Ok(Self { root: root.canonicalize_utf8()? })
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

/// Whether what says which files of a folder are ignored can be read, if there is such a file.
fn ignored_by(folder: &Utf8Path, root: &Utf8Path) -> Result<(), TreeError> {
    let path = folder.join(".gitignore");
    let shown = path.strip_prefix(root).unwrap_or(&path);
    imagelock_files::bytes(&path, IGNORE_BYTES).map_err(|error| refused(shown, &error.problem))?;
    Ok(())
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
        let start = self.inside(directory)?;
        let root = self.root.clone();
        // The walk opens what says what is ignored, also above the root, and would wait for a pipe.
        for folder in root.ancestors() {
            ignored_by(folder, &root)?;
        }
        let wrong = Arc::new(Mutex::new(None));
        let found_wrong = Arc::clone(&wrong);
        // From the root on, since what lies in an ignored folder is ignored by the folder alone.
        let entered = move |entry: &ignore::DirEntry| {
            let Some(path) = Utf8Path::from_path(entry.path()) else { return false };
            if !entry.file_type().is_some_and(|kind| kind.is_dir()) || path == root {
                return true;
            }
            let on_the_way = path.starts_with(&start) || start.starts_with(path);
            let kept = |name: &str| is_private(name) || is_version_control(name);
            if !on_the_way || path.file_name().is_some_and(kept) || path.join(FILE_NAME).is_file() {
                return false;
            }
            let readable = ignored_by(path, &root);
            let enter = readable.is_ok();
            if let Err(error) = readable {
                found_wrong.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
            enter
        };
        // What people hide is theirs as well: `.github`, `.gitlab-ci.yml`. Only what this repository says is ignored
        // counts, so that every machine finds the same files.
        let mut walk = ignore::WalkBuilder::new(&self.root);
        walk.hidden(false).ignore(false).git_global(false).git_exclude(false).require_git(false).follow_links(false);
        let walk = walk.sort_by_file_name(std::ffi::OsStr::cmp).filter_entry(entered).build();
        let mut files = Vec::new();
        for entry in walk {
            let entry = entry.map_err(|error| refused(directory, &error))?;
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                files.extend(self.relative(entry.path()).filter(|path| path.starts_with(directory)));
            }
        }
        let wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner).take();
        wrong.map_or(Ok(files), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
