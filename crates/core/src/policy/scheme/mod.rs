//! How a version is read in a tag.

mod calver;
mod loose;
mod pep440;
#[cfg(test)]
mod tests;

pub(super) use self::calver::is_year;
pub(super) use self::loose::moment;
use super::dropped::Reason;
use super::error::RuleError;
use super::tag_version::{Read, TagVersion, prerelease, without_v};

/// How a version is read in a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// SemVer 2.0 to the letter, behind an optional `v`: three numbers without leading zeros, an optional pre-release.
    Semver,
    /// One to four numbers as public images write them, with builds, pre-releases and flavours behind them.
    Loose,
    /// Python's versions (PEP 440), as far as tags can hold them.
    Pep440,
    /// Days: years, months and days, in one number or in several.
    Calver,
}

impl Scheme {
    /// The words that a project file uses.
    pub const NAMES: [&'static str; 4] = ["semver", "loose", "pep440", "calver"];

    pub(super) fn parse(text: &str) -> Result<Self, RuleError> {
        match text {
            "semver" => Ok(Self::Semver),
            "loose" => Ok(Self::Loose),
            "pep440" => Ok(Self::Pep440),
            "calver" => Ok(Self::Calver),
            _ => Err(RuleError::Scheme(text.to_owned())),
        }
    }

    /// Reads a version and the flavour behind it, or says why the text is none.
    pub(super) fn read(self, text: &str) -> Result<Read, Reason> {
        match self {
            Self::Semver => semver(text).map(|version| (version, None)),
            Self::Loose => loose::read(text),
            Self::Pep440 => pep440::read(text).map(|version| (version, None)).ok_or(Reason::NoVersion),
            Self::Calver => calver::read(text),
        }
    }
}

fn semver(text: &str) -> Result<TagVersion, Reason> {
    let text = without_v(text);
    if let Some((_, pre)) = text.split_once('-') {
        prerelease(pre)?;
    }
    let semver::Version { major, minor, patch, pre, .. } = text.parse().map_err(|_| Reason::NoVersion)?;
    let pre = Some(pre).filter(|pre| !pre.is_empty());
    Ok(TagVersion { numbers: vec![major, minor, patch], pre, ..TagVersion::default() })
}
