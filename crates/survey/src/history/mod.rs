//! What files were in a commit, or at the merge base of `HEAD` and another one, and what one file was in all commits before
//! ([`Past`]), read from what Git keeps in its folder.
//!
//! No Git is started: the settings of a repository name programs that it would run (`core.fsmonitor`, filters, what
//! fetches an object that is not there), and whoever checks somebody's repository did not choose them. So what is read is
//! little: names of commits, commits, trees and the files in them. Nothing is believed about sizes, and a chain of any kind
//! has an end. It is not for writing, and not for what the index or the settings say.

mod commits;
mod delta;
mod objects;
mod pack;
mod past;
mod refs;

use std::collections::HashMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use self::commits::Commits;
use self::objects::{Id, Kind, Objects};
pub use self::past::{Past, Version};
use self::refs::Folders;
use crate::rules;

/// Why the history cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// There is none.
    #[error("`{0}` is not in a repository of Git's")]
    NoRepository(Utf8PathBuf),
    /// A name that is no commit's.
    #[error("`{name}` names no commit: {reason}")]
    NoCommit {
        /// What was asked for.
        name: String,
        /// Why not.
        reason: String,
    },
    /// Two commits without a common ancestor that is there.
    #[error("`{0}` and `HEAD` have no common ancestor here: the clone may be a shallow one")]
    NoBase(String),
    /// Something that Git keeps cannot be read.
    #[error("cannot read the history: {0}")]
    Broken(String),
}

/// The files of one commit.
pub struct Base {
    objects: Objects,
    commit: Id,
    tree: Id,
    /// Where the root of the project is, from the top of the repository on.
    prefix: Utf8PathBuf,
    trees: HashMap<Id, Rc<Vec<Entry>>>,
}

/// An entry of a tree.
struct Entry {
    name: Vec<u8>,
    is_file: bool,
    is_tree: bool,
    id: Id,
}

impl Base {
    /// The merge base of `HEAD` and `revision` in the repository that `root` lies in, which is a real path. `revision` is a
    /// branch, a tag or the whole name of a commit, with `~N` and `^` behind it.
    pub fn of(root: &Utf8Path, revision: &str) -> Result<Self, HistoryError> {
        Self::chosen(root, |folders, commits| {
            let (head, other) = (find(folders, commits, "HEAD")?, find(folders, commits, revision)?);
            let base = commits.merge_base(head, other).map_err(HistoryError::Broken)?;
            base.ok_or_else(|| HistoryError::NoBase(revision.to_owned()))
        })
    }

    /// The commit `revision` itself.
    pub fn at(root: &Utf8Path, revision: &str) -> Result<Self, HistoryError> {
        Self::chosen(root, |folders, commits| find(folders, commits, revision))
    }

    fn chosen(
        root: &Utf8Path,
        choose: impl FnOnce(&Folders, &mut Commits<'_>) -> Result<Id, HistoryError>,
    ) -> Result<Self, HistoryError> {
        let top = rules::top(root).ok_or_else(|| HistoryError::NoRepository(root.to_owned()))?;
        let folders = Folders::of(top).map_err(HistoryError::Broken)?;
        let mut objects = Objects::open(&folders.common.join("objects")).map_err(HistoryError::Broken)?;
        let shallow = folders.shallow().map_err(HistoryError::Broken)?;
        let mut commits = Commits { objects: &mut objects, shallow: &shallow };
        let commit = choose(&folders, &mut commits)?;
        let tree = commits.read(&commit).map_err(HistoryError::Broken)?.tree;
        let prefix = root.strip_prefix(top).unwrap_or(Utf8Path::new("")).to_owned();
        Ok(Self { objects, commit, tree, prefix, trees: HashMap::new() })
    }

    /// The name of the commit.
    pub fn commit(&self) -> String {
        objects::hex(&self.commit)
    }

    /// What a file of the project held, by its path from the root on; nothing where it was no file.
    pub fn file(&mut self, path: &Utf8Path) -> Result<Option<Vec<u8>>, HistoryError> {
        let whole = self.prefix.join(path);
        let mut tree = self.tree;
        let mut parts = whole.components().peekable();
        while let Some(part) = parts.next() {
            let entries = self.tree(&tree)?;
            let Some(entry) = entries.iter().find(|entry| entry.name == part.as_str().as_bytes()) else {
                return Ok(None);
            };
            match parts.peek() {
                Some(_) if entry.is_tree => tree = entry.id,
                None if entry.is_file => {
                    let blob = self.objects.get(&entry.id, Kind::Blob).map_err(HistoryError::Broken)?;
                    return Ok(Some(blob));
                }
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    fn tree(&mut self, id: &Id) -> Result<Rc<Vec<Entry>>, HistoryError> {
        if let Some(entries) = self.trees.get(id) {
            return Ok(Rc::clone(entries));
        }
        let bytes = self.objects.get(id, Kind::Tree).map_err(HistoryError::Broken)?;
        let entries = entries(&bytes);
        let entries = entries.ok_or_else(|| HistoryError::Broken(format!("{} is no tree", objects::hex(id))))?;
        let entries = Rc::new(entries);
        self.trees.insert(*id, Rc::clone(&entries));
        Ok(entries)
    }
}

/// The commit that a name means.
fn find(folders: &Folders, commits: &mut Commits<'_>, name: &str) -> Result<Id, HistoryError> {
    let no_commit = |reason| HistoryError::NoCommit { name: name.to_owned(), reason };
    folders.find(name, commits).map_err(no_commit)
}

/// The entries of a tree: `mode name`, a zero byte, and the name of an object.
fn entries(mut rest: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == 0)?;
        let space = rest[..end].iter().position(|byte| *byte == b' ')?;
        let (mode, name) = (&rest[..space], rest[space + 1..end].to_vec());
        let (id, after) = rest[end + 1..].split_first_chunk()?;
        entries.push(Entry { name, is_file: mode.starts_with(b"100"), is_tree: mode == b"40000", id: *id });
        rest = after;
    }
    Some(entries)
}
