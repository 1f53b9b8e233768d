//! A scratch repository in which `imagelock` runs.

use std::{collections::BTreeMap, ffi::OsStr, process::Command};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use tempfile::TempDir;
use walkdir::WalkDir;

use crate::{binary, output::Output};

/// A repository in a folder of its own, removed when it is dropped.
pub struct Monorepo {
    scratch: TempDir,
    root: Utf8PathBuf,
    environment: Vec<(String, String)>,
}

/// Collects what a [`Monorepo`] holds.
#[derive(Default)]
pub struct MonorepoBuilder {
    files: Vec<(Utf8PathBuf, Vec<u8>)>,
    environment: Vec<(String, String)>,
}

impl MonorepoBuilder {
    /// Adds a file; its folders are made.
    #[must_use]
    pub fn file(mut self, path: impl Into<Utf8PathBuf>, content: impl AsRef<[u8]>) -> Self {
        self.files.push((path.into(), content.as_ref().to_vec()));
        self
    }

    /// Sets a variable for every run in the repository.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes the repository.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn build(self) -> Monorepo {
        let scratch = TempDir::new().expect("a temporary folder can be made");
        // The real path, because that is what programs print.
        let path = scratch.path().canonicalize().expect("the temporary folder is there");
        let path = Utf8PathBuf::from_path_buf(path).expect("the temporary folder's name is UTF-8");
        let monorepo = Monorepo { scratch, root: path.join("repo"), environment: self.environment };
        fs::create_dir_all(monorepo.root()).expect("the repository can be made");
        fs::create_dir_all(monorepo.home()).expect("the home can be made");
        for (path, content) in self.files {
            monorepo.write(&path, content);
        }
        monorepo
    }
}

impl Monorepo {
    /// Starts an empty repository.
    pub fn builder() -> MonorepoBuilder {
        MonorepoBuilder::default()
    }

    /// Sets further variables for every run from here on.
    pub(crate) fn with_environment(mut self, variables: Vec<(String, String)>) -> Self {
        self.environment.extend(variables);
        self
    }

    /// The repository's folder.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The `HOME` of every run.
    pub fn home(&self) -> Utf8PathBuf {
        self.root.with_file_name("home")
    }

    /// The path of a file of the repository.
    pub fn path(&self, file: impl AsRef<Utf8Path>) -> Utf8PathBuf {
        self.root.join(file.as_ref())
    }

    /// Reads a file of the repository.
    ///
    /// # Panics
    ///
    /// When it is not there.
    #[track_caller]
    pub fn read(&self, file: impl AsRef<Utf8Path>) -> String {
        fs::read_to_string(self.path(file)).expect("the file is there")
    }

    /// Writes a file of the repository; its folders are made.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn write(&self, file: impl AsRef<Utf8Path>, content: impl AsRef<[u8]>) {
        let path = self.path(file);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("the folder can be made");
        }
        fs::write(path, content).expect("the file can be written");
    }

    /// Runs `imagelock` in the repository's folder.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use = "a run whose outcome nobody looks at tests nothing"]
    pub fn imagelock<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Output {
        self.run(binary(), arguments)
    }

    /// Runs another program in the repository's folder, with the same environment.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use = "a run whose outcome nobody looks at tests nothing"]
    pub fn run<A: AsRef<OsStr>>(&self, program: &Utf8Path, arguments: impl IntoIterator<Item = A>) -> Output {
        let mut command = self.command(program);
        command.args(arguments);
        let done = command.output().unwrap_or_else(|error| panic!("cannot start `{program}`: {error}"));
        let mut masks = Vec::new();
        Output::mask_folder(&mut masks, &self.root, "ROOT");
        Output::mask_folder(&mut masks, &self.home(), "HOME");
        Output {
            command: format!("{command:?}"),
            code: done.status.code(),
            stdout: String::from_utf8_lossy(&done.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&done.stderr).into_owned(),
            masks,
        }
    }

    /// Runs Git in the repository's folder, as somebody of no name and at a time that is always the same; whether it was done.
    pub fn git<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> bool {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.com"]).args(arguments).current_dir(&self.root);
        git.env("GIT_AUTHOR_DATE", "1700000000 +0000").env("GIT_COMMITTER_DATE", "1700000000 +0000");
        git.status().is_ok_and(|status| status.success())
    }

    /// A command in the repository's folder whose environment holds nothing of the person who runs the test.
    pub fn command(&self, program: &Utf8Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env_clear();
        command.env("HOME", self.home()).env("XDG_CACHE_HOME", self.home().join(".cache"));
        command.env("TMPDIR", self.scratch.path()).env("PATH", "/usr/bin:/bin");
        command.env("COLUMNS", "100").env("NO_COLOR", "1").env("LC_ALL", "C.UTF-8");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// The files below a folder, by their paths from there, with their bytes.
///
/// # Panics
///
/// When one cannot be read.
pub fn files_below(folder: &Utf8Path) -> BTreeMap<String, Vec<u8>> {
    let entries = WalkDir::new(folder).into_iter().map(|entry| entry.expect("the folder can be read"));
    let named = entries.filter(|entry| entry.file_type().is_file()).map(|entry| {
        let name = entry.path().strip_prefix(folder).expect("it is below the folder").display().to_string();
        (name, fs::read(entry.path()).expect("the file can be read"))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_sees_the_scratch_repository_and_nothing_of_the_person() {
        let repo = Monorepo::builder().file("a/b.txt", "text").env("EXTRA", "yes").build();
        let output = repo.run(Utf8Path::new("/bin/sh"), ["-c", "cat a/b.txt; echo; pwd; env | sort"]).success();
        let names: Vec<_> =
            output.stdout.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
        assert_eq!(
            names,
            ["COLUMNS", "EXTRA", "HOME", "LC_ALL", "NO_COLOR", "PATH", "PWD", "TMPDIR", "XDG_CACHE_HOME"]
        );
        assert!(output.to_string().starts_with("exit: 0\n----- stdout -----\ntext\n[ROOT]\nCOLUMNS=100\n"), "{output}");
    }
}
