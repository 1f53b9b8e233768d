//! Which of a repository's tags answers a version rule, and why no other does.
//!
//! Tags are not versions: `16`, `16.9`, `16.9-alpine` and `16.9.0-beta1` stand side by side in one repository. So a
//! rule says which tags compete (a regular expression, and others that leave tags out), what of them is compared (its named
//! groups), how a version is read in that (its [`Scheme`]) and what is required of it, in the grammar of Cargo (`16` is `^16`) or
//! of another [`Dialect`], applied to the first three numbers of a tag. A number alone is a version only for a rule that says
//! so with such an expression: `16` moves, `20230101` and `1234567` are none.
//!
//! A rule is a function of the set of tags: no order in which a registry lists them changes what it says.

mod dialect;
mod dropped;
mod error;
mod flavour;
mod key;
mod likely;
mod masterminds;
mod meant;
mod parts;
mod requirement;
mod scheme;
mod select;
mod tag_version;
#[cfg(test)]
mod tests;
mod verdict;

use std::sync::Arc;

use regex::{Captures, Regex};

pub use dropped::{Counted, Dropped, Reason};
pub use error::RuleError;
pub use key::Key;
pub use likely::{Likely, likely, matching};
pub use meant::{NotMeant, meant};
pub use parts::Parts;
pub use requirement::Dialect;
pub use scheme::Scheme;
pub use select::{LIMIT, MOST, Select};
pub use tag_version::newest;
pub use verdict::Verdict;

use self::flavour::Flavour;
use self::requirement::Requirement;
use self::tag_version::{Read, TagVersion, is_number, without_zeros};
use crate::expression;
use crate::reference::Tag;

/// A rule that picks one of many tags. Two are equal where they are written the same.
#[derive(Clone, Debug)]
pub struct Rule(Arc<Compiled>);

/// The parts of a rule, ready to judge: large, and the same for all copies of it.
#[derive(Debug)]
struct Compiled {
    parts: Parts,
    requirement: Option<Requirement>,
    tags: Option<Regex>,
    exclude: Vec<Regex>,
    select: Select,
    /// Without one, versions are read as they were before there were schemes: what is behind the numbers is a pre-release
    /// to SemVer, and competes where `tags` matches it.
    scheme: Option<Scheme>,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.0.parts == other.0.parts
    }
}

impl Eq for Rule {}

impl Rule {
    /// Makes a rule of the keys that most rules have.
    pub fn new(version: Option<&str>, tags: Option<&str>, select: Option<&str>) -> Result<Self, RuleError> {
        let [version, tags, select] = [version, tags, select].map(|part| part.map(str::to_owned));
        Self::of(Parts { version, tags, select, ..Parts::default() })
    }

    /// Makes a rule of what a project file says.
    pub fn of(parts: Parts) -> Result<Self, RuleError> {
        let select = parts.select.as_deref().map(Select::parse).transpose()?.unwrap_or_default();
        let scheme = parts.scheme.as_deref().map(Scheme::parse).transpose()?;
        parts.fit(select)?;
        let dialect = parts.dialect.as_deref().map(Dialect::parse).transpose()?.unwrap_or_default();
        let requirement = parts.version.as_deref().map(|text| Requirement::parse(text, dialect)).transpose()?;
        let tags = match &parts.tags {
            None if select == Select::Semver => None,
            None => {
                let group = if select.group().is_some() { ", with a group `(?<order>…)`" } else { "" };
                return Err(RuleError::SelectWithoutTags(select.name(), group));
            }
            Some(text) => {
                let regex = expression::bounded(text).map_err(RuleError::Tags)?;
                let lacks = |group: &&str| !regex.capture_names().flatten().any(|name| name == *group);
                if let Some(group) = select.group().filter(lacks) {
                    return Err(RuleError::Group(group));
                }
                Some(regex)
            }
        };
        let exclude = parts.exclude.iter().map(|text| expression::bounded(text).map_err(RuleError::Exclude));
        let exclude = exclude.collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(Compiled { parts, requirement, tags, exclude, select, scheme })))
    }

    /// What the rule was made of.
    pub fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// What the best tag of the rule is called: of versions and numbers the highest.
    pub fn order(&self) -> &'static str {
        match self.0.select {
            Select::Semver | Select::Numeric => "highest",
            Select::Alphabetical => "last",
            Select::Newest => "newest",
        }
    }

    /// Whether the images have to tell which of the tags that compete is the best one: then they are all equal to
    /// [`judge`](Self::judge), and [`best`](Self::best) has nothing to say.
    pub fn asks_images(&self) -> bool {
        self.0.select == Select::Newest
    }

    /// Says of every tag what of it is compared, or why it is out; the best is the first, and the answer is the same
    /// whatever order they come in. A tag that comes twice is judged once.
    ///
    /// Where tags of several kinds of flavour would compete, none does: which one is meant is for the rule to say, and
    /// the version that is published first must not choose between musl and glibc.
    pub fn judge<'a>(&self, tags: impl IntoIterator<Item = &'a Tag>) -> Vec<Verdict<'a>> {
        let mut verdicts: Vec<Verdict<'a>> = tags.into_iter().map(|tag| self.verdict(tag)).collect();
        if several_kinds(verdicts.iter().filter_map(Verdict::kind)) {
            for verdict in verdicts.iter_mut().filter(|verdict| verdict.judged.is_ok()) {
                verdict.judged = Err(Reason::Flavours);
            }
        }
        verdicts.sort_unstable();
        verdicts.dedup_by(|one, other| one.tag == other.tag);
        verdicts
    }

    /// Returns the first of what [`judge`](Self::judge) says, if it competes, without keeping the others: a list may have a
    /// million tags. Of a rule that asks the images, none is.
    pub fn best<'a>(&self, tags: impl IntoIterator<Item = &'a Tag>) -> Option<&'a Tag> {
        if self.asks_images() {
            return None;
        }
        let mut best: Option<Verdict<'a>> = None;
        for verdict in tags.into_iter().map(|tag| self.verdict(tag)).filter(|verdict| verdict.judged.is_ok()) {
            best = match best {
                Some(best) if best.kind() != verdict.kind() => return None,
                Some(best) => Some(best.min(verdict)),
                None => Some(verdict),
            };
        }
        best.map(|best| best.tag)
    }

    /// Returns the tags of [`judge`](Self::judge) that compete, in its order, down to one of them.
    pub fn ranked<'a>(&self, tags: impl IntoIterator<Item = &'a Tag>, down_to: Option<&'a Tag>) -> Vec<&'a Tag> {
        let last = down_to.map(|tag| self.verdict(tag)).filter(|last| last.judged.is_ok());
        let competing = tags.into_iter().map(|tag| self.verdict(tag)).filter(|verdict| verdict.judged.is_ok());
        // A list may have a million tags, and few are better than the one that is locked.
        let (mut ranked, mut kind): (Vec<Verdict<'a>>, Option<String>) = (Vec::new(), None);
        for verdict in competing {
            match (&kind, verdict.kind()) {
                (Some(one), Some(other)) if one != other => return Vec::new(),
                (None, Some(first)) => kind = Some(first.to_owned()),
                _ => {}
            }
            if last.as_ref().is_none_or(|last| verdict <= *last) {
                ranked.push(verdict);
            }
        }
        ranked.sort_unstable();
        ranked.into_iter().map(|verdict| verdict.tag).collect()
    }

    /// Whether the rule could pick this tag, if no better one were there.
    pub fn admits(&self, tag: &Tag) -> bool {
        self.key(tag).is_ok()
    }

    /// Returns the numbers of the version that the rule compares of a tag; none where it compares no versions.
    pub fn numbers(&self, tag: &Tag) -> Option<Vec<u64>> {
        self.key(tag).ok()?.numbers().map(<[u64]>::to_vec)
    }

    /// Counts why the rule picks none of `tags` that it does not pick.
    pub fn dropped<'a>(&self, tags: impl IntoIterator<Item = &'a Tag> + Clone) -> Dropped {
        let requirement = self.0.requirement.as_ref().map(ToString::to_string);
        let mut dropped = Dropped::new(requirement.unwrap_or_default(), self.0.parts.exclude.clone());
        let competing = tags.clone().into_iter().filter_map(|tag| self.key(tag).ok());
        let several = several_kinds(competing.map(|key| key.kind().to_owned()));
        for tag in tags {
            match self.key(tag) {
                Err(reason) => dropped.count(reason, tag),
                Ok(key) if several => dropped.count_flavour(key.kind(), tag),
                Ok(_) => {}
            }
        }
        dropped
    }

    /// Returns which of `tags` have a pre-release with leading zeros, and would be better than the best one if those were
    /// left out: who numbers so meant one of them, and SemVer orders none.
    pub fn unordered<'a>(&self, tags: impl IntoIterator<Item = &'a Tag>, best: &Tag) -> Option<Dropped> {
        let best = self.key(best).ok()?;
        let mut dropped = Dropped::new(String::new(), Vec::new());
        // A list may have a million tags, and nearly none has such a number.
        for tag in tags.into_iter().filter(|tag| ["-0", ".0"].iter().any(|zero| tag.as_str().contains(zero))) {
            let meant = || self.key_of(tag, |text| self.read(&without_zeros(text)));
            if self.key(tag) == Err(Reason::Zeros) && meant().is_ok_and(|key| key > best) {
                dropped.count(Reason::Zeros, tag);
            }
        }
        (!dropped.is_empty()).then_some(dropped)
    }

    fn verdict<'a>(&self, tag: &'a Tag) -> Verdict<'a> {
        Verdict { tag, judged: self.key(tag) }
    }

    fn read(&self, text: &str) -> Result<Read, Reason> {
        self.0.scheme.map_or_else(|| Ok((TagVersion::parse(text)?, None)), |scheme| scheme.read(text))
    }

    fn key(&self, tag: &Tag) -> Result<Key, Reason> {
        self.key_of(tag, |text| self.read(text))
    }

    fn key_of(&self, tag: &Tag, read: impl Fn(&str) -> Result<Read, Reason>) -> Result<Key, Reason> {
        if let Some(at) = self.0.exclude.iter().position(|regex| regex.is_match(tag.as_str())) {
            return Err(Reason::Excluded(at));
        }
        let found =
            self.0.tags.as_ref().map(|regex| regex.captures(tag.as_str()).ok_or(Reason::Unmatched)).transpose()?;
        let group = |name| found.as_ref().and_then(|found: &Captures<'_>| found.name(name)).map(|found| found.as_str());
        let text = match (&found, self.0.select.group()) {
            (Some(_), Some(compared)) => group(compared).ok_or(Reason::Unmatched)?,
            (Some(_), None) | (None, _) => tag.as_str(),
        };
        match self.0.select {
            Select::Alphabetical => Ok(Key::text(text)),
            Select::Newest => Ok(Key::text("")),
            Select::Numeric => Key::number(text).ok_or(Reason::NoNumber),
            Select::Semver => {
                let (version, behind) = read(text)?;
                let named = group("flavour").filter(|flavour| !flavour.is_empty()).map(Flavour::new);
                let flavour = named.or(behind);
                self.competes(text, &version, flavour.is_some())?;
                Ok(Key::version(version, group("order"), flavour))
            }
        }
    }

    /// Whether a version competes.
    fn competes(&self, text: &str, version: &TagVersion, has_flavour: bool) -> Result<(), Reason> {
        let named = self.0.requirement.as_ref().is_some_and(Requirement::names_pre);
        // Without a regular expression to ask for them, pre-releases and flavours do not compete, nor do numbers alone:
        // days, builds and short hashes look like majors.
        if self.0.tags.is_none() {
            let suffix = self.0.scheme.is_none() && version.has_suffix() && !(self.0.parts.dialect.is_some() && named);
            if suffix || has_flavour {
                return Err(Reason::Suffix);
            }
            if is_number(text) {
                return Err(Reason::Number);
            }
        }
        let whole = version.semver();
        let fits = |version: &semver::Version| self.0.requirement.as_ref().is_none_or(|wanted| wanted.admits(version));
        if self.0.scheme.is_none() || !version.is_pre() {
            return if fits(&whole) { Ok(()) } else { Err(Reason::Unwanted) };
        }
        // A pre-release competes where the requirement names it; or where the rule wants them, and their release too.
        let released = fits(&semver::Version { pre: semver::Prerelease::EMPTY, ..whole.clone() });
        match (named && fits(&whole), released) {
            (true, _) => Ok(()),
            (false, true) if self.0.parts.prerelease => Ok(()),
            (false, true) => Err(Reason::Prerelease),
            (false, false) => Err(Reason::Unwanted),
        }
    }
}

fn several_kinds<T: PartialEq>(mut kinds: impl Iterator<Item = T>) -> bool {
    kinds.next().is_some_and(|first| kinds.any(|kind| kind != first))
}

impl std::fmt::Display for Rule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.parts.fmt(formatter)
    }
}
