//! Variables in a text of YAML: `${NAME:-default}`, `${{ matrix.image }}`, `$(params.image)`, `<< parameters.image >>`,
//! `@IMAGE@`.
//!
//! What a variable is called is the text between its signs, so that a format says by a prefix whose it is.

use std::ops::Range;

/// A variable in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable<'t> {
    /// Its bytes.
    pub(super) span: Range<usize>,
    /// What stands between its signs: `matrix.image`. An expression is no name that anything has.
    pub(super) name: &'t str,
    /// The bytes of what it is where nothing sets it: `${NAME:-default}`.
    pub(super) default: Option<Range<usize>>,
}

/// What opens a variable and what closes it, the longer ones first.
const SIGNS: &[(&str, &str)] = &[
    ("${{", "}}"),
    ("${", "}"),
    ("$((", "))"),
    ("$(", ")"),
    ("$[[", "]]"),
    ("$[", "]"),
    ("{{", "}}"),
    ("{%", "%}"),
    ("<<", ">>"),
];

/// The variables of a text, in their order. `$$` is a dollar.
pub(super) fn variables(text: &str) -> Vec<Variable<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(['$', '{', '<', '@']).map(|start| at + start) {
        let rest = &text[start..];
        at = start + 1;
        if rest.starts_with("$$") && !rest.starts_with("$${") {
            at = start + 2;
        } else if let Some((open, close)) = SIGNS.iter().find(|(open, _)| rest.starts_with(open)) {
            let inside = start + open.len();
            let end = end(&text[inside..], open, close).map(|end| inside + end);
            let said = &text[inside..end.unwrap_or(text.len())];
            at = end.map_or(text.len(), |end| end + close.len());
            found.push(match *open {
                "{{" => filtered(start..at, inside, said),
                _ => variable(start..at, inside, said, *open == "${"),
            });
        } else if let Some(name) = rest.strip_prefix('@') {
            // `@NAME@`, which `configure` and `sed` put in; a digest has a `:`.
            let length = name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            if length > 0 && name[length..].starts_with('@') {
                at = start + length + 2;
                found.push(Variable { span: start..at, name: &name[..length], default: None });
            }
        } else if let Some(name) = rest.strip_prefix('$') {
            let length = name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            if length > 0 {
                at = start + 1 + length;
                found.push(Variable { span: start..at, name: &name[..length], default: None });
            }
        }
    }
    found
}

/// Where what is opened closes, past what it has inside of it.
fn end(text: &str, open: &str, close: &str) -> Option<usize> {
    if open != "${" {
        return text.find(close);
    }
    let mut depth = 0_usize;
    text.bytes().position(|byte| {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return true,
            b'}' => depth -= 1,
            _ => {}
        }
        false
    })
}

fn variable(span: Range<usize>, inside: usize, said: &str, shell: bool) -> Variable<'_> {
    let cut = shell.then(|| said.find([':', '-'])).flatten();
    let Some(cut) = cut else { return Variable { span, name: said.trim(), default: None } };
    let sign = if said[cut..].starts_with(":-") || said[cut..].starts_with(":=") {
        2
    } else {
        usize::from(said[cut..].starts_with('-'))
    };
    let default = (sign > 0).then(|| inside + cut + sign..inside + said.len());
    Variable { span, name: &said[..cut], default }
}

/// A variable of Jinja's: `{{ image | default('a:1') }}`.
fn filtered(span: Range<usize>, inside: usize, said: &str) -> Variable<'_> {
    let filter = said.split_once('|').and_then(|(name, filter)| {
        let argument = filter.trim().strip_prefix("default(")?;
        let quote = argument.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let text = argument[1..].split(quote).next()?;
        let rest = &argument[1 + text.len()..];
        // Whether nothing counts as set is the second argument, and no other filter is behind it.
        let behind = rest.strip_prefix(quote)?.trim();
        let start = inside + said.trim_end().len() - rest.len() - text.len();
        (behind.ends_with(')') && !behind.contains('|')).then_some((name, start..start + text.len()))
    });
    match filter {
        Some((name, default)) => Variable { span, name: name.trim(), default: Some(default) },
        None => variable(span, inside, said, false),
    }
}

/// The text with every variable replaced by what it is; nothing where one is not known.
pub(super) fn expanded<'a>(text: &str, value: &impl Fn(&str) -> Option<&'a str>, depth: usize) -> Option<String> {
    const DEEPEST: usize = 4;
    let (mut expanded, mut at) = (String::new(), 0);
    for variable in variables(text) {
        expanded.push_str(&text[at..variable.span.start]);
        at = variable.span.end;
        let default = || variable.default.clone().and_then(|span| text.get(span));
        let replaced = value(variable.name).or_else(default).filter(|_| depth < DEEPEST)?;
        expanded.push_str(&self::expanded(replaced, value, depth + 1)?);
        // Variables of variables grow without bound; no reference is as long.
        if expanded.len() > MOST {
            return None;
        }
    }
    expanded.push_str(&text[at..]);
    Some(expanded)
}

const MOST: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_variable_is_one() {
        for (text, name) in [
            ("$A", "A"),
            ("${A}", "A"),
            ("${A:-b:1}", "A"),
            ("${A-${B:-b}}", "A"),
            ("${{ matrix.image }}", "matrix.image"),
            ("$(params.image)", "params.image"),
            ("$[variables.x]", "variables.x"),
            ("$[[ inputs.x ]]", "inputs.x"),
            ("{{ inputs.parameters.image }}", "inputs.parameters.image"),
            ("<< parameters.tag >>", "parameters.tag"),
            ("@IMAGE_TAG@", "IMAGE_TAG"),
        ] {
            let found = variables(text);
            assert_eq!(
                found.iter().map(|found| (found.name, found.span.clone())).collect::<Vec<_>>(),
                [(name, 0..text.len())],
                "{text}"
            );
        }
        assert_eq!(variables("a$$b/$1-${x").len(), 2);
        assert_eq!(variables("a:1@sha256:00"), []);
    }

    #[test]
    fn what_a_filter_of_jinja_gives_is_a_default() {
        let default = |text: &str| {
            let found = variables(text);
            (found[0].name.to_owned(), found[0].default.clone().map(|span| text[span].to_owned()))
        };
        for (text, name, expected) in [
            ("é{{ a | default('b:1') }}", "a", Some("b:1")),
            ("{{a|default(\"b:1\", true)}}", "a", Some("b:1")),
            ("{{ a | default(b) }}", "a | default(b)", None),
            ("{{ a | default('b') | upper }}", "a | default('b') | upper", None),
            ("{{ a | default('b }}", "a | default('b", None),
            ("{{ a }}", "a", None),
        ] {
            assert_eq!(default(text), (name.to_owned(), expected.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn a_text_reads_as_its_variables_say() {
        let value = |name: &str| match name {
            "A" => Some("ghcr.io/acme"),
            "B" => Some("${A}/b"),
            "C" => Some("${C}${C}"),
            _ => None,
        };
        let read = |text: &str| expanded(text, &value, 0);
        assert_eq!(read("$A/web:1").as_deref(), Some("ghcr.io/acme/web:1"));
        assert_eq!(read("${B}:${T:-1}").as_deref(), Some("ghcr.io/acme/b:1"));
        assert_eq!(read("${D}:1"), None);
        assert_eq!(read("${C}"), None);
    }
}
