//! The repository's files, as adapters may read them: nothing outside of it, whatever a link says.

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Tree, TreeError, is_private};
use imagelock_core::project::FILE_NAME;
use walkdir::WalkDir;

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
        let whole = self.root.join(path);
        let there = whole.ancestors().find_map(|ancestor| ancestor.canonicalize_utf8().ok());
        if there.is_some_and(|there| there.starts_with(&self.root)) {
            Ok(whole)
        } else {
            Err(TreeError { path: path.to_owned(), reason: "it leads out of the repository".to_owned() })
        }
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
    fn relative(&self, path: &std::path::Path) -> Option<Utf8PathBuf> {
        Utf8Path::from_path(path)?.strip_prefix(&self.root).ok().map(Utf8Path::to_owned)
    }
}

fn refused(path: &Utf8Path, error: &impl ToString) -> TreeError {
    TreeError { path: path.to_owned(), reason: error.to_string() }
}

impl Tree for DiskTree {
    fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, TreeError> {
        match std::fs::read(self.inside(path)?) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(refused(path, &error)),
        }
    }

    fn files(&self, directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, TreeError> {
        let start = self.inside(directory)?;
        if !start.is_dir() {
            return Ok(Vec::new());
        }
        let mut files = Vec::new();
        for entry in WalkDir::new(&start).follow_links(false).sort_by_file_name() {
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
        // From the root on, since what lies in an ignored folder is ignored by the folder alone.
        let entered = move |entry: &ignore::DirEntry| {
            let Some(path) = Utf8Path::from_path(entry.path()) else { return false };
            if !entry.file_type().is_some_and(|kind| kind.is_dir()) || path == root {
                return true;
            }
            let on_the_way = path.starts_with(&start) || start.starts_with(path);
            on_the_way && !path.file_name().is_some_and(is_private) && !path.join(FILE_NAME).is_file()
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
        Ok(files)
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
}
