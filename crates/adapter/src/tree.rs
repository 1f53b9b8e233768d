//! What an adapter may read of the repository.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::project::FILE_NAME;

/// The files of a repository, by paths relative to the project file. Paths never leave the repository.
/// Targets read it at the same time.
pub trait Tree: Sync {
    /// The content of a file; nothing where there is none.
    fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, TreeError>;

    /// The files below a directory, at any depth, sorted; nothing where there is no such directory.
    fn files(&self, directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, TreeError>;

    /// The files below a directory that a glob may name, sorted: no folder is entered that tools keep for themselves or
    /// that is another project's. On a disk, what git ignores is left out as well.
    fn search(&self, directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, TreeError> {
        let all = self.files(Utf8Path::new(""))?;
        let nested: Vec<&Utf8Path> = all
            .iter()
            .filter(|path| path.file_name() == Some(FILE_NAME))
            .filter_map(|path| path.parent().filter(|parent| !parent.as_str().is_empty()))
            .collect();
        let foreign = |path: &Utf8Path| {
            nested.iter().any(|project| path.starts_with(project))
                || path.components().any(|part| is_private(part.as_str()))
        };
        Ok(self.files(directory)?.into_iter().filter(|path| !foreign(path)).collect())
    }

    /// Shows the files and the folders `starts` to a visitor, on all cores where there is a disk, and in no order: what
    /// `scan` looks at, each file once. A file is opened once, and only what is wanted by its first `head` bytes is read.
    fn visit(&self, starts: &[Utf8PathBuf], head: usize, visitor: &dyn Visitor) -> Result<(), TreeError> {
        let mut files = BTreeSet::new();
        for start in starts {
            let is_file = self.read(start)?.is_some();
            files.extend(if is_file { vec![start.clone()] } else { self.search(start)? });
        }
        for path in files.iter().filter(|path| visitor.is_named(path)) {
            let Some(content) = self.read(path).transpose() else { continue };
            let is_wanted =
                content.as_ref().map_or(true, |bytes| visitor.is_wanted(path, &bytes[..bytes.len().min(head)]));
            if is_wanted {
                visitor.visit(path, content);
            }
        }
        Ok(())
    }

    /// The content of a file as text; nothing where there is none.
    fn read_text(&self, path: &Utf8Path) -> Result<Option<String>, TreeError> {
        self.read(path)?
            .map(|bytes| {
                let reason = "it is not UTF-8".to_owned();
                String::from_utf8(bytes).map_err(|_| TreeError { path: path.to_owned(), reason })
            })
            .transpose()
    }
}

/// Who is shown the files of a repository, by several threads at once.
pub trait Visitor: Sync {
    /// Whether a file is one to look at, by its path alone.
    fn is_named(&self, path: &Utf8Path) -> bool;

    /// Whether a file is worth to be read whole, by its first bytes.
    fn is_wanted(&self, path: &Utf8Path, head: &[u8]) -> bool;

    /// A file that is wanted, or why it cannot be read.
    fn visit(&self, path: &Utf8Path, content: Result<Vec<u8>, TreeError>);
}

/// Whether a folder is one that tools keep for themselves: what is in it is made, fetched or copied, and written again.
pub fn is_private(folder: &str) -> bool {
    matches!(folder, ".git" | ".terraform" | "node_modules" | "target")
}

/// A file that is there and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read `{path}`: {reason}")]
pub struct TreeError {
    /// The file.
    pub path: Utf8PathBuf,
    /// Why not.
    pub reason: String,
}

/// A repository in memory, for tests.
#[derive(Clone, Debug, Default)]
pub struct MemoryTree(pub BTreeMap<Utf8PathBuf, Vec<u8>>);

impl MemoryTree {
    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: impl Into<Utf8PathBuf>, content: impl Into<Vec<u8>>) -> Self {
        self.0.insert(path.into(), content.into());
        self
    }
}

impl Tree for MemoryTree {
    fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, TreeError> {
        Ok(self.0.get(path).cloned())
    }

    fn files(&self, directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, TreeError> {
        Ok(self.0.keys().filter(|path| path.starts_with(directory)).cloned().collect())
    }
}
