//! The repository's files, as adapters may read them: nothing outside of it, whatever a link says.

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Tree, TreeError};
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
            let path = Utf8Path::from_path(entry.path());
            // A name that is not text cannot be named in a project file either.
            if let Some(Ok(relative)) = path.map(|path| path.strip_prefix(&self.root))
                && entry.file_type().is_file()
            {
                files.push(relative.to_owned());
            }
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
