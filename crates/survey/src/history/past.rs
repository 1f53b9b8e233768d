//! What one file was in all commits that lead to `HEAD`.

use std::collections::{BinaryHeap, HashMap, HashSet};

use camino::Utf8Path;

use super::commits::{Commit, Commits};
use super::objects::{Id, Kind, Objects, hex};
use super::refs::Folders;
use super::{Entry, HistoryError, entries, find};
use crate::rules;

/// The most commits that are looked at: a repository with more is read from its newest ones.
const COMMITS: usize = 200_000;

/// The versions of a file that commits before `HEAD` had, and `HEAD` itself: the newest first, and each once.
pub struct Past {
    objects: Objects,
    shallow: HashSet<Id>,
    /// The names of the folders above the file, and of the file.
    parts: Vec<Vec<u8>>,
    queue: BinaryHeap<(i64, Id)>,
    /// Those in the queue.
    waiting: HashMap<Id, Commit>,
    seen: HashSet<Id>,
    /// The file below a tree, by the tree and how far it is from the top.
    known: HashMap<(Id, usize), Option<Id>>,
    told: HashSet<Id>,
    is_cut: bool,
}

/// What a file was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The name of the newest commit that has it so.
    pub commit: String,
    /// When that was committed, in seconds since 1970, by its committer's word.
    pub seconds: i64,
    /// What it held.
    pub bytes: Vec<u8>,
}

impl Past {
    /// That of a file of the project at `root`, which is a real path, by the file's path from there on.
    pub fn of(root: &Utf8Path, file: &Utf8Path) -> Result<Self, HistoryError> {
        let top = rules::top(root).ok_or_else(|| HistoryError::NoRepository(root.to_owned()))?;
        let folders = Folders::of(top).map_err(HistoryError::Broken)?;
        let mut objects = Objects::open(&folders.common.join("objects")).map_err(HistoryError::Broken)?;
        let shallow = folders.shallow().map_err(HistoryError::Broken)?;
        let head = find(&folders, &mut Commits { objects: &mut objects, shallow: &shallow }, "HEAD")?;
        let whole = root.strip_prefix(top).unwrap_or(Utf8Path::new("")).join(file);
        let mut past = Self {
            objects,
            shallow,
            parts: whole.components().map(|part| part.as_str().as_bytes().to_vec()).collect(),
            queue: BinaryHeap::new(),
            waiting: HashMap::new(),
            seen: HashSet::new(),
            known: HashMap::new(),
            told: HashSet::new(),
            is_cut: false,
        };
        past.enqueue(head)?;
        Ok(past)
    }

    /// Whether there is more before than was looked at: the clone has a part of the history, or there are too many commits.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    fn enqueue(&mut self, commit: Id) -> Result<(), HistoryError> {
        if self.seen.insert(commit) {
            let mut commits = Commits { objects: &mut self.objects, shallow: &self.shallow };
            let read = commits.read(&commit).map_err(HistoryError::Broken)?;
            self.queue.push((read.time, commit));
            self.waiting.insert(commit, read);
        }
        Ok(())
    }

    /// The next older version; nothing where there is none.
    fn older(&mut self) -> Result<Option<Version>, HistoryError> {
        while let Some((seconds, id)) = self.queue.pop() {
            let Some(commit) = self.waiting.remove(&id) else { continue };
            self.is_cut |= self.shallow.contains(&id);
            for parent in commit.parents {
                if self.seen.len() >= COMMITS {
                    self.is_cut = true;
                    break;
                }
                self.enqueue(parent)?;
            }
            let Some(blob) = self.below(commit.tree, 0)? else { continue };
            if self.told.insert(blob) {
                let bytes = self.objects.get(&blob, Kind::Blob).map_err(HistoryError::Broken)?;
                return Ok(Some(Version { commit: hex(&id), seconds, bytes }));
            }
        }
        Ok(None)
    }

    /// The file below a tree that is so far from the top.
    fn below(&mut self, tree: Id, depth: usize) -> Result<Option<Id>, HistoryError> {
        if let Some(known) = self.known.get(&(tree, depth)) {
            return Ok(*known);
        }
        let bytes = self.objects.get(&tree, Kind::Tree).map_err(HistoryError::Broken)?;
        let no_tree = || HistoryError::Broken(format!("{} is no tree", hex(&tree)));
        let entries = entries(&bytes).ok_or_else(no_tree)?;
        let entry = entries.into_iter().find(|entry| self.parts.get(depth).is_some_and(|part| entry.name == *part));
        let is_last = depth + 1 == self.parts.len();
        let found = match entry {
            Some(Entry { is_file: true, id, .. }) if is_last => Some(id),
            Some(Entry { is_tree: true, id, .. }) if !is_last => self.below(id, depth + 1)?,
            _ => None,
        };
        self.known.insert((tree, depth), found);
        Ok(found)
    }
}

impl Iterator for Past {
    type Item = Result<Version, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.older().transpose()
    }
}
