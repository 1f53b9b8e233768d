//! Compose's variables (compose-spec, "Interpolation"): what a `.env` sets, and defaults.

use std::collections::BTreeMap;

/// Defaults are not nested deeper than this.
pub(super) const DEEPEST: usize = 16;

/// A variable without a default stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// This variable.
    Variable(String),
    /// The text is no template.
    Syntax,
}

impl std::fmt::Display for Unresolved {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => write!(formatter, "its image is decided by the variable `{name}`"),
            Self::Syntax => formatter.write_str("a `$` in its image starts no variable; `$$` is a dollar"),
        }
    }
}

/// The variables that a file `.env` sets. The environment of a run, which stands above it, is not known here.
#[derive(Clone, Debug, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Reads a `.env`: a line is `NAME=value`, the value in quotes or without.
    pub fn of(text: &str) -> Self {
        let mut variables = Self::default();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line);
            let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
            let value = value.trim();
            let inside = |quote: char| value.strip_prefix(quote).and_then(|rest| Some(rest.split_once(quote)?.0));
            let value = match inside('\'') {
                Some(text) => Ok(text.to_owned()),
                None => {
                    let plain = value.split(" #").next().unwrap_or_default().trim_end();
                    variables.resolve(inside('"').unwrap_or(plain)).map(|(text, _)| text)
                }
            };
            if let Ok(value) = value {
                variables.0.insert(name.trim().to_owned(), value);
            }
        }
        variables
    }

    /// The text with every variable replaced by its value or its default, and whether there is any variable.
    pub fn resolve(&self, text: &str) -> Result<(String, bool), Unresolved> {
        self.resolve_to(text, DEEPEST)
    }

    fn resolve_to(&self, text: &str, depth: usize) -> Result<(String, bool), Unresolved> {
        let mut result = String::new();
        let mut rest = text;
        let mut variables = false;
        while let Some(at) = rest.find('$') {
            result.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            if let Some(plain) = after.strip_prefix('$') {
                result.push('$');
                rest = plain;
                continue;
            }
            variables = true;
            let Some(inside) = after.strip_prefix('{') else {
                let (name, behind) = name(after).ok_or(Unresolved::Syntax)?;
                result.push_str(self.0.get(name).ok_or_else(|| Unresolved::Variable(name.to_owned()))?);
                rest = behind;
                continue;
            };
            let (name, operation) = name(inside).ok_or(Unresolved::Syntax)?;
            let end = closing(operation).ok_or(Unresolved::Syntax)?;
            let depth = depth.checked_sub(1).ok_or(Unresolved::Syntax)?;
            result.push_str(&self.operation(name, &operation[..end], depth)?);
            rest = &operation[end + 1..];
        }
        result.push_str(rest);
        Ok((result, variables))
    }

    /// What `${name` and the rest up to the brace say.
    fn operation(&self, name: &str, operation: &str, depth: usize) -> Result<String, Unresolved> {
        let set = self.0.get(name);
        let filled = set.filter(|value| !value.is_empty());
        let (value, default) = match operation.split_at_checked(2) {
            Some((":-", default)) => (filled, Some(default)),
            Some((":?", _)) => (filled, None),
            // What is put in the place of a variable that is set may be set elsewhere too.
            Some((":+", _)) => (None, None),
            _ => match operation.split_at_checked(1) {
                Some(("-", default)) => (set, Some(default)),
                Some(("?", _)) | None => (set, None),
                Some(("+", _)) => (None, None),
                Some(_) => return Err(Unresolved::Syntax),
            },
        };
        match (value, default) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(default)) => Ok(self.resolve_to(default, depth)?.0),
            (None, None) => Err(Unresolved::Variable(name.to_owned())),
        }
    }
}

/// What is inside of `${NAME:-…}`, if the text is that as a whole, and where it starts.
pub(super) fn default(text: &str) -> Option<(usize, &str)> {
    let (_, operation) = name(text.strip_prefix("${")?)?;
    let default = operation.strip_prefix(":-").or_else(|| operation.strip_prefix('-'))?;
    let end = closing(default).filter(|end| end + 1 == default.len())?;
    Some((text.len() - default.len(), &default[..end]))
}

fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts.then_some((name, rest))
}

/// Where the brace closes that was opened before the text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if text[..at].ends_with('$') => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults(text: &str) -> Result<(String, bool), Unresolved> {
        Variables::default().resolve(text)
    }

    #[test]
    fn a_file_of_variables_sets_them() {
        let variables = Variables::of("\u{feff}# A=no\nA=1 # c\r\nexport B='x#$A'\nC=\"${A}.2\"\nD=\nbroken\n");
        for (text, expected) in [
            ("x:$A", "x:1"),
            ("${A:-2}${D:-3}${D-4}${E-5}", "135"),
            ("$C", "1.2"),
            ("${B}", "x#$A"),
            ("${A:?must}", "1"),
        ] {
            assert_eq!(variables.resolve(text), Ok((expected.to_owned(), true)), "{text}");
        }
        assert_eq!(variables.resolve("$E"), Err(Unresolved::Variable("E".to_owned())));
        assert!(variables.resolve(&"${X:-".repeat(100_000)).is_err());
        assert!(variables.resolve(&format!("{}{}", "${X:-".repeat(1000), "}".repeat(1000))).is_err());
    }

    #[test]
    fn defaults_stand_for_variables() {
        for (text, expected, variables) in [
            ("redis:7", "redis:7", false),
            ("${IMG:-redis:7}", "redis:7", true),
            ("${R:-docker.io}/x:${T-1}", "docker.io/x:1", true),
            ("${A:-${B:-x:1}}", "x:1", true),
            ("a$$b", "a$b", false),
            ("${A:-}x", "x", true),
        ] {
            assert_eq!(defaults(text), Ok((expected.to_owned(), variables)), "{text}");
        }
    }

    #[test]
    fn what_has_no_default_is_named() {
        for (text, variable) in [
            ("$A", "A"),
            ("x:${TAG}", "TAG"),
            ("${A:?e}", "A"),
            ("${A:+x}", "A"),
            ("${A:-$B_1}", "B_1"),
            ("${A?e}", "A"),
        ] {
            assert_eq!(defaults(text), Err(Unresolved::Variable(variable.to_owned())), "{text}");
        }
        for text in ["$", "${", "${}", "${A:-x", "$1", "${1:-x}", "${A:-${B:-x}"] {
            assert_eq!(defaults(text), Err(Unresolved::Syntax), "{text}");
        }
    }
}
