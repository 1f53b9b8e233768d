//! Which files `edit` means.

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Context, Problem, RenderError};
use imagelock_core::source::{Spanned, nearest};

/// What Terraform keeps for itself: copies of modules, which the next `init` overwrites.
const PRIVATE: &str = ".terraform";

/// Says what is wrong with a path or pattern.
pub(crate) fn check(pattern: &str) -> Result<(), &'static str> {
    let mut parts = pattern.split('/');
    if pattern.starts_with('/') || pattern.contains('\\') {
        return Err("is a path relative to the project file, with `/` between its parts");
    }
    if parts.clone().any(|part| part == "..") {
        return Err("must not leave the project's folder");
    }
    if parts.any(|part| part.is_empty() || part == ".") {
        return Err("has an empty part");
    }
    Ok(())
}

/// The files that the patterns name, sorted, each with the place in the project file that names it first.
pub(crate) fn matching<'p>(
    context: &Context<'_>,
    patterns: &'p [Spanned<String>],
) -> Result<Vec<(Utf8PathBuf, &'p Spanned<String>)>, RenderError> {
    let mut found = Vec::new();
    for pattern in patterns {
        let parts: Vec<&str> = pattern.value.split('/').collect();
        let Some(first) = parts.iter().position(|part| part.contains('*')) else {
            found.push((Utf8PathBuf::from(&pattern.value), pattern));
            continue;
        };
        let directory: Utf8PathBuf = parts[..first].iter().collect();
        let before = found.len();
        for file in context.tree.files(&directory)? {
            let segments: Vec<&str> = file.components().map(|part| part.as_str()).collect();
            if !segments.contains(&PRIVATE) && matches(&parts, &segments) {
                found.push((file, pattern));
            }
        }
        if found.len() == before {
            return Err(Problem::at(&pattern.at, format!("`{}` matches no file", pattern.value)).into());
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.dedup_by(|a, b| a.0 == b.0);
    Ok(found)
}

/// The error for a file that is not there, with the name that was probably meant.
pub(crate) fn absent(context: &Context<'_>, path: &Utf8Path, pattern: &Spanned<String>) -> RenderError {
    let directory = path.parent().unwrap_or(Utf8Path::new(""));
    let beside = context.tree.files(directory).unwrap_or_default();
    let problem = Problem::at(&pattern.at, format!("there is no file `{path}`"));
    match nearest(path.as_str(), beside.iter().map(|file| file.as_str())) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).into(),
        None => problem.into(),
    }
}

/// `**` stands for any folders, `*` for any characters of one name.
fn matches(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), Some((_, deeper))) => matches(rest, path) || matches(pattern, deeper),
        (Some((&"**", rest)), None) => matches(rest, path),
        (Some((part, rest)), Some((name, deeper))) => matches_name(part, name) && matches(rest, deeper),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn matches_name(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(tail) = name.strip_prefix(start) else { return false };
    let ends = tail.char_indices().map(|(at, _)| at).chain([tail.len()]);
    ends.into_iter().any(|at| matches_name(rest, &tail[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(pattern: &str, path: &str) -> bool {
        let split = |text: &'static str| text.split('/').collect::<Vec<_>>();
        matches(&split(pattern.to_owned().leak()), &split(path.to_owned().leak()))
    }

    #[test]
    fn two_stars_are_any_folders_and_one_star_stays_in_a_name() {
        assert!(glob("infra/**/*.tf", "infra/main.tf"));
        assert!(glob("infra/**/*.tf", "infra/a/b/main.tf"));
        assert!(glob("infra/*.tf", "infra/main.tf"));
        assert!(glob("**", "a/b"));
        assert!(glob("*-é*.tf", "a-éb.tf"));
        assert!(!glob("infra/*.tf", "infra/a/main.tf"));
        assert!(!glob("infra/**/*.tf", "infra/main.tfvars"));
        assert!(!glob("infra/**/*.tf", "other/main.tf"));
    }

    #[test]
    fn a_path_that_leaves_the_project_is_refused() {
        assert!(check("infra/**/*.tf").is_ok());
        for bad in ["/etc/x.tf", "../x.tf", "a/../../x.tf", "a//x.tf", "", "./x.tf", "a\\x.tf"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
