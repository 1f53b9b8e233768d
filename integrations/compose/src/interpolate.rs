//! Compose's variables (compose-spec, "Interpolation"), with nothing set: only defaults have values.

/// A variable without a default stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// The variable.
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

/// The text with every variable replaced by its default, and whether there is any variable.
pub(crate) fn defaults(text: &str) -> Result<(String, bool), Unresolved> {
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
        let Some(inside) = after.strip_prefix('{') else {
            return Err(name(after).map_or(Unresolved::Syntax, |(name, _)| Unresolved::Variable(name.to_owned())));
        };
        let (variable, operation) = name(inside).ok_or(Unresolved::Syntax)?;
        let default = operation.strip_prefix(":-").or_else(|| operation.strip_prefix('-'));
        let Some(default) = default else { return Err(Unresolved::Variable(variable.to_owned())) };
        let end = closing(default).ok_or(Unresolved::Syntax)?;
        result.push_str(&defaults(&default[..end])?.0);
        rest = &default[end + 1..];
        variables = true;
    }
    result.push_str(rest);
    Ok((result, variables))
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
