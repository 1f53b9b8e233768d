//! The files that globs name.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use globset::{GlobBuilder, GlobMatcher};
use imagelock_adapter::{Problem, RenderError, Tree};
use imagelock_core::project::{Fields, NodeValue, ProjectError};
use imagelock_core::source::{Location, SourceFile, Spanned};

/// A file that a glob names.
pub struct File<'p> {
    /// Its text, under its path.
    pub text: Arc<SourceFile>,
    /// The glob.
    pub pattern: &'p Spanned<String>,
}

/// Reads `edit = "deploy/pod.yaml"` or `edit = ["deploy/**/*.yaml"]`; a mistake at `at` where it is absent.
pub fn patterns(fields: &mut Fields<'_>, what: &str, at: &Location) -> Vec<Spanned<String>> {
    let patterns = match fields.entry("edit") {
        None => {
            fields.fail(ProjectError::MissingKey { what: what.to_owned(), key: "edit", at: at.clone() });
            return Vec::new();
        }
        Some(entry) => match &entry.node.value {
            NodeValue::Text(text) => vec![Spanned { value: text.clone(), at: entry.node.content_at() }],
            _ => fields.texts("edit").unwrap_or_default(),
        },
    };
    for pattern in &patterns {
        if let Err(reason) = inside(&pattern.value) {
            fields.fail(ProjectError::invalid(reason, &pattern.at));
        }
    }
    patterns
}

/// The files that `patterns` name, each once, in the order of their paths.
///
/// `*` stays within a folder, `**` does not. A pattern that names nothing is an error, and so is a file that is not
/// text: what cannot be read cannot be changed safely.
pub fn files<'p>(tree: &dyn Tree, patterns: &'p [Spanned<String>]) -> Result<Vec<File<'p>>, RenderError> {
    let mut named: BTreeMap<Utf8PathBuf, &Spanned<String>> = BTreeMap::new();
    for pattern in patterns {
        let glob = matcher(pattern)?;
        let found: Vec<Utf8PathBuf> = if is_glob(&pattern.value) {
            let all = tree.files(&folder(&pattern.value))?;
            all.into_iter().filter(|path| glob.is_match(path.as_std_path())).collect()
        } else {
            let path = Utf8PathBuf::from(pattern.value.trim_start_matches("./"));
            if tree.read(&path)?.is_some() { vec![path] } else { Vec::new() }
        };
        if found.is_empty() {
            let problem = Problem::at(&pattern.at, format!("no file is named by `{}`", pattern.value));
            return Err(problem.help("paths are relative to the project file; `**` goes into folders").into());
        }
        for path in found {
            named.entry(path).or_insert(pattern);
        }
    }
    named.into_iter().map(|(path, pattern)| Ok(File { text: text(tree, &path, pattern)?, pattern })).collect()
}

fn inside(pattern: &str) -> Result<(), &'static str> {
    let leaves = pattern.starts_with('/') || pattern.split('/').any(|part| part == "..");
    if leaves { Err("files are named by paths inside the repository") } else { Ok(()) }
}

fn matcher(pattern: &Spanned<String>) -> Result<GlobMatcher, RenderError> {
    inside(&pattern.value).map_err(|reason| Problem::at(&pattern.at, reason))?;
    let text = pattern.value.trim_start_matches("./");
    let glob = GlobBuilder::new(text).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| Problem::at(&pattern.at, error.to_string()).into())
}

fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', '{', '\\'])
}

/// The deepest folder that holds everything a glob can name.
fn folder(pattern: &str) -> Utf8PathBuf {
    let parts: Vec<&str> = pattern.trim_start_matches("./").split('/').collect();
    let fixed = parts.iter().take_while(|part| !is_glob(part)).copied();
    fixed.collect::<Vec<_>>().join("/").into()
}

fn text(tree: &dyn Tree, path: &Utf8Path, pattern: &Spanned<String>) -> Result<Arc<SourceFile>, RenderError> {
    let bytes = tree.read(path)?.unwrap_or_default();
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(SourceFile::new(path, text)),
        _ => {
            let problem = Problem::at(&pattern.at, format!("`{path}` is not text in UTF-8, and is not changed"));
            Err(problem.help("name the files more narrowly").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use imagelock_adapter::MemoryTree;
    use imagelock_core::source::Located as _;

    use super::*;

    fn patterns(texts: &[&str]) -> Vec<Spanned<String>> {
        let file = SourceFile::new("images.toml", "");
        let at = Location::new(&file, 0..0);
        texts.iter().map(|text| Spanned { value: (*text).to_owned(), at: at.clone() }).collect()
    }

    fn named(texts: &[&str]) -> Result<Vec<String>, RenderError> {
        let tree = ["a.yaml", "ci/b.yml", "ci/deep/c.yml", "Dockerfile", "x/Dockerfile"]
            .iter()
            .fold(MemoryTree::default(), |tree, path| tree.file(*path, "text\n"));
        let tree = tree.file("image.png", b"\x89PNG\0".to_vec()).file("latin", b"\xe9".to_vec());
        let patterns = patterns(texts);
        files(&tree, &patterns).map(|files| files.iter().map(|file| file.text.path().to_string()).collect())
    }

    #[test]
    fn a_star_stays_in_its_folder_and_two_do_not() {
        assert_eq!(named(&["ci/*.yml"]).unwrap(), ["ci/b.yml"]);
        assert_eq!(named(&["ci/**/*.yml"]).unwrap(), ["ci/b.yml", "ci/deep/c.yml"]);
        assert_eq!(
            named(&["**/Dockerfile", "./Dockerfile", "*.yaml"]).unwrap(),
            ["Dockerfile", "a.yaml", "x/Dockerfile"]
        );
    }

    #[test]
    fn what_names_nothing_or_no_text_is_refused() {
        for pattern in ["*.tf", "missing.yaml", "../a.yaml", "/a.yaml", "[", "*.png", "latin"] {
            assert!(named(&[pattern]).is_err(), "{pattern}");
        }
        let error = named(&["lat*"]).unwrap_err();
        assert_eq!(error.to_string(), "`latin` is not text in UTF-8, and is not changed");
        assert_eq!(error.labels().len(), 1);
    }
}
