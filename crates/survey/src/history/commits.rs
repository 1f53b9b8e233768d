//! Commits, and the best common ancestor of two.

use std::collections::{BinaryHeap, HashMap, HashSet};

use super::objects::{Id, Kind, Objects, hex, id};

/// The most commits that are looked at.
const COMMITS: usize = 2_000_000;
/// The most tags of tags.
const TAGS: usize = 8;

const OURS: u8 = 1;
const THEIRS: u8 = 2;
const BOTH: u8 = OURS | THEIRS;
/// An ancestor of what was found.
const STALE: u8 = 4;

/// The commits of a repository.
pub(super) struct Commits<'o> {
    pub(super) objects: &'o mut Objects,
    /// Those whose parents are not there.
    pub(super) shallow: &'o HashSet<Id>,
}

/// What is read of a commit.
pub(super) struct Commit {
    pub(super) tree: Id,
    pub(super) parents: Vec<Id>,
    /// When it was committed, in seconds.
    pub(super) time: i64,
}

impl Commits<'_> {
    pub(super) fn read(&mut self, id: &Id) -> Result<Commit, String> {
        let bytes = self.objects.get(id, Kind::Commit)?;
        let commit = parsed(&bytes).ok_or_else(|| format!("{} is no commit", hex(id)))?;
        let parents = if self.shallow.contains(id) { Vec::new() } else { commit.parents };
        Ok(Commit { parents, ..commit })
    }

    /// The commit that a tag is about.
    pub(super) fn peel(&mut self, mut object: Id) -> Result<Id, String> {
        for _ in 0..TAGS {
            let (kind, bytes) = self.objects.any(&object)?;
            match kind {
                Kind::Commit => return Ok(object),
                Kind::Tag => object = header(&bytes, b"object ").next().ok_or("it is a tag of nothing")?,
                Kind::Tree | Kind::Blob => break,
            }
        }
        Err("it is no commit".to_owned())
    }

    /// The best common ancestor, as `git merge-base` finds it: nothing newer is one. Of several, the newest.
    pub(super) fn merge_base(&mut self, ours: Id, theirs: Id) -> Result<Option<Id>, String> {
        let mut flags: HashMap<Id, u8> = HashMap::new();
        let mut queue: BinaryHeap<(i64, Id)> = BinaryHeap::new();
        let mut found: Vec<Id> = Vec::new();
        for (commit, flag) in [(ours, OURS), (theirs, THEIRS)] {
            let before = flags.entry(commit).or_default();
            if *before == 0 {
                queue.push((self.read(&commit)?.time, commit));
            }
            *before |= flag;
        }
        while queue.iter().any(|(_, commit)| flags[commit] & STALE == 0) {
            let Some((_, commit)) = queue.pop() else { break };
            let mut flag = flags[&commit];
            if flag & BOTH == BOTH {
                if flag & STALE == 0 && !found.contains(&commit) {
                    found.push(commit);
                }
                flag |= STALE;
            }
            for parent in self.read(&commit)?.parents {
                let before = flags.entry(parent).or_default();
                if *before & flag == flag {
                    continue;
                }
                *before |= flag;
                queue.push((self.read(&parent)?.time, parent));
            }
            if flags.len() > COMMITS {
                return Err(format!("it has more than {COMMITS} commits between the two"));
            }
        }
        Ok(found.into_iter().find(|commit| flags[commit] & STALE == 0))
    }
}

/// The objects that the lines of a head name which begin so.
fn header<'b>(bytes: &'b [u8], begins: &'b [u8]) -> impl Iterator<Item = Id> + 'b {
    let lines = bytes.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    lines.filter_map(|line| id(std::str::from_utf8(line.strip_prefix(begins)?).ok()?))
}

fn parsed(bytes: &[u8]) -> Option<Commit> {
    let tree = header(bytes, b"tree ").next()?;
    let parents = header(bytes, b"parent ").collect();
    let mut lines = bytes.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    let committer = lines.find_map(|line| line.strip_prefix(b"committer "))?;
    let end = committer.iter().rposition(|byte| *byte == b'>')?;
    let time = std::str::from_utf8(&committer[end + 1..]).ok()?.split_whitespace().next();
    Some(Commit { tree, parents, time: time.and_then(|time| time.parse().ok()).unwrap_or_default() })
}
