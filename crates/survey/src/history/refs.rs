//! Which commit a name means: `gitrevisions(7)`, as far as it is names of branches, tags and commits, `~` and `^`.

use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::commits::Commits;
use super::objects::{Id, id};
use crate::index;

/// The most bytes of a file that names one commit.
const REF_BYTES: u64 = 64 << 10;
/// The most bytes of the file that names many.
const PACKED_BYTES: u64 = 64 << 20;
/// The most names that lead to others in a row.
const LINKS: usize = 8;

/// Where Git keeps what.
pub(super) struct Folders {
    /// What belongs to this working tree: `HEAD`.
    own: Utf8PathBuf,
    /// What all working trees of the repository share.
    pub(super) common: Utf8PathBuf,
}

impl Folders {
    pub(super) fn of(top: &Utf8Path) -> Result<Self, String> {
        let own = index::folder(top)?;
        let common = read(&own.join("commondir"), REF_BYTES)?.map(|path| own.join(path.trim()));
        Ok(Self { common: common.unwrap_or_else(|| own.clone()), own })
    }

    /// The commits whose parents are not there.
    pub(super) fn shallow(&self) -> Result<HashSet<Id>, String> {
        let text = read(&self.common.join("shallow"), PACKED_BYTES)?.unwrap_or_default();
        Ok(text.lines().filter_map(|line| id(line.trim())).collect())
    }

    /// The commit that a name means.
    pub(super) fn find(&self, name: &str, commits: &mut Commits<'_>) -> Result<Id, String> {
        let start = name.find(['~', '^']).unwrap_or(name.len());
        let (name, mut steps) = name.split_at(start);
        let mut commit = commits.peel(self.named(name)?)?;
        while let Some(step) = steps.chars().next() {
            let behind = &steps[step.len_utf8()..];
            let (number, rest) = behind.split_at(behind.bytes().take_while(u8::is_ascii_digit).count());
            let number: usize = if number.is_empty() { 1 } else { number.parse().map_err(|_| "no such number")? };
            steps = rest;
            let ancestor = |commits: &mut Commits<'_>, commit: Id, parent: usize| {
                commits.read(&commit)?.parents.get(parent).copied().ok_or_else(|| "it has no such ancestor".to_owned())
            };
            match (step, number) {
                ('~', number) => {
                    for _ in 0..number {
                        commit = ancestor(commits, commit, 0)?;
                    }
                }
                ('^', 0) => {}
                ('^', number) => commit = ancestor(commits, commit, number - 1)?,
                _ => return Err("only `~` and `^` may stand behind a name".to_owned()),
            }
        }
        Ok(commit)
    }

    fn named(&self, name: &str) -> Result<Id, String> {
        if let Some(id) = id(name) {
            return Ok(id);
        }
        // Such a name would be a path.
        let is_odd = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
        let is_path = |c: char| c.is_control() || matches!(c, ' ' | ':' | '?' | '*' | '[' | '\\');
        if name.split('/').any(is_odd) || name.contains("..") || name.contains(is_path) {
            return Err("it is no name of Git's".to_owned());
        }
        let packed = read(&self.common.join("packed-refs"), PACKED_BYTES)?.unwrap_or_default();
        let is_special = name.chars().all(|c| c.is_ascii_uppercase() || c == '_') || name.starts_with("refs/");
        let forms = ["refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD"];
        let forms = forms.iter().map(|form| form.replace("{}", name));
        for form in is_special.then(|| name.to_owned()).into_iter().chain(forms) {
            if let Some(id) = self.followed(form, &packed)? {
                return Ok(id);
            }
        }
        Err("no branch and no tag is called so, and it is not the whole name of a commit".to_owned())
    }

    fn followed(&self, mut name: String, packed: &str) -> Result<Option<Id>, String> {
        for _ in 0..LINKS {
            let mut text = read(&self.own.join(&name), REF_BYTES)?;
            if text.is_none() {
                text = read(&self.common.join(&name), REF_BYTES)?;
            }
            let Some(text) = text else {
                let lines = packed.lines().filter_map(|line| line.split_once(' '));
                return Ok(lines.filter(|(_, other)| *other == name).find_map(|(text, _)| id(text)));
            };
            let Some(next) = text.strip_prefix("ref:").map(str::trim) else { return Ok(id(text.trim())) };
            if !next.starts_with("refs/") || next.split('/').any(|part| part.starts_with('.')) {
                return Err(format!("`{name}` leads to `{next}`"));
            }
            next.clone_into(&mut name);
        }
        Err(format!("`{name}` does not end"))
    }
}

/// A file of Git's, if it is there. A folder in its place is a part of longer names.
fn read(path: &Utf8Path, limit: u64) -> Result<Option<String>, String> {
    if path.is_dir() {
        return Ok(None);
    }
    imagelock_files::text(path, limit).map_err(|error| error.to_string())
}
