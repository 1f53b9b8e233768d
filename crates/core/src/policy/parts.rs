//! What a project file says of a rule.

use std::fmt::{Display, Formatter};

use super::error::RuleError;
use super::select::Select;

/// What a project file says of a rule, key by key, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parts {
    /// The requirement.
    pub version: Option<String>,
    /// The regular expression.
    pub tags: Option<String>,
    /// The order.
    pub select: Option<String>,
    /// How a version is read.
    pub scheme: Option<String>,
    /// The grammar of the requirement.
    pub dialect: Option<String>,
    /// Regular expressions of tags that do not compete.
    pub exclude: Vec<String>,
    /// Whether pre-releases compete.
    pub prerelease: bool,
}

impl Parts {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a lock of version 1 can hold it: that had `version`, `tags` and `select`.
    pub(crate) fn is_plain(&self) -> bool {
        let Self { scheme, dialect, exclude, prerelease, version: _, tags: _, select: _ } = self;
        scheme.is_none() && dialect.is_none() && exclude.is_empty() && !prerelease
    }

    /// Refuses keys that need others.
    pub(super) fn fit(&self, select: Select) -> Result<(), RuleError> {
        let Self { version, tags, select: _, scheme, dialect, exclude, prerelease } = self;
        if select != Select::Semver {
            for (key, written) in [("version", version.is_some()), ("scheme", scheme.is_some())] {
                if written {
                    return Err(RuleError::VersionOfOther(key));
                }
            }
        }
        if dialect.is_some() && version.is_none() {
            return Err(RuleError::DialectOfNothing);
        }
        if *prerelease && scheme.is_none() {
            return Err(RuleError::PrereleaseWithoutScheme);
        }
        let alone = if scheme.is_some() { Some("scheme") } else { (!exclude.is_empty()).then_some("exclude") };
        match alone {
            Some(key) if version.is_none() && tags.is_none() => Err(RuleError::Alone(key)),
            _ => Ok(()),
        }
    }
}

impl Display for Parts {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { version, tags, select, scheme, dialect, exclude, prerelease } = self;
        let exclude = (!exclude.is_empty()).then(|| exclude.join(" "));
        let prerelease = prerelease.then(|| "true".to_owned());
        let named = [
            ("version", version),
            ("dialect", dialect),
            ("scheme", scheme),
            ("tags", tags),
            ("exclude", &exclude),
            ("prerelease", &prerelease),
            ("select", select),
        ];
        let parts: Vec<String> =
            named.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?))).collect();
        formatter.write_str(&parts.join(", "))
    }
}
