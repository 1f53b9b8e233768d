//! What a pattern of `CODEOWNERS` means, as globs over paths from the top of the repository on.

use globset::{Glob, GlobBuilder};

use super::Grammar;

/// The most bytes of a pattern: no path is longer.
const LONGEST: usize = 4096;

/// A line's pattern and what stands behind it. A backslash keeps the space behind it in the pattern.
pub(super) fn split(line: &str) -> (String, &str) {
    let mut pattern = String::new();
    let mut characters = line.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (character, characters.peek().map(|(_, next)| *next)) {
            ('\\', Some(next)) if next.is_whitespace() || next == '#' => {
                pattern.push(next);
                characters.next();
            }
            (space, _) if space.is_whitespace() => return (pattern, &line[at..]),
            _ => pattern.push(character),
        }
    }
    (pattern, "")
}

/// The globs of a pattern; none where it means no file.
pub(super) fn globs(pattern: &str, grammar: Grammar) -> Vec<Glob> {
    if pattern.len() > LONGEST {
        return Vec::new();
    }
    let texts = match grammar {
        Grammar::GitHub => github(pattern),
        Grammar::GitLab => gitlab(pattern),
    };
    let glob = |text: &String| GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build();
    texts.iter().filter_map(|text| glob(text).ok()).collect()
}

/// Git's rules for what is ignored, without `!` and `[]`, and `docs/*` means what lies in `docs` and nothing below.
fn github(pattern: &str) -> Vec<String> {
    if pattern.starts_with('!') || pattern.contains("***") {
        return Vec::new();
    }
    let path = pattern.trim_start_matches('/');
    let (inner, is_folder) = match path.strip_suffix('/') {
        Some(inner) => (inner, true),
        None => (path, false),
    };
    if inner.is_empty() {
        return Vec::new();
    }
    let is_anchored = pattern.starts_with('/') || inner.contains('/');
    let start = if is_anchored || inner == "**" { "" } else { "**/" };
    let whole = format!("{start}{}", literal(inner, "[]{}"));
    let last = inner.rsplit('/').next().unwrap_or(inner);
    if is_folder {
        return vec![format!("{whole}/**")];
    }
    // What ends in a star names files; any other name is one of a folder, too.
    if last == "*" || last == "**" { vec![whole] } else { vec![format!("{whole}/**"), whole] }
}

/// Names of Ruby's `fnmatch`: a path anywhere unless it starts with a slash, and a folder only with one at its end.
fn gitlab(pattern: &str) -> Vec<String> {
    let path = match pattern.strip_prefix('/') {
        Some(path) => path.to_owned(),
        None => format!("**/{pattern}"),
    };
    let path = if path.ends_with('/') { format!("{path}**/*") } else { path };
    let is_named = path.chars().any(|c| !matches!(c, '*' | '/')) || pattern.contains('*');
    if is_named { vec![literal(&path, "{}")] } else { Vec::new() }
}

/// The pattern with characters that mean nothing to the forge taken as they are.
fn literal(pattern: &str, plain: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut is_escaped = false;
    for character in pattern.chars() {
        if plain.contains(character) && !is_escaped {
            text.push('\\');
        }
        is_escaped = character == '\\' && !is_escaped;
        text.push(character);
    }
    text
}
