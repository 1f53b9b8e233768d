//! Regular expressions over tags as others write them: which part is compared becomes the group that imagelock compares.

use std::ops::Range;

/// A group in parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    /// From its opening parenthesis to behind its closing one.
    span: Range<usize>,
    /// The bytes of what opens it: `(`, `(?<name>`, `(?P<name>`, `(?:`.
    head: usize,
    /// Its number, where it captures.
    number: Option<usize>,
    name: Option<String>,
    /// The group around it, by its place in the list.
    parent: Option<usize>,
}

/// What of an expression these conversions look at.
struct Outline {
    groups: Vec<Group>,
    /// Whether there is an alternative outside of all groups.
    alternatives: bool,
}

/// Returns the outline of an expression whose parentheses are balanced.
fn outline(pattern: &str) -> Option<Outline> {
    let bytes = pattern.as_bytes();
    let (mut groups, mut open): (Vec<Group>, Vec<usize>) = (Vec::new(), Vec::new());
    let (mut alternatives, mut captures, mut at) = (false, 0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' => at = class_end(bytes, at)?,
            b'(' => {
                let (head, capturing, name) = head(&pattern[at..])?;
                captures += usize::from(capturing);
                let number = capturing.then_some(captures);
                open.push(groups.len());
                let parent = open.len().checked_sub(2).map(|parent| open[parent]);
                groups.push(Group { span: at..at, head, number, name, parent });
            }
            b')' => groups[open.pop()?].span.end = at + 1,
            b'|' if open.is_empty() => alternatives = true,
            _ => {}
        }
        at += 1;
    }
    open.is_empty().then_some(Outline { groups, alternatives })
}

/// The last byte of a class; a bracket that stands first in it is one of its characters.
fn class_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    at += usize::from(bytes.get(at) == Some(&b'^'));
    at += usize::from(bytes.get(at) == Some(&b']'));
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b']' => return Some(at),
            _ => at += 1,
        }
    }
}

/// The bytes of a group's opening, whether it captures, and its name.
fn head(text: &str) -> Option<(usize, bool, Option<String>)> {
    let Some(rest) = text.strip_prefix("(?") else { return Some((1, true, None)) };
    for prefix in ["P<", "<"] {
        if let Some(named) = rest.strip_prefix(prefix)
            && !named.starts_with(['=', '!'])
        {
            let name = named.split_once('>')?.0;
            return Some((2 + prefix.len() + name.len() + 1, true, Some(name.to_owned())));
        }
    }
    Some((2, false, None))
}

/// Makes the group that `extract` names, as in `$ts`, `${ts}` or `$1`, the one that is compared.
pub(crate) fn extracted(pattern: &str, extract: &str, group: &str) -> Option<String> {
    let name = extract.trim().strip_prefix('$')?;
    let name = name.strip_prefix('{').map_or(Some(name), |name| name.strip_suffix('}'))?;
    if name == "0" {
        return whole(pattern, group);
    }
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    let Outline { groups, .. } = outline(pattern)?;
    let number = name.parse::<usize>().ok();
    let named =
        |found: &&Group| found.name.as_deref() == Some(name) || (found.number.is_some() && found.number == number);
    let found = groups.iter().find(named)?;
    let (start, body) = (found.span.start, found.span.start + found.head);
    Some(format!("{}(?<{group}>{}", &pattern[..start], &pattern[body..]))
}

/// Compares the whole tag, where the expression says which tags compete.
pub(crate) fn whole(pattern: &str, group: &str) -> Option<String> {
    let Outline { alternatives, .. } = outline(pattern)?;
    let (body, starts) = pattern.strip_prefix('^').map_or((pattern, false), |body| (body, true));
    let escaped = |text: &str| text.len() - text.trim_end_matches('\\').len();
    let (body, ends) = match body.strip_suffix('$') {
        Some(body) if escaped(body).is_multiple_of(2) => (body, true),
        _ => (body, false),
    };
    // An anchor belongs to one alternative only.
    if alternatives && (starts || ends || body.contains(['^', '$'])) {
        return None;
    }
    let body = if alternatives { format!("(?:{body})") } else { body.to_owned() };
    let any = |anchored: bool| if anchored { "" } else { ".*" };
    Some(format!("^(?<{group}>{}{body}{})$", any(starts), any(ends)))
}

/// Puts one group around everything from the first of the groups with these names to the last of them.
pub(crate) fn around(pattern: &str, names: &[&str], group: &str) -> Option<String> {
    let Outline { groups, .. } = outline(pattern)?;
    let named = |group: &&Group| group.name.as_deref().is_some_and(|name| names.contains(&name));
    let found: Vec<&Group> = groups.iter().filter(named).collect();
    let (first, mut last) = (*found.first()?, *found.last()?);
    while last.parent != first.parent {
        last = &groups[last.parent?];
    }
    let end = last.span.end + quantifier(&pattern[last.span.end..]);
    let (start, whole) = (first.span.start, first.span.start..end);
    Some(format!("{}(?<{group}>{}){}", &pattern[..start], &pattern[whole], &pattern[end..]))
}

/// The bytes of what says how often the part before it may stand.
fn quantifier(rest: &str) -> usize {
    let length = match rest.chars().next() {
        Some('?' | '*' | '+') => 1,
        Some('{') => rest.find('}').map_or(0, |end| end + 1),
        _ => return 0,
    };
    length + usize::from(rest[length..].starts_with('?'))
}

/// What the group of this name admits, where it has that name.
pub(crate) fn body<'p>(pattern: &'p str, name: &str) -> Option<&'p str> {
    let Outline { groups, .. } = outline(pattern)?;
    let found = groups.iter().find(|group| group.name.as_deref() == Some(name))?;
    pattern.get(found.span.start + found.head..found.span.end - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_group_that_is_extracted_is_the_one_that_is_compared() {
        for (pattern, extract, expected) in [
            ("^main-[a-f0-9]+-(?P<ts>[0-9]+)", "$ts", Some("^main-[a-f0-9]+-(?<order>[0-9]+)")),
            ("^(?<a>x)(?:y)(z[)])$", "${2}", Some("^(?<a>x)(?:y)(?<order>z[)])$")),
            (r"\((\d+)\)", "$1", Some(r"\((?<order>\d+)\)")),
            // What stands in a class is no group, with its bracket first or behind a stroke.
            (r"^[]()]+-(\d+)$", "$1", Some(r"^[]()]+-(?<order>\d+)$")),
            (r"^[^]()]+-(\d+)$", "$1", Some(r"^[^]()]+-(?<order>\d+)$")),
            (r"^[\])(]-(\d+)$", "$1", Some(r"^[\])(]-(?<order>\d+)$")),
            (r"^[(\\]-(\d+)$", "$1", Some(r"^[(\\]-(?<order>\d+)$")),
            ("^(?<a_b>x)$", "$a_b", Some("^(?<order>x)$")),
            ("^(?<a>x)$", "$", None),
            ("^(?<a>x)$", "${}", None),
            ("^(?<a-b>x)$", "$a-b", None),
            ("^v(.*)$", "$0", Some("^(?<order>v(.*))$")),
            ("^v(.*)$", "$2", None),
            ("^v(.*)$", "$1-$1", None),
            ("^v(.*)$", "x", None),
            ("^v(.*$", "$1", None),
            ("^v[(", "$1", None),
        ] {
            assert_eq!(extracted(pattern, extract, "order").as_deref(), expected, "{pattern} {extract}");
        }
    }

    #[test]
    fn without_one_the_whole_tag_is_compared() {
        for (pattern, expected) in [
            ("^16-alpine$", Some("^(?<version>16-alpine)$")),
            ("^16", Some("^(?<version>16.*)$")),
            ("alpine$", Some("^(?<version>.*alpine)$")),
            (r"a\$", Some(r"^(?<version>.*a\$.*)$")),
            ("a|b", Some("^(?<version>.*(?:a|b).*)$")),
            ("^(a|b)$", Some("^(?<version>(a|b))$")),
            (r"a\\$", Some(r"^(?<version>.*a\\)$")),
            ("^a|b$", None),
            ("^a|b", None),
            ("a|b$", None),
            ("a|^b|c", None),
            ("a|b$|c", None),
        ] {
            assert_eq!(whole(pattern, "version").as_deref(), expected, "{pattern}");
        }
    }

    #[test]
    fn groups_that_make_a_version_together_are_taken_together() {
        let names = ["major", "minor", "patch"];
        for (pattern, expected) in [
            (
                r"^(?<major>\d+)\.(?<minor>\d+)-(?<compatibility>alpine)$",
                Some(r"^(?<version>(?<major>\d+)\.(?<minor>\d+))-(?<compatibility>alpine)$"),
            ),
            (
                r"^v(?<major>\d+)(\.(?<minor>\d+)(?:\.(?<patch>\d+))?)??x$",
                Some(r"^v(?<version>(?<major>\d+)(\.(?<minor>\d+)(?:\.(?<patch>\d+))?)??)x$"),
            ),
            (r"^(?<major>\d){1,2}?x$", Some(r"^(?<version>(?<major>\d){1,2}?)x$")),
            (r"^(?<major>\d){x$", Some(r"^(?<version>(?<major>\d)){x$")),
            (r"^(a(?<major>\d+))(?<minor>\d+)$", None),
            (r"^\d+$", None),
        ] {
            assert_eq!(around(pattern, &names, "version").as_deref(), expected, "{pattern}");
        }
        assert_eq!(body("^(?<compatibility>alpine)$", "compatibility"), Some("alpine"));
        assert_eq!(body("^(?<other>alpine)$", "compatibility"), None);
    }

    proptest! {
        #[test]
        fn no_pattern_makes_it_panic(pattern in r"[()\[\]?<>:P\\^$|{}*ax1é]{0,24}", extract in r"[$\{\}0-9a]{0,5}") {
            let _ = (extracted(&pattern, &extract, "order"), whole(&pattern, "order"), around(&pattern, &["a", "x"], "order"));
            let _ = body(&pattern, "a");
        }
    }
}
