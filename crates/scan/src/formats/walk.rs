//! Ways into YAML: `jobs.*.services.*.image`, followed through aliases and merge keys.
//!
//! Every node is visited once for what may still be found under it, however often aliases repeat it: so the time is
//! that of the text, and a repetition without an end ends.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use imagelock_yaml::{Anchor, Entry, Kind, Node, Style, display};

use super::yaml::MERGE;
use crate::Unreadable;

/// Aliases inside of what aliases repeat: nobody writes as many.
const DEEPEST: usize = 50;

/// What is read of one step of a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WayPart<'w> {
    /// A key; a `*` in it stands for any part of it.
    Key(&'w str),
    /// Every item of a list.
    Item,
    /// Any keys and items, none among them.
    Deep,
}

/// A way: keys with `.` between them, `[]` for every item of a list, `*` for any part of a key, `**` for any steps.
pub(super) struct Way<'w>(Vec<WayPart<'w>>);

impl<'w> Way<'w> {
    pub(super) fn new(text: &'w str) -> Self {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let key = part.trim_end_matches("[]");
            match key {
                "" => {}
                "**" => steps.push(WayPart::Deep),
                key => steps.push(WayPart::Key(key)),
            }
            steps.extend(std::iter::repeat_n(WayPart::Item, (part.len() - key.len()) / 2));
        }
        Self(steps)
    }
}

/// A node at the end of a way.
#[derive(Clone, Debug)]
pub(super) struct Found<'n> {
    /// Which of the ways leads to it.
    pub(super) way: usize,
    /// The node; what an alias repeats, where one stands there.
    pub(super) node: &'n Node,
    /// The mappings and lists that it is in, the outermost first.
    pub(super) within: Vec<&'n Node>,
    /// The keys to it.
    pub(super) keys: Vec<imagelock_yaml::Step>,
}

impl Found<'_> {
    /// What people call the place: `jobs.test.container`.
    pub(super) fn place(&self) -> String {
        display(&self.keys)
    }

    /// The key so many steps above the last one.
    pub(super) fn key(&self, above: usize) -> Option<&str> {
        let keys = self.keys.iter().rev().filter_map(|step| match step {
            imagelock_yaml::Step::Key(key) => Some(key.as_str()),
            imagelock_yaml::Step::Index(_) => None,
        });
        keys.into_iter().nth(above)
    }
}

/// A document, and what its anchors name.
pub(super) struct Document<'n> {
    pub(super) root: &'n Node,
    anchored: BTreeMap<usize, &'n Node>,
}

impl<'n> Document<'n> {
    pub(super) fn new(root: &'n Node) -> Self {
        let mut anchored = BTreeMap::new();
        root.walk(&mut |node| {
            if let Some(anchor) = node.anchor {
                anchored.insert(anchor, node);
            }
        });
        Self { root, anchored }
    }

    /// What stands at a node, or is repeated there.
    pub(super) fn resolved(&self, node: &'n Node) -> &'n Node {
        match &node.kind {
            Kind::Alias(Anchor { id, key: None, .. }) => self.anchored.get(id).copied().unwrap_or(node),
            _ => node,
        }
    }

    /// The value of a key of a mapping, its own before what it merges; the last of several.
    pub(super) fn get(&self, node: &'n Node, key: &str) -> Option<&'n Node> {
        // What is merged may merge itself, twice and more.
        let (mut seen, mut open) = (BTreeSet::new(), vec![node]);
        while let Some(node) = open.pop().map(|node| self.resolved(node)).filter(|_| seen.len() < DEEPEST) {
            if let Some(own) = node.entries().iter().rfind(|entry| entry.key == key) {
                return Some(self.resolved(&own.value));
            }
            if !seen.insert(node.span.start) {
                continue;
            }
            let merged = node.entries().iter().filter(|entry| entry.key == MERGE);
            let sources = merged.flat_map(|entry| match &self.resolved(&entry.value).kind {
                Kind::Sequence(nodes) => nodes.as_slice(),
                _ => std::slice::from_ref(&entry.value),
            });
            let first = open.len();
            open.extend(sources.take(DEEPEST));
            open[first..].reverse();
        }
        None
    }

    /// The text at some keys, where it is one.
    pub(super) fn text(&self, node: &'n Node, keys: &[&str]) -> Option<&'n str> {
        keys.iter().try_fold(node, |node, key| self.get(node, key)).and_then(Node::present)
    }

    /// What stands at the ends of ways below a node, in the order in which it is met.
    pub(super) fn find(&self, node: &'n Node, ways: &[Way<'_>]) -> Result<Vec<Found<'n>>, Unreadable> {
        let mut walk = Walk {
            document: self,
            ways,
            seen: BTreeSet::new(),
            keys: Vec::new(),
            within: Vec::new(),
            aliases: 0,
            found: Vec::new(),
        };
        walk.node(node, (0..ways.len()).map(|way| (way, 0)).collect())?;
        Ok(walk.found)
    }
}

/// A way, and how many of its steps are done.
type State = (usize, usize);

struct Walk<'d, 'n, 'w> {
    document: &'d Document<'n>,
    ways: &'w [Way<'w>],
    /// What was visited by way of an alias, and for what.
    seen: BTreeSet<(usize, Vec<State>)>,
    keys: Vec<imagelock_yaml::Step>,
    within: Vec<&'n Node>,
    aliases: usize,
    found: Vec<Found<'n>>,
}

impl<'n> Walk<'_, 'n, '_> {
    fn node(&mut self, node: &'n Node, mut states: Vec<State>) -> Result<(), Unreadable> {
        // `**` is also no step at all.
        let mut at = 0;
        while let Some((way, step)) = states.get(at).copied() {
            if self.ways[way].0.get(step) == Some(&WayPart::Deep) && !states.contains(&(way, step + 1)) {
                states.push((way, step + 1));
            }
            at += 1;
        }
        if let Kind::Alias(Anchor { id, key: None, .. }) = &node.kind {
            return self.alias(node, *id, states);
        }
        for (way, _) in states.extract_if(.., |(way, step)| *step == self.ways[*way].0.len()) {
            self.found.push(Found { way, node, within: self.within.clone(), keys: self.keys.clone() });
        }
        if states.is_empty() {
            return Ok(());
        }
        self.within.push(node);
        match &node.kind {
            Kind::Mapping { entries, .. } => entries.iter().try_for_each(|entry| self.entry(entry, &states))?,
            Kind::Sequence(nodes) => {
                let below = self.below(&states, |step| matches!(step, WayPart::Item | WayPart::Deep));
                for (index, item) in nodes.iter().enumerate().filter(|_| !below.is_empty()) {
                    self.keys.push(imagelock_yaml::Step::Index(index));
                    self.node(item, below.clone())?;
                    self.keys.pop();
                }
            }
            Kind::Scalar { .. } | Kind::Alias(_) => {}
        }
        self.within.pop();
        Ok(())
    }

    fn entry(&mut self, entry: &'n Entry, states: &[State]) -> Result<(), Unreadable> {
        if entry.key == MERGE {
            let sources: Vec<&Node> = match &entry.value.kind {
                Kind::Sequence(nodes) => nodes.iter().collect(),
                _ => vec![&entry.value],
            };
            return sources.into_iter().try_for_each(|source| self.node(source, states.to_vec()));
        }
        let below = self.below(states, |step| match step {
            WayPart::Key(pattern) => fits(pattern, &entry.key),
            WayPart::Deep => true,
            WayPart::Item => false,
        });
        if below.is_empty() {
            return Ok(());
        }
        self.keys.push(imagelock_yaml::Step::Key(entry.key.clone()));
        self.node(&entry.value, below)?;
        self.keys.pop();
        Ok(())
    }

    /// The states below a step that is taken.
    fn below(&self, states: &[State], takes: impl Fn(&WayPart<'_>) -> bool) -> Vec<State> {
        let taken = states.iter().filter_map(|&(way, step)| {
            let next = self.ways[way].0.get(step).filter(|next| takes(next))?;
            Some((way, if *next == WayPart::Deep { step } else { step + 1 }))
        });
        taken.collect()
    }

    fn alias(&mut self, node: &'n Node, id: usize, states: Vec<State>) -> Result<(), Unreadable> {
        let Some(target) = self.document.anchored.get(&id).copied() else { return Ok(()) };
        if self.aliases >= DEEPEST {
            return Err(Unreadable {
                reason: "its aliases repeat each other too deeply".to_owned(),
                at: node.span.clone(),
            });
        }
        if !self.seen.insert((id, states.clone())) {
            return Ok(());
        }
        self.aliases += 1;
        self.node(target, states)?;
        self.aliases -= 1;
        Ok(())
    }
}

/// Whether a key is as a pattern wants it: `*` is any text.
fn fits(pattern: &str, key: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == key };
    let Some(mut key) = key.strip_prefix(start) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return key.ends_with(part);
        }
        let Some(at) = key.find(part) else { return false };
        key = &key[at + part.len()..];
    }
    true
}

/// Where the text of a scalar stands in the bytes of the file, line by line.
pub(super) struct Inside {
    /// Where a line starts in the text, where in the file, and how long it is.
    lines: Vec<(usize, usize, usize)>,
}

impl Inside {
    /// Of a scalar whose lines stand in the file as they are: without escapes, and not folded.
    pub(super) fn of(text: &str, node: &Node) -> Option<Self> {
        let Kind::Scalar { text: said, style } = &node.kind else { return None };
        let source = text.get(node.span.clone())?;
        let (mut at, source) = match style {
            Style::Block => {
                let head = source.find('\n')? + 1;
                (node.span.start + head, &source[head..])
            }
            _ => {
                let skipped = usize::from(source.starts_with(['"', '\'']));
                (node.span.start + skipped, &source[skipped..])
            }
        };
        let (mut lines, mut start) = (Vec::new(), 0);
        let mut written = source.split_inclusive('\n');
        for line in said.split('\n') {
            let Some(whole) = written.next() else { break };
            let content = whole.trim_end_matches(['\n', '\r']);
            let indented = match style {
                Style::Block => content.strip_suffix(line).filter(|indent| indent.trim_matches(' ').is_empty())?.len(),
                // Behind the text stands the quote, if anything.
                _ => content.starts_with(line).then_some(0)?,
            };
            lines.push((start, at + indented, line.len()));
            start += line.len() + 1;
            at += whole.len();
        }
        Some(Self { lines })
    }

    /// The bytes in the file of some bytes of the text, within one line.
    pub(super) fn span(&self, said: &Range<usize>) -> Option<Range<usize>> {
        let after = self.lines.partition_point(|(start, ..)| *start <= said.start);
        let (start, at, length) = *self.lines.get(after.checked_sub(1)?)?;
        (said.end <= start + length).then(|| at + said.start - start..at + said.end - start)
    }
}
