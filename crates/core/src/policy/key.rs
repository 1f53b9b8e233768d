//! What of a tag is compared with the others.

use std::fmt::{Display, Formatter};

use super::flavour::{Flavour, Natural, Number};
use super::tag_version::TagVersion;

/// What of a tag is compared. Keys of one rule are ordered, the best is the greatest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Compared);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Compared {
    Text(String),
    Number(Number),
    /// The version first; what it leaves open, the group `order`; what that leaves open, the flavour.
    Version(TagVersion, Option<Natural>, Option<Flavour>),
}

impl Key {
    pub(super) fn text(text: &str) -> Self {
        Self(Compared::Text(text.to_owned()))
    }

    pub(super) fn number(text: &str) -> Option<Self> {
        Number::of(text).map(|number| Self(Compared::Number(number)))
    }

    pub(super) fn version(version: TagVersion, order: Option<&str>, flavour: Option<Flavour>) -> Self {
        Self(Compared::Version(version, order.map(Natural::of), flavour))
    }

    /// The numbers of the version; none where no versions are compared.
    pub fn numbers(&self) -> Option<&[u64]> {
        match &self.0 {
            Compared::Version(version, ..) => Some(&version.numbers),
            Compared::Text(_) | Compared::Number(_) => None,
        }
    }

    /// The kind of the flavour; empty for none.
    pub(super) fn kind(&self) -> &str {
        match &self.0 {
            Compared::Version(.., Some(flavour)) => flavour.kind(),
            _ => "",
        }
    }
}

impl Display for Key {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Compared::Text(text) => formatter.write_str(text),
            Compared::Number(number) => number.fmt(formatter),
            Compared::Version(version, order, flavour) => {
                version.fmt(formatter)?;
                order.iter().try_for_each(|order| write!(formatter, " order {order}"))?;
                flavour.iter().try_for_each(|flavour| write!(formatter, " {flavour}"))
            }
        }
    }
}
