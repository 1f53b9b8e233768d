//! What a rule says of one tag.

use std::cmp::Ordering;

use super::dropped::Reason;
use super::key::Key;
use crate::reference::Tag;

/// What a rule says of one tag: what of it is compared, or why it does not compete. The best is the least, so that a
/// sorted list begins with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// The tag.
    pub tag: &'a Tag,
    /// What of it is compared, or why it is out.
    pub judged: Result<Key, Reason>,
}

impl Verdict<'_> {
    /// The kind of the flavour of a tag that competes; empty for none.
    pub(super) fn kind(&self) -> Option<&str> {
        self.judged.as_ref().ok().map(Key::kind)
    }
}

impl Ord for Verdict<'_> {
    /// Those that compete before those that are out. The higher key first; of tags with equal keys, such as `1.2` and
    /// `v1.2`, the one that is later in the order of bytes. So no two tags are equal, and the order in which a registry
    /// lists them has no part in who is first.
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.judged, &other.judged) {
            (Ok(mine), Ok(theirs)) => theirs.cmp(mine).then_with(|| other.tag.cmp(self.tag)),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(mine), Err(theirs)) => mine.cmp(theirs).then_with(|| self.tag.cmp(other.tag)),
        }
    }
}

impl PartialOrd for Verdict<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
