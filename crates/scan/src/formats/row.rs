//! The rows of a table: ways to images, what stands at their ends, and where variables are given values.

use std::ops::Range;

use imagelock_core::Reference;

use super::nested::Language;
use super::walk::{Document, Found};
use crate::{Sure, bare};

/// A way to images.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) way: &'static str,
    pub(super) takes: Takes,
    pub(super) sure: Sure,
    pub(super) unless: fn(&Beside<'_, '_>) -> bool,
}

/// What stands at the end of a way.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    /// A reference.
    Image,
    /// A reference behind this scheme; another text is none.
    Scheme(&'static str),
    /// A mapping that holds a reference in parts.
    Parts(&'static Keys),
    /// A text that holds references, at these bytes.
    Within(fn(&str) -> Vec<Range<usize>>),
    /// Values of a chart, of any shape.
    Values,
    /// Values of a chart that are set one by one: a list of them, or the blocks of a mapping that are called like this.
    Pairs(&'static str),
    /// A text of another language.
    Nested(Language),
}

/// The keys of a mapping that hold a reference in parts; the first that is there counts.
pub(super) struct Keys {
    pub(super) registry: &'static [&'static [&'static str]],
    pub(super) repository: &'static [&'static [&'static str]],
    pub(super) tag: &'static [&'static [&'static str]],
    pub(super) digest: &'static [&'static [&'static str]],
    /// What is done where no digest stands.
    pub(super) absent: Absent,
}

/// What is done where no digest stands among keys that hold a reference in parts.
#[derive(Clone, Copy)]
pub(super) enum Absent {
    /// It gets this key, behind the tag or else behind the repository.
    Gets(&'static str),
    /// Nothing, for this reason.
    Stays(&'static str),
}

/// Where a variable is given a value.
pub(super) struct Given {
    pub(super) way: &'static str,
    /// What is in front of its name where it is used: `matrix.`.
    pub(super) prefix: &'static str,
    pub(super) named: Named,
    /// How many of the first steps to it are those of a place that it counts for: 2 where it is a job's own.
    pub(super) scope: usize,
}

impl Given {
    /// A variable that counts in the whole file, called as the key so many steps above the last one.
    pub(super) const fn key(way: &'static str, prefix: &'static str, above: usize) -> Self {
        Self { way, prefix, named: Named::Key(above), scope: 0 }
    }

    /// A variable that counts in the whole file, called as the text of the key `name` beside its value.
    pub(super) const fn beside(way: &'static str, prefix: &'static str) -> Self {
        Self { way, prefix, named: Named::Beside, scope: 0 }
    }

    /// The same, for places alone whose so many first steps are its own.
    pub(super) const fn within(self, scope: usize) -> Self {
        Self { scope, ..self }
    }
}

/// What a variable is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// As the key so many steps above the last one.
    Key(usize),
    /// As the text of the key `name` beside its value.
    Beside,
}

/// What is beside a node.
pub(super) struct Beside<'d, 'n> {
    pub(super) document: &'d Document<'n>,
    pub(super) found: &'d Found<'n>,
}

impl Beside<'_, '_> {
    /// Whether the mapping that the node is in, or the one so many above it, has a key.
    pub(super) fn has(&self, above: usize, key: &str) -> bool {
        let parent = self.found.within.iter().rev().nth(above);
        parent.is_some_and(|parent| self.document.get(parent, key).is_some())
    }

    /// The text of a key of the mapping that the node is in, or of the one so many above it.
    pub(super) fn text(&self, above: usize, key: &str) -> Option<&str> {
        let parent = self.found.within.iter().rev().nth(above)?;
        self.document.text(parent, &[key])
    }

    /// The text of a key of the node itself.
    pub(super) fn own(&self, key: &str) -> Option<&str> {
        self.document.text(self.found.node, &[key])
    }

    /// The text of the node itself.
    pub(super) fn said(&self) -> Option<&str> {
        self.found.node.present()
    }

    /// The outermost key.
    pub(super) fn first(&self) -> &str {
        self.found.keys.first().map_or("", |step| match step {
            imagelock_yaml::Step::Key(key) => key,
            imagelock_yaml::Step::Index(_) => "",
        })
    }
}

/// Whether the node is a text without a tag and without a digest: nearly any word could be a repository.
pub(super) fn is_word(beside: &Beside<'_, '_>) -> bool {
    let said = beside.found.node.present().unwrap_or_default();
    let is_formed = |found: Reference| found.tag.is_some() || found.digest.is_some();
    !bare(said).parse().is_ok_and(is_formed)
}

impl Row {
    /// References at the end of a way.
    pub(super) const fn image(way: &'static str) -> Self {
        Self::new(way, Takes::Image)
    }

    /// What is at the end of a way.
    pub(super) const fn new(way: &'static str, takes: Takes) -> Self {
        Self { way, takes, sure: Sure::Certain, unless: |_| false }
    }

    /// The same, no more than a default.
    pub(super) const fn default(self) -> Self {
        Self { sure: Sure::Default, ..self }
    }

    /// The same, but where something stands beside it.
    pub(super) const fn unless(self, unless: fn(&Beside<'_, '_>) -> bool) -> Self {
        Self { unless, ..self }
    }
}
