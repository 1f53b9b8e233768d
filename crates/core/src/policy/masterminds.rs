//! Requirements in the grammar of the Go library Masterminds/semver 3.5, with its meaning: `~1.2`, `^1`, `1.x`,
//! `>=1 <2 || 3.x`, `1.1 - 2`, and `-0` where pre-releases are let in.
//!
//! A pre-release answers only alternatives that name one, as the library has it since 3.4. An empty requirement, which it
//! takes for `*`, is refused.

use std::fmt::{Display, Formatter};

use semver::{BuildMetadata, Prerelease, Version};

use crate::text::quoted;

/// The longest requirement; people's have a few comparators.
const LONGEST: usize = 1000;

/// Alternatives, each of comparators that must all hold.
#[derive(Clone, Debug)]
pub(super) struct Constraints {
    text: String,
    alternatives: Vec<Vec<Comparator>>,
}

#[derive(Clone, Debug)]
struct Comparator {
    operator: Operator,
    /// With zeros for what is left out.
    bound: Version,
    given: Given,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Greater,
    Less,
    AtLeast,
    AtMost,
    Tilde,
    Caret,
}

/// How many of the three numbers are given; an `x` and what is left out are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Given {
    Nothing,
    Major,
    Minor,
    All,
}

impl Constraints {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} bytes"));
        }
        let alternatives = text.split("||").map(alternative).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), alternatives })
    }

    pub(super) fn admit(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|comparators| {
            let named = comparators.iter().any(|comparator| !comparator.bound.pre.is_empty());
            (named || version.pre.is_empty()) && comparators.iter().all(|comparator| comparator.holds(version))
        })
    }

    pub(super) fn names_pre(&self) -> bool {
        self.alternatives.iter().flatten().any(|comparator| !comparator.bound.pre.is_empty())
    }
}

impl Display for Constraints {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.text.trim())
    }
}

impl Comparator {
    fn holds(&self, version: &Version) -> bool {
        let Self { operator, bound, given } = self;
        match operator {
            Operator::Equal if *given == Given::All => version == bound,
            Operator::Equal | Operator::Tilde => self.tilde(version),
            Operator::Unequal => self.unequal(version),
            Operator::Greater => match given {
                Given::Major => version.major > bound.major,
                Given::Minor => (version.major, version.minor) > (bound.major, bound.minor),
                Given::Nothing | Given::All => version > bound,
            },
            Operator::Less => version < bound,
            Operator::AtLeast => version >= bound,
            Operator::AtMost => match given {
                Given::All => version <= bound,
                Given::Major => version.major <= bound.major,
                Given::Minor | Given::Nothing => (version.major, version.minor) <= (bound.major, bound.minor),
            },
            Operator::Caret => self.caret(version),
        }
    }

    fn tilde(&self, version: &Version) -> bool {
        let Self { bound, given, .. } = self;
        // `~0.0.0`, like `*`, is any version.
        let any = matches!(given, Given::Nothing | Given::All) && (bound.major, bound.minor, bound.patch) == (0, 0, 0);
        let same = version.major == bound.major && (*given == Given::Major || version.minor == bound.minor);
        version >= bound && (any || same)
    }

    fn unequal(&self, version: &Version) -> bool {
        let Self { bound, given, .. } = self;
        let same_minor = (version.major, version.minor) == (bound.major, bound.minor);
        match given {
            Given::Major => version.major != bound.major,
            Given::Minor => !same_minor || version.pre != bound.pre,
            Given::Nothing | Given::All => version != bound,
        }
    }

    fn caret(&self, version: &Version) -> bool {
        let Self { bound, given, .. } = self;
        let same = match given {
            Given::Nothing => true,
            Given::Major => version.major == bound.major,
            _ if bound.major > 0 => version.major == bound.major,
            Given::All if bound.minor == 0 => (version.major, version.minor, version.patch) == (0, 0, bound.patch),
            Given::Minor | Given::All => (version.major, version.minor) == (0, bound.minor),
        };
        version >= bound && same
    }
}

/// Reads comparators that are joined by spaces or commas.
fn alternative(text: &str) -> Result<Vec<Comparator>, String> {
    let mut comparators: Vec<Comparator> = Vec::new();
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("`||` needs a requirement on both sides, and `*` is any version".to_owned());
    }
    while !rest.is_empty() {
        let signs = rest.find(|c: char| !"=!<>~^".contains(c)).unwrap_or(rest.len());
        let (sign, behind) = rest.split_at(signs);
        let behind = behind.trim_start();
        let end = behind.find(|c: char| c.is_whitespace() || ",=!<>~^".contains(c)).unwrap_or(behind.len());
        let (version, behind) = behind.split_at(end);
        let trimmed = behind.trim_start();
        // `1.1 - 2` is a range of both.
        if let (true, Some(upper)) = (sign.is_empty(), trimmed.strip_prefix("- ")) {
            let upper = upper.trim_start();
            let end = upper.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(upper.len());
            comparators.push(comparator(">=", version)?);
            comparators.push(comparator("<=", &upper[..end])?);
            rest = separated(&upper[end..])?;
            continue;
        }
        comparators.push(comparator(sign, version)?);
        rest = separated(behind)?;
    }
    Ok(comparators)
}

/// What stands behind a separator; a comma asks for more.
fn separated(behind: &str) -> Result<&str, String> {
    let trimmed = behind.trim_start();
    match trimmed.strip_prefix(',') {
        Some(after) if after.trim_start().is_empty() => Err("there is nothing behind its last comma".to_owned()),
        Some(after) => Ok(after.trim_start()),
        None if trimmed.is_empty() || trimmed.len() < behind.len() => Ok(trimmed),
        None => Err(format!("{} needs a space or a comma before it", quoted(trimmed))),
    }
}

fn comparator(sign: &str, version: &str) -> Result<Comparator, String> {
    let operator = match sign {
        "" | "=" => Operator::Equal,
        "!=" => Operator::Unequal,
        ">" => Operator::Greater,
        "<" => Operator::Less,
        ">=" | "=>" => Operator::AtLeast,
        "<=" | "=<" => Operator::AtMost,
        "~" | "~>" => Operator::Tilde,
        "^" => Operator::Caret,
        _ => return Err(format!("{} is no operator", quoted(sign))),
    };
    let refused = || format!("{} is no version", quoted(version));
    let text = version.strip_prefix('v').unwrap_or(version);
    let text = text.split('+').next().unwrap_or_default();
    let (numbers, pre) = text.split_once('-').map_or((text, None), |(numbers, pre)| (numbers, Some(pre)));
    let parts: Vec<&str> = numbers.split('.').collect();
    if parts.len() > 3 {
        return Err(refused());
    }
    let mut read = Vec::new();
    let mut open = false;
    for part in parts {
        let wild = matches!(part, "x" | "X" | "*");
        let number = if wild { None } else { Some(part.parse::<u64>().map_err(|_| refused())?) };
        open |= wild;
        // What stands behind an `x` has no part in the meaning.
        read.extend(number.filter(|_| !open));
    }
    let given = match read.len() {
        0 => Given::Nothing,
        1 => Given::Major,
        2 => Given::Minor,
        _ => Given::All,
    };
    let number = |at: usize| read.get(at).copied().unwrap_or(0);
    let pre = pre.map_or(Ok(Prerelease::EMPTY), Prerelease::new).map_err(|_| refused())?;
    let bound = Version { major: number(0), minor: number(1), patch: number(2), pre, build: BuildMetadata::EMPTY };
    Ok(Comparator { operator, bound, given })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_mean_what_flux_and_helm_mean() {
        for (requirement, version, admitted) in [
            ("1.2.3", "1.2.3", true),
            ("1.2.3", "1.2.4", false),
            ("2.1", "2.1.9", true),
            ("2.1", "2.2.0", false),
            ("2", "2.9.1", true),
            ("2", "3.0.0", false),
            ("1.x", "1.9.0", true),
            ("1.x", "2.0.0", false),
            ("1.2.X", "1.2.7", true),
            ("1.*", "1.0.0", true),
            ("*", "4.5.6", true),
            ("*", "4.5.6-rc.1", false),
            ("*-0", "4.5.6-rc.1", true),
            ("~1.2", "1.2.9", true),
            ("~1.2", "1.3.0", false),
            ("~1.2.3", "1.2.2", false),
            ("~1", "1.9.0", true),
            ("~1", "2.0.0", false),
            ("~>1.2", "1.2.5", true),
            ("~0.0.0", "1.2.3", true),
            ("^1", "1.9.9", true),
            ("^1", "2.0.0", false),
            ("^1.2.3", "1.2.2", false),
            ("^0.2.3", "0.2.9", true),
            ("^0.2.3", "0.3.0", false),
            ("^0.2", "0.2.1", true),
            ("^0.0.3", "0.0.3", true),
            ("^0.0.3", "0.0.4", false),
            ("^0.0", "0.0.9", true),
            ("^0.0", "0.1.0", false),
            ("^0", "0.9.0", true),
            (">=1 <2 || 3.x", "1.5.0", true),
            (">=1 <2 || 3.x", "2.0.0", false),
            (">=1 <2 || 3.x", "3.7.0", true),
            (">=1, <2", "1.9.9", true),
            (">=1,<2", "2.0.0", false),
            (">= 1.2", "1.2.0", true),
            (">11", "11.1.0", false),
            (">11", "12.0.0", true),
            (">11.1", "11.1.1", false),
            (">11.1", "11.2.0", true),
            ("<=11", "11.9.0", true),
            ("<=11", "12.0.0", false),
            ("<=11.1", "11.1.9", true),
            ("<=11.1", "11.2.0", false),
            ("=>1.1", "1.1.0", true),
            ("=<1.1", "1.1.5", true),
            ("!=1.2.3", "1.2.3", false),
            ("!=1.2.3", "1.2.4", true),
            ("!=4.x", "4.9.0", false),
            ("!=4.x", "5.0.0", true),
            ("!=4.1", "4.1.3", false),
            (">=1 !=1.5.0", "1.5.0", false),
            ("1.1 - 2", "2.9.0", true),
            ("1.1 - 2", "3.0.0", false),
            ("1.1 - 2", "1.0.9", false),
            ("1.1-3 - 2", "1.1.0-4", true),
            (">=1.0.0-0", "1.1.0-beta.1", true),
            (">=1.0.0", "1.1.0-beta.1", false),
            ("^1.x-0", "1.4.0-rc.1", true),
            ("^1.2.0-alpha.0", "1.2.1-alpha.1", true),
            (">=0.0.0-0", "3.4.5-beta.1", true),
            (">=1.0.0-0 <2", "1.4.0-rc.1", true),
            (">=3.0.0-0 || 1.x", "1.4.0-rc.1", false),
            ("v1.2.3", "1.2.3", true),
            ("1.2.3+build", "1.2.3", true),
        ] {
            let read = Constraints::parse(requirement).unwrap_or_else(|error| panic!("{requirement}: {error}"));
            assert_eq!(read.admit(&version.parse().unwrap()), admitted, "{requirement} {version}");
        }
    }

    #[test]
    fn what_is_no_requirement_is_refused_with_the_part_that_is_none() {
        for (text, reason) in [
            ("", "`||` needs a requirement on both sides, and `*` is any version"),
            ("1 ||", "`||` needs a requirement on both sides, and `*` is any version"),
            ("1.2.3.4", "`1.2.3.4` is no version"),
            ("latest", "`latest` is no version"),
            ("><1", "`><` is no operator"),
            (">=1,", "there is nothing behind its last comma"),
            (">=1<2", "`<2` needs a space or a comma before it"),
            (">=", "an empty text is no version"),
            ("1.2.3-01", "`1.2.3-01` is no version"),
        ] {
            assert_eq!(Constraints::parse(text).unwrap_err(), reason, "{text}");
        }
        assert!(Constraints::parse(&"1 ".repeat(1000)).unwrap_err().starts_with("it is longer"));
    }
}
