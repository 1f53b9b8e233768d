//! Who owns a file, by the `CODEOWNERS` of a repository: GitHub's, which Gitea reads too, and GitLab's.
//!
//! The two write the same lines and mean different files. In both, the last line that means a file counts. At GitLab a file has
//! sections besides, each with a last line of its own. A line that is none, or whose pattern cannot be read, means nothing, as
//! it does there.

mod pattern;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use globset::{Glob, GlobSet, GlobSetBuilder};
use imagelock_files::FileError;

use crate::rules;

/// The most bytes of the file: GitHub reads no larger one.
const BYTES: u64 = 3 << 20;
/// How many globs are looked for at once.
const CHUNK: usize = 100;
/// The most lines with a pattern that are read.
const LINES: usize = 20_000;

/// Whose grammar it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// GitHub's.
    GitHub,
    /// GitLab's.
    GitLab,
}

/// The owners of a repository's files.
#[derive(Debug, Default)]
pub struct Owners {
    sections: Vec<Section>,
    /// Where the root of the project is, from the top of the repository on.
    prefix: Utf8PathBuf,
}

/// Lines of which the last that means a file counts; at GitHub, all of them.
#[derive(Debug, Default)]
struct Section {
    name: String,
    /// The owners of lines that name none.
    defaults: Vec<String>,
    lines: Vec<Vec<String>>,
    /// The lines that are behind the globs of the set, one for each glob.
    of_globs: Vec<usize>,
    /// Sets of so many globs as [`CHUNK`] says: one of all of them has a bound that long files exceed.
    globs: Vec<GlobSet>,
}

impl Owners {
    /// Reads the file of the repository that the project at `root`, a real path, lies in, where there is one: each forge looks
    /// into its own folder first.
    pub fn of(root: &Utf8Path) -> Result<Self, FileError> {
        let top = rules::top(root).unwrap_or(root);
        let prefix = root.strip_prefix(top).unwrap_or(Utf8Path::new("")).to_owned();
        let is_gitlab = top.join(".gitlab-ci.yml").is_file();
        let anywhere = |text: &str| {
            let sections = text.lines().any(|line| line.starts_with(['[', '^']));
            if is_gitlab || sections { Grammar::GitLab } else { Grammar::GitHub }
        };
        let places = [
            (".github/CODEOWNERS", Some(Grammar::GitHub)),
            (".gitlab/CODEOWNERS", Some(Grammar::GitLab)),
            ("CODEOWNERS", None),
            ("docs/CODEOWNERS", None),
        ];
        for (path, grammar) in places {
            if let Some(text) = imagelock_files::text(&top.join(path), BYTES)? {
                return Ok(Self { prefix, ..Self::parse(&text, grammar.unwrap_or_else(|| anywhere(&text))) });
            }
        }
        Ok(Self { prefix, ..Self::default() })
    }

    /// Reads a text.
    pub fn parse(text: &str, grammar: Grammar) -> Self {
        let mut sections = vec![Reading::default()];
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).take(LINES) {
            if let Some((name, defaults)) = (grammar == Grammar::GitLab).then(|| heading(line)).flatten() {
                // A section that comes again goes on, by whatever letters.
                let same = |reading: &Reading| reading.section.name.eq_ignore_ascii_case(name);
                let known = sections.iter().position(same).unwrap_or(sections.len());
                let mut reading = if known < sections.len() { sections.remove(known) } else { Reading::default() };
                name.clone_into(&mut reading.section.name);
                if !defaults.is_empty() {
                    reading.section.defaults = defaults;
                }
                sections.push(reading);
            } else if let Some(reading) = sections.last_mut() {
                reading.add(line, grammar);
            }
        }
        Self { sections: sections.into_iter().map(Reading::finish).collect(), prefix: Utf8PathBuf::new() }
    }

    /// The owners of a file of the project, by its path from the root on.
    pub fn owners(&self, path: &Utf8Path) -> BTreeSet<&str> {
        let whole = self.prefix.join(path);
        let all = self.sections.iter().filter_map(|section| section.owners(&whole));
        all.flatten().map(String::as_str).collect()
    }

    /// Whether nobody owns anything.
    pub fn is_empty(&self) -> bool {
        self.sections.iter().all(|section| section.lines.is_empty())
    }
}

impl Section {
    fn owners(&self, path: &Utf8Path) -> Option<&[String]> {
        // The globs stand in the order of the lines.
        let mut chunks = self.globs.iter().enumerate().rev();
        let last = chunks.find_map(|(chunk, globs)| Some(chunk * CHUNK + globs.matches(path).into_iter().max()?))?;
        let owners = self.lines.get(*self.of_globs.get(last)?)?;
        Some(if owners.is_empty() { &self.defaults } else { owners })
    }
}

/// A section that is being read.
#[derive(Default)]
struct Reading {
    section: Section,
    globs: Vec<Glob>,
}

impl Reading {
    fn add(&mut self, line: &str, grammar: Grammar) {
        let (pattern, rest) = pattern::split(line);
        let owners = rest.split_whitespace().take_while(|word| !word.starts_with('#'));
        // Others are mistakes to both forges.
        let owners = owners.filter(|word| word.contains('@')).map(str::to_owned).collect();
        for glob in pattern::globs(&pattern, grammar) {
            self.globs.push(glob);
            self.section.of_globs.push(self.section.lines.len());
        }
        self.section.lines.push(owners);
    }

    fn finish(self) -> Section {
        let set = |globs: &[Glob]| {
            let mut set = GlobSetBuilder::new();
            for glob in globs {
                set.add(glob.clone());
            }
            // What is too large even so means nothing.
            set.build().unwrap_or_default()
        };
        Section { globs: self.globs.chunks(CHUNK).map(set).collect(), ..self.section }
    }
}

/// The name of a section, and who owns what in it names nobody: `^[Name][2] @owner`.
fn heading(line: &str) -> Option<(&str, Vec<String>)> {
    let (name, rest) = line.trim_start_matches('^').strip_prefix('[')?.split_once(']')?;
    let rest = match rest.strip_prefix('[') {
        Some(approvals) => approvals.split_once(']')?.1,
        None => rest,
    };
    let is_set_apart = rest.is_empty() || rest.starts_with(char::is_whitespace);
    let defaults = rest.split_whitespace().take_while(|word| !word.starts_with('#')).map(str::to_owned);
    is_set_apart.then(|| (name.trim(), defaults.collect()))
}
