//! The files that globs name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use imagelock_adapter::{Problem, RenderError, Tree};
use imagelock_core::project::{Fields, ProjectError};
use imagelock_core::source::{Location, SourceFile, Spanned, nearest};

/// A file that a glob names.
pub struct File<'p> {
    /// Its text, under its path.
    pub text: Arc<SourceFile>,
    /// The glob.
    pub pattern: &'p Spanned<String>,
}

/// The longest pattern, in bytes: patterns are short.
const LONGEST: usize = 1024;

/// The most braces that a pattern opens inside of each other.
const DEEPEST: usize = 8;

/// Which files of people a target edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// Paths and globs of files.
    pub edit: Vec<Spanned<String>>,
    /// Paths, globs and folders that globs do not enter.
    pub exclude: Vec<Spanned<String>>,
}

impl Files {
    /// Reads `edit = "deploy/pod.yaml"` or `edit = ["deploy/**/*.yaml"]`, and `exclude`; a mistake at `at` where `edit` is
    /// absent.
    pub fn read(fields: &mut Fields<'_>, what: &str, at: &Location) -> Self {
        if fields.entry("edit").is_none() {
            fields.fail(ProjectError::MissingKey { what: what.to_owned(), key: "edit", at: at.clone() });
        }
        Self { edit: patterns(fields, "edit"), exclude: patterns(fields, "exclude") }
    }

    /// The files, each once, in the order of their paths.
    ///
    /// `*` stays within a folder, `**` does not. A glob enters no folder that git ignores, that tools keep for
    /// themselves, or that is another project's. A pattern that names nothing is an error, and so is a file that is not
    /// text: what cannot be read cannot be changed safely.
    pub fn find(&self, tree: &dyn Tree) -> Result<Vec<File<'_>>, RenderError> {
        let excluded = self.exclude.iter().map(glob).collect::<Result<Vec<_>, _>>()?;
        let excluded = |path: &Utf8Path| path.ancestors().any(|path| matches(&excluded, path));
        let mut named: BTreeMap<Utf8PathBuf, &Spanned<String>> = BTreeMap::new();
        for pattern in &self.edit {
            let glob = glob(pattern)?;
            let found: Vec<Utf8PathBuf> = if is_glob(&pattern.value) {
                let all = tree.search(&folder(&pattern.value))?;
                all.into_iter().filter(|path| glob.is_match(path.as_std_path()) && !excluded(path)).collect()
            } else {
                let path = Utf8PathBuf::from(pattern.value.trim_start_matches("./"));
                if tree.read(&path)?.is_some() { vec![path] } else { Vec::new() }
            };
            if found.is_empty() {
                return Err(nothing(tree, pattern));
            }
            for path in found {
                named.entry(path).or_insert(pattern);
            }
        }
        named.into_iter().map(|(path, pattern)| Ok(File { text: text(tree, &path, pattern)?, pattern })).collect()
    }
}

/// The patterns of a table, ready to match.
pub struct Named<'f> {
    edit: Vec<Pattern<'f>>,
    exclude: Vec<GlobSet>,
}

/// A pattern, and whether it has named a file so far.
struct Pattern<'f> {
    glob: GlobSet,
    written: &'f Spanned<String>,
    found: AtomicBool,
}

impl Files {
    /// The patterns, ready to match paths one by one.
    pub fn named(&self) -> Result<Named<'_>, RenderError> {
        let ready = |written| Ok(Pattern { glob: glob(written)?, written, found: AtomicBool::new(false) });
        let edit = self.edit.iter().map(ready).collect::<Result<_, RenderError>>()?;
        Ok(Named { edit, exclude: self.exclude.iter().map(glob).collect::<Result<_, _>>()? })
    }
}

impl<'f> Named<'f> {
    /// Where to look for files: the whole repository for globs, and files that are named in full.
    pub fn starts(&self) -> Vec<Utf8PathBuf> {
        let patterns = self.edit.iter().map(|pattern| pattern.written.value.as_str());
        let starts = patterns.map(|pattern| if is_glob(pattern) { "" } else { pattern.trim_start_matches("./") });
        let starts: BTreeSet<Utf8PathBuf> = starts.map(Utf8PathBuf::from).collect();
        starts.into_iter().collect()
    }

    /// The first pattern that names a file. What is excluded is named in full or not at all.
    pub fn pattern(&self, path: &Utf8Path) -> Option<&'f Spanned<String>> {
        let fits = self.edit.iter().filter(|pattern| pattern.glob.is_match(path.as_std_path()));
        let excluded = path.ancestors().any(|path| matches(&self.exclude, path));
        let mut first = None;
        for pattern in fits.filter(|pattern| !excluded || !is_glob(&pattern.written.value)) {
            pattern.found.store(true, Ordering::Relaxed);
            first = first.or(Some(pattern.written));
        }
        first
    }

    /// Refuses a pattern that has named no file so far.
    pub fn all_found(&self, tree: &dyn Tree) -> Result<(), RenderError> {
        let missing = self.edit.iter().find(|pattern| !pattern.found.load(Ordering::Relaxed));
        missing.map_or(Ok(()), |pattern| Err(nothing(tree, pattern.written)))
    }
}

fn matches(globs: &[GlobSet], path: &Utf8Path) -> bool {
    globs.iter().any(|glob| glob.is_match(path.as_std_path()))
}

/// A path or glob, or several.
fn patterns(fields: &mut Fields<'_>, key: &'static str) -> Vec<Spanned<String>> {
    let patterns = fields.one_or_many(key);
    for pattern in &patterns {
        if let Err(reason) = compiled(&pattern.value) {
            fields.fail(ProjectError::invalid(reason, &pattern.at));
        }
    }
    patterns
}

/// The mistake of a pattern that names no file, with the name that was probably meant.
fn nothing(tree: &dyn Tree, pattern: &Spanned<String>) -> RenderError {
    let problem = Problem::at(&pattern.at, format!("no file is named by `{}`", pattern.value));
    let beside = if is_glob(&pattern.value) {
        Vec::new()
    } else {
        let path = Utf8Path::new(pattern.value.trim_start_matches("./"));
        tree.search(path.parent().unwrap_or(Utf8Path::new(""))).unwrap_or_default()
    };
    match nearest(&pattern.value, beside.iter().map(|path| path.as_str())) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).into(),
        None => problem.help("paths are relative to the project file; `**` goes into folders").into(),
    }
}

fn inside(pattern: &str) -> Result<(), &'static str> {
    let leaves = pattern.starts_with('/') || pattern.split('/').any(|part| part == "..");
    if leaves { Err("files are named by paths inside the repository") } else { Ok(()) }
}

/// A pattern of a project file, ready to match paths from the project file on.
pub fn glob(pattern: &Spanned<String>) -> Result<GlobSet, RenderError> {
    compiled(&pattern.value).map_err(|reason| Problem::at(&pattern.at, reason).into())
}

/// The pattern, ready to match; or why it is none.
fn compiled(pattern: &str) -> Result<GlobSet, String> {
    inside(pattern)?;
    if pattern.len() > LONGEST {
        return Err(format!("a pattern has at most {LONGEST} bytes, and this one has {}", pattern.len()));
    }
    let mut depth = 0_usize;
    for byte in pattern.bytes() {
        depth = match byte {
            b'{' => depth + 1,
            b'}' => depth.saturating_sub(1),
            _ => depth,
        };
        if depth > DEEPEST {
            return Err(format!("a pattern has at most {DEEPEST} braces inside of each other"));
        }
    }
    let text = pattern.trim_start_matches("./");
    let glob = GlobBuilder::new(text).literal_separator(true).build().map_err(|error| error.to_string())?;
    // A set tells what it cannot compile, where a single pattern panics.
    GlobSetBuilder::new().add(glob).build().map_err(|error| error.to_string())
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
mod tests;
